// Sound files as the microphone model takes them: Q23 integers at 16 kHz.

import { SAMPLE_RATE, UsageError } from "./emulator.js";

const FULL_SCALE = 1 << 23;
const ZERO_CROSSINGS = 24; // of the resampler's kernel, on each side
const MOST_SECONDS = 600;

/**
 * Decodes a sound file. WAV of 16 bits and one channel at 16 kHz is taken sample by sample, so that a run is the one
 * that `emberwatch run --audio` gives; everything else is decoded, averaged and resampled by the browser.
 * @param {string} name of the file, for messages
 * @param {Uint8Array} data
 * @returns {Promise<{samples: Int32Array, exact: boolean}>}
 * @throws {UsageError}
 */
export async function readSound(name, data) {
  const exact = readExact(data);
  const samples = exact ?? quantise(await decode(name, data));
  if (samples.length === 0) throw new UsageError(`${name} holds no samples; give a file with sound in it`);
  if (samples.length > MOST_SECONDS * SAMPLE_RATE) {
    throw new UsageError(`${name} is longer than ${MOST_SECONDS / 60} minutes; cut it`);
  }
  return { samples, exact: exact !== null };
}

/** The samples of a WAV file that is in the microphone's own form; null for any other file. */
export function readExact(data) {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const tag = (at) => String.fromCharCode(...data.subarray(at, at + 4));
  if (data.length < 44 || tag(0) !== "RIFF" || tag(8) !== "WAVE") return null;
  let form = null;
  for (let at = 12; at + 8 <= data.length; ) {
    const size = view.getUint32(at + 4, true);
    if (tag(at) === "fmt ") {
      form = [view.getUint16(at + 8, true), view.getUint16(at + 10, true), view.getUint32(at + 12, true), view.getUint16(at + 22, true)];
    }
    if (tag(at) === "data") {
      if (form?.join() !== [1, 1, SAMPLE_RATE, 16].join()) return null;
      const count = Math.min(size, data.length - at - 8) >> 1;
      return Int32Array.from({ length: count }, (_, n) => view.getInt16(at + 8 + 2 * n, true) * 256);
    }
    at += 8 + size + (size % 2);
  }
  return null;
}

async function decode(name, data) {
  const context = new OfflineAudioContext(1, 1, SAMPLE_RATE); // what it decodes has its own rate
  let decoded;
  try {
    decoded = await context.decodeAudioData(data.slice().buffer);
  } catch {
    throw new UsageError(`${name} cannot be decoded by this browser; give a WAV file`);
  }
  const mono = new Float64Array(decoded.length);
  for (let channel = 0; channel < decoded.numberOfChannels; ++channel) {
    decoded.getChannelData(channel).forEach((value, n) => (mono[n] += value / decoded.numberOfChannels));
  }
  return mono;
}

/** Samples of full scale 1 in the microphone's integers. @param {ArrayLike<number>} samples @returns {Int32Array} */
export function quantise(samples) {
  return Int32Array.from(samples, (value) => Math.round(Math.max(-256, Math.min(255, value)) * FULL_SCALE));
}

/** Brings a stream of any rate to 16 kHz: windowed sinc, the same samples however the stream is cut. */
export class Resampler {
  /** @param {number} rate of what comes in, in hertz */
  constructor(rate) {
    this.step = rate / SAMPLE_RATE;
    this.cutoff = Math.min(1, 1 / this.step) * 0.94;
    this.reach = Math.ceil(ZERO_CROSSINGS / this.cutoff);
    this.input = new Float64Array(this.reach); // silence before the first sample
    this.at = this.reach; // of the next sample, in `input`
  }

  /** @param {Float32Array} samples that came @returns {Float64Array} those that they make */
  push(samples) {
    if (this.step === 1) return Float64Array.from(samples);
    const input = new Float64Array(this.input.length + samples.length);
    input.set(this.input);
    input.set(samples, this.input.length);
    const out = [];
    for (; this.at + this.reach < input.length; this.at += this.step) out.push(this.#value(input));
    const used = Math.max(0, Math.floor(this.at) - this.reach);
    this.input = input.slice(used);
    this.at -= used;
    return Float64Array.from(out);
  }

  #value(input) {
    let value = 0;
    for (let n = Math.ceil(this.at - this.reach); n <= this.at + this.reach; ++n) {
      const x = n - this.at;
      const turn = Math.PI * this.cutoff * x;
      const window = 0.5 + 0.5 * Math.cos((Math.PI * x) / this.reach);
      value += input[n] * window * this.cutoff * (turn === 0 ? 1 : Math.sin(turn) / turn);
    }
    return value;
  }
}
