"""`emberwatch evaluate`."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Annotated

import typer


def _count_or_all(text: str | int) -> int:
    if text == "all":
        return sys.maxsize
    if not str(text).isdecimal():
        raise typer.BadParameter(f"{text!r} is neither a number of trials nor 'all'")
    return int(text)


def evaluate(
    model: Annotated[
        Path, typer.Argument(help="int8 .tflite: T x 32 features in, one probability out.", metavar="MODEL")
    ],
    manifest: Annotated[
        list[Path] | None,
        typer.Option(
            help="CSV manifest or data set folder (repeatable); default: EMBERWATCH_AUDIO, ../shared/audio.",
            metavar="PATH",
        ),
    ] = None,
    level: Annotated[
        list[float] | None,
        typer.Option(help="RMS of each clip's loudest second, dBFS (repeatable); default -20.", metavar="DB"),
    ] = None,
    snr: Annotated[
        list[float] | None,
        typer.Option(
            help="Also play each alarm in the data set's own noises at this SNR, dB, and -20 dBFS (repeatable).",
            metavar="DB",
        ),
    ] = None,
    noises: Annotated[int, typer.Option(help="Noises per alarm and SNR.", metavar="N")] = 10,
    whole_map: Annotated[
        bool,
        typer.Option(
            "--map", help="Play the synthetic map: alarms by pitch, waveform, tempo, path, noise; appliances."
        ),
    ] = False,
    negatives: Annotated[
        list[Path] | None,
        typer.Option(
            help="Folder of sounds that are no alarms (repeatable): play every sound file below it, count alarms.",
            metavar="DIR",
        ),
    ] = None,
    map_every: Annotated[int, typer.Option(help="Of each part of the map, one in so many cells.", metavar="N")] = 0,
    card: Annotated[
        bool,
        typer.Option(
            "--card", help="Judge as the model's card does and write it anew; with --negatives, that part of it."
        ),
    ] = False,
    detector: Annotated[
        Path | None,
        typer.Option(
            help="Event parameters; default: detector.toml beside the model, else the released.", metavar="FILE"
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            help="Folder for evaluation.json and evaluation.html; default build/evaluation, with --json none.",
            metavar="DIR",
        ),
    ] = None,
    emulate: Annotated[
        int,
        typer.Option(
            help="Trials to play to the emulated board too, or all: every window must be equal.",
            metavar="N|all",
            parser=_count_or_all,
        ),
    ] = 0,
    workers: Annotated[int, typer.Option("--workers", "--jobs", "-j", help="Processes.", metavar="N")] = os.cpu_count()
    or 1,
    json_output: Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")] = False,
) -> int:
    """Measure recall, false alarms and time to detect, with the firmware's own integer arithmetic.

    Recordings go through the firmware's DSP, the network's generated C and the event logic; every clip starts from
    reset and gets 0.2 s of silence before and 2 s after it. --map plays thousands of synthetic alarms and appliances
    instead (recordings too where --manifest names some). --negatives plays hours of other sounds, one after another;
    what was heard is kept in the output folder, and a run that was interrupted goes on where it stopped. --emulate
    plays some of the recordings, or all, to the firmware on the emulated chip, through its PDM microphone, and compares
    window by window; what was compared is noted in the output folder and not played again.

    Examples:

    \b
    emberwatch evaluate training/released/emberwatch.tflite --level -20 --level -40
    emberwatch evaluate training/released/emberwatch.tflite --map
    emberwatch evaluate training/released/emberwatch.tflite --negatives ~/Music --negatives /usr/share/sounds
    emberwatch evaluate training/released/emberwatch.tflite --card
    emberwatch evaluate training/released/emberwatch.tflite --card --negatives sounds
    emberwatch evaluate model.tflite --manifest clips.csv --snr 10 --emulate all
    emberwatch evaluate model.tflite --manifest clips.csv --json > result.json
    """
    from emberwatch.detector.evaluation import Options, make_plan, measure, show, write

    options = Options(
        model=model,
        manifests=manifest or [],
        levels=level or [],
        snrs=snr or [],
        noises=noises,
        detector=detector,
        out=out,
        emulate=emulate,
        map_every=map_every or int(whole_map),
        negatives=negatives or [],
        card=card,
        workers=workers,
        json_output=json_output,
    )
    plan = make_plan(options)
    outcome = measure(plan, options)
    write(plan, outcome)
    if json_output:
        print(json.dumps(outcome.figures))
    else:
        show(plan, outcome)
    return 1 if outcome.unreadable else 0
