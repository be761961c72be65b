"""Words between PIO and memory that nobody looks at, against the same with everything recorded."""

from __future__ import annotations

import random

import numpy as np
import pytest
from random_programs import (
    CODE,
    DMA,
    HANDLER,
    IO_BANK0,
    NVIC,
    PIO0,
    PROGRAMS,
    RESETS,
    SCB,
    SHARED,
    VECTORS,
    compare_with_watched,
    thumb_code,
    with_vectors,
)
from thumb import assemble

from emberwatch import _native


def _stream(seed: int) -> _native.Chip:
    """A state machine that takes in pins for a DMA channel while the core sleeps between its interrupts.

    The pins: a microphone that the program clocks, or PWM, or a clock output, or nothing.
    """
    rng = random.Random(seed)
    microphone = rng.randrange(2)
    chip = with_vectors()
    chip.load(
        HANDLER,
        assemble(
            f"""
        ldr r0, ={DMA}
        ldr r1, =0x40c
        movs r2, #1
        str r2, [r0, r1]
        ldr r3, ={SHARED - 0x100}
        ldr r2, [r3]
        adds r2, #1
        str r2, [r3]
        ldr r2, [r3, #4]
        str r2, [r0, #0x1c]
        bx lr
        .ltorg
    """,
            HANDLER,
        ),
    )
    start = (0x6081, 0x4640, 0x4649, 0x6001, 0xB662)
    chip.load(CODE, thumb_code(*start, 0xBF30, 0xE7FD))  # VTOR, NVIC; WFI for ever
    if microphone:
        source = _native.Microphone(rng.randrange(2) == 1)
        chip.attach(source, [("clock", 3), ("data", 2)])
        source.push(np.array([rng.randrange(-(1 << 22), 1 << 22) for _ in range(4000)], np.int32))
    chip.reset(CODE | 1)
    chip.write_bus(RESETS + 0x3000, 4, 1 << 2 | 1 << 5 | 1 << 8 | 1 << 10 | 1 << 14)
    for pin in range(5):
        function = 6 if microphone else rng.choice((4, 4, 6, 31))
        chip.write_bus(IO_BANK0 + 8 * pin + 4, 4, function)
    for part in range(2):  # PWM slices 0 and 1
        base = 0x4005_0000 + 20 * part
        for offset, value in ((0x04, rng.choice((16, 40, 333))), (0x10, rng.choice((3, 50, 2000))), (0x0C, 2), (0, 1)):
            chip.write_bus(base + offset, 4, value)
    side = (1 << 29 | 3 << 10) if microphone else 0
    if microphone:
        edge = rng.randrange(2) << 12
        steps = [0x4001 | edge | rng.randrange(4) << 8, 0xA042 | edge ^ 0x1000 | rng.randrange(4) << 8]
        rng.shuffle(steps)
    else:
        steps = [0x4000 | rng.choice((1, 2, 4, 8, 16)) | rng.choice((0, 0, 3)) << 8]
        steps += [rng.choice((0xA042, 0xE021, 0x0002, 0xA0C2 & 0xFFE7 | 1))] * rng.randrange(2)
    for n, code in enumerate(steps):
        chip.write_bus(PIO0 + 0x48 + 4 * n, 4, code)
    full = rng.choice((0, 0, 0, 8, 24, 31))
    dividers = (6 << 16, 61 << 16 | 9 << 8, 7 << 16 | 128 << 8) if microphone else (1 << 16, 1 << 16, 2 << 16, 5 << 16)
    divider = rng.choice(dividers)
    for offset, value in (
        (0xC8, divider),
        (0xCC, len(steps) - 1 << 12),
        (0xD0, rng.randrange(2) << 18 | 1 << 16 | full << 20),
        (0xDC, side | (2 if microphone else 0) << 15),
        (0xD8, 0xE081 if microphone else 0xA042),
    ):
        chip.write_bus(PIO0 + offset, 4, value)
    if microphone:  # the clock pin is an output: SET PINDIRS through a SET base of 3
        chip.write_bus(PIO0 + 0xDC, 4, 1 << 26 | 3 << 5)
        chip.write_bus(PIO0 + 0xD8, 4, 0xE081)
        chip.run_until(chip.cycles + 4)
        chip.write_bus(PIO0 + 0xDC, 4, side | 2 << 15)
    ring = rng.choice((0, 0, 1 << 10 | 8 << 6))
    count = rng.choice((3, 30, 300))
    chip.write_memory(SHARED - 0x100, (0).to_bytes(4, "little") + count.to_bytes(4, "little"))
    priority = rng.randrange(2) << 1
    for offset, value in (
        (0x404, 1),
        (0, PIO0 + 0x20),
        (4, SHARED),
        (8, count),
        (12, 4 << 15 | ring | 1 << 5 | 2 << 2 | priority | 1),
    ):
        chip.write_bus(DMA + offset, 4, value)
    for name, value in {"r0": SCB, "r1": VECTORS, "r8": NVIC, "r9": 1 << 11}.items():
        chip.set_register(0, name, value)
    chip.write_bus(PIO0, 4, 1)
    return chip


