"""Processes that take jobs: a job whose process is killed is done by another, and nothing is done twice."""

from __future__ import annotations

import os
from pathlib import Path

import crew_jobs
import pytest

from emberwatch.base.crew import Crew, WorkerDied

pytestmark = pytest.mark.skipif(os.name == "nt", reason="SIGKILL is of POSIX")


def test_what_a_killed_process_was_at_is_done_again_and_nothing_else(tmp_path: Path) -> None:
    with Crew(2, crew_jobs.note_and_die_once) as crew:
        found = list(crew.in_order((tmp_path, number) for number in range(8)))
    assert found == [number * number for number in range(8)]
    assert [(tmp_path / f"{n}").stat().st_size for n in range(8)] == [1, 1, 1, 2, 1, 1, 1, 1]


def test_a_job_that_kills_whoever_takes_it_is_given_up() -> None:
    with Crew(1, crew_jobs.deadly) as crew:
        done = sorted(crew.run(range(3)), key=lambda one: one.number)
    assert [one.value for one in done] == [0, None, 2]
    assert isinstance(done[1].error, WorkerDied) and "-9" in str(done[1].error)


def test_errors_arrive_with_their_words() -> None:
    with Crew(1, crew_jobs.refuse) as crew:
        errors = [str(one.error) for one in crew.run(range(2))]
    assert errors == ["no", "it stopped"]
