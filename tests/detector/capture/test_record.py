"""Recordings from a serial port: damaged streams, and a pseudo-terminal on which the emulated board speaks."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
import tty
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from paths import ROOT

from emberwatch.base.errors import EngineError
from emberwatch.detector.capture.record import record
from emberwatch.detector.capture.stream import BLOCK_SAMPLES, INFO, PCM, SYNC, Frame, FrameParser, PcmAssembler

INFO_TEXT = b"emberwatch-capture 0.1.0 board=pico clk=125000000 rate=16000 block=512 crc=ok missed=0 dropped=0"


def block(number: int) -> bytes:
    samples = np.random.default_rng(number).integers(-32768, 32768, BLOCK_SAMPLES).astype("<i2")
    return Frame(PCM, 0, number, samples.tobytes()).encode()


def pcm_of(number: int) -> np.ndarray:
    return np.random.default_rng(number).integers(-32768, 32768, BLOCK_SAMPLES).astype(np.int16)


def feed(data: bytes, piece: int = 333) -> tuple[np.ndarray, PcmAssembler]:
    assembler = PcmAssembler()
    pieces = [part for at in range(0, len(data), piece) for part in assembler.feed(data[at : at + piece])]
    return (np.concatenate(pieces) if pieces else np.zeros(0, np.int16)), assembler


@pytest.mark.parametrize("piece", [1, 7, 1040, 100_000])
def test_a_whole_stream_comes_out_whole(piece: int) -> None:
    data = Frame(INFO, 0, 0, INFO_TEXT).encode() + b"".join(map(block, range(5)))
    pcm, assembler = feed(data, piece)
    assert np.array_equal(pcm, np.concatenate([pcm_of(n) for n in range(5)]))
    assert assembler.report.clean and assembler.report.skipped_bytes == 0
    assert assembler.report.info["board"] == "pico"


def test_attaching_in_the_middle_of_a_frame_loses_nothing() -> None:
    pcm, assembler = feed(block(6)[500:] + block(7) + block(8))
    assert np.array_equal(pcm, np.concatenate([pcm_of(7), pcm_of(8)]))
    assert assembler.report.clean and assembler.report.skipped_bytes == 0


def test_a_damaged_block_is_silence_and_is_counted() -> None:
    damaged = bytearray(block(1))
    damaged[700] ^= 4
    pcm, assembler = feed(block(0) + damaged + block(2))
    assert np.array_equal(pcm, np.concatenate([pcm_of(0), np.zeros(512, np.int16), pcm_of(2)]))
    report = assembler.report
    assert (report.blocks, report.lost_blocks, report.bad_frames) == (2, 1, 1)
    assert report.skipped_bytes == len(damaged)


def test_missing_bytes_cost_one_block() -> None:
    data = block(0) + block(1)[:300] + block(2) + block(3)
    pcm, assembler = feed(data)
    assert np.array_equal(pcm[-1024:], np.concatenate([pcm_of(2), pcm_of(3)]))
    assert assembler.report.lost_blocks == 1


def test_a_sync_word_inside_the_sound_is_sound() -> None:
    payload = (SYNC * 256)[:1024]
    frame = Frame(PCM, 0, 1, payload)
    _, assembler = feed(block(0) + frame.encode() + block(2))
    assert assembler.report.clean and assembler.report.bad_frames == 0
    # Damaged, each of them is tried.
    broken = bytearray(frame.encode())
    broken[-1] ^= 1
    _, assembler = feed(block(0) + broken + block(2))
    assert (assembler.report.blocks, assembler.report.lost_blocks) == (2, 1)


def test_restart_flags_and_unknown_types() -> None:
    stalled = Frame(PCM, 1, 12, bytes(1024)).encode()
    pcm, assembler = feed(block(10) + block(11) + stalled + Frame(9, 0, 0, b"future").encode() + block(0) + block(1))
    report = assembler.report
    assert (report.restarts, report.damaged_blocks, report.lost_blocks, report.skipped_bytes) == (1, 1, 0, 0)
    assert len(pcm) == 5 * BLOCK_SAMPLES and not report.clean


def test_numbers_wrap() -> None:
    _, assembler = feed(block(0xFFFFFFFF) + block(0))
    assert assembler.report.clean


@settings(max_examples=60)
@given(st.binary(max_size=600), st.integers(1, 200))
def test_noise_never_hides_the_frames_behind_it(noise: bytes, piece: int) -> None:
    parser = FrameParser()
    # A header by chance may claim 1024 bytes that come: frames behind that many are always found.
    data = noise + b"".join(map(block, range(4)))
    frames = [f for at in range(0, len(data), piece) for f in parser.feed(data[at : at + piece])]
    assert [f.number for f in frames][-2:] == [2, 3]


class Bytes:
    """A port that has all bytes at once and then nothing."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    def read(self, size: int) -> bytes:
        part, self.data = self.data[:size], self.data[size:]
        return part

    def close(self) -> None:
        pass


