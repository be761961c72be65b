"""Wave forms of pins and of signals inside the chip, as VCD files."""

from emberwatch.inspect.trace.recorder import TraceRecorder, TraceSettings, Wave
from emberwatch.inspect.trace.vcd import write_vcd

__all__ = ["TraceRecorder", "TraceSettings", "Wave", "write_vcd"]
