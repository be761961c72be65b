// Runs the emulated chip beside the page. Messages in: {do, ...}, see `requests`; out: {state, ...}, see `report`.

import { compile, Emulator, PICOSECONDS, SAMPLE_RATE, UsageError } from "./emulator.js";

const SLICE = PICOSECONDS / 50n; // emulated, between two looks at clock and messages
const REPORT_MS = 40; // of the host, between two reports
const PORTS = [0, 1, 2];

let chip = null;
let board = null;
let running = 0; // number of the present run; 0: none
let runs = 0;
let pace = 1; // emulated seconds for one of the host; 0: as many as it gives
let end = null; // picoseconds at which the run ends; null: when told to
let live = false; // received sound is the clock
let hostMs = 0; // spent running
let stop = null;

const requests = {
  /** A chip with a program and what it hears: {board, program, sound, seconds, live}. */
  async load(message) {
    running = 0;
    board = message.board;
    chip = new Emulator(await compile(message.wasm), board, message.program, message.seed);
    if (message.sound) chip.push(message.sound);
    live = message.live;
    end = message.seconds === null ? null : BigInt(Math.round(message.seconds * 1e6)) * 1_000_000n;
    hostMs = 0;
    stop = null;
    report("ready");
  },
  /** Goes on: {pace}. */
  run(message) {
    pace = message.pace;
    if (chip && !running && !stop) go((running = ++runs)).catch(failed);
  },
  pace(message) {
    pace = message.pace;
  },
  pause() {
    running = 0;
    if (chip && !stop) report("paused");
  },
  /** More sound of a microphone: {sound}. */
  sound(message) {
    chip?.push(message.sound);
  },
  /** Bytes for a serial port: {port, bytes}. */
  send(message) {
    chip?.send(message.port, message.bytes);
  },
};

let before = Promise.resolve();
self.onmessage = ({ data }) => {
  before = before.then(() => requests[data.do](data)).catch(failed); // one after another: to load takes its time
};

function failed(error) {
  running = 0;
  self.postMessage({ state: "failed", error: error instanceof UsageError ? error.message : `${error}` });
}

/** As far as the run may go now, in picoseconds. */
function limit(began, startedMs) {
  let until = end ?? chip.picoseconds + 10n * SLICE;
  // A microphone's sound comes when it comes: filling gaps with zeros would cut bursts in two.
  if (live) until = (BigInt(chip.supplied) * PICOSECONDS) / BigInt(SAMPLE_RATE);
  else if (pace > 0) {
    const due = began + BigInt(Math.round((performance.now() - startedMs) * pace * 1e3)) * 1_000_000n;
    if (due < until) until = due;
  }
  return until;
}

async function go(run) {
  let began = chip.picoseconds;
  let startedMs = performance.now();
  let reported = 0;
  let paced = pace;
  while (running === run) {
    if (paced !== pace) [began, startedMs, paced] = [chip.picoseconds, performance.now(), pace];
    const until = limit(began, startedMs);
    const before = performance.now();
    let now = before;
    while (!stop && chip.picoseconds < until && now - before < REPORT_MS) {
      const next = chip.picoseconds + SLICE;
      const result = chip.run(next < until ? next : until);
      if (result.reason !== "time") stop = result;
      now = performance.now();
    }
    hostMs += now - before;
    const over = end !== null && chip.picoseconds >= end;
    if (stop || over) {
      running = 0;
      report(stop ? "stopped" : "finished");
      return;
    }
    if (now - reported >= REPORT_MS) {
      reported = now;
      report("running");
    }
    await new Promise((resume) => setTimeout(resume, chip.picoseconds < until ? 0 : 8));
  }
}

function report(state) {
  const console = PORTS.map((port) => takeAll(port));
  self.postMessage({
    state,
    console,
    seconds: Number(chip.picoseconds) / 1e12,
    cycles: chip.cycles,
    asleep: chip.sleepCycles,
    hostSeconds: hostMs / 1e3,
    led: board.led ? (board.led.active === "low" ? 1 - chip.pinShare(board.led.pin) : chip.pinShare(board.led.pin)) : null,
    detail: stop?.detail ?? "",
  });
}

/** Everything that left a port since the last report. */
function takeAll(port) {
  const parts = [];
  for (;;) {
    const part = chip.take(port);
    if (part.bytes.length === 0) return parts;
    parts.push(part);
  }
}
