"""`emberwatch compile`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def compile_model(
    model: Annotated[Path, typer.Argument(help="int8 .tflite file.", metavar="MODEL")],
    out: Annotated[Path, typer.Option(help="Folder for NAME.c and NAME.h; made if missing.")],
    name: Annotated[str, typer.Option(help="Prefix of the C names and base name of the files.")] = "model",
    plan: Annotated[bool, typer.Option("--plan", help="Print the memory plan.")] = False,
) -> None:
    """Compile an int8 .tflite to readable C for the Cortex-M0+, equal to TensorFlow Lite Micro to the bit.

    An operator outside the supported set is refused by name.

    Examples:

    \b
    emberwatch compile training/released/emberwatch.tflite --out build/model
    emberwatch compile kws.tflite --out build/kws --name kws --plan
    """
    from sim.errors import UsageError
    from training.compiler import compile_model as compile_file

    if out.exists() and not out.is_dir():
        raise UsageError(f"--out {out} is a file; give a folder")
    result = compile_file(model, out, name)
    print(f"{result.source}\n{result.header}")
    stream = f", streams {result.stream_frames} frames at a time" if result.stream_frames else ""
    print(
        f"{len(result.layers)} layers, {result.macs} multiply-accumulates, {result.constant_bytes} bytes of constants, "
        f"{result.arena} bytes of working memory{stream}"
    )
    if plan:
        print(result.memory_plan)
