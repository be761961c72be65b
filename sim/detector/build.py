"""Builds the firmware: board file and network in, ELF, UF2 and BIN out.

The same inputs give the same bytes, wherever the tree lies and whenever it is built; only what changed is made again.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import jinja2

from emberwatch import __version__
from emberwatch.base.errors import BuildError
from emberwatch.base.locks import locked
from emberwatch.base.output import write_file
from emberwatch.base.paths import RELEASED_DETECTOR, RELEASED_MODEL, TRAINING, build_folder, project_root
from emberwatch.board.board import Board, load_board
from emberwatch.program.firmware_image import (
    FLASH_START,
    Sizes,
    flash_bytes,
    measure,
    seal_boot2,
    seal_image,
    section_bytes,
)
from emberwatch.program.toolchain import Step, find_compiler, fingerprint, write_if_changed
from emberwatch.program.uf2 import write_uf2

DETECTOR, CAPTURE = "detector", "capture"
APPS = (DETECTOR, CAPTURE)
CAPTURE_BAUD = 1_000_000
"""Baud rate of the capture application: three times the 32 kB/s that 16-bit PCM at 16 kHz takes."""
_CAPTURE_DEFINES: dict[str, str | int] = {"CONSOLE_RING_BITS": 12}

CPU_FLAGS = ("-mcpu=cortex-m0plus", "-mthumb")
COMPILE_FLAGS = (
    *CPU_FLAGS,
    "-std=c11",
    "-O2",
    "-g",
    "-ffreestanding",
    "-ffunction-sections",
    "-fdata-sections",
    "-fno-common",
    "-fno-unwind-tables",
    "-fno-asynchronous-unwind-tables",
    "-Wall",
    "-Wextra",
    "-Werror",
    # No host path and no command line in the debug information.
    "-gno-record-gcc-switches",
    "-fno-ident",
)
LINK_FLAGS = (*CPU_FLAGS, "-nostdlib", "-Wl,--gc-sections,--build-id=none,--fatal-warnings,--no-undefined")


@dataclass(frozen=True)
class BuildResult:
    """Where the products are and how big they came out."""

    elf: Path
    uf2: Path
    bin: Path
    map: Path
    sizes: Sizes
    compiled: int  #: object files made in this run; 0 when everything was up to date


def capture_board(board: Board) -> Board:
    """The board with a console as fast as the capture application's stream of PCM."""
    return replace(board, uart=replace(board.uart, baud=CAPTURE_BAUD))


def build_firmware(
    board: str | Path | Board = "pico",
    model: Path | None = None,
    out: Path | None = None,
    defines: Mapping[str, str | int] | None = None,
    *,
    detector: Path | None = None,
    app: str = DETECTOR,
    clk_sys_hz: int | None = None,
    jobs: int | None = None,
) -> BuildResult:
    """Builds `emberwatch.elf`, `.uf2`, `.bin` and `.map`; of the capture application `emberwatch-capture.elf` ...

    Args:
        board: name or path of a board file, or a board.
        model: an int8 .tflite file, or a folder with a generated model.c and model.h; the released model by default.
        out: folder for products and intermediate files; by default build/firmware/<board> in the clone, without one
            in the working folder; for the capture application build/firmware/<board>-capture.
        defines: preprocessor definitions for the C sources, such as INJECT_STALL_BLOCK.
        detector: event parameters; by default detector.toml beside the model (in its folder, if it is one), else the
            released ones.
        app: 'detector', or 'capture', which has no network and streams PCM at CAPTURE_BAUD.
        clk_sys_hz: replaces the board's system clock.
        jobs: compilers run at the same time; the number of CPUs by default.

    Raises:
        BoardError: the board is unknown or malformed, or the clock cannot be made.
        ModelError: the network cannot be compiled.
        BuildError: the toolchain is missing, or a source does not compile or fit.
    """
    root = project_root()
    if app not in APPS:
        raise BuildError(f"application {app!r} is not known; choose from {', '.join(APPS)}")
    if app == CAPTURE and model is not None:
        raise BuildError(f"the capture application has no network; leave out the model {model}")
    if not isinstance(board, Board):
        board = load_board(board)
    if app == CAPTURE:
        board = capture_board(board)
        defines = {**_CAPTURE_DEFINES, **(defines or {})}
    if clk_sys_hz is not None:
        board = replace(board, clock=replace(board.clock, clk_sys_hz=clk_sys_hz))
        _ = board.pll, board.pdm, board.uart_divisors  # refuses a clock that cannot be made
    _ = board.needed_microphone, board.needed_led
    folder = board.name if app == DETECTOR else f"{board.name}-{app}"
    out = (out or build_folder() / "firmware" / folder).resolve()
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        what = "a file" if out.exists() else error.strerror or str(error)
        raise BuildError(f"--out {out} cannot be a folder for the products: {what}; give another one") from None
    with locked(out / ".lock"):
        return _Build(root, out, board, app, dict(defines or {}), str(find_compiler())).run(model, detector, jobs)


