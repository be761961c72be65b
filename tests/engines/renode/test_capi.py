"""The C ABI through ctypes: registers, time, interrupts, DMA, reset."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from renode_rig import (
    CLR,
    DMA,
    IO_BANK0,
    PIO0,
    PWM,
    RESETS,
    SET,
    SIO,
    SRAM,
    TIMER,
    UART0,
    WATCHDOG,
    XOR,
    XOSC,
    Memory,
    capture_pdm,
    power_up,
)

from emberwatch.engines.renode import library
from emberwatch.engines.renode.chip import ExternalChip
from emberwatch.engines.renode.library import BUS_FAULT, INVALID, NEVER, UNMODELLED, ChipError

pytestmark = pytest.mark.usefixtures("librp2040")


def test_registers_in_every_width_and_through_the_atomic_aliases() -> None:
    chip, _ = power_up()
    scratch = WATCHDOG + 0x0C
    chip.write(scratch, 0x12345678)
    assert chip.read(scratch) == 0x12345678
    assert [chip.read(scratch + n, 1) for n in range(4)] == [0x78, 0x56, 0x34, 0x12]
    assert chip.read(scratch + 2, 2) == 0x1234
    chip.write(scratch + XOR, 0xFFFF)
    assert chip.read(scratch) == 0x1234A987
    chip.write(scratch + SET, 0x10000000)
    chip.write(scratch + CLR, 0x7)
    assert chip.peek(scratch) == 0x1234A980
    chip.write(scratch, 0xAB, 1)
    assert chip.read(scratch) == 0xABABABAB  # narrow stores reach registers on all byte lanes


def test_accesses_dated_alike_still_follow_each_other() -> None:
    chip, _ = power_up()
    start = chip.now
    chip.write(PIO0 + 0x48, 0xE020, cycle=start)  # set x, 0
    for code in (0xE02B, 0x0003):  # SM0_INSTR: set x, 11, then jmp 3, as drivers do in one go
        chip.write(PIO0 + 0xD8, code, cycle=start)
    chip.advance(chip.now + 4)
    assert chip.read(PIO0 + 0xD4) == 3
    chip.write(PIO0 + 0xD8, 0x4020)  # in x, 32 into the ISR, then push
    chip.write(PIO0 + 0xD8, 0x8020)
    chip.advance(chip.now + 4)
    assert chip.read(PIO0 + 0x20) == 11, "the first instruction had no time to execute"
    assert chip.now - start >= 8 * 2


def test_what_is_wrong_is_a_status_and_a_line() -> None:
    chip, _ = power_up()
    for address, status, text in (
        (0x60000000, BUS_FAULT, "0x60000000"),
        (0x40068000, UNMODELLED, "not modelled"),
        (SIO + 2, INVALID, "aligned"),
        (0xE000ED00, BUS_FAULT, "0xe000ed00"),
    ):
        with pytest.raises(ChipError, match=text) as caught:
            chip.read(address)
        assert caught.value.status == status
        assert "\n" not in str(caught.value)
    with pytest.raises(ChipError, match="power of two"):
        ExternalChip(Memory(), flash_bytes=100_000)
    with pytest.raises(ChipError, match="0 to 29"):
        chip.drive_pin(30, 1)


def test_windows_and_memories_cover_the_map_without_overlap() -> None:
    ranges = sorted([*library.windows(), *library.memories()], key=lambda r: r.base)
    for lower, upper in pairwise(ranges):
        assert lower.base + lower.size <= upper.base, (lower, upper)
    chip, _ = power_up()
    for window in library.windows():
        try:
            chip.read(window.base)
        except ChipError as error:
            assert error.status == UNMODELLED, window  # present, even if its first register is not


def test_a_stray_program_counter_reads_no_registers_and_costs_no_stalls() -> None:
    chip, memory = power_up()
    capture_pdm(chip, SRAM, 8, divider=4)
    chip.advance(chip.now + 8 * 32 * 8)
    level = chip.peek(PIO0 + 0x0C)
    chip.cpu_block(SRAM, 1)  # takes what the accesses so far cost
    for address in (PIO0 + 0x20, 0x40068000, 0xE000ED00, 0x60000000, 0xFFFFFFFE):
        assert chip.cpu_block(address, 4) == 0, hex(address)
        assert chip.xip_stall(address) == 0
    assert chip.peek(PIO0 + 0x0C) == level and memory.resets == []


def test_dormant_is_refused_with_its_reason() -> None:
    """clk_sys comes from the crystal: the host's processor cannot be stopped with it. The ring may sleep."""
    chip, _ = power_up()
    chip.write(0x4006000C, 0x636F6D61)  # ROSC
    with pytest.raises(ChipError, match="clk_sys stops in DORMANT mode"):
        chip.write(XOSC + 0x08, 0x636F6D61)


def test_registers_have_the_datasheets_names() -> None:
    for address, name in (
        (UART0, "UARTDR"),
        (UART0 + 0x4000 + 0x48, "UARTDMACR"),
        (DMA + 0x0C, "CH0_CTRL_TRIG"),
        (DMA + 11 * 0x40 + 0x3C, "CH11_AL3_READ_ADDR_TRIG"),
        (DMA + 0xA84, "CH10_DBG_TCR"),
        (DMA + 0x448, "N_CHANNELS"),
        (PIO0 + 0x100000 + SET + 0xDC, "SM0_PINCTRL"),
        (PIO0 + 0x140, "IRQ1_INTS"),
        (IO_BANK0 + 0xCC, "GPIO25_CTRL"),
        (IO_BANK0 + 0x160, "DORMANT_WAKE_INTE0"),
        (PWM + 0xB0, "INTS"),
        (SIO + 0xFC, "INTERP1_BASE_1AND0"),
        (SIO + 0x17C, "SPINLOCK31"),
        (WATCHDOG + 0x2C, "TICK"),
        (0x40064008, "CHIP_RESET"),
        (0x18000060, "DR0"),
        (0x180000F8, "TXD_DRIVE_EDGE"),
        (0x50110098, "INTS"),
        (0x40068000, ""),
        (UART0 + 8, ""),
        (SRAM, ""),
    ):
        assert library.register_name(address) == name, hex(address)


