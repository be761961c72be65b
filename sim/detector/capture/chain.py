"""What the board makes of a sound: PDM microphone, PIO, DMA and decimator, on the emulated chip or natively.

`EmulatedChain` runs the capture application and reads the PCM from its UART, as a recording from a real board is made.
`NativeChain` computes the same PCM, equal to the bit, from the microphone's C++ and the firmware's C alone; it learns
from one short boot when the PDM clock starts.
"""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from emberwatch.audio.files import SAMPLE_RATE
from emberwatch.audio.scenario import quantise
from emberwatch.base.errors import EmulationError, EngineError
from emberwatch.base.units import PICO
from emberwatch.board.board import Board, load_board
from emberwatch.detector.capture.stream import BLOCK_SAMPLES, PcmAssembler
from emberwatch.engines import StopReason, create_engine
from emberwatch.engines.embedded import embedded
from emberwatch.program.elf import load_image

LEAD_IN_SAMPLES = 3200
"""Silence before every clip: boot, and the modulator's and the DC blocker's start-up, lie in it."""

DELAY_SAMPLES = 2
"""Group delay of microphone and decimator (1.5 at 1 kHz, 1.7 at 3 kHz), rounded: taken off, so that a clip keeps its
place."""

BITS_PER_SAMPLE = 64
_SNAPSHOT_SAMPLES = LEAD_IN_SAMPLES - 100  # the microphone looks 42 samples ahead
_SLICE_PS = PICO // 10
_CALIBRATION_PS = 40 * PICO // 1000
_NATIVE_PIECE = 16_000 * BITS_PER_SAMPLE


class Chain(Protocol):
    """Sound in, what the board makes of it out."""

    def hear(self, samples: npt.ArrayLike) -> npt.NDArray[np.int16]:
        """PCM of a sound (full scale 1.0, 16 kHz) from a freshly started board; as long as the sound."""


def capture_firmware(board: Board) -> Path:
    """The capture application for a board, built if it is not up to date."""
    from emberwatch.detector.build import CAPTURE, build_firmware

    return build_firmware(board, app=CAPTURE).elf


