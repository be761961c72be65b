"""The interface that every CPU engine implements, in terms of cycles, addresses and pins.

Tests and tools ask an engine what it can do (`Engine.capabilities`), never which engine it is.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING, ClassVar

from emberwatch.base.errors import NotPossibleError
from emberwatch.base.lazy import np, npt
from emberwatch.engines.usb import UsbHost
from emberwatch.program.elf import Image

if TYPE_CHECKING:
    from emberwatch.devices.base import Device


class Capability(Enum):
    """What an engine may be able to do beyond running a program."""

    SNAPSHOTS = auto()
    MICROPHONE_FAULTS = auto()
    BREAKPOINTS = auto()
    DEVICES = auto()
    """Devices on the pins beyond the board's microphone."""
    SOUND = auto()
    """A microphone that hears samples."""
    MEMORY = auto()
    """Memory, registers and pins, as a debugger sees them."""
    CYCLES = auto()
    """Cycles of functions."""
    OBSERVATION = auto()
    """Profiles, signals inside the chip, coverage."""


class StopReason(Enum):
    """Why `Engine.run_until` came back."""

    TIME = auto()
    BREAKPOINT = auto()
    BKPT = auto()
    LOCKUP = auto()
    UNMODELLED = auto()
    BOOT_ERROR = auto()
    WATCHPOINT = auto()
    STEP = auto()
    HARD_FAULT = auto()


@dataclass(frozen=True)
class Stop:
    """Reason, core, address of the instruction and, for a fault, what happened."""

    reason: StopReason
    core: int = 0
    pc: int = 0
    detail: str = ""
    address: int = 0
    """Of the register for UNMODELLED, of the data for WATCHPOINT, else of the instruction."""


@dataclass(frozen=True)
class FunctionCycles:
    """Cycles of all finished calls of one function, callees included, interrupts that came in between excluded."""

    calls: int = 0
    total: int = 0
    min: int = 0
    max: int = 0

    @property
    def mean(self) -> float:
        """Cycles per call; 0 without calls."""
        return self.total / self.calls if self.calls else 0.0


@dataclass(frozen=True)
class CallTap:
    """Memory that each call of a function leaves behind, where a register points at its beginning."""

    function: int
    """Address of its first instruction."""
    pointer: int
    """The register, R0-R3, that points there when the call begins."""
    size: int
    """Bytes, 64 KiB in all at most."""
    count: int | None = None
    """The register, R0-R3, that says how many times `size`; None: once."""


