"""What tests of training share."""

import pytest


@pytest.fixture
def tensorflow() -> None:
    """Skips without TensorFlow; with it, sets it up as training does, which only works before it computes anything."""
    pytest.importorskip("tensorflow", reason="TensorFlow is not installed; pip install emberwatch[train]")
    from emberwatch.training.model.stages import one_thread

    one_thread()
