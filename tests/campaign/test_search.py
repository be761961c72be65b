"""Bisection with confidence: against coins of known bias, and the claim that it is made for."""

from __future__ import annotations

import random

import pytest
from paths import ROOT

from emberwatch.base.errors import UsageError
from emberwatch.campaign.search import Demand, decide, find_break

FIRMWARE = ROOT / "build/firmware/pico/emberwatch.elf"


@pytest.mark.parametrize(("share", "right"), [(0.97, "holds"), (0.95, "holds"), (0.7, "breaks"), (0.3, "breaks")])
def test_the_sequential_test_keeps_its_risk(share: float, right: str) -> None:
    """2,000 coins of each bias; at most the risk of 5 % and three standard deviations of chance decide wrong."""
    demand = Demand(most=10_000)
    chance = random.Random(f"coins {share}")
    verdicts = [decide(lambda _: chance.random() < share, demand, 0.05)[1] for _ in range(2000)]
    assert verdicts.count(right) >= 2000 * 0.95 - 3 * (2000 * 0.05 * 0.95) ** 0.5
    assert "open" not in verdicts


def test_sure_things_take_few_runs() -> None:
    assert decide(lambda _: True, Demand(), 0.01)[0].trials == 16
    assert decide(lambda _: False, Demand(), 0.01)[0].trials == 3


def test_what_cannot_be_told_is_left_open_and_counts_as_broken() -> None:
    demand = Demand(most=8)
    assert decide(lambda number: number % 5 != 4, demand, 0.001)[1] == "open"
    found = find_break(lambda value, n: value > 5 or (value > 3 and n % 5 != 4), 9, 0, 1, Demand(most=25))
    assert found.holds_at > 5 >= found.breaks_at


@pytest.mark.parametrize(("good", "bad"), [(-20.0, -80.0), (0.0, 50_000.0)])
def test_bisection_closes_in_from_either_side(good: float, bad: float) -> None:
    edge = good + 0.37 * (bad - good)
    found = find_break(lambda value, _: abs(value - good) < abs(edge - good), good, bad, abs(bad - good) / 100)
    low, high = sorted((found.holds_at, found.breaks_at))
    assert low <= edge <= high and high - low <= abs(bad - good) / 100
    assert len(found.points) == 2 + 7 and found.runs == sum(p.share.trials for p in found.points)


def test_the_break_of_a_steep_curve_is_found_as_often_as_promised() -> None:
    """A probability that falls from 1 to 0 between 40 and 42: the answer lies there in 95 % of searches or more."""
    wrong = 0
    for seed in range(200):
        chance = random.Random(seed)
        found = find_break(lambda value, _, c=chance: c.random() < min(1, max(0, (42 - value) / 2)), 0, 100, 1)  # type: ignore[misc]
        wrong += not (found.holds_at <= 41 and found.breaks_at >= 40)
    assert wrong <= 200 * 0.05 + 3 * (200 * 0.05 * 0.95) ** 0.5


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: find_break(lambda v, n: False, 0, 1, 0.1), "does not hold at 0"),
        (lambda: find_break(lambda v, n: True, 0, 1, 0.1), "still holds at 1"),
        (lambda: find_break(lambda v, n: True, 1, 1, 0.1), "two different numbers"),
        (lambda: find_break(lambda v, n: True, 0, 1, 0.0), "resolution = 0"),
        (lambda: find_break(lambda v, n: True, 0, 1e30, 1e-9), "too fine"),
        (lambda: Demand(wanted=0.5, tolerated=0.5), "tolerated < wanted"),
        (lambda: Demand(confidence=1.0), "confidence = 1"),
        (lambda: Demand(most=0), "at least 1"),
    ],
)
def test_a_search_that_makes_no_sense_is_refused(call: object, message: str) -> None:
    assert callable(call)
    with pytest.raises(UsageError, match=message):
        call()


def test_the_detector_hears_a_loud_alarm_and_no_inaudible_one() -> None:
    pytest.importorskip("emberwatch._native", reason="the emulator core is not built; run: make setup")
    from emberwatch.campaign.claim import Hearing

    if not FIRMWARE.is_file():
        pytest.skip("no firmware; run: make firmware")
    level = Hearing(FIRMWARE, "level")
    assert level(-20.0, 0) and not level(-110.0, 0)
    assert not Hearing(FIRMWARE, "snr")(-40.0, 0)
    assert Hearing(FIRMWARE, "clock")(500.0, 0)
    with pytest.raises(UsageError, match="'colour' cannot be searched"):
        Hearing(FIRMWARE, "colour")  # type: ignore[arg-type]
