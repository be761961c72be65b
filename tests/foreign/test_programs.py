"""Programs that do what SDK programs do, register by register: each prints what it saw; here is what it must see."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from foreign import Run, build, run
from paths import ROOT

from emberwatch import Machine, _native
from emberwatch.base.errors import EmulationTimeout, FirmwareCrash, UsageError
from emberwatch.detector.machine import DetectorMachine
from emberwatch.inspect.crash import CrashWatch
from emberwatch.inspect.gdb.target import Target

CLOCKS = {
    "pll_sys": 125_000,
    "pll_usb": 48_000,
    "rosc": 6_500,
    "clk_sys": 125_000,
    "clk_peri": 125_000,
    "clk_usb": 48_000,
    "clk_adc": 48_000,
    "clk_rtc": 46,
    "sevonpend": 1,
    "systicks": 10,
    "clk_sys_slow": 12_000,
    "clk_sys_half": 62_500,
    "pll_usb_off": 0,
    "chip_id": 0x2000_2927,
    "platform": 2,
    "tbman": 5,
    "vreg": 0x10C0,
    "cpuid": 0x410C_C601,
    "rom_version": 3,
    "pending": 1 << 15,  # the 0 that core 1 sends from the ROM
}


@pytest.mark.parametrize("layout", ["flash", "copy_to_ram", "no_flash"])
def test_clocks_sleep_and_identity(layout: str) -> None:
    values = run("clocks", layout=layout).values
    assert 1000 <= values.pop("wfi_us") < 1010
    assert 2500 <= values.pop("wfe_us") < 2510
    assert values == CLOCKS


def test_timer_alarms() -> None:
    result = run("timer")
    assert [line for line in result.text.splitlines() if line.startswith("fired")] == [
        "fired=1",
        "fired=1",
        "fired=10",
        "fired=1",
    ]
    values = result.values
    del values["fired"]
    assert values == {"armed": 15, "late": 0, "armed_after": 0, "paused": 1, "carried": 6, "latched": 1}


def test_interrupts_without_input_and_stores_to_rom() -> None:
    values = run("user_irq").values
    assert values == {
        "order": 1233,
        "active": 16 + 31,
        "enabled": 1 << 31 | 1 << 26 | 1 << 3,
        "lowest": 0xC000_0000,
        "unchanged": 1,
    }


def test_a_system_call_in_hard_fault_is_no_crash_if_it_returns() -> None:
    with Machine(build("system_call")) as machine:
        watch = CrashWatch(machine)
        machine.expect("calls=3")
        assert (watch.count, watch.first) == (0, None)
        machine.run(0.005)
        assert watch.count == 1, "the handler has not returned from SVC #1"
        machine.expect("after_reset=2")
        assert [site.report().title.partition(",")[0] for site in watch.crashes] == [
            "HardFault: SVC while its priority is masked"
        ]


def test_a_fetch_from_flash_that_is_not_mapped_is_reported() -> None:
    """A fetch ends the run between two events, where the core is ahead of the chip's time."""
    with Machine(build("lost_code")) as machine:
        watch = CrashWatch(machine)
        with pytest.raises(FirmwareCrash, match="XIP access in command mode"):
            machine.run(0.1)
        assert watch.fatal is not None
        report = watch.fatal.report()
        assert report.instructions[-1][1] == watch.fatal.stop.pc
        assert report.cycle == report.instructions[-1][0]


@pytest.mark.parametrize("layout", ["flash", "no_flash"])
def test_both_cores(layout: str) -> None:
    values = run("multicore", layout=layout).values
    assert 1 <= values.pop("irqs1") <= 11  # ten words, and what the launch left pending
    assert values == {
        "greeting": 123,
        "own_vectors": 1,
        "counter": 4000,
        "spinlocks": 0,
        "announced": 1,
        "doubled": 110,
        "sticky": 0xC,
        "cleared": 0,
    }


def test_core_1_resets_core_0_and_goes_on() -> None:
    result = Run.of(build("restart")).run(0.1)
    assert result.text == "boot=1\nboot=2\ncore1=1\nvectors=1\n", result.stop


def test_flash_through_the_rom() -> None:
    page = bytearray(n * 7 & 0xFF for n in range(512))
    total = 0
    for byte in bytes([0xFF]) * 256 + page + bytes([0xFF]) * 256:
        total = (total * 31 + byte) & 0xFFFF_FFFF
    result = run("flash")
    assert result.values == {
        "blank": 1,
        "equal": 1,
        "below": 1,
        "uncached": 1,
        "sum": total,
        "anded": 0,
        "unique_high": 0xE660_5838,
        "unique_low": 0x8321_6426,
        "jedec": 0xEF_4015,
        "accesses": 1,
        "streamed": 1,
        "bulk": 1,
    }
    page[0:2] = bytes(2)
    assert result.chip.read_memory(0x1010_0100, 512) == bytes(page)


