"""The whole chip through the C ABI: the bytes, cycles and refusals of the machine that Python drives."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator

import numpy as np
import pytest
from paths import FIRMWARE

pytest.importorskip("emberwatch._native", reason="the emulator core is not built; run: make setup")

from emberwatch import Machine, Scenario
from emberwatch.audio import Clip, generate
from emberwatch.board.board import load_board
from emberwatch.engines.embedded import chip_of
from emberwatch.engines.renode import library
from emberwatch.inspect.led import led_brightness
from emberwatch.program.elf import load_image

OK, INVALID, RAN, BOOT_ERROR, NOT_RUN = 0, 3, 0, 5, 100
SECONDS = 2
ROOM = 1 << 16


@pytest.fixture(scope="module")
def abi() -> ctypes.CDLL:
    loaded = ctypes.CDLL(str(library.library_path()))
    for name in ("create", "cycles", "picoseconds", "mic_supplied"):
        getattr(loaded, f"rp2040_emulator_{name}").restype = ctypes.c_void_p if name == "create" else ctypes.c_uint64
    loaded.rp2040_emulator_error.restype = ctypes.c_char_p
    return loaded


class Emulator:
    """Calls the functions of emulator.h by their names without the prefix."""

    def __init__(self, abi: ctypes.CDLL, flash: int = 2 << 20) -> None:
        self._abi = abi
        self.handle = ctypes.c_void_p(abi.rp2040_emulator_create(flash, 12_000_000, ctypes.c_uint64(1)))

    def __call__(self, name: str, *values: object) -> int:
        result: int = getattr(self._abi, f"rp2040_emulator_{name}")(self.handle, *values)
        return result

    @property
    def error(self) -> str:
        text: bytes = self._abi.rp2040_emulator_error(self.handle)
        return text.decode()


@pytest.fixture
def emulator(abi: ctypes.CDLL) -> Iterator[Emulator]:
    made = Emulator(abi)
    yield made
    made("destroy")


def test_a_run_is_that_of_the_machine(emulator: Emulator) -> None:
    if not FIRMWARE.is_file():
        pytest.skip("the firmware is not built; run: make firmware")
    board, image = load_board("pico"), load_image(FIRMWARE)
    sound = Scenario([Clip(generate("t3"), at_s=0.2, level_dbfs=-25)], seconds=60)
    samples = np.ascontiguousarray(sound.render(0, (SECONDS + 1) * 16000))
    assert board.microphone is not None
    assert emulator("terminal", board.uart.instance, board.uart.tx, board.uart.rx, board.uart.baud) == OK
    assert emulator("mic_attach", board.microphone.clock, board.microphone.data, 0, 1) == OK
    for segment in image.segments:
        assert emulator("load", segment.address, segment.data, ctypes.c_size_t(len(segment.data))) == OK
    assert emulator("start", 0) == OK
    assert emulator("mic_push", samples.ctypes.data_as(ctypes.c_void_p), ctypes.c_size_t(len(samples))) == OK
    assert emulator("mic_supplied") == len(samples)
    assert emulator("run", ctypes.c_uint64(SECONDS * 10**12)) == RAN
    data, cycles = (ctypes.c_uint8 * ROOM)(), (ctypes.c_uint64 * ROOM)()
    count = emulator("take", 0, data, cycles, ROOM)
    with Machine(image, sound, board=board, engine="embedded") as machine:
        chip = chip_of(machine.engine)
        machine.engine.take_uart = lambda: []  # type: ignore[method-assign]
        machine.run(SECONDS)
        sent, when = chip.uart_take(0)
        assert (bytes(data[:count]), cycles[:count]) == (sent, when)
        assert b"W 50 " in sent
        assert emulator("cycles") == machine.cycles
        assert emulator("pin_share", 25) == round(65536 * led_brightness(machine))
    assert emulator("take", 0, data, cycles, ROOM) == 0


def test_what_is_wrong_is_a_status_and_a_line(abi: ctypes.CDLL, emulator: Emulator) -> None:
    assert not Emulator(abi, flash=1000).handle
    for call, text in (
        (("terminal", 2, 0, 1, 115200), "UART 0 or 1"),
        (("load", 0x60000000, b"1234", ctypes.c_size_t(4)), "no memory"),
        (("load", 0x10000000, None, ctypes.c_size_t(4)), "NULL"),
        (("mic_push", None, ctypes.c_size_t(0)), "no microphone"),
        (("mic_attach", 2, 77, 0, 1), "77"),
        (("drive_pin", 30, 1), "0 to 29"),
        (("send", 3, b"x", ctypes.c_size_t(1)), "serial ports"),
    ):
        assert emulator(*call) == INVALID, call
        assert text in emulator.error
    assert emulator("run", ctypes.c_uint64(1 << 63)) == NOT_RUN
    assert "an hour" in emulator.error
    assert emulator("start", 0) == OK
    assert emulator("run", ctypes.c_uint64(10**9)) == BOOT_ERROR
    assert "flash" in emulator.error or "second stage" in emulator.error
    assert abi.rp2040_emulator_start(None, 0) == INVALID
    assert abi.rp2040_emulator_error(None) == b"the emulator is NULL"
