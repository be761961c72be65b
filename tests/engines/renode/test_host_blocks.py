"""Hosts that tell librp2040 of each block as it begins: what is charged when, and what comes before the block."""

from __future__ import annotations

import ctypes
from itertools import pairwise

import pytest
from renode_rig import SRAM, SRAM_SIZE, SSI, TIMER, BlocksHost, power_up, start_clocks, xip_on

from emberwatch.engines.base import CallTap
from emberwatch.engines.renode.chip import ExternalChip
from emberwatch.engines.renode.library import INVALID, OK, UNMODELLED, BlockHost, ChipError, StopHost

pytestmark = pytest.mark.usefixtures("librp2040")
PS_PER_US = 1_000_000
SYSTICK = 0xE000_E010
LOOP = SRAM + 0x100  # of an addition and a branch: 1 + 2 cycles


def looping() -> tuple[ExternalChip, BlocksHost]:
    chip, memory = power_up()
    start_clocks(chip)
    memory.put_code(SRAM, [0xBF00] * 128)
    memory.put_code(LOOP, (0x3001, 0xE7FD, 0xBF00, 0xD0FD))
    host = BlocksHost(chip)
    chip.library.rp2040_pace(chip._chip, 8000, 1_000 * PS_PER_US)
    return chip, host


def test_a_block_is_charged_when_it_is_over() -> None:
    chip, host = looping()
    before = chip.cpu_cycles()
    host.go_on(SRAM, 8)
    assert chip.cpu_cycles() == before, "it may not have executed yet"
    host.finish(3)  # a fault, or a watchpoint
    assert chip.cpu_cycles() == before + 3
    host.go_on(SRAM + 6, 5)
    host.go_on(SRAM + 16, 8)
    assert chip.cpu_cycles() == before + 3 + 5


@pytest.mark.parametrize("rounds", [1, 2, 3, 1000])
def test_rounds_of_a_loop_cost_what_they_cost_one_by_one(rounds: int) -> None:
    chip, host = looping()
    for body, cycles in ((LOOP, 1 + 2), (LOOP + 4, 1 + 2)):  # by a branch, and by a conditional one
        host.go_on(SRAM, 8)
        host.finish()
        before, instructions = chip.cpu_cycles(), chip.library.rp2040_instructions(chip._chip)
        for _ in range(rounds):
            host.go_on(body, 2)
        host.go_on(SRAM + 16, 8)  # before which the last branch is seen to have been taken
        host.finish()
        assert chip.cpu_cycles() - before == cycles * rounds + 8
        assert chip.library.rp2040_instructions(chip._chip) - instructions == 2 * rounds + 8


def test_rounds_in_flash_count_the_hits_of_the_cache() -> None:
    flash, hits, accesses = 0x1000_0100, 0x1400_000C, 0x1400_0010
    counted = []
    for one_by_one in (True, False):
        chip, memory = power_up()
        start_clocks(chip)
        xip_on(chip)
        memory.put_code(flash, (0xBF00, 0xBF00, 0x3001, 0xE7FB))
        host = BlocksHost(chip)
        before = chip.cpu_cycles()
        for _ in range(50):
            host.go_on(flash, 4)
            if one_by_one:
                assert chip.cpu_cycles() > 0  # so that each is charged
        host.finish()
        cycles = chip.cpu_cycles() - before
        counted.append((cycles, *(chip.read(address, cycle=chip.now) for address in (hits, accesses))))
    assert counted[0] == counted[1] and counted[0][2] >= 100
    assert counted[0][0] > 50 * 5, "the first round waits for flash"


def test_who_asks_in_the_middle_of_a_loop_hears_of_all_rounds() -> None:
    chip, host = looping()
    before = chip.cpu_cycles()
    for done in range(20):
        host.go_on(LOOP, 2)
        if done > 10:
            assert chip.cpu_cycles() - before == 3 * done
    host.finish(1)  # the last round not to its end
    chip.library.rp2040_cpu_exception(chip._chip, 0, 1)
    assert chip.cpu_cycles() - before == 3 * 19 + 1 + 15


