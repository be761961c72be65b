"""The boot ROM's division, which waits for the SIO's divider by counting cycles, on the chip itself."""

from __future__ import annotations

import random
import struct

import numpy as np
from test_bootrom_cost import RECORDS, RESULTS, lookup
from thumb import assemble, run, word

from emberwatch import _native

SAMPLES = 512
DIVIDE = 3
"""Place of the division in the table of single routines."""


def test_single_quotients_are_the_nearest() -> None:
    rng = random.Random(1)
    chip = _native.Chip()
    pairs = np.array([[rng.uniform(1, 2) * 2.0 ** rng.randint(-8, 8) for _ in range(2)] for _ in range(SAMPLES)])
    operands = pairs.astype(np.float32)
    operands[0] = 12, 10
    chip.load(RECORDS, operands.tobytes())
    routine = word(chip, lookup(chip, 0x16, "SF") + 4 * DIVIDE)
    run(
        f"""
    ldr r5, ={RECORDS}
    ldr r6, ={RESULTS}
    ldr r7, ={routine | 1}
    loop: ldm r5!, {{r0, r1}}
    blx r7
    stm r6!, {{r0}}
    ldr r2, ={RECORDS + operands.nbytes}
    cmp r5, r2
    bne loop
    bkpt #0
    .ltorg
    """,
        cycles=200_000,
        chip=chip,
    )
    quotients = np.array(struct.unpack(f"<{SAMPLES}f", chip.read_memory(RESULTS, 4 * SAMPLES)), np.float32)
    assert np.array_equal(quotients, operands[:, 0] / operands[:, 1])


DIVIDER = """
    ldr r0, =0xd0000060
    ldr r1, [r0, #0x18]
    lsrs r1, #2
    bcs dirty
    push {r4-r7, lr}
    bl divide
    pop {r4-r7, pc}
    dirty: push {r4-r7, lr}
    ldr r4, [r0, #0]
    ldr r5, [r0, #4]
    ldr r7, [r0, #0x14]
    ldr r6, [r0, #0x10]
    bl divide
    str r4, [r0, #0]
    str r5, [r0, #4]
    str r7, [r0, #0x14]
    str r6, [r0, #0x10]
    pop {r4-r7, pc}
    divide: ldr r1, =1000003
    str r1, [r0, #0]
    movs r1, #77
    str r1, [r0, #4]
    movs r1, #4
    1: subs r1, #1
    bne 1b
    ldr r1, [r0, #0x14]
    ldr r1, [r0, #0x10]
    bx lr
    .ltorg
"""
"""An interrupt that divides, and saves the divider's state only if it is dirty, as pico-sdk's divisions do."""
VECTORS, HANDLER, SYSTICK = 0x2000_8000, 0x2000_9000, 0xE000_E010


def test_a_division_may_be_interrupted_by_another_in_any_cycle() -> None:
    chip = _native.Chip()
    chip.load(VECTORS + 4 * 15, struct.pack("<I", HANDLER | 1))
    chip.load(HANDLER, assemble(DIVIDER, HANDLER))
    routine = word(chip, lookup(chip, 0x16, "SF") + 4 * DIVIDE)
    for dividend, divisor in ((10.0, 3.0), (1.0, 13635.0), (12345.678, 0.37)):
        (expected,) = struct.unpack("<I", (np.float32(dividend) / np.float32(divisor)).tobytes())
        first, second = struct.unpack("<II", np.array([dividend, divisor], np.float32).tobytes())
        run(
            f"""
        ldr r0, =0xe000ed08
        ldr r1, ={VECTORS}
        str r1, [r0]
        ldr r4, ={SYSTICK}
        movs r5, #10
        ldr r6, ={RESULTS}
        again: movs r0, #7
        str r5, [r4, #4]
        str r0, [r4, #8]
        str r0, [r4, #0]
        ldr r0, =0xffffff
        str r0, [r4, #4]
        ldr r0, ={first}
        ldr r1, ={second}
        ldr r7, ={routine | 1}
        blx r7
        movs r1, #0
        str r1, [r4, #0]
        stm r6!, {{r0}}
        adds r5, #1
        cmp r5, #110
        bne again
        bkpt #0
        .ltorg
        """,
            cycles=200_000,
            chip=chip,
        )
        found = struct.unpack("<100I", chip.read_memory(RESULTS, 400))
        assert set(found) == {expected}, f"{dividend} / {divisor}"