def test_dma() -> None:
    result = run("dma")
    assert "control blocks\n" in result.text
    assert result.values == {
        "words": 1,
        "bytes": 1,
        "irqs": 1,
        "quiet_irq": 8,
        "crc_as_is": 0xCBF4_3926,
        "crc_plain": 0x765E_7680,
        "paced": 1,
        "ring": 1,
        "aborted": 1,
        "channels": 12,
    }


def test_adc() -> None:
    result = Run.of(build("adc", "copy_to_ram"))  # in flash the first interrupts would wait for the cache
    for channel, value in ((0, 1234), (1, 4000), (4, 891)):
        result.chip.set_adc(channel, value)
    assert result.run(1).ended(), result.text
    values = result.values
    assert 19 <= values.pop("period_us") <= 20
    assert values == {
        "input0": 1234,
        "input1": 4000,
        "temperature": 891,
        "sampled_at_500k": 1,
        "order": 4000 * 10_000 + 1234,
        "shifted": 891 >> 4,
    }


def test_rtc() -> None:
    result = run("rtc", seconds=10)
    assert result.values == {"alarm_ms": 2000, "year": 2024, "month": 2, "day": 29, "weekday": 4, "second": 2}
    assert "second=0" in result.text


def test_pwm() -> None:
    result = Run.of(build("pwm"))
    result.chip.drive_pin(5, True)
    result.chip.record_pins(1 << 2)
    assert result.run(1).ended(), result.text
    values = result.values
    assert values.pop("high_counts") == pytest.approx(12_500, abs=20), "10 ms at 1.25 MHz"
    assert values == {"wrap_us": 2097, "running": 1, "raw": 0xC0}
    edges = [(cycle, level) for cycle, _, level in result.chip.take_edges()][2:42]
    rises = [cycle for cycle, level in edges if level]
    assert {after - before for before, after in pairwise(rises)} == {12_500}
    assert {after - before for (before, level), (after, _) in pairwise(edges) if level} == {3_125}


def test_pio() -> None:
    result = Run.of(build("pio"))
    result.chip.record_pins(1 << 3)
    assert result.run(1).ended(), result.text
    values = result.values
    assert values.pop("pio_irqs") == pytest.approx(1000 * 125 / (100 * 33), abs=2)
    assert values == {"echo": 1, "level": 8, "overflow": 1}
    edges = [cycle for cycle, _, _ in result.chip.take_edges()]
    periods = {after - before for before, after in pairwise(edges[4:])}
    assert periods == {12_500 - 3 + 3, 12_500 - 3 + 4}, "10 kHz: high for x + 3 cycles, low for one more"


@pytest.mark.parametrize("level", [-0.5, 0.0, 0.25])
def test_pdm_microphone_read_in_the_half_in_which_it_is_silent(level: float) -> None:
    """The line keeps the bit that the microphone has released: the density of ones is that of the sound."""
    result = Run.of(build("pdm"))
    microphone = _native.Microphone()
    result.chip.attach(microphone, [("clock", 3), ("data", 2)])
    microphone.push(np.full(8000, round(level * (1 << 23)), np.int32))
    assert result.run(1).ended(), result.text
    assert result.values["ones"] / (8 * 4096) == pytest.approx((1 + level) / 2, abs=0.01)


def test_divider_interpolators_and_rom_arithmetic() -> None:
    values = run("arithmetic").values
    assert values == {
        "quotient": -142 & 0xFFFF_FFFF,
        "remainder": -6 & 0xFFFF_FFFF,
        "by_zero": 0xFFFF_FFFF,
        "restored": 384 * 1000 + 192,
        "times_table": 9 * 55,
        "lerp": 0x0123,
        "clamped": 62_030,
        "texel": 0x104C,
        "popcount": 9,
        "reverse": 0xA000_0000,
        "clz": 15 * 100 + 16,
        "memory": 1,
        "absent": 1,
        "sum": 0xC080_0000,
        "difference": 0x4120_0000,
        "product": 0xC1A8_0000,
        "ratio": 0x3EAA_AAAB,
        "root": 0x3FB5_04F3,
        "floor": -2 & 0xFFFF_FFFF,
        "cosine": 0x3F80_0000,
        "copyright": 1,
    }


def test_watchdog_reboots() -> None:
    result = Run.of(build("watchdog", "copy_to_ram")).run(0.3)
    assert result.stop is not None and result.stop.reason.name == "TIME"
    assert [line for line in result.text.splitlines() if line] == [
        *("boot=1", "reason=0x00000000", "spinlock_free=1", "starving"),
        *("boot=2", "reason=0x00000001", "spinlock_free=1"),
        *("boot=3", "reason=0x00000002", "spinlock_free=1"),
        *("entered=1", "magic_gone=0x00000000", "reason=0x00000002"),
    ]