def test_every_register_that_the_model_has_is_named() -> None:
    chip, _ = power_up()
    memory_like = {"sram_banks", "usb_dpram", "xip_aux"}
    zero_without_a_register = {"io_bank0", "pads_bank0", "usb"}
    nameless = []
    unnamed_in_the_datasheet = [f"sio+{offset:#x}" for offset in range(0x180, 0x200, 4)]
    for window in library.windows():
        for address in range(window.base, window.base + 0x1000, 4) if window.name not in memory_like else ():
            try:
                value = chip.peek(address)
            except ChipError:
                continue
            if library.register_name(address):
                continue
            if window.name in zero_without_a_register:
                assert value == 0
            else:
                nameless.append(f"{window.name}+{address - window.base:#x}")
    assert nameless == unnamed_in_the_datasheet


def test_the_timer_raises_its_interrupt_at_the_cycle_it_announced() -> None:
    chip, memory = power_up()
    chip.write(CLOCK_REF_TICKS, 0x200 | 12)
    chip.write(TIMER + 0x38, 1)
    chip.write(TIMER + 0x10, chip.read(TIMER + 0x28) + 100)
    due = chip.next_event
    assert chip.now < due != NEVER
    chip.advance(due - 1)
    assert 0 not in memory.levels
    chip.advance(due)
    assert 0 in memory.levels
    assert chip.picoseconds(due) - chip.picoseconds(chip.cycle_at(chip.picoseconds(due) - 100_000_000)) == 100_000_000
    chip.write(TIMER + 0x34, 1)
    assert memory.irqs[-2:] == [(0, 0, False), (1, 0, False)]


CLOCK_REF_TICKS = WATCHDOG + 0x2C


def test_clk_sys_is_reported_and_time_goes_through_its_changes() -> None:
    chip, memory = power_up()
    assert memory.clocks[-1] == 125_000_000
    assert memory.clocks[0] == 6_500_000
    start = chip.now
    assert chip.picoseconds(start + 125) - chip.picoseconds(start) == 1_000_000
    assert chip.cycle_at(chip.picoseconds(start + 1000)) == start + 1000


def test_an_event_due_in_the_cycle_of_its_access_is_run_by_advancing_to_that_cycle() -> None:
    chip, _ = power_up()
    for pin in (0, 1):  # RX too: the UART's own receiver waits for its pins, so TX's edges are events
        chip.write(IO_BANK0 + 8 * pin + 4, 2)
    for offset, value in ((0x24, 67), (0x28, 52), (0x2C, 0x70), (0x30, 0x301)):
        chip.write(UART0 + offset, value)
    chip.write(UART0, ord("H"))
    due = chip.next_event
    assert due <= chip.now, "the start bit"
    chip.advance(due)
    assert chip.next_event > due


def test_a_watchdog_reset_asks_the_host_and_leaves_its_scratch() -> None:
    chip, memory = power_up()
    chip.write(WATCHDOG + 0x0C, 0xCAFE)
    chip.write(0x40010008, 0x1FFFC)  # PSM_WDSEL: everything but the oscillators
    chip.write(WATCHDOG, 1 << 31)
    assert memory.resets == [True]
    chip.finish_reset()
    assert chip.read(WATCHDOG + 0x0C) == 0xCAFE
    assert chip.read(WATCHDOG + 0x08) == 2  # REASON: forced
    assert chip.read(RESETS) != 0


def test_power_on_starts_again() -> None:
    chip, memory = power_up()
    chip.write(TIMER + 0x38, 1)
    chip.write(TIMER + 0x3C, 1)
    assert 0 in memory.levels
    chip.reset()
    assert chip.now == 0
    assert 0 not in memory.levels
    assert memory.clocks[-1] == 6_500_000


def test_boot_checks_the_second_stage_and_copies_it(firmware: Path) -> None:
    from emberwatch.program.elf import load_image

    chip, memory = power_up()
    chip.reset()
    with pytest.raises(ChipError, match="CRC32"):
        chip.boot()
    image = load_image(firmware, 2 << 20)
    for segment in image.segments:
        if segment.address >> 28 == 1:
            chip.load(segment.address, bytes(segment.data))
    assert chip.boot() == (0x20041F00, 0x20041F00)
    boot2 = next(s for s in image.segments if s.address == 0x10000000).data[:256]
    assert bytes(memory.sram[0x41F00:0x42000]) == bytes(boot2)


def test_dma_reaches_sram_bank_by_bank_and_reports_refused_addresses() -> None:
    chip, memory = power_up()
    memory.sram[0:16] = bytes(range(16))
    assert chip.read(0x21010000) == 0x07060504  # word 0 of bank 1 is striped word 1
    chip.write(0x21020000, 0xAABBCCDD)
    assert bytes(memory.sram[8:12]) == bytes.fromhex("ddccbbaa")
    chip.write(DMA + 0x00, 0x20100000)
    chip.write(DMA + 0x04, SRAM)
    chip.write(DMA + 0x08, 1)
    chip.write(DMA + 0x0C, 1 | 2 << 2 | 0x3F << 15)
    chip.advance(chip.now + 100)
    assert chip.read(DMA + 0x10) >> 30 & 1, "READ_ERROR"
