"""A run as JUnit XML, which CI systems show: a test case for each step, and one for the run."""

from __future__ import annotations

from xml.etree import ElementTree

from emberwatch.base.text import printable
from emberwatch.steps.run import StepRun


def junit(run: StepRun, suite: str, exit_code: int) -> str:
    """The XML text. Times are emulated seconds.

    Args:
        run: a run that has ended.
        suite: its name.
        exit_code: of the command.
    """
    cases = [(r.title, r.end_s - r.begin_s, r.failure, r.skipped) for r in run.results]
    failed_before = any(failure for _, _, failure, _ in cases)
    why = run.message or f"exit code {exit_code}"
    cases.append(("run", run.machine.time_s, why if exit_code and not failed_before else None, False))
    failures = sum(failure is not None for _, _, failure, _ in cases)
    skipped = sum(skip for _, _, _, skip in cases)
    attributes = {"name": suite, "tests": str(len(cases)), "failures": str(failures), "errors": "0"}
    root = ElementTree.Element("testsuites")
    element = ElementTree.SubElement(
        root, "testsuite", {**attributes, "skipped": str(skipped), "time": f"{run.machine.time_s:.6f}"}
    )
    for title, seconds, failure, skip in cases:
        about = {"name": printable(title), "classname": suite, "time": f"{seconds:.6f}"}
        case = ElementTree.SubElement(element, "testcase", about)
        if failure is not None:
            ElementTree.SubElement(case, "failure", {"message": printable(failure)})
        if skip:
            ElementTree.SubElement(case, "skipped")
    for name, port in run.machine.ports.items():
        if port.data:
            text = "\n".join([line for _, line in port.lines] + ([port.unfinished] if port.begun else []))
            ElementTree.SubElement(element, "system-out").text = f"[{name}]\n" + "\n".join(
                printable(line) for line in text.split("\n")
            )
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"