def test_dormant_until_a_pin_changes() -> None:
    result = Run.of(build("dormant", "copy_to_ram"))
    chip = result.chip
    chip.drive_pin(10, False)
    chip.drive_pin(11, True)
    for pin, level in ((10, True), (11, False)):
        result.run(0.1)
        cycles, picoseconds = chip.cycles, chip.picoseconds
        saved = chip.save()
        result.run(0.25)
        assert chip.cycles == cycles, "clk_sys stands still"
        assert chip.picoseconds - picoseconds == pytest.approx(0.25e12, abs=1e6)
        chip.restore(saved)
        result.run(0.5)
        assert chip.cycles == cycles
        chip.drive_pin(pin, level)
    assert result.run(1).ended(), result.text
    values = result.values
    assert values["crystal_us"] == pytest.approx(256 * 47 / 12, abs=20), "the crystal's start-up, nothing of the sleep"
    assert values["again_us"] == pytest.approx(256 * 47 / 12, abs=20)
    assert values["ring_us"] < 10
    assert values["crystal_pwm"] < 50
    assert values["ring_pwm"] < 50
    assert values["woken_by"] == 8 << 8
    assert values["asleep"] == 1


def test_nobody_waits_for_cycles_that_never_come() -> None:
    with DetectorMachine(build("dormant", "copy_to_ram")) as machine:
        with pytest.raises(EmulationTimeout, match="show was not called"):
            machine.run_until_function("show", 0.3)
        assert machine.time_s == pytest.approx(0.3, abs=1e-3)
        asleep = machine.cycles
        with pytest.raises(UsageError, match=f"the chip is dormant from {asleep} on; no pin wakes it"):
            Target(machine, lambda _: None, Path.cwd()).run_to(asleep + 1)


def test_gpio_interrupts() -> None:
    result = Run.of(build("gpio"))
    result.chip.drive_pin(4, False)
    result.run_until("ready", 1)
    for _ in range(7):
        result.chip.drive_pin(4, True)
        result.run(0.0005)
        result.chip.drive_pin(4, False)
        result.run(0.0005)
    result.chip.drive_pin(5, False)
    result.run(0.0005)
    result.chip.press_bootsel(True)
    result.run(1)
    assert result.ended(), result.text
    assert result.values == {
        "pulled_up": 1,
        "seen": 0xB,
        "status": 0x3200,
        "forced": 1,
        "up": 7,
        "down": 7,
        "levels": 1,
        "bootsel": 0,
    }


def test_serial_buses() -> None:
    result = Run.of(build("buses")).run_until("send now", 1)
    result.run(0.002)
    result.chip.uart_send(0, b"hello")
    assert result.run(1).ended(), result.text
    assert result.values == {"i2c_absent": 16, "spi_loopback": 1, "received": 5, "received_sum": sum(b"hello")}


def test_usb_serial_port() -> None:
    result = Run.of(build("usb")).run_until("open", 2)
    result.run(0.01)
    assert result.chip.usb_open
    assert result.usb == b"Hello, USB!\r\n"
    assert result.values == {"resets": 2, "setups": 1, "forced_j": 1, "baud": 115_200}
    text = b"the quick brown fox jumps over the lazy dog, again and again, beyond one packet of 64 bytes"
    result.chip.usb_send(text)
    result.run(0.05)
    assert result.usb == b"Hello, USB!\r\n" + text.upper()


@pytest.mark.parametrize("program", ["timer", "multicore", "flash"])
def test_programs_boot_through_a_rom_image(program: str) -> None:
    """With an image both cores run it from reset: second stage read through the SSI, checked, copied, entered."""
    text = (ROOT / "sim/rp2040/bus/bootrom_image.inc").read_text(encoding="utf-8")
    image = bytes(int(byte, 16) for byte in re.findall(r"0x([0-9a-f]{2}),", text))
    result = Run.of(build(program), bootrom=image).run(1)
    assert result.ended(), result.text
    assert result.values == run(program).values


def test_usb_boot_of_a_rom_image_stops_the_run() -> None:
    """There is no program for it in the project's ROM: where the model does not boot, nobody plays the device."""
    text = (ROOT / "sim/rp2040/bus/bootrom_image.inc").read_text(encoding="utf-8")
    image = bytes(int(byte, 16) for byte in re.findall(r"0x([0-9a-f]{2}),", text))
    result = Run.of(build("usb_boot"), bootrom=image).run(1)
    assert result.text == "leaving\n"
    assert result.stop is not None and result.stop.reason.name == "BOOT_ERROR"
    assert "USB boot" in result.stop.detail and "--bootrom" in result.stop.detail


def test_a_core_that_locked_up_does_not_stop_the_chip() -> None:
    """The UART goes on sending after main returned, and the watchdog can still reset."""
    result = run("timer")
    before = result.chip.cycles
    assert result.chip.run_until(before + 100_000).reason.name == "TIME"
    assert before + 100_000 <= result.chip.cycles < before + 100_010


def test_segments_in_odd_places() -> None:
    result = run("timer", layout="odd_segments")
    assert "fired=10" in result.text
    assert result.chip.read_memory(0x1010_0002, 5) == bytes.fromhex("ffa55a33ff")
