"""Timer, watchdog and real-time clock: exact cycles of every tick that software can see."""

from __future__ import annotations

import pytest
from periph_chip import CLR, NEVER, RESETS, RTC, SET, TIMER, WATCHDOG, PeriphChip

TIMEHW, TIMELW, TIMEHR, TIMELR, ALARM0, ARMED = 0x00, 0x04, 0x08, 0x0C, 0x10, 0x20
TIMERAWH, TIMERAWL, PAUSE, INTR, INTE, INTF, INTS = 0x24, 0x28, 0x30, 0x34, 0x38, 0x3C, 0x40
CYCLES_PER_US = 125


@pytest.fixture
def chip() -> PeriphChip:
    chip = PeriphChip()
    chip.boot()
    return chip


def next_tick(chip: PeriphChip) -> int:
    """Runs to the cycle in which the timer has just incremented."""
    value = chip.read(TIMER + TIMERAWL)
    while chip.read(TIMER + TIMERAWL) == value:
        chip.run(1)
    return chip.now


def test_timer_counts_microseconds_of_125_cycles(chip: PeriphChip) -> None:
    start, value = next_tick(chip), chip.read(TIMER + TIMERAWL)
    for step in range(1, 4):
        chip.run_to(start + step * CYCLES_PER_US - 1)
        assert chip.read(TIMER + TIMERAWL) == value + step - 1
        chip.run(1)
        assert chip.read(TIMER + TIMERAWL) == value + step


def test_ticks_without_cycles_come_every_512_periods(chip: PeriphChip) -> None:
    """As after a reset, ENABLE set and CYCLES zero: tinygo-org/tinygo#2596 tells of a slow time after power-on, and
    a program by 0AC0 blinks every 10,000 ticks of 512 periods at 12 MHz, 0.43 s."""
    chip.write(WATCHDOG + 0x2C, 0x200)
    start, value = next_tick(chip), chip.read(TIMER + TIMERAWL)
    assert chip.read(WATCHDOG + 0x2C) & 0x7FF == 0x600, "RUNNING"
    three = 3 * 512 * CYCLES_PER_US // 12
    chip.run_to(start + three - 1)
    assert chip.read(TIMER + TIMERAWL) == value + 2
    chip.run(1)
    assert chip.read(TIMER + TIMERAWL) == value + 3
    chip.write(WATCHDOG + 0x2C, 0)
    chip.run(2 * three)
    assert chip.read(TIMER + TIMERAWL) == value + 3, "stopped without ENABLE"


def test_timer_starts_at_zero_when_released(chip: PeriphChip) -> None:
    chip.run(10_000)
    chip.write(RESETS + SET, 1 << 21)
    chip.write(RESETS + CLR, 1 << 21)
    assert chip.read(TIMER + TIMERAWL) == 0


def test_latched_read_survives_a_carry(chip: PeriphChip) -> None:
    chip.write(TIMER + TIMELW, 0xFFFFFFFF)
    chip.write(TIMER + TIMEHW, 7)
    low = chip.read(TIMER + TIMELR)
    chip.run(2 * CYCLES_PER_US)
    assert (chip.read(TIMER + TIMEHR), low) == (7, 0xFFFFFFFF)
    assert chip.read(TIMER + TIMERAWH) == 8


@pytest.mark.parametrize("alarm", range(4))
def test_alarm_fires_in_the_cycle_of_its_microsecond(chip: PeriphChip, alarm: int) -> None:
    start, now = next_tick(chip), chip.read(TIMER + TIMERAWL)
    chip.write(TIMER + INTE, 1 << alarm)
    chip.run(60)
    chip.write(TIMER + ALARM0 + 4 * alarm, now + 1000)
    assert chip.read(TIMER + ARMED) == 1 << alarm
    chip.run(200_000)
    assert chip.irq(alarm) and chip.irq_rose(alarm) == start + 1000 * CYCLES_PER_US
    assert chip.read(TIMER + ARMED) == 0 and chip.read(TIMER + INTS) == 1 << alarm
    chip.write(TIMER + CLR + INTR, 1 << alarm)  # as hw_clear_bits() does
    assert not chip.irq(alarm)