class Engine(ABC):
    """One RP2040 with a microphone and a console, stepped in clk_sys cycles."""

    name: ClassVar[str]
    capabilities: ClassVar[frozenset[Capability]]

    @abstractmethod
    def load_bootrom(self, image: bytes) -> None:
        """Boots through this boot ROM image instead of the built-in boot; to be called before `load`."""

    @abstractmethod
    def load(self, image: Image) -> None:
        """Puts a program into memory and resets the chip to power-on."""

    def reset(self, image: Image) -> None:
        """Power-on reset with the memories as they are; `image` is the program that they hold."""
        raise NotPossibleError(f"engine {self.name!r} cannot be reset")

    @property
    @abstractmethod
    def cycle(self) -> int:
        """clk_sys cycles since power-on."""

    def notes(self) -> list[str]:
        """What the user should know about the board and did not ask for: why the console stays empty, say."""
        return []

    @property
    @abstractmethod
    def sleep_cycles(self) -> int:
        """Cycles that core 0 spent asleep in WFI or WFE."""

    @abstractmethod
    def picoseconds(self, cycle: int) -> int:
        """Emulated time of a cycle; clk_sys may have changed on the way."""

    @abstractmethod
    def cycle_at(self, picoseconds: int) -> int:
        """First cycle at or after a time, assuming that clk_sys stays as it is now."""

    @abstractmethod
    def run_until(self, cycle: int) -> Stop:
        """Runs until the cycle, or less far if something else stops the chip. The GIL is released meanwhile."""

    def step(self, core: int, limit: int) -> Stop:
        """Lets one core execute one instruction, but not beyond the cycle `limit`."""
        raise NotPossibleError(f"engine {self.name!r} cannot step single instructions")

    @abstractmethod
    def take_uart(self) -> list[tuple[int, int]]:
        """Console bytes since the last call as (cycle of the stop bit, byte)."""

    @abstractmethod
    def take_usb(self) -> list[tuple[int, int]]:
        """What the program sent to the USB serial port (CDC) since the last call, as (cycle, byte)."""

    def take_other_uart(self) -> list[tuple[int, int]]:
        """The same of the UART that is not the board's console; empty if the engine cannot tell."""
        return []

    @abstractmethod
    def send_uart(self, data: bytes) -> None:
        """Puts bytes on the console's receive line; they take their real time."""

    def send_other_uart(self, data: bytes) -> None:
        """The same for the UART that is not the console.

        Raises:
            NotPossibleError: this engine has only one.
        """
        raise NotPossibleError(f"engine {self.name!r} has only one UART to send {len(data)} bytes to")

    def send_usb(self, data: bytes) -> None:
        """Sends bytes to the USB serial port; they wait until it is open.

        Raises:
            NotPossibleError: this engine has no USB host.
        """
        raise NotPossibleError(f"engine {self.name!r} has no USB host to send {len(data)} bytes from")

    @property
    def usb_host(self) -> UsbHost | None:
        """The host at the other end of the USB cable; None if this engine has none."""
        return None

    def take_usb_port(self, port: int) -> list[tuple[int, int]]:
        """As `take_usb`, from serial port 1..6 of the USB device; empty if this engine has none."""
        del port
        return []

    def send_usb_port(self, port: int, data: bytes) -> None:
        """As `send_usb`, to serial port 1..6 of the USB device.

        Raises:
            NotPossibleError: this engine has none.
        """
        raise NotPossibleError(f"engine {self.name!r} has no USB serial port {port} to send {len(data)} bytes to")

    @abstractmethod
    def read_memory(self, address: int, size: int) -> bytes:
        """Memory or registers as a debugger sees them: no side effects, no time."""

    @abstractmethod
    def write_memory(self, address: int, data: bytes) -> None:
        """Writes SRAM or flash as a debugger does."""

    @abstractmethod
    def register(self, number: int, core: int = 0) -> int:
        """R0-R15 of a core; R15 is the address of the next instruction."""

    @abstractmethod
    def add_breakpoint(self, address: int) -> None:
        """Stops before the instruction at `address` is executed, on any core."""

    @abstractmethod
    def remove_breakpoint(self, address: int) -> None:
        """Undoes `add_breakpoint`."""

    def await_call(self, address: int) -> None:
        """As `add_breakpoint` where calls begin or end, for engines that see those more quickly.

        A core that comes there otherwise than by a branch, a call or a return need not be stopped.
        """
        self.add_breakpoint(address)

    def forget_call(self, address: int) -> None:
        """Undoes `await_call`."""
        self.remove_breakpoint(address)

    def tap_calls(self, tap: CallTap) -> Callable[[], list[bytes]] | None:
        """Has the engine keep, from now on, what finished calls of a function leave, for those whose stops are dear.

        Returns:
            What gives them since it was called last, also when the engine is closed; None: stop at the calls instead.
        """
        del tap
        return None

    def catch_hard_faults(self, caught: bool) -> None:
        """Stops with HARD_FAULT where the handler begins, if the engine can; by default it runs on."""
        del caught

    @abstractmethod
    def trace_functions(self, functions: dict[str, tuple[int, int]]) -> None:
        """Counts cycles of these functions on core 0, {name: (address, size)}, from now on; forgets earlier counts."""

    @abstractmethod
    def function_cycles(self) -> dict[str, FunctionCycles]:
        """Counts of the functions given to `trace_functions`."""

    @abstractmethod
    def pin(self, number: int) -> bool:
        """Level of a pad now."""

    @abstractmethod
    def push_sound(self, samples: npt.NDArray[np.int32]) -> None:
        """Supplies the microphone with more Q23 samples at 16 kHz."""

    def push_silence(self, count: int) -> None:
        """Supplies the microphone with so many more samples of silence."""
        self.push_sound(np.zeros(count, np.int32))

    @property
    @abstractmethod
    def sound_supplied(self) -> int | None:
        """Samples supplied so far; None without a microphone."""

    def withdraw_sound(self, sample: int) -> None:
        """Takes back what was supplied from a sample on, which must not have been heard."""
        raise NotPossibleError(f"engine {self.name!r} cannot take sound back; put it into the scenario")

    def drive_pin(self, pin: int, level: bool | None) -> None:
        """Puts a level on a pin from outside; None lets go. The chip's own outputs win."""
        raise NotPossibleError(f"engine {self.name!r} cannot drive pins; use --engine embedded")

    def power_cycle(self, image: Image, off_ps: int, seed: int | None) -> None:
        """Power fails now, for a time.

        Args:
            image: the program that flash or, after a download, SRAM holds.
            off_ps: how long, in picoseconds.
            seed: of what memories hold then, a write to flash in progress stays half done; None for a brown-out, which
                resets the chip and leaves memories as they are.
        """
        raise NotPossibleError(f"engine {self.name!r} cannot be powered off on the way; use --engine embedded")

    @property
    def usb_open(self) -> bool:
        """Whether a host has the program's USB serial port open."""
        return False

    def connect_usb(self, connected: bool) -> None:
        """Plugs the USB cable in or pulls it out."""
        raise NotPossibleError(f"engine {self.name!r} has no USB host")

    def press_bootsel(self, pressed: bool) -> None:
        """The BOOTSEL button, which pulls the flash chip's select line low."""
        raise NotPossibleError(f"engine {self.name!r} has no BOOTSEL button; use --engine embedded")

    def answer_semihosting(self, answered: bool) -> None:
        """Whether BKPT 0xAB stops with BKPT without a debugger, if the engine can; by default it is a HardFault."""
        del answered

    @property
    @abstractmethod
    def microphone_bits(self) -> int:
        """PDM bits that the firmware has clocked out of the microphone."""

    @abstractmethod
    def set_microphone_fault(self, fault: str) -> None:
        """'none', 'missing', 'stuck_low' or 'stuck_high'."""

    @abstractmethod
    def set_microphone_analog(self, gain: float, offset: float) -> None:
        """Gain (1 = none, up to 8) and offset (full scale = 1) before the modulator."""

    @abstractmethod
    def set_microphone_timebase(self, hz: int) -> None:
        """0: a bit hears the sound at its emulated time; else bit n hears the sound at n / hz seconds.

        The latter makes the bit stream independent of when the program starts the clock, hence equal on all engines.
        """

    def attach(self, device: Device, lines: Mapping[str, int]) -> None:
        """Attaches a device, each line to a GPIO.

        Raises:
            NotPossibleError: this engine has no devices.
            DeviceError: its name is taken, its lines are others, or its own code failed.
        """
        raise NotPossibleError(f"engine {self.name!r} has no devices to attach; use --engine embedded")

    def detach(self, device: Device) -> None:
        """Takes a device off its pins."""
        raise NotPossibleError(f"engine {self.name!r} has no devices to detach")

    @property
    def devices(self) -> dict[str, tuple[Device, dict[str, int]]]:
        """What is attached, by name, with the GPIOs of its lines."""
        return {}

    def close(self) -> None:
        """Gives up what the engine holds on the host; the counts and the time of the end can still be asked for."""
        return  # most hold nothing

    @abstractmethod
    def save(self) -> bytes:
        """The whole machine as one snapshot."""

    @abstractmethod
    def restore(self, snapshot: bytes, *, power_on_others: bool = False) -> None:
        """Goes back to a snapshot of the same engine, program and devices.

        Args:
            snapshot: what `save` returned.
            power_on_others: devices that the snapshot does not have are switched on anew instead of being refused.

        Raises:
            EngineError: the snapshot is damaged or of another machine; this one is as it was.
        """
