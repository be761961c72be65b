"""Memory planning: where every tensor lives, decided at compile time.

Tensors that only differ in shape share storage; an elementwise layer writes over its input when nothing needs the
input any more. What remains is placed in one arena by lifetime, largest first, at the lowest free address.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from emberwatch.training.compiler.ir import ELEMENT_SIZE, Program


@dataclass
class Block:
    """A piece of the arena: bytes [offset, offset + size) from layer `first` to layer `last`."""

    name: str
    size: int
    first: int
    last: int
    offset: int = -1


@dataclass
class Plan:
    """The memory of a program.

    Attributes:
        arena: size of the arena in bytes.
        blocks: every block, in order of placement.
        places: tensor -> C expression for its address.
        scratch: layer position -> offset of its working memory.
        copies: (source expression, output expression, bytes) done after the last layer.
    """

    arena: int
    blocks: list[Block]
    places: dict[int, str]
    scratch: dict[int, int]
    copies: list[tuple[str, str, int]] = field(default_factory=list)

    def table(self) -> str:
        """The plan as text: one line per block with its place and lifetime."""
        lines = [f"arena: {self.arena} bytes"]
        last = max((b.last for b in self.blocks), default=0)
        for block in sorted(self.blocks, key=lambda b: (b.first, b.offset)):
            life = "".join("#" if block.first <= i <= block.last else "." for i in range(last + 1))
            lines.append(f"{block.offset:7d} .. {block.offset + block.size:7d}  {life}  {block.name}")
        return "\n".join(lines)


def _root(program: Program, tensor: int) -> int:
    while tensor in program.aliases:
        tensor = program.aliases[tensor]
    return tensor


def _last_uses(program: Program) -> dict[int, int]:
    """Last layer that reads each storage; outputs of the graph live to the end."""
    uses: dict[int, int] = {}
    for position, layer in enumerate(program.layers):
        for tensor in layer.inputs:
            uses[_root(program, tensor)] = position
    for tensor in program.model.outputs:
        uses[_root(program, tensor)] = len(program.layers)
    return uses


def _share_in_place(program: Program, fixed: set[int]) -> None:
    """Let elementwise layers write over inputs that nobody reads later."""
    for position, layer in enumerate(program.layers):
        if not layer.in_place:
            continue
        source, target = _root(program, layer.inputs[0]), layer.outputs[0]
        dying = _last_uses(program).get(source) == position
        if dying and source not in fixed and _root(program, target) not in fixed:
            program.aliases[target] = source


def size_of(program: Program, tensor: int) -> int:
    """Bytes of a tensor."""
    t = program.model.tensors[tensor]
    return t.size * ELEMENT_SIZE[t.dtype]


def plan_memory(
    program: Program, arena: str, argument_in: list[str], argument_out: list[str], preset: dict[int, str] | None = None
) -> Plan:
    """Place all tensors and scratch areas.

    Args:
        program: the lowered graph; in-place decisions are added to its aliases.
        arena: C name of the arena.
        argument_in: C names of the arguments of the graph's inputs.
        argument_out: the same for the outputs.
        preset: tensors whose place is given, outside of the arena.
    """
    model = program.model
    places: dict[int, str] = dict(preset or {})
    copies: list[tuple[str, str, int]] = []
    for tensor, name in zip(model.inputs, argument_in, strict=True):
        places[tensor] = name
    fixed = set(places) | {_root(program, t) for t in model.inputs}
    fixed |= {t.index for t in model.tensors if t.data is not None}
    pending: list[tuple[int, str]] = []
    for tensor, name in zip(model.outputs, argument_out, strict=True):
        root = _root(program, tensor)
        if root in fixed:
            pending.append((tensor, name))
        else:
            places[root] = name
            fixed.add(root)
    _share_in_place(program, fixed)

    uses = _last_uses(program)
    blocks: list[Block] = []
    owners: list[int | None] = []
    seen: set[int] = set()
    for position, layer in enumerate(program.layers):
        for tensor in layer.outputs:
            root = _root(program, tensor)
            if root in places or root in seen:
                continue
            seen.add(root)
            name = f"{layer.symbol} -> tensor {tensor}"
            blocks.append(Block(name, size_of(program, root), position, max(position, uses.get(root, position))))
            owners.append(root)
        if layer.scratch:
            blocks.append(Block(f"{layer.symbol} scratch", layer.scratch, position, position))
            owners.append(None)

    _place(blocks)
    size = max((b.offset + b.size for b in blocks), default=0)
    scratch: dict[int, int] = {}
    for block, owner in zip(blocks, owners, strict=True):
        if owner is None:
            scratch[block.first] = block.offset
        else:
            places[owner] = f"{arena} + {block.offset}"
    for tensor, name in pending:
        copies.append((places.get(_root(program, tensor), f"tensor {tensor}"), name, size_of(program, tensor)))
    roots = {t.index: _root(program, t.index) for t in model.tensors}
    named = {tensor: places[root] for tensor, root in roots.items() if root in places}
    return Plan(size, blocks, named, scratch, copies)


def _place(blocks: list[Block]) -> None:
    """Give every block the lowest address at which it meets no block that lives at the same time."""
    placed: list[Block] = []
    for block in sorted(blocks, key=lambda b: (-b.size, b.first)):
        offset = 0
        for other in sorted(placed, key=lambda b: b.offset):
            if other.last < block.first or block.last < other.first:
                continue
            if offset + block.size <= other.offset:
                break
            offset = max(offset, (other.offset + other.size + 3) // 4 * 4)
        block.offset = offset
        placed.append(block)
