"""`python -m emberwatch.chip`: renders what is made from the description; `--check` only says whether it is fresh."""

from __future__ import annotations

import sys

from emberwatch.base.errors import EmberwatchError
from emberwatch.chip.render import stale, write


def main(arguments: list[str]) -> int:
    """Exit code: 0, 1 if something is stale, 2 for a mistake in the description."""
    try:
        if arguments == ["--check"]:
            paths = stale()
            for path in paths:
                print(f"emberwatch: {path} is not what platforms/rp2040/ gives; run: make chip", file=sys.stderr)
            return 1 if paths else 0
        for path in write():
            print(path)
    except EmberwatchError as error:
        print(f"emberwatch: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
