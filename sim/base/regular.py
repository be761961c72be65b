"""Reading whole files of a user's: regular ones or pipes, up to a size, so that no name can make us read for ever."""

from __future__ import annotations

import stat
from pathlib import Path

from emberwatch.base.errors import EmberwatchError

MOST_BYTES = 256 << 20
"""No firmware, model or manifest is larger."""
MOST_TEXT_BYTES = 4 << 20
"""No file that a person writes is larger: scenario, board, script."""


def read_regular(path: Path, what: str, error: type[EmberwatchError], most: int = MOST_BYTES) -> bytes:
    """The contents of a file; a pipe is read to its end.

    Args:
        path: the file.
        what: what to call it in messages, as in "boot ROM".
        error: class of the errors.
        most: bytes that it may have.

    Raises:
        EmberwatchError: of class `error`; no such file, a folder or a device, not readable, or too large.
    """
    try:
        with path.open("rb") as file:
            mode = path.stat().st_mode
            if not (stat.S_ISREG(mode) or stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)):
                raise error(f"{what} {path} is a device, which has no end; give a file")
            data = file.read(most + 1)
    except IsADirectoryError:
        raise error(f"{what} {path} is a folder; give a file") from None
    except FileNotFoundError:
        raise error(f"{what} {path} cannot be read: there is no such file") from None
    except (OSError, ValueError) as refusal:  # ValueError: a name with a zero byte
        reason = getattr(refusal, "strerror", None) or str(refusal)
        raise error(f"{what} {path} cannot be read: {reason.lower()}") from None
    if len(data) > most:
        raise error(f"{what} {path} has more than {most} bytes; is it the right file?")
    return data


def read_text(path: Path, what: str, error: type[EmberwatchError], most: int = MOST_TEXT_BYTES) -> str:
    """The same for a text in UTF-8.

    Raises:
        EmberwatchError: of class `error`; as for `read_regular`, or it is no text.
    """
    try:
        return read_regular(path, what, error, most).decode("utf-8")
    except UnicodeDecodeError:
        raise error(f"{what} {path} is not a text file in UTF-8") from None
