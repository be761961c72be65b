// The machine in the page: firmware in the emulated chip, a sound for its microphone, and what comes of it.
//
// <div id="emberwatch-machine"></div> <script type="module" src="machine/machine.js"></script>
//
// Everything happens in the browser: files and sound do not leave the page.

import { SAMPLE_RATE, UsageError } from "./emulator.js";
import { listen } from "./microphone.js";
import { readProgram } from "./program.js";
import { SerialConsole } from "./console.js";
import { quantise, readSound } from "./sound.js";
import { Spectrogram } from "./spectrogram.js";

const FULL_SCALE = 1 << 23;
const AFTER_SOUND = 1; // seconds that a run goes on when its sound is over
const LIVE_SECONDS = 30; // of a microphone's sound that the picture can look back on
const SHOWN_FIRST = "emberwatch.uf2";
const HEARD_FIRST = "alarm.wav";

const MARKUP = `
  <div class="ew-bar">
    <button type="button" class="ew-run ew-strong">Boot the firmware</button>
    <button type="button" class="ew-again" disabled>Start again</button>
    <label>as fast as it can <input type="checkbox" class="ew-fast"></label>
    <span class="ew-led" title="LED of the board"></span>
    <span class="ew-state" role="status" aria-live="polite">off</span>
    <strong class="ew-alarm" role="alert"></strong>
  </div>
  <div class="ew-bar">
    <span>It hears</span>
    <button type="button" class="ew-demo" aria-pressed="true">a smoke alarm</button>
    <label class="ew-button">a file<input type="file" class="ew-sound" accept="audio/*,.wav,.flac"></label>
    <button type="button" class="ew-listen">your microphone</button>
    <span class="ew-heard"></span>
  </div>
  <div class="ew-bar">
    <span>It runs</span>
    <button type="button" class="ew-own" aria-pressed="true">the smoke-alarm listener</button>
    <label class="ew-button">your UF2 or ELF<input type="file" class="ew-program" accept=".uf2,.elf"></label>
    <span class="ew-runs"></span>
  </div>
  <canvas class="ew-picture" role="img" aria-label="Spectrogram of what the microphone hears"></canvas>
  <dl class="ew-figures">
    <div><dt>emulated time</dt><dd class="ew-time">0.000 s</dd></div>
    <div><dt>cycles</dt><dd class="ew-cycles">0</dd></div>
    <div><dt>asleep</dt><dd class="ew-asleep">0 %</dd></div>
    <div><dt>speed</dt><dd class="ew-speed">-</dd></div>
  </dl>
  <pre class="ew-console" tabindex="0" aria-label="Console of the firmware"></pre>
  <form class="ew-bar ew-sends">
    <input type="text" class="ew-line" placeholder="a line for the program" aria-label="A line for the program">
    <button type="submit">Send</button>
    <label>a line for each block <input type="checkbox" class="ew-blocks"></label>
  </form>
  <p class="ew-error" role="alert"></p>`;

/** One machine in one element of the page. */
export class PageMachine {
  #place;
  #worker = null;
  #board = null;
  #program = null; // {name, data}
  #sound = null; // {name, samples, exact}; null: the microphone or, before the first run, nothing
  #endListening = null;
  #live = null; // Float32Array, a ring of what the microphone gave
  #liveCount = 0;
  #state = "off";
  #picture;
  /** What the present run has sent. */
  console = new SerialConsole();
  /** The newest report of the run. */
  report = null;

