// Runs on the browser's audio thread: gathers what the microphone gives, 128 samples at a time, and passes it on.

const GATHERED = 1024;

class Microphone extends AudioWorkletProcessor {
  samples = new Float32Array(GATHERED);
  count = 0;

  process([channels]) {
    const [first] = channels;
    if (!first) return true; // not connected yet
    this.samples.set(first, this.count);
    this.count += first.length;
    if (this.count + first.length > GATHERED) {
      this.port.postMessage(this.samples.slice(0, this.count));
      this.count = 0;
    }
    return true;
  }
}

registerProcessor("microphone", Microphone);
