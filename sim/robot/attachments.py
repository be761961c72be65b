"""What the firmware heard, attached to log.html when a claim about it fails."""

from __future__ import annotations

import html
import re
from pathlib import Path

import numpy as np
from robot.api import logger

from emberwatch.audio import SAMPLE_RATE, files
from emberwatch.base import atomic, extras
from emberwatch.base.units import BLOCK_SECONDS
from emberwatch.detector.machine import DetectorMachine
from emberwatch.detector.taps import PcmCapture
from emberwatch.robot.session import output_folder, variable


def attach_evidence(machine: DetectorMachine, pcm: PcmCapture | None, name: str = "") -> None:
    """Writes the decimated PCM as WAV and a plot (waveform, spectrogram, probability) and links both in the log."""
    name = re.sub(r"[^A-Za-z0-9]+", "_", f"{variable('TEST NAME', 'test')} {name}").strip("_")
    folder = output_folder() / "evidence"
    folder.mkdir(parents=True, exist_ok=True)
    logger.info("Console:\n" + machine.uart[-4000:])
    samples = pcm.samples if pcm else np.zeros(0, dtype=np.int16)
    if len(samples) < SAMPLE_RATE // 10:
        logger.warn("The firmware produced less than 0.1 s of PCM: there is nothing to hear or to plot")
        return
    wav, png = folder / f"{name}.wav", folder / f"{name}.png"
    files.save(wav, samples)
    plot_heard(machine, samples, png)
    links = [html.escape(str(path.relative_to(output_folder()))) for path in (wav, png)]
    logger.info(
        f'What the firmware heard: <a href="{links[0]}">{wav.name}</a><br>'
        f'<audio controls src="{links[0]}"></audio><br><img src="{links[1]}" width="900">',
        html=True,
    )


def plot_heard(machine: DetectorMachine, samples: np.ndarray, path: Path) -> None:
    """Three panels over time: waveform, spectrogram, probability with alarm events."""
    figure = extras.figure(10, 7)
    wave, spectrogram, probability = figure.subplots(3, 1, sharex=True)
    seconds = np.arange(len(samples)) / SAMPLE_RATE
    wave.plot(seconds, samples / 32768.0, linewidth=0.4)
    wave.set_ylabel("PCM, full scale")
    with np.errstate(divide="ignore"):  # digital silence has no logarithm
        spectrogram.specgram(samples / 32768.0, NFFT=256, noverlap=128, Fs=SAMPLE_RATE, vmin=-140, vmax=-30)
    spectrogram.set_facecolor("#440154")  # where there is nothing at all: the colour map's lowest colour
    spectrogram.set_ylabel("Hz")
    result = machine.result()
    if result.windows:
        start = result.windows[0][0] - BLOCK_SECONDS
        probability.step([t - start for t, _ in result.windows], [p for _, p in result.windows], where="pre")
        for event in result.events:
            probability.axvline(
                event.t_s - start, color="red" if event.state in ("on", "kind") else "gray", linestyle="--"
            )
    probability.set_ylim(0, 1.02)
    probability.set_ylabel("probability")
    probability.set_xlabel("seconds since capture began")
    with atomic.replacing(path) as file:
        figure.savefig(file, format="png", dpi=80)
