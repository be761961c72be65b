"""The engine 'renode' with its real logic, worker process and librp2040; only Renode's processor is a stand-in.

`fake/pyrenode3` offers pyrenode3's interface over Unicorn. What only Renode can show is listed in docs/renode.md.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from paths import ROOT

from emberwatch import DetectorMachine
from emberwatch.base.errors import EmulationError, EngineError, MissingDependencyError
from emberwatch.board.board import load_board
from emberwatch.engines import create_engine
from emberwatch.engines.renode import install, worker
from emberwatch.engines.renode.bridge import reason
from emberwatch.program.elf import Image, Segment
from emberwatch.program.symbols import SymbolTable

FAKE = Path(__file__).parent / "fake"

pytest.importorskip("unicorn", reason="the stand-in for Renode's processor needs unicorn: pip install unicorn")


@pytest.fixture
def renode(librp2040: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.syspath_prepend(str(FAKE))
    monkeypatch.setenv("PYTHONPATH", str(FAKE))
    monkeypatch.setenv("PYRENODE_BIN", "/nonexistent/renode")
    monkeypatch.setenv("EMBERWATCH_LIBRP2040", str(librp2040))
    yield
    worker.end_all()


def test_a_board_with_wires_is_refused() -> None:
    with pytest.raises(EngineError, match="cannot connect pins, and board 'pico' has wires; use embedded"):
        create_engine("renode", replace(load_board("pico"), wires=((4, 6),)), 1)


def ram_image(tmp_path: Path, code: list[int]) -> Image:
    """A program in SRAM, entered at its first word."""
    data = b"".join(halfword.to_bytes(2, "little") for halfword in code)
    return Image(tmp_path / "program", (Segment(0x20000000, data),), 0x20000001, SymbolTable([]))


@pytest.mark.usefixtures("renode")
def test_the_same_elf_hears_the_same_on_both_engines(firmware: Path) -> None:
    from emberwatch import _native

    if not hasattr(_native.Microphone, "set_timebase"):
        pytest.skip("the emulator core is older than its sources; run: make setup")
    t = np.arange(16000) / 16000
    sound = np.round(0.3 * (1 << 23) * np.sin(2 * np.pi * 3100 * t)).astype(np.int32)
    machines = {}
    for name in ("embedded", "renode"):
        machine = DetectorMachine(firmware, engine=name)
        machine.engine.set_microphone_timebase(1_024_000)
        machine.engine.push_sound(sound)
        pcm, features = machine.capture_pcm(), machine.capture_features()
        machine.run_until_line("W 0", 0.3)
        machines[name] = machine, pcm.samples, features.frames
    embedded, renode = machines["embedded"], machines["renode"]
    # They boot in different times, so that the slices of time in which lines are looked for end at different places.
    lines = [[line for _, line in machine.lines[:2]] for machine, _, _ in (embedded, renode)]
    assert lines[0] == lines[1]
    assert lines[0][1].startswith("W 0")
    assert len(renode[1]) >= 512 and np.array_equal(embedded[1][:512], renode[1][:512])
    assert len(renode[2]) >= 4 and np.array_equal(embedded[2][:4], renode[2][:4])
    for name in ("pdm_decimate", "features_compute", "app_process_block"):
        ours, theirs = embedded[0].functions[name], renode[0].functions[name]
        # The whole block has the background check of flash, whose reads cost no XIP stalls there (docs/renode.md).
        rel = 0.06 if name == "app_process_block" else 0.02
        assert theirs.mean == pytest.approx(ours.mean, rel=rel), name
    assert "renode engine" in repr(renode[0])
    with pytest.raises(EngineError, match="no snapshot of engine 'renode'"):
        renode[0].engine.restore(b"nonsense")
    assert renode[0].engine.register(0, core=1) == 0


@pytest.mark.usefixtures("renode")
def test_time_memory_registers_and_breakpoints(tmp_path: Path) -> None:
    # movs r0, #1; b loop; loop: adds r0, #1; b loop
    machine = DetectorMachine(ram_image(tmp_path, [0x2001, 0xE7FF, 0x3001, 0xE7FD]), engine="renode")
    engine = machine.engine
    assert engine.name == "renode" and engine.cycle == 0
    engine.add_breakpoint(0x20000004)
    for expected in (1, 2, 3):
        stop = engine.run_until(engine.cycle_at(10**9))
        assert stop.reason.name == "BREAKPOINT" and stop.pc == 0x20000004
        assert engine.register(0) == expected
    engine.remove_breakpoint(0x20000004)
    target = engine.cycle_at(10**9)
    assert engine.run_until(target).reason.name == "TIME"
    assert target <= engine.cycle <= target + 20
    assert engine.read_memory(0x20000000, 4) == bytes.fromhex("0120ffe7")
    engine.write_memory(0x20001000, b"hello world")
    assert engine.read_memory(0x20001000, 11) == b"hello world"
    assert engine.read_memory(0x4000C001, 2) == engine.read_memory(0x4000C000, 4)[1:3]
    for address, missing in ((0x90000000, "0x90000000"), (0x20041FFE, "0x20042000")):
        with pytest.raises(EngineError, match=missing):
            engine.read_memory(address, 8)
    with pytest.raises(EngineError, match="no memory"):
        engine.write_memory(0x40000000, b"1234")


@pytest.mark.usefixtures("renode")
def test_two_boards_run_side_by_side_and_processes_are_used_again(tmp_path: Path) -> None:
    image = ram_image(tmp_path, [0x3001, 0xE7FD])
    first, second = DetectorMachine(image, engine="renode"), DetectorMachine(image, engine="renode")
    first.run(0.0001)
    assert (first.cycles > 0) and second.cycles == 0
    process = first.engine._worker  # type: ignore[attr-defined]
    del first
    with DetectorMachine(image, engine="renode") as third:
        assert third.engine._worker is process  # type: ignore[attr-defined]
        assert third.cycles == 0
        third.run(0.0002)
    fourth = DetectorMachine(image, engine="renode")
    assert fourth.engine._worker is process, "a closed machine keeps no process"  # type: ignore[attr-defined]
    assert third.time_s == pytest.approx(0.0002, rel=0.01) and fourth.cycles == 0
    assert third.result().total_cycles == third.cycles > 0
    with pytest.raises(EngineError, match="closed"):
        third.engine.register(0)


@pytest.mark.usefixtures("renode")
@pytest.mark.parametrize(
    ("code", "message"),
    [
        ([0x4801, 0x6800, 0xE7FE, 0, 0, 0x6000], "1 reads and 0 writes"),  # ldr r0, =0x60000000; ldr r0, [r0]
        ([0x4801, 0x6800, 0xE7FE, 0, 0x8100, 0x4000], "not modelled"),  # CLOCKS has no such register
    ],
)
def test_an_access_to_what_is_not_there_fails_the_run(tmp_path: Path, code: list[int], message: str) -> None:
    machine = DetectorMachine(ram_image(tmp_path, code), engine="renode")
    with pytest.raises(EmulationError, match=message):
        machine.run(0.001)
    with pytest.raises(EmulationError, match=message):
        machine.run(0.001)


@pytest.mark.usefixtures("renode")
@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("init-error", "pico.repl: could not set VectorTableOffset"),
        ("monitor-error", "include: Errors during compilation"),
        ("crash", "exit code 134; its last line: Fatal error"),
        ("halted", "halted the processor"),
        ("log", "non existing peripheral"),
    ],
)
def test_what_renode_has_to_complain_about_is_raised(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: str, message: str
) -> None:
    monkeypatch.setenv("FAKE_RENODE", fault)
    with pytest.raises((EngineError, EmulationError), match=message) as caught:
        DetectorMachine(ram_image(tmp_path, [0xE7FE]), engine="renode").run(0.001)
    assert "\n" not in str(caught.value)


def test_net_exceptions_are_named_in_one_line() -> None:
    class TargetInvocationException(Exception):
        InnerException: Exception | None = None

    class ParsingException(Exception):
        Message = (
            "Error E36: Exception was thrown during construction of 'chip':\r\nlibrp2040 cannot be loaded\r\n"
            "At pico.repl:3:1:\nchip: Miscellaneous.RP2040 @ sysbus\n^"
        )

    outer = TargetInvocationException("Exception has been thrown by the target of an invocation.")
    assert reason(outer) == str(outer)
    outer.InnerException = ParsingException()
    assert reason(outer) == (
        "Error E36: Exception was thrown during construction of 'chip': librp2040 cannot be loaded"
    )
    assert reason(ValueError()) == "ValueError"


@pytest.mark.usefixtures("renode")
def test_an_image_without_second_stage_is_a_boot_error(tmp_path: Path) -> None:
    image = Image(tmp_path / "blank", (Segment(0x10000000, bytes(1024)),), None, SymbolTable([]))
    with pytest.raises(EmulationError, match="second-stage"):
        DetectorMachine(image, engine="renode").run(0.001)


def test_without_pyrenode3_the_error_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(MissingDependencyError, match=r"pip install .*pyrenode3") as caught:
        create_engine("renode", load_board("pico"), 1)
    assert "\n" not in str(caught.value)


def test_without_renode_the_error_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.syspath_prepend(str(FAKE))
    for name in ("PYRENODE_PATH", "PYRENODE_BIN", "PYRENODE_BUILD_DIR", "PYRENODE_PKG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("EMBERWATCH_CACHE", str(tmp_path))
    with pytest.raises(MissingDependencyError, match="emberwatch renode install"):
        install.environment()


def test_the_command_line_exits_with_2_and_one_line(firmware: Path, tmp_path: Path) -> None:
    if install.importlib.util.find_spec("pyrenode3") is not None:
        pytest.skip("pyrenode3 is installed")
    command = [sys.executable, "-m", "emberwatch.cli.main", "run", firmware, "--engine", "renode", "--seconds", "1"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2 and done.stdout == ""
    assert done.stderr.count("\n") == 1 and "emberwatch renode install" in done.stderr


@pytest.mark.usefixtures("renode")
def test_auto_takes_what_the_environment_asks_for(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("EMBERWATCH_ENGINE", "renode")
    assert DetectorMachine(ram_image(tmp_path, [0xE7FE])).engine.name == "renode"
