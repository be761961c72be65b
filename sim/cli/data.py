"""`emberwatch data through-device` and `emberwatch data measure-chain`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from emberwatch.base.errors import UsageError
from emberwatch.base.output import check_outputs, write_file
from emberwatch.base.progress import progress_bar


def through_device(
    manifest: Annotated[Path, typer.Option(help="CSV manifest or data set folder to pass through.", metavar="PATH")],
    out: Annotated[Path, typer.Option(help="Folder for the WAVs and their manifest.csv.", metavar="DIR")],
    board: Annotated[str, typer.Option(help="Board whose chain to use.", metavar="BOARD")] = "pico",
    level: Annotated[
        float | None,
        typer.Option(help="RMS of each clip's loudest second, dBFS; default: files as they are.", metavar="DB"),
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of the microphone's dither.", metavar="N")] = 1,
    native: Annotated[
        bool, typer.Option("--native", help="Compute the same bits without emulating the chip; some clips are checked.")
    ] = False,
    verify: Annotated[
        int, typer.Option(help="Clips on which --native is compared with the emulated chip.", metavar="N")
    ] = 2,
    jobs: Annotated[int, typer.Option("--jobs", "-j", help="Processes.", metavar="N")] = os.cpu_count() or 1,
) -> int:
    """Pass a data set through the real PDM chain: microphone, PIO, DMA and decimator of the emulated board.

    The result is what recordings with the board would be; train on it with: emberwatch train --data OUT/manifest.csv.
    An interrupted run goes on where it stopped.

    Examples:

    \b
    emberwatch data through-device --manifest clips/manifest.csv --out build/device --jobs 4
    emberwatch data through-device --manifest ESC-50 --out build/device --native --level -25
    """
    from emberwatch.detector.capture.dataset import Item, pass_through_device, verify_native
    from emberwatch.training.data.clips import load_datasets

    if jobs < 1:
        raise UsageError(f"--jobs {jobs} must be at least 1")
    if level is not None and not -100 <= level <= 20:
        raise UsageError(f"--level {level:g} is outside -100..20 dBFS")
    clips = load_datasets([manifest])
    check_outputs({"--out": out / "manifest.csv"}, [manifest if manifest.is_file() else manifest / "manifest.csv"])
    items = [Item(clip.path, clip.label, clip.category, clip.group, clip.licence) for clip in clips]
    if native and verify > 0:
        count = verify_native(items, board, seed, level, verify)
        print(f"native chain equal to the emulated chip, bit for bit, on {count} of {len(items)} clips")
    with progress_bar("through the device", "clips") as show:
        written = pass_through_device(
            items, out, board=board, seed=seed, level_dbfs=level, native=native, jobs=jobs, on_progress=show
        )
    print(f"{written}: {len(items)} clips")
    return 0


def measure_chain(
    out: Annotated[Path, typer.Option(help="Folder for chain.json and chain.png.", metavar="DIR")],
    board: Annotated[str, typer.Option(help="Board whose chain to measure.", metavar="BOARD")] = "pico",
    seed: Annotated[int, typer.Option(help="Seed of the microphone's dither.", metavar="N")] = 1,
) -> int:
    """Measure the board's PDM chain on the emulated chip: response, noise floor, distortion, intermodulation.

    Examples:

    \b
    emberwatch data measure-chain --out build/chain
    """
    import json
    from dataclasses import asdict

    from emberwatch.detector.capture.chain import EmulatedChain
    from emberwatch.detector.capture.measure import measure
    from emberwatch.detector.capture.plot import plot_measurement

    check_outputs({"--out": out / "chain.json"})
    chain = EmulatedChain(board, seed=seed)
    with progress_bar("measuring", "steps") as show:
        result = measure(chain, show)
    figures = {
        "board": board,
        "lower_corner_hz": result.corner(upper=False),
        "upper_corner_hz": result.corner(upper=True),
        "ripple_db": result.ripple_db,
        "dynamic_range_db": result.dynamic_range_db,
        **asdict(result),
    }
    try:
        out.mkdir(parents=True, exist_ok=True)
        write_file(out / "chain.json", json.dumps(figures, indent=1) + "\n")
        plot_measurement(result, out / "chain.png", f"PDM chain of {board}, measured through the emulated chip")
    except OSError as error:
        raise UsageError(f"--out {out} cannot be written: {error.strerror or error}") from None

    def corner(upper: bool) -> str:
        hz = result.corner(upper)
        beyond = "above 7990 Hz" if upper else "below 10 Hz"
        return beyond if hz is None else f"{hz:.0f} Hz"

    print(f"-3 dB               {corner(False)} and {corner(True)}; ripple 100 Hz-7 kHz {result.ripple_db:.2f} dB")
    print(f"noise               {result.noise_dbfs:.1f} dBFS, A-weighted {result.noise_a_dbfs:.1f} dBFS")
    print(f"silence             {result.silence_dbfs:.1f} dBFS")
    print(f"dynamic range       {result.dynamic_range_db:.1f} dB")
    print(
        f"intermodulation     6+7 kHz: {result.difference_tone_db:.1f} dB; 60 Hz+7 kHz: {result.modulation_db:.1f} dB"
    )
    print("level dBFS    gain dB    SNR dB    THD dB    THD+N dB")
    for tone in result.tones:
        print(
            f"{tone.level_dbfs:10.0f} {tone.gain_db:10.2f} {tone.snr_db:9.1f} {tone.thd_db:9.1f} {tone.thd_n_db:11.1f}"
        )
    print(f"{out / 'chain.json'}, {out / 'chain.png'}")
    return 0
