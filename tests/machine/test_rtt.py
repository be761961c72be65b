"""A program's RTT terminal: its output, what is typed, and that a run with it repeats."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from command_line import emberwatch
from paths import ROOT

sys.path.insert(0, str(ROOT / "tests" / "foreign"))
from foreign import build

from emberwatch import Machine
from emberwatch.base.errors import FirmwareCrash, NotPossibleError
from emberwatch.inspect.crash import CrashWatch

LINE = "a line that is longer than the ring of eight bytes"


def test_lines_come_and_go() -> None:
    with Machine(build("rtt")) as machine:
        machine.expect("ready, in more than the ring of 32 bytes holds at once", port="rtt")
        machine.write(LINE + "\n", port="rtt")
        machine.expect(f"echo {LINE}", port="rtt")
        machine.write("typed where it speaks\n")
        machine.expect("echo typed where it speaks")
        assert machine.ports["uart0"].text == ""


def test_a_run_repeats_to_the_cycle_and_from_a_snapshot() -> None:
    def ending(machine: Machine) -> tuple[int, str, list[tuple[float, str]]]:
        machine.write(LINE + "\n", port="rtt")
        machine.run(0.05)
        return machine.cycles, machine.where(), list(machine.ports["rtt"].lines)

    with Machine(build("rtt")) as machine:
        machine.run(0.0123)
        snapshot = machine.save()
        first = ending(machine)
        machine.restore(snapshot)
        assert ending(machine) == first
        assert first[2][-1][1] == f"echo {LINE}"


def test_a_crash_after_much_output_can_be_replayed() -> None:
    with Machine(build("rtt")) as machine:
        crashes = CrashWatch(machine)
        machine.expect("ready", port="rtt")
        for number in range(5):
            machine.write(f"{number} {LINE}\n", port="rtt")
            machine.expect(f"{number} {LINE}", port="rtt")
        machine.run(1.5)
        machine.write("!\n", port="rtt")
        with pytest.raises(FirmwareCrash):
            machine.run(1)
        assert crashes.first is not None
        assert "undefined instruction" in crashes.first.report().title


def test_a_program_without_it_takes_nothing() -> None:
    with Machine(build("blink")) as machine, pytest.raises(NotPossibleError, match="has no RTT"):
        machine.write("x", port="rtt")


def test_the_command_line_shows_it(tmp_path: Path) -> None:
    log = tmp_path / "log.txt"
    done = emberwatch("run", build("rtt"), "--expect", "ready", "--seconds", "0.1", "--uart", "--serial-log", log)
    assert done.returncode == 0, done.stderr
    assert "rtt: ready, in more than" in done.stdout
    assert "ready, in more than" in log.read_text()