def _version(root: Path) -> str:
    """That of the sources, which may be newer than the installed package; an installed copy has the package's."""
    project = root / "pyproject.toml"
    if not project.is_file():
        return __version__
    with project.open("rb") as file:
        return str(tomllib.load(file)["project"]["version"])


def _check_model(header: str, path: Path) -> None:
    """Refuses a network that the pipeline cannot feed, before the C compiler does it in its own words.

    Raises:
        BuildError: its input is not frames of features, or its output not one probability.
    """
    from emberwatch.training.data.features import BANDS
    from emberwatch.training.data.features import FRAMES_PER_BLOCK as BLOCK_FRAMES

    sizes = {name: int(value) for name, value in re.findall(r"#define MODEL_(\w+) (\d+)\b", header)}
    frames, inputs, outputs = (sizes.get(name, 0) for name in ("INPUT_FRAMES", "INPUT_SIZE", "OUTPUT_SIZE"))
    stream = sizes.get("STREAM_FRAMES", BLOCK_FRAMES)
    if inputs != frames * BANDS or outputs != 1 or frames < BLOCK_FRAMES or stream != BLOCK_FRAMES:
        raise BuildError(
            f"model {path} takes {inputs} values in {frames} frames and gives {outputs}; the firmware needs frames of "
            f"{BANDS} features, at least {BLOCK_FRAMES}, and one output, the probability: see emberwatch train"
        )