def test_disarmed_alarm_stays_silent(chip: PeriphChip) -> None:
    chip.write(TIMER + INTE, 1)
    chip.write(TIMER + ALARM0, chip.read(TIMER + TIMERAWL) + 10)
    chip.write(TIMER + ARMED, 1)
    chip.run(10_000)
    assert not chip.irq(0) and chip.read(TIMER + INTR) == 0


def test_alarm_compares_the_low_word_only(chip: PeriphChip) -> None:
    chip.write(TIMER + TIMELW, 0xFFFFFFF0)
    chip.write(TIMER + TIMEHW, 0)
    chip.write(TIMER + INTE, 1)
    start = chip.now
    chip.write(TIMER + ALARM0, 4)
    chip.run(100 * CYCLES_PER_US)
    assert 19 * CYCLES_PER_US < chip.irq_rose(0) - start <= 20 * CYCLES_PER_US
    assert chip.read(TIMER + TIMERAWH) == 1


def test_pause_and_force(chip: PeriphChip) -> None:
    chip.write(TIMER + PAUSE, 1)
    value = chip.read(TIMER + TIMERAWL)
    chip.run(10_000)
    assert chip.read(TIMER + TIMERAWL) == value
    chip.write(TIMER + PAUSE, 0)
    chip.run(CYCLES_PER_US)
    assert chip.read(TIMER + TIMERAWL) == value + 1
    chip.write(TIMER + INTF, 8)
    assert chip.irq(3)


def test_timer_keeps_time_through_a_change_of_clk_sys(chip: PeriphChip) -> None:
    before, t0 = chip.read(TIMER + TIMERAWL), chip.call("picoseconds", chip.now)
    chip.write(0x40008000 + 0x40, 0x280)  # clk_sys / 2.5
    chip.run(500_000)
    elapsed_us = (chip.call("picoseconds", chip.now) - t0) / 1e6
    assert abs(chip.read(TIMER + TIMERAWL) - before - elapsed_us) <= 1


def test_watchdog_counts_twice_per_tick_and_resets(chip: PeriphChip) -> None:
    chip.write(WATCHDOG + 0x04, 2000)  # erratum RP2040-E1: 1000 us
    chip.write(WATCHDOG + 0x0C, 0xB007C0D3)
    next_tick(chip)
    start = chip.now
    chip.write(WATCHDOG + 0x04, 2000)
    chip.write(WATCHDOG + SET, 1 << 30)
    chip.run(500 * CYCLES_PER_US)
    assert chip.read(WATCHDOG) & 0xFFFFFF == 1000
    chip.run(600 * CYCLES_PER_US)
    assert chip.call("chip_resets") == 1 and chip.call("reset_at") == start + 1000 * CYCLES_PER_US
    assert chip.read(WATCHDOG + 0x08) == 1 and chip.read(WATCHDOG + 0x0C) == 0xB007C0D3
    assert chip.read(WATCHDOG) & 1 << 30 == 0


def test_fed_watchdog_does_not_bite(chip: PeriphChip) -> None:
    chip.write(WATCHDOG + 0x04, 2000)
    chip.write(WATCHDOG + SET, 1 << 30)
    for _ in range(20):
        chip.run(900 * CYCLES_PER_US)
        chip.write(WATCHDOG + 0x04, 2000)
    assert chip.call("chip_resets") == 0


def test_watchdog_trigger(chip: PeriphChip) -> None:
    chip.write(WATCHDOG + SET, 1 << 31)
    assert chip.call("chip_resets") == 1 and chip.read(WATCHDOG + 0x08) == 2


