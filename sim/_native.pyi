"""librp2040: the RP2040 in emulated time, and the microphone on its pins.

All times are whole clk_sys cycles since power-on. Nothing here is safe to use from two threads at once on one chip.
"""

from enum import Enum
from typing import Any, Literal

from numpy.typing import NDArray

class StopReason(Enum):
    """Why :meth:`Chip.run_until` returned."""

    TIME = ...
    """The cycle was reached: the normal end."""
    BREAKPOINT = ...
    BKPT = ...
    LOCKUP = ...
    UNMODELLED = ...
    BOOT_ERROR = ...
    WATCHPOINT = ...
    STEP = ...
    HARD_FAULT = ...
    DEVICE = ...
    """A device cannot go on; `Stop.detail` says which and why."""

class FaultCause(Enum):
    """What made a HardFault."""

    UNALIGNED = ...
    NO_MEMORY = ...
    FETCH = ...
    PROTECTION = ...
    EXECUTE_NEVER = ...
    UNDEFINED_INSTRUCTION = ...
    THUMB_BIT_CLEAR = ...
    EXCEPTION_RETURN = ...
    BKPT = ...
    SVC = ...
    STACKING = ...
    UNSTACKING = ...
    VECTOR = ...

class Stop:
    """How a run ended."""

    @property
    def reason(self) -> StopReason:
        """What stopped it."""
    @property
    def core(self) -> int:
        """The core concerned."""
    @property
    def pc(self) -> int:
        """Its program counter."""
    @property
    def address(self) -> int:
        """The register's address for UNMODELLED, the data's for WATCHPOINT, else the instruction's."""
    @property
    def detail(self) -> str:
        """One line of explanation, empty where the reason says it all."""

class Device:
    """What is attached to a chip; it detaches itself when it goes."""

    @property
    def name(self) -> str:
        """Unique among the devices of a chip."""
    @property
    def lines(self) -> list[str]:
        """Names of its lines."""

class PyDevice(Device):
    """The native half of `emberwatch.devices.Device`, whose methods it calls; see there and `Port`."""

    def __init__(
        self,
        owner: object,
        name: str,
        lines: list[str],
        optional: list[str],
        watched: list[str],
        driven: list[str],
        prompt: bool,
        addresses: list[int],
        baud: int,
        spi_mode: int,
        methods: list[str],
    ) -> None: ...
    def take_error(self) -> BaseException | None:
        """What its code raised last, once."""
    def settle(self) -> None:
        """Brings its lines up to date and hands over the edges that wait."""
    @property
    def framing_errors(self) -> int: ...
    @property
    def now(self) -> int: ...
    @property
    def attached(self) -> bool: ...
    def connected(self, line: str) -> bool: ...
    def drive(self, line: str, level: bool | None, at: int | None = None) -> None: ...
    def level(self, line: str) -> bool: ...
    def share(self, line: str) -> float: ...
    def uart_send(self, data: bytes) -> None: ...
    def wake_at(self, at: int | None) -> None: ...
    def join(self, line: str, other: str, joined: bool) -> None: ...
    def set_volts(self, line: str, points: list[tuple[int, float]]) -> None: ...

class Jumper(Device):
    """A wire between its lines a and b."""

    def __init__(self, name: str) -> None: ...

class Flash(Device):
    """A W25Q-like flash chip for an SPI bus: sck, mosi, miso, cs."""

    def __init__(self, bytes: int, name: str) -> None:
        """`bytes` is a power of two from 65536 to 16777216; ValueError otherwise."""
    def load(self, offset: int, data: bytes) -> None:
        """Writes at once; ValueError beyond its end."""
    def read(self, offset: int, size: int) -> bytes:
        """What it holds; ValueError beyond its end."""

class I2sMicrophone(Device):
    """An I2S microphone: bclk, ws, data; 24 bits a word."""

    def __init__(self, right: bool = False, name: str = "i2s_microphone") -> None: ...
    def push(self, samples: NDArray[Any]) -> None:
        """Appends sound, as `Microphone.push`."""
    @property
    def words(self) -> int:
        """Words begun so far."""

