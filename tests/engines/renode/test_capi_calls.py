"""Calls of functions, counted from the blocks that a host's processor executes."""

from __future__ import annotations

import pytest
from renode_rig import BL, BX_IP, BX_LR, MULS, NOP, SRAM, power_up

pytestmark = pytest.mark.usefixtures("librp2040")


def test_calls_are_counted_with_callees_and_without_interrupts() -> None:
    chip, memory = power_up()
    main, f, g, handler = SRAM, SRAM + 0x100, SRAM + 0x200, SRAM + 0x300
    memory.put_code(main, (*BL, NOP))
    memory.put_code(f, (NOP, *BL, NOP, BX_LR))
    memory.put_code(g, (MULS, BX_LR))
    memory.put_code(handler, (NOP, NOP, BX_LR))
    chip.trace([f | 1, g, handler])
    for _ in range(3):
        chip.cpu_block(main, 1)  # 3
        chip.cpu_block(f, 2)  # 1 + 3
        chip.cpu_block(g, 2)  # 1 + 2
        chip.cpu_exception(True)
        chip.cpu_block(handler, 3)
        chip.cpu_exception(False)
        chip.cpu_block(f + 6, 2)  # 1 + 2
        chip.cpu_block(main + 4, 1)
    outer, inner, interrupt = (chip.trace_counts(n) for n in range(3))
    assert (interrupt.calls, interrupt.total, interrupt.most) == (3, 12, 4)
    assert (inner.calls, inner.total, inner.least, inner.most) == (3, 9, 3, 3)
    assert (outer.calls, outer.total, outer.least, outer.most) == (3, 30, 10, 10)


def test_a_call_through_a_veneer_is_a_call() -> None:
    """main, in SRAM and not traced, calls a function in flash through code of the linker's."""
    chip, memory = power_up()
    main, veneer, f = SRAM, SRAM + 0x100, SRAM + 0x200
    memory.put_code(main, (*BL, NOP))
    memory.put_code(veneer, (NOP, BX_IP))
    memory.put_code(f, (NOP, BX_LR))
    chip.trace([f])
    for _ in range(2):
        chip.cpu_block(main, 1)
        chip.cpu_block(veneer, 2)
        chip.cpu_block(f, 2)  # 1 + 2
        chip.cpu_block(main + 4, 1)
    counts = chip.trace_counts(0)
    assert (counts.calls, counts.total, counts.least, counts.most) == (2, 6, 3, 3)
