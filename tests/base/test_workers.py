"""Processes that take jobs: nothing is lost with one that is killed, and Ctrl-C is for who started them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import worker_jobs

from emberwatch.base.workers import Crew, WorkerDied

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals are of POSIX")

_SCRIPT = """
import os, signal, time
from emberwatch.base.workers import Crew

signal.signal(signal.SIGINT, signal.default_int_handler)

def jobs():
    yield {job}
    os.killpg(0, signal.SIGINT)  # as a terminal does, while the first process starts
    yield {job}

if __name__ == "__main__":
    try:
        with Crew(2, {work}, finish={finish}) as crew:
            list(crew.run(jobs()))
    except KeyboardInterrupt:
        print("interrupted", os.path.exists("made"))
"""


@pytest.mark.parametrize(
    ("finish", "work", "job"), [(True, "os.mkdir", "'made'"), (False, "time.sleep", "3600")], ids=["finish", "drop"]
)
def test_ctrl_c_while_processes_start_is_for_their_parent_alone(
    tmp_path: Path, finish: bool, work: str, job: str
) -> None:
    script = tmp_path / "script.py"
    script.write_text(_SCRIPT.format(finish=finish, work=work, job=job))
    done = subprocess.run(
        [sys.executable, script], cwd=tmp_path, capture_output=True, text=True, start_new_session=True
    )
    assert (done.stderr, done.stdout) == ("", f"interrupted {finish}\n")


def test_what_a_killed_process_was_at_is_done_again_and_nothing_else(tmp_path: Path) -> None:
    with Crew(2, worker_jobs.note_and_die_once) as crew:
        found = list(crew.in_order((tmp_path, number) for number in range(8)))
    assert found == [number * number for number in range(8)]
    assert [(tmp_path / f"{n}").stat().st_size for n in range(8)] == [1, 1, 1, 2, 1, 1, 1, 1]


def test_a_job_that_kills_whoever_takes_it_is_given_up() -> None:
    with Crew(1, worker_jobs.deadly) as crew:
        done = sorted(crew.run(range(3)), key=lambda one: one.number)
    assert [one.value for one in done] == [0, None, 2]
    assert isinstance(done[1].error, WorkerDied) and "-9" in str(done[1].error)


def test_errors_arrive_with_their_words() -> None:
    with Crew(1, worker_jobs.refuse) as crew:
        errors = [str(one.error) for one in crew.run(range(2))]
    assert errors == ["no", "it stopped"]
