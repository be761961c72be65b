"""What a program prints, taken byte by byte and many at once."""

from __future__ import annotations

import random

import pytest

from emberwatch.base.errors import EmulationError
from emberwatch.machine import console
from emberwatch.machine.console import Port


def test_many_bytes_are_taken_as_they_are_one_by_one() -> None:
    rng = random.Random(1)
    one, many = Port(), Port()
    cycle = 0
    for _ in range(200):
        sent = []
        for _ in range(rng.randrange(30)):
            cycle += rng.randrange(1, 1000)
            sent.append((cycle, rng.choice(b"ab\r\n\n\xff")))
        for at, byte in sent:
            one.feed(at / 7, byte)
        many.feed_all(sent, lambda at: at / 7)
        assert many == one
    assert len(one.lines) > 100


def test_more_than_is_kept_ends_the_run_at_the_same_byte(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(console, "MOST_LINES", 3)
    port = Port()
    with pytest.raises(EmulationError, match="more than is kept"):
        port.feed_all([(at, 10) for at in range(9)], float)
    assert len(port.lines) == 3
