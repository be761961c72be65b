"""A flame graph as one SVG without scripts: width is cycles, callers lie below, each box tells its figures on hover."""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape

from emberwatch.chip import memory
from emberwatch.inspect.profiling.model import CoreProfile, Costs, Profile

_WIDTH, _ROW, _MARGIN, _TITLE = 1200.0, 18, 10, 46
_LEAST = 0.4
"""Narrower boxes are not drawn, in pixels."""
_LETTER = 6.6


@dataclass
class _Box:
    name: str
    kind: str
    own: Costs = field(default_factory=Costs)
    total: Costs = field(default_factory=Costs)
    calls: int = 0
    children: dict[str, _Box] = field(default_factory=dict)

    def depth(self) -> int:
        return 1 + max((child.depth() for child in self.children.values()), default=0)


def _kind(address: int, is_function: bool) -> str:
    if not is_function:
        return "irq"
    return "rom" if address < memory("rom").end else "flash" if address < memory("sram").base else "ram"


def _tree(core: CoreProfile) -> _Box:
    root = _Box(f"core {core.core}", "root")
    boxes: list[_Box] = []
    for node in core.nodes:
        parent = root if node.parent is None else boxes[node.parent]
        box = parent.children.setdefault(node.name, _Box(node.name, _kind(node.address, node.is_function)))
        box.own += node.own
        box.total += node.total
        box.calls += node.calls
        if node.parent is None:
            root.total += node.total
        boxes.append(box)
    return root


def write(profile: Profile) -> str:
    """Code in SRAM, flash and ROM and interrupts have their colours; light and dark follow the viewer."""
    trees = [_tree(core) for core in profile.cores if core.busy.cycles]
    whole = sum(tree.total.cycles for tree in trees) or 1
    depth = max((tree.depth() for tree in trees), default=1)
    height = _TITLE + depth * _ROW + _MARGIN
    base = height - _MARGIN - _ROW
    seconds = (profile.picoseconds[1] - profile.picoseconds[0]) / 1e12
    body: list[str] = []
    left = float(_MARGIN)
    scale = (_WIDTH - 2 * _MARGIN) / whole
    for tree in trees:
        _draw(tree, left, base, scale, whole, body)
        left += tree.total.cycles * scale
    legend = " ".join(
        f'<tspan class="k {kind}">&#9632;</tspan> {label}'
        for kind, label in (("ram", "SRAM"), ("flash", "flash"), ("rom", "ROM"), ("irq", "interrupt"))
    )
    return f"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH:g} {height}" role="img" \
font-family="system-ui, sans-serif" font-size="11">
<style>
svg {{ background: #fff }} text {{ fill: #1b1b1b }} .t {{ font-size: 14px; font-weight: 600 }}
rect {{ stroke: #fff; stroke-width: .6 }} g:hover rect {{ stroke: #1b1b1b }}
.root {{ fill: #d5d5d5 }} .ram {{ fill: #f2a65a }} .flash {{ fill: #f6d365 }} .rom {{ fill: #b9c6d3 }} \
.irq {{ fill: #9cc5a1 }}
@media (prefers-color-scheme: dark) {{ svg {{ background: #16181c }} text {{ fill: #e8e8e8 }} g text {{ fill: #16181c }}
rect {{ stroke: #16181c }} g:hover rect {{ stroke: #fff }} }}
</style>
<title>{escape(profile.firmware)}: cycles by call stack</title>
<text class="t" x="{_MARGIN}" y="20">{escape(profile.firmware)}: {whole:,} busy cycles in {seconds:.3f} s</text>
<text x="{_MARGIN}" y="37">{legend}</text>
{chr(10).join(body)}
</svg>
"""


def _draw(box: _Box, left: float, top: int, scale: float, whole: int, out: list[str]) -> None:
    width = box.total.cycles * scale
    if width < _LEAST:
        return
    letters = int((width - 6) / _LETTER)
    label = box.name if len(box.name) <= letters else box.name[: letters - 1] + "…" if letters > 3 else ""
    told = (
        f"{box.name}: {box.total.cycles:,} cycles ({100 * box.total.cycles / whole:.2f} %), own {box.own.cycles:,}, "
        f"calls {box.calls:,}, XIP misses {box.total.xip_misses:,}, XIP stalls {box.total.xip_stalls:,}"
    )
    text = f'<text x="{left + 3:.2f}" y="{top + 13}">{escape(label)}</text>' if label else ""
    out.append(
        f'<g><title>{escape(told)}</title><rect class="{box.kind}" x="{left:.2f}" y="{top}" width="{width:.2f}" '
        f'height="{_ROW}" rx="2"/>{text}</g>'
    )
    for child in sorted(box.children.values(), key=lambda child: child.name):
        _draw(child, left, top - _ROW, scale, whole, out)
        left += child.total.cycles * scale
