"""Two minutes of a day: segments join, a cut run goes on, and what was heard is held beside what sounded."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from command_line import FIRMWARE

pytest.importorskip("emberwatch._native", reason="the emulator core is not built; run: make setup")

from emberwatch.base.errors import UsageError
from emberwatch.campaign.endurance import Endurance, Segment, run, verify
from emberwatch.campaign.endurance_report import judge
from emberwatch.campaign.soundscape import Soundscape


def nothing(_: object) -> None: ...


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Endurance:
    if not FIRMWARE.is_file():
        pytest.skip("no firmware; run: make firmware")
    return Endurance(FIRMWARE, 75.0, tmp_path_factory.mktemp("endurance"), segment_s=30.0)


@pytest.fixture(scope="module")
def segments(asked: Endurance) -> list[Segment]:
    return run(asked, nothing, nothing)


def test_stretches_of_a_day_agree_where_they_overlap() -> None:
    day = Soundscape(86400.0, seed=3)
    early, late = day.scenario(7200.0, 7800.0), day.scenario(7800.0, 8400.0)
    start = 7798 * 16000
    heard = early.mix(start, 4 * 16000)
    assert np.array_equal(heard, late.mix(start, 4 * 16000)) and np.any(heard)
    ends = [(placed.at_s, placed.end_s) for placed in day.alarms]
    assert len(ends) > 300 and all(before[1] + 40 < after[0] for before, after in pairwise(ends))


def test_every_segment_begun_by_another_process_goes_as_it_went(asked: Endurance, segments: list[Segment]) -> None:
    seams = list(verify(asked, segments, whole=len(segments)))
    assert [(seam.number, seam.whole, seam.differs) for seam in seams] == [(0, True, ""), (1, True, ""), (2, True, "")]
    wrong = replace(segments[1], stretch_cycle=segments[1].stretch_cycle + 1)
    assert [seam.differs for seam in verify(asked, [wrong], whole=0)] == ["stretch_cycle"]


def test_a_run_that_was_cut_off_goes_on_to_the_same_end(asked: Endurance, segments: list[Segment]) -> None:
    (asked.folder / "segment-0002.json").unlink()
    told: list[int] = []
    again = run(asked, lambda segment: told.append(segment.number), nothing)
    assert told == [0, 1, 2] and again == segments


def test_the_alarm_is_found_and_nothing_else(asked: Endurance, segments: list[Segment]) -> None:
    report = judge(asked, segments)
    assert [one.kind for one in report.heard] == ["t4"] and report.false_alarms == []
    assert report.passed and report.problems == [] and report.clock_error_s < 0.05
    deaf = [replace(segment, said=[one for one in segment.said if " on " not in one[1]]) for segment in segments]
    assert len(judge(asked, deaf).missed) == 1
    gap = [segments[0], replace(segments[1], windows=(936, 939, 1876)), segments[2]]
    assert any("windows" in problem for problem in judge(asked, gap).problems)


def test_a_folder_belongs_to_one_run(asked: Endurance, segments: list[Segment]) -> None:
    with pytest.raises(UsageError, match="holds another endurance run"):
        run(replace(asked, seed=2), nothing, nothing)
