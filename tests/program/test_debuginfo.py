"""Source lines of an ELF file whose linker has dropped functions."""

from __future__ import annotations

from pathlib import Path

from emberwatch.bench.bare import link
from emberwatch.program.debuginfo import DebugInfo


def test_functions_that_the_linker_dropped_have_no_lines(tmp_path: Path) -> None:
    """Their line tables stay in the file, at addresses from 0 up, where the boot ROM is."""
    source = tmp_path / "two.c"
    source.write_text("int kept(int a) { return a * 3 + 1; }\nint dropped(int a) {\n    return a * 5 + 2;\n}\n")
    image = link(tmp_path, [source], ["kept"], ["-g"])
    info = DebugInfo(tmp_path / "bare.elf")
    line = info.line(image.symbols["kept"] & ~1)
    assert line is not None
    assert line.line == 1
    assert "dropped" not in image.symbols
    assert [info.line(address) for address in range(0, 64, 2)] == [None] * 32
