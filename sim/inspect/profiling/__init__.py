"""Where the cycles go: profiles of unmodified firmware, and the files that other tools read them from."""

from emberwatch.inspect.profiling.model import (
    CoreProfile,
    Costs,
    FunctionProfile,
    HighWater,
    LineProfile,
    Node,
    Profile,
)
from emberwatch.inspect.profiling.recorder import ProfileRecorder

__all__ = ["CoreProfile", "Costs", "FunctionProfile", "HighWater", "LineProfile", "Node", "Profile", "ProfileRecorder"]
