"""Processes beside this one: Ctrl-C is for the one that the user started."""

from __future__ import annotations

import subprocess
import sys

import pytest

_SCRIPT = """
import os, signal, time
from emberwatch.base.workers import WorkerPool

signal.signal(signal.SIGINT, signal.default_int_handler)
try:
    with WorkerPool(2, finish={finish}) as pool:
        jobs = [pool.submit({job}) for _ in range(6)]
        while not (jobs[0].running() or jobs[0].done()):
            time.sleep(0.001)
        os.killpg(0, signal.SIGINT)  # as a terminal does, while the processes start
except KeyboardInterrupt:
    print("interrupted", sum(job.done() and not job.cancelled() and job.exception() is None for job in jobs))
"""


@pytest.mark.parametrize(("finish", "job"), [(True, "abs, -1"), (False, "time.sleep, 3600")])
def test_ctrl_c_while_processes_start_is_for_their_parent_alone(finish: bool, job: str) -> None:
    command = [sys.executable, "-c", _SCRIPT.format(finish=finish, job=job)]
    done = subprocess.run(command, capture_output=True, text=True, start_new_session=True)
    assert done.stderr == ""
    word, finished = done.stdout.split()
    assert word == "interrupted"
    assert (int(finished) > 0) == finish
