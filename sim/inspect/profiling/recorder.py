"""Takes profiles from a running machine."""

from __future__ import annotations

import bisect
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from emberwatch.engines.embedded import chip_of
from emberwatch.inspect.profiling.model import (
    CoreProfile,
    Costs,
    FunctionProfile,
    HighWater,
    Instruction,
    LineProfile,
    Node,
    Profile,
    Slice,
)
from emberwatch.inspect.signals import Change, Signals, exception_name
from emberwatch.program.debuginfo import DebugInfo, SourceLine
from emberwatch.program.elf import Image
from emberwatch.program.symbols import Symbol

if TYPE_CHECKING:
    from emberwatch.machine.machine import Machine

_NO_PARENT = 0xFFFFFFFF
_HANDLER, _ROOT, _EXCEPTION = 1, 3, 5
_ROM_END = 0x4000
_UNSIZED = 0x10000


def function_ranges(image: Image) -> list[tuple[Symbol, int]]:
    """Functions by address with their sizes: none overlaps the next; one without a size reaches up to the next."""
    symbols = [s for s in image.symbols.functions()]
    chosen: dict[int, Symbol] = {}
    for symbol in symbols:  # aliases share an address: keep the one that has a size
        known = chosen.get(symbol.address)
        if known is None or known.size < symbol.size:
            chosen[symbol.address] = symbol
    ordered = [chosen[address] for address in sorted(chosen)]
    ranges = []
    for index, symbol in enumerate(ordered):
        size = symbol.size or _UNSIZED
        if index + 1 < len(ordered):
            size = min(size, ordered[index + 1].address - symbol.address)
        ranges.append((symbol, size))
    return ranges


def _lines(
    instructions: list[Instruction], around: list[tuple[int, str]], sources: dict[int, SourceLine]
) -> list[LineProfile]:
    executed: defaultdict[tuple[SourceLine | str, str], int] = defaultdict(int)
    own: defaultdict[tuple[SourceLine | str, str], Costs] = defaultdict(Costs)
    for instruction, (_, function) in zip(instructions, around, strict=True):
        key = (sources.get(instruction.address, function), function)
        executed[key] = max(executed[key], instruction.executed)
        own[key] += instruction.own
    lines = [
        LineProfile(source, function, executed[source, function], costs) for (source, function), costs in own.items()
    ]
    return sorted(lines, key=lambda line: (-line.own.cycles, str(line.source), line.function))


def _without_idle(nodes: list[Node], kept: int) -> tuple[list[Node], int]:
    """Nodes without those in which nothing happened since counting began, but with `kept`; and its new index."""
    wanted = {kept}
    at = nodes[kept].parent
    while at is not None:
        wanted.add(at)
        at = nodes[at].parent
    wanted |= {index for index, node in enumerate(nodes) if node.total != Costs() or node.calls}
    places = {old: new for new, old in enumerate(sorted(wanted))}
    chosen = [nodes[old] for old in sorted(wanted)]
    for node in chosen:
        node.parent = None if node.parent is None else places[node.parent]
    return chosen, places[kept]


