"""The whole road from sounds to a released model, in stages whose results stay on disk.

Scenes of synthetic sound and of recordings that a shipped model may learn from -> training -> int8 -> judgement on what
was never heard: every recorded alarm, recordings held out, and the synthetic map. An interrupted run takes up where it
stopped; a changed option, data set or source starts the stages it touches anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from emberwatch.training.data.clips import Clip, assign_folds
from emberwatch.training.data.licences import trainable
from emberwatch.training.evaluate.cells import every_nth
from emberwatch.training.evaluate.map import CellResult, run_map
from emberwatch.training.evaluate.run import Judged, plan_trials, run_trials
from emberwatch.training.evaluate.trials import Trial
from emberwatch.training.model.events import EventParameters
from emberwatch.training.model.int8 import Comparison
from emberwatch.training.model.stages import Log, Recipe, Stages, one_thread

__all__ = ["Material", "Outcome", "Recipe", "divide", "plan_judgement", "run"]

HELD_OUT_FOLD = 0


@dataclass(frozen=True)
class Material:
    """Recordings by what they are for. No alarm is ever trained on: the standards are, by synthesis."""

    training: list[Clip]
    alarms: list[Clip]
    held_out: list[Clip]  #: other sounds whose licence would allow training, kept back by source
    evaluation_only: list[Clip]  #: other sounds whose licence does not

    @property
    def others(self) -> list[Clip]:
        """Other sounds that the model has not heard."""
        return [*self.held_out, *self.evaluation_only]

    @property
    def judged(self) -> list[Clip]:
        """All that the model has not heard."""
        return [*self.alarms, *self.others]


@dataclass(frozen=True)
class Outcome:
    """The model, what it was judged on and how, its float weights against its int8 ones."""

    tflite: bytes
    digest: str
    material: Material
    judged: list[Judged]
    cells: list[CellResult]
    int8: Comparison


def divide(clips: list[Clip], folds: int) -> Material:
    """By licence and source: nothing is judged on a source that was trained on."""
    others = [clip for clip in clips if not clip.is_alarm]
    usable = trainable(others)
    fold_of = assign_folds(usable, folds)
    training = [clip for clip in usable if fold_of[clip.group] != HELD_OUT_FOLD]
    heard = {clip.group for clip in training}
    barred = set(others) - set(usable)
    return Material(
        training=training,
        alarms=[clip for clip in clips if clip.is_alarm],
        held_out=[clip for clip in usable if clip.group not in heard],
        evaluation_only=[clip for clip in others if clip in barred and clip.group not in heard],
    )


def plan_judgement(material: Material, recipe: Recipe) -> list[Trial]:
    """Trials of recordings by which a model is judged: other sounds, alarms by level and in held-out noises."""
    trials = plan_trials(material.others, recipe.other_levels)
    in_noise = plan_trials(material.judged, (), recipe.snrs, recipe.noises_per_clip, recipe.seed)
    return trials + plan_trials(material.alarms, recipe.levels) + in_noise


def run(
    recipe: Recipe, clips: list[Clip], work: Path, parameters: EventParameters, workers: int = 1, log: Log = print
) -> Outcome:
    """Train, convert, judge.

    Args:
        recipe: what to do.
        clips: recordings; without any, the model is of synthetic sound only and judged on the map alone.
        work: folder for everything kept between runs.
        parameters: of the event logic.
        workers: processes for sound and features (training itself is on one thread).
        log: gets lines of progress.
    """
    material = divide(clips, recipe.folds)
    log(
        f"{len(material.training)} recordings to learn from; to judge by {len(material.alarms)} alarms, "
        f"{len(material.held_out)} held out, {len(material.evaluation_only)} for evaluation only"
    )
    work.mkdir(parents=True, exist_ok=True)
    one_thread()
    stages = Stages(recipe, material.training, work, workers, log)
    path = stages.tflite()
    int8 = stages.int8_against_float()
    log(f"float against int8: {int8.figures()}")
    trials = plan_judgement(material, recipe)
    judged = run_trials(path, parameters, trials, workers) if trials else []
    log(f"{len(judged)} trials of recordings heard")
    cells = run_map(path, parameters, every_nth(recipe.map_every), workers)
    log(f"{len(cells)} cells of the map heard")
    return Outcome(path.read_bytes(), stages.digest, material, judged, cells, int8)
