"""Budgets: limits by hand and a measured baseline in one TOML file, and comparison with what is measured now."""

from sim.budgets.compare import Finding, compare
from sim.budgets.file import Budgets, load, update
from sim.budgets.measure import FunctionFigures, Measurement, measure

__all__ = ["Budgets", "Finding", "FunctionFigures", "Measurement", "compare", "load", "measure", "update"]
