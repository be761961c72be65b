// What a program sends: bytes with their cycles, and the lines that they make.

const MOST_BYTES = 1 << 20; // kept of each port; older ones are forgotten
const MOST_LINES = 400; // shown
const LONGEST_LINE = 4096;

/** The serial ports of one run. */
export class SerialConsole {
  #parts = [[], [], []];
  #unfinished = ["", "", ""];
  #decoders = [0, 1, 2].map(() => new TextDecoder());
  /** Lines so far, newest last: [port, text]. */
  lines = [];

  /**
   * Takes what a report brings.
   * @param {{bytes: Uint8Array, cycles: BigUint64Array}[][]} ports
   * @returns {[number, string][]} lines that are complete now
   */
  take(ports) {
    const complete = [];
    ports.forEach((parts, port) => {
      for (const part of parts) {
        this.#parts[port].push(part);
        const text = this.#unfinished[port] + this.#decoders[port].decode(part.bytes, { stream: true });
        const lines = text.split("\n");
        this.#unfinished[port] = lines.pop().slice(-LONGEST_LINE);
        complete.push(...lines.map((line) => [port, line.replace(/\r$/, "")]));
      }
      while (this.#size(port) > MOST_BYTES) this.#parts[port].shift();
    });
    this.lines = [...this.lines, ...complete].slice(-2 * MOST_LINES);
    return complete;
  }

  /** The newest lines as text, the unfinished ones with them. @param {(line: string) => boolean} shown */
  text(shown) {
    const speaking = new Set(this.lines.map(([port]) => port));
    const name = (port) => (speaking.size > 1 ? (port === 2 ? "usb | " : `uart${port} | `) : "");
    const lines = this.lines.filter(([, line]) => shown(line)).map(([port, line]) => name(port) + line);
    return [...lines.slice(-MOST_LINES), ...this.#unfinished.filter((line) => line && shown(line))].join("\n");
  }

  /** All bytes of a port that are kept, and the cycle in which each ended. */
  transcript(port) {
    const parts = this.#parts[port];
    return {
      bytes: parts.flatMap((part) => [...part.bytes]),
      cycles: parts.flatMap((part) => [...part.cycles]),
    };
  }

  /** Ports that have sent anything. */
  get speaking() {
    return [0, 1, 2].filter((port) => this.#parts[port].length > 0);
  }

  #size(port) {
    return this.#parts[port].reduce((sum, part) => sum + part.bytes.length, 0);
  }
}
