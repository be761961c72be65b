// The visitor's microphone, at 16 kHz. What is heard stays in the page.

import { UsageError } from "./emulator.js";
import { Resampler } from "./sound.js";

/**
 * Begins to listen; the browser asks the visitor first.
 * @param {(samples: Float64Array) => void} heard takes 16 kHz samples of full scale 1, about every 32 ms
 * @returns {Promise<() => void>} ends it
 * @throws {UsageError} there is no microphone, or the visitor said no
 */
export async function listen(heard) {
  // What browsers do to speech would silence an alarm, which to them is noise.
  const audio = { echoCancellation: false, noiseSuppression: false, autoGainControl: false, channelCount: 1 };
  let stream;
  try {
    stream = await navigator.mediaDevices.getUserMedia({ audio });
  } catch (error) {
    throw new UsageError(`the browser gives no microphone (${error.message}); allow it for this page, or drop a file`);
  }
  const context = new AudioContext();
  await context.audioWorklet.addModule(new URL("./microphone-worklet.js", import.meta.url));
  const node = new AudioWorkletNode(context, "microphone", { numberOfOutputs: 0 });
  const resampler = new Resampler(context.sampleRate);
  node.port.onmessage = ({ data }) => heard(resampler.push(data));
  context.createMediaStreamSource(stream).connect(node);
  await context.resume();
  return () => {
    node.port.onmessage = null;
    stream.getTracks().forEach((track) => track.stop());
    void context.close();
  };
}
