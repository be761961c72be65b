"""pyelftools, loaded with the first file that needs it; `import emberwatch` and programs that are no ELF do without."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from elftools.elf.elffile import ELFFile


def open_elf(stream: IO[bytes]) -> ELFFile:
    """An ELF file to look into.

    Raises:
        Exception: whatever pyelftools meets first in a file that is none.
    """
    from elftools.elf.elffile import ELFFile

    return ELFFile(stream)
