"""Wave forms of the shipped firmware: their form by a strict parser and sigrok-cli, their content by what is known."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest
from paths import ROOT
from vcd_parser import Vcd, VcdError, parse

from emberwatch.base.errors import UsageError
from emberwatch.detector.machine import DetectorMachine
from emberwatch.inspect.signals import Signals, exception_name
from emberwatch.inspect.trace.vcd import Variable, write_vcd

FIRMWARE = ROOT / "build/firmware/pico/emberwatch.elf"
PDM_HZ, WORD_BITS = 1_024_000, 32

pytestmark = pytest.mark.skipif(not FIRMWARE.is_file(), reason="the firmware is not built; run: make firmware")


def emberwatch(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "emberwatch.cli.main", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, env=os.environ, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def window(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """From 300 to 340 ms: one block of sound and a bit."""
    folder = tmp_path_factory.mktemp("trace")
    file = folder / "window.vcd"
    options = (
        "--from",
        0.3,
        "--to",
        0.34,
        "--signals",
        "irq,cores,dma,pio,functions",
        "--uart-log",
        folder / "uart.txt",
    )
    done = emberwatch("trace", FIRMWARE, "--vcd", file, *options)
    assert done.returncode == 0, done.stderr
    return file


@pytest.fixture(scope="module")
def wave(window: Path) -> Vcd:
    return parse(window.read_text(encoding="ascii"))


def test_window_and_timescale(wave: Vcd) -> None:
    assert wave.timescale == "1 ns"
    assert wave.start == pytest.approx(300e6, abs=1000)
    assert wave.end == pytest.approx(340e6, abs=1000)


def test_pdm_clock_and_data(wave: Vcd) -> None:
    clock = wave.signals["pins.gpio3_pdm_clock"]
    rises = clock.edges(1)
    periods = {b - a for a, b in pairwise(rises)}
    assert len(rises) == pytest.approx(PDM_HZ * 0.04, abs=2)
    # 125 MHz / 1.024 MHz is no whole number: the fractional divider dithers by one cycle.
    assert max(periods) - min(periods) <= 3 * 8
    assert sum(periods) / len(periods) == pytest.approx(1e9 / PDM_HZ, rel=0.03)
    assert len(wave.signals["pins.gpio2_pdm_data"].changes) > 1000


def test_dma_moves_one_word_per_32_bits(wave: Vcd) -> None:
    channels = [s.edges(1) for name, s in wave.signals.items() if name.endswith("_transfer")]
    transfers = sorted(t for times in channels if len(times) > 100 for t in times)  # the console has a channel too
    assert len(transfers) == pytest.approx(PDM_HZ / WORD_BITS * 0.04, abs=2)
    gaps = [b - a for a, b in pairwise(transfers)]
    assert min(gaps) > 0.9e9 * WORD_BITS / PDM_HZ
    for name, signal in wave.signals.items():
        if name.endswith("_transfer"):
            ends = signal.edges(0)
            assert all(end - begin == 8 for begin, end in zip(signal.edges(1), ends, strict=False)), "one cycle"


def test_interrupt_line_exception_and_sleep_agree(wave: Vcd) -> None:
    line = wave.signals["irq.DMA_IRQ_0"].edges(1)
    number = 16 + 11
    assert exception_name(number) == "DMA_IRQ_0"
    taken = wave.signals["core0.core0_exception"].edges(number)
    assert len(line) == len(taken) >= 1
    wakes = wave.signals["core0.core0_asleep"].edges(0)
    for raised, entered in zip(line, taken, strict=True):
        assert 0 < entered - raised < 2000
        assert any(raised <= wake <= entered for wake in wakes) or wave.signals["core0.core0_asleep"].changes[0][1] == 0


def test_function_markers_are_calls(wave: Vcd) -> None:
    block = wave.signals["core0_functions.app_process_block"]
    frames = wave.signals["core0_functions.features_compute"]
    assert len(block.edges(1)) == len(block.edges(0)) >= 1
    start, end = block.edges(1)[0], block.edges(0)[0]
    inside = [t for t in frames.edges(1) if start < t < end]
    assert len(inside) == 4, "four frames a block"


def test_pio_program_counter_follows_the_clock(wave: Vcd) -> None:
    program = wave.signals["pio0.pio0_sm0_pc"]
    assert program.width == 5
    assert len(program.changes) >= 2 * len(wave.signals["pins.gpio3_pdm_clock"].edges(1)) - 4


def test_uart_log_has_times(window: Path) -> None:
    lines = (window.parent / "uart.txt").read_text().splitlines()
    assert lines[0].split(maxsplit=1)[1].startswith("emberwatch ")
    times = [float(line.split()[0]) for line in lines]
    assert times == sorted(times) and times[-1] <= 0.341


@pytest.mark.skipif(shutil.which("sigrok-cli") is None, reason="sigrok-cli is missing; apt-get install sigrok-cli")
def test_sigrok_reads_it_and_finds_the_same_edges(window: Path, wave: Vcd, tmp_path: Path) -> None:
    small = tmp_path / "small.vcd"
    done = emberwatch(
        "trace", FIRMWARE, "--vcd", small, "--pins", "3,2", "--signals", "none", "--from", 0.3, "--to", 0.302
    )
    assert done.returncode == 0, done.stderr
    shown = subprocess.run(
        ["sigrok-cli", "-I", "vcd", "-i", small, "--show"], capture_output=True, text=True, check=True
    )
    assert "gpio3_pdm_clock: logic" in shown.stdout
    assert "Samplerate: 1000000000" in shown.stdout
    bits = subprocess.run(
        [*"sigrok-cli -I vcd -C gpio3_pdm_clock -O csv:header=false:label=off:time=false -i".split(), small],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    levels = "".join(bit for bit in bits if bit in ("0", "1"))
    rises = parse(small.read_text()).signals["pins.gpio3_pdm_clock"].edges(1)
    assert levels.count("01") == len(rises) == pytest.approx(PDM_HZ * 0.002, abs=2)


def test_trigger_on_a_function_begins_before_it(tmp_path: Path) -> None:
    file = tmp_path / "trigger.vcd"
    arguments = ("--trigger", "features_compute", "--before", 0.002, "--after", 0.001, "--signals", "functions")
    done = emberwatch("trace", FIRMWARE, "--vcd", file, "--functions", "features_compute", *arguments)
    assert done.returncode == 0, done.stderr
    wave = parse(file.read_text())
    at = float(done.stdout.split(" at ")[1].split()[0]) * 1e9
    first = wave.signals["core0_functions.features_compute"].edges(1)[0]
    assert first == pytest.approx(at, abs=1000)
    assert wave.start == pytest.approx(at - 2e6, abs=1000)
    assert wave.end == pytest.approx(at + 1e6, abs=1000)


def test_trigger_on_a_line(tmp_path: Path) -> None:
    file = tmp_path / "line.vcd"
    done = emberwatch("trace", FIRMWARE, "--vcd", file, "--trigger", "W 1", "--before", 0.003, "--after", 0.0001)
    assert done.returncode == 0, done.stderr
    machine = DetectorMachine(FIRMWARE, engine="embedded")
    at = machine.run_until_line("W 1", 1)[0]
    wave = parse(file.read_text())
    # A stop bit ends the line: the last start bit fell 10 bits before.
    last_fall = wave.signals["pins.gpio0_uart_tx"].edges(0)[-1]
    assert at * 1e9 - last_fall < 10.5 * 1e9 / 115200
    assert wave.end == pytest.approx((at + 0.0001) * 1e9, abs=1000)


def test_recording_changes_no_cycle() -> None:
    plain, recorded = (DetectorMachine(FIRMWARE, engine="embedded") for _ in range(2))
    signals = Signals(recorded.engine, ("irq", "cores", "dma", "pio", "functions"))
    for machine in (plain, recorded):
        machine.run(0.3)
    assert len(signals.take()) > 10000
    assert plain.cycles == recorded.cycles
    assert plain.lines == recorded.lines
    assert plain.functions == recorded.functions


@pytest.mark.parametrize(
    ("arguments", "fragment"),
    [
        (("--pins", "31"), "pin 31 does not exist"),
        (("--pins", "two"), "--pins 'two'"),
        (("--signals", "spi"), "signals 'spi' are not known"),
        (("--timescale", "1s"), "--timescale '1s'"),
        (("--from", "2", "--to", "1"), "is empty"),
        (("--trigger", "W 0", "--from", "1"), "--trigger excludes"),
        (("--functions", "no_such"), "no symbol 'no_such'"),
    ],
)
def test_wrong_input_is_one_line(arguments: tuple[str, ...], fragment: str, tmp_path: Path) -> None:
    done = emberwatch("trace", FIRMWARE, "--vcd", tmp_path / "x.vcd", *arguments)
    assert done.returncode == 2
    assert fragment in done.stderr and done.stderr.count("\n") == 1


def test_parser_and_writer_are_strict() -> None:
    variables = [Variable("a", f"v{i}", 1 + i % 3, 0) for i in range(200)]
    lines = list(write_vcd(variables, [(5000, 7, 1), (5000, 7, 0), (9000, 199, 1)], 1000, 20000, "1ns"))
    wave = parse("\n".join(lines) + "\n")
    assert wave.signals["a.v199"].changes == [(1, 0), (9, 1)]
    assert (wave.start, wave.end) == (1, 20)
    with pytest.raises(VcdError):
        parse("\n".join(lines).replace("#9", "#4"))
    with pytest.raises(ValueError, match="does not fit"):
        list(write_vcd(variables, [(5000, 0, 2)], 0, 6000))
    with pytest.raises(UsageError):
        list(write_vcd(variables, [], 0, 1, "1s"))
