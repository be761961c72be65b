"""Size or speed: which form of every layer is written.

Each layer names its forms with cycles, working memory and flash. The fastest that fit are taken: working memory by
what else lives while the layer runs, flash by taking back the straight-line code that saves least for its bytes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from emberwatch.training.compiler.errors import CompileError
from emberwatch.training.compiler.ir import ELEMENT_SIZE, Form, Program
from emberwatch.training.compiler.memory import Plan, size_of
from emberwatch.training.compiler.registers import dma_channels

GOALS = ("speed", "balanced", "size")
BALANCED_CODE = 256 * 1024  # bytes of straight-line code when neither size nor speed is wanted above all
SPEED_CODE = 1024 * 1024
BALANCED_RAM = 32 * 1024  # bytes of SRAM for straight-line code
SPEED_RAM = 96 * 1024  # bytes of SRAM for working memory, and as many for straight-line code and weights
_KERNEL, _RARE = "dense", 0.02  # some 300 bytes of code in SRAM, and the share of cycles below which it is left out
BURST_RAM = 2 * 1024  # bytes of working memory more, where a DMA channel needs buffers
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
        dma_channel: DMA channel of the RP2040 that reads weights in the background, or None.
        cores: how many compute, 1 or 2.
    """

    optimise: str = "balanced"
    stream: bool = True
    max_ram: int | None = None
    max_flash: int | None = None
    dma_channel: int | None = None
    cores: int = 1

    def __post_init__(self) -> None:
        if self.optimise not in GOALS:
            raise CompileError(f"optimise: '{self.optimise}' is unknown; choose one of {', '.join(GOALS)}")
        for name, value in (("max-ram", self.max_ram), ("max-flash", self.max_flash)):
            if value is not None and value < 0:
                raise CompileError(f"{name}: {value} is negative; give bytes")
        if self.cores not in (1, 2):
            raise CompileError(f"cores: {self.cores} is not 1 or 2")
        if self.dma_channel is not None and not 0 <= self.dma_channel < dma_channels():
            raise CompileError(f"dma-channel: {self.dma_channel} is none; give one of 0 to {dma_channels() - 1}")


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
    born = {t: first for t, first in born.items() if model.tensors[t].dtype in ELEMENT_SIZE}
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


def ram_of(program: Program) -> int:
    """Bytes of SRAM for code and constants of a program."""
    return sum(layer.ram for layer in program.layers)


class _Chooser:
    """Takes the fastest forms, then takes back what saves least for its bytes until flash and SRAM are kept."""

    def __init__(self, program: Program, options: Options, beside: tuple[Program, ...]) -> None:
        self.program, self.beside, self.options = program, beside, options
        self.ram = {"speed": SPEED_RAM, "balanced": BALANCED_RAM, "size": 0}[options.optimise]
        self.code = {"speed": SPEED_CODE, "balanced": BALANCED_CODE, "size": 0}[options.optimise]
        room = options.optimise == "speed" or options.max_ram is not None  # for constants in SRAM
        self.layers = {i: layer for i, layer in enumerate(program.layers) if layer.forms}
        dma = options.dma_channel is not None
        self.allowed = {
            i: [f for f in layer.forms if (room or not f.ram_data) and (dma or not f.dma) and f.cores <= options.cores]
            for i, layer in self.layers.items()
        }

    def limit_scratch(self, position: int, size: int) -> None:
        """Drop the forms of a layer that need more working memory; the most frugal ones stay."""
        least = min(f.scratch for f in self.allowed[position])
        self.allowed[position] = [f for f in self.allowed[position] if f.scratch <= max(size, least)]

    def choose(self) -> None:
        """Set the fastest allowed forms within the limits of flash and SRAM."""
        now = {i: min(forms, key=lambda f: (f.cycles, f.scratch)) for i, forms in self.allowed.items()}
        for position, form in now.items():
            self.layers[position].choose(form)
        while (bytes_of := self._excess()) is not None:
            prices = [
                ((form.cycles - now[i].cycles) / saved, i, form)
                for i, forms in self.allowed.items()
                for form in forms
                if (saved := bytes_of(now[i]) - bytes_of(form)) > 0
            ]
            if not prices:
                return
            _, position, form = min(prices, key=lambda price: price[:2])
            now[position] = form
            self.layers[position].choose(form)

    def drop_rare_kernel(self) -> bool:
        """Do without the kernel of dense layers, where all layers with it together hardly gain; whether any changed."""
        if self.options.optimise == "speed":
            return False
        now = {i: next(f for f in self.allowed[i] if f.context is layer.context) for i, layer in self.layers.items()}
        using = {i: [f for f in self.allowed[i] if _KERNEL not in f.helpers] for i in now if _KERNEL in now[i].helpers}
        if not using or not all(using.values()):
            return False
        loss = sum(min(f.cycles for f in others) - now[i].cycles for i, others in using.items())
        if loss > _RARE * sum(form.cycles for form in now.values()):
            return False
        self.allowed |= using
        return True

    def _excess(self) -> Callable[[Form], int] | None:
        """What counts the bytes of a form in the memory that is exceeded, or None when all limits are kept."""
        if ram_of(self.program) > self.ram:
            return lambda form: form.ram
        if sum(layer.code for layer in self.program.layers) > self.code:
            return lambda form: form.code
        limit = self.options.max_flash
        if limit is not None and flash_of(self.program, *self.beside) > limit:
            return lambda form: _flash(form, self.program)
        return None


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
    planned = plan()  # lowering has set forms with little memory
    chooser = _Chooser(program, options, beside)
    limit = {"speed": SPEED_RAM, "balanced": max(planned.arena, reference_arena(program)), "size": planned.arena}[
        options.optimise
    ]
    if options.dma_channel is not None:
        limit += BURST_RAM
    if options.max_ram is not None:
        limit = max(planned.arena, min(limit, options.max_ram - kept))
    for position, layer in chooser.layers.items():
        chooser.limit_scratch(position, limit - (planned.live(position) - layer.scratch))
    for _ in range(_ROUNDS):
        if options.max_ram is not None:
            chooser.ram = max(0, options.max_ram - kept - planned.arena)
        chooser.choose()
        if chooser.drop_rare_kernel():
            chooser.choose()
        planned = plan()
        over = options.max_ram is not None and planned.arena + kept + ram_of(program) > options.max_ram
        if planned.arena <= limit and not (over and ram_of(program)):
            break
        for position, offset in planned.scratch.items():
            scratch = program.layers[position].scratch
            if position in chooser.layers and offset + scratch > limit:
                chooser.limit_scratch(position, scratch - 1 if offset >= limit else limit - offset)
    _refuse_excess(program, options, planned, kept, beside)
    return planned


def _refuse_excess(program: Program, options: Options, plan: Plan, kept: int, beside: tuple[Program, ...]) -> None:
    for what, name, needed, limit in (
        ("RAM", "--max-ram", plan.arena + kept + ram_of(program), options.max_ram),
        ("flash", "--max-flash", flash_of(program, *beside), options.max_flash),
    ):
        if limit is not None and needed > limit:
            path = program.model.path
            raise CompileError(f"{path}: needs {needed} bytes of {what} at least, {name} is {limit}; raise it")