def set_rtc(chip: PeriphChip, date: tuple[int, int, int, int], time: tuple[int, int, int]) -> None:
    year, month, day, dotw = date
    hour, minute, second = time
    chip.write(RTC + 0x00, 46_874)
    chip.write(RTC + 0x04, year << 12 | month << 8 | day)
    chip.write(RTC + 0x08, dotw << 24 | hour << 16 | minute << 8 | second)
    chip.write(RTC + 0x0C, 1 << 4)
    chip.write(RTC + 0x0C, 1)


def read_rtc(chip: PeriphChip) -> tuple[int, ...]:
    low, high = chip.read(RTC + 0x1C), chip.read(RTC + 0x18)
    return high >> 12, high >> 8 & 15, high & 31, low >> 24, low >> 16 & 31, low >> 8 & 63, low & 63


@pytest.mark.parametrize(
    ("date", "expected"),
    [
        ((2023, 2, 28, 2), (2023, 3, 1, 3)),
        ((2024, 2, 28, 3), (2024, 2, 29, 4)),
        ((2024, 12, 31, 2), (2025, 1, 1, 3)),
        ((2024, 4, 30, 6), (2024, 5, 1, 0)),
    ],
)
def test_rtc_calendar(chip: PeriphChip, date: tuple[int, int, int, int], expected: tuple[int, int, int, int]) -> None:
    set_rtc(chip, date, (23, 59, 58))
    start = chip.now
    chip.run_to(start + 250_000_000 - 1)
    assert read_rtc(chip) == (*date, 23, 59, 59)
    chip.run(1)
    assert read_rtc(chip) == (*expected, 0, 0, 0)


def test_rtc_alarm_interrupts_at_the_second(chip: PeriphChip) -> None:
    set_rtc(chip, (2024, 1, 1, 1), (0, 0, 0))
    start = chip.now
    chip.write(RTC + 0x24, 1)
    chip.write(RTC + 0x14, 1 << 28 | 5)
    chip.write(RTC + 0x10, 1 << 28)
    chip.run(7 * 125_000_000)
    assert chip.irq_rose(25) == start + 5 * 125_000_000
    assert chip.irq(25)  # the request stays until it is taken back
    chip.write(RTC + 0x10, 0)
    assert not chip.irq(25)


def test_a_repeating_rtc_alarm_is_requested_once_a_match(chip: PeriphChip) -> None:
    set_rtc(chip, (2024, 1, 1, 1), (0, 0, 58))
    chip.write(RTC + 0x24, 1)
    chip.write(RTC + 0x14, 1 << 28 | 58)
    chip.write(RTC + 0x10, 1 << 28)
    chip.run(125_000_000 // 2)
    assert not chip.irq(25)  # second 58 had begun before
    start = chip.now
    chip.run(60 * 125_000_000)
    assert chip.irq_rose(25) == start + 60 * 125_000_000 - 125_000_000 // 2
    for _ in range(100):  # as a handler does that wants the next match too
        chip.write(RTC + 0x10, 0)
        assert not chip.irq(25)
        chip.write(RTC + 0x10, 1 << 28)
        chip.run(1000)
        assert not chip.irq(25)
    chip.run(60 * 125_000_000)
    assert chip.irq(25)


def test_clk_rtc_hears_of_its_bits_after_two_edges(chip: PeriphChip) -> None:
    two_edges = 2 * 125_000_000 // 46_875 + 1
    for register, bit, active in ((0x0C, 1, 1 << 1), (0x10, 1 << 28, 1 << 29)):
        for value, before in ((bit, 0), (0, active)):
            chip.write(RTC + register, value)
            assert chip.read(RTC + register) & active == before
            chip.run(two_edges - 1)
            assert chip.read(RTC + register) & active == before
            chip.run(1)
            assert chip.read(RTC + register) & active == active - before


def test_nothing_is_scheduled_when_idle(chip: PeriphChip) -> None:
    assert chip.call("now") < NEVER
    chip.run(10**15)  # returns at once: no block polls