def _stream_state(chip: _native.Chip) -> list[object]:
    levels = [chip.pin_level(pin) for pin in range(5)]
    registers = [int.from_bytes(chip.read_memory(PIO0 + offset, 4), "little") for offset in (0x04, 0x0C, 0xD4)]
    channel = chip.read_memory(DMA, 16)
    return [chip.cycles, chip.registers(0), levels, registers, channel, chip.read_memory(SHARED - 0x100, 0x2000)]


@pytest.mark.parametrize("part", range(4))
def test_streams(part: int) -> None:
    """Words from pins through PIO and DMA to memory, looked at now and then: as if each step had been watched."""
    for seed in range(part, PROGRAMS, 4):
        compare_with_watched(_stream, _stream_state, seed, 10)


def _sender(rng: random.Random) -> list[int]:
    """Instructions that give words of the TX FIFO to pins, or nowhere; rarely such that ask what they are."""
    bits = rng.choice((1, 2, 4, 8, 8, 16, 0))
    steps = [0x6000 | rng.choice((0, 0, 0, 3, 4)) << 5 | bits | rng.choice((0, 0, 0, 2)) << 8]
    if rng.randrange(2):
        steps += [rng.choice((0xA042, 0xE000 | rng.randrange(32), 0x6001, 0xE03F, 0x0001 | rng.randrange(4) << 8))]
    if rng.randrange(8) == 0:
        steps += [0x6021]  # out x, 1
    if rng.randrange(6) == 0:
        steps += [0x00E0, 0xA042]  # jmp !osre to its begin
    return steps


def _taker(rng: random.Random) -> list[int]:
    steps = [0x4000 | rng.choice((0, 0, 1, 3)) << 5 | rng.choice((1, 2, 4, 8, 16, 0)) | rng.choice((0, 0, 3)) << 8]
    if rng.randrange(2):
        steps += [rng.choice((0xA042, 0xE027, 0xA0C3))]
    return steps


