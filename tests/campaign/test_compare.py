"""Comparison of campaigns: a regression is told from noise, in both directions; page and JUnit of both."""

from __future__ import annotations

import random
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest

from emberwatch.base.errors import UsageError
from emberwatch.campaign.compare import compare
from emberwatch.campaign.junit import junit
from emberwatch.campaign.rows import Row, write_results
from emberwatch.cli.main import run_command
from emberwatch.report.campaign.figures import by_address, by_block, heat_maps, latencies, worst
from emberwatch.report.campaign.page import render


class Tags(HTMLParser):
    """Complains of an element that ends where another is open."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: object) -> None:
        pass

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def heard(share: float, seed: int, count: int = 300, later_s: float = 0.0) -> list[Row]:
    """Runs of the same cases whatever `seed`, each of which passes with this probability."""
    chance = random.Random(seed)
    rows = []
    for number in range(count):
        passed = chance.random() < share
        latency = round(4.0 + number % 7 * 0.1 + later_s, 3) if passed else None
        rows.append(
            Row(
                f"{number:064x}",
                number,
                label=("t3", "other")[number % 2],
                level_dbfs=-20.0 - 10 * (number % 3),
                snr_db=(0.0, 10.0)[number // 3 % 2],
                seed=number,
                verdict="pass" if passed else "fail",
                latency_s=latency,
                margin=8.0 - latency if latency is not None else -1.0,
                emulated_s=10.0,
            )
        )
    return rows


def faulty(silent: int, count: int, digest: str) -> list[Row]:
    return [
        Row(
            f"{digest}{number}",
            number,
            firmware_sha256=digest,
            fault_kind="sram",
            fault_what=f"{digest} {number}",
            fault_at_s=1.0,
            fault_address=(0x2000_0000 + number, 0x4003_4024)[number % 2],
            fault_function="events",
            verdict="fail" if number < silent else "pass",
            outcome="silent" if number < silent else "masked",
        )
        for number in range(count)
    ]


def test_noise_is_no_regression_more_often_than_promised() -> None:
    """Pairs of campaigns of one firmware whose runs are independent: at most one in twenty is called worse."""
    wolves = sum(compare(heard(0.8, 2 * seed), heard(0.8, 2 * seed + 1)).regressed for seed in range(60))
    assert wolves <= 60 * 0.05 + 3 * (60 * 0.05 * 0.95) ** 0.5


def test_a_regression_is_found_with_the_cases_that_broke() -> None:
    before = heard(0.9, 1)
    after = [replace(row, verdict="fail", latency_s=None) if row.number % 20 == 0 else row for row in before]
    result = compare(before, after)
    first = result.differences[0]
    assert result.regressed and first.regressed and result.paired == 300
    assert set(first.cases) <= {row.number for row in before if row.number % 20 == 0 and row.verdict == "pass"}
    assert not compare(after, before).regressed, "the other way round it is better"
    assert any(d.significant for d in compare(after, before).differences)


def test_an_alarm_that_comes_later_is_a_regression() -> None:
    result = compare(heard(0.95, 3), heard(0.95, 3, later_s=0.1))
    assert [d.what for d in result.differences if d.regressed] == ["median time to the alarm"]
    assert not compare(heard(0.95, 3), heard(0.95, 3, later_s=0.01)).regressed, "less than a block"


def test_faults_of_another_firmware_have_no_partners() -> None:
    result = compare(faulty(0, 1000, "a"), faulty(20, 1000, "b"))
    assert result.paired == 0 and result.regressed
    assert not compare(faulty(0, 1000, "a"), faulty(2, 1000, "b")).regressed, "two of a thousand may be chance"
    with pytest.raises(UsageError, match="second campaign holds no runs"):
        compare(faulty(0, 1, "a"), [])


def test_the_commands_exit_with_the_answer(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("pyarrow", reason="no pyarrow; get it with: pip install emberwatch[campaign]")
    good, bad = tmp_path / "good", tmp_path / "bad"
    for folder, rows in ((good, heard(0.95, 1)), (bad, heard(0.6, 1))):
        folder.mkdir()
        write_results(folder, rows)
    assert command("compare", good, bad, "--report", tmp_path / "both.html") == 1
    assert "WORSE     runs that pass: " in capsys.readouterr().out
    assert "Beside the other campaign" in (tmp_path / "both.html").read_text()
    assert command("compare", good, good) == 0
    assert command("report", good, "--junit", tmp_path / "runs.xml") == 0
    assert (good / "report.html").is_file()
    assert ElementTree.parse(tmp_path / "runs.xml").getroot().tag == "testsuites"
    with pytest.raises(UsageError, match="does not exist"):
        command("compare", good, tmp_path / "none")
    with pytest.raises(UsageError, match="--confidence 2"):
        command("compare", good, good, "--confidence", "2")


def command(*words: object) -> int:
    return run_command("campaign", [str(word) for word in words])


def test_heat_maps_count_what_passes_where() -> None:
    rows = heard(0.7, 9)
    maps = {found.label: found for found in heat_maps(rows)}
    assert maps["t3"].levels == (-20.0, -30.0, -40.0) and maps["t3"].ratios == (0.0, 10.0)
    ours = [r for r in rows if r.label == "t3" and (r.level_dbfs, r.snr_db) == (-30.0, 10.0)]
    share = maps["t3"].cells[1][1]
    assert share is not None and (share.hits, share.trials) == (sum(r.verdict == "pass" for r in ours), len(ours))
    assert heat_maps(faulty(1, 10, "a")) == [], "faults are not levels"


def test_faults_stand_where_they_hit() -> None:
    rows = faulty(3, 100, "a")
    (strip,) = by_address(rows)
    assert strip.name == "sram" and strip.start == 0x2000_0000
    assert sum(part.count for column in strip.columns for part in column) == 50
    (block,) = by_block(rows)
    assert block.name == "UART0" and block.total == 50


def test_the_worst_come_first_and_every_run_is_in_a_bin() -> None:
    rows = [*faulty(2, 10, "a"), *heard(0.8, 4, count=50)]
    found = worst(rows)
    assert [row.outcome for row in found[:2]] == ["silent", "silent"] and len(found) == 10
    assert {row.verdict for row in found} == {"fail"}
    histograms = latencies(rows)
    assert sum(h.total for h in histograms) == sum(row.latency_s is not None for row in rows)
    assert all(h.median_s <= h.ninety_five_s <= h.most_s for h in histograms)


def test_the_page_is_whole_alone_and_escaped() -> None:
    evil = replace(faulty(1, 1, "a")[0], fault_what="<script>alert(1)</script>\x1b[2J", error="</code>", label="<b>")
    page = render([evil, *heard(0.5, 2)], "title <i>", "replay {id}", host_s=3.0)
    tags = Tags()
    tags.feed(page)
    assert tags.open == [], "every element ends"
    assert "<script" not in page and "&lt;script&gt;" in page and "\x1b" not in page
    assert "http" not in page and "prefers-color-scheme: dark" in page
    with pytest.raises(UsageError, match="no runs"):
        render([], "empty", "")


def test_junit_counts_what_failed() -> None:
    rows = [*heard(0.5, 2, count=20), replace(faulty(0, 1, "a")[0], verdict="error", error="no such file\x1b")]
    root = ElementTree.fromstring(junit(rows, "campaign").split("\n", 1)[1])
    suites = {suite.get("name"): suite for suite in root}
    assert set(suites) == {"t3", "other", "sram"} and suites["sram"].get("errors") == "1"
    failures = sum(int(suite.get("failures", "0")) for suite in root)
    assert failures == sum(row.verdict == "fail" for row in rows)
    assert "\x1b" not in (suites["sram"][0][0].get("message") or "\x1b")
