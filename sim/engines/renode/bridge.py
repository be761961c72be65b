"""The bridge's C# sources in Renode: compiled once, loaded by every process.

Compiling takes Renode's compiler several seconds. What it made is kept in the cache, by the sources and the Renode that
compiled them. It also has one name there, whichever process loads it, so that a snapshot of one process can be loaded
by another: Renode writes the names of classes and of what holds them into it.
"""

from __future__ import annotations

import hashlib
import itertools
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any

from emberwatch.base import atomic
from emberwatch.base.locks import locked
from emberwatch.base.paths import cache_folder
from emberwatch.engines.renode import generate
from emberwatch.engines.renode.install import quoted

_loaded = ""
"""Name of what holds the bridge's classes in this process; Renode keeps them over Emulation.clear()."""


def load(command: Callable[[str], object]) -> str:
    """Makes the bridge's classes known to Renode, once in a process.

    Args:
        command: runs a command of the monitor, for a Renode whose compiler is not to be had otherwise.

    Returns:
        A name of what holds the classes: equal in two processes if one can load what the other one saved.

    Raises:
        EngineError: Renode cannot compile them.
    """
    global _loaded
    if not _loaded:
        sources = [generate.folder() / "bridge" / name for name in generate.BRIDGE]
        _loaded = _from_cache(sources) or _included(sources, command)
    return _loaded


def _included(sources: list[Path], command: Callable[[str], object]) -> str:
    command("include " + " ".join(f"@{quoted(source)}" for source in sources))
    return secrets.token_hex(16)  # a name that only this process has


def _from_cache(sources: list[Path]) -> str:
    """Loads what this Renode has made of these sources; empty where that cannot be done."""
    try:
        import clr
        from Antmicro.Renode.Utilities import AdHocCompiler, TypeManager
        from System import Array, String
        from System.Reflection import Assembly
    except ImportError:  # another Renode than ours
        return ""
    digest = hashlib.sha256(_identity(clr, AdHocCompiler).encode())
    for source in sources:
        digest.update(source.read_bytes())
    kept = cache_folder() / "renode-bridge" / f"{digest.hexdigest()[:32]}.dll"
    try:
        kept.parent.mkdir(parents=True, exist_ok=True)
        with locked(kept.with_suffix(".lock")):  # all processes that start at once shall have one file
            if not kept.is_file():
                made = AdHocCompiler().Compile(Array[String]([str(source) for source in sources]))
                atomic.write_bytes(kept, Path(str(made)).read_bytes())
    except OSError:  # a cache that cannot be written
        return ""
    except Exception:  # .NET's, of a compiler that is called otherwise or found errors: the monitor says which
        return ""
    Assembly.LoadFrom(str(kept))
    TypeManager.Instance.ScanFile(str(kept))
    return kept.stem


def _identity(clr: Any, compiler: Any) -> str:
    """Of a Renode's build: what it compiled refers to its classes."""
    return str(clr.GetClrType(compiler).Module.ModuleVersionId)


def reason(error: Any) -> str:
    """A .NET exception in one line: what reflection has wrapped, without a platform file's excerpt."""
    while type(error).__name__ == "TargetInvocationException" and error.InnerException is not None:
        error = error.InnerException
    lines = [line.strip() for line in str(getattr(error, "Message", error)).splitlines() if line.strip()]
    return " ".join(itertools.takewhile(lambda line: not line.startswith("At "), lines)) or type(error).__name__
