"""Random programs on our core and on Unicorn's Cortex-M0."""

import pytest

from emberwatch.bench.selftest import run_differential


def test_hundred_thousand_random_instructions() -> None:
    pytest.importorskip("unicorn", reason="unicorn is not installed (pip install emberwatch[dev])")
    result = run_differential(100_000, seed=2040)
    assert result.instructions >= 100_000
    assert not result.mismatches, result.mismatches[0]