def test_a_loop_ends_its_rounds_where_something_is_due() -> None:
    chip, host = looping()
    library, handle = chip.library, chip._chip
    library.rp2040_pace(handle, 8000, 100 * 8000)  # and 3 cycles take 24 ns, 2 instructions 16
    came = []
    for number in range(1000):
        if not host.begin(LOOP, 2):
            came.append(number)
            assert host.begin(LOOP, 2), f"round {number}: once is enough"
    assert len(came) == len(host.skips) > 8
    assert {later - earlier for earlier, later in pairwise(came)} == {100}
    assert all(skipped == 100 * 8000 for skipped in host.skips)


def test_the_hosts_own_function_is_called_while_it_wants_to() -> None:
    chip, host = looping()
    for _ in range(5):
        host.go_on(LOOP, 2)
    chip.library.rp2040_block_guest(chip._chip, 0, 1)
    for _ in range(3):
        host.go_on(LOOP, 2)
    chip.library.rp2040_block_guest(chip._chip, 0, 0)
    host.go_on(LOOP, 2)
    assert host.guests == [LOOP] * 3


def test_half_a_host_of_blocks_is_refused() -> None:
    chip, _ = power_up()
    assert not chip.library.rp2040_take_block_hook(chip._chip, 0, ctypes.byref(BlockHost()))
    assert not chip.library.rp2040_take_block_hook(chip._chip, 2, None)


def test_an_access_comes_at_its_own_cycle_within_its_block() -> None:
    chip, memory = power_up()
    start_clocks(chip)
    memory.put_code(SRAM, (*[0xBF00] * 40, 0x6808, *[0xBF00] * 20, 0x6808, 0xE7FE))  # NOPs, LDR, NOPs, LDR, branch
    host = BlocksHost(chip)
    read, write = host.bus.read[2], host.bus.write[2]
    for register, value in ((0x14, 0xFFFFFF), (0x18, 0), (0x10, 5)):
        write(SYSTICK + register - 0x10, value, 0)
    chip.library.rp2040_rebase(chip._chip, 0, chip.picoseconds(chip.now) + PS_PER_US)
    charged, counts = chip.cpu_cycles(), []
    assert host.begin(SRAM, 63)
    for pc in (SRAM, SRAM + 80, SRAM + 122):
        host.pc.value = pc
        counts.append(read(SYSTICK + 8, 0))
    host.finish()
    assert counts[0] - counts[1] == 40 and counts[1] - counts[2] == 20 + 2, counts
    assert chip.cpu_cycles() - charged == 60 + 2 * 2 + 2, "and the block takes what it takes without a look"


def test_code_in_flash_that_is_not_mapped_is_refused() -> None:
    """At once where the program accesses the bus: the host's library is written in C, which no exception may cross."""
    flash = 0x1000_0100
    chip, memory = power_up()
    start_clocks(chip)
    xip_on(chip)
    chip.write(SSI + 0x08, 0)
    memory.put_code(flash, (0xBF00, 0x6808, 0xBF00, 0xE7FB))  # NOP, LDR, NOP, branch
    host = BlocksHost(chip)
    assert host.begin(flash, 4)
    host.pc.value = flash + 2
    host.bus.read[2](TIMER + 0x28, 0)
    assert host.statuses == [UNMODELLED]
    assert b"while the SSI is disabled" in chip.library.rp2040_error(chip._chip)


def test_a_load_from_flash_that_is_not_mapped_is_refused() -> None:
    chip, memory = power_up()
    start_clocks(chip)
    xip_on(chip)
    chip.write(SSI + 0x08, 0)
    memory.put_code(SRAM, (0xBF00, 0x6808, 0xBF00, 0xE7FB))
    host = BlocksHost(chip)
    flash = (ctypes.c_ubyte * 0x1000)()
    assert chip.library.rp2040_memory(chip._chip, 0x1000_0000, flash, len(flash)) == OK
    chip.library.rp2040_bus_direct(chip._chip, 1, len(flash))
    assert host.begin(SRAM, 4)
    host.pc.value = SRAM + 2
    assert host.bus.read[2](0x1000_0800, 0) == 0
    host.finish()
    with pytest.raises(ChipError, match="while the SSI is disabled"):
        chip.advance(chip.now)


