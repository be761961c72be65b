"""LCOV's tracefile format (geninfo(1), FILES), for genhtml, editors and coverage services."""

from __future__ import annotations

from emberwatch.inspect.coverage.report import CoverageReport, FileCoverage


def write(report: CoverageReport) -> str:
    """The tracefile. Counts are numbers of runs; a branch in source has a taken and a not-taken entry."""
    return "".join(_file(file) for file in report.files)


def _file(file: FileCoverage) -> str:
    out = ["TN:emberwatch", f"SF:{file.path}"]
    functions = sorted(file.functions.items(), key=lambda item: (item[1][0], item[0]))
    out += [f"FN:{line},{name}" for name, (line, _) in functions]
    out += [f"FNDA:{calls},{name}" for name, (_, calls) in functions]
    out += [f"FNF:{len(functions)}", f"FNH:{sum(1 for _, (_, calls) in functions if calls)}"]
    for line, branches in sorted(file.branches.items()):
        for block, branch in enumerate(branches):
            for number, count in enumerate((branch.taken, branch.not_taken)):
                out.append(f"BRDA:{line},{block},{number},{count if branch.reached else '-'}")
    hit, found = file.directions
    out += [f"BRF:{found}", f"BRH:{hit}"]
    out += [f"DA:{line},{hits}" for line, hits in sorted(file.lines.items())]
    out += [f"LF:{len(file.lines)}", f"LH:{file.lines_hit}", "end_of_record"]
    return "\n".join(out) + "\n"
