"""The embedded engine: librp2040 in this process, cycle-true and deterministic."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import ClassVar

from emberwatch.base.errors import DeviceError, EngineError
from emberwatch.base.lazy import np, npt
from emberwatch.board.board import ADC_PINS, Board
from emberwatch.engines.base import Capability, Engine, FunctionCycles, Stop, StopReason
from emberwatch.engines.usb import UsbHost
from emberwatch.program.elf import Image

try:
    from emberwatch import _native
    from emberwatch.devices.base import Device, check_lines
    from emberwatch.devices.catalogue import board_devices
except ImportError as error:  # a source tree whose C++ part was not built
    raise EngineError(f"the emulator core is not built ({error}); run: make setup") from None

_REGISTERS = ("r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9", "r10", "r11", "r12", "sp", "lr", "pc")


class EmbeddedEngine(Engine):
    """librp2040 with the board's microphone on its pins."""

    name: ClassVar[str] = "embedded"
    capabilities: ClassVar[frozenset[Capability]] = frozenset(Capability)

    def __init__(self, board: Board, seed: int) -> None:
        self._uart = board.uart.instance
        self._chip = _native.Chip(board.flash.size, board.clock.xosc_hz)
        self._chip.power_on_memory(seed)
        self._chip.set_terminal(board.uart.instance, board.uart.tx, board.uart.rx, board.uart.baud)
        for erratum in board.without_errata:
            self._chip.set_erratum(int(erratum.removeprefix("E")), False)
        self._microphone: _native.Microphone | None = None
        if (microphone := board.microphone) is not None:
            self._microphone = _native.Microphone(microphone.channel == "right", seed)
            self._chip.attach(self._microphone, [("clock", microphone.clock), ("data", microphone.data)])
        for number, (first, second) in enumerate(board.wires):
            self._chip.attach(_native.Jumper(f"wire{number}"), [("a", first), ("b", second)])
        self._supply = board.supply
        if self._supply.vbus is not None:
            self._chip.drive_pin(self._supply.vbus, True)
        if self._supply.vsys is not None:
            volts = self._supply.vsys_volts / self._supply.vsys_divider
            self._chip.set_adc_voltage(self._supply.vsys - ADC_PINS.start, volts)
        self._devices: dict[str, tuple[Device, dict[str, int]]] = {}
        for device, lines in board_devices(board):
            self.attach(device, lines)
        self._traced: list[str] = []
        self._breakpoints: Counter[int] = Counter()  # a debugger and the call tracer may use the same address

    @property
    def chip(self) -> _native.Chip:
        """The chip itself, for tools that need more than the common interface."""
        return self._chip

    def load_bootrom(self, image: bytes) -> None:
        try:
            self._chip.load_rom(image)
        except ValueError as error:
            raise EngineError(str(error)) from None

    def load(self, image: Image) -> None:
        for segment in image.segments:
            self._chip.load(segment.address, segment.data)
        self._chip.reset(image.ram_entry)

    def reset(self, image: Image) -> None:
        self._chip.reset(image.ram_entry)

    @property
    def cycle(self) -> int:
        return self._chip.cycles

    @property
    def sleep_cycles(self) -> int:
        return self._chip.sleep_cycles(0)

    def picoseconds(self, cycle: int) -> int:
        return self._chip.picoseconds_at(cycle)

    def cycle_at(self, picoseconds: int) -> int:
        return self._chip.cycles_at(picoseconds)

    def run_until(self, cycle: int) -> Stop:
        return self._stop(self._chip.run_until(cycle))

    def step(self, core: int, limit: int) -> Stop:
        return self._stop(self._chip.step(core, limit))

    def _stop(self, stop: _native.Stop) -> Stop:
        if stop.reason is _native.StopReason.DEVICE:
            for device, _ in self._devices.values():
                device.settle()
            raise DeviceError(f"device {stop.detail}")
        return Stop(StopReason[stop.reason.name], stop.core, stop.pc, stop.detail, stop.address)

    def attach(self, device: Device, lines: Mapping[str, int]) -> None:
        native = device.plug()
        try:
            self._chip.attach(native, check_lines(device, lines))
        except ValueError as error:
            raise DeviceError(str(error)) from None
        if (vbus := self._supply.vbus) is not None and vbus in lines.values():
            self._chip.drive_pin(vbus, None)
        self._devices[device.title] = device, dict(lines)
        try:
            device.settle()
        except DeviceError:
            self.detach(device)
            raise

    def detach(self, device: Device) -> None:
        attached, _ = self._devices.get(device.title, (None, {}))
        if attached is not device or device.plugged is None:
            raise DeviceError(f"device {device.title!r} is not attached here")
        self._chip.detach(device.plugged)
        del self._devices[device.title]

    @property
    def devices(self) -> dict[str, tuple[Device, dict[str, int]]]:
        return dict(self._devices)

    def take_uart(self) -> list[tuple[int, int]]:
        data, cycles = self._chip.uart_take(self._uart)
        return list(zip(cycles, data, strict=True))

    def take_usb(self) -> list[tuple[int, int]]:
        data, cycles = self._chip.usb_take()
        return list(zip(cycles, data, strict=True))

    def notes(self) -> list[str]:
        notes = [note for note in (self._chip.uart_note(self._uart), self._chip.absent_note()) if note]
        if self._chip.in_usb_boot:
            notes.append("the chip is in USB boot and waits for the host; see emberwatch usb --put, or reset it")
        return notes

    def take_other_uart(self) -> list[tuple[int, int]]:
        data, cycles = self._chip.uart_take(1 - self._uart)
        return list(zip(cycles, data, strict=True))

    def send_uart(self, data: bytes) -> None:
        self._chip.uart_send(self._uart, data)

    def send_other_uart(self, data: bytes) -> None:
        self._chip.uart_send(1 - self._uart, data)

    def send_usb(self, data: bytes) -> None:
        self._chip.usb_send(data)

    @property
    def usb_host(self) -> UsbHost:
        return self._chip.usb_host

    def take_usb_port(self, port: int) -> list[tuple[int, int]]:
        data, cycles = self._chip.usb_take(port)
        return list(zip(cycles, data, strict=True))

    def send_usb_port(self, port: int, data: bytes) -> None:
        self._chip.usb_send(data, port)

    def read_memory(self, address: int, size: int) -> bytes:
        return self._chip.read_memory(address, size)

    def write_memory(self, address: int, data: bytes) -> None:
        self._chip.write_memory(address, data)

    def register(self, number: int, core: int = 0) -> int:
        return self._chip.registers(core)[_REGISTERS[number]]

    def add_breakpoint(self, address: int) -> None:
        self._breakpoints[address] += 1
        self._chip.add_breakpoint(address)

    def remove_breakpoint(self, address: int) -> None:
        self._breakpoints[address] -= 1
        if self._breakpoints[address] <= 0:
            del self._breakpoints[address]
            self._chip.remove_breakpoint(address)

    def catch_hard_faults(self, caught: bool) -> None:
        self._chip.catch_hard_fault(caught)

    def trace_functions(self, functions: dict[str, tuple[int, int]]) -> None:
        self._traced = list(functions)
        self._chip.trace_functions(list(functions.values()))

    def function_cycles(self) -> dict[str, FunctionCycles]:
        profiles = self._chip.profiles(0)
        return {
            name: FunctionCycles(calls, total, least, most)
            for name, (calls, total, least, most, _) in zip(self._traced, profiles, strict=True)
        }

    def pin(self, number: int) -> bool:
        return self._chip.pin_level(number)

    def push_sound(self, samples: npt.NDArray[np.int32]) -> None:
        self._hearing().push(np.ascontiguousarray(samples, dtype=np.int32))

    def push_silence(self, count: int) -> None:
        self._hearing().push_silence(count)  # without NumPy: a run that hears nothing begins sooner

    def withdraw_sound(self, sample: int) -> None:
        self._hearing().withdraw(sample)

    @property
    def sound_supplied(self) -> int | None:
        return None if self._microphone is None else self._microphone.supplied

    @property
    def microphone_bits(self) -> int:
        return 0 if self._microphone is None else self._microphone.bits

    def set_microphone_fault(self, fault: str) -> None:
        self._hearing().set_fault(fault)

    def set_microphone_analog(self, gain: float, offset: float) -> None:
        self._hearing().set_analog(round(gain * 4096), round(offset * (1 << 23)))

    def set_microphone_timebase(self, hz: int) -> None:
        self._hearing().set_timebase(hz)

    def _hearing(self) -> _native.Microphone:
        if self._microphone is None:
            raise EngineError("this board has no microphone; name one that has: --board pico")
        return self._microphone

    def drive_pin(self, pin: int, level: bool | None) -> None:
        self._chip.drive_pin(pin, level)

    def power_cycle(self, image: Image, off_ps: int, seed: int | None) -> None:
        self._chip.power_cycle(off_ps, seed, image.ram_entry)

    @property
    def usb_open(self) -> bool:
        return self._chip.usb_open

    def connect_usb(self, connected: bool) -> None:
        self._chip.connect_usb(connected)

    def press_bootsel(self, pressed: bool) -> None:
        self._chip.press_bootsel(pressed)

    def answer_semihosting(self, answered: bool) -> None:
        self._chip.answer_semihosting(answered)

    def save(self) -> bytes:
        return self._chip.save()

    def restore(self, snapshot: bytes, *, power_on_others: bool = False) -> None:
        try:
            self._chip.restore(snapshot, power_on_others)
        except (RuntimeError, ValueError) as error:
            raise EngineError(str(error)) from None


def embedded(engine: Engine) -> EmbeddedEngine:
    """The same engine, for what needs more of the chip than every engine has.

    Raises:
        EngineError: the engine does not run on librp2040's own processor.
    """
    if not isinstance(engine, EmbeddedEngine):
        raise EngineError(f"engine {engine.name!r} cannot look inside the chip; use --engine embedded")
    return engine


def chip_of(engine: Engine) -> _native.Chip:
    """The chip model behind an engine, for profiles, signals and coverage; errors as of `embedded`."""
    return embedded(engine).chip
