"""Runs a generated network on the emulated RP2040: equal results, cycles per layer, flash and RAM.

The network is linked with the firmware's own start-up code, clocks and memory map, so flash wait states and the XIP
cache are those of the firmware.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from emberwatch.base.errors import EmulationError
from emberwatch.base.locks import locked
from emberwatch.base.paths import project_root
from emberwatch.board.board import Board, load_board
from emberwatch.detector.build import DETECTOR, _Build
from emberwatch.engines import StopReason
from emberwatch.engines.embedded import EmbeddedEngine
from emberwatch.program.elf import load_image
from emberwatch.program.firmware_image import measure
from emberwatch.program.toolchain import find_compiler, write_if_changed
from emberwatch.training.compiler.compiler import CompiledModel
from emberwatch.training.compiler.ir import ELEMENT_SIZE
from emberwatch.training.compiler.native import NativeModel, numpy_type
from emberwatch.training.compiler.report import Measurement

_LIMIT = 4_000_000_000  # cycles: no network of this chip takes half a minute

_MAIN = """\
// Runs {name}_invoke, or the streaming functions, for sim/bench/network.py; the debugger chooses and waits at marks.
#include "{name}.h"
#include "hw/clocks.h"
#include "hw/resets.h"

{buffers}
volatile uint32_t bench_mode;
const volatile uint32_t image_crc __attribute__((section(".image_crc"), used)) = 0xffffffffu;

void bench_mark(void);
__attribute__((noinline)) void bench_mark(void) {{ __asm__ volatile("nop"); }}

_Noreturn void fault_reboot(uint32_t where);
_Noreturn void fault_reboot(uint32_t where) {{
    (void)where;
    for (;;) __asm__ volatile("bkpt 1");
}}

_Noreturn void main(void);
_Noreturn void main(void) {{
    clocks_init();
    resets_release(RESETS_RESET_DMA);
{start}    for (;;) {{
        bench_mark();
        if (bench_mode == 0) {name}_invoke({arguments});
{stream}    }}
}}
"""

_STREAM = """\
        if (bench_mode == 1) {name}_stream_reset();
        if (bench_mode == 2) {name}_stream_push((const void *)bench_in0, (void *)bench_out0);
