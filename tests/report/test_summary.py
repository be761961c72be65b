"""`emberwatch summary` on files that Robot Framework did not write, or that somebody has changed since."""

from __future__ import annotations

from pathlib import Path

import pytest
from command_line import emberwatch

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


def test_text_of_a_run_does_not_steer_the_terminal(tmp_path: Path) -> None:
    path = tmp_path / "output.xml"
    path.write_text(RUN.replace("WHY", "it sang \u009b31m \u202e backwards"))
    done = emberwatch("summary", str(path))
    assert done.returncode == 1
    assert r"it sang \x9b31m \u202e backwards" in done.stdout
