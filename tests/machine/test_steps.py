"""Every step on a program that it can be taken on: what comes out, and what is refused."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
from paths import ROOT

sys.path.insert(0, str(ROOT / "tests" / "foreign"))
from foreign import build

from emberwatch.base.errors import DeviceError, EmulationTimeout, ExpectationError, FirmwareCrash, UsageError
from emberwatch.devices.bme280 import Bme280
from emberwatch.devices.ssd1306 import Ssd1306
from emberwatch.engines.embedded import chip_of
from emberwatch.inspect.crash import CrashWatch
from emberwatch.machine.bench import Bench
from emberwatch.machine.machine import Machine
from emberwatch.machine.values import gpio, level, seconds


@pytest.fixture
def machine() -> Iterator[Machine]:
    with Machine(build("bystep")) as made:
        made.expect("ready")
        yield made


def test_texts_come_in_order_on_any_port_and_unfinished(machine: Machine) -> None:
    assert machine.expect("> ").port == "uart0"  # a prompt has no line end
    machine.write("one\n")
    machine.write("two\n")
    seen = machine.expect(r"/echo (\w+)/")
    assert (seen.text, seen.groups) == ("echo one", ("one",))
    assert machine.expect(r"/echo (\w+)/").groups == ("two",)
    with pytest.raises(EmulationTimeout, match=r"text 'echo one' did not come within 0.1 s"):
        machine.expect("echo one", timeout=0.1)


def test_a_text_ends_its_run_within_a_millisecond(machine: Machine) -> None:
    machine.write("x\n")
    begun = machine.time_s
    machine.expect("echo x")
    assert machine.time_s - begun < 0.002  # nine bytes there and back at 115200 baud take 0.8 ms


def test_what_is_refused_fails_the_run(machine: Machine) -> None:
    machine.refuse("/echo b../")
    machine.write("good\n")
    machine.expect("echo good")
    machine.write("bad\n")
    with pytest.raises(ExpectationError, match=r"text /echo b../ came on uart0 at .* 'echo bad'"):
        machine.run(1.0)


def test_buttons_by_pin_and_by_name(machine: Machine) -> None:
    machine.click("GP10", held=0.02)
    machine.expect("pressed=1")
    machine.press("10")
    machine.expect("pressed=2", timeout=0.1)
    machine.release(10)
    machine.wait(0.01)
    machine.set_pin(10, False)
    machine.expect("pressed=3", timeout=0.1)
    machine.set_pin(10, None)
    with pytest.raises(DeviceError, match="there is no button 'door'"):
        machine.press("door")


def test_methods_take_what_scenarios_do(machine: Machine) -> None:
    assert machine.expect_frequency("GP14", 1000, over="20 ms") == pytest.approx(1000.0)  # type: ignore[arg-type]
    machine.set_pin("GPIO10", "low")  # type: ignore[arg-type]
    machine.expect("pressed=1", timeout="100 ms")  # type: ignore[arg-type]
    machine.set_voltage("26", 1.0)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="'GP30' must be a pin"):
        machine.expect_pin("GP30", "high")  # type: ignore[arg-type]


def test_pins_and_what_they_carry(machine: Machine) -> None:
    assert machine.expect_frequency(14, 1000.0) == pytest.approx(1000.0)
    assert machine.expect_duty(14, 0.25) == pytest.approx(0.25, abs=1e-6)
    assert machine.expect_servo(16, 90.0) == pytest.approx(90.0, abs=0.1)
    machine.expect_pin(14, True, within=0.002)  # high for 0.25 of each ms, when nobody looks
    machine.wait(0.0003)
    machine.expect_pin(14, True, within=0.002)
    with pytest.raises(ExpectationError, match=r"frequency of GPIO14 is 1000 Hz, expected 1100 within 11"):
        machine.expect_frequency(14, 1100.0)
    with pytest.raises(ExpectationError, match="servo on GPIO16 is 90 degrees, expected 45"):
        machine.expect_servo(16, 45.0)
    with pytest.raises(EmulationTimeout, match=r"GPIO11 did not go high within 0.01 s"):
        machine.expect_pin(11, True, within=0.01)
    with pytest.raises(ExpectationError, match="gave no whole pulse"):
        machine.expect_servo(11, 45.0)
    assert machine.devices == {}  # probes are gone again


def test_voltages_and_waves(machine: Machine, tmp_path: Path) -> None:
    machine.set_voltage(26, 1.0)
    machine.write("adc\n")
    assert int(machine.expect(r"/adc=(\d+)/").groups[0]) == pytest.approx(4096 / 3.3, abs=2)
    soundfile.write(tmp_path / "ramp.wav", np.linspace(-1.0, 1.0, 16000), 16000, subtype="FLOAT")
    machine.folder = tmp_path
    begun = machine.time_s
    machine.play_voltage(26, "ramp.wav", volts=1.0, offset=1.5)
    machine.wait(0.5)
    machine.write("adc\n")
    value = int(machine.expect(r"/adc=(\d+)/").groups[0]) * 3.3 / 4096
    assert value == pytest.approx(0.5 + 2.0 * (machine.time_s - begun), abs=0.02)
    with pytest.raises(UsageError, match="pin = 10 has no ADC"):
        machine.set_voltage(10, 1.0)


def test_devices_are_set_read_unplugged_and_plugged(machine: Machine) -> None:
    weather = Bme280()
    weather.name = "weather"
    machine.attach(weather, sda=4, scl=5)
    machine.set_device("weather", "temperature", 30)
    machine.expect_device("weather", "celsius", 30.0)
    with pytest.raises(ExpectationError, match="celsius of weather is 30, expected 31"):
        machine.expect_device("weather", "celsius", 31, tolerance=0.5)
    with pytest.raises(DeviceError, match="has no control 'colour'"):
        machine.set_device("weather", "colour", 1)
    machine.unplug("weather")
    assert "weather" not in machine.devices
    machine.plug("weather")
    assert "weather" in machine.devices
    with pytest.raises(UsageError, match="plug 'sensor': it was not unplugged"):
        machine.plug("sensor")


def test_pictures(machine: Machine, tmp_path: Path) -> None:
    display = Ssd1306()
    machine.attach(display, sda=4, scl=5)
    display.i2c_write(bytes([0x00, 0xAF, 0x8D, 0x14, 0x20, 0x00]), 0)
    display.i2c_write(bytes([0x40, 0xFF, 0x81]), 0)
    machine.folder = tmp_path
    machine.save_picture("ssd1306", "shown.png")
    machine.expect_picture("ssd1306", "shown.png")
    display.save_picture(tmp_path / "large.png", scale=4)
    machine.expect_picture("ssd1306", "large.png")
    display.i2c_write(bytes([0x40, 0x01]), 0)
    with pytest.raises(ExpectationError, match=r"differs from .* in 1 dots"):
        machine.expect_picture("ssd1306", "shown.png")


def test_power_fails_in_the_middle_of_an_erase(machine: Machine) -> None:
    chip = chip_of(machine.engine)
    chip.write_memory(0x10100000, bytes(4096))
    machine.write("erase\n")
    machine.expect("erasing")
    machine.wait(0.02)  # of 45 ms
    before = machine.time_s
    machine.cut_power(0.25)
    assert machine.time_s == pytest.approx(before + 0.25)
    machine.expect("ready")
    ones = sum(byte.bit_count() for byte in chip.read_memory(0x10100000, 4096))
    assert 0.2 < ones / 32768 < 0.7
    machine.write("erase\n")
    machine.expect("erased")
    assert chip.read_memory(0x10100000, 4096) == b"\xff" * 4096


def test_power_cuts_repeat_with_the_seed() -> None:
    def memory(seed: int) -> tuple[bytes, bytes]:
        with Machine(build("bystep"), seed=seed) as machine:
            chip_of(machine.engine).write_memory(0x10100000, bytes(4096))
            machine.expect("ready")
            machine.write("erase\n")
            machine.wait(0.03)
            machine.cut_power(0.1)
            return machine.read(0x10100000, 4096), machine.read(0x20030000, 64)

    assert memory(5) == memory(5)
    assert memory(5) != memory(6)


def test_a_brown_out_resets_and_keeps_memory(machine: Machine) -> None:
    chip = chip_of(machine.engine)
    chip.write_memory(0x20030000, b"kept")
    machine.brown_out(0.01)
    machine.expect("ready")
    assert chip.read_memory(0x20030000, 4) == b"kept"
    machine.cut_power(0.01)
    assert chip.read_memory(0x20030000, 4) != b"kept"


def test_time_goes_on_through_snapshots_across_a_power_cut(machine: Machine) -> None:
    machine.cut_power(0.5)
    machine.wait(0.02)
    snapshot = machine.save()
    machine.wait(0.1)
    state = machine.time_s, machine.cycles
    machine.restore(snapshot)
    machine.wait(0.1)
    assert (machine.time_s, machine.cycles) == state


def test_what_steps_put_on_pins_is_gone_with_the_time_before_them(machine: Machine) -> None:
    snapshot = machine.save()
    machine.press("GP10")
    machine.set_voltage(26, 1.0)
    machine.expect("pressed=1")
    machine.restore(snapshot)
    assert machine.devices == {}
    with pytest.raises(EmulationTimeout):
        machine.expect("pressed=1", timeout=0.05)
    machine.press("GP10")
    kept = machine.save()
    machine.expect("pressed=1")
    machine.restore(kept)
    machine.expect("pressed=1")


def test_a_program_in_sram_does_not_outlive_its_power(tmp_path: Path) -> None:
    with Machine(build("bystep", "no_flash")) as machine, pytest.raises(UsageError, match="linked to SRAM"):
        machine.cut_power(0.1)


def test_semihosting_ends_the_program(machine: Machine) -> None:
    machine.write("exit\n")
    machine.run(1.0)
    assert machine.exit is not None
    assert (machine.exit.how, machine.exit.code) == ("semihosting", 7)
    assert machine.ports["semihosting"].text == "bye\n"
    stood = machine.time_s
    assert stood < 0.1
    machine.run(1.0)
    assert machine.time_s == stood
    with pytest.raises(EmulationTimeout, match="the program ended itself at"):
        machine.expect("never")


def test_what_main_returns_is_the_exit_code(machine: Machine) -> None:
    crashes = CrashWatch(machine)
    machine.write("return\n")
    machine.run(1.0)
    assert machine.exit is not None
    assert (machine.exit.how, machine.exit.code) == ("main", 3)
    assert machine.time_s < 0.1
    assert machine.uart.endswith("no more\n> "), "what the FIFO held has come"
    assert crashes.first is None


def test_an_end_that_nobody_called_exit_for_is_a_crash(machine: Machine) -> None:
    crashes = CrashWatch(machine)
    machine.write("panic\n")
    with pytest.raises(FirmwareCrash, match="locked up"):
        machine.run(1.0)
    assert crashes.first is not None


def test_a_reset_by_the_watchdog_ends_the_run_if_asked(machine: Machine) -> None:
    machine.write("reset\n")
    machine.expect("ready")
    assert machine.exit is None
    machine.ends_at_reset = True
    machine.write("reset\n")
    machine.run(0.2)
    assert machine.exit is not None
    assert machine.exit.how == "reset"


def test_a_crash_is_no_expectation(machine: Machine) -> None:
    machine.write("crash\n")
    with pytest.raises(FirmwareCrash):
        machine.expect("never")


def test_two_machines_on_wires() -> None:
    with Machine(build("bystep")) as one, Machine(build("bystep")) as other:
        Bench(one, other).wire(one, 0, other, 1)  # what one says, the other obeys
        one.write("hello\n")
        other.expect("echo ready")
        other.expect("echo > echo hello")
        assert other.time_s == pytest.approx(one.time_s, abs=1e-6)


def test_wires_carry_levels_both_ways() -> None:
    with Machine(build("bystep")) as one, Machine(build("bystep")) as other:
        bench = Bench(one, other, latency_s=1e-6)
        bench.wire(one, 14, other, 20)
        bench.wire(other, 14, one, 21)
        other.expect("ready")
        assert other.expect_frequency(20, 1000.0) == pytest.approx(1000.0, rel=1e-6)
        assert one.expect_duty(21, 0.25) == pytest.approx(0.25, abs=1e-4)
        with pytest.raises(UsageError, match="two different chips"):
            bench.wire(one, 3, one, 4)


def test_times_pins_and_levels_as_people_write_them() -> None:
    assert [seconds(v) for v in (2, "2 s", "200ms", "3 us", "1 min")] == [2.0, 2.0, 0.2, 3e-6, 60.0]
    assert [gpio(v) for v in (0, "25", "GP25", "gpio7")] == [0, 25, 25, 7]
    assert [level(v) for v in (True, "HIGH", 0, "low", "float")] == [True, True, False, False, None]
    for wrong in ("soon", -1, float("nan"), True, "2 parsecs", None):
        with pytest.raises(UsageError):
            seconds(wrong)
    for wrong_pin in (30, "GP30", True, "x", -1, 2.5):
        with pytest.raises(UsageError):
            gpio(wrong_pin)
    with pytest.raises(UsageError):
        level("up")
