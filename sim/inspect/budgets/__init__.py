"""Budgets: limits by hand and a measured baseline in one TOML file, and comparison with what is measured now."""

from emberwatch.inspect.budgets.compare import Finding, compare
from emberwatch.inspect.budgets.file import Budgets, load, update
from emberwatch.inspect.budgets.measure import FunctionFigures, Measurement, measure

__all__ = ["Budgets", "Finding", "FunctionFigures", "Measurement", "compare", "load", "measure", "update"]
