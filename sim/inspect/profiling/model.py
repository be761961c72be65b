"""A profile as data: calling context trees, functions, source lines, stack."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

from emberwatch.program.debuginfo import SourceLine


@dataclass(frozen=True)
class Costs:
    """What was spent, in clk_sys cycles. Stalls and waits are part of `cycles`; sleep is not."""

    cycles: int = 0
    xip_misses: int = 0
    xip_stalls: int = 0
    bus_waits: int = 0

    def __add__(self, other: Costs) -> Costs:
        return Costs(
            self.cycles + other.cycles,
            self.xip_misses + other.xip_misses,
            self.xip_stalls + other.xip_stalls,
            self.bus_waits + other.bus_waits,
        )


@dataclass
class Node:
    """A place in a calling context tree.

    Attributes:
        parent: index of the caller's node, None for roots; always less than the own index.
        name: function, exception or root.
        address: where the function begins; the number of an exception's node.
        call_site: address of the calling instruction, None for roots and handlers.
        calls: how often it was entered.
        own, total: spent here, and here with callees.
        is_function: false for the node of an exception, above its handler.
    """

    parent: int | None
    name: str
    address: int
    call_site: int | None
    calls: int
    own: Costs
    total: Costs = field(default_factory=Costs)
    is_function: bool = True


@dataclass(frozen=True)
class FunctionProfile:
    """One function on one core.

    Attributes:
        own, total: spent in it, and in it with callees (each cycle once, recursion notwithstanding).
        finished: calls that ended; `min`, `max` and `mean` are cycles of those, interrupts excluded.
        own_stack, stack: most bytes of stack it used by itself, and with callees; interrupts excluded.
    """

    name: str
    address: int
    calls: int
    own: Costs
    total: Costs
    finished: int = 0
    min: int = 0
    max: int = 0
    mean: float = 0.0
    own_stack: int = 0
    stack: int = 0
    source: SourceLine | None = None


@dataclass(frozen=True)
class Instruction:
    """One address: executions and what they took."""

    address: int
    executed: int
    own: Costs


@dataclass(frozen=True)
class LineProfile:
    """A source line, or a function without line table."""

    source: SourceLine | str
    function: str
    executed: int
    own: Costs


@dataclass(frozen=True)
class HighWater:
    """The deepest main stack.

    Attributes:
        top, lowest: stack pointer where the stack begins, and the lowest one.
        cycle: when.
        chain: functions in progress then, innermost last.
    """

    top: int
    lowest: int
    cycle: int
    chain: tuple[str, ...]

    @property
    def used(self) -> int:
        """Bytes."""
        return self.top - self.lowest


@dataclass(frozen=True)
class CoreProfile:
    """One core; parents come before children in `nodes`, `functions` are in order of own cycles."""

    core: int
    nodes: list[Node]
    functions: list[FunctionProfile]
    instructions: list[Instruction]
    lines: list[LineProfile]
    high_water: HighWater
    sleep_cycles: int
    instruction_functions: list[tuple[int, str]] = field(default_factory=list)
    """Start and name of the function around each of `instructions`."""
    instruction_lines: dict[int, SourceLine] = field(default_factory=dict)
    """Source lines of instructions, by address."""

    @cached_property
    def busy(self) -> Costs:
        """Everything spent."""
        return sum((node.own for node in self.nodes), Costs())

    def path(self, index: int) -> list[Node]:
        """A node and its callers, outermost first."""
        nodes: list[Node] = []
        at: int | None = index
        while at is not None:
            nodes.append(self.nodes[at])
            at = self.nodes[at].parent
        return nodes[::-1]


@dataclass(frozen=True)
class Slice:
    """A span of time on one track: cycles, and the name of a function, an exception or "asleep"."""

    track: str
    name: str
    start: int
    end: int
    depth: int


@dataclass(frozen=True)
class Profile:
    """A profiled stretch of a run.

    Attributes:
        firmware: name of the program's file.
        clock_hz: clk_sys at the end.
        start, end: cycles.
        cores: those that executed anything.
        slices: calls, exceptions and sleep in time, when they were recorded.
        picoseconds: (cycle, time) at both ends.
    """

    firmware: str
    clock_hz: int
    start: int
    end: int
    cores: list[CoreProfile]
    slices: list[Slice] = field(default_factory=list)
    picoseconds: tuple[int, int] = (0, 0)

    def function(self, name: str, core: int = 0) -> FunctionProfile | None:
        """A function of a core by name."""
        for profile in self.cores:
            if profile.core == core:
                return next((f for f in profile.functions if f.name == name), None)
        return None
