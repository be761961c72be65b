"""A generated network as a library for the Arduino IDE, or as a CMake library for the pico-sdk.

Both build with the pico-sdk's linker script, which keeps `.time_critical*` in SRAM and `.text*` in flash; the inner
loops and the straight-line code are put there.
"""

from __future__ import annotations

from pathlib import Path

from emberwatch.base import atomic
from emberwatch.training.compiler import emit
from emberwatch.training.compiler.compiler import CompiledModel
from emberwatch.training.compiler.ir import C_TYPES

KINDS = ("arduino", "pico-sdk")

# Sections of the generated C -> those of the pico-sdk.
_SECTIONS = {".ram_text.": ".time_critical.", ".flash_text.": ".text."}


def _source(compiled: CompiledModel) -> str:
    text = compiled.source.read_text()
    for ours, theirs in _SECTIONS.items():
        text = text.replace(ours, theirs)
    return text


def _example(compiled: CompiledModel) -> dict[str, object]:
    """Buffers and arguments of an example's call."""
    model, buffers, names = compiled.program.model, [], []
    for base, tensors in (("input", model.inputs), ("output", model.outputs)):
        for i, t in enumerate(tensors):
            tensor = model.tensors[t]
            names.append(f"{base}{i}")
            buffers.append(f"static {C_TYPES[tensor.dtype]} {base}{i}[{tensor.size}];")
    first = C_TYPES[model.tensors[model.outputs[0]].dtype]
    return {"buffers": buffers, "arguments": ", ".join(names), "outputs": model.tensors[model.outputs[0]].size,
            "format": "(double)" if first == "float" else "(int)"}  # fmt: skip


def write_library(compiled: CompiledModel, kind: str, folder: Path) -> list[Path]:
    """Write a library around a generated network.

    Args:
        compiled: what the compiler wrote.
        kind: one of `KINDS`.
        folder: the library's folder; made if missing.

    Returns:
        The files.
    """
    context = {"name": compiled.name, "upper": compiled.name.upper(), "sha256": compiled.sha256, **_example(compiled)}
    sources = {f"{compiled.name}.c": _source(compiled), f"{compiled.name}.h": compiled.header.read_text()}
    if kind == "arduino":
        files = {f"src/{name}": text for name, text in sources.items()}
        files["library.properties"] = emit.render("library.properties.j2", **context) + "\n"
        files[f"examples/{compiled.name}/{compiled.name}.ino"] = emit.render("example.ino.j2", **context) + "\n"
    else:
        files = sources | {"CMakeLists.txt": emit.render("library.cmake.j2", **context) + "\n"}
    written = []
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        atomic.write_text(path, text)
        written.append(path)
    return written
