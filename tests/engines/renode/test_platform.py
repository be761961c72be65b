"""The generated platform files: fresh, well-formed, and the same map as the core's own."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import pytest
from paths import ROOT

from emberwatch.base.errors import BoardError
from emberwatch.board.board import known_boards, load_board
from emberwatch.chip import load
from emberwatch.engines.renode import generate

FOLDER = ROOT / "platforms/renode"


@dataclass
class Entry:
    """One variable of a .repl file."""

    name: str
    type: str | None = None
    bases: list[int] = field(default_factory=list)
    cpu: str = ""
    attributes: dict[str, str] = field(default_factory=dict)
    wires: dict[str, str] = field(default_factory=dict)
    scripts: dict[str, list[str]] = field(default_factory=dict)

    @property
    def size(self) -> int:
        if self.type == "IRQControllers.NVIC":
            return 0x1000
        return int(self.attributes["size"], 0) if "size" in self.attributes else 0x4000


def parse(path: Path) -> dict[str, Entry]:
    """Reads the part of Renode's platform grammar that the templates use; anything else fails the test."""
    entries: dict[str, Entry] = {}
    text = re.sub(r"//.*", "", path.read_text())
    text = re.sub(r"@ \{\s*(.*?)\s*\}", lambda m: "@ " + " ".join(m[1].split()), text, flags=re.S)
    entry: Entry | None = None
    section: list[str] | None = None
    for line in text.splitlines():
        if not line.strip():
            continue
        if match := re.fullmatch(r'using "\./(.*)"', line):
            entries |= parse(path.parent / match[1])
        elif match := re.fullmatch(r"(\w+):(?: ([\w.]+) @ (.*))?", line):
            entry = entries.setdefault(match[1], Entry(match[1]))
            section = None
            if match[2] is not None:
                assert entry.type is None, f"{entry.name} is declared twice"
                entry.type = match[2]
                for point in re.split(r";(?![^{]*\})", match[3]):
                    where = re.fullmatch(
                        r"\s*sysbus(?: (0x[0-9A-F]+)| new Bus\.BusPointRegistration "
                        r"\{ address: (0x[0-9A-F]+); cpu: (\w+) \})?\s*",
                        point,
                    )
                    assert where, f"{path.name}: registration {point!r}"
                    if where[1] or where[2]:
                        entry.bases.append(int(where[1] or where[2], 16))
                    entry.cpu = where[3] or ""
            else:
                assert entry.type is not None, f"{entry.name} is changed before it is declared"
        elif line.startswith("        ") and section is not None:
            section.append(line.strip())
        elif match := re.fullmatch(r"    (\w+): (.+)", line):
            assert entry is not None
            entry.attributes[match[1]] = match[2].strip('"')
        elif match := re.fullmatch(r"    (\S+) -> (\S+)", line):
            assert entry is not None
            entry.wires[match[1]] = match[2]
        elif match := re.fullmatch(r"    (init|reset):", line):
            assert entry is not None
            section = entry.scripts[match[1]] = []
        else:
            pytest.fail(f"{path.name}: {line!r} is nothing that the grammar knows")
    return entries


@pytest.fixture(params=known_boards())
def board_name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_committed_files_are_fresh() -> None:
    for name, text in generate.render_all().items():
        path = FOLDER / name
        assert path.is_file(), f"{name} is missing; run: emberwatch renode generate"
        assert path.read_text() == text, f"{name} is stale; run: emberwatch renode generate"


def test_windows_and_memories_are_the_librarys(librp2040: Path) -> None:
    from emberwatch.engines.renode import library

    assert [(w.name, w.base, w.size) for w in library.windows()] == [(w.name, w.base, w.size) for w in load().windows]
    assert [(m.name, m.base, m.size) for m in library.memories()] == [(m.name, m.base, m.size) for m in load().memories]


