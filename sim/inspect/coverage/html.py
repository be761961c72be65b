"""A coverage report as one HTML page without scripts: files, then their lines with how many runs executed each."""

from __future__ import annotations

from html import escape

from emberwatch.inspect.coverage.report import CoverageReport, FileCoverage

_STYLE = """
:root{color-scheme:light dark;--hit:#dff3df;--part:#fff3cd;--miss:#fbdcdc;--line:#ccc;--bar:#3a8f4d}
@media(prefers-color-scheme:dark){:root{--hit:#173a1f;--part:#463a10;--miss:#4a1d1d;--line:#444;--bar:#58b96c}}
body{font:15px/1.5 system-ui,sans-serif;margin:1rem auto;max-width:75rem;padding:0 1rem}
table{border-collapse:collapse;width:100%}
th,td{padding:.15rem .5rem;text-align:right;border-bottom:1px solid var(--line)}
th:first-child,td:first-child{text-align:left}meter{width:6rem}
details{margin:.3rem 0}summary{cursor:pointer}
pre{font:12px/1.45 ui-monospace,monospace;overflow-x:auto;margin:0}
pre span{display:block;white-space:pre}
.hit{background:var(--hit)}.part{background:var(--part)}.miss{background:var(--miss)}
"""


def write(report: CoverageReport) -> str:
    """The page; light and dark follow the reader."""
    hit, lines = report.lines
    seen, directions = report.directions
    rows = "".join(_row(file) for file in report.files)
    bodies = "".join(_source(file) for file in report.files)
    notes = "".join(f"<p>{escape(note)}</p>" for note in report.notes)
    name = escape(report.firmware.name) if report.firmware else ""
    runs = f"{report.runs} run{'s' if report.runs != 1 else ''}"
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>Coverage of {name}</title><style>{_STYLE}</style><h1>Coverage of {name}</h1>"
        f"<p>{runs}. Lines {hit} of {lines} ({_percent(hit, lines)}), branch directions {seen} of "
        f"{directions} ({_percent(seen, directions)}).</p>{notes}"
        f"<table><tr><th>file<th>lines<th><th>hit<th>branch directions<th>hit</tr>{rows}</table>"
        f"<h2>Sources</h2>{bodies}"
    )


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %" if whole else "-"


def _row(file: FileCoverage) -> str:
    seen, directions = file.directions
    count = len(file.lines)
    return (
        f'<tr><td><a href="#{escape(file.name)}">{escape(file.name)}</a><td>{file.lines_hit} / {count}'
        f'<td><meter max="{max(count, 1)}" value="{file.lines_hit}"></meter><td>{_percent(file.lines_hit, count)}'
        f"<td>{seen} / {directions}<td>{_percent(seen, directions)}</tr>"
    )


def _source(file: FileCoverage) -> str:
    if file.path is None:
        return ""
    out = []
    for number, text in enumerate(file.path.read_text(encoding="utf-8", errors="replace").splitlines(), 1):
        hits = file.lines.get(number)
        ways = [(bool(b.taken), bool(b.not_taken)) for b in file.branches.get(number, ()) if b.reached]
        partial = any(not taken or not passed for taken, passed in ways)
        kind = "" if hits is None else "miss" if not hits else "part" if partial else "hit"
        marks = "".join({(True, True): "+", (True, False): "T", (False, True): "F"}.get(way, "-") for way in ways)
        count = "" if hits is None else str(hits)
        out.append(f'<span class="{kind}">{number:5} {count:>5} {marks:<4.4} {escape(text)}</span>')
    return (
        f'<details id="{escape(file.name)}"><summary>{escape(file.name)} - {file.lines_hit} of {len(file.lines)} lines'
        f"</summary><pre>{''.join(out)}</pre></details>"
    )
