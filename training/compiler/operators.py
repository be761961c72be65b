"""The operators that are compiled, by their name in the schema."""

from __future__ import annotations

from emberwatch.training.compiler import (
    ops_binary,
    ops_conv_wide,
    ops_convert,
    ops_depthwise,
    ops_int16,
    ops_matmul,
    ops_matrix,
    ops_move,
    ops_pointwise,
    ops_pool,
    ops_recurrent,
    ops_reduce,
    ops_shape,
    ops_unary,
    ops_variable,
)
from emberwatch.training.compiler.ir import Lowering, Rule

_WIDE: dict[str, Rule] = {**ops_conv_wide.WIDE_RULES, **ops_int16.WIDE_RULES}
"""Rules for 16-bit activations and for weights with a zero point."""


def _by_type(plain: Rule, wide: Rule) -> Rule:
    """The rule that the type of the first input, or weights with a zero point, choose."""

    def chosen(low: Lowering) -> Rule:
        return wide if low.input(0).dtype == "INT16" or ops_conv_wide.has_zero_point(low) else plain

    inputs = (min(plain.inputs[0], wide.inputs[0]), max(plain.inputs[1], wide.inputs[1]))
    return Rule(inputs, lambda low: chosen(low).check(low), lambda low: chosen(low).lower(low), plain.outputs)


OPERATORS: dict[str, Rule] = {
    **ops_matmul.RULES,
    **ops_depthwise.RULES,
    **ops_pointwise.RULES,
    **ops_pool.RULES,
    **ops_shape.RULES,
    **ops_move.RULES,
    **ops_unary.RULES,
    **ops_binary.RULES,
    **ops_convert.RULES,
    **ops_conv_wide.RULES,
    **ops_matrix.RULES,
    **ops_recurrent.RULES,
    **ops_reduce.RULES,
    **ops_variable.RULES,
}
OPERATORS |= {name: _by_type(OPERATORS[name], wide) for name, wide in _WIDE.items()}
