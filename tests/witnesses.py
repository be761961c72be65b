"""Witnesses: programs and libraries that we did not write, against which tests compare. A skipped one is said.

A pytest plugin: at the end of a run it prints which witnesses were heard and which were missing. Those that
EMBERWATCH_WITNESSES names (as continuous integration does) must be there: a test skipped for want of one fails the run.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

VARIABLE = "EMBERWATCH_WITNESSES"


def _module(name: str) -> Callable[[], bool]:
    return lambda: importlib.util.find_spec(name) is not None


def _program(*names: str) -> Callable[[], bool]:
    return lambda: all(shutil.which(name) for name in names)


@dataclass(frozen=True)
class Witness:
    """What it witnesses, whether it is here, how to get it, how skips for want of it read, and which files ask it."""

    subject: str
    present: Callable[[], bool]
    remedy: str
    skip: str
    files: tuple[str, ...]


WITNESSES = {
    "unicorn": Witness(
        "ARMv6-M instructions",
        _module("unicorn"),
        "pip install unicorn",
        r"\bunicorn\b",
        ("rp2040/test_differential.py", "rp2040/test_bootrom_float.py"),
    ),
    "tflite-micro": Witness(
        "int8 layers",
        _module("tflite_micro"),
        "pip install tflite-micro",
        r"tflite-micro",
        ("training/compiler/test_operators.py", "training/compiler/test_more_operators.py"),
    ),
    "cmsis-dsp": Witness(
        "Q15 transform",
        _module("cmsisdsp"),
        "pip install cmsisdsp",
        r"\bcmsisdsp\b",
        ("training/dsp/test_rfft.py",),
    ),
    "gdb-multiarch": Witness(
        "GDB server",
        _program("gdb-multiarch"),
        "apt-get install gdb-multiarch",
        r"gdb-multiarch",
        ("inspect/gdb/test_firmware.py", "inspect/gdb/test_gdb_programs.py"),
    ),
    "sigrok-cli": Witness(
        "wave forms",
        _program("sigrok-cli"),
        "apt-get install sigrok-cli",
        r"sigrok-cli",
        ("inspect/trace/test_trace.py",),
    ),
    "mono": Witness(
        "Renode's bridge",
        _program("mcs", "mono"),
        "apt-get install mono-mcs mono-runtime",
        r"\bMono\b",
        ("engines/renode/test_bridge.py",),
    ),
    "rp2040js": Witness(
        "the whole chip",
        _program("node", "npm"),
        "apt-get install nodejs npm",
        r"rp2040js|\b[Nn]ode\b",
        ("bench/test_rp2040js.py",),
    ),
    "tensorflow": Witness(
        "training",
        _module("tensorflow"),
        "pip install emberwatch[train]",
        r"TensorFlow is not",
        ("training/transfer/test_transfer.py", "training/model/test_train.py"),
    ),
    "renode": Witness(
        "the other engine",
        _module("pyrenode3"),
        "docs/renode.md",
        r"\bRenode is not|no real Renode",
        ("engines/renode/test_engine.py",),
    ),
}


def _wanted() -> list[str]:
    return os.environ.get(VARIABLE, "").replace(",", " ").split()


def _skips(config: pytest.Config) -> Iterator[str]:
    reporter: Any = config.pluginmanager.get_plugin("terminalreporter")
    for report in reporter.stats.get("skipped", []) if reporter is not None else ():
        yield str(report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr)


def _passed(config: pytest.Config) -> list[str]:
    reporter: Any = config.pluginmanager.get_plugin("terminalreporter")
    return [report.nodeid.partition("::")[0] for report in reporter.stats.get("passed", [])] if reporter else []


def heard(config: pytest.Config) -> dict[str, int]:
    """How many tests of each witness's files passed; a run of a part of the tests hears a part of them."""
    files = _passed(config)
    return {name: sum(file.endswith(witness.files) for file in files) for name, witness in WITNESSES.items()}


def silent(config: pytest.Config) -> dict[str, str]:
    """Name of each witness that was not heard, with why."""
    skips = list(_skips(config))
    found = {}
    for name, witness in WITNESSES.items():
        count = sum(bool(re.search(witness.skip, reason)) for reason in skips)
        if count:
            found[name] = f"{count} skipped for want of it; get it with: {witness.remedy}"
        elif not witness.present():
            found[name] = f"not here; get it with: {witness.remedy}"
    return found


def _complaints(config: pytest.Config) -> list[str]:
    missing = {name: "no test of it ran" for name, count in heard(config).items() if not count} | silent(config)
    wanted = _wanted()
    unknown = [f"{VARIABLE} names {name!r}; known: {', '.join(WITNESSES)}" for name in wanted if name not in WITNESSES]
    return unknown + [f"witness {name}: {missing[name]}" for name in wanted if name in missing]


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fails a run whose wanted witnesses were not all heard."""
    if not hasattr(session.config, "workerinput") and session.exitstatus == 0 and _complaints(session.config):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Says who was heard."""
    missing = silent(config)
    terminalreporter.section("witnesses")
    tests = {name: count for name, count in heard(config).items() if count and name not in missing}
    spoke = ", ".join(f"{name} ({WITNESSES[name].subject}: {count} tests)" for name, count in tests.items())
    terminalreporter.write_line(f"heard: {spoke or 'none'}")
    for name, why in missing.items():
        terminalreporter.write_line(f"SILENT: {name} ({WITNESSES[name].subject}): {why}")
    for complaint in _complaints(config):
        terminalreporter.write_line(f"ERROR: {complaint} ({VARIABLE} asks for it)", red=True)
