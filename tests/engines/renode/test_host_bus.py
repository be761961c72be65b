"""What librp2040 does for hosts with their own clock, memory and bus: snapshots, idle turns, direct memory."""

from __future__ import annotations

import ctypes

import pytest
from renode_rig import (
    DMA,
    MIC_CLOCK,
    MIC_DATA,
    SRAM,
    TIMER,
    WATCHDOG,
    BlocksHost,
    Memory,
    capture_pdm,
    power_up,
    start_clocks,
)

from emberwatch.engines.renode.chip import ExternalChip
from emberwatch.engines.renode.library import (
    INVALID,
    NEVER,
    OK,
    Bus,
    BusHost,
    Turn,
)

pytestmark = pytest.mark.usefixtures("librp2040")
PS_PER_US = 1_000_000


def listening() -> tuple[ExternalChip, Memory]:
    """A chip that captures its microphone's bits by DMA, 32 words a millisecond."""
    chip, memory = power_up()
    start_clocks(chip)
    chip.mic_attach(MIC_CLOCK, MIC_DATA, False, 7)
    capture_pdm(chip, SRAM, 4096)
    return chip, memory


def saved(chip: ExternalChip) -> bytes:
    size = ctypes.c_size_t()
    assert chip.library.rp2040_save(chip._chip, None, 0, ctypes.byref(size)) == OK
    data = ctypes.create_string_buffer(size.value)
    assert chip.library.rp2040_save(chip._chip, data, size, ctypes.byref(size)) == OK
    return data.raw


def run(chip: ExternalChip, microseconds: int) -> None:
    end = chip.cycle_at(chip.picoseconds(chip.now) + microseconds * PS_PER_US)
    while chip.next_event <= end:
        chip.advance(chip.next_event)
    chip.advance(end)


def test_a_chip_from_a_snapshot_goes_on_as_the_one_that_was_saved() -> None:
    chip, memory = listening()
    run(chip, 2000)
    snapshot = saved(chip)
    run(chip, 3000)
    other, others = power_up()
    other.mic_attach(MIC_CLOCK, MIC_DATA, False, 7)
    assert other.library.rp2040_restore(other._chip, snapshot, len(snapshot)) == OK
    run(other, 3000)
    assert (other.now, other.mic_bits) == (chip.now, chip.mic_bits)
    heard = [at for at in range(0, 4 * 160, 4) if any(others.sram[at : at + 4])]
    assert len(heard) > 80, "both have heard something since"
    assert all(memory.sram[at : at + 4] == others.sram[at : at + 4] for at in heard)
    assert saved(other) == saved(chip)


def test_what_is_no_snapshot_of_this_chip_leaves_it_alone() -> None:
    chip, _ = listening()
    run(chip, 100)
    snapshot = saved(chip)
    assert chip.library.rp2040_restore(chip._chip, b"nonsense", 8) == INVALID
    assert chip.library.rp2040_restore(chip._chip, snapshot[:-5], len(snapshot) - 5) == INVALID
    assert saved(chip) == snapshot
    deaf, _ = power_up()
    before = saved(deaf)
    assert deaf.library.rp2040_restore(deaf._chip, snapshot, len(snapshot)) == INVALID
    assert b"microphone" in deaf.library.rp2040_error(deaf._chip) and saved(deaf) == before


def alarm_in(chip: ExternalChip, microseconds: int) -> None:
    chip.write(WATCHDOG + 0x2C, 1 << 9 | 12, cycle=chip.now)
    chip.write(TIMER + 0x38, 1, cycle=chip.now)
    chip.write(TIMER + 0x10, chip.read(TIMER + 0x28, cycle=chip.now) + microseconds, cycle=chip.now)


def turns(idle: bool) -> tuple[int, int, bytes]:
    """Host time of the alarm's interrupt, turns until then, and what the DMA has written."""
    chip, memory = listening()
    library, handle, turn = chip.library, chip._chip, Turn()
    library.rp2040_pace(handle, 8000, 1 << 40)
    run(chip, 100)
    alarm_in(chip, 700)
    at = chip.picoseconds(chip.now)
    count = 0
    while 0 not in memory.levels:
        count += 1
        arguments = (handle, at, at + 5000 * PS_PER_US) if idle else (handle, 0, at)
        assert (library.rp2040_turn_idle if idle else library.rp2040_turn_run)(*arguments, ctypes.byref(turn)) == OK
        if 0 not in memory.levels:
            assert turn.due != NEVER and turn.due >= at
            at = turn.due
    return at, count, bytes(memory.sram)


def test_an_idle_turn_runs_up_to_what_a_core_would_see_and_tells_it_in_time() -> None:
    plain, idle = turns(False), turns(True)
    assert idle[0] == plain[0] and idle[2] == plain[2]
    assert idle[1] <= 3 < plain[1] // 4


def test_an_idle_turn_keeps_to_its_end() -> None:
    chip, memory = listening()
    alarm_in(chip, 700)
    turn, at = Turn(), chip.picoseconds(chip.now)
    library, handle = chip.library, chip._chip
    assert library.rp2040_turn_idle(handle, at, at + 300 * PS_PER_US, ctypes.byref(turn)) == OK
    assert at + 300 * PS_PER_US < turn.due < at + 400 * PS_PER_US and 0 not in memory.levels
    assert chip.picoseconds(chip.now) <= at + 300 * PS_PER_US


def test_memory_is_used_directly_but_where_code_was_executed() -> None:
    chip, memory = power_up()
    start_clocks(chip)
    own = (ctypes.c_uint8 * 0x42000)()
    assert chip.library.rp2040_memory(chip._chip, SRAM, own, len(own)) == OK
    own[0x100:0x104] = b"\x0d\xf0\x0d\x60"

    def copy(to: int) -> None:
        for offset, value in ((0, SRAM + 0x100), (4, SRAM + to), (8, 1), (12, 0x3F8009)):
            chip.write(DMA + offset, value, cycle=chip.now)
        run(chip, 10)

    copy(0x2000)
    assert bytes(own[0x2000:0x2004]) == b"\x0d\xf0\x0d\x60" and not memory.writes
    chip.cpu_block(SRAM + 0x3000, 1)
    copy(0x3010)
    assert memory.writes == [SRAM + 0x3010] and not any(own[0x3010:0x3014])
    assert chip.library.rp2040_memory(chip._chip, SRAM, None, 0) == OK
    copy(0x2000)
    assert memory.writes[-1] == SRAM + 0x2000


def test_memory_that_the_chip_does_not_have_and_half_a_bus_are_refused() -> None:
    chip, _ = power_up()
    library, handle = chip.library, chip._chip
    data = (ctypes.c_uint8 * 16)()
    assert library.rp2040_memory(handle, 0x2100_0000, data, 16) == INVALID
    assert library.rp2040_memory(handle, SRAM, data, 1 << 30) == INVALID
    assert library.rp2040_take_bus(handle, 0, ctypes.byref(BusHost()), ctypes.byref(Bus())) == INVALID
    assert library.rp2040_take_bus(handle, 0, None, None) == INVALID


def test_stores_to_the_boot_rom_and_flash_reach_nobody() -> None:
    chip, _ = power_up()
    host = BlocksHost(chip)
    for address in (0, 0x3FFC, 0x1000_0100):
        host.bus.write[2](address, 0xFFFF_FFFF, 0)
    assert not host.on_bus
    host.bus.write[2](0x6000_0000, 1, 0)
    assert host.on_bus == [0x6000_0000]
