"""The image that Bramble runs in the bench does on our chip what it is to do there; without Bramble that is said."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

pytest.importorskip("emberwatch._native", reason="the emulator core is not built; run: make setup")

from emberwatch import _native
from emberwatch.bench import bramble
from emberwatch.bench.speed import _LOOP
from emberwatch.program.uf2 import read_uf2

TURNS = 1000


def test_the_image_counts_down_in_sram_and_ends() -> None:
    chip = _native.Chip()
    (data,) = read_uf2(bramble.loop_image(_LOOP[:-2], TURNS)).values()
    # Without a second stage our boot ROM would not start it from flash: its code is put into SRAM.
    start = bramble.SRAM + 0x10000 + 0x200
    chip.load(bramble.SRAM + 0x10000, data)
    chip.reset(ram_entry=start)
    chip.set_register(0, "pc", start)
    chip.add_breakpoint(bramble.SRAM + 0x20000)
    assert chip.run_until(chip.cycles + 1000).pc == bramble.SRAM + 0x20000
    assert [chip.registers(0)[f"r{n}"] for n in (0, 1, 2, 4)] == [bramble.SRAM + 0x30000, 0x1234567, 2654435761, TURNS]
    chip.remove_breakpoint(bramble.SRAM + 0x20000)
    chip.add_breakpoint(bramble.SRAM + 0x20010)
    first = chip.cycles
    assert chip.run_until(first + 100_000).pc == bramble.SRAM + 0x20010
    assert chip.registers(0)["r4"] == 0
    assert chip.cycles - first == 11 * TURNS - 1  # the last branch is not taken
    assert chip.read_memory(bramble.SRAM + 0x20014, 2) == b"\xab\xbe"  # BKPT 0xAB


def test_without_bramble_the_reason_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(bramble.VARIABLE, raising=False)
    assert bramble.turn_seconds(_LOOP[:-2], TURNS) == (
        None,
        "no Bramble; set EMBERWATCH_BRAMBLE to the path of its executable",
    )


def test_a_program_that_fails_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program = tmp_path / "bramble"
    program.write_text("#!/bin/sh\nexit 3\n", encoding="utf-8")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv(bramble.VARIABLE, str(program))
    seconds, reason = bramble.turn_seconds(_LOOP[:-2], TURNS)
    assert seconds is None
    assert str(program) in reason and "exit status 3" in reason
