"""A `Machine` on a real Renode: snapshots, power, and the calls that are followed. Skipped without one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from emberwatch.base.errors import EngineError
from emberwatch.detector.taps import FeatureCapture, PcmCapture
from emberwatch.engines.renode import worker
from emberwatch.inspect.calls import Call, CallTracer
from emberwatch.machine.machine import Machine, Snapshot

pytestmark = pytest.mark.usefixtures("real_renode")


@pytest.fixture(scope="module", autouse=True)
def end_processes() -> Iterator[None]:
    yield
    worker.end_all()


def goes_on(machine: Machine) -> tuple[int, int, list[tuple[float, str]]]:
    """What a machine does in 0.3 s."""
    machine.run(0.3)
    return machine.engine.cycle, machine.engine.sleep_cycles, list(machine.lines)


def test_a_machine_goes_back_to_its_own_snapshot(firmware: Path) -> None:
    with Machine(firmware, engine="renode") as machine:
        machine.run(0.4)
        snapshot = machine.save()
        first = goes_on(machine)
        machine.restore(snapshot)
        assert goes_on(machine) == first
        for damaged in (b"nonsense", snapshot.engine[:-9], snapshot.engine[:-1] + b"?"):
            with pytest.raises(EngineError, match="damaged"):
                machine.engine.restore(damaged)


def test_another_process_goes_on_from_a_snapshot(firmware: Path) -> None:
    with Machine(firmware, engine="renode") as machine:
        machine.run(0.4)
        snapshot = machine.save()
        first = goes_on(machine)
        with Machine(firmware, engine="renode") as other:  # a process for each, as long as both are open
            other.run(0.1)
            other.restore(snapshot)
            assert goes_on(other) == first
            changed = snapshot.engine.replace(b'"classes": "', b'"classes": "0', 1)
            with pytest.raises(EngineError, match="of another Renode"):
                other.restore(Snapshot(changed, snapshot.console, {}))


def test_power_off_and_on_begins_anew(firmware: Path) -> None:
    with Machine(firmware, engine="renode") as machine:
        first = goes_on(machine)
        for _ in range(2):
            machine.reset()
            assert (machine.cycles, machine.lines) == (0, [])
            assert goes_on(machine) == first


def test_calls_that_are_followed_change_no_cycle(firmware: Path) -> None:
    """Calls and returns are seen at the ends of blocks, as by a breakpoint before the instruction."""
    alone = None
    for followed in (False, True):
        with Machine(firmware, engine="renode") as machine:
            calls: list[tuple[Call, int, int]] = []
            if followed:
                tracer = CallTracer(machine)
                for name in ("pdm_decimate", "features_compute"):
                    tracer.on_return(
                        name, lambda call, cycle, m=machine, c=calls: c.append((call, cycle, m.engine.register(15)))
                    )
            seen = goes_on(machine)
            if not followed:
                alone = seen
                continue
            assert seen == alone
            names = [call.name for call, _, _ in calls]
            assert names.count("features_compute") == 4 * names.count("pdm_decimate") >= 4
            symbols = machine.image.symbols
            for call, end, pc in calls:
                assert call.start < end
                symbol = symbols[call.name]
                assert not symbol.address <= pc < symbol.address + symbol.size, "it has returned"
            lengths = {end - call.start for call, end, _ in calls if call.name == "pdm_decimate"}
            assert max(lengths) - min(lengths) < 100 and 70_000 < min(lengths) < 90_000


def test_functions_take_the_embedded_engines_cycles(firmware: Path) -> None:
    """The XIP cache replaces the same lines though the engines fetch and load in slightly different order: of the
    table in docs/renode.md, whose functions from flash compete with the network for the cache."""
    names = ("app_process_block", "model_stream_push", "crc32_mpeg2", "flash_slice", "code_slice", "image_intact")
    taken = []
    for engine in ("embedded", "renode"):
        with Machine(firmware, engine=engine, trace=names) as machine:
            machine.engine.set_microphone_timebase(machine.board.needed_microphone.pdm_hz)  # the same bits
            machine.run(3.0)
            taken.append(machine.functions)
    embedded, renode = taken
    assert set(embedded) == set(renode) == set(names)
    for name in names:
        assert renode[name].calls == embedded[name].calls
        assert renode[name].mean == pytest.approx(embedded[name].mean, rel=5e-4), name


def test_taps_change_no_cycle_and_outlive_a_snapshot(firmware: Path) -> None:
    """What calls leave is kept without a stop; one that a snapshot interrupts is not seen to end."""
    with Machine(firmware, engine="renode") as machine:
        alone = goes_on(machine)
    with Machine(firmware, engine="renode") as machine:
        pcm, features = PcmCapture(machine), FeatureCapture(machine)
        assert goes_on(machine) == alone
        blocks = len(pcm.samples) // 512
        assert len(features.frames) == 4 * blocks >= 4
        snapshot = machine.save()
        first = goes_on(machine)
        machine.restore(snapshot)
        assert goes_on(machine) == first
        assert len(pcm.samples) // 512 > 2 * blocks
    assert len(pcm.samples) % 512 == 0, "and what was kept is there when the machine is closed"
