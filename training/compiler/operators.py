"""The operators that are compiled, by their name in the schema."""

from __future__ import annotations

from emberwatch.training.compiler import (
    ops_binary,
    ops_matmul,
    ops_move,
    ops_pointwise,
    ops_pool,
    ops_reduce,
    ops_shape,
    ops_unary,
    ops_variable,
)
from emberwatch.training.compiler.ir import Rule

OPERATORS: dict[str, Rule] = {
    **ops_matmul.RULES,
    **ops_pointwise.RULES,
    **ops_pool.RULES,
    **ops_shape.RULES,
    **ops_move.RULES,
    **ops_unary.RULES,
    **ops_binary.RULES,
    **ops_reduce.RULES,
    **ops_variable.RULES,
}