"""


@dataclass(frozen=True)
class NetworkRun:
    """One run on the emulated chip.

    Attributes:
        outputs: bytes of each output.
        cycles: from the call to the return of the entry function.
        functions: C function -> cycles including what it calls.
    """

    outputs: tuple[bytes, ...]
    cycles: int
    functions: dict[str, int]


class _BenchBuild(_Build):
    def link(self, compiled: CompiledModel) -> Path:
        """Build the bench image and return its ELF."""
        self._generate_headers()
        for path in (compiled.source, compiled.header):
            write_if_changed(self.gen / path.name, path.read_bytes())
        boot2 = self._make_boot2()
        sources = [*sorted((self.root / "firmware" / "hw").glob("*.[cS]")), self.gen / "bench_main.c"]
        steps = [self._compile_step(source) for source in [*sources, self.gen / compiled.source.name, boot2]]
        for step in steps:
            step.run()
        return self._link([step.output for step in steps], 0).elf


class NetworkBench:
    """A generated network in an image of its own on the emulated chip.

    Args:
        compiled: what the model compiler wrote.
        inputs: bytes of each input.
        outputs: bytes of each output.
        out: folder for the build.
        board: board whose clocks and flash are used.

    Raises:
        BuildError: the toolchain is missing, or the network does not fit.
    """

    def __init__(
        self,
        compiled: CompiledModel,
        inputs: Sequence[int],
        outputs: Sequence[int],
        out: Path,
        board: Board | None = None,
    ) -> None:
        self.board = board or load_board("pico")
        self.compiled = compiled
        self._sizes = tuple(outputs)
        out.mkdir(parents=True, exist_ok=True)
        names = [f"bench_in{i}" for i in range(len(inputs))] + [f"bench_out{i}" for i in range(len(outputs))]
        buffers = [
            f"__attribute__((aligned(4))) uint8_t {name}[{size}];"
            for name, size in zip(names, [*inputs, *outputs], strict=True)
        ]
        main = _MAIN.format(
            name=compiled.name,
            buffers="\n".join(buffers),
            arguments=", ".join(f"(void *){name}" for name in names),
            stream=_STREAM.format(name=compiled.name) if compiled.stream_frames else "",
            start=f"    {compiled.name}_start_core1();\n" if compiled.cores == 2 else "",
        )
        with locked(out / ".lock"):
            build = _BenchBuild(project_root(), out.resolve(), self.board, DETECTOR, {}, str(find_compiler()))
            build.gen.mkdir(parents=True, exist_ok=True)
            write_if_changed(build.gen / "bench_main.c", main)
            self.elf = build.link(compiled)
        self.image = load_image(self.elf)
        self._engine = EmbeddedEngine(self.board, 0)
        self._engine.load(self.image)
        symbols = self.image.symbols
        self._functions = {s.name: (s.address, s.size) for s in symbols.functions() if s.name.startswith(compiled.name)}
        self._engine.add_breakpoint(symbols["bench_mark"].address)
        self._to_mark()

    def _to_mark(self) -> None:
        stop = self._engine.run_until(self._engine.cycle + _LIMIT)
        if stop.reason is not StopReason.BREAKPOINT:
            raise EmulationError(f"the network stopped with {stop.reason.name} at {stop.pc:#010x}: {stop.detail}")

    def _run(self, mode: int, inputs: Sequence[npt.NDArray[Any]], entry: str) -> NetworkRun:
        engine, symbols = self._engine, self.image.symbols
        engine.write_memory(symbols["bench_mode"].address, mode.to_bytes(4, "little"))
        for i, values in enumerate(inputs):
            engine.write_memory(symbols[f"bench_in{i}"].address, np.ascontiguousarray(values).tobytes())
        engine.trace_functions(self._functions)
        self._to_mark()
        profile = engine.function_cycles()
        outputs = tuple(
            engine.read_memory(symbols[f"bench_out{i}"].address, size) for i, size in enumerate(self._sizes)
        )
        functions: dict[str, int] = {}
        for name, cycles in profile.items():
            plain = name.split(".")[0]
            functions[plain] = functions.get(plain, 0) + cycles.total
        return NetworkRun(outputs, functions[entry], {k: v for k, v in functions.items() if v})

    def invoke(self, *inputs: npt.NDArray[Any]) -> NetworkRun:
        """One whole inference."""
        return self._run(0, inputs, f"{self.compiled.name}_invoke")

    def stream_reset(self) -> NetworkRun:
        """Forget all frames."""
        return self._run(1, (), f"{self.compiled.name}_stream_reset")

    def stream_push(self, frames: npt.NDArray[np.int8]) -> NetworkRun:
        """Give the next frames."""
        return self._run(2, (frames,), f"{self.compiled.name}_stream_push")


def measure_network(compiled: CompiledModel, folder: Path, board: Board | None = None) -> Measurement:
    """One inference on random input, checked against the same C on the host.

    Args:
        compiled: what the model compiler wrote.
        folder: for the build.
        board: board whose clocks and flash are used.

    Raises:
        BuildError: a compiler is missing, or the network does not fit.
    """
    model = compiled.program.model
    inputs = [model.tensors[t] for t in model.inputs]
    outputs = [model.tensors[t] for t in model.outputs]
    bench = NetworkBench(
        compiled,
        [t.size * ELEMENT_SIZE[t.dtype] for t in inputs],
        [t.size * ELEMENT_SIZE[t.dtype] for t in outputs],
        folder,
        board,
    )
    native = NativeModel(compiled, model, folder=folder)
    rng = np.random.default_rng(0)
    values: list[npt.NDArray[Any]] = []
    for tensor in inputs:
        kind = numpy_type(tensor)
        if np.issubdtype(kind, np.floating):
            values.append(rng.normal(0, 1, tensor.shape).astype(kind))
        elif kind == np.bool_:
            values.append(rng.random(tensor.shape) < 0.5)
        else:
            raw = rng.integers(0, 256, tensor.size * ELEMENT_SIZE[tensor.dtype], np.uint8)
            values.append(raw.view(kind).reshape(tensor.shape))
    bench.invoke(*values)  # the second run finds the flash cache as it is in operation
    run = bench.invoke(*values)
    code: dict[str, int] = {}
    for symbol in bench.image.symbols.functions():
        plain = symbol.name.split(".")[0]
        code[plain] = code.get(plain, 0) + symbol.size
    sizes = measure(bench.elf)
    return Measurement(
        functions=run.functions,
        code=code,
        total=run.cycles,
        clk_sys_hz=bench.board.clock.clk_sys_hz,
        equal=all(got == want.tobytes() for got, want in zip(run.outputs, native.invoke(*values), strict=True)),
        flash=sizes.flash,
        ram=sizes.ram,
    )
