"""The operators that are compiled, by their name in the schema."""

from __future__ import annotations

from training.compiler import ops_matmul, ops_pointwise, ops_pool, ops_shape
from training.compiler.ir import Rule

OPERATORS: dict[str, Rule] = {**ops_matmul.RULES, **ops_pointwise.RULES, **ops_pool.RULES, **ops_shape.RULES}
