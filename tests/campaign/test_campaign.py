"""A small campaign: the same bytes whoever runs it, nothing lost or done twice, and every run again to the cycle."""

from __future__ import annotations

import multiprocessing
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from command_line import FIRMWARE, emberwatch, should_refuse

pytest.importorskip("emberwatch._native", reason="the emulator core is not built; run: make setup")
pytest.importorskip("pyarrow", reason="no pyarrow; get it with: pip install emberwatch[campaign]")

from emberwatch.audio import files
from emberwatch.audio.sounds import Speechlike
from emberwatch.base.errors import UsageError
from emberwatch.base.workers import Workers
from emberwatch.campaign.case import Case
from emberwatch.campaign.file import Budget, load
from emberwatch.campaign.plan import make_plan
from emberwatch.campaign.replay import Replay, differences, find
from emberwatch.campaign.results import JOURNAL, Journal, read_journal
from emberwatch.campaign.rows import RESULTS, read_results
from emberwatch.campaign.runner import run_case
from emberwatch.campaign.scheduler import State, local, run

TEXT = """
firmware = ["{firmware}"]
[[grid]]
generate = ["continuous"]
parameters = {{frequency_hz = [2900.0, 3100.0]}}
seconds = 5.0
level_dbfs = [-20.0]
snr_db = [20.0]
room = ["dry", "next_room"]
[[grid]]
file = ["talk.wav"]
level_dbfs = [-20.0]
expect = "quiet"
[[grid]]
scenario = ["steps.toml"]
expect = "steps"
[[grid]]
generate = ["continuous"]
seconds = 5.0
[grid.faults]
count = 2
kinds = {{sram = 1, microphone = 1}}
first_s = 0.5
last_s = 2.0
"""
STEPS = 'duration_s = 1.0\n[[step]]\nexpect = "emberwatch"\n[[sound]]\nfile = "talk.wav"\n'


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not FIRMWARE.is_file():
        pytest.skip("no firmware; run: make firmware")
    made = tmp_path_factory.mktemp("campaign")
    files.save(made / "talk.wav", Speechlike(1).read(0, 16000))
    (made / "steps.toml").write_text(STEPS)
    (made / "small.toml").write_text(TEXT.format(firmware=FIRMWARE))
    return made


@pytest.fixture(scope="module")
def cases(folder: Path) -> list[Case]:
    return make_plan(load(folder / "small.toml"))


@pytest.fixture(scope="module")
def reference(folder: Path, cases: list[Case]) -> Path:
    done = folder / "reference"
    with local(1) as crew:
        run(cases, done, crew)
    return done


def bytes_of(folder: Path) -> bytes:
    return (folder / RESULTS).read_bytes()


def test_rows_say_what_came_out(reference: Path, cases: list[Case]) -> None:
    rows = read_results(reference)
    assert [(row.id, row.number) for row in rows] == [(case.id, case.number) for case in cases]
    heard, quiet, steps, faulty = rows[:4], rows[4], rows[5], rows[6:]
    for row in heard:
        assert row.verdict == "pass" and row.alarm_kind == "continuous"
        assert row.latency_s is not None and 3.5 < row.latency_s < 6 and row.margin == round(8 - row.latency_s, 6)
        assert row.cycles["app_process_block"] > row.cycles["model_stream_push"] > 0
    assert (quiet.verdict, quiet.alarm, quiet.label) == ("pass", False, "other")
    assert steps.verdict == "pass"
    assert all(row.outcome and row.fault_kind and row.verdict == "pass" for row in faulty)


def test_a_killed_worker_loses_nothing_and_does_nothing_twice(
    tmp_path: Path, cases: list[Case], reference: Path
) -> None:
    killed = []

    def kill_one(state: State) -> None:
        if state.done == 2 and not killed:
            killed.append(multiprocessing.active_children()[0])
            killed[0].kill()

    with local(2) as crew:
        run(cases, tmp_path, crew, on_done=kill_one)
    assert killed and bytes_of(tmp_path) == bytes_of(reference)
    lines = (tmp_path / JOURNAL).read_bytes().splitlines()
    assert len(lines) == len(cases)


