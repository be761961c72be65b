"""Errors of the model compiler."""

from __future__ import annotations

from emberwatch.base.errors import ModelError


class CompileError(ModelError):
    """The model file is malformed, or holds something outside the supported operator set.

    The message is one line naming the operator, the tensor and the reason.
    """
