"""No control character reaches a terminal."""

from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from emberwatch.base.text import printable, printable_lines


@given(st.text())
def test_nothing_steers_a_terminal(text: str) -> None:
    shown = printable(text)
    assert not [c for c in shown if unicodedata.category(c) in ("Cc", "Cs") and c != "\t"]
    assert printable(shown) == shown
    shown.encode()


def test_what_is_shown_instead() -> None:
    assert printable("\x1b]0;title\x07\x9b2J\x7f\ta") == "\\x1b]0;title\\x07\\x9b2J\\x7f\ta"
    assert printable("caf\udce9 \u202edne") == "caf? \\u202edne"
    assert printable_lines("a\r\nb\x1bc\n") == "a\nb\\x1bc\n"