class Microphone(Device):
    """A PDM microphone: clock, data."""

    def __init__(self, right: bool = False, seed: int = 1, name: str = "microphone") -> None:
        """`right`: what SELECT is strapped to; `seed` sets the modulator's dither."""
    def push(self, samples: NDArray[Any]) -> None:
        """Appends sound: int32 samples in Q23 (2**23 is full scale) at 16 kHz; the first ever sounds at time zero."""
    def push_silence(self, count: int) -> None:
        """Appends so many samples of silence."""
    def withdraw(self, index: int) -> None:
        """Takes back what was pushed from sample `index` on."""
    @property
    def supplied(self) -> int:
        """Index of the first sample not pushed yet; later ones are silence."""
    @property
    def bits(self) -> int:
        """Bits put on the data line so far."""
    def clock(self) -> tuple[int, int, int]:
        """Picoseconds of the first and the newest bit, and their number."""
    def set_fault(self, fault: str) -> None:
        """One of "none", "missing", "stuck_low", "stuck_high"; KeyError otherwise."""
    def set_timebase(self, hz: int) -> None:
        """0: a bit hears the sound at its emulated time; else bit n hears the sound at n / hz seconds."""
    def set_analog(self, gain_q12: int, offset_q23: int) -> None:
        """Gain (4096 is 1) and offset (2**23 is full scale) before the modulator."""

class Coverage:
    """Executed instructions and branch directions of a chip that was told to `cover` into it."""

    def __init__(self) -> None: ...
    def pages(self) -> list[tuple[int, bytes]]:
        """(address, flags of 2048 halfwords) of each 4 kB of code, in address order.

        Flags: 1 executed, 2 conditional branch taken, 4 not taken.
        """

class UsbHost(Device):
    """The built-in USB host, part of every chip."""

    @property
    def attached(self) -> bool:
        """Whether it sees a device."""
    @property
    def configured(self) -> bool:
        """Whether the device has its configuration."""
    def serial_open(self, port: int = 0) -> bool:
        """Whether the device has a serial port of this number, and DTR is set on it."""
    def identity(self) -> dict[str, bytes]:
        """Descriptors device, configuration, bos, manufacturer, product and serial; empty what was not said."""
    def opening_answer(self, interface: int) -> bytes:
        """What the host asked an interface for when it opened it: the report descriptor of a HID; else empty."""
    def take_packets(self) -> list[tuple[int, int, bytes]]:
        """(endpoint address, cycle, data) of what came on polled endpoints since the last call."""
    def listen(self, endpoint: int, listening: bool = True) -> None:
        """Polls an IN endpoint from now on, or no longer; its packets come by take_packets()."""
    def submit(self, transfers: list[tuple[int, bytes, bytes, int, bool]], lane: int, milliseconds: int) -> int:
        """Begins transfers, one after another; the number of the job.

        A transfer is (endpoint address, 0 for a request; setup packet of a request; data to the device; most bytes
        wanted of it; whether a stall is cleared and the job goes on). Jobs of a lane do not mix.
        """
    def take_job(self, job: int) -> tuple[str, list[tuple[str, bytes, int]]] | None:
        """Once it has ended: how, and (how, data, cycle) of each transfer; None before.

        How: "done", "stalled", "timed out", "gone"; "pending" where it did not come to it.
        """