def test_what_stopped_goes_on_where_it_was(tmp_path: Path, cases: list[Case], reference: Path) -> None:
    with local(1) as crew:
        state = run(cases, tmp_path, crew, Budget(runs=3))
    assert state.done == 3 and state.stopped and len(read_results(tmp_path)) == 3
    before = (tmp_path / JOURNAL).read_bytes()
    with (tmp_path / JOURNAL).open("ab") as journal:  # as a lost machine leaves it
        journal.write(before[: len(before) // 2].rpartition(b"\n")[2])
    given: list[Case] = []

    class Counting:
        def run(self, jobs: Any) -> Any:
            with local(2) as crew:
                yield from crew.run(given.append(job) or job for job in jobs)  # type: ignore[func-returns-value]

    workers: Workers[Case, Any] = Counting()
    run(cases, tmp_path, workers)
    assert {case.id for case in given} == {case.id for case in cases} - {row.id for row in read_results(reference)[:3]}
    assert (tmp_path / JOURNAL).read_bytes().startswith(before)
    assert bytes_of(tmp_path) == bytes_of(reference)


def test_a_dask_cluster_gives_the_same_bytes(
    tmp_path: Path, cases: list[Case], reference: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    distributed = pytest.importorskip("distributed")
    from emberwatch.campaign.cluster import Cluster

    sent: Counter[str] = Counter()
    scatter = distributed.Client.scatter

    def counted(client: Any, data: dict[str, bytes], **options: Any) -> Any:
        sent.update(data.keys())
        return scatter(client, data, **options)

    monkeypatch.setattr(distributed.Client, "scatter", counted)
    settings = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": ":0", "host": "127.0.0.1"}
    with distributed.LocalCluster(**settings) as dask, Cluster(dask.scheduler_address) as cluster:
        run(cases, tmp_path, cluster)
    assert bytes_of(tmp_path) == bytes_of(reference)
    contents = {f"emberwatch-{content.sha256}" for case in cases for content in case.contents}
    assert sent == dict.fromkeys(contents, 1), "a file goes to the cluster once, whatever number of cases needs it"
    assert len({entry.worker for entry in read_journal(tmp_path)}) == 2


def test_a_run_again_from_power_on_is_the_same_to_the_cycle(cases: list[Case], reference: Path) -> None:
    for case in cases:
        found, then = find(reference, case.id[:12])
        assert found == case and then is not None
        replay = Replay(case)
        with replay.machine:
            assert differences(then, replay.finish()) == []


def test_a_file_that_changed_since_is_an_error_and_no_answer(folder: Path, cases: list[Case]) -> None:
    case = next(case for case in cases if case.recording is not None)
    sound = Path(case.recording.path)
    before = sound.read_bytes()
    sound.write_bytes(before + b"x")
    try:
        row = run_case(case)
    finally:
        sound.write_bytes(before)
    assert row.verdict == "error" and "is not what it was" in row.error


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_full_disk_is_told_in_a_line() -> None:
    with open("/dev/full", "ab", buffering=0) as full, pytest.raises(UsageError, match="same command goes on"):
        Journal(full, Path("journal.jsonl")).add({"id": "0"})


def test_the_command_line(folder: Path, reference: Path, cases: list[Case]) -> None:
    done = emberwatch("campaign", "run", folder / "small.toml", "--out", reference)
    assert done.returncode == 0 and f"{len(cases)} of {len(cases)} runs done" in done.stdout, done.stderr
    status = emberwatch("campaign", "status", reference)
    assert status.returncode == 0 and f"{len(cases)} pass" in status.stdout
    again = emberwatch("campaign", "replay", "0", "--in", reference, "--vcd", folder / "x.vcd")
    assert again.returncode == 0 and "the same to the cycle" in again.stdout
    assert (folder / "x.vcd").stat().st_size > 1000
    should_refuse(emberwatch("campaign", "replay", "abcdefab", "--in", reference), "no run 'abcdefab'")
    should_refuse(emberwatch("campaign", "status", folder / "nowhere"), "holds no campaign")
    cluster = emberwatch("campaign", "run", folder / "small.toml", "--cluster", "tcp://127.0.0.1:9")
    should_refuse(cluster, "no Dask scheduler answers")
