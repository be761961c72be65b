"""What is over its limit or worse than the baseline, as a readable list."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from emberwatch.inspect.budgets.file import Budgets
from emberwatch.inspect.budgets.measure import FIGURES, MEMORY, Measurement


@dataclass(frozen=True)
class Finding:
    """One figure beside its limit or its baseline.

    Attributes:
        what: function, or "firmware".
        figure: "mean", "max", "stack", "flash" or "ram".
        reference: limit or baseline.
        now: measured, None if the function was not called.
        verdict: "over limit", "worse", "missing", "better" or "new"; the first three fail a check.
    """

    what: str
    figure: str
    reference: int | None
    now: int | None
    verdict: str

    @property
    def fails(self) -> bool:
        """Whether a check must fail."""
        return self.verdict in ("over limit", "worse", "missing")

    def __str__(self) -> str:
        reference = f"{self.reference:,}" if self.reference is not None else "-"
        now = f"{self.now:,}" if self.now is not None else "-"
        change = ""
        if self.reference and self.now is not None:
            change = f"{100 * (self.now - self.reference) / self.reference:+.1f} %"
        unit = "cycles" if self.figure in ("mean", "max") else "bytes"
        return f"{self.verdict:<10} {self.what:<36} {self.figure:<6} {reference:>11} -> {now:>11} {unit:<6} {change:>9}"


def compare(budgets: Budgets, measured: Measurement) -> list[Finding]:
    """Limits first, then the baseline. A baseline of another compiler is not compared: its code is other code."""
    findings = list(_limits(budgets, measured))
    if same_compiler(budgets, measured):
        findings += _baseline(budgets, measured)
    return sorted(findings, key=lambda f: (not f.fails, f.verdict, f.what, f.figure))


def same_compiler(budgets: Budgets, measured: Measurement) -> bool:
    """Whether the baseline can be compared."""
    return bool(budgets.functions or budgets.memory) and budgets.compiler == measured.compiler


def _limits(budgets: Budgets, measured: Measurement) -> Iterator[Finding]:
    for kind, figure in (("cycles", "max"), ("stack", "stack")):
        for name, limit in budgets.limits.get(kind, {}).items():
            function = measured.functions.get(name)
            if function is not None and getattr(function, figure) > limit:
                yield Finding(name, figure, limit, getattr(function, figure), "over limit")
    for name, limit in budgets.limits.get("memory", {}).items():
        if measured.memory[name] > limit:
            yield Finding("firmware", name, limit, measured.memory[name], "over limit")


def _baseline(budgets: Budgets, measured: Measurement) -> Iterator[Finding]:
    for name in MEMORY:
        if name in budgets.memory:
            yield from _figure("firmware", name, budgets.memory[name], measured.memory[name], budgets.tolerance)
    for name, baseline in budgets.functions.items():
        function = measured.functions.get(name)
        if function is None:
            yield Finding(name, "max", baseline["max"], None, "missing")
            continue
        for figure in FIGURES:
            yield from _figure(name, figure, baseline[figure], getattr(function, figure), budgets.tolerance)
    for name, function in measured.functions.items():
        if name not in budgets.functions and 100 * function.share >= budgets.least:
            yield Finding(name, "max", None, function.max, "new")


def _figure(what: str, figure: str, baseline: int, now: int, tolerance: float) -> Iterator[Finding]:
    allowed = baseline * tolerance / 100
    if now - baseline > allowed:
        yield Finding(what, figure, baseline, now, "worse")
    elif baseline - now > allowed:
        yield Finding(what, figure, baseline, now, "better")