class Chip:
    """One RP2040 with its flash chip and crystal."""

    def __init__(self, flash_bytes: int = 2097152, xosc_hz: int = 12000000) -> None:
        """`flash_bytes` is a power of two from 65536 to 16777216; ValueError otherwise."""
    def load(self, address: int, data: bytes) -> None:
        """Puts an image into flash (0x10000000), SRAM or ROM, before reset(); ValueError where there is no memory."""
    def power_on_memory(self, seed: int) -> None:
        """Fills SRAM and XIP SRAM with what chance leaves in them when power comes: the same for the same seed."""
    def load_rom(self, image: bytes) -> None:
        """Boots both cores in this boot ROM (at most 16384 bytes) from the next reset on."""
    def reset(self, ram_entry: int | None = None) -> None:
        """Power-on reset: time is 0 again, memories keep their content.

        Without a boot ROM image the model itself does at once what the ROM does on core 0: it checks and starts the
        second-stage loader in flash; the ROM's functions, and core 1's launch, are those of the project's own ROM.
        `ram_entry` starts core 0 there instead, stack at the end of SRAM, as after a download over USB.
        """
    def power_cycle(self, off: int, seed: int | None = None, ram_entry: int | None = None) -> None:
        """Power fails now and comes back after `off` picoseconds, in which no cycles pass.

        With a seed it was gone: an erase or program operation of the flash in progress stays half done, SRAM holds what
        chance leaves. Without one it was a brown-out: the chip is reset, memories keep their content.
        """
    def connect_usb(self, connected: bool) -> None:
        """Plugs the USB cable in (as at power-on), or pulls it out."""
    def answer_semihosting(self, answered: bool) -> None:
        """Whether BKPT 0xAB stops the run with BKPT though no debugger is attached; else it is a HardFault."""
    def run_until(self, cycle: int) -> Stop:
        """Runs until `cycle` or something else stops the chip, without the GIL.

        The last instruction is not split, so time may end a few cycles later. Signals are not looked at meanwhile: to
        stay interruptible by Ctrl-C, run in slices (10 million cycles take well below 100 ms).
        """
    @property
    def cycles(self) -> int:
        """Time now."""
    @property
    def picoseconds(self) -> int:
        """Time now in picoseconds since power-on."""
    def picoseconds_at(self, cycle: int) -> int:
        """Picoseconds of a cycle, past or (with the present clock) future."""
    def cycles_at(self, picoseconds: int) -> int:
        """First cycle at or after a time."""
    def clock_hz(self, name: str) -> int:
        """Frequency of gpout0..3, ref, sys, peri, usb, adc or rtc; 0 when stopped; KeyError for other names."""
    def read_memory(self, address: int, size: int) -> bytes:
        """Debugger's read: no time, no side effects. ValueError where there is nothing."""
    def write_memory(self, address: int, data: bytes) -> None:
        """Debugger's write to memory (flash included, as a programmer does); ValueError elsewhere."""
    def registers(self, core: int = 0) -> dict[str, int]:
        """r0..r12, sp, lr, pc, xpsr, msp, psp, primask, control."""
    def set_register(self, core: int, name: str, value: int) -> None:
        """Sets one of registers(); KeyError for other names."""
    def add_breakpoint(self, address: int) -> None:
        """Stops before the instruction there executes. Continuing executes it."""
    def remove_breakpoint(self, address: int) -> None:
        """Removes it; none there is no error."""
    def attach_debugger(self, attached: bool) -> None:
        """With a debugger BKPT stops the run; without it is a HardFault."""
    def step(self, core: int, limit: int) -> Stop:
        """Lets one core execute one instruction, a breakpoint there notwithstanding; the other core keeps step.

        Handlers of interrupts that come before the instruction run through. "step" is the normal end; "cycle" means
        that the core still sleeps at `limit`.
        """
    def add_watchpoint(self, address: int, size: int, read: bool, write: bool) -> None:
        """Stops after an instruction that accessed any of these bytes; the DMA's accesses do not count."""
    def remove_watchpoint(self, address: int, size: int, read: bool, write: bool) -> None:
        """Removes one that was added with the same arguments; none is no error."""
    def catch_hard_fault(self, caught: bool) -> None:
        """Stops at the first instruction of the HardFault handler, as DEMCR.VC_HARDERR does."""
    def faults(self, core: int = 0) -> list[tuple[FaultCause, int, int, bool, int]]:
        """(cause, pc, data address, write, cycle) of the last four faults, oldest first."""
    def hardfault_returns(self, core: int = 0) -> int:
        """How often the HardFault handler has returned on this core since power-on."""
    def record_instructions(self, depth: int) -> None:
        """Records the last `depth` instructions and data accesses of each core from now on; 0 stops it (default)."""
    def recent_instructions(self, core: int = 0) -> list[tuple[int, int, int]]:
        """(cycle of the start, pc, active exceptions) of recorded instructions, oldest first."""
    def recent_accesses(self, core: int = 0) -> list[tuple[int, int, int, int, bool, int | None]]:
        """(cycle, pc, address, size, write, value) of recorded loads and stores, oldest first.

        PUSH, POP, LDM and STM are one access without a value.
        """
    def watchpoint_hit(self, core: int = 0) -> tuple[int, int, int, bool] | None:
        """(cycle of the start, pc, address, write) of the last instruction if it hit a watchpoint."""
    def core_state(self, core: int = 0) -> Literal["running", "asleep", "held"]:
        """Whether a core executes, waits in WFI or WFE, or is held in reset."""
    def exception_depth(self, core: int = 0) -> int:
        """Number of active exceptions."""
    def read_system(self, core: int, offset: int) -> int:
        """A register of a core's System Control Space (0xe000e000 + offset) without side effects."""
    def write_bus(self, address: int, bytes: int, value: int) -> None:
        """Writes as a bus master does, side effects included, in no time; ValueError where nothing takes it."""
    def set_terminal(self, uart: int, tx: int, rx: int, baud: int) -> None:
        """A terminal, 8N1, on two pins of the board: uart_take() and uart_send() are what it reads and sends."""
    def uart_note(self, uart: int) -> str:
        """Why the terminal could not read or be read, the first reason; empty if there was none."""
    def absent_note(self) -> str:
        """Which registers that are none the program has used, of the blocks that stand it; empty if it has not."""
    def set_erratum(self, number: int, on: bool) -> None:
        """Switches a flaw of the chip (RP2040-E1, -E13); all that are modelled are on from the start."""
    def watch_never_written(self, on: bool) -> None:
        """Notes reads of SRAM that nobody has written since the last call; slower, in the same cycles."""
    def never_written(self) -> list[tuple[int, int, int, int, int]]:
        """Such reads since the last call: (0, 1: core, 2: DMA), pc, address, bytes, cycle; the first of each place."""
    def uart_take(self, uart: int) -> tuple[bytes, list[int]]:
        """Bytes sent since the last call and the cycle in which each ended."""
    def uart_send(self, uart: int, data: bytes) -> None:
        """Bytes for the RX pin, back to back at the UART's rate."""
    @property
    def in_usb_boot(self) -> bool:
        """Whether the chip waits in USB boot: a program asked for it, or BOOTSEL was pressed at a reset."""
    @property
    def usb_host(self) -> UsbHost:
        """The host at the other end of the USB cable."""
    def usb_take(self, port: int = 0) -> tuple[bytes, list[int]]:
        """Bytes from a USB serial port (0..6) since the last call and their cycles."""
    def usb_send(self, data: bytes, port: int = 0) -> None:
        """Bytes to a USB serial port; they wait until it is open."""
    @property
    def usb_open(self) -> bool:
        """The host has opened the first USB serial port."""
    def pin_level(self, pin: int) -> bool:
        """Level at the pad now."""
    def drive_pin(self, pin: int, level: bool | None) -> None:
        """Level from outside; None lets go."""
    def short_pin(self, pin: int, level: bool | None) -> None:
        """A fault of the board: the pin has this level, whatever drives it; None mends it. Snapshots hold it."""
    def set_crystal(self, hz: int) -> None:
        """The crystal's frequency from now on, at least 1 Hz: it drifts. Snapshots hold it."""
    @property
    def devices(self) -> list[str]:
        """Names of all devices, the flash chip and the USB host included."""
    def attach(self, device: Device, lines: list[tuple[str, int]]) -> None:
        """Attaches a device, each line to a GPIO; ValueError, one line, for what does not fit."""
    def detach(self, device: Device) -> None:
        """Takes it off."""
    def record_pins(self, mask: int) -> None:
        """Records the edges of these pins from now on."""
    def take_edges(self) -> list[tuple[int, int, bool]]:
        """(cycle, pin, level) of each edge since the last call, in time order."""
    def pwm_duty(self, slice: int, channel: int) -> float:
        """Fraction of time that a PWM channel (0: A, 1: B) is high."""
    def pwm_period_q4(self, slice: int) -> int:
        """Length of one PWM period in 1/16 cycles; 0 when stopped."""
    def set_adc(self, input: int, value: int) -> None:
        """Conversion result (0..4095) of input 0..3, or 4: the temperature sensor."""
    def set_adc_voltage(self, input: int, volts: float) -> None:
        """The same by the voltage at the input; beyond 0 to 3.3 V conversions saturate."""
    def press_bootsel(self, pressed: bool) -> None:
        """The BOOTSEL button."""
    def trace_functions(self, functions: list[tuple[int, int]]) -> None:
        """Profiles the functions given as (address, size) on both cores; an empty list switches profiling off."""
    def profiles(self, core: int = 0) -> list[tuple[int, int, int, int, int]]:
        """(calls, total, min, max, last) of each traced function, in order; cycles include callees, not interrupts.

        Calls in progress are not counted yet.
        """
    def clear_profiles(self) -> None:
        """All counts to zero; calls in progress are forgotten."""
    def sleep_cycles(self, core: int = 0) -> int:
        """Cycles spent waiting in WFI, WFE or sleep-on-exit since power-on."""
    def exception_counts(self, core: int = 0) -> list[int]:
        """How often each exception number (0..47; interrupt n is 16 + n) was taken."""
    def recent_transfers(self, core: int = 0) -> list[tuple[int, int, int]]:
        """(from, to, cycle) of the last 64 calls, returns, exceptions and far branches, oldest first."""
    def start_profile(self, functions: list[tuple[int, int]]) -> None:
        """Profiles both cores from now on, from zero; `functions` are (address, size) in address order.

        Emulated time stays as it is; emulation takes two to three times as long.
        """
    def count_profile_from_now(self) -> None:
        """Forgets what the profiles have counted; the calls in progress stay known, but are no finished calls."""
    def stop_profile(self) -> None:
        """Ends profiling and forgets its results."""
    def profile(self, core: int = 0) -> dict[str, Any]:
        """Results so far; ValueError while profiling is off. All cycles are busy ones, stalls included.

        nodes: calling context tree as (parent, function, call site, calls, own cycles, XIP misses, XIP stall cycles,
        bus wait cycles); parent 0xffffffff is none. Call site 1 marks an exception's handler, 3 what was running when
        profiling began, 5 the parent of an exception's handlers, whose function is the exception number.
        instructions: (address, executions, cycles, XIP misses, XIP stalls, bus waits), in address order.
        functions: (address, calls, total, min, max cycles with callees and without interrupts, stack of its own,
        stack with callees) of finished calls.
        high_water: top and lowest stack pointer of the main stack, cycle and node of the lowest.
        """
    def cover(self, coverage: Coverage | None) -> None:
        """Gathers coverage from now on at no cost; None stops it."""
    def record_signals(self, groups: list[str]) -> None:
        """Records changes of "irq", "cores", "dma", "pio" and (traced) "functions" from now on; KeyError for others.

        The present values come first. An empty list stops it.
        """
    def take_signals(self) -> bytes:
        """Changes since the last call: records of cycle (64 bits), signal and value (32 bits each), little-endian.

        Signals: interrupt lines 0..31, active exception of core n 32 + n, asleep 34 + n, DMA channel busy 40 + n and
        its transfers 56 + n (value 1, one cycle each), program counter of state machine n of PIO p 72 + 4 p + n, call
        in progress of traced function n on core c 128 + 2 n + c. In order within a signal, not between signals.
        """
    def save(self) -> bytes:
        """The complete state; bytes collected for hosts and breakpoints are not part of it."""
    def restore(self, snapshot: bytes, power_on_others: bool = False) -> None:
        """Continues from save(); needs the same flash size, loaded image and devices.

        ValueError or RuntimeError, one line, for what is damaged or of another chip, which leaves this one as it is.
        With `power_on_others`, devices that the snapshot lacks are switched on anew instead of being refused.
        """
    def differences(self, snapshot: bytes) -> list[str]:
        """Parts of the chip, and devices, that are not as a snapshot has them; ValueError as `restore`.

        What is brought up to date only when somebody looks may differ though nothing else ever will: "pins" has the
        times of past changes.
        """
    @property
    def xip_hits(self) -> int:
        """XIP cache hits since reset or since CTR_HIT was written."""
    @property
    def xip_accesses(self) -> int:
        """XIP accesses since reset or since CTR_ACC was written."""

class Link:
    """Chips side by side in one clock, pins wired to pins."""

    def __init__(self, latency: int) -> None:
        """`latency`: picoseconds that a change needs along a wire; no chip is ever further ahead of another."""
    def add(self, chip: Chip) -> None:
        """Adds a chip; all must be at the same time."""
    def wire(self, one: int, pin: int, other: int, other_pin: int) -> None:
        """Wires a pin of chip number `one` to one of chip number `other`; ValueError for ends that do not exist."""
    def run(self, leader: int, limit: int) -> tuple[int, Stop]:
        """Runs all until chip `leader` has reached cycle `limit` or one stops: which, and why. Without the GIL."""

def encoding_name(first: int, second: int = 0) -> str:
    """The Arm manual's name of an instruction given by its halfwords, or "UNDEFINED"."""

def encodings() -> list[tuple[str, str]]:
    """The decode table: (name, bit pattern) of every encoding."""
