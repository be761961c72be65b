"""docs/timing.md lists what the model takes beside every public figure that can be run here; this keeps it true."""

from __future__ import annotations

import os
from collections.abc import Iterator

from paths import ROOT
from test_timing import _PREAMBLE, ROWS
from test_timing_sequences import _booted, _load_cycles, _run_on
from thumb import SYSTICK, run

DOCUMENT = ROOT / "docs/timing.md"
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"


def _read_cycles(code: str) -> int:
    read = _run_on(
        _booted(2), SYSTICK + f"ldr r1, =0x14000000\nmovs r2, #1\n.align 2\nldr r5, [r4, #8]\n{code}\nldr r6, [r4, #8]"
    )
    return read["r5"] - read["r6"] - 2


def _figures() -> Iterator[tuple[str, str, int, bool, str]]:
    """(what, public figure, measured, whether they agree, source)."""
    for name, code, setup, after, cycles, source in ROWS:
        if name == "nothing":
            continue
        measured = run(_PREAMBLE.format(code=code, setup=setup, after=after))["r0"]
        yield name, str(cycles), measured, measured == cycles, source
    uncached = _load_cycles(_booted(2), 0x1300_8000)
    fitted = "measured by oberon-rtk.org; the overhead is fitted to it"
    yield "uncached load from flash, divider 2", "50 (400 ns)", uncached, uncached == 50, fitted
    chip = _booted(2)
    line = _load_cycles(chip, 0x1000_8000) - 2
    yield (
        "miss that fills a line, divider 2",
        "40 to 56 + overhead",
        line,
        40 <= line <= 56 + 8,
        "boot2_w25q080.S, derived",
    )
    cached = _load_cycles(chip, 0x1000_8000)
    yield "cached load from flash", "at most 2 (< 20 ns)", cached, cached <= 2, "measured by oberon-rtk.org"
    flush = _read_cycles("str r2, [r1, #4]\nldr r0, [r1, #4]")
    yield "flush and wait for it", "just over 1024", flush, 1024 < flush < 1040, "datasheet 2.6.3.2"


def _table() -> str:
    lines = ["| what | public | here | error | source |", "|---|---|---|---|---|"]
    for what, public, measured, agrees, source in _figures():
        lines.append(f"| {what} | {public} | {measured} | {'0' if agrees else 'YES'} | {source} |")
    return "\n".join(lines)


def test_the_table_is_what_the_chip_does() -> None:
    """EMBERWATCH_UPDATE_DOCS=1 writes the table instead of comparing it."""
    text = DOCUMENT.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    written, _, after = rest.partition(END)
    table = _table()
    assert "YES" not in table, table
    if os.environ.get("EMBERWATCH_UPDATE_DOCS") == "1":
        DOCUMENT.write_text(f"{before}{BEGIN}\n{table}\n{END}{after}", encoding="utf-8")
    else:
        assert written.strip() == table