def test_nothing_overlaps_and_everything_lies_in_the_cores_map(board_name: str) -> None:
    entries = parse(FOLDER / f"{board_name}.repl")
    assert [e.cpu for e in entries.values() if e.type == "IRQControllers.NVIC"] == ["cpu", "cpu1"]
    entries.pop("nvic1")  # where core 0 has its own
    spans = sorted((base, base + e.size, e.name) for e in entries.values() for base in e.bases)
    for (_, end, lower), (start, _, upper) in pairwise(spans):
        assert end <= start, f"{lower} and {upper} overlap"
    source = (ROOT / "sim/rp2040/bus/memory_map.hpp").read_text()
    rendered = "".join(path.read_text() for path in sorted((ROOT / "sim/rp2040/regs").glob("*.hpp")))
    constants = dict(re.findall(r"(k\w+) = ([^,;]+)", rendered + source))

    def value(expression: str) -> int:
        total = 0
        for sign, term in re.findall(r"([+-]?)\s*([\w* ]+)", expression.replace("'", "")):
            factors = [factor.strip() for factor in term.split("*")]
            number = math.prod(value(constants[f]) if f in constants else int(f, 0) for f in factors)
            total += -number if sign == "-" else number
        return total

    regions = [(value(a), value(b)) for a, b in re.findall(r"Region\{([^,}]+), ([^,}]+), Target::\w+\}", source)]
    assert len(regions) > 10
    for start, end, name in spans:
        # SIO's window is a page, its registers are the first 512 bytes of it.
        inside = [last for first, last in regions if first <= start and (end - 1 <= last or name == "sio")]
        assert inside, f"{name} at {start:#x} is outside of the core's map"
    for first, last in regions:
        if first >> 28 != 0xE:
            assert any(start <= first < end for start, end, _ in spans), f"nobody answers at {first:#x}..{last:#x}"


def test_windows_know_their_own_address() -> None:
    for entry in parse(FOLDER / "rp2040.repl").values():
        if "address" in entry.attributes:
            assert [int(entry.attributes["address"], 16)] == entry.bases, entry.name
            assert entry.attributes["chip"] == "chip"


def test_interrupt_lines_are_the_cores(board_name: str) -> None:
    count = 26  # datasheet 2.3.2
    chip = parse(FOLDER / f"{board_name}.repl")["chip"]
    lines = f"[0-{count - 1}]"
    assert chip.wires == {lines: f"nvic@{lines}", f"[32-{32 + count - 1}]": f"nvic1@{lines}"}


def test_the_processor_starts_at_the_vector_table_behind_the_second_stage(board_name: str) -> None:
    entries = parse(FOLDER / f"{board_name}.repl")
    cpu, nvic = entries["cpu"], entries["nvic"]
    assert cpu.scripts == {"init": ["VectorTableOffset 0x10000100"], "reset": ["VectorTableOffset 0x10000100"]}
    assert cpu.attributes["cpuType"] == "cortex-m0+"
    assert 1000 % int(cpu.attributes["PerformanceInMips"]) == 0
    assert nvic.attributes["priorityMask"] == "0xC0"
    assert nvic.wires == {"IRQ": "cpu@0"}
    second, its = entries["cpu1"], entries["nvic1"]
    assert second.scripts == {"init": ["IsHalted true"], "reset": ["IsHalted true"]}
    assert second.attributes == {**cpu.attributes, "nvic": "nvic1", "cpuId": "1"}
    assert its.attributes == nvic.attributes and its.wires == {"IRQ": "cpu1@0"}


def test_the_board_is_wired_as_its_toml_says(board_name: str) -> None:
    board = load_board(board_name)
    entries = parse(FOLDER / f"{board_name}.repl")
    assert entries["gpio"].wires == {str(board.led.pin): "led@0"}
    mic = entries["mic"].attributes
    assert (int(mic["clockPin"]), int(mic["dataPin"])) == (board.microphone.clock, board.microphone.data)
    assert int(entries["flash"].attributes["size"], 16) == int(entries["chip"].attributes["flashSize"], 16)
    assert int(entries["flash"].attributes["size"], 16) == board.flash.size
    assert ("invert" in entries["led"].attributes) == (board.led.active == "low")


def test_classes_and_constructor_arguments_exist_in_the_bridge(board_name: str) -> None:
    source = "\n".join(path.read_text() for path in (FOLDER / "bridge").glob("*.cs"))
    for entry in parse(FOLDER / f"{board_name}.repl").values():
        assert entry.type
        name = entry.type.split(".")[-1]
        if not name.startswith("RP2040"):
            continue
        constructor = re.search(rf"public {name}\((.*?)\)", source)
        assert constructor, f"{name} is not in the bridge"
        parameters = re.findall(r"(\w+)(?: = [^,]+)?(?:,|$)", constructor[1])
        assert set(entry.attributes) <= set(parameters), entry


