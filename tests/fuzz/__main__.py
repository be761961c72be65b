"""Long fuzzing: `python tests/fuzz TARGET [--seconds S] [--seed N]`, coverage guided where atheris is.

An input that breaks a target is written to build/fuzz/ and named; give its path to run it again.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import sys
import time
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1])]  # as pytest's `pythonpath` has them

from paths import ROOT  # noqa: E402

FINDINGS = ROOT / "build" / "fuzz"


def with_atheris(name: str, seconds: float) -> None:
    """libFuzzer through atheris; it ends the process."""
    import atheris

    with atheris.instrument_imports(include=["emberwatch", "elftools"]):
        from targets import TARGETS, seeds
    corpus = FINDINGS / f"corpus-{name}"
    corpus.mkdir(parents=True, exist_ok=True)
    for data in seeds(name):
        (corpus / hashlib.sha256(data).hexdigest()[:16]).write_bytes(data)
    options = [f"-max_total_time={seconds:.0f}", "-timeout=20", "-rss_limit_mb=2048", "-print_final_stats=1"]
    atheris.Setup([sys.argv[0], str(corpus), f"-artifact_prefix={FINDINGS}/{name}-", *options], TARGETS[name])
    atheris.Fuzz()


def without(name: str, seconds: float, seed: int, most: int | None) -> int:
    """Seeded mutation until the time is over or `most` inputs were tried; returns the number of findings."""
    from targets import TARGETS, mutator, seeds

    rng, corpus, findings, rounds = random.Random(seed), seeds(name), 0, 0
    mutate = mutator(name)
    end = time.monotonic() + seconds
    slowest = 0.0
    while time.monotonic() < end and (most is None or rounds < most):
        data = mutate(rng, corpus)
        started = time.perf_counter()
        try:
            TARGETS[name](data)
        except Exception as error:
            path = FINDINGS / f"{name}-{hashlib.sha256(data).hexdigest()[:12]}"
            path.write_bytes(data)
            print(f"{path}: {type(error).__name__}: {error}")
            findings += 1
        slowest = max(slowest, time.perf_counter() - started)
        rounds += 1
        if rounds % 100 == 0:
            print(f"{name}: {rounds} inputs, {findings} findings so far", flush=True)
    print(f"{name}: {rounds} inputs, {findings} findings, slowest {slowest:.2f} s")
    return findings


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="tests/fuzz", description=__doc__.splitlines()[0])
    parser.add_argument("target", help="a target of targets.py, or a finding's path")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--inputs", type=int, help="stop after so many, without atheris")
    parser.add_argument("--seed", type=int, default=int(time.time()), help="of the mutations, without atheris")
    parser.add_argument("--no-atheris", action="store_true")
    arguments = parser.parse_args()
    FINDINGS.mkdir(parents=True, exist_ok=True)
    if Path(arguments.target).is_file():
        from targets import TARGETS

        path = Path(arguments.target)
        TARGETS[path.name.split("-")[0]](path.read_bytes())
        return 0
    # Structure-aware mutation of .tflite files needs no guide, and runs compiled programs that atheris does not see.
    if not arguments.no_atheris and arguments.target != "tflite_file":
        try:
            with_atheris(arguments.target, arguments.seconds)
        except ImportError:
            print("atheris is not installed (pip install atheris): seeded mutation instead")
    return 1 if without(arguments.target, arguments.seconds, arguments.seed, arguments.inputs) else 0


if __name__ == "__main__":
    sys.exit(main())
