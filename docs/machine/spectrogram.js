// What the microphone hears as a picture: time to the right, 0 to 8 kHz upwards, one column for 32 ms; below it, in a
// strip, what the program makes of it.

import { SAMPLE_RATE } from "./emulator.js";

const BLOCK = 512; // samples of a column, the detector's block
const FRAME = 512;
const COLUMNS = 480; // 15.4 s
const ROWS = 128; // two bins of the spectrum each
const STRIP = 14;
const FLOOR_DB = -100;

const WINDOW = Float64Array.from({ length: FRAME }, (_, n) => 0.5 - 0.5 * Math.cos((2 * Math.PI * n) / FRAME));
const PALETTE = Array.from({ length: 256 }, (_, n) => {
  const x = n / 255; // black, ember, white
  return [255 * Math.min(1, 1.9 * x), 255 * Math.max(0, 1.6 * x - 0.5), 255 * Math.max(0, 3 * x - 2)];
});

/** Draws columns on a canvas and moves on when it is full. */
export class Spectrogram {
  #context;
  #next = 0; // number of the next column
  #judged = new Map(); // block number: [probability 0..255, alarm]

  /** @param {HTMLCanvasElement} canvas */
  constructor(canvas) {
    canvas.width = COLUMNS;
    canvas.height = ROWS + STRIP;
    this.#context = canvas.getContext("2d", { willReadFrequently: true });
    this.clear();
  }

  /** An empty picture from time zero on. */
  clear() {
    this.#next = 0;
    this.#judged.clear();
    this.#context.fillStyle = "#000";
    this.#context.fillRect(0, 0, COLUMNS, ROWS + STRIP);
  }

  /**
   * Draws up to a moment.
   * @param {(start: number, count: number) => Float64Array} sound samples, full scale 1
   * @param {number} seconds of emulated time
   */
  drawTo(sound, seconds) {
    const last = Math.floor((seconds * SAMPLE_RATE) / BLOCK);
    if (last - this.#next > COLUMNS) this.#next = last - COLUMNS;
    while (this.#next < last) {
      const number = this.#next++;
      this.#column(number, sound(number * BLOCK, FRAME));
    }
  }

  /**
   * What the program makes of a block; its blocks begin within one of ours, at the start of the capture.
   * @param {number} block
   * @param {number} probability 0..255
   * @param {boolean} alarm
   */
  judge(block, probability, alarm) {
    this.#judged.set(block, [probability, alarm]);
    this.#strip(block);
    if (this.#judged.size > 2 * COLUMNS) this.#judged.delete(this.#judged.keys().next().value);
  }

  /** Where a column stands in a picture whose newest one is `#next - 1`. */
  #x(column) {
    return column - Math.max(0, this.#next - COLUMNS);
  }

  #column(number, samples) {
    const context = this.#context;
    if (number >= COLUMNS) context.drawImage(context.canvas, -1, 0);
    const x = this.#x(number);
    const levels = spectrum(samples);
    const image = context.createImageData(1, ROWS);
    for (let row = 0; row < ROWS; ++row) {
      const level = Math.max(levels[2 * (ROWS - 1 - row)], levels[2 * (ROWS - 1 - row) + 1]);
      const share = Math.max(0, Math.min(1, 1 - level / FLOOR_DB));
      image.data.set([...PALETTE[Math.round(255 * share)], 255], 4 * row);
    }
    context.putImageData(image, x, 0);
    context.fillStyle = "#000";
    context.fillRect(x, ROWS, 1, STRIP);
    this.#strip(number);
  }

  #strip(column) {
    const judged = this.#judged.get(column);
    const x = this.#x(column);
    if (!judged || column >= this.#next || x < 0) return;
    const [probability, alarm] = judged;
    const height = Math.round((probability / 255) * (STRIP - 2));
    this.#context.fillStyle = alarm ? "#ff5252" : "#90a4ae";
    this.#context.fillRect(x, ROWS + STRIP - height, 1, height);
  }
}

/** Levels in dB of a full-scale sine, of the bins below 8 kHz. */
function spectrum(samples) {
  const real = samples.map((value, n) => value * WINDOW[n]);
  const imaginary = new Float64Array(FRAME);
  transform(real, imaginary);
  const scale = 2 / WINDOW.reduce((a, b) => a + b);
  return Float64Array.from({ length: FRAME / 2 }, (_, n) => {
    return 20 * Math.log10(scale * Math.hypot(real[n], imaginary[n]) + 1e-9);
  });
}

/** Fourier transform in place, radix 2. */
function transform(real, imaginary) {
  const size = real.length;
  for (let n = 1, m = 0; n < size; ++n) {
    let bit = size >> 1;
    for (; m & bit; bit >>= 1) m ^= bit;
    m ^= bit;
    if (n < m) [real[n], real[m]] = [real[m], real[n]];
  }
  for (let half = 1; half < size; half *= 2) {
    for (let first = 0; first < size; first += 2 * half) {
      for (let k = 0; k < half; ++k) {
        const [a, b] = [first + k, first + k + half];
        const [c, s] = [Math.cos((Math.PI * k) / half), -Math.sin((Math.PI * k) / half)];
        const [r, i] = [real[b] * c - imaginary[b] * s, real[b] * s + imaginary[b] * c];
        [real[b], imaginary[b]] = [real[a] - r, imaginary[a] - i];
        [real[a], imaginary[a]] = [real[a] + r, imaginary[a] + i];
      }
    }
  }
}
