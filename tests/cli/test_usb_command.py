"""`emberwatch usb`, with the device of tests/foreign/programs/usb_composite.c."""

from __future__ import annotations

import wave
from pathlib import Path

import pytest
from command_line import emberwatch, should_refuse
from fat_volume import volume
from foreign import build


def test_the_device_is_described() -> None:
    shown = emberwatch("usb", build("usb_composite"))
    assert shown.returncode == 0, shown.stderr
    lines = shown.stdout.splitlines()
    assert lines[0] == "device           2e8a:000b Ember Many"
    assert "interface 5      MIDI: bulk out 6, bulk in 6" in lines
    assert lines[-1] == "serial ports     usb, usb1"


def test_a_drive_and_a_microphone(tmp_path: Path) -> None:
    pytest.importorskip("fatfs")
    (tmp_path / "empty.img").write_bytes(volume(128))
    (tmp_path / "config.txt").write_text("rate = 5")
    shown = emberwatch(
        "usb",
        build("usb_composite"),
        *("--load-drive", tmp_path / "empty.img", "--put", f"{tmp_path / 'config.txt'}=etc/config.txt", "--ls"),
        *("--get", f"etc/config.txt={tmp_path / 'back.txt'}", "--save-drive", tmp_path / "full.img"),
        *("--record", tmp_path / "heard.wav", "--record-seconds", 0.05, "--rate", 16000),
    )
    assert shown.returncode == 0, shown.stderr
    assert "drive            Ember Drive in SRAM, 128 blocks of 512" in shown.stdout
    assert "file             etc/config.txt, 8 bytes" in shown.stdout
    assert (tmp_path / "back.txt").read_text() == "rate = 5"
    assert b"rate = 5" in (tmp_path / "full.img").read_bytes()
    with wave.open(str(tmp_path / "heard.wav")) as file:
        assert file.getframerate() == 16_000 and file.getnframes() > 700


def test_what_is_refused(tmp_path: Path) -> None:
    program = build("usb_composite")
    should_refuse(emberwatch("usb", program, "--record-seconds", 0), "--record-seconds 0 must be more than 0")
    should_refuse(emberwatch("usb", program, "--get", "A="), "--get 'A=' must be NAME or NAME=FILE")
    should_refuse(emberwatch("usb", build("blink")), "no USB device was configured within 10 s")
