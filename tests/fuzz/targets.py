"""What is fuzzed: a function of bytes that must come back, and may raise nothing but the errors of bad input."""

from __future__ import annotations

import random
import struct
import tempfile
from collections.abc import Callable
from pathlib import Path

import readers
import servers
from mutate import mutate

from emberwatch import _native
from emberwatch.base.errors import ImageError
from emberwatch.program.elf import FLASH_BASE, load_image
from emberwatch.program.firmware_image import seal_boot2
from emberwatch.program.uf2 import write_uf2

FLASH_SIZE = 2 << 20
RAM = 0x2000_0000
MOST_BYTES = 1 << 20
"""Largest input. The loaders' memory is bounded by it and by the flash."""

# First address and size of every window of registers; each once per atomic alias where it has them.
WINDOWS = [
    *((0x4000_0000 + 0x4000 * n, 0x1000) for n in range(28)),
    *((base, 0x1000) for base in (0x5000_0000, 0x5011_0000, 0x5020_0000, 0x5030_0000)),
    *((0x5010_0000, 0x1000), (0x5040_0000, 4), (0x1400_0000, 0x20), (0x1800_0000, 0x100)),
    *((0xD000_0000, 0x180), (0xE000_E000, 0x1000)),
]
PLAIN_WINDOWS = {0x5010_0000, 0x5040_0000, 0xD000_0000, 0xE000_E000}


