"""Text from elsewhere on its way to a terminal: what a program or a file says must not steer it."""

from __future__ import annotations

_CONTROL = {code: f"\\x{code:02x}" for code in (*range(0x20), *range(0x7F, 0xA0)) if chr(code) != "\t"}
"""C0 and C1 controls (ISO/IEC 6429) and DEL; a tab does no harm."""
_CONTROL |= {code: f"\\u{code:04x}" for code in (*range(0x202A, 0x202F), *range(0x2066, 0x206A))}
"""Unicode's bidirectional overrides, which show a line in another order than it has."""


def printable(text: str) -> str:
    """One line with its control characters as escapes such as ``\\x1b``; lone surrogates become question marks.

    A terminal takes control characters as commands: colours, titles, the clipboard, what is typed next. Nothing that
    firmware, a sound file or a manifest says may be printed before it went through here. JSON and HTML escape by
    themselves.
    """
    return text.translate(_CONTROL).encode("utf-8", "replace").decode("utf-8")


def printable_lines(text: str) -> str:
    """The same for text of several lines, whose line ends stay."""
    return "\n".join(printable(line.removesuffix("\r")) for line in text.split("\n"))
