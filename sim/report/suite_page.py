"""One page over all tests of a Robot run, with links to the page of each."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from emberwatch.base import atomic


@dataclass(frozen=True)
class TestEntry:
    """One finished test.

    Attributes:
        suite: long name of its suite.
        name: the claim.
        status: PASS, FAIL or SKIP.
        message: why it failed or was skipped.
        page: page about its run, relative to the suite page; empty without one.
    """

    __test__ = False  # not a test itself, whatever its name looks like to pytest

    suite: str
    name: str
    status: str
    message: str
    page: str


def write_suite_page(path: Path, entries: list[TestEntry]) -> None:
    """Write the page to `path`."""
    from jinja2 import Environment, PackageLoader, select_autoescape

    environment = Environment(loader=PackageLoader("emberwatch.report"), autoescape=select_autoescape(default=True))
    counts = {status: sum(entry.status == status for entry in entries) for status in ("PASS", "FAIL", "SKIP")}
    suites = [(suite, list(tests)) for suite, tests in groupby(entries, key=lambda entry: entry.suite)]
    page = environment.get_template("suite.html.j2").render(counts=counts, suites=suites)
    atomic.write_text(path, page)
