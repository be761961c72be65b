"""A campaign as JUnit XML, which CI systems show: a test case a run, grouped by what was asked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from xml.etree import ElementTree

from emberwatch.base.text import printable
from emberwatch.campaign.rows import Row


def junit(rows: Sequence[Row], name: str) -> str:
    """The XML text; times are emulated seconds.

    Args:
        rows: the campaign.
        name: of the campaign.
    """
    root = ElementTree.Element("testsuites", {"name": printable(name)})
    suites: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        suites[row.fault_kind or row.label or row.scenario].append(row)
    for suite, members in suites.items():
        counts = {
            "tests": len(members),
            "failures": sum(row.verdict == "fail" for row in members),
            "errors": sum(row.verdict == "error" for row in members),
        }
        about = {"name": printable(suite), **{key: str(value) for key, value in counts.items()}}
        seconds = sum(row.emulated_s for row in members)
        element = ElementTree.SubElement(root, "testsuite", {**about, "time": f"{seconds:.6f}"})
        for row in members:
            _case(element, row, name)
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def _case(suite: ElementTree.Element, row: Row, name: str) -> None:
    facts = [row.scenario, row.label, row.fault_kind, row.fault_what]
    if row.level_dbfs is not None:
        facts.append(f"{row.level_dbfs:g} dBFS")
    if row.snr_db is not None:
        facts.append(f"{row.snr_db:g} dB to noise")
    title = f"{row.number}: {', '.join(fact for fact in dict.fromkeys(facts) if fact)}"
    about = {"name": printable(title), "classname": printable(name), "time": f"{row.emulated_s:.6f}"}
    case = ElementTree.SubElement(suite, "testcase", about)
    if row.verdict != "pass":
        message = printable(row.error or row.outcome or "the alarm was not as it must be")
        kind = "error" if row.verdict == "error" else "failure"
        ElementTree.SubElement(case, kind, {"message": message}).text = f"id {row.id}"
