"""Code that shares its 64 bytes of SRAM with data: boot2's copy under a stack, and programs that rewrite themselves."""

from __future__ import annotations

import pytest
from thumb import assemble

from emberwatch import _native

CODE = 0x2000_1000

# Counts up by what the routine adds, stores beside it in every round, and rewrites it after `patched` of `rounds`.
_PROGRAM = """
    ldr r0, =routine
    ldr r5, ={rounds}
    ldr r6, ={patched}
    movs r4, #0
    1: str r4, [r0, #{beside}]
    bl routine
    subs r6, #1
    bne 2f
    ldr r2, =0x3403        @ adds r4, #3
    strh r2, [r0]
    2: subs r5, #1
    bne 1b
    bkpt #0
    .ltorg
    .balign 64
    routine: adds r4, #1
    bx lr
"""


@pytest.mark.parametrize("patched", [1, 150, 201, 450, 999])
@pytest.mark.parametrize("beside", [4, 60])
def test_stores_beside_code_do_not_hide_those_into_it(patched: int, beside: int) -> None:
    """However often data beside a routine is written, the routine is what memory holds."""
    chip = _native.Chip()
    chip.load(CODE, assemble(_PROGRAM.format(rounds=1000, patched=patched, beside=beside), CODE))
    chip.reset(CODE | 1)
    chip.run_until(100_000)
    assert chip.registers(0)["r4"] == patched + 3 * (1000 - patched)