class _Build:
    def __init__(
        self, root: Path, out: Path, board: Board, app: str, defines: dict[str, str | int], compiler: str
    ) -> None:
        self.app = app
        self.product = "emberwatch" if app == DETECTOR else f"emberwatch-{app}"
        self.root = root
        self.out = out
        self.gen = out / "gen"
        self.board = board
        self.compiler = compiler
        self.flags = (
            *COMPILE_FLAGS,
            # GCC hands only the debug variant on to the assembler. Of several that match, the last one counts.
            *(f"-f{kind}-prefix-map={root}=." for kind in ("file", "debug")),
            *(f"-f{kind}-prefix-map={out}=build" for kind in ("file", "debug")),
            f"-I{root / 'firmware'}",
            f"-isystem{root / 'firmware' / 'libc'}",
            f"-I{self.gen}",
            '-DEVENTS_CONFIG_HEADER="detector_config.h"',
            *(f"-D{name}={value}" for name, value in sorted(defines.items())),
        )

    def run(self, model: Path | None, detector: Path | None, jobs: int | None) -> BuildResult:
        self._generate_headers(detector or self._detector_of(model))
        boot2 = self._make_boot2()
        sources = [*self._sources(), boot2]
        if self.app == DETECTOR:
            self._generate_model(model)
            _check_model((self.gen / "model.h").read_text(), model or RELEASED_MODEL)
            sources.insert(-1, self.gen / "model.c")
        steps = [self._compile_step(source) for source in sources]
        with ThreadPoolExecutor(jobs or os.cpu_count() or 1) as pool:
            compiled = sum(pool.map(Step.run, steps))
        return self._link([step.output for step in steps], compiled)

    def _sources(self) -> list[Path]:
        """Sources of the application; those of another one are left out, not left to the linker."""
        firmware = self.root / "firmware"
        others = {firmware / "boot2", *(firmware / "apps" / app for app in APPS if app != self.app)}
        return sorted(p for p in firmware.rglob("*.[cS]") if p.parent not in others)

    def _detector_of(self, model: Path | None) -> Path:
        released = RELEASED_DETECTOR
        if model is None:
            return released
        beside = (model if model.is_dir() else model.parent) / "detector.toml"
        return beside if beside.is_file() else released

    def _generate_headers(self, detector: Path | None = None) -> None:
        environment = jinja2.Environment(
            loader=jinja2.FileSystemLoader(self.root / "platforms" / "templates"),
            undefined=jinja2.StrictUndefined,
            keep_trailing_newline=True,
        )
        board_h = environment.get_template("board.h.j2").render(board=self.board, version=_version(self.root))
        write_if_changed(self.gen / "board.h", board_h)
        from emberwatch.training.model.events import EventParameters, render_header

        parameters = EventParameters.load(detector or RELEASED_DETECTOR)
        write_if_changed(self.gen / "detector_config.h", render_header(parameters))

    def _generate_model(self, model: Path | None) -> None:
        path = model or RELEASED_MODEL
        if path.is_dir():
            for name in ("model.c", "model.h"):
                if not (path / name).is_file():
                    raise BuildError(
                        f"{path} has no {name}; give a .tflite file or a folder made by `emberwatch compile`"
                    )
                write_if_changed(self.gen / name, (path / name).read_bytes())
            (self.gen / "model.stamp").unlink(missing_ok=True)
            return
        if not path.is_file():
            raise BuildError(f"no model at {path}; give a .tflite file with --model")
        generators = sorted(p for p in (TRAINING / "compiler").rglob("*") if p.suffix in (".py", ".j2"))
        stamp = fingerprint(["model"], [path, *generators])
        stamp_file = self.gen / "model.stamp"
        if (self.gen / "model.c").is_file() and stamp_file.is_file() and stamp_file.read_text() == stamp:
            return
        from emberwatch.training.compiler import compile_model

        try:
            compile_model(path, self.gen, "model")
        except OSError as error:
            raise BuildError(f"{self.gen}: the network's C cannot be written: {error.strerror or error}") from None
        write_file(stamp_file, stamp)

    def _make_boot2(self) -> Path:
        """Assembles boot2 on its own, since its checksum is part of it, and wraps it as data."""
        source = self.root / "firmware" / "boot2" / "boot2.S"
        unsealed = self.out / "obj" / "boot2.elf"
        command = (self.compiler, *self.flags, "-nostdlib", "-Wl,-Ttext=0,-e,0,--build-id=none", str(source))
        Step((*command, "-o", str(unsealed)), self.root, unsealed, (source, self.gen / "board.h")).run()
        sealed = seal_boot2(section_bytes(unsealed, ".text"))
        rows = [sealed[at : at + 16] for at in range(0, len(sealed), 16)]
        lines = [
            "// firmware/boot2/boot2.S, padded and followed by its CRC-32; generated by the build.",
            '    .section .boot2, "a"',
            *(f"    .byte {', '.join(f'0x{byte:02x}' for byte in row)}" for row in rows),
        ]
        wrapped = self.gen / "boot2_sealed.S"
        write_if_changed(wrapped, "\n".join(lines) + "\n")
        return wrapped

    def _compile_step(self, source: Path) -> Step:
        inside = source.is_relative_to(self.root / "firmware")
        relative = source.relative_to(self.root / "firmware" if inside else self.out)
        output = self.out / "obj" / relative.with_suffix(relative.suffix + ".o")
        dependencies = output.with_suffix(".d")
        name = str(source.relative_to(self.root)) if inside else str(source)
        command = (self.compiler, *self.flags, "-MMD", "-MF", str(dependencies), "-c", name, "-o", str(output))
        return Step(command, self.root, output, (source,), dependencies)

    def _link(self, objects: list[Path], compiled: int) -> BuildResult:
        script = self.gen / "rp2040.ld"
        template = self.root / "firmware" / "ld" / "rp2040.ld.in"
        preprocess = (self.compiler, "-E", "-P", "-x", "c", f"-I{self.gen}", str(template), "-o", str(script))
        Step(preprocess, self.root, script, (template, self.gen / "board.h")).run()

        elf, uf2, binary, map_file = (self.out / f"{self.product}.{suffix}" for suffix in ("elf", "uf2", "bin", "map"))
        # Relative names, so that the map file does not depend on where the build folder lies.
        names = [str(path.relative_to(self.out)) for path in objects]
        linked = self.out / "obj" / "emberwatch.elf"
        command = (self.compiler, *LINK_FLAGS, "-T", "gen/rp2040.ld", f"-Wl,-Map={map_file.name}", *names)
        Step((*command, "-lgcc", "-o", "obj/emberwatch.elf"), self.out, linked, (script, *objects), None).run()
        sealed = linked.with_suffix(".sealed")
        write_file(sealed, linked.read_bytes())
        seal_image(sealed)
        image = flash_bytes(sealed)
        write_if_changed(elf, sealed.read_bytes())
        write_if_changed(binary, image)
        write_if_changed(uf2, write_uf2({FLASH_START: image}))
        sealed.unlink()
        return BuildResult(elf, uf2, binary, map_file, measure(elf), compiled)


__all__ = ["BuildResult", "build_firmware"]
