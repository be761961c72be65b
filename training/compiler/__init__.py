"""The model compiler: any int8 .tflite to readable C for the Cortex-M0+, exact to the bit."""

from __future__ import annotations

from emberwatch.training.compiler.choose import Options
from emberwatch.training.compiler.compiler import CompiledModel, compile_model
from emberwatch.training.compiler.errors import CompileError

__all__ = ["CompileError", "CompiledModel", "Options", "compile_model"]
