"""Runs the same firmware with the same microphone bits on rp2040js, an emulator that we did not write."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from emberwatch import Machine, Scenario
from emberwatch.base.locks import locked
from emberwatch.base.paths import build_folder
from emberwatch.inspect.calls import Call, CallTracer
from emberwatch.program.firmware_image import flash_bytes

HERE = Path(__file__).parent
WITNESS = build_folder() / "witness"
_VERSION = json.loads((HERE / "package.json").read_text(encoding="utf-8"))["dependencies"]["rp2040js"]
MODULES = WITNESS / f"rp2040js-{_VERSION}"
_INSTALL_TIMEOUT_S = 100


@dataclass(frozen=True)
class PeerRun:
    """What rp2040js made of a firmware."""

    uart: str
    cycles: int
    bits: int
    host_seconds: float


def why_not() -> str | None:
    """Return the reason why the peer cannot run here, or None; installs it on first use."""
    for tool in ("node", "npm"):
        if shutil.which(tool) is None:
            return f"{tool} is not installed"
    WITNESS.mkdir(parents=True, exist_ok=True)
    with locked(WITNESS / ".lock"):
        return None if MODULES.is_dir() else _install()


def _install() -> str | None:
    """Let npm install beside, so that what stands in its place is whole even after an interruption."""
    with tempfile.TemporaryDirectory(dir=WITNESS) as aside:
        folder = Path(aside) / MODULES.name
        folder.mkdir()
        shutil.copy(HERE / "package.json", folder)
        # Where packets vanish, npm itself would try for a quarter of an hour.
        command = ["npm", "install", "--no-audit", "--no-fund", "--loglevel=error", "--fetch-retries=1"]
        try:
            done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=_INSTALL_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            return f"npm cannot install rp2040js: no answer within {_INSTALL_TIMEOUT_S} s"
        if done.returncode != 0:
            lines = done.stderr.strip().splitlines()
            return f"npm cannot install rp2040js: {lines[-1] if lines else 'no message'}"
        folder.rename(MODULES)
    return None


RP2040PY_VERSION = "0.3.6"


def rp2040py_turn_seconds(loop: bytes, turns: int) -> tuple[float | None, str]:
    """Processor seconds that rp2040py (PyPI) takes for a turn of a compute loop; None with the reason if it cannot run.

    Args:
        loop: machine code that counts r4 down to zero.
        turns: what r4 begins with.
    """
    folder = WITNESS / f"rp2040py-{RP2040PY_VERSION}"
    WITNESS.mkdir(parents=True, exist_ok=True)
    with locked(WITNESS / ".lock"):
        if not folder.is_dir() and (reason := _pip_install(f"rp2040py=={RP2040PY_VERSION}", folder)):
            return None, reason
    command = [sys.executable, str(HERE / "rp2040py_run.py"), loop.hex(), str(turns)]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, env=os.environ | {"PYTHONPATH": str(folder)}
    )
    if done.returncode != 0:
        lines = done.stderr.strip().splitlines()
        return None, f"rp2040py {RP2040PY_VERSION} failed: {lines[-1] if lines else 'no message'}"
    return float(done.stdout), ""


def _pip_install(requirement: str, folder: Path) -> str | None:
    with tempfile.TemporaryDirectory(dir=WITNESS) as aside:
        target = Path(aside) / folder.name
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--target", str(target), requirement]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            lines = done.stderr.strip().splitlines()
            return f"pip cannot install {requirement}: {lines[-1] if lines else 'no message'}"
        target.rename(folder)
    return None


def record_bits(machine: Machine, seconds: float) -> bytes:
    """Run `machine` and return the PDM bits that its firmware captured, oldest in bit 0 of byte 0."""
    blocks: list[bytes] = []

    def take(call: Call, _cycle: int) -> None:
        _state, words, _pcm, samples = call.arguments
        blocks.append(machine.read(words, 8 * samples))

    CallTracer(machine).on_return("pdm_decimate", take)
    machine.run(seconds)
    return b"".join(blocks)


def run_peer(elf: Path, bits: bytes, seconds: float, scratch: Path, sleep_cycles: int = 8) -> PeerRun:
    """Run the firmware for `seconds` of emulated time, or until the microphone's bits are used up.

    While the processor sleeps, the peer's PIO is stepped every `sleep_cycles` cycles: 1 is in step, 8 is quicker.
    """
    (scratch / "flash.bin").write_bytes(flash_bytes(elf))
    (scratch / "bits.bin").write_bytes(bits)
    with Machine(elf, Scenario()) as machine:
        microphone = machine.board.needed_microphone
    job = {
        "image": str(scratch / "flash.bin"),
        "bits": str(scratch / "bits.bin"),
        "clock_pin": microphone.clock,
        "data_pin": microphone.data,
        # The left channel changes its data after the falling edge, the right after the rising one.
        "data_edge": "falling" if microphone.channel == "left" else "rising",
        "seconds": seconds,
        "sleep_cycles": sleep_cycles,
        "modules": str(MODULES),
    }
    (scratch / "job.json").write_text(json.dumps(job), encoding="utf-8")
    done = subprocess.run(
        ["node", str(HERE / "rp2040js_run.mjs"), str(scratch / "job.json")], capture_output=True, text=True
    )
    if done.returncode != 0:
        raise RuntimeError(f"rp2040js failed:\n{done.stderr[-2000:]}")
    return PeerRun(**json.loads(done.stdout))
