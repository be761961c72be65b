"""NumPy for modules that a short command may import without using it.

Importing NumPy takes as long as everything else that `emberwatch run` needs to begin. `np` has what NumPy has, which
is imported when something of it is asked for first; `npt` is there for annotations alone.
"""

from __future__ import annotations

from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any


class LazyModule(ModuleType):
    """Has the attributes of a module, which is imported when one is asked for first.

    Args:
        name: full name of the module.

    Raises:
        ModuleNotFoundError: an attribute was asked for, and there is no such module.
    """

    def __getattr__(self, name: str) -> Any:
        # Python itself asks for such names of every module; `import_module` makes threads wait for each other.
        if name.startswith("__"):
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        value = getattr(import_module(self.__name__), name)
        setattr(self, name, value)
        return value


if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
else:
    np = LazyModule("numpy")
    npt = None

__all__ = ["LazyModule", "np", "npt"]
