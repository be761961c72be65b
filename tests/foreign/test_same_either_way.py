"""What a program comes to does not depend on how it is run: through snapshots, or one instruction after the other."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from foreign import Run, build
from test_brought import FOLDER, brought

from emberwatch import Machine, _native
from emberwatch.engines.embedded import chip_of

SNAPSHOT_TIMES = (0.0005, 0.004, 0.0105, 0.02, 0.06, 0.2, 0.4)
PERIPHERALS = [*range(0x4000_0000, 0x4007_0000, 0x4000), 0x5000_0000, 0x5011_0000, 0x5020_0000, 0x5030_0000]


def run_in_slices(elf: Path, change_chips: bool) -> Run:
    """Runs to fixed moments; at each one the run may go on in another chip, restored from a snapshot."""
    result = Run.of(elf)
    for seconds in SNAPSHOT_TIMES:
        result.chip.run_until(result.chip.cycles_at(round(seconds * 1e12)))
        result.collect()
        if seconds == 0.06:
            result.chip.usb_send(b"typed")
        if change_chips:
            other = Run(Run.of(elf).chip, result.uart, result.usb)
            other.chip.restore(result.chip.save())
            result = other
    return result


def visible(chip: _native.Chip) -> dict[str, object]:
    """Everything of a chip that a program or a debugger can see (but the trace of recent jumps)."""
    seen: dict[str, object] = {"cycles": chip.cycles, "picoseconds": chip.picoseconds}
    for core in (0, 1):
        seen[f"core {core}"] = chip.registers(core)
        seen[f"counts {core}"] = (chip.exception_counts(core), chip.sleep_cycles(core))
    for name, base, size in (("SRAM", 0x2000_0000, 0x42000), ("flash", 0x1000_0000, 1 << 21)):
        seen[name] = chip.read_memory(base, size)
    seen["USB RAM"] = chip.read_memory(0x5010_0000, 0x1000)
    seen["cache"] = (chip.xip_hits, chip.xip_accesses)
    for base in PERIPHERALS:
        for offset in range(0, 0x450 if base == 0x5000_0000 else 0x1A4, 4):
            try:
                seen[f"{base + offset:#x}"] = chip.read_memory(base + offset, 4)
            except (ValueError, RuntimeError):
                continue  # no register there
    return seen


@pytest.mark.parametrize("program", ["multicore", "dma", "usb", "rtc", "flash", "adc", "pio", "pwm"])
def test_snapshots_are_exact(program: str) -> None:
    """Run, save, restore into another chip, run: the same output and the same state as run, run."""
    elf = build(program)
    straight, restored = run_in_slices(elf, change_chips=False), run_in_slices(elf, change_chips=True)
    assert (restored.text, bytes(restored.usb)) == (straight.text, bytes(straight.usb))
    a, b = visible(straight.chip), visible(restored.chip)
    assert {name for name in a if a[name] != b.get(name)} == set()


def compare_with_single_steps(program: Path, since: float, windows: int) -> None:
    """From `since` seconds on, in windows: what the chip does by itself, and with each instruction recorded."""

    def state(chip: _native.Chip) -> list[object]:
        memory = hashlib.sha256(chip.read_memory(0x2000_0000, 0x42000)).hexdigest()
        return [chip.cycles, chip.registers(0), chip.registers(1), memory]

    with Machine(program) as stepped, Machine(program) as left_alone:
        stepped.run(since)
        plain, fast = chip_of(stepped.engine), chip_of(left_alone.engine)
        plain.record_instructions(1)
        for n in range(windows):
            fast.restore(plain.save())
            until = plain.cycles + (100_000, 37_000, 251_000)[n % 3]
            for chip in (fast, plain):
                chip.run_until(until)
            assert state(fast) == state(plain), f"cycle {until}"


@pytest.mark.parametrize("program", ["multicore", "dma", "pio", "timer", "usb"])
def test_single_steps(program: str) -> None:
    compare_with_single_steps(build(program), 0.002, 9)


@pytest.mark.parametrize("program", brought(), ids=lambda path: str(path.relative_to(FOLDER)))
def test_single_steps_of_brought(program: Path) -> None:
    """The programs of test_brought.py, a moment after their start."""
    compare_with_single_steps(program, 0.05, 15)
