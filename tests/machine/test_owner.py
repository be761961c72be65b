"""One machine, one user at a time; whoever else comes is told so by name."""

from __future__ import annotations

import multiprocessing
import threading
from multiprocessing.connection import Connection

import pytest

from emberwatch.base.errors import EngineError
from emberwatch.machine.owner import Owner


def test_a_thread_may_nest_and_another_one_is_refused() -> None:
    owner, said = Owner(), []

    def other() -> None:
        with pytest.raises(EngineError) as refusal, owner.alone():
            pass
        said.append(str(refusal.value))

    with owner.alone(), owner.alone():
        thread = threading.Thread(target=other, name="second")
        thread.start()
        thread.join()
    assert said == [
        "this machine is in use by thread 'MainThread'; wait for it, or give thread 'second' a machine of its own"
    ]
    threading.Thread(target=lambda: owner.alone().__enter__(), name="later").start()


def test_a_closed_one_lets_nobody_in() -> None:
    owner = Owner()
    owner.close()
    owner.close()
    with pytest.raises(EngineError, match="closed"), owner.alone():
        pass


def test_no_one_closes_what_is_in_use() -> None:
    owner, errors = Owner(), []

    def close() -> None:
        try:
            owner.close()
        except EngineError as error:
            errors.append(error)

    with owner.alone():
        thread = threading.Thread(target=close)
        thread.start()
        thread.join()
    assert len(errors) == 1 and not owner.closed


def _in_the_child(owner: Owner, answers: Connection) -> None:
    try:
        with owner.alone():
            answers.send("let in")
    except EngineError as error:
        answers.send(str(error))


def test_a_fork_is_refused() -> None:
    owner = Owner()
    ours, theirs = multiprocessing.Pipe()
    child = multiprocessing.get_context("fork").Process(target=_in_the_child, args=(owner, theirs))
    child.start()
    assert ours.poll(60) and "before a fork" in ours.recv()
    child.join()
    with owner.alone():
        pass
