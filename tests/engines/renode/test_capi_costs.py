"""The C ABI through ctypes: what the processors are charged."""

from __future__ import annotations

import pytest
from renode_rig import (
    BL,
    BNE_BACK,
    BX_LR,
    LDR_R0_R1,
    MULS,
    NOP,
    PIO0,
    POP_PC,
    PUSH3,
    SET,
    SIO,
    SRAM,
    STR_R0_R1,
    TIMER,
    UART0,
    power_up,
    xip_on,
)

from emberwatch.engines.renode import library
from emberwatch.engines.renode.library import ChipError

pytestmark = pytest.mark.usefixtures("librp2040")


# The processor's time


@pytest.mark.parametrize(
    ("code", "cycles"),
    [
        ((NOP,), 1),
        ((LDR_R0_R1, STR_R0_R1), 4),
        ((MULS, MULS), 2),
        ((BNE_BACK,), 1),
        ((PUSH3,), 5),
        ((POP_PC,), 6),
        ((BX_LR,), 2),
        (BL, 3),
        ((0xE7FE,), 2),
        ((0x46F7,), 2),  # MOV pc, lr
        ((0xF3BF, 0x8F5F), 3),  # DMB
        ((0xBF30,), 2),  # WFI
        ((0xC9F0,), 5),  # LDM r1!, {r4-r7}
    ],
)
def test_cycles_of_a_block_from_its_opcodes(code: tuple[int, ...], cycles: int) -> None:
    assert library.block_cycles(SRAM, code) == cycles


def test_costs_of_branches_exceptions_and_accesses() -> None:
    lib = library.load()
    assert lib.rp2040_taken_branch_cycles() == 1
    assert lib.rp2040_exception_entry_cycles() == 15
    assert lib.rp2040_exception_return_cycles() > 0
    assert [lib.rp2040_access_cycles(a, w) for a, w in ((SIO, 0), (SRAM, 1), (TIMER, 0), (TIMER, 1), (PIO0, 0))] == [
        1,
        2,
        4,
        5,
        2,
    ]
    assert lib.rp2040_access_cycles(UART0 + SET, 1) == 7


def test_blocks_are_charged_with_taken_branches_accesses_and_exceptions() -> None:
    chip, memory = power_up()
    memory.put_code(SRAM, (NOP, LDR_R0_R1, BNE_BACK, NOP, BX_LR))
    memory.put_code(SRAM + 0x800, (NOP,))
    chip.cpu_block(SRAM + 0x800, 1)  # takes the accesses of power_up() with it
    before = chip.cpu_cycles()
    assert chip.cpu_block(SRAM, 3) == 4
    assert chip.cpu_block(SRAM, 3) == 4 + 1  # the branch before was taken
    chip.read(TIMER + 0x28)
    assert chip.cpu_block(SRAM + 6, 2) == 3 + 2  # not taken this time; an APB load is two cycles longer
    chip.read(SIO)
    assert chip.cpu_exception(True) == 15
    assert chip.cpu_block(SRAM, 3) == 3  # an SIO load is one cycle shorter
    returned = chip.cpu_exception(False)
    assert returned == library.load().rp2040_exception_return_cycles()
    assert chip.cpu_cycles() - before == 4 + 5 + 5 + 15 + 3 + returned
    memory.put_code(SRAM, (MULS, MULS, MULS))
    assert chip.cpu_block(SRAM, 3) == 4
    chip.cpu_forget()
    assert chip.cpu_block(SRAM, 3) == 3


def test_a_fetch_from_flash_in_command_mode_is_told_by_the_next_advance() -> None:
    chip, memory = power_up()
    memory.put_code(0x10000100, (NOP,))
    chip.cpu_block(0x10000100, 1)
    with pytest.raises(ChipError, match="XIP access"):
        chip.advance(chip.now + 10)
    chip.advance(chip.now + 10)


def test_flash_is_charged_through_the_cache() -> None:
    chip, memory = power_up()
    xip_on(chip)
    base = 0x10000100
    memory.put_code(SRAM, (NOP,))
    chip.cpu_block(SRAM, 1)
    memory.put_code(base, (NOP,) * 8)
    first = chip.cpu_block(base, 8)
    assert first > 8 + 2 * 8
    assert chip.cpu_block(base, 8) == 8
    assert chip.xip_stall(base) == 0
    assert chip.xip_stall(base + 0x4000) > 0
