// Programs for the RP2040: what an ELF or UF2 file puts where. The checks are those that tell a visitor what is wrong
// with the file; `emberwatch run` has all of them (sim/program/elf.py, sim/program/uf2.py).

import { UsageError } from "./emulator.js";

const FLASH = 0x10000000;
const SRAM = 0x20000000;
const MEMORIES = [
  [FLASH, 16 << 20],
  [0x15000000, 16 << 10], // XIP cache as SRAM
  [SRAM, 264 << 10],
  [0x21000000, 256 << 10], // SRAM0-3, each in one piece
  [0x50100000, 4 << 10], // RAM of the USB controller
];
const MOST_BYTES = 64 << 20;

/**
 * Reads a program.
 * @param {string} name of the file, for messages
 * @param {Uint8Array} data
 * @param {number} flash bytes of flash on the board
 * @returns {{segments: {address: number, data: Uint8Array}[], ramEntry: number}} `ramEntry` is 0 when it boots from flash
 * @throws {UsageError}
 */
export function readProgram(name, data, flash) {
  if (data.length > MOST_BYTES) throw new UsageError(`${name} has ${data.length} bytes; no program is that large`);
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const magic = data.length >= 4 ? view.getUint32(0, true) : 0;
  let program;
  try {
    if (magic === 0x464c457f) program = readElf(name, data, view);
    else if (magic === 0x0a324655) program = readUf2(name, data, view);
    else throw new UsageError(`${name} is neither ELF nor UF2; drop what your build makes for the board`);
  } catch (error) {
    if (error instanceof RangeError) throw new UsageError(`${name} is cut off; build or copy it again`);
    throw error;
  }
  for (const { address, data: bytes } of program.segments) check(name, address, bytes.length, flash);
  return program;
}

function readElf(name, data, view) {
  const machine = view.getUint16(18, true);
  if (data[4] !== 1 || data[5] !== 1 || machine !== 40) {
    throw new UsageError(`${name} is an ELF for another machine (${machine}); the RP2040 needs 32-bit Arm`);
  }
  const [entry, headers] = [view.getUint32(24, true), view.getUint32(28, true)];
  const [size, count] = [view.getUint16(42, true), view.getUint16(44, true)];
  const segments = [];
  for (let at = headers; at < headers + size * count; at += size) {
    const [type, offset, , address, length] = [0, 4, 8, 12, 16].map((field) => view.getUint32(at + field, true));
    if (type !== 1 || length === 0) continue; // PT_LOAD alone is loaded
    if (offset + length > data.length) throw new RangeError();
    segments.push({ address, data: data.subarray(offset, offset + length) });
  }
  return finished(name, segments, (entry & ~1) >>> 0);
}

function readUf2(name, data, view) {
  const segments = [];
  for (let at = 0; at + 512 <= data.length; at += 512) {
    const word = (index) => view.getUint32(at + 4 * index, true);
    const ours = word(0) === 0x0a324655 && word(1) === 0x9e5d5157 && word(127) === 0x0ab16f30;
    const [flags, address, size, family] = [word(2), word(3), word(4), word(7)];
    // What the boot ROM takes: its family, main flash, pages of 256 bytes (datasheet 2.8.4.2).
    if (!ours || !(flags & 0x2000) || family !== 0xe48bff56 || flags & 1 || size !== 256) continue;
    segments.push({ address, data: data.subarray(at + 32, at + 32 + 256) });
  }
  if (!segments.length) throw new UsageError(`${name} has no UF2 block for the RP2040; convert it with family 0xe48bff56`);
  // An image for RAM is entered at its lowest address, SRAM before the XIP cache (datasheet 2.8.4.2).
  const starts = segments.map((segment) => segment.address);
  const sram = starts.filter((address) => address >= SRAM);
  return finished(name, segments, (sram.length ? sram : starts).reduce((a, b) => Math.min(a, b)));
}

function finished(name, segments, entry) {
  if (!segments.length) throw new UsageError(`${name} has nothing to load; link it to an executable`);
  const inFlash = segments.some(({ address }) => address >= FLASH && address < FLASH + (16 << 20));
  return { segments: segments.sort((a, b) => a.address - b.address), ramEntry: inFlash ? 0 : entry };
}

function check(name, address, length, flash) {
  const hex = `0x${address.toString(16).padStart(8, "0")}`;
  const memory = MEMORIES.find(([base, size]) => address >= base && address + length <= base + size);
  if (!memory) throw new UsageError(`${name} has code or data at ${hex}, where the RP2040 has no memory`);
  if (memory[0] === FLASH && address + length > FLASH + flash) {
    throw new UsageError(`${name} reaches beyond the ${flash >> 20} MB of flash of this board`);
  }
}
