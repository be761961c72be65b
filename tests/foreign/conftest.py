"""What the tests of USB devices share."""

from __future__ import annotations

import pytest

from emberwatch import Machine


@pytest.fixture
def machine(ready: tuple[Machine, object]) -> Machine:
    """The machine of the module's `ready`, back at the moment of its snapshot."""
    board, snapshot = ready
    board.restore(snapshot)  # type: ignore[arg-type]
    return board
