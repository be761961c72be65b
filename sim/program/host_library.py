"""C and C++ compiled for this computer as a shared library, and kept in the user's cache.

The cache is ``EMBERWATCH_CACHE``, else ``XDG_CACHE_HOME``, else ``~/.cache``; a library's name has a hash of the
compiler, its flags and every file that it reads.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from emberwatch.base.errors import BuildError, MissingDependencyError
from emberwatch.base.paths import cache_folder

_COMPILERS = {
    "C": (("CC", "cc", "gcc", "clang"), "gcc"),
    "C++": (("CXX", "c++", "g++", "clang++"), "g++"),
}
FLAGS = ("-O2", "-fPIC", "-shared", "-Wall", "-Wextra", "-Werror")


def host_compiler(language: str = "C") -> str:
    """This computer's compiler of "C" or "C++": `$CC` or `$CXX`, or the first of the usual names.

    Raises:
        MissingDependencyError: there is none.
    """
    (variable, *names), package = _COMPILERS[language]
    for name in (os.environ.get(variable), *names):
        if name and (found := shutil.which(name)):
            return found
    names_text = ", ".join((f"${variable}", *names))
    raise MissingDependencyError(
        f"{language} compiler: none of {names_text} found; install {package} (apt-get install {package})"
    )


def shared_library(
    name: str,
    sources: Sequence[Path],
    flags: Sequence[str],
    read: Sequence[Path] = (),
    language: str = "C",
    folder: Path | None = None,
) -> Path:
    """Path of a shared library, built first where there is none for these sources, flags and compiler.

    Args:
        name: what to call it in file names and messages.
        sources: files to compile.
        flags: options of the compiler besides `FLAGS`, which make it a library.
        read: further files whose contents matter, such as headers.
        language: "C" or "C++".
        folder: where to keep it; by default `cache_folder()`.

    Raises:
        MissingDependencyError: there is no compiler.
        BuildError: a file is missing, or the compiler fails.
    """
    missing = [path for path in (*sources, *read) if not path.is_file()]
    if missing:
        raise BuildError(f"{missing[0]} is missing; install emberwatch again, or run from a checkout")
    compiler = host_compiler(language)
    digest = hashlib.sha256(f"{compiler} {FLAGS} {tuple(flags)} {os.stat(compiler).st_mtime_ns}".encode())
    for path in (*sources, *read):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    library = (folder or cache_folder()) / f"{name}-{digest.hexdigest()[:16]}.so"
    if library.is_file():
        return library
    library.parent.mkdir(parents=True, exist_ok=True)
    # Built aside and renamed, so that several processes may do it at once.
    with tempfile.TemporaryDirectory(dir=library.parent) as directory:
        built = Path(directory) / library.name
        command = [compiler, *FLAGS, *flags, *map(str, sources), "-o", str(built)]
        # What the compiler leaves when it is interrupted goes with the folder.
        own = {**os.environ, "TMPDIR": directory}
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=own)
        if done.returncode:
            raise BuildError(f"{name} does not compile with {compiler}: {done.stderr.strip()[-2000:]}")
        built.replace(library)
    return library