class ProfileRecorder:
    """Profiles a machine from now on.

    Whoever wants a part of a run makes it at power-on and calls `begin` where that part begins, so that the calls in
    progress there are known. Of a recorder that is made later, what runs has no caller until it returns to one.

    Args:
        machine: with an engine that can profile; EngineError otherwise.
        timeline: also record every call, exception and sleep in time, which takes memory: some megabytes a second.
    """

    def __init__(self, machine: Machine, *, timeline: bool = False) -> None:
        self._machine = machine
        self._chip = chip_of(machine.engine)
        self._ranges = function_ranges(machine.image)
        functions = [(symbol.address, size) for symbol, size in self._ranges]
        self._chip.start_profile(functions)
        self._timeline = timeline
        if timeline:
            self._traced = [symbol.name for symbol, _ in self._ranges]
            self._chip.trace_functions(functions)
        self.begin()

    def begin(self) -> None:
        """Counts from now on."""
        machine = self._machine
        self._start = machine.cycles
        self._start_ps = machine.engine.picoseconds(machine.cycles)
        self._sleep = [self._chip.sleep_cycles(core) for core in range(2)]
        self._chip.count_profile_from_now()
        self._signals = Signals(machine.engine, ("cores", "functions")) if self._timeline else None

    def profile(self) -> Profile:
        """Everything since the start."""
        machine, chip = self._machine, self._chip
        debug = DebugInfo(machine.image.path)
        cores = []
        for core in range(2):
            raw = chip.profile(core)
            profile = self._core(core, raw, debug, chip.sleep_cycles(core) - self._sleep[core])
            if profile.busy.cycles or core == 0:
                cores.append(profile)
        ends = (self._start_ps, machine.engine.picoseconds(machine.cycles))
        slices = self._slices(self._signals.take()) if self._signals is not None else []
        name, hz = machine.image.path.name, chip.clock_hz("sys")
        return Profile(name, hz, self._start, machine.cycles, cores, slices, ends)

    def _name(self, address: int) -> str:
        name = self._machine.image.symbols.at(address)
        if name is not None:
            return name
        return f"rom {address:#06x}" if address < _ROM_END else f"{address:#010x}"

    def _core(self, core: int, raw: dict[str, Any], debug: DebugInfo, slept: int) -> CoreProfile:
        nodes = [self._node(row) for row in raw["nodes"]]
        for node in nodes:
            node.total = node.own
        for node in reversed(nodes):  # parents come before their children
            if node.parent is not None:
                nodes[node.parent].total += node.total
        top, lowest, cycle, deepest = raw["high_water"]
        nodes, deepest = _without_idle(nodes, deepest)
        instructions = [Instruction(row[0], row[1], Costs(*row[2:])) for row in raw["instructions"]]
        profile = CoreProfile(core, nodes, [], instructions, [], HighWater(top, lowest, cycle, ()), slept)
        chain = tuple(node.name for node in profile.path(deepest))
        functions = self._functions(nodes, {row[0]: row for row in raw["functions"]}, debug)
        around = self._around(instructions, {node.address for node in nodes if node.is_function})
        sources = {i.address: line for i in instructions if (line := debug.line(i.address)) is not None}
        lines = _lines(instructions, around, sources)
        water = HighWater(top, lowest, cycle, chain)
        return CoreProfile(core, nodes, functions, instructions, lines, water, slept, around, sources)

    def _around(self, instructions: list[Instruction], called: set[int]) -> list[tuple[int, str]]:
        """The function around each instruction: by symbol, else the nearest called address before it."""
        starts = [symbol.address for symbol, _ in self._ranges]
        targets = sorted(called)
        out = []
        for instruction in instructions:
            address = instruction.address
            index = bisect.bisect_right(starts, address) - 1
            if index >= 0 and address < starts[index] + self._ranges[index][1]:
                start = starts[index]
            else:
                nearest = bisect.bisect_right(targets, address) - 1
                start = targets[nearest] if nearest >= 0 else address
            out.append((start, self._name(start)))
        return out

    def _node(self, row: tuple[int, ...]) -> Node:
        parent, function, call_site, calls, *own = row
        costs = Costs(*own)
        if call_site == _EXCEPTION:
            return Node(None, exception_name(function), function, None, calls, costs, is_function=False)
        site = None if call_site in (_HANDLER, _ROOT) else call_site
        return Node(None if parent == _NO_PARENT else parent, self._name(function), function, site, calls, costs)

    def _functions(
        self, nodes: list[Node], finished: dict[int, tuple[int, ...]], debug: DebugInfo
    ) -> list[FunctionProfile]:
        own: defaultdict[int, Costs] = defaultdict(Costs)
        total: defaultdict[int, Costs] = defaultdict(Costs)
        calls: defaultdict[int, int] = defaultdict(int)
        for node in nodes:
            if not node.is_function:
                continue
            own[node.address] += node.own
            calls[node.address] += node.calls
            at = node.parent
            while at is not None and (nodes[at].address != node.address or not nodes[at].is_function):
                at = nodes[at].parent
            if at is None:  # outermost call of a recursion
                total[node.address] += node.total
        out = []
        for address in own:
            if not calls[address] and total[address] == Costs():
                continue  # it is known only for the deepest stack
            _, count, sum_, least, most, own_stack, stack = finished.get(address, (address, 0, 0, 0, 0, 0, 0))
            figures = (count, least if count else 0, most, sum_ / count if count else 0.0, own_stack, stack)
            source = debug.line(address)
            out.append(
                FunctionProfile(
                    self._name(address), address, calls[address], own[address], total[address], *figures, source
                )
            )
        return sorted(out, key=lambda f: (-f.own.cycles, f.address))

    def _slices(self, changes: list[Change]) -> list[Slice]:
        """Calls nest on a core's track; exceptions and sleep have a track each."""
        end = self._machine.cycles
        slices: list[Slice] = []
        stacks: dict[int, list[tuple[str, int]]] = {0: [], 1: []}
        spans: dict[str, tuple[str, int]] = {}

        def close(track: str, at: int) -> None:
            name, start = spans.pop(track, ("", at))
            if name and at > start:
                slices.append(Slice(track, name, start, at, 0))

        for change in changes:
            core = change.index
            if change.group == "function":
                core, name = change.index & 1, self._traced[change.index >> 1]
                stack = stacks[core]
                if change.value:
                    stack.append((name, change.cycle))
                    continue
                while any(n == name for n, _ in stack):
                    closed, start = stack.pop()
                    slices.append(Slice(f"core {core}", closed, start, change.cycle, len(stack)))
                    if closed == name:
                        break
            elif change.group == "exception":
                track = f"core {core} exceptions"
                close(track, change.cycle)
                if change.value:
                    spans[track] = (exception_name(change.value), change.cycle)
            elif change.group == "asleep":
                track = f"core {core} sleep"
                close(track, change.cycle)
                if change.value:
                    spans[track] = ("asleep", change.cycle)
        for track in list(spans):
            close(track, end)
        for core, stack in stacks.items():
            while stack:
                name, start = stack.pop()
                slices.append(Slice(f"core {core}", name, start, end, len(stack)))
        return slices
