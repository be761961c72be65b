"""The profiler's figures, against the emulator's own counters, FunctionTracer and programs whose calls are known."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from programs import needs_firmware

from emberwatch.detector.machine import DetectorMachine
from emberwatch.inspect.profiling import CoreProfile, Costs, Profile, ProfileRecorder

Profiled = tuple[DetectorMachine, Profile]


def core(profiled: Profiled, number: int = 0) -> CoreProfile:
    return next(c for c in profiled[1].cores if c.core == number)


def own_sums(profile: CoreProfile) -> tuple[Costs, Costs, Costs, Costs]:
    nodes = sum((n.own for n in profile.nodes), Costs())
    instructions = sum((i.own for i in profile.instructions), Costs())
    functions = sum((f.own for f in profile.functions), Costs())
    return nodes, instructions, functions, sum((line.own for line in profile.lines), Costs())


@pytest.mark.parametrize("fixture", ["calls_machine", "firmware_machine"])
def test_every_busy_cycle_is_booked_once(fixture: str, request: pytest.FixtureRequest) -> None:
    machine, profile = profiled = request.getfixturevalue(fixture)
    busy = machine.cycles - machine.engine.sleep_cycles
    assert busy > 1000
    assert [s.cycles for s in own_sums(core(profiled))] == [busy] * 4
    for c in profile.cores:
        nodes, instructions, functions, lines = own_sums(c)
        assert nodes == instructions == functions == lines == c.busy
        assert sum(n.total.cycles for n in c.nodes if n.parent is None) == c.busy.cycles


def test_profiling_changes_no_cycle(calls_elf: Path, calls_machine: Profiled) -> None:
    traced = ("leaf", "work", "recurse", "tick")
    plain = DetectorMachine(calls_elf, engine="embedded", trace=traced)
    plain.run(0.01)
    profiled = calls_machine[0]
    assert plain.cycles == profiled.cycles
    assert plain.functions == profiled.functions
    assert plain.read("sink") == profiled.read("sink")
    assert plain.engine.sleep_cycles == profiled.engine.sleep_cycles


def test_the_firmware_says_the_same_at_the_same_time(firmware_machine: Profiled) -> None:
    plain = DetectorMachine(needs_firmware(), engine="embedded")
    plain.run(0.5)
    assert plain.lines == firmware_machine[0].lines
    assert plain.lines
    assert plain.cycles == firmware_machine[0].cycles


def test_calls_are_counted_exactly(calls_machine: Profiled) -> None:
    functions = {f.name: f for f in core(calls_machine).functions}
    assert functions["work"].calls == functions["work"].finished == 1
    assert functions["jumps_to_leaf"].calls == 1
    assert functions["recurse"].calls == 8
    assert functions["choose"].calls == 7
    assert functions["tick"].calls == 3
    assert functions["leaf"].calls == 5 + 1 + 1 + 3
    assert "only_on_core1" not in functions


def test_recursion_counts_each_cycle_once(calls_machine: Profiled) -> None:
    recurse = calls_machine[1].function("recurse")
    assert recurse is not None
    assert recurse.total.cycles == recurse.own.cycles == recurse.max
    assert recurse.min < recurse.max


def test_stack_of_a_recursion_is_the_sum_of_its_frames(calls_machine: Profiled) -> None:
    recurse = calls_machine[1].function("recurse")
    work = calls_machine[1].function("work")
    assert recurse is not None and work is not None
    assert recurse.own_stack >= 16 + 4
    assert recurse.stack == 8 * recurse.own_stack
    assert work.stack == work.own_stack + recurse.stack
    high = core(calls_machine).high_water
    assert high.top == 0x20040000
    assert high.chain.count("recurse") == 8
    assert high.used >= work.stack


def test_tail_call_ends_with_its_caller(calls_machine: Profiled) -> None:
    c = core(calls_machine)
    tail = next(
        n for n in c.nodes if n.name == "leaf" and n.parent is not None and c.nodes[n.parent].name == "jumps_to_leaf"
    )
    assert tail.calls == 1
    after = [n for n in c.nodes if n.name == "recurse" and n.parent is not None and c.nodes[n.parent].name == "work"]
    assert len(after) == 1, "what follows belongs to the caller again"


def test_interrupts_have_a_tree_of_their_own(calls_machine: Profiled) -> None:
    c = core(calls_machine)
    roots = [i for i, n in enumerate(c.nodes) if n.name == "SysTick"]
    assert len(roots) == 1
    root = c.nodes[roots[0]]
    assert root.parent is None and not root.is_function and root.calls == 3
    handlers = [n for n in c.nodes if n.parent == roots[0]]
    assert [n.name for n in handlers] == ["tick"]
    assert root.total == handlers[0].total
    assert handlers[0].own.cycles >= 3 * 15, "the exception entries"


def test_the_other_core_has_its_own_profile(calls_machine: Profiled) -> None:
    functions = {f.name: f for f in core(calls_machine, 1).functions}
    assert functions["only_on_core1"].calls == 1
    assert functions["leaf"].calls == 1
    assert functions["only_on_core1"].total.cycles > functions["leaf"].total.cycles > 0
    waits = sum(c.busy.bus_waits for c in calls_machine[1].cores)
    assert waits > 0, "both cores ran from the same banks of SRAM"


@pytest.mark.parametrize("fixture", ["calls_machine", "firmware_machine"])
def test_agrees_with_the_function_tracer(fixture: str, request: pytest.FixtureRequest) -> None:
    machine, profile = request.getfixturevalue(fixture)
    measured = machine.functions if fixture == "calls_machine" else {}
    if fixture == "firmware_machine":
        plain = DetectorMachine(needs_firmware(), engine="embedded")
        plain.run(0.5)
        measured = plain.functions
        assert {"pdm_decimate", "features_compute", "app_process_block"} <= set(measured)
    assert measured
    for name, cycles in measured.items():
        f = profile.function(name)
        assert f is not None
        if name == "leaf":  # the tracer counts a tail call with its caller's frame
            continue
        assert (f.finished, f.min, f.max) == (cycles.calls, cycles.min, cycles.max), name
        assert f.mean == pytest.approx(cycles.mean)


def test_xip_misses_are_those_of_the_cache(firmware_machine: Profiled) -> None:
    machine, profile = firmware_machine
    chip = machine.engine.chip  # type: ignore[attr-defined]
    misses = sum(c.busy.xip_misses for c in profile.cores)
    assert misses == chip.xip_accesses - chip.xip_hits > 0
    assert core(firmware_machine).busy.xip_stalls >= misses


def test_lines_are_those_of_the_source(calls_elf: Path, calls_machine: Profiled) -> None:
    source = (calls_elf.parent / "calls.c").read_text().splitlines()
    loop = next(n for n, text in enumerate(source, 1) if "KEEP void leaf" in text)
    lines = {line.source.line: line for line in core(calls_machine).lines if not isinstance(line.source, str)}
    assert lines[loop].function == "leaf"
    leaf = calls_machine[1].function("leaf")
    assert leaf is not None
    assert lines[loop].own == leaf.own


def test_a_stripped_program_is_named_by_addresses(calls_elf: Path, tmp_path: Path, calls_machine: Profiled) -> None:
    stripped = tmp_path / "stripped.elf"
    subprocess.run(["arm-none-eabi-objcopy", "--strip-all", calls_elf, stripped], check=True)
    machine = DetectorMachine(stripped, engine="embedded")
    recorder = ProfileRecorder(machine)
    machine.run(0.01)
    profile = recorder.profile()
    assert profile.cores[0].busy == core(calls_machine).busy
    work = calls_machine[1].function("work")
    assert work is not None
    found = next(f for f in profile.cores[0].functions if f.address == work.address)
    assert found.name == f"{work.address:#010x}"
    assert (found.calls, found.max, found.total) == (work.calls, work.max, work.total)


def test_a_restored_snapshot_starts_a_new_tree(calls_elf: Path) -> None:
    machine = DetectorMachine(calls_elf, engine="embedded")
    machine.run(0.0003)
    snapshot = machine.save()
    recorder = ProfileRecorder(machine)
    machine.run(0.0003)
    machine.restore(snapshot)
    machine.run(0.0003)
    profile = recorder.profile()
    for c in profile.cores:
        assert sum(i.own.cycles for i in c.instructions) == c.busy.cycles > 0
