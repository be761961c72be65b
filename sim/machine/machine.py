"""`Machine`: firmware on an emulated board that hears a scenario.

Example::

    from emberwatch import Machine, Scenario

    with Machine("blink.elf", Scenario.from_file("door.wav")) as machine:
        machine.run_until_line("ready", timeout_s=10)
        print(machine.time_s, machine.pin(25))

A machine runs a board: time, console bytes, memory, pins, snapshots. Whoever wants to look on registers an `Observer`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Self

from emberwatch.audio import Scenario
from emberwatch.base.display import FactSheet
from emberwatch.base.errors import (
    ImageError,
    NotPossibleError,
    UsageError,
)
from emberwatch.base.regular import read_regular
from emberwatch.board.board import Board, board_of, load_board
from emberwatch.devices.base import Device
from emberwatch.engines import Capability, Engine, FunctionCycles, create_engine
from emberwatch.machine.console import Console
from emberwatch.machine.observer import Observer
from emberwatch.machine.owner import Owner
from emberwatch.machine.rtt import AT_POWER_ON as RTT_AT_POWER_ON
from emberwatch.machine.rtt import Rtt
from emberwatch.machine.running import PC, Running
from emberwatch.machine.semihosting import Semihosting, existing_folder
from emberwatch.machine.steps import Steps
from emberwatch.program.elf import FLASH_BASE, Image, check_regions, load_image

_BOOTROM_SIZE = 16 * 1024
MICROPHONE_FAULTS = ("none", "missing", "stuck_low", "stuck_high")

_new_machine: list[Callable[[Machine], object]] = []


def on_new_machine(listener: Callable[[Machine], object]) -> None:
    """Has every machine made from now on in this process shown to `listener` before it runs; once for each listener."""
    if listener not in _new_machine:
        _new_machine.append(listener)


@dataclass(frozen=True)
class Snapshot:
    """A machine at one moment; see `Machine.save`."""

    engine: bytes
    console: Console
    ended_s: dict[int, float]
    rtt: tuple[int, bytes] = RTT_AT_POWER_ON
    devices: frozenset[str] | None = None
    """Names of those attached then; None: of a snapshot that suits any."""


class Machine(Running, Steps, FactSheet):
    """One emulated board, from power-on.

    Args:
        firmware: ELF, UF2, HEX or BIN file, or a loaded `Image`.
        scenario: what the microphone hears; time zero is power-on. None is silence.
        board: name or file of the board, or a `Board`; None: the one that a firmware of ours names, else a Pico, with
            a microphone if there is something to hear (`board_of`).
        engine: 'embedded', 'renode', 'hardware' or 'auto'.
        seed: seed of the microphone's dither and of what memory holds at power-on.
        trace: functions whose calls the engine counts, see `functions`.
        bootrom: boot ROM image (16 kB) to boot through; None boots as the ROM does, without one.
        semihosting_dir: folder whose files the program may open by semihosting; None: no file at all.

    Raises:
        EmberwatchError: firmware, board or engine cannot be used; the message says why.
    """

    def __init__(
        self,
        firmware: str | Path | Image,
        scenario: Scenario | None = None,
        *,
        board: str | Path | Board | None = None,
        engine: str = "auto",
        seed: int = 1,
        trace: tuple[str, ...] = (),
        bootrom: str | Path | bytes | None = None,
        semihosting_dir: str | Path | None = None,
    ) -> None:
        if semihosting_dir is not None:
            semihosting_dir = existing_folder(semihosting_dir)
        self.scenario = scenario if scenario is not None else Scenario()
        if board is None:
            self.image = firmware if isinstance(firmware, Image) else load_image(firmware)
            contents = [segment.data for segment in self.image.segments]
            self.board = board_of(contents, self.image.flash_end, bool(self.scenario.clips))
        else:
            self.board = board if isinstance(board, Board) else load_board(board)
            self.image = firmware if isinstance(firmware, Image) else load_image(firmware, self.board.flash.size)
        check_regions(self.image, self.board.flash.size)  # with --flash there is more in it than one file
        if seed < 0 or seed >= 1 << 32:
            raise UsageError(f"seed = {seed} is outside 0..{2**32 - 1}")
        self.seed = seed
        self.engine: Engine = create_engine(engine, self.board, seed)
        if self.scenario.clips:
            self._needs(Capability.SOUND)
        self.bootrom = bootrom if isinstance(bootrom, bytes) or bootrom is None else _read_bootrom(Path(bootrom))
        if self.bootrom is not None:
            self.engine.load_bootrom(self.bootrom)
        self.engine.load(self.image)
        self.traced_functions: tuple[str, ...] = ()
        """Names of the functions whose calls the engine counts, in its order."""
        self.ended_s = {}
        self.rtt = None
        self._console = Console()
        self._semihosting = None
        self._due = []
        if Capability.OBSERVATION in self.engine.capabilities:
            from emberwatch.engines.embedded import chip_of

            self._semihosting = Semihosting(chip_of(self.engine), self._semihosting_output, semihosting_dir)
            self.engine.answer_semihosting(True)
            if Rtt.used_by(self.image):
                self.rtt = Rtt(self.engine, self.image, self._rtt_output)
        self.begin_steps()
        self._observers = []
        self._owner = Owner()
        self.trace_functions(trace)
        for listener in _new_machine:
            listener(self)

    def twin(self) -> Machine:
        """A machine of its own with the same firmware, scenario, devices and seed, at power-on, unobserved."""
        twin = Machine(
            self.image, self.scenario, board=self.board, engine=self.engine.name, seed=self.seed, bootrom=self.bootrom
        )
        twin._observers.clear()
        if twin._semihosting is not None and self._semihosting is not None:
            twin._semihosting.remember(self._semihosting)
        if twin.rtt is not None and self.rtt is not None:
            twin.rtt.follow(self.rtt)
        for name, (device, lines) in self.engine.devices.items():
            if name not in twin.engine.devices:  # not from the board file
                twin.engine.attach(device.clone(), lines)
        return twin

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Gives up the engine; the results stay readable.

        Raises:
            EngineError: it is running in another thread.
        """
        self._owner.close()
        self.engine.close()

    def __repr__(self) -> str:
        return (
            f"<Machine {self.image.path.name} on {self.board.name}, {self.engine.name} engine: {self.time_s:.6f} s, "
            f"{self.cycles} cycles, pc {self.where()}, {len(self.lines)} console lines>"
        )

    def facts(self) -> list[tuple[str, str]]:
        """What one wants to know at first sight, by name; observers add theirs."""
        last = self.lines[-1][1] if self.lines else "(silent)"
        own = [
            ("firmware", str(self.image.path)),
            ("board", self.board.name),
            ("engine", self.engine.name),
            ("time", f"{self.time_s:.6f} s"),
            ("cycles", f"{self.cycles:,}"),
            ("program counter", self.where()),
            ("console", f"{len(self.lines)} lines, last: {last}"),
        ]
        return own + [fact for observer in self._observers for fact in observer.facts()]

    def observe(self, observer: Observer) -> None:
        """Has an observer take part from now on."""
        self._observers.append(observer)

    def forget(self, observer: Observer) -> None:
        """Ends that."""
        self._observers.remove(observer)

    # Devices

    def attach(self, device: Device, **lines: int) -> None:
        """Attaches a device to pins from now on: ``machine.attach(Weather(), sda=4, scl=5)``.

        Raises:
            NotPossibleError: the engine has no devices.
            DeviceError: its name is taken, its lines are others, or its own code failed.
        """
        with self._input():
            self.engine.attach(device, lines)

    @property
    def devices(self) -> dict[str, Device]:
        """Attached devices by name: those of the board file and those of `attach`."""
        return {name: device for name, (device, _) in self.engine.devices.items()}

    # Looking inside

    def where(self, core: int = 0) -> str:
        """Where a core is: ``function+offset``, the bare address, or that nobody can tell."""
        if Capability.MEMORY not in self.engine.capabilities:
            return "a place that this engine cannot see"
        pc = self.engine.register(PC, core)
        return self.image.symbols.at(pc) or f"{pc:#010x}"

    @property
    def flash(self) -> bytes:
        """All that flash holds now."""
        return self.engine.read_memory(FLASH_BASE, self.board.flash.size)

    def pin(self, number: int) -> bool:
        """Level of a pin now."""
        if not 0 <= number < 30:
            raise UsageError(f"pin {number} does not exist; the RP2040 has GPIO 0..29")
        return self.engine.pin(number)

    def read(self, where: str | int, size: int | None = None) -> bytes:
        """Memory at a symbol or an address; `size` defaults to the symbol's."""
        if isinstance(where, int):
            if size is None:
                raise UsageError("read() of an address needs a size")
            address = where
        else:
            symbol = self.image.symbols[where]
            address, size = symbol.address, symbol.size if size is None else size
        with self._owner.alone():
            return self.engine.read_memory(address, size)

    def trace_functions(self, names: tuple[str, ...]) -> None:
        """Has the engine count the calls of these functions from now on; earlier counts are forgotten.

        Raises:
            ImageError: the firmware has no such symbol.
        """
        chosen = [self.image.symbols[name] for name in names]
        self.engine.trace_functions({symbol.name: (symbol.address, symbol.size) for symbol in chosen})
        self.traced_functions = tuple(symbol.name for symbol in chosen)

    @property
    def functions(self) -> dict[str, FunctionCycles]:
        """Cycles of the counted functions that were called."""
        return {name: cycles for name, cycles in self.engine.function_cycles().items() if cycles.calls}

    def forget_console(self) -> None:
        """Drops what the ports hold, all but the lines that are not complete yet: for runs of days."""
        for port in self.ports.values():
            port.forget()
        self._awaited = 0
        self.forget_seen()
        for observer in self._observers:
            observer.restored()

    # Input

    def microphone_fault(self, fault: str) -> None:
        """Breaks or repairs the microphone: one of `MICROPHONE_FAULTS`."""
        self._needs(Capability.MICROPHONE_FAULTS)
        if fault not in MICROPHONE_FAULTS:
            raise UsageError(f"microphone fault {fault!r} is not known; use one of: {', '.join(MICROPHONE_FAULTS)}")
        with self._input():
            self.engine.set_microphone_fault(fault)

    def microphone_analog(self, gain: float = 1.0, offset: float = 0.0) -> None:
        """Gain (0..8) and constant offset (-1..1 of full scale) before the modulator, which limits."""
        self._needs(Capability.MICROPHONE_FAULTS)
        if not 0 <= gain <= 8 or not -1 <= offset <= 1:
            raise UsageError(f"microphone gain {gain:g} must be 0..8 and offset {offset:g} -1..1")
        with self._input():
            self.engine.set_microphone_analog(gain, offset)

    @contextmanager
    def _input(self) -> Iterator[None]:
        """Around something that comes from outside the scenario."""
        with self._owner.alone():
            yield
            self.input_given()

    def input_given(self) -> None:
        """Tells the observers that something came from outside."""
        for observer in self._observers:
            observer.input_given()

    # Snapshots

    def save(self) -> Snapshot:
        """The whole machine as it is now: chip, microphone and console."""
        self._needs(Capability.SNAPSHOTS)
        with self._owner.alone():
            attached = frozenset(self.engine.devices)
            return Snapshot(self.engine.save(), self._console.copy(), dict(self.ended_s), self.rtt_state, attached)

    def restore(self, snapshot: Snapshot) -> None:
        """Goes back to a snapshot of this machine, or of one with the same firmware, board, scenario and seed."""
        self._restore(snapshot)

    def _restore(self, snapshot: Snapshot, power_on_others: bool = False) -> None:
        self._needs(Capability.SNAPSHOTS)
        with self._owner.alone():
            if snapshot.devices is not None:
                self.forget_made(snapshot.devices)
            self.engine.restore(snapshot.engine, power_on_others=power_on_others)
            self._console.take(self.engine)  # on the way when it was taken, and counted then
            self._console = snapshot.console.copy()
            self._awaited = min(self._awaited, len(self.lines))
            self.ended_s = dict(snapshot.ended_s)
            self.exit = None
            if self._semihosting is not None:
                self._semihosting.exit_code = None
            self.rtt_state = snapshot.rtt
            self.forget_seen()
        self.input_given()
        for observer in self._observers:
            observer.restored()

    def reset(self) -> None:
        """Switches power off and on: time, sound and console begin again, flash holds what was loaded last."""
        with self._owner.alone():
            self._reset()

    def _reset(self) -> None:
        if type(self.engine).reset is Engine.reset:
            raise NotPossibleError(f"engine {self.engine.name!r} cannot be reset; use --engine embedded")
        flash = self.flash
        fresh = create_engine(self.engine.name, replace(self.board, devices=()), self.seed)
        fresh.load(self.image)
        power_on = fresh.save()
        fresh.close()
        self._restore(Snapshot(power_on, Console(), {}), power_on_others=True)
        if self.engine.read_memory(FLASH_BASE, len(flash)) != flash:  # flash needs no power to remember
            self.engine.write_memory(FLASH_BASE, flash)
        self.engine.reset(self.image)

    def _needs(self, capability: Capability) -> None:
        if capability not in self.engine.capabilities:
            what = capability.name.lower().replace("_", " ")
            raise NotPossibleError(f"engine {self.engine.name!r} has no {what}; use --engine embedded")


def _read_bootrom(path: Path) -> bytes:
    image = read_regular(path, "boot ROM", ImageError)
    if image[16:19] != b"Mu\x01" or len(image) > _BOOTROM_SIZE:  # datasheet 2.8.3.1
        raise ImageError(f"boot ROM {path} is no boot ROM of the RP2040: 16 kB at most, with 'Mu' 1 at byte 16")
    return image
