"""Command lines in pages of Markdown; on sys.path by pytest's setting `pythonpath`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path


def command_lines(page: Path) -> Iterator[str]:
    """Lines of a page's blocks that call `emberwatch`, continued ones as one; without what a shell's prompt adds."""
    for line in page.read_text(encoding="utf-8").replace("\\\n", " ").splitlines():
        if found := re.match(r"(?: {4}|\$ |)\$? ?(emberwatch [a-z].*)", line.rstrip()):
            yield found[1]
