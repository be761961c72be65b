"""Peripherals as a program on the whole chip meets them: bus timing, resets, clock changes."""

from __future__ import annotations

import struct

import pytest

pytest.importorskip("emberwatch._native", reason="the native module is not built (make setup)")
from periph_chip import CLOCKS, CLR, PLL_SYS, PSM, RESETS, ROSC, SET, WATCHDOG, XOSC
from thumb import RAM, assemble, run

from emberwatch import _native

TABLE = RAM + 0x1000
# Performs the (address, value) writes of TABLE, waiting 8000 turns after each so that oscillators and PLLs settle.
WRITER = f"""
    ldr r0, =0x{TABLE:x}
1:  ldmia r0!, {{r1, r2}}
    cmp r1, #0
    beq 3f
    str r2, [r1]
    ldr r3, =8000
2:  subs r3, #1
    bne 2b
    b 1b
3:  bkpt #0
    .pool
"""
TO_PLL = [
    (RESETS, 0),
    (XOSC, 0xAA0),
    (XOSC + SET, 0xFAB000),
    (PLL_SYS + 0x08, 125),
    (PLL_SYS + CLR + 0x04, 0x21),
    (PLL_SYS + 0x0C, 6 << 16 | 2 << 12),
    (PLL_SYS + CLR + 0x04, 8),
    (CLOCKS + 0x30, 2),
    (CLOCKS + 0x3C, 1),
]


def write_registers(chip: _native.Chip, writes: list[tuple[int, int]]) -> _native.Stop:
    chip.load(RAM, assemble(WRITER))
    chip.load(TABLE, b"".join(struct.pack("<II", *w) for w in [*writes, (0, 0)]))
    chip.attach_debugger(True)
    chip.reset(RAM | 1)
    return chip.run_until(10_000_000)


RELEASE_ALL = f"ldr r0, ={RESETS}\nmovs r1, #0\nstr r1, [r0]\n"
NOT_CONNECTED = 255
"""The number that Arduino's core gives a pin which a bus does without; it selects a function for it all the same."""


def test_pins_that_are_none_read_as_zero_and_are_told_of() -> None:
    pad, ctrl = 0x4001C004 + 4 * NOT_CONNECTED, 0x40014004 + 8 * NOT_CONNECTED
    outcome = run(
        RELEASE_ALL
        + f"ldr r0, ={pad}\nldr r1, ={ctrl}\nmovs r2, #64\nstr r2, [r0]\nldr r3, [r0]\nstr r2, [r1]\nldr r4, [r1]\n"
        + "bkpt #0"
    )
    assert (outcome.stop.reason.name, outcome["r3"], outcome["r4"]) == ("BKPT", 0, 0)
    note = outcome.chip.absent_note()
    assert "PADS_BANK0 at offset 0x400" in note
    assert "IO_BANK0 at offset 0x7fc" in note
    assert run("bkpt #0").chip.absent_note() == ""


def test_the_whole_usb_block_can_be_cleared_as_chibios_does() -> None:
    """Its memset takes all 16 KB byte by byte: words that are no registers, and the atomic aliases."""
    clear = "ldr r0, =0x50110000\nldr r1, =0x50114000\nmovs r2, #0\n1: strb r2, [r0]\nadds r0, #1\ncmp r0, r1\nbne 1b\n"
    assert run(RELEASE_ALL + clear + "bkpt #0", cycles=200_000).stop.reason.name == "BKPT"
    beyond = run(RELEASE_ALL + "ldr r0, =0x5011009c\nmovs r2, #1\nstr r2, [r0]\nbkpt #0")
    assert beyond.stop.reason.name == "UNMODELLED"


@pytest.mark.parametrize(("nops", "quotient"), [(8, 14), (7, 0)])
def test_divider_result_is_readable_eight_cycles_after_the_write(nops: int, quotient: int) -> None:
    outcome = run(
        f"""
        movs r0, #0xd0
        lsls r0, r0, #24
        movs r1, #100
        movs r2, #7
        str r1, [r0, #0x60]
        str r2, [r0, #0x64]
        .rept {nops}
        nop
        .endr
        ldr r3, [r0, #0x70]
        bkpt #0
        """
    )
    assert outcome["r3"] == quotient


def test_clk_sys_from_the_pll() -> None:
    chip = _native.Chip()
    assert write_registers(chip, TO_PLL).reason.name == "BKPT"
    assert (chip.clock_hz("ref"), chip.clock_hz("sys")) == (12_000_000, 125_000_000)
    before = chip.picoseconds
    chip.run_until(chip.cycles + 1)
    assert 0 <= chip.picoseconds - before <= 16_000


def test_reset_after_the_ring_oscillator_was_stopped() -> None:
    chip = _native.Chip()
    assert write_registers(chip, [*TO_PLL, (ROSC, 0xD1EAA0)]).reason.name == "BKPT"
    chip.reset(RAM | 1)
    assert chip.clock_hz("sys") == 6_500_000 and chip.cycles == 0


def test_watchdog_reset_while_clk_sys_runs_from_the_pll() -> None:
    chip = _native.Chip()
    stop = write_registers(
        chip, [*TO_PLL, (WATCHDOG + 0x10, 0x12345678), (PSM + 8, 0x1FFFC), (WATCHDOG + SET, 1 << 31), (RAM + 0x2000, 1)]
    )
    # Flash is empty, so the boot after the reset fails: the program did not run on.
    assert stop.reason.name == "BOOT_ERROR"
    assert chip.clock_hz("sys") == 6_500_000
    assert chip.read_memory(RAM + 0x2000, 4) == bytes(4)


def test_stopping_clk_sys_names_the_register() -> None:
    stop = write_registers(_native.Chip(), [*TO_PLL, (PLL_SYS + SET + 0x04, 1)])
    assert stop.reason.name == "UNMODELLED" and "clk_sys has no running source" in stop.detail