  /** @param {HTMLElement} place what the machine is built in */
  constructor(place) {
    this.#place = place;
    place.classList.add("ew");
    place.innerHTML = MARKUP;
    this.#picture = new Spectrogram(this.#part("picture"));
    const on = (part, event, action) => this.#part(part).addEventListener(event, (what) => this.#guard(action, what));
    on("run", "click", () => (this.#state === "running" ? this.#ask({ do: "pause" }) : this.#goOn()));
    on("again", "click", () => this.boot());
    on("fast", "change", () => this.#worker && this.#ask({ do: "pace", pace: this.#pace }));
    on("demo", "click", () => this.hear(null));
    on("sound", "change", ({ target }) => target.files[0] && this.hear(target.files[0]));
    on("listen", "click", () => this.listen());
    on("own", "click", () => this.use(null));
    on("program", "change", ({ target }) => target.files[0] && this.use(target.files[0]));
    on("blocks", "change", () => this.#showConsole());
    on("sends", "submit", (event) => this.#send(event));
    place.addEventListener("dragover", (event) => event.preventDefault());
    place.addEventListener("drop", (event) => {
      event.preventDefault();
      for (const file of event.dataTransfer.files) {
        this.#guard(() => (/\.(uf2|elf)$/i.test(file.name) ? this.use(file) : this.hear(file)));
      }
    });
    this.#part("fast").checked = false;
    this.#show("off");
  }

  /** Boots the program anew with the sound that is chosen. */
  async boot() {
    this.#part("error").textContent = "";
    this.#board ??= JSON.parse(new TextDecoder().decode(await this.#file("board.json")));
    this.#program ??= { name: SHOWN_FIRST, data: await this.#file(SHOWN_FIRST) };
    if (!this.#sound && !this.#endListening) {
      this.#sound = { name: HEARD_FIRST, ...(await readSound(HEARD_FIRST, await this.#file(HEARD_FIRST))) };
    }
    const program = readProgram(this.#program.name, this.#program.data, this.#board.flash);
    this.#worker?.terminate();
    this.#worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
    this.#worker.onmessage = ({ data }) => this.#take(data);
    this.#worker.onerror = (event) => this.#fail(`the worker stopped: ${event.message}`);
    this.console = new SerialConsole();
    this.report = null;
    this.#liveCount = 0;
    this.#picture.clear();
    this.#part("alarm").textContent = "";
    this.#part("heard").textContent = this.#sound
      ? `${this.#sound.name}: ${this.#sound.exact ? "sample by sample" : "resampled by the browser"}`
      : "what you say stays here; received sound is the clock";
    this.#part("runs").textContent = this.#program.name;
    this.#ask({
      do: "load",
      wasm: await this.#file("emulator.wasm"),
      board: this.#board,
      program,
      seed: 1,
      sound: this.#sound?.samples ?? null,
      seconds: this.#sound ? this.#sound.samples.length / SAMPLE_RATE + AFTER_SOUND : null,
      live: !this.#sound,
    });
    this.#ask({ do: "run", pace: this.#pace });
  }

  /** Has the microphone hear a file, or with null the alarm that comes with the page. @param {File | null} file */
  async hear(file) {
    const data = file ? new Uint8Array(await file.arrayBuffer()) : await this.#file(HEARD_FIRST);
    const sound = { name: file?.name ?? HEARD_FIRST, ...(await readSound(file?.name ?? HEARD_FIRST, data)) };
    this.#endListening?.();
    this.#endListening = null;
    this.#sound = sound;
    this.#press(["demo", "listen"], file ? null : "demo");
    await this.boot();
  }

  /** Has it hear the visitor's microphone. */
  async listen() {
    this.#endListening?.();
    this.#live = new Float32Array(LIVE_SECONDS * SAMPLE_RATE);
    this.#endListening = await listen((samples) => {
      if (this.#state !== "running") return; // the chip's time stands, and so does what it hears
      samples.forEach((value) => (this.#live[this.#liveCount++ % this.#live.length] = value));
      this.#ask({ do: "sound", sound: quantise(samples) });
    });
    this.#sound = null;
    this.#press(["demo", "listen"], "listen");
    await this.boot();
  }

  /** Runs a program of the visitor's, or with null ours. @param {File | null} file */
  async use(file) {
    const data = file ? new Uint8Array(await file.arrayBuffer()) : await this.#file(SHOWN_FIRST);
    this.#program = { name: file?.name ?? SHOWN_FIRST, data };
    this.#press(["own"], file ? null : "own");
    await this.boot();
  }

  get #pace() {
    return this.#part("fast").checked ? 0 : 1;
  }

  async #goOn() {
    if (this.#state === "paused") this.#ask({ do: "run", pace: this.#pace });
    else await this.boot();
  }

  #send(event) {
    event.preventDefault();
    const port = this.console.speaking.includes(2) ? 2 : (this.#board?.uart.instance ?? 0);
    const line = this.#part("line");
    if (this.#worker) this.#ask({ do: "send", port, bytes: new TextEncoder().encode(`${line.value}\r\n`) });
    line.value = "";
  }

  #take(report) {
    if (report.state === "failed") {
      this.#fail(report.error);
      return;
    }
    this.report = report;
    const lines = this.console.take(report.console);
    for (const [, line] of lines) this.#read(line);
    this.#picture.drawTo((start, count) => this.#heard(start, count), report.seconds);
    this.#part("time").textContent = `${report.seconds.toFixed(3)} s`;
    this.#part("cycles").textContent = report.cycles.toLocaleString("en");
    this.#part("asleep").textContent = report.cycles ? `${Number((100n * report.asleep) / report.cycles)} %` : "0 %";
    this.#part("speed").textContent = this.speed ? `${this.speed.toFixed(1)} × real time` : "-";
    this.#part("led").style.setProperty("--level", report.led ?? 0);
    this.#part("error").textContent = report.detail;
    this.#show(report.state);
    this.#showConsole();
  }

  /** Emulated seconds for one second of the host's work. */
  get speed() {
    return this.report?.hostSeconds > 0 ? this.report.seconds / this.report.hostSeconds : 0;
  }

  /** Seconds of a microphone's sound that the chip was given. */
  get heardSeconds() {
    return this.#liveCount / SAMPLE_RATE;
  }

  /** What a line of the detector's protocol says; other programs' lines say nothing here. docs/protocol.md */
  #read(line) {
    const block = /^W (\d+) p=(\d+) l=\d+ a=([01])/.exec(line);
    if (block) this.#picture.judge(Number(block[1]), Number(block[2]), block[3] === "1");
    const alarm = /^ALARM (on|kind|off|possible|clear) t=([\d.]+)(?: kind=(\S+))?/.exec(line);
    if (!alarm) return;
    const [, what, seconds, kind] = alarm;
    const words = { on: `ALARM ${kind}, ${seconds} s`, kind: `ALARM ${kind}, ${seconds} s`, possible: "an alarm?" };
    this.#part("alarm").textContent = words[what] ?? "";
    this.#part("alarm").classList.toggle("ew-on", what === "on" || what === "kind");
  }

  #heard(start, count) {
    const out = new Float32Array(count);
    const sound = this.#sound?.samples;
    for (let n = 0; n < count; ++n) {
      const at = start + n;
      if (sound) out[n] = (sound[at] ?? 0) / FULL_SCALE;
      else if (this.#live && at < this.#liveCount) out[n] = this.#live[at % this.#live.length];
    }
    return out;
  }

  #showConsole() {
    const every = this.#part("blocks").checked;
    const console = this.#part("console");
    const below = console.scrollTop + console.clientHeight >= console.scrollHeight - 4;
    console.textContent = this.console.text((line) => every || !/^[WS] (\d|blocks=)/.test(line));
    if (below) console.scrollTop = console.scrollHeight;
  }

  #show(state) {
    this.#state = state === "ready" ? "running" : state;
    this.#place.dataset.state = this.#state;
    this.#part("state").textContent = this.#state;
    this.#part("run").textContent = { running: "Pause", paused: "Go on" }[this.#state] ?? "Boot the firmware";
    this.#part("again").disabled = this.#state === "off";
  }

  #press(parts, pressed) {
    for (const part of parts) this.#part(part).setAttribute("aria-pressed", String(part === pressed));
  }

  #fail(message) {
    this.#worker?.terminate();
    this.#worker = null;
    this.#show("failed");
    this.#part("error").textContent = message;
  }

  async #guard(action, ...values) {
    try {
      await action(...values);
    } catch (error) {
      this.#part("error").textContent = error instanceof UsageError ? error.message : `${error}`;
      if (!(error instanceof UsageError)) throw error;
    }
  }

  #ask(message) {
    this.#worker?.postMessage(message);
  }

  async #file(name) {
    const answer = await fetch(new URL(name, import.meta.url));
    if (!answer.ok) throw new UsageError(`this copy of the pages has no ${name}; build it with: make wasm firmware site`);
    return new Uint8Array(await answer.arrayBuffer());
  }

  #part(name) {
    return this.#place.querySelector(`.ew-${name}`);
  }
}

const place = document.getElementById("emberwatch-machine");
if (place) {
  const style = Object.assign(document.createElement("link"), { rel: "stylesheet" });
  style.href = new URL("./machine.css", import.meta.url).href;
  document.head.append(style);
  place.machine = new PageMachine(place);
}