def test_the_script_includes_every_source_in_order_of_need(board_name: str) -> None:
    script = (FOLDER / f"{board_name}.resc").read_text()
    (line,) = re.findall(r"^include (.*\.cs)$", script, re.M)  # in one piece: Renode compiles it once
    included = [name.removeprefix("$ORIGIN/bridge/") for name in line.split()]
    assert sorted(included) == sorted(path.name for path in (FOLDER / "bridge").glob("*.cs"))
    defined: set[str] = set()
    for name in included:
        source = (FOLDER / "bridge" / name).read_text()
        defined |= set(re.findall(r"public (?:static )?(?:class|interface) (\w+)", source))
        assert set(re.findall(r"\bRP2040\w*", re.sub(r'//.*|"[^"\n]*"|rp2040_\w+', "", source))) <= defined, name
    assert script.index("LoadPlatformDescription") < script.index("showAnalyzer") < script.index("runMacro")


def test_mips_divide_1000_and_are_no_slower_than_the_clock() -> None:
    assert [generate.mips(hz) for hz in (125_000_000, 133_000_000, 48_000_000, 12_000_000)] == [125, 200, 50, 20]
    with pytest.raises(BoardError, match="1000000000"):
        generate.mips(2_000_000_000)


def test_a_board_with_other_clocks_and_a_right_channel(tmp_path: Path) -> None:
    text = (ROOT / "platforms/boards/pico.toml").read_text()
    text = text.replace("clk_sys_hz = 125_000_000", "clk_sys_hz = 133_000_000").replace('"left"', '"right"')
    path = tmp_path / "fast.toml"
    path.write_text(text.replace('"high"', '"low"'))
    for name, content in ({"rp2040.repl": generate.render_chip()} | generate.render_board(load_board(path))).items():
        (tmp_path / name).write_text(content)
    entries = parse(tmp_path / "fast.repl")
    assert [entries[name].attributes["PerformanceInMips"] for name in ("cpu", "cpu1")] == ["200", "200"]
    assert entries["mic"].attributes["right"] == "true"
    assert entries["led"].attributes["invert"] == "true"


class _Request:
    def __init__(self, **fields: object) -> None:
        self.IsInit = self.IsUser = self.IsRead = False
        self.Offset = self.Value = 0
        self.__dict__.update(fields)


def test_the_scripted_sensor_breaks_and_mends_the_microphone() -> None:
    calls: list[str] = []
    actions: list[tuple[int, object]] = []

    class Machine(dict):  # type: ignore[type-arg]
        def ScheduleAction(self, delay: int, action: object) -> None:
            actions.append((delay, action))

    class Named:
        Break = staticmethod(calls.append)

    machine = Machine({"sysbus.mic": Named()})
    interval = type("TimeInterval", (), {"FromMicroseconds": staticmethod(lambda us: us)})
    time = type("Time", (), {"TimeInterval": interval})
    owner = object()  # no GetMachine of its own: that is an extension method, which IronPython has not imported
    machines = {owner: machine}
    extensions = type("IPeripheralExtensions", (), {"GetMachine": staticmethod(machines.__getitem__)})
    peripherals = type("Peripherals", (), {"IPeripheralExtensions": extensions})
    antmicro = type("Antmicro", (), {"Renode": type("Renode", (), {"Time": time, "Peripherals": peripherals})})
    scope: dict[str, object] = {"self": owner, "Antmicro": antmicro}
    loader = (FOLDER / "examples/scripted_sensor.resc").read_text()
    source = re.search(r'^machine PyDevFromFile \$ORIGIN/(\S+) 0x60000000 0x100 true "sensor"$', loader, re.M)
    assert source, "the script's path must not depend on Renode's working folder"
    script = compile((FOLDER / "examples" / source[1]).read_text(), source[1], "exec")

    def access(**fields: object) -> _Request:
        scope["request"] = request = _Request(**fields)
        exec(script, scope)
        return request

    access(IsInit=True)
    access(IsUser=True, Offset=1, Value=500)
    for _ in range(4):
        delay, action = actions.pop(0)
        assert delay in (500_000, 100_000)
        action(None)  # type: ignore[operator]
    assert calls == ["none", "missing", "none", "missing", "none"]
    assert access(IsRead=True).Value == 2
    access(IsUser=True, Offset=0, Value=0)
    actions.pop(0)[1](None)  # type: ignore[operator]
    assert not actions
