"""Memory planning: where every tensor lives, decided at compile time.

Tensors that only differ in shape share storage; an elementwise layer writes over its input when nothing needs the
input any more. What remains is placed in one arena by lifetime, each block at the lowest free address, in the order
that gives the smallest arena of several.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from emberwatch.training.compiler.ir import ELEMENT_SIZE, Program


@dataclass(frozen=True)
class Place:
    """Where a tensor lives.

    Attributes:
        base: C name of an argument or a constant, or of an array of bytes.
        offset: bytes into that array; None where `base` is the tensor itself.
    """

    base: str
    offset: int | None = None


@dataclass
class Block:
    """A piece of the arena: bytes [offset, offset + size) from layer `first` to layer `last`."""

    name: str
    size: int
    first: int
    last: int
    offset: int = -1


@dataclass(frozen=True)
class Copy:
    """Bytes to copy after the last layer: an output whose memory is not the caller's."""

    source: Place
    target: Place
    size: int


@dataclass(frozen=True)
class Plan:
    """The memory of a program.

    Attributes:
        arena: size of the arena in bytes.
        blocks: every block.
        places: tensor -> where it lives.
        scratch: layer position -> offset of its working memory.
        copies: done after the last layer.
    """

    arena: int
    blocks: list[Block]
    places: dict[int, Place]
    scratch: dict[int, int]
    copies: list[Copy] = field(default_factory=list)

    def live(self, position: int) -> int:
        """Bytes in use while a layer runs."""
        return sum(b.size for b in self.blocks if b.first <= position <= b.last)

    def table(self) -> str:
        """The plan as text: one line per block with its place and lifetime."""
        lines = [f"arena: {self.arena} bytes"]
        last = max((b.last for b in self.blocks), default=0)
        for block in sorted(self.blocks, key=lambda b: (b.first, b.offset)):
            life = "".join("#" if block.first <= i <= block.last else "." for i in range(last + 1))
            lines.append(f"{block.offset:7d} .. {block.offset + block.size:7d}  {life}  {block.name}")
        return "\n".join(lines)


class _Roots:
    """Which tensors share storage."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._shared = dict(program.aliases)

    def __getitem__(self, tensor: int) -> int:
        while tensor in self._shared:
            tensor = self._shared[tensor]
        return tensor

    def last_uses(self) -> dict[int, int]:
        """Last layer that reads each storage; outputs of the graph live to the end."""
        uses: dict[int, int] = {}
        for position, layer in enumerate(self._program.layers):
            for tensor in layer.inputs:
                uses[self[tensor]] = position
        for tensor in self._program.model.outputs:
            uses[self[tensor]] = len(self._program.layers)
        return uses

    def share_in_place(self, fixed: set[int]) -> None:
        """Let elementwise layers write over inputs that nobody reads later."""
        for position, layer in enumerate(self._program.layers):
            if not layer.in_place or self[layer.outputs[0]] in fixed:
                continue
            target = self[layer.outputs[0]]
            uses = self.last_uses()
            for source in (self[layer.inputs[i]] for i in layer.in_place):
                if uses.get(source) == position and source not in fixed and source != target:
                    self._shared[target] = source
                    break


def root_of(program: Program, tensor: int) -> int:
    """The tensor whose memory a tensor shares."""
    return _Roots(program)[tensor]


def last_uses(program: Program) -> dict[int, int]:
    """Last layer that reads each storage; outputs of the graph live to the end."""
    return _Roots(program).last_uses()


def size_of(program: Program, tensor: int) -> int:
    """Bytes of a tensor."""
    t = program.model.tensors[tensor]
    return t.size * ELEMENT_SIZE.get(t.dtype, 4)  # the handle of a variable is a number


def plan_memory(
    program: Program, arena: str, argument_in: list[str], argument_out: list[str], preset: dict[int, Place]
) -> Plan:
    """Place all tensors and scratch areas.

    Args:
        program: the lowered graph.
        arena: C name of the arena.
        argument_in: C names of the arguments of the graph's inputs.
        argument_out: the same for the outputs.
        preset: tensors whose place is given, outside of the arena: constants and what is kept between calls.
    """
    model, roots = program.model, _Roots(program)
    places = dict(preset)
    offset = 0
    for tensor, state in program.states.items():
        places[tensor] = Place(f"{program.prefix}_state", offset)
        offset += (state.size + 7) // 8 * 8
    for tensor, name in zip(model.inputs, argument_in, strict=True):
        places[tensor] = Place(name)
    fixed = {roots[t] for t in places}
    pending: list[tuple[int, Place]] = []
    for tensor, name in zip(model.outputs, argument_out, strict=True):
        root = roots[tensor]
        if root in fixed:
            pending.append((tensor, Place(name)))
        else:
            places[root] = Place(name)
            fixed.add(root)
    roots.share_in_place(fixed)

    uses = roots.last_uses()
    blocks: list[Block] = []
    owners: list[int | None] = []
    seen: set[int] = set()
    for position, layer in enumerate(program.layers):
        for tensor in layer.outputs:
            root = roots[tensor]
            if root in places or root in seen:
                continue
            seen.add(root)
            name = f"{layer.symbol} -> tensor {tensor}"
            blocks.append(Block(name, size_of(program, root), position, max(position, uses.get(root, position))))
            owners.append(root)
        if layer.scratch:
            blocks.append(Block(f"{layer.symbol} scratch", layer.scratch, position, position))
            owners.append(None)

    wide = any(ELEMENT_SIZE[model.tensors[t].dtype] == 8 for layer in program.layers for t in layer.outputs)
    blocks = place_blocks(blocks, 8 if wide else 4)
    scratch: dict[int, int] = {}
    for block, owner in zip(blocks, owners, strict=True):
        if owner is None:
            scratch[block.first] = block.offset
        else:
            places[owner] = Place(arena, block.offset)
    named = {t.index: places[roots[t.index]] for t in model.tensors if roots[t.index] in places}
    copies = [Copy(named[tensor], place, size_of(program, tensor)) for tensor, place in pending]
    return Plan(arena_size(blocks), blocks, named, scratch, copies)


def arena_size(blocks: list[Block]) -> int:
    """Bytes that placed blocks reach over."""
    return max((b.offset + b.size for b in blocks), default=0)


_ORDERS: tuple[Callable[[Block], tuple[int, ...]], ...] = (
    lambda b: (-b.size, b.first),
    lambda b: (-b.size * (b.last - b.first + 1), b.first),
    lambda b: (b.first, -b.size),
    lambda b: (b.first - b.last, -b.size),
    lambda b: (-b.last, -b.size),
)


def place_blocks(blocks: list[Block], align: int = 4) -> list[Block]:
    """Give every block the lowest address at which it meets no block that lives at the same time.

    Of several orders in which blocks are taken, the one with the smallest arena counts.
    """
    return min((_placed(blocks, order, align) for order in _ORDERS), key=arena_size)


def _placed(blocks: list[Block], order: Callable[[Block], tuple[int, ...]], align: int) -> list[Block]:
    placed: list[Block] = []
    result = [replace(b) for b in blocks]
    for block in sorted(result, key=order):
        offset = 0
        for other in sorted(placed, key=lambda b: b.offset):
            if other.last < block.first or block.last < other.first:
                continue
            if offset + block.size <= other.offset:
                break
            offset = max(offset, -(-(other.offset + other.size) // align) * align)
        block.offset = offset
        placed.append(block)
    return result
