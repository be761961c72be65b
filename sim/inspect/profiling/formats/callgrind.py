"""callgrind's format, for KCachegrind, QCachegrind and callgrind_annotate; both cores are added up."""

from __future__ import annotations

from collections import defaultdict

from emberwatch import __version__
from emberwatch.inspect.profiling.model import Costs, Profile
from emberwatch.program.debuginfo import SourceLine

_EVENTS = "Cycles XipMisses XipStalls BusWaits"


class _Names:
    """Name compression: a name in full the first time, its number afterwards."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def __call__(self, name: str) -> str:
        number = self._numbers.get(name)
        if number is not None:
            return f"({number})"
        self._numbers[name] = len(self._numbers) + 1
        return f"({len(self._numbers)}) {name}"


def _figures(costs: Costs) -> str:
    return f"{costs.cycles} {costs.xip_misses} {costs.xip_stalls} {costs.bus_waits}"


def write(profile: Profile) -> str:
    """Own costs per instruction and line, calls per calling instruction."""
    own: defaultdict[tuple[str, str], list[tuple[int, int, Costs]]] = defaultdict(list)
    calls: defaultdict[tuple[str, str], defaultdict[tuple[int, int, str, str, int], tuple[int, Costs]]]
    calls = defaultdict(lambda: defaultdict(lambda: (0, Costs())))
    whole = Costs()
    for core in profile.cores:
        whole += core.busy
        place: dict[int, SourceLine | None] = {f.address: f.source for f in core.functions}
        lines = core.instruction_lines

        def home(address: int, name: str, place: dict[int, SourceLine | None] = place) -> tuple[str, str]:
            source = place.get(address)
            return (source.file if source else "???", name)

        for instruction, (address, name) in zip(core.instructions, core.instruction_functions, strict=True):
            source = lines.get(instruction.address)
            # A line of an inlined function lies in another file; callgrind wants the file of the function itself.
            key = home(address, name)
            number = source.line if source and source.file == key[0] else 0
            own[key].append((instruction.address, number, instruction.own))
        for node in core.nodes:
            if not node.is_function:
                own[("???", node.name)].append((0, 0, Costs()))
            if node.parent is None:
                continue
            parent = core.nodes[node.parent]
            caller = home(parent.address, parent.name) if parent.is_function else ("???", parent.name)
            callee = home(node.address, node.name)
            site = node.call_site or 0
            line = lines.get(site)
            target = place.get(node.address)
            call = (site, line.line if line and line.file == caller[0] else 0, *callee, target.line if target else 0)
            count, costs = calls[caller][call]
            calls[caller][call] = (count + node.calls, costs + node.total)
    return _text(profile, own, calls, whole)


def _text(
    profile: Profile,
    own: dict[tuple[str, str], list[tuple[int, int, Costs]]],
    calls: defaultdict[tuple[str, str], defaultdict[tuple[int, int, str, str, int], tuple[int, Costs]]],
    whole: Costs,
) -> str:
    files, functions = _Names(), _Names()
    out = [
        "# callgrind format",
        "version: 1",
        f"creator: emberwatch {__version__}",
        f"cmd: {profile.firmware}",
        "part: 1",
        f"desc: Trigger: cycles {profile.start} to {profile.end}",
        "positions: instr line",
        "event: Cycles : clk_sys cycles, stalls included",
        "event: XipMisses : XIP cache misses",
        "event: XipStalls : Cycles stalled by XIP misses",
        "event: BusWaits : Cycles lost to other bus masters",
        f"events: {_EVENTS}",
        f"summary: {_figures(whole)}",
        f"ob={profile.firmware}",
    ]
    for key in sorted({*own, *calls}):
        file, name = key
        out += ["", f"fl={files(file)}", f"fn={functions(name)}"]
        out += [
            f"{address:#x} {line} {_figures(costs)}" for address, line, costs in sorted(own.get(key, []), key=_place)
        ]
        for (site, line, callee_file, callee, callee_line), (count, costs) in sorted(calls.get(key, {}).items()):
            out += [f"cfi={files(callee_file)}", f"cfn={functions(callee)}"]
            out += [f"calls={count} 0x0 {callee_line}", f"{site:#x} {line} {_figures(costs)}"]
    return "\n".join([*out, "", f"totals: {_figures(whole)}", ""])


def _place(entry: tuple[int, int, Costs]) -> tuple[int, int]:
    return entry[0], entry[1]
