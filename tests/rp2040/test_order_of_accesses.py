"""Accesses of two cores take effect in the order of their times, whichever instruction began first (datasheet 2.1.3).

An access of the APB is three or four cycles on the bus; the other core's to SIO and to the AHB-Lite peripherals are
one, and come before it if they end before it.
"""

from __future__ import annotations

from itertools import pairwise

import pytest
from thumb import LAUNCH, LAUNCH_TABLE, RAM, assemble, word

from emberwatch import _native

PIN = 2
GPIO_STATUS = 0x4001_4000 + 8 * PIN
SETUP = f"""
    ldr r0, =0x4000c000
    movs r1, #0
    str r1, [r0]
    ldr r0, =0x40014004
    movs r1, #5
    str r1, [r0, #{8 * PIN}]
    ldr r0, =0xd0000000
    movs r1, #{1 << PIN}
    str r1, [r0, #0x24]
"""
"""Releases all blocks from reset, gives the pin to SIO and lets it drive."""


def _chip(core0: str, core1: str) -> _native.Chip:
    """Both cores run from a bank of SRAM of their own; neither waits for the other one's fetches."""
    chip = _native.Chip()
    body = f"{SETUP}{LAUNCH}ldr r7, =0x20040001\nbx r7\n{LAUNCH_TABLE}core1: ldr r7, =0x20041001\nbx r7\n.ltorg"
    chip.load(RAM, assemble(body))
    chip.load(0x2004_0000, assemble(core0 + "\n.ltorg", 0x2004_0000))
    chip.load(0x2004_1000, assemble(core1 + "\n.ltorg", 0x2004_1000))
    chip.attach_debugger(True)
    chip.reset(RAM | 1)
    chip.record_pins(1 << PIN)
    return chip


def _nops(count: int) -> str:
    return "nop\n" * count


TOGGLE = f"ldr r0, =0xd0000000\nmovs r2, #{1 << PIN}\n1: str r2, [r0, #0x1c]\nb 1b"
READ = "ldr r0, ={address:#x}\n1: ldr r1, [r0]\n{nops}b 1b"
"""Reads a register over the APB, again and again."""
TIMER, WATCHDOG, RESETS = 0x4005_4028, 0x4005_8008, 0x4000_C000


@pytest.mark.parametrize("address", [TIMER, WATCHDOG, RESETS])
@pytest.mark.parametrize("nops", range(4))
def test_a_pin_moves_in_the_cycle_of_its_store(address: int, nops: int) -> None:
    """A loop of three cycles makes edges three cycles apart, whatever the other core reads meanwhile."""
    chip = _chip(READ.format(address=address, nops=_nops(nops)), TOGGLE)
    chip.run_until(8_000)
    edges = [cycle for cycle, _, _ in chip.take_edges()]
    assert len(edges) > 2000
    assert {b - a for a, b in pairwise(edges[1:])} == {3}


@pytest.mark.parametrize("nops", [1, 2, 4])
def test_a_register_is_read_at_the_end_of_its_access(nops: int) -> None:
    """GPIO_STATUS.OUTFROMPERI, three cycles after the load began, is what the other core has written until then."""
    chip = _chip(READ.format(address=GPIO_STATUS, nops=_nops(nops)), TOGGLE)
    chip.record_instructions(20_000)
    chip.run_until(8_000)
    high = [range(a, b) for (a, _, level), (b, _, _) in pairwise(chip.take_edges()) if level]
    driven = {cycle for levels in high for cycle in levels}
    reads = [(c, value) for c, _, address, _, _, value in chip.recent_accesses(0) if address == GPIO_STATUS]
    known = [(cycle + 3 in driven, value) for cycle, value in reads if high[0].start <= cycle < high[-1].start]
    assert len(known) > 500
    assert {level for level, _ in known} == {False, True}
    assert all(value is not None and (value >> 8 & 1) == level for level, value in known)


RUN_TWO_CYCLES = """
    ldr r0, =0x50200000
    movs r1, #0x40  @ JMP X-- to itself
    str r1, [r0, #0x48]
    movs r3, #0xd8
    movs r1, #0
    mvns r1, r1
    str r1, [r0, #0x10]
    ldr r1, =0x80a0  @ PULL
    str r1, [r0, r3]
    ldr r1, =0xa027  @ MOV X, OSR
    str r1, [r0, r3]
    movs r1, #0  @ JMP 0
    str r1, [r0, r3]
    movs r1, #1
    movs r2, #0
    movs r4, #200
1:  str r1, [r0]
    str r2, [r0]
    subs r4, #1
    bne 1b
    ldr r1, =0xa0c1  @ MOV ISR, X
    str r1, [r0, r3]
    ldr r1, =0x8020  @ PUSH
    str r1, [r0, r3]
    nop
    nop
    ldr r1, [r0, #0x20]
    ldr r2, =0x20001000
    str r1, [r2]
2:  b 2b
"""


@pytest.mark.parametrize("nops", range(4))
def test_a_state_machine_runs_between_the_stores_that_start_and_stop_it(nops: int) -> None:
    """PIO CTRL set and cleared by consecutive stores, two cycles apart: two instructions each time."""
    core0 = "ldr r0, =0x40058010\n1: str r1, [r0]\n" + _nops(nops) + "b 1b"
    chip = _chip(core0, RUN_TWO_CYCLES)
    chip.run_until(8_000)
    assert 0xFFFF_FFFF - word(chip, 0x2000_1000) == 400


@pytest.mark.parametrize("cut", [1, 7, 50])
def test_pins_move_in_the_same_cycles_however_the_run_is_cut(cut: int) -> None:
    edges = []
    for step in (cut, 8_000):
        chip = _chip(READ.format(address=TIMER, nops="nop\n"), TOGGLE)
        for until in range(step, 8_000 + step, step):
            chip.run_until(until)
        edges.append([edge for edge in chip.take_edges() if edge[0] < 8_000])
    assert len(edges[0]) > 2000
    assert edges[0] == edges[1]
