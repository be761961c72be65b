"""Which fault number so-and-so is: a function of the program, the choice, a seed and the number, of nothing else."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from emberwatch.base.errors import UsageError
from emberwatch.campaign.faults.fault import KINDS, Fault
from emberwatch.campaign.faults.places import CPU_REGISTERS, MICROPHONE, Targets

WEIGHTS: Mapping[str, float] = {
    "sram": 5,
    "stack": 2,
    "code": 3,
    "flash": 3,
    "register": 4,
    "peripheral": 3,
    "dma": 2,
    "pin_stuck": 1,
    "pin_noise": 1,
    "glitch": 2,
    "drift": 1,
    "stumble": 1,
    "brown_out": 1,
    "power_cut": 1,
    "microphone": 2,
    "usb": 0.25,
    "uart_break": 0.5,
}
"""How often each kind comes when nothing else is asked for: the more a kind can do, the more of it."""
_BUSY_S = 0.0025
"""The detector works for 2.3 ms of every 32 (docs/timing.md); later draws fall into its sleep again."""
_MOST_STEPS = 2000
_IN_FUNCTION = ("register", "stack", "glitch", "brown_out", "power_cut")
"""Kinds that hit a moment; `Choice.function` says when for these, where for memories."""


@dataclass(frozen=True)
class Choice:
    """What faults to draw from.

    Attributes:
        weights: of kinds.
        first_s, last_s: they come between these emulated times.
        addresses: of memory, half open; None is all that the program has.
        function: memory that this symbol names, and moments at which this function runs.
        rate_per_s: faults a second, at random (a Poisson process); None is one fault a run.
    """

    weights: Mapping[str, float] = field(default_factory=lambda: dict(WEIGHTS))
    first_s: float = 1.0
    last_s: float = 6.0
    addresses: range | None = None
    function: str = ""
    rate_per_s: float | None = None

    def __post_init__(self) -> None:
        for kind, weight in self.weights.items():
            if kind not in KINDS:
                raise UsageError(f"fault kind {kind!r} is not known; there are: {', '.join(KINDS)}")
            if not (math.isfinite(weight) and weight >= 0):
                raise UsageError(f"weight of {kind} = {weight:g} must be a number from 0 on")
        if sum(self.weights.values()) <= 0:
            raise UsageError("no kind of fault has a weight above 0")
        if not 0 <= self.first_s < self.last_s:
            raise UsageError(f"faults from {self.first_s:g} s to {self.last_s:g} s: the second must be the later one")
        if self.rate_per_s is not None and not 0 < self.rate_per_s <= 1000:
            raise UsageError(f"rate_per_s = {self.rate_per_s:g} must be more than 0 and at most 1000")


def draw(targets: Targets, choice: Choice, seed: int, number: int) -> tuple[Fault, ...]:
    """Fault `number`, or all faults of run `number` where they come at a rate, in order of time; maybe none then.

    Raises:
        EmberwatchError: the program has nothing of what the choice asks for.
    """
    chance = random.Random(f"{targets.sha256} {seed} {number}")
    if choice.rate_per_s is None:
        return (_one(targets, choice, chance, chance.uniform(choice.first_s, choice.last_s)),)
    faults, at_s = [], choice.first_s
    while (at_s := at_s + chance.expovariate(choice.rate_per_s)) < choice.last_s:
        faults.append(_one(targets, choice, chance, at_s))
    return tuple(faults)


def _one(targets: Targets, choice: Choice, chance: random.Random, at_s: float) -> Fault:
    kinds = list(choice.weights)
    kind = chance.choices(kinds, [choice.weights[k] for k in kinds])[0]
    at_s = round(at_s, 9)
    if kind in targets.memories:
        places = targets.within(kind, choice.addresses, choice.function)
        address = chance.choice(chance.choices(places, [len(place) for place in places])[0])
        return Fault(kind, at_s, address=address, bit=chance.randrange(8))
    fault = _DRAWN[kind](targets, chance, at_s)
    if choice.function and kind in _IN_FUNCTION:
        values = fault.as_dict() | {"function": choice.function, "steps": chance.randrange(_MOST_STEPS)}
        return Fault(**{name: value for name, value in values.items() if name != "busy_s"})
    return fault


def _busy(chance: random.Random) -> float | None:
    """Half of them while the program works, whatever share of the time that is: asleep it has less to lose."""
    return round(chance.uniform(0, _BUSY_S), 9) if chance.random() < 0.5 else None


def _log_uniform(chance: random.Random, least: float, most: float) -> float:
    return math.exp(chance.uniform(math.log(least), math.log(most)))


def _stack(targets: Targets, chance: random.Random, at_s: float) -> Fault:
    return Fault("stack", at_s, amount=chance.random(), bit=chance.randrange(8), busy_s=_busy(chance))


def _register(targets: Targets, chance: random.Random, at_s: float) -> Fault:
    name = chance.choice(CPU_REGISTERS)
    return Fault("register", at_s, name, bit=chance.randrange(1 if name == "primask" else 32), busy_s=_busy(chance))


def _of_registers(
    targets: Targets, kind: str, registers: Mapping[str, int], chance: random.Random, at_s: float
) -> Fault:
    if not registers:
        raise UsageError(f"the program is not known to set any {kind} register; choose other kinds of fault")
    name = chance.choice(list(registers))
    return Fault(kind, at_s, name, registers[name], chance.randrange(32), targets.written.get(name, 0))


def _pin(targets: Targets, chance: random.Random) -> str:
    return f"GPIO{chance.choice(targets.pins)}"


def _pin_noise(targets: Targets, chance: random.Random, at_s: float) -> Fault:
    seconds = _log_uniform(chance, 0.01, 1.0)
    rate = _log_uniform(chance, 5, 100) / seconds
    return Fault("pin_noise", at_s, _pin(targets, chance), amount=round(rate, 3), seconds=round(seconds, 6))


def _glitch(targets: Targets, chance: random.Random, at_s: float) -> Fault:
    """One instruction most often, as measured on a Cortex-M0 (Korak and Hoefler, FDTC 2014)."""
    left_out = chance.choices((1, 2, 3), (8, 1, 1))[0]
    return Fault("glitch", at_s, amount=left_out, busy_s=round(chance.uniform(0, _BUSY_S), 9))


def _drift(targets: Targets, chance: random.Random, at_s: float) -> Fault:
    """From what a good crystal does to far beyond what a bad one does."""
    ppm = _log_uniform(chance, 30, 30_000) * chance.choice((-1, 1))
    return Fault("drift", at_s, amount=round(ppm, 1))


def _stumble(targets: Targets, chance: random.Random, at_s: float) -> Fault:
    seconds = _log_uniform(chance, 1e-5, 1e-2)
    return Fault("stumble", at_s, amount=round(chance.uniform(0.5, 0.99), 4), seconds=round(seconds, 9))


def _power(kind: str, least: float, most: float, chance: random.Random, at_s: float) -> Fault:
    return Fault(kind, at_s, seconds=round(_log_uniform(chance, least, most), 9), busy_s=_busy(chance))


_DRAWN: dict[str, Callable[[Targets, random.Random, float], Fault]] = {
    "stack": _stack,
    "register": _register,
    "peripheral": lambda targets, chance, at_s: _of_registers(targets, "peripheral", targets.peripherals, chance, at_s),
    "dma": lambda targets, chance, at_s: _of_registers(targets, "dma", targets.dma, chance, at_s),
    "pin_stuck": lambda targets, chance, at_s: Fault(
        "pin_stuck", at_s, _pin(targets, chance), amount=chance.randrange(2)
    ),
    "pin_noise": _pin_noise,
    "glitch": _glitch,
    "drift": _drift,
    "stumble": _stumble,
    "brown_out": lambda targets, chance, at_s: _power("brown_out", 1e-5, 1e-2, chance, at_s),
    "power_cut": lambda targets, chance, at_s: _power("power_cut", 1e-3, 1.0, chance, at_s),
    "microphone": lambda targets, chance, at_s: Fault("microphone", at_s, chance.choice(list(MICROPHONE))),
    "usb": lambda targets, chance, at_s: Fault("usb", at_s, seconds=round(chance.uniform(0.05, 1.0), 6)),
    "uart_break": lambda targets, chance, at_s: Fault(
        "uart_break", at_s, chance.choice(("rx", "tx")), seconds=round(_log_uniform(chance, 1e-4, 0.5), 6)
    ),
}