def test_recordings_have_the_length_asked_for(tmp_path: Path) -> None:
    out = tmp_path / "x.wav"
    report = record(Bytes(b"".join(map(block, range(4)))), out, 1000 / 16000)
    samples, rate = soundfile.read(out, dtype="int16")
    assert (rate, len(samples)) == (16000, 1000)
    assert np.array_equal(samples, np.concatenate([pcm_of(0), pcm_of(1)])[:1000])
    assert report.clean


def test_silence_and_nonsense_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="nothing came in"):
        record(Bytes(b""), tmp_path / "x.wav", 1.0, first_frame_timeout_s=0.05)
    with pytest.raises(EngineError, match=r"5000 bytes came .* no frame .* --baud"):
        record(Bytes(b"x" * 5000), tmp_path / "x.wav", 1.0, first_frame_timeout_s=0.05)
    assert not (tmp_path / "x.wav").exists()
    with pytest.raises(EngineError, match=r"silent after 0.1 s; .*x.wav holds these"):
        record(Bytes(b"".join(map(block, range(4)))), tmp_path / "x.wav", 9.0, first_frame_timeout_s=0.05)
    assert soundfile.info(tmp_path / "x.wav").frames == 4 * BLOCK_SAMPLES


class Terminal:
    """A pseudo-terminal in whose master a thread writes."""

    def __init__(self, data: bytes, repeat: bool = False) -> None:
        pytest.importorskip("serial", reason="pyserial is not installed; pip install pyserial")
        try:
            self.master, slave = os.openpty()
        except OSError as error:  # a container without /dev/pts
            pytest.skip(f"no pseudo-terminals here: {error}")
        tty.setraw(slave)
        self.name = os.ttyname(slave)
        self.slave = slave
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self._write, args=(data, repeat), daemon=True)

    def _write(self, data: bytes, repeat: bool) -> None:
        # Opening a port flushes it: what comes before the recorder is there is lost, as with a real board.
        while not self.stop.is_set():
            for at in range(0, len(data), 512):
                if self.stop.is_set():
                    return
                os.write(self.master, data[at : at + 512])
                time.sleep(0.002)
            if not repeat:
                return

    def __enter__(self) -> Terminal:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop.set()
        # Unblocks a writer whose buffer nobody empties any more.
        os.set_blocking(self.slave, False)
        while self.thread.is_alive():
            with contextlib.suppress(OSError):
                os.read(self.slave, 65536)
            self.thread.join(0.01)
        os.close(self.master)
        os.close(self.slave)


# A board that pauses has gone silent; the thread that plays one here only waits for its turn on a busy host.
_PATIENT = """
import functools, signal, sys
from emberwatch.detector.capture import record
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it, and so would we
record.record = functools.partial(record.record, first_frame_timeout_s=600.0)
from emberwatch.cli.main import main
main(sys.argv[1:])
"""