class EmulatedChain:
    """The capture application on the emulated chip; booted once, each clip starts from the same snapshot.

    Args:
        board: board name or description.
        firmware: the capture application; built when None.
        seed: seed of the microphone's dither.

    Raises:
        EmulationError: the program does not run, or sends something else than the capture stream.
    """

    def __init__(self, board: str | Board = "pico", firmware: Path | None = None, seed: int = 1) -> None:
        from emberwatch.detector.build import capture_board

        self.board = capture_board(board if isinstance(board, Board) else load_board(board))
        engine = embedded(create_engine("embedded", self.board, seed))
        self._engine = engine
        engine.load(load_image(firmware or capture_firmware(self.board), self.board.flash.size))
        engine.push_sound(np.zeros(LEAD_IN_SAMPLES, np.int32))
        asserting = (
            self.board.needed_microphone.channel == "right"
        )  # the edge after which the microphone drives its bit
        engine.chip.record_pins(1 << self.board.needed_microphone.clock)
        self._run_to(_CALIBRATION_PS)
        self.edges = [when for when, _, level in engine.chip.take_edges() if level == asserting]
        engine.chip.record_pins(0)
        if not self.edges:
            raise EmulationError("the program does not clock the microphone; give the capture application")
        self._run_to(_SNAPSHOT_SAMPLES * PICO // SAMPLE_RATE)
        self._booted = bytes(byte for _, byte in engine.take_uart())
        self._snapshot = engine.save()

    @property
    def first_edge_ps(self) -> int:
        """When the microphone is asked for its first bit."""
        return self._engine.picoseconds(self.edges[0])

    def picoseconds(self, cycle: int) -> int:
        """Emulated time of a cycle after boot."""
        return self._engine.picoseconds(cycle)

    def hear(self, samples: npt.ArrayLike) -> npt.NDArray[np.int16]:
        sound = quantise(samples)
        engine = self._engine
        engine.restore(self._snapshot)
        engine.take_uart()
        engine.push_sound(sound)
        start = first_sample(self.first_edge_ps)
        wanted = start + len(sound)
        assembler = PcmAssembler()
        pieces = assembler.feed(self._booted)
        have = sum(map(len, pieces))
        # A block is on the line for a third of the time it takes to capture.
        deadline = engine.picoseconds(engine.cycle) + (wanted + 4 * BLOCK_SAMPLES) * PICO // SAMPLE_RATE
        while have < wanted:
            now = engine.picoseconds(engine.cycle)
            if now > deadline:
                raise EmulationError(f"the capture application sent {have} samples, {wanted} were due")
            self._run_to(now + _SLICE_PS)
            for piece in assembler.feed(bytes(byte for _, byte in engine.take_uart())):
                pieces.append(piece)
                have += len(piece)
        if not assembler.report.clean:
            raise EmulationError(f"the capture stream has gaps: {assembler.report}")
        return np.concatenate(pieces)[start:wanted]

    def _run_to(self, picoseconds: int) -> None:
        engine = self._engine
        # clk_sys changes during boot: a cycle count computed before may come too early, so look again.
        while engine.picoseconds(engine.cycle) < picoseconds:
            stop = engine.run_until(max(engine.cycle + 1, engine.cycle_at(picoseconds)))
            if stop.reason is not StopReason.TIME:
                raise EmulationError(f"the capture application stopped: {stop.detail or stop.reason.name.lower()}")


class NativeChain:
    """The same PCM as `EmulatedChain`, to the bit, without a CPU to emulate: about five times as fast.

    Args:
        emulated: a booted chain, from which board, seed and the start of the PDM clock are taken.

    Raises:
        EngineError: the PDM clock of this firmware does not follow the board's divider, or has no whole picoseconds.
    """

    def __init__(self, emulated: EmulatedChain, seed: int = 1) -> None:
        self._seed = seed
        self._divider = emulated.board.pdm.clkdiv_256
        self._period_ps, rest = divmod(PICO, emulated.board.clock.clk_sys_hz)
        self._first_edge_ps = emulated.first_edge_ps
        if rest:
            raise EngineError(
                f"clk_sys_hz = {emulated.board.clock.clk_sys_hz} has no period of whole picoseconds; use the emulator"
            )
        count = len(emulated.edges)
        computed = self._edges_ps(0, count)
        seen = [emulated.picoseconds(cycle) for cycle in emulated.edges]
        if computed.tolist() != seen:
            raise EngineError("this firmware does not clock the microphone as the board says; use the emulator")

    def _edges_ps(self, first: int, count: int) -> npt.NDArray[np.uint64]:
        """Times of the edges `first` .. `first + count - 1` at which the microphone is asked for a bit.

        A bit takes two ticks of the PIO's fractional divider, which start at multiples of the divider, rounded down
        to cycles; edges are the odd ticks.
        """
        ticks = 2 * np.arange(first, first + count, dtype=np.int64) + 1
        cycles = ((ticks * self._divider) >> 8) - (self._divider >> 8)
        return (cycles * self._period_ps + self._first_edge_ps).astype(np.uint64)

    def hear(self, samples: npt.ArrayLike) -> npt.NDArray[np.int16]:
        from emberwatch.detector.capture.native import Microphone
        from emberwatch.training.dsp.native import Decimator

        sound = quantise(samples)
        start = first_sample(self._first_edge_ps)
        wanted = start + len(sound)
        microphone, decimator = Microphone(self._seed), Decimator()
        microphone.push(np.concatenate([np.zeros(LEAD_IN_SAMPLES, np.int32), sound]))
        pieces = []
        carried = np.zeros(1, np.uint8)  # the first bit is read before the microphone drives the line, which is low
        total = wanted * BITS_PER_SAMPLE
        for first in range(0, total, _NATIVE_PIECE):
            count = min(_NATIVE_PIECE, total - first)
            bits = np.concatenate([carried, microphone.bits(self._edges_ps(first, count))])
            carried = bits[-1:]
            words = np.packbits(bits[:-1], bitorder="little").view("<u4").astype(np.uint32)
            pieces.append(decimator.decimate(words))
        return np.concatenate(pieces)[start:wanted] if pieces else np.zeros(0, np.int16)


def first_sample(first_edge_ps: int) -> int:
    """Index of the PCM sample, counted from the start of the capture, at which a clip begins."""
    lead = LEAD_IN_SAMPLES * PICO // SAMPLE_RATE - first_edge_ps
    return round(lead * SAMPLE_RATE / PICO) + DELAY_SAMPLES
