"""Size or speed: which form of every layer is written.

Each layer names its forms with cycles, working memory and flash. The fastest that fit are taken: working memory by
what else lives while the layer runs, flash by taking back the straight-line code that saves least for its bytes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from training.compiler.errors import CompileError
from training.compiler.ir import Form, Layer, Program
from training.compiler.memory import Plan, size_of

GOALS = ("speed", "balanced", "size")
BALANCED_CODE = 256 * 1024  # bytes of straight-line code when neither size nor speed is wanted above all
SPEED_CODE = 1024 * 1024
_ROUNDS = 12

# What TensorFlow Lite Micro keeps in its arena beside activations on a 32-bit machine, at least: TfLiteEvalTensor per
# tensor, NodeAndRegistration and operator data per operator, multiplier and shift per channel.
_PER_TENSOR, _PER_OPERATOR, _PER_CHANNEL = 12, 64, 8


@dataclass(frozen=True)
class Options:
    """What the user wants of the plan.

    Attributes:
        optimise: one of `GOALS`.
        stream: whether a network that can stream gets a streaming form.
        max_ram: bytes of working memory, state of the streaming form and code in SRAM, or None.
        max_flash: bytes of constants and straight-line code, or None.
    """

    optimise: str = "balanced"
    stream: bool = True
    max_ram: int | None = None
    max_flash: int | None = None

    def __post_init__(self) -> None:
        if self.optimise not in GOALS:
            raise CompileError(f"optimise: '{self.optimise}' is unknown; choose one of {', '.join(GOALS)}")
        for name, value in (("max-ram", self.max_ram), ("max-flash", self.max_flash)):
            if value is not None and value < 0:
                raise CompileError(f"{name}: {value} is negative; give bytes")


def flash_of(*programs: Program) -> int:
    """Bytes of constants and straight-line code of programs that share their constants."""
    used = set().union(*(program.used_constants() for program in programs))
    code = sum(layer.code for program in programs for layer in program.layers)
    return sum(programs[0].constants[s].size for s in used) + code


def reference_arena(program: Program) -> int:
    """What TensorFlow Lite Micro needs at least: activations that live together, inputs and outputs among them."""
    model = program.model
    last = {t: i for i, op in enumerate(model.operators) for t in op.inputs} | {
        t: len(model.operators) for t in model.outputs
    }
    born = dict.fromkeys(model.inputs, 0) | {t: i for i, op in enumerate(model.operators) for t in op.outputs}
    peak = max(
        (
            sum(size_of(program, t) for t, first in born.items() if first <= i <= last.get(t, first))
            for i in range(len(model.operators))
        ),
        default=0,
    )
    tables = sum(model.tensors[op.inputs[1]].scale.size for op in model.operators if len(op.inputs) > 1)
    kept = _PER_TENSOR * len(model.tensors) + _PER_OPERATOR * len(model.operators) + _PER_CHANNEL * tables
    return peak + kept


def _flash(form: Form, program: Program) -> int:
    return form.code + sum(program.constants[c].size for c in form.constants)


def _fastest(forms: list[Form]) -> Form:
    return min(forms, key=lambda f: (f.cycles, f.scratch))


class _Chooser:
    """Takes forms back until memory and flash are kept."""

    def __init__(self, program: Program, options: Options, beside: tuple[Program, ...]) -> None:
        self.program, self.beside, self.max_flash = program, beside, options.max_flash
        self.layers = [(i, layer) for i, layer in enumerate(program.layers) if layer.forms]
        self.allowed: dict[int, list[Form]] = {i: list(layer.forms) for i, layer in self.layers}
        self.code = {"speed": SPEED_CODE, "balanced": BALANCED_CODE, "size": 0}[options.optimise]

    def limit_scratch(self, position: int, size: int) -> None:
        """Drop the forms of a layer that need more working memory; the most frugal ones stay."""
        least = min(f.scratch for f in self.allowed[position])
        self.allowed[position] = [f for f in self.allowed[position] if f.scratch <= max(size, least)]

    def _slower(self, layer: Layer, position: int, now: Form) -> tuple[float, Form] | None:
        """The form with less flash that costs least cycles for the bytes it saves."""
        best: tuple[float, Form] | None = None
        for form in self.allowed[position]:
            saved = _flash(now, self.program) - _flash(form, self.program)
            if saved > 0:
                price = (form.cycles - now.cycles) / saved
                if best is None or price < best[0]:
                    best = (price, form)
        return best

    def _fits(self) -> bool:
        if sum(layer.code for layer in self.program.layers) > self.code:
            return False
        return self.max_flash is None or flash_of(self.program, *self.beside) <= self.max_flash

    def choose(self) -> None:
        """Set the fastest allowed forms within the limits of flash."""
        for position, layer in self.layers:
            layer.choose(_fastest(self.allowed[position]))
        while not self._fits():
            found = []
            for position, layer in self.layers:
                now = next(f for f in layer.forms if f.context is layer.context)
                slower = self._slower(layer, position, now)
                if slower is not None:
                    found.append((slower[0], position, layer, slower[1]))
            if not found:
                return
            _, _, layer, form = min(found, key=lambda entry: entry[:2])
            layer.choose(form)


def choose_forms(
    program: Program,
    options: Options,
    plan: Callable[[], Plan],
    kept: int = 0,
    beside: tuple[Program, ...] = (),
) -> Plan:
    """Set a form of every layer that has several.

    Args:
        program: the lowered graph.
        options: what the user wants.
        plan: plans the memory of the program as it stands.
        kept: bytes of RAM that the program needs beside the arena.
        beside: programs that are written with it and whose flash counts.

    Returns:
        The memory plan of the forms that were chosen.

    Raises:
        CompileError: no choice keeps `max_ram` or `max_flash`.
    """
    frugal = plan()  # lowering has set the forms with the least working memory
    chooser = _Chooser(program, options, beside)
    limit = {"speed": 1 << 24, "balanced": max(frugal.arena, reference_arena(program)), "size": frugal.arena}[
        options.optimise
    ]
    if options.max_ram is not None:
        limit = min(limit, max(options.max_ram - kept, 0))
    for position, layer in chooser.layers:
        chooser.limit_scratch(position, limit - (frugal.live(position) - layer.scratch))
    chooser.choose()
    planned = plan()
    for _ in range(_ROUNDS):
        ram_code = sum(layer.ram_code for layer in program.layers)
        over_code = options.max_ram is not None and planned.arena + kept + ram_code > options.max_ram and ram_code > 0
        if planned.arena <= limit and not over_code:
            break
        if over_code:
            largest = max(chooser.layers, key=lambda entry: entry[1].ram_code)[0]
            chooser.allowed[largest] = [f for f in chooser.allowed[largest] if not f.ram_code]
        for position, offset in planned.scratch.items():
            layer = program.layers[position]
            if position in chooser.allowed and offset + layer.scratch > limit:
                chooser.limit_scratch(position, layer.scratch - 1 if offset >= limit else limit - offset)
        chooser.choose()
        planned = plan()
    _refuse_excess(program, options, planned, kept, beside)
    return planned


def _refuse_excess(program: Program, options: Options, plan: Plan, kept: int, beside: tuple[Program, ...]) -> None:
    path = program.model.path
    ram = plan.arena + kept + sum(layer.ram_code for layer in program.layers)
    if options.max_ram is not None and ram > options.max_ram:
        raise CompileError(f"{path}: needs {ram} bytes of RAM at least, --max-ram is {options.max_ram}; raise it")
    flash = flash_of(program, *beside)
    if options.max_flash is not None and flash > options.max_flash:
        raise CompileError(
            f"{path}: needs {flash} bytes of flash at least, --max-flash is {options.max_flash}; raise it"
        )
