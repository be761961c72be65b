"""docs/timing.md lists what the model takes beside every public figure that can be run here; this keeps it true."""

from __future__ import annotations

import os
from collections.abc import Iterator

from paths import ROOT
from test_timing import PREAMBLE, ROWS
from test_timing_sequences import booted, load_cycles, run_on
from thumb import SYSTICK, run

DOCUMENT = ROOT / "docs/timing.md"
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"


def _read_cycles(code: str) -> int:
    read = run_on(
        booted(2), SYSTICK + f"ldr r1, =0x14000000\nmovs r2, #1\n.align 2\nldr r5, [r4, #8]\n{code}\nldr r6, [r4, #8]"
    )
    return read["r5"] - read["r6"] - 2


def _figures() -> Iterator[tuple[str, str, int, bool, str]]:
    """(what, public figure, measured, whether they agree, source)."""
    for name, code, setup, after, cycles, source in ROWS:
        if name == "nothing":
            continue
        measured = run(PREAMBLE.format(code=code, setup=setup, after=after))["r0"]
        yield name, str(cycles), measured, measured == cycles, source
    uncached = load_cycles(booted(2), 0x1300_8000)
    # One significant digit: 350 to 450 ns.
    measured = "measured by oberon-rtk.org"
    yield "uncached load from flash, divider 2", "44 to 56 (about 400 ns)", uncached, 44 <= uncached <= 56, measured
    chip = booted(2)
    miss = load_cycles(chip, 0x1000_8000) - 2
    derived = "20 SCK a word: boot2_w25q080.S, Klipper#6464"
    yield "miss, divider 2", "40 + overhead", miss, 40 <= miss <= 40 + 12, derived
    other = load_cycles(chip, 0x1000_8004) - 2
    filled = "pico-feedback#307: lines are filled one half at a time"
    yield "miss of the line's other word", "40 + overhead", other, abs(other - miss) < 2, filled
    cached = load_cycles(chip, 0x1000_8000)
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
