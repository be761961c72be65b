// The emulated RP2040: emulator.wasm, which is librp2040 with the functions of sim/capi/emulator.h, as an object.

const STOPS = { 0: "time", 3: "lockup", 4: "unmodelled", 5: "boot error" };
const ROOM = 4096; // bytes taken from a serial port at once
export const PICOSECONDS = 1_000_000_000_000n;
export const SAMPLE_RATE = 16_000;

/** An error that the visitor can do something about; its message is one line with the remedy. */
export class UsageError extends Error {}

/**
 * Compiles emulator.wasm.
 * @param {Response | Promise<Response> | BufferSource} source
 * @returns {Promise<WebAssembly.Module>}
 * @throws {UsageError} the browser is too old, or the file is not there
 */
export async function compile(source) {
  const from = await source;
  if (from instanceof Response && !from.ok) {
    throw new UsageError("this copy of the pages has no emulator.wasm; build it with: make wasm site");
  }
  try {
    return await WebAssembly.compile(from instanceof Response ? await from.arrayBuffer() : from);
  } catch (error) {
    if (!(error instanceof WebAssembly.CompileError)) throw error;
    throw new UsageError(
      "this browser has no WebAssembly tail calls and exceptions; use Chrome 112, Firefox 121, Safari 18.2 or later",
    );
  }
}

/** One chip, from power-on. Methods that fail throw UsageError with the library's own line. */
export class Emulator {
  #exports;
  #chip;
  #bytes; // where serial_take puts bytes, in the module's memory
  #cycles; // where it puts their cycles

  /**
   * @param {WebAssembly.Module} module what `compile` gave
   * @param {object} board board.json: flash, crystal, console and microphone of a board
   * @param {{segments: {address: number, data: Uint8Array}[], ramEntry: number}} program what `readProgram` gave
   * @param {number} seed of the microphone's dither and of what memory holds at power-on
   */
  constructor(module, board, program, seed = 1) {
    const exit = () => {
      throw new UsageError("the emulator has ended itself; load the page again");
    };
    const instance = new WebAssembly.Instance(module, {
      env: { emscripten_notify_memory_growth() {} },
      wasi_snapshot_preview1: { proc_exit: exit },
    });
    this.#exports = instance.exports;
    this.#exports._initialize();
    this.#chip = this.#exports.rp2040_emulator_create(board.flash, board.xosc_hz, BigInt(seed));
    if (!this.#chip) throw new UsageError(`no chip has ${board.flash} bytes of flash and a crystal of ${board.xosc_hz} Hz`);
    this.#bytes = this.#exports.malloc(ROOM);
    this.#cycles = this.#exports.malloc(8 * ROOM);
    const { uart, microphone } = board;
    this.#do("terminal", uart.instance, uart.tx, uart.rx, uart.baud);
    if (microphone) {
      this.#do("mic_attach", microphone.clock, microphone.data, microphone.channel === "right" ? 1 : 0, seed);
    }
    for (const { address, data } of program.segments) {
      this.#with(data, (at) => this.#do("load", address, at, data.length));
    }
    this.#do("start", program.ramEntry);
  }

  /** Emulated picoseconds since power-on. @returns {bigint} */
  get picoseconds() {
    return this.#exports.rp2040_emulator_picoseconds(this.#chip);
  }

  /** Cycles of clk_sys since power-on. @returns {bigint} */
  get cycles() {
    return this.#exports.rp2040_emulator_cycles(this.#chip);
  }

  /** Those of them that core 0 slept through. @returns {bigint} */
  get sleepCycles() {
    return this.#exports.rp2040_emulator_sleep_cycles(this.#chip);
  }

  /** Samples of sound supplied so far. @returns {number} */
  get supplied() {
    return Number(this.#exports.rp2040_emulator_mic_supplied(this.#chip));
  }

  /**
   * Runs to a moment of emulated time.
   * @param {bigint} picoseconds
   * @returns {{reason: string, detail: string}} reason "time" when it was reached
   */
  run(picoseconds) {
    const stop = this.#exports.rp2040_emulator_run(this.#chip, picoseconds);
    return { reason: STOPS[stop] ?? `stop ${stop}`, detail: stop === 0 ? "" : this.#error() };
  }

  /**
   * What left a serial port since the last call.
   * @param {number} port 0, 1: UART; 2: USB
   * @returns {{bytes: Uint8Array, cycles: BigUint64Array}} each byte with the cycle in which it ended
   */
  take(port) {
    const count = this.#exports.rp2040_emulator_take(this.#chip, port, this.#bytes, this.#cycles, ROOM);
    const memory = this.#exports.memory.buffer;
    return {
      bytes: new Uint8Array(memory, this.#bytes, count).slice(),
      cycles: new BigUint64Array(memory, this.#cycles, count).slice(),
    };
  }

  /** Sends bytes to a serial port; they take their time. @param {number} port @param {Uint8Array} bytes */
  send(port, bytes) {
    this.#with(bytes, (at) => this.#do("send", port, at, bytes.length));
  }

  /** Supplies more sound. @param {Int32Array} samples Q23 at 16 kHz */
  push(samples) {
    const bytes = new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength);
    this.#with(bytes, (at) => this.#do("mic_push", at, samples.length));
  }

  /** Share of time that a pin is high. @param {number} pin @returns {number} 0..1 */
  pinShare(pin) {
    return this.#exports.rp2040_emulator_pin_share(this.#chip, pin) / 65536;
  }

  #error() {
    const memory = new Uint8Array(this.#exports.memory.buffer);
    const start = this.#exports.rp2040_emulator_error(this.#chip);
    return new TextDecoder().decode(memory.slice(start, memory.indexOf(0, start)));
  }

  #do(name, ...values) {
    if (this.#exports[`rp2040_emulator_${name}`](this.#chip, ...values) !== 0) throw new UsageError(this.#error());
  }

  /** Calls `use` with the address of a copy of `bytes` in the module's memory. */
  #with(bytes, use) {
    const at = this.#exports.malloc(bytes.length || 1);
    new Uint8Array(this.#exports.memory.buffer).set(bytes, at);
    try {
      use(at);
    } finally {
      this.#exports.free(at);
    }
  }
}