def command(name: str, out: Path, *more: str) -> list[str]:
    return [sys.executable, "-c", _PATIENT, "record", "--port", name, "--out", str(out), *more]


def test_the_emulated_board_on_a_pseudo_terminal(tmp_path: Path) -> None:
    pytest.importorskip("emberwatch._native", reason="the emulator core is not built; run: make setup")
    import shutil

    from emberwatch.audio.scenario import Clip, Scenario, generate
    from emberwatch.board.board import load_board
    from emberwatch.detector.build import build_firmware, capture_board
    from emberwatch.machine.machine import Machine
    from emberwatch.program.toolchain import COMPILER, install_command

    if shutil.which(COMPILER) is None:
        pytest.skip(f"{COMPILER} is not installed; get it with: {install_command()}")
    elf = build_firmware("pico", out=tmp_path / "capture", app="capture").elf
    machine = Machine(
        elf,
        Scenario([Clip(generate("tone", frequency_hz=2000), level_dbfs=-20)], 3.0),
        board=capture_board(load_board("pico")),
    )
    machine.run(2.5)
    truth = np.concatenate(PcmAssembler().feed(bytes(machine.uart_bytes)))
    out = tmp_path / "x.wav"
    with Terminal(bytes(machine.uart_bytes) * 4) as terminal:
        result = subprocess.run(
            command(terminal.name, out, "--seconds", "0.5"), cwd=ROOT, capture_output=True, text=True
        )
    assert result.returncode == 0, result.stderr
    assert "board=pico" in result.stdout or "received" in result.stdout
    assert "blocks lost 0" in result.stdout
    heard, _ = soundfile.read(out, dtype="int16")
    assert len(heard) == 8000
    starts = [
        at for at in range(0, len(truth) - 8000 + 1, BLOCK_SAMPLES) if np.array_equal(truth[at : at + 8000], heard)
    ]
    assert starts, "the recording is not what the emulated microphone heard"


def test_losses_give_exit_code_1(tmp_path: Path) -> None:
    data = b"".join(block(n) for n in range(400) if n % 5)
    with Terminal(data) as terminal:
        result = subprocess.run(
            command(terminal.name, tmp_path / "x.wav", "--seconds", "1"), cwd=ROOT, capture_output=True, text=True
        )
    assert result.returncode == 1
    assert "blocks lost 0" not in result.stdout and "blocks lost" in result.stdout
    assert soundfile.info(tmp_path / "x.wav").frames == 16000


def test_ctrl_c_leaves_a_whole_file(tmp_path: Path) -> None:
    out = tmp_path / "x.wav"
    data = b"".join(map(block, range(100)))
    with Terminal(data, repeat=True) as terminal:
        process = subprocess.Popen(command(terminal.name, out), cwd=ROOT, stdout=subprocess.PIPE, text=True)
        while not (out.is_file() and out.stat().st_size > 50_000) and process.poll() is None:
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        stdout, _ = process.communicate()
    assert "received" in stdout
    assert soundfile.info(out).frames % BLOCK_SAMPLES == 0 and soundfile.info(out).frames > 0


def test_a_port_that_is_not_there(tmp_path: Path) -> None:
    result = subprocess.run(command("/dev/ttyNOWHERE", tmp_path / "x.wav"), cwd=ROOT, capture_output=True, text=True)
    assert result.returncode == 2
    assert result.stderr.startswith("emberwatch: serial port /dev/ttyNOWHERE cannot be opened")
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize("baud", ["-9", "0"])
def test_a_baud_rate_that_is_none(baud: str, tmp_path: Path) -> None:
    with Terminal(b"") as terminal:
        result = subprocess.run(
            command(terminal.name, tmp_path / "x.wav", "--baud", baud), cwd=ROOT, capture_output=True, text=True
        )
    assert result.returncode == 2
    assert result.stderr == (
        f"emberwatch: --baud {baud} is not a baud rate; the capture application sends at 1000000\n"
    )