def load_file(data: bytes) -> None:
    """Any file: it loads within the flash and SRAM of the board, or is refused in one line."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "firmware.bin"
        path.write_bytes(data[:MOST_BYTES])
        try:
            image = load_image(path, FLASH_SIZE)
        except ImageError as error:
            assert "\n" not in str(error), str(error)
            return
    assert len(image.flash_image(FLASH_SIZE)) <= FLASH_SIZE
    chip = _native.Chip()
    for segment in image.segments:
        chip.load(segment.address, segment.data)
    chip.reset(None if image.in_flash else image.entry)
    chip.run_until(1000)


def registers(data: bytes) -> None:
    """Reads and writes of all widths anywhere in the register windows, by a program, with time passing in between."""
    chip = _native.Chip()
    chip.load(RAM, access_program(data[:4096]))
    chip.reset(RAM)
    run_bounded(chip, 200_000)


def access_program(data: bytes) -> bytes:
    """Straight Thumb code for the accesses that the bytes describe: window, alias and kind, offset, value."""
    code: list[int | tuple[int, int]] = []
    for at in range(0, len(data) - 7, 8):
        window, how, offset, value = struct.unpack_from("<BBHI", data, at)
        base, size = WINDOWS[window % len(WINDOWS)]
        kind = how & 7
        width = (4, 4, 4, 4, 2, 2, 1, 1)[kind]
        alias = 0 if base in PLAIN_WINDOWS else (how >> 3 & 3) << 12
        address = base + alias + offset % size // width * width
        code += [(0, address), (1, value)]
        code.append((0x6001, 0x6801, 0x6001, 0x6801, 0x8001, 0x8801, 0x7001, 0x7801)[kind])
        if how & 0x80:
            code += [0x2000 | (how & 0x7F), 0x3801, 0xD1FD]  # movs r0, #n; subs r0, #1; bne
    return _with_literals(code)


def _with_literals(code: list[int | tuple[int, int]]) -> bytes:
    """Replaces (register, constant) by movs, lsls and adds: no literal pool to keep in reach."""
    words: list[int] = []
    for item in code:
        if isinstance(item, int):
            words.append(item)
            continue
        register, value = item
        words.append(0x2000 | register << 8 | value >> 24)  # movs rN, #top byte
        for shift in (16, 8, 0):
            words.append(0x0200 | register << 3 | register)  # lsls rN, rN, #8
            words.append(0x3000 | register << 8 | (value >> shift & 0xFF))  # adds rN, #byte
    words.append(0xE7FE)  # b .
    return struct.pack(f"<{len(words)}H", *words)


def instructions(data: bytes) -> None:
    """Random instruction memory, with a vector table of random vectors within it."""
    chip = _native.Chip()
    code = data[:8192]
    chip.load(RAM + 0x100, code)
    chip.load(RAM, bytes(0x100))
    chip.reset(RAM + 0x100)
    run_bounded(chip, 100_000)


def pio(data: bytes) -> None:
    """Random PIO programs and settings with DMA on the FIFOs, pins switched to PIO."""
    accesses = bytearray()
    access = struct.Struct("<BBHI")
    resets = next(n for n, window in enumerate(WINDOWS) if window[0] == 0x4000_C000)
    block = next(n for n, window in enumerate(WINDOWS) if window[0] == 0x5020_0000)
    channels = next(n for n, window in enumerate(WINDOWS) if window[0] == 0x5000_0000)
    io = next(n for n, window in enumerate(WINDOWS) if window[0] == 0x4001_4000)
    accesses += access.pack(resets, 0, 0, 0)
    for pin in range(30):
        accesses += access.pack(io, 0, 8 * pin + 4, 6)
    for n in range(32):
        accesses += access.pack(block, 0, 0x48 + 4 * n, int.from_bytes(data[2 * n : 2 * n + 2], "little"))
    settings = data[64:]
    for n in range(0, min(len(settings) - 4, 640), 5):
        where, value = settings[n], int.from_bytes(settings[n + 1 : n + 5], "little")
        if where & 0x80:
            accesses += access.pack(channels, 0, where % 12 * 0x40 + 4 * (where % 4), RAM + 0x8000 + value % 0x1000)
        else:
            accesses += access.pack(block, 0, where % 0x52 * 4, value)
    accesses += access.pack(block, 0, 0, 0xF)
    chip = _native.Chip()
    chip.load(RAM, access_program(bytes(accesses)))
    chip.reset(RAM)
    run_bounded(chip, 100_000)


def tflite_file(data: bytes) -> None:
    """Any .tflite file; see tflite_files.py."""
    import tflite_files

    tflite_files.tflite_file(data)


def run_bounded(chip: _native.Chip, cycles: int) -> None:
    """Runs, saves, restores, runs: any stop is good, but time must move on."""
    stop = chip.run_until(cycles // 2)
    saved = chip.save()
    chip.restore(saved)
    if stop.reason.name == "TIME":
        stop = chip.run_until(cycles)
        if stop.reason.name == "TIME" and chip.cycles < cycles:  # dormant: the count stands still, time does not
            asleep, since = chip.cycles, chip.picoseconds
            chip.run_until(cycles)
            assert chip.cycles == asleep and chip.picoseconds > since
    chip.uart_take(0)
    chip.take_edges()


TARGETS: dict[str, Callable[[bytes], None]] = {
    "toml_file": readers.toml_file,
    "sound_file": readers.sound_file,
    "manifest": readers.manifest,
    "dwarf": readers.dwarf,
    "robot_xml": readers.robot_xml,
    "wokwi_yaml": readers.wokwi_yaml,
    "request": servers.request,
    "gdb_packets": servers.gdb_packets,
    "snapshot": servers.snapshot,
    "c_abi": servers.c_abi,
    "load_file": load_file,
    "registers": registers,
    "instructions": instructions,
    "pio": pio,
    "tflite_file": tflite_file,
}


def mutator(name: str) -> Callable[[random.Random, list[bytes]], bytes]:
    """What makes new inputs of a target."""
    if name == "tflite_file":
        import tflite_files

        return tflite_files.mutate
    return mutate


def seeds(name: str) -> list[bytes]:
    """Inputs that reach deep: valid files, plausible accesses, valid instructions."""
    for module in (readers, servers):
        if name in module.SEEDS:
            return module.SEEDS[name]()
    if name == "tflite_file":
        import tflite_files

        return tflite_files.seeds()
    if name == "load_file":
        flash = seal_boot2(bytes(range(200))) + bytes(range(256)) * 2
        return [minimal_elf(flash), write_uf2({FLASH_BASE: flash, FLASH_BASE + 0x8000: flash}), intel_hex(flash), flash]
    if name == "registers":
        every = [struct.pack("<BBHI", w, 0x80 | 8, 4 * r, 1 << r) for w in range(len(WINDOWS)) for r in range(12)]
        return [b"".join(every[n : n + 64]) for n in range(0, len(every), 64)]
    if name == "instructions":
        return [struct.pack("<H", 0x2000 + n) * 64 + b"\xfe\xe7" for n in range(0, 0xD000, 0x1100)]
    return [struct.pack("<32H", *(0xE001 * (n + 1) & 0xFFFF for n in range(32))) + bytes(range(200)), bytes(300)]


def intel_hex(flash: bytes) -> bytes:
    records = [bytes([2, 0, 0, 4, FLASH_BASE >> 24, FLASH_BASE >> 16 & 0xFF])]
    records += [bytes([16, at >> 8, at & 0xFF, 0]) + flash[at : at + 16] for at in range(0, len(flash), 16)]
    records.append(bytes([0, 0, 0, 1]))
    return b"".join(b":" + (r + bytes([-sum(r) & 0xFF])).hex().upper().encode() + b"\n" for r in records)


def minimal_elf(flash: bytes) -> bytes:
    """One load segment, a symbol table with one function."""
    strings, names = b"\0main\0", b"\0.text\0.symtab\0.strtab\0.shstrtab\0"
    symbols = bytes(16) + struct.pack("<IIIBBH", 1, FLASH_BASE + 0x101, 32, 0x12, 0, 1)
    at = 52 + 32
    offsets = [at, at + len(flash), at + len(flash) + 32, at + len(flash) + 32 + len(strings)]
    sections = [
        bytes(40),
        struct.pack("<10I", 1, 1, 6, FLASH_BASE, offsets[0], len(flash), 0, 0, 4, 0),
        struct.pack("<10I", 7, 2, 0, 0, offsets[1], 32, 3, 1, 4, 16),
        struct.pack("<10I", 15, 3, 0, 0, offsets[2], len(strings), 0, 0, 1, 0),
        struct.pack("<10I", 23, 3, 0, 0, offsets[3], len(names), 0, 0, 1, 0),
    ]
    head = b"\x7fELF" + bytes([1, 1, 1]) + bytes(9)
    shoff = offsets[3] + len(names)
    head += struct.pack("<HHIIIIIHHHHHH", 2, 40, 1, FLASH_BASE + 0x101, 52, shoff, 0, 52, 32, 1, 40, 5, 4)
    load = struct.pack("<8I", 1, offsets[0], FLASH_BASE, FLASH_BASE, len(flash), len(flash), 5, 4)
    return head + load + flash + symbols + strings + names + b"".join(sections)
