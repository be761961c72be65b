"""What is connected to a board in Renode: microphone, consoles, pins."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from emberwatch.board.board import Board
from emberwatch.engines.renode.chip import ChipHandle
from emberwatch.engines.renode.library import USB


class Wires:
    """What a session has for them; librp2040 models the chip's side."""

    _board: Board
    _chip: ChipHandle

    def take_uart(self) -> list[tuple[int, int]]:
        """Console bytes as (cycle, byte)."""
        return self._chip.serial_take(self._board.uart.instance)

    def take_usb(self) -> bytes:
        """Bytes of the USB serial port."""
        return bytes(byte for _, byte in self._chip.serial_take(USB))

    def send_uart(self, data: bytes) -> None:
        """Bytes for the console's receiver."""
        self._chip.serial_send(self._board.uart.instance, data)

    def pin(self, number: int) -> bool:
        """Level of a pad."""
        return self._chip.pin(number)

    def push_sound(self, samples: npt.NDArray[np.int32]) -> None:
        """More Q23 samples at 16 kHz."""
        self._chip.mic_push(samples)

    @property
    def sound_supplied(self) -> int | None:
        """Samples pushed so far; None without a microphone."""
        return None if self._board.microphone is None else self._chip.mic_supplied

    @property
    def microphone_bits(self) -> int:
        """Bits clocked out."""
        return self._chip.mic_bits

    def set_microphone_fault(self, fault: str) -> None:
        """`fault`: one of `library.FAULTS`."""
        self._chip.mic_fault(fault)

    def set_microphone_analog(self, gain: float, offset: float) -> None:
        """Gain (a factor) and offset (full scale is 1) ahead of the modulator."""
        self._chip.mic_analog(round(gain * 4096), round(offset * (1 << 23)))

    def set_microphone_timebase(self, hz: int) -> None:
        """Sample rate of what is pushed, in Hz."""
        self._chip.mic_timebase(hz)
