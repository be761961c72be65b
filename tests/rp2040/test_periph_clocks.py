"""Oscillators, PLLs, clock generators, frequency counter, resets, PSM and the small system blocks."""

from __future__ import annotations

import pytest
from periph_chip import (
    BUSCTRL,
    CLK_ADC,
    CLK_PERI,
    CLK_REF,
    CLK_RTC,
    CLK_SYS,
    CLK_USB,
    CLOCKS,
    CLR,
    PLL_SYS,
    PSM,
    RESETS,
    ROSC,
    SET,
    SYSCFG,
    SYSINFO,
    TBMAN,
    VREG,
    XOR,
    XOSC,
    PeriphChip,
    Unmodelled,
)


@pytest.fixture
def chip() -> PeriphChip:
    return PeriphChip()


def test_power_on_runs_from_the_ring_oscillator(chip: PeriphChip) -> None:
    assert chip.call("clock_hz", CLK_SYS) == 6_500_000
    assert chip.call("clock_hz", CLK_REF) == 6_500_000
    assert chip.call("clock_hz", CLK_PERI) == 0
    assert chip.read(CLOCKS + 0x38) == 1 and chip.read(CLOCKS + 0x44) == 1


def test_crystal_is_stable_after_the_programmed_delay(chip: PeriphChip) -> None:
    chip.write(XOSC, 0xAA0)
    chip.write(XOSC + 0x0C, 47)
    chip.write(XOSC + SET, 0xFAB000)
    start = chip.now
    stable = chip.wait(XOSC + 4, 1 << 31)
    # 47 * 256 crystal periods of 1/12 MHz, seen from a 6.5 MHz clk_sys, rounded up to a cycle.
    assert stable - start == -(-47 * 256 * 6_500_000 // 12_000_000)
    assert chip.read(XOSC + 4) == 1 << 31 | 1 << 12


def test_pll_locks_and_clk_sys_is_125_mhz(chip: PeriphChip) -> None:
    chip.boot()
    rates = [chip.call("clock_hz", clock) for clock in (CLK_REF, CLK_SYS, CLK_PERI, CLK_USB, CLK_ADC, CLK_RTC)]
    assert rates == [12_000_000, 125_000_000, 125_000_000, 48_000_000, 48_000_000, 46_875]
    assert chip.read(CLOCKS + 0x38) == 1 << 2 and chip.read(CLOCKS + 0x44) == 1 << 1


@pytest.mark.parametrize("divider", [0x100, 0x200, 0x280, 0x1A0, 0xFFFFFF00])
def test_fractional_divider_of_clk_sys(chip: PeriphChip, divider: int) -> None:
    chip.boot()
    chip.write(CLOCKS + 0x40, divider)
    divided_by = divider if divider >= 0x200 else 0x100  # FRAC has no effect while INT is 1: measured by users
    assert chip.call("clock_hz", CLK_SYS) == 125_000_000 * 256 // divided_by


@pytest.mark.parametrize(
    ("feedback", "reference_divider", "locks"),
    [(125, 1, True), (133, 1, True), (34, 1, True), (33, 1, False), (134, 1, False), (15, 1, False), (250, 2, True),
     (320, 3, False)],
)  # fmt: skip
def test_a_pll_outside_its_ranges_never_locks(
    chip: PeriphChip, feedback: int, reference_divider: int, locks: bool
) -> None:
    """VCO 400 to 1600 MHz, FBDIV 16 to 320, reference at least 5 MHz (datasheet 2.18.2)."""
    chip.write(XOSC, 0xAA0)
    chip.write(XOSC + SET, 0xFAB000)
    chip.run(100_000)
    chip.write(RESETS + CLR, 1 << 12)
    chip.write(PLL_SYS, reference_divider)
    chip.write(PLL_SYS + 0x08, feedback)
    chip.write(PLL_SYS + CLR + 0x04, 1 | 1 << 5)
    chip.run(1_000_000)
    assert bool(chip.read(PLL_SYS) & 1 << 31) is locks


def test_stopping_the_source_of_clk_sys_is_reported(chip: PeriphChip) -> None:
    chip.boot()
    with pytest.raises(Unmodelled, match="clk_sys has no running source"):
        chip.write(PLL_SYS + SET + 0x04, 1)


def test_resus_falls_back_to_clk_ref_and_interrupts(chip: PeriphChip) -> None:
    chip.boot()
    chip.write(CLOCKS + 0xBC, 1)
    chip.write(CLOCKS + 0x78, 0x1FF)
    chip.write(PLL_SYS + SET + 0x04, 1)
    assert chip.call("clock_hz", CLK_SYS) == 12_000_000
    assert chip.read(CLOCKS + 0x7C) == 1 and chip.irq(17)


@pytest.mark.parametrize(
    ("source", "khz"), [(1, 125_000), (2, 48_000), (3, 6_500), (5, 12_000), (9, 125_000), (13, 46.875)]
)
def test_frequency_counter(chip: PeriphChip, source: int, khz: float) -> None:
    chip.boot()
    chip.write(CLOCKS + 0x80, 12_000)
    chip.write(CLOCKS + 0x90, 10)
    chip.write(CLOCKS + 0x94, source)
    assert chip.read(CLOCKS + 0x98) == 1 << 8
    start = chip.now
    done = chip.wait(CLOCKS + 0x98, 1 << 4)
    # The interval is 2^10/1024 ms of the 12 MHz reference plus one period of delay.
    assert done - start == -(-(12_000 + 1) * 125_000_000 // 12_000_000)
    # INTERVAL 10 resolves 1 kHz.
    assert chip.read(CLOCKS + 0x9C) >> 5 == int(khz)
    assert chip.read(CLOCKS + 0x98) == 1 << 4 | 1


def test_frequency_counter_limits(chip: PeriphChip) -> None:
    chip.boot()
    chip.write(CLOCKS + 0x80, 12_000)
    chip.write(CLOCKS + 0x88, 100_000)
    chip.write(CLOCKS + 0x94, 9)
    chip.run(1_000_000)
    assert chip.read(CLOCKS + 0x98) == 1 << 24 | 1 << 16 | 1 << 4  # FAST, FAIL, DONE


def test_ring_oscillator_range_drive_and_divider(chip: PeriphChip) -> None:
    chip.boot()

    def rosc_khz() -> int:
        chip.write(CLOCKS + 0x80, 12_000)
        chip.write(CLOCKS + 0x90, 10)
        chip.write(CLOCKS + 0x94, 3)
        chip.run(200_000)
        return chip.read(CLOCKS + 0x9C) >> 5

    assert rosc_khz() == 6_500
    chip.write(ROSC + 0x10, 0xAA0 + 8)
    assert rosc_khz() == 13_000
    chip.write(ROSC, 0xFABFA7)  # HIGH: four stages of eight
    assert rosc_khz() == 26_000
    chip.write(ROSC + 0x04, 0x96961111)  # each remaining stage twice as strong
    assert rosc_khz() == 52_000
    chip.write(ROSC, 0xD1EFA4)
    assert chip.read(ROSC + 0x18) >> 31 == 0


@pytest.mark.parametrize(
    ("offset", "good", "bad"),
    [(0x04, 0x9696_0000, 0x9697_0000), (0x08, 0x9696_1234, 0x1234), (0x10, 0xABF, 0xAC0), (0x14, 0xAA8, 0x9A8)],
)
def test_ring_oscillator_tells_of_wrong_passwords(chip: PeriphChip, offset: int, good: int, bad: int) -> None:
    """STATUS.BADWRITE: "an invalid value has been written to ... FREQA or FREQB or DIV or PHASE" (datasheet 2.17.8)."""
    chip.write(ROSC + offset, good)
    assert chip.read(ROSC + 0x18) >> 24 & 1 == 0
    chip.write(ROSC + offset, bad)
    assert chip.read(ROSC + 0x18) >> 24 & 1 == 1
    chip.write(ROSC + 0x18, 1 << 24)
    assert chip.read(ROSC + 0x18) >> 24 & 1 == 0


def test_ring_oscillator_random_bits_are_balanced_and_repeatable() -> None:
    runs = []
    for _ in range(2):
        chip = PeriphChip()
        runs.append([chip.read(ROSC + 0x1C) for _ in range(2000)])
    assert runs[0] == runs[1] and 900 < sum(runs[0]) < 1100


def test_picoseconds_are_exact_across_frequency_changes(chip: PeriphChip) -> None:
    chip.run(6_500_000)
    assert chip.call("picoseconds", chip.now) == 10**12
    chip.boot()
    before = chip.now
    t0 = chip.call("picoseconds", before)
    chip.run(125_000)
    assert chip.call("picoseconds", chip.now) - t0 == 10**9
    assert chip.call("picoseconds", 6_500_000) == 10**12  # the past has not moved
    for cycle in (0, 1, 6_499_999, 6_500_001, before - 1, before, before + 7):
        assert chip.call("cycle_at", chip.call("picoseconds", cycle)) == cycle


def test_reset_done_follows_reset_and_blocks_are_told(chip: PeriphChip) -> None:
    chip.write(RESETS, 0x1FFFFFF)  # the bare chip comes as a program's start-up leaves it
    assert chip.read(RESETS) == 0x01FFFFFF and chip.read(RESETS + 8) == 0
    chip.write(RESETS + CLR, 1 << 22)
    assert chip.read(RESETS + 8) == 1 << 22
    assert chip.call("reset_mask") == 0x1FFFFFF
    chip.write(RESETS + XOR, 1 << 22)
    assert chip.read(RESETS + 8) == 0


def test_psm_holds_core_1(chip: PeriphChip) -> None:
    assert chip.read(PSM + 0xC) == 0x1FFFF
    chip.write(PSM + SET + 4, 1 << 16)
    assert chip.call("held_core") == 3 and chip.read(PSM + 0xC) == 0xFFFF
    chip.write(PSM + CLR + 4, 1 << 16)
    assert chip.call("held_core") == 2
    with pytest.raises(Unmodelled, match="other than the processors"):
        chip.write(PSM + SET + 4, 1 << 6)


def test_identification_and_system_registers(chip: PeriphChip) -> None:
    assert chip.read(SYSINFO) == 0x20002927 and chip.read(SYSINFO + 4) == 2
    assert chip.read(TBMAN) & 1 == 1
    assert chip.read(SYSCFG + 8) == 0x10000000 and chip.read(SYSCFG + 0x14) == 0x66
    assert chip.read(VREG) == 0x10B1 and chip.read(VREG + 8) == 0x100
    with pytest.raises(Unmodelled, match="SYSCFG register at offset 0x01c"):
        chip.read(SYSCFG + 0x1C)


def test_bus_performance_counters_saturate_and_clear(chip: PeriphChip) -> None:
    assert chip.read(BUSCTRL + 0x0C) == 0x1F and chip.read(BUSCTRL + 4) == 1
    chip.write(BUSCTRL + 0x14, 17)  # PERFSEL1: XIP main accesses
    chip.call("count_bus", 17, 5)
    chip.call("count_bus", 16, 5)
    assert [chip.read(BUSCTRL + 8 + 8 * i) for i in range(4)] == [0, 5, 0, 0]
    chip.call("count_bus", 17, 0xFFFFFF)
    assert chip.read(BUSCTRL + 0x10) == 0xFFFFFF
    chip.write(BUSCTRL + 0x10, 1)
    assert chip.read(BUSCTRL + 0x10) == 0
