"""Scenes as features on disk: made once, in parallel, in shards that survive an interruption.

A shard's name carries a digest of everything it depends on (generator sources, DSP sources, data set, seed), so a
change of any of them makes new shards and never mixes old with new.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from emberwatch.base import atomic
from emberwatch.base.paths import TRAINING, project_root
from emberwatch.base.workers import Crew
from emberwatch.training.data import features
from emberwatch.training.data.clips import Clip
from emberwatch.training.data.scenes import Material, make_scene

SHARD_SCENES = 200


@dataclass(frozen=True)
class SceneSet:
    """Features ``[scenes, 1000, 32]``, sounding shares ``[scenes, 250]`` (0..255), folds ``[scenes]``, descriptions."""

    features: NDArray[np.int8]
    sounding: NDArray[np.uint8]
    fold: NDArray[np.int8]
    what: list[str]

    def __len__(self) -> int:
        return len(self.fold)


def join(sets: list[SceneSet]) -> SceneSet:
    """Several scene sets as one, in their order."""
    if len(sets) == 1:
        return sets[0]
    return SceneSet(
        np.concatenate([part.features for part in sets]),
        np.concatenate([part.sounding for part in sets]),
        np.concatenate([part.fold for part in sets]),
        [what for part in sets for what in part.what],
    )


def recipe_digest(clips: list[Clip], folds: dict[str, int], seed: int) -> str:
    """Hex digest of what scenes depend on: sources of the generator and of the DSP, clips with folds, seed."""
    digest = hashlib.sha256(str(seed).encode())
    sources = [*TRAINING.glob("synth/*.py"), *(project_root() / "firmware" / "dsp").glob("*.[ch]")]
    sources += [TRAINING / "data/scenes.py", TRAINING / "data/features.py"]
    for source in sorted(sources):
        digest.update(source.read_bytes())
    for clip in sorted(clips, key=lambda c: c.path.name):
        digest.update(f"{clip.path.name} {clip.label} {folds[clip.group]}\n".encode())
    return digest.hexdigest()[:16]


_material: Material | None = None


def _start_worker(clips: list[Clip], folds: dict[str, int]) -> None:
    global _material
    _material = Material(clips, folds) if clips else None


def _make_shard(job: tuple[Path, int, int, int]) -> None:
    path, seed, first, count = job
    scenes = [make_scene(np.random.default_rng([seed, index]), _material) for index in range(first, first + count)]
    with atomic.replacing(path) as file:
        np.savez_compressed(
            file,
            features=np.stack([features.block_features(scene.pcm) for scene in scenes]),
            sounding=np.stack([scene.sounding for scene in scenes]),
            fold=np.array([scene.fold for scene in scenes], np.int8),
            what=np.array(json.dumps([scene.what for scene in scenes])),
        )


def build_scenes(
    folder: Path,
    clips: list[Clip],
    folds: dict[str, int],
    count: int,
    seed: int,
    workers: int = 1,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> SceneSet:
    """Make (or find) ``count`` scenes and load them.

    Args:
        folder: where shards are kept.
        clips: real material; may be empty, then all scenes are synthetic.
        folds: fold by group, from ``assign_folds``.
        count: number of scenes; those of a larger set begin with those of a smaller one.
        seed: scene i is a function of (seed, i) and the material.
        workers: processes.
        on_progress: called with scenes done and in total.
    """
    folder.mkdir(parents=True, exist_ok=True)
    name = recipe_digest(clips, folds, seed)
    plan = []
    for first in range(0, count, SHARD_SCENES):
        size = min(SHARD_SCENES, count - first)
        plan.append((folder / f"scenes-{name}-{first:06d}-{size}.npz", first, size))
    missing = [entry for entry in plan if not entry[0].is_file()]
    done = count - sum(size for _, _, size in missing)
    on_progress(done, count)
    jobs = [(path, seed, first, size) for path, first, size in missing]
    if missing and workers > 1:
        with Crew(workers, _make_shard, _start_worker, (clips, folds)) as crew:
            for one in crew.run(jobs):
                one.result()
                done += jobs[one.number][3]
                on_progress(done, count)
    elif missing:
        _start_worker(clips, folds)
        for job in jobs:
            _make_shard(job)
            done += job[3]
            on_progress(done, count)
    parts = [np.load(path) for path, _, _ in plan]
    return SceneSet(
        np.concatenate([part["features"] for part in parts]),
        np.concatenate([part["sounding"] for part in parts]),
        np.concatenate([part["fold"] for part in parts]),
        [what for part in parts for what in json.loads(str(part["what"]))],
    )
