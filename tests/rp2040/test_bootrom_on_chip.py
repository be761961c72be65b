"""The boot ROM's division, which waits for the SIO's divider by counting cycles, on the chip itself."""

from __future__ import annotations

import random
import struct

import numpy as np
from test_bootrom_cost import RECORDS, RESULTS, _lookup
from thumb import run, word

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
    routine = word(chip, _lookup(chip, 0x16, "SF") + 4 * DIVIDE)
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