def test_calls_are_awaited_before_the_block_that_begins_there() -> None:
    chip, memory = power_up()
    start_clocks(chip)
    memory.put_code(SRAM, [0xBF00] * 64)
    host = BlocksHost(chip)
    assert chip.library.rp2040_stops(chip._chip, None, 1) == INVALID
    assert chip.library.rp2040_take_stops(chip._chip, 0, ctypes.byref(StopHost())) == INVALID
    chip.stops([SRAM + 0x21, SRAM + 0x40])
    begun = [host.begin(SRAM + 16 * block, 8) for block in range(3)]
    assert begun == [True, True, False] and host.pc.value == SRAM + 0x20, "what was asked for meanwhile comes first"
    chip.library.rp2040_cpu_exception(chip._chip, 0, 1)
    host.go_on(SRAM + 0x60, 8)
    host.finish()
    chip.library.rp2040_cpu_exception(chip._chip, 0, 0)
    for block in range(2, 6):
        host.go_on(SRAM + 16 * block, 8)
    assert host.stops == [SRAM + 0x20, SRAM + 0x40]
    chip.stops([])
    assert host.begin(SRAM + 0x20, 8) and len(host.stops) == 2


def test_what_calls_leave_is_kept() -> None:
    chip, memory = power_up()
    memory.put_code(SRAM, [0xBF00] * 128)
    host = BlocksHost(chip)
    block, words = SRAM + 0x20, SRAM + 0x40
    chip.set_taps([CallTap(block | 1, pointer=2, size=2, count=3), CallTap(words, pointer=1, size=4)])

    def call(function: int, **registers: int) -> None:
        """From the top of a stack, with the address behind the call in LR."""
        for name, value in {"r13": SRAM + 0x8000, "r14": SRAM + 0x11, **registers}.items():
            host.registers[int(name[1:])] = value
        host.go_on(SRAM, 8)
        host.go_on(function, 8)

    call(block, r2=SRAM + 0x100, r3=3)
    memory.sram[0x100:0x108] = bytes(range(8))
    host.registers[2] = 0  # the function has used its registers
    call(words, r1=SRAM + 0x100, r13=SRAM + 0x7FF0, r14=SRAM + 0x31)
    host.go_on(SRAM + 0x10, 8)  # where the outer call returns, but not with its stack
    assert chip.take_taps() == []
    host.go_on(SRAM + 0x30, 8)
    host.registers[13] = SRAM + 0x8000
    host.go_on(SRAM + 0x10, 8)
    assert chip.take_taps() == [(1, bytes(range(4))), (0, bytes(range(6)))]
    assert chip.take_taps() == []

    for pointer in (0xD0000000, SRAM + SRAM_SIZE - 2):  # registers are not read, and memory ends
        call(words, r1=pointer)
        host.go_on(SRAM + 0x10, 8)
    assert [len(data) for _, data in chip.take_taps()] == [0, 2]
    call(words, r1=SRAM)
    chip.reset()
    host.go_on(SRAM + 0x10, 8)
    assert chip.take_taps() == [], "calls under way end with the power"


def test_taps_that_cannot_be_are_refused() -> None:
    chip, _ = power_up()
    with pytest.raises(ChipError, match="take_stops"):
        chip.set_taps([CallTap(SRAM, 0, 4)])
    BlocksHost(chip)
    with pytest.raises(ChipError, match="R0 to R3"):
        chip.set_taps([CallTap(SRAM, 4, 4)])
    with pytest.raises(ChipError, match="at most 16"):
        chip.set_taps([CallTap(SRAM, 0, 4)] * 17)
    chip.set_taps([CallTap(SRAM, 0, 4)])
    chip.set_taps([])