def _words(seed: int) -> _native.Chip:
    """One or two state machines that get words from memory, or bring some, by DMA, while the core sleeps."""
    rng = random.Random(seed)
    chip = with_vectors()
    source = f"ldr r0, ={DMA}\nldr r1, =0x40c\nmovs r2, #1\nstr r2, [r0, r1]\nldr r3, ={SHARED - 0x100}\nldr r2, [r3]"
    again = "adds r2, #1\nstr r2, [r3]\nldr r2, [r3, #4]\nstr r2, [r0, #0x1c]\nbx lr\n.ltorg"
    chip.load(HANDLER, assemble(f"{source}\n{again}", HANDLER))
    chip.load(CODE, thumb_code(0x6081, 0x4640, 0x4649, 0x6001, 0xB662, 0xBF30, 0xE7FD))  # VTOR, NVIC; WFI for ever
    chip.reset(CODE | 1)
    chip.write_bus(RESETS + 0x3000, 4, 1 << 2 | 1 << 5 | 1 << 8 | 1 << 10)
    for pin in range(8):
        chip.write_bus(IO_BANK0 + 8 * pin + 4, 4, rng.choice((6, 6, 6, 31)))
    chip.write_memory(SHARED, rng.randbytes(0x1000) if rng.randrange(4) else bytes(0x1000))
    count = rng.choice((3, 30, 300, 4000))
    chip.write_memory(SHARED - 0x100, (0).to_bytes(4, "little") + count.to_bytes(4, "little"))
    chip.write_bus(DMA + 0x404, 4, 1)
    origin = 0
    machines = rng.randrange(1, 3)
    for index in range(machines):
        sends = rng.randrange(3) != 0
        steps = _sender(rng) if sends else _taker(rng)
        steps = [code + origin if code >> 13 == 0 else code for code in steps]
        base = PIO0 + 0x18 * index
        for n, code in enumerate(steps):
            chip.write_bus(PIO0 + 0x48 + 4 * (origin + n), 4, code)
        full = rng.choice((0, 0, 0, 8, 24, 31))
        shift = rng.randrange(4) << 18 | (1 << 17 | full << 25 if sends else 1 << 16 | full << 20)
        chip.write_bus(base + 0xC8, 4, rng.choice((256, 256, 512, 1280, 384, 832)) << 8)
        chip.write_bus(base + 0xCC, 4, origin + len(steps) - 1 << 12 | origin << 7)
        chip.write_bus(base + 0xD0, 4, shift | rng.choice((0, 0, 1 << 30 if sends else 1 << 31)))
        pins = 4 * index
        chip.write_bus(base + 0xDC, 4, 4 << 26 | pins << 5)
        chip.write_bus(base + 0xD8, 4, 0xE080 | rng.choice((0, 15, 15, 5)))  # set pindirs
        chip.run_until(chip.cycles + 4)
        chip.write_bus(base + 0xDC, 4, 2 << 26 | rng.randrange(1, 5) << 20 | pins | pins << 5 | rng.randrange(8) << 15)
        chip.write_bus(base + 0xD8, 4, origin)  # jmp
        size = rng.choice((2, 2, 2, 1, 0))
        ring = rng.choice((0, 10, 8)) << 6 | (0 if sends else 1 << 10)
        memory = SHARED + 0x1000 * index + (0 if ring & 0x3C0 else rng.randrange(16) * 4)
        fifo = PIO0 + (0x10 if sends else 0x20) + 4 * index
        control = (index if sends else 4 + index) << 15 | ring | (1 << 4 if sends else 1 << 5) | size << 2
        channel = DMA + 0x40 * index
        for offset, value in (
            (0, memory if sends else fifo),
            (4, fifo if sends else memory),
            (8, count if index == 0 else 0xFFFF_FFFF if ring & 0x3C0 else 700),
            (12, control | rng.randrange(2) << 22 | index << 11 | rng.randrange(2) << 1 | 1),
        ):
            chip.write_bus(channel + offset, 4, value)
        origin += len(steps)
    for name, value in {"r0": SCB, "r1": VECTORS, "r8": NVIC, "r9": 1 << 11}.items():
        chip.set_register(0, name, value)
    chip.write_bus(PIO0, 4, (1 << machines) - 1)
    return chip


def _words_state(chip: _native.Chip) -> list[object]:
    levels = [chip.pin_level(pin) for pin in range(8)]
    offsets = (0x04, 0x08, 0x0C, 0x3C, 0x40, 0xD4, 0xEC)
    registers = [int.from_bytes(chip.read_memory(PIO0 + offset, 4), "little") for offset in offsets]
    edges = chip.read_memory(IO_BANK0 + 0xF0, 4)
    channels = [chip.read_memory(DMA + 0x40 * n, 16) for n in range(2)]
    return [chip.cycles, levels, registers, edges, channels, chip.read_memory(SHARED - 0x100, 0x2200)]


@pytest.mark.parametrize("seed", [669, 1071, 1708, 2694, 6483, 6724])
def test_rare_words(seed: int) -> None:
    """FIFOs left with words of before, a first word unlike the others, a write of the DMA in the cycle of a request."""
    compare_with_watched(_words, _words_state, seed, 8)


@pytest.mark.parametrize("part", range(4))
def test_words(part: int) -> None:
    """Words between memory and programs that do not ask what they are, unseen: as if each step had been watched."""
    for seed in range(part, PROGRAMS, 4):
        compare_with_watched(_words, _words_state, seed, 8)
