"""`emberwatch summary` on files that Robot Framework did not write, or that somebody has changed since."""

from __future__ import annotations

from pathlib import Path
from xml.sax.saxutils import escape

import pytest
from command_line import emberwatch

from emberwatch.report.summary import metric_message

ENTITIES = '<!DOCTYPE robot [<!ENTITY a "aaaaaaaaaa">' + "".join(
    f'<!ENTITY {name} "{f"&{before};" * 10}">' for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)
RUN = """<robot generator="Robot 7.3" generated="2026-01-01T12:00:00" schemaversion="5"><suite name="S">
<test name="T"><kw name="K"><msg time="2026-01-01T12:00:00" level="INFO">MESSAGE</msg><status status="FAIL"
start="2026-01-01T12:00:00" elapsed="1"/></kw><status status="FAIL" start="2026-01-01T12:00:00" elapsed="1">WHY</status>
</test><status status="FAIL" start="2026-01-01T12:00:00" elapsed="1"/></suite><errors/></robot>"""


@pytest.mark.parametrize(
    "text",
    [
        "",
        "<robot",
        "<testsuites/>",
        ENTITIES + ']><robot generator="Robot 7" generated="2026-01-01T12:00:00"><suite name="&i;"/></robot>',
        '<robot generator="Robot 7" generated="2026-01-01T12:00:00">' + '<suite name="a">' * 9999,
        RUN.replace('elapsed="1"', 'elapsed="soon"'),
        RUN.replace(
            "MESSAGE", 'emberwatch-metric {"kind": "cycles", "function": "f", "mean": 1, "max": 2, "budget": 0}'
        ),
        RUN.replace("MESSAGE", 'emberwatch-metric {"kind": "load", "percent": "7"}'),
        RUN.replace("MESSAGE", "emberwatch-metric ["),
    ],
)
def test_what_is_no_run_is_refused_in_one_line(tmp_path: Path, text: str) -> None:
    path = tmp_path / "output.xml"
    path.write_text(text)
    done = emberwatch("summary", str(path))
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1 and "is not the output.xml of a Robot run" in done.stderr


def test_every_figure_that_a_keyword_logs_is_printed(tmp_path: Path) -> None:
    """The keywords write with `metric_message`, so a kind that the summary does not know fails where it is logged."""
    figures = (
        metric_message("detection", "T", sound="a.wav", expected="alarm", alarm=True, t_s=2.5),
        metric_message("cycles", "T", function="fft", mean=10.0, max=12, budget=20),
        metric_message("memory", "T", memory="flash", used=100, budget=200),
        metric_message("load", "T", percent=7.5),
        metric_message("speed", "T", real_time_factor=9.0, seconds=60.0),
        metric_message("clock", "T", slowest_hz=24_000_000),
    )
    log = "".join(f'<msg time="2026-01-01T12:00:00" level="INFO">{escape(figure)}</msg>' for figure in figures)
    path = tmp_path / "output.xml"
    path.write_text(RUN.replace('<msg time="2026-01-01T12:00:00" level="INFO">MESSAGE</msg>', log))
    done = emberwatch("summary", str(path))
    assert done.returncode == 1, done.stderr
    for words in ("1 of 1, median 2.5 s", "budget        20 (60 %)", "100 bytes", "7.5 %", "9.00 x", "24 MHz"):
        assert words in done.stdout
    with pytest.raises(ValueError, match="of no known kind"):
        metric_message("temperature", "T", celsius=20)


def test_text_of_a_run_does_not_steer_the_terminal(tmp_path: Path) -> None:
    path = tmp_path / "output.xml"
    path.write_text(RUN.replace("WHY", "it sang \u009b31m \u202e backwards"))
    done = emberwatch("summary", str(path))
    assert done.returncode == 1
    assert r"it sang \x9b31m \u202e backwards" in done.stdout
