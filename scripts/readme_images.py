#!/usr/bin/env python3
"""Make the pictures of the README and docs from real runs: docs/images/run.png, docs/images/runs.png.

Usage: scripts/readme_images.py [RESULTS]

Needs the built firmware (`make firmware`), Chromium for the screenshots, and for runs.png the folder of a Robot run.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from emberwatch import Clip, Machine, Scenario
from emberwatch.audio import generate
from emberwatch.report.page import RunRecorder

ROOT = Path(__file__).resolve().parent.parent
IMAGES = ROOT / "docs/images"
FIRMWARE = ROOT / "build/firmware/pico/emberwatch.elf"
# Headless, and silent towards the network.
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run"]
FLAGS += ["--disable-background-networking", "--disable-component-update", "--disable-sync"]


def screenshot(page: Path, picture: Path, width: int, height: int) -> None:
    """Show an HTML file in a headless browser and save what it looks like."""
    browser = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if browser is None:
        sys.exit("readme_images: no Chromium found; apt-get install chromium")
    with tempfile.TemporaryDirectory() as profile:
        command = [browser, *FLAGS, f"--user-data-dir={profile}", f"--window-size={width},{height}"]
        subprocess.run([*command, f"--screenshot={picture}", page.as_uri()], check=True, capture_output=True)


def main() -> None:
    """Run the firmware on an alarm in a noisy room and picture the report."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("results", nargs="?", type=Path, default=ROOT / "results", help="folder of a Robot run")
    arguments = parser.parse_args()
    clips = [
        Clip(generate("pink_noise", seed=1), level_dbfs=-42.0),
        Clip(generate("speechlike", seed=2), at_s=0.5, seconds=3.5, level_dbfs=-30.0),
        Clip(generate("t3"), at_s=4.5, seconds=7.0, level_dbfs=-24.0),
    ]
    with Machine(FIRMWARE, Scenario(clips, seconds=18.0)) as machine, tempfile.TemporaryDirectory() as folder:
        recorder = RunRecorder(machine)
        machine.run(18.0)
        page = Path(folder) / "run.html"
        recorder.write(page, "Speech, then a T3 alarm, in pink noise")
        screenshot(page, IMAGES / "run.png", 1000, 1000)
    if (suite := arguments.results / "runs.html").is_file():
        screenshot(suite.resolve(), IMAGES / "runs.png", 1000, 800)


if __name__ == "__main__":
    main()
