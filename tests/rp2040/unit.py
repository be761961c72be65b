"""A chip of pins, PIO, DMA and 64 kB of SRAM without CPUs, and helpers to program it cycle by cycle."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterable, Sequence

from native_library import build_library

SRAM = 0x20000000
IO_BANK0, PADS_BANK0, DMA, PIO0, PIO1 = 0x40014000, 0x4001C000, 0x50000000, 0x50200000, 0x50300000
XOR, SET, CLR = 0x1000, 0x2000, 0x3000
PIN_COUNT = 8  # pins that random tests play with
FUNC_SIO, FUNC_PIO0, FUNC_PIO1 = 5, 6, 7

# PIO registers (datasheet 3.7)
CTRL, FSTAT, FDEBUG, FLEVEL, TXF, RXF, IRQ, IRQ_FORCE = 0x00, 0x04, 0x08, 0x0C, 0x10, 0x20, 0x30, 0x34
SYNC_BYPASS, DBG_PADOUT, DBG_PADOE, CFGINFO, INSTR_MEM = 0x38, 0x3C, 0x40, 0x44, 0x48
CLKDIV, EXECCTRL, SHIFTCTRL, ADDR, INSTR, PINCTRL = 0xC8, 0xCC, 0xD0, 0xD4, 0xD8, 0xDC
PIO_INTR, IRQ0_INTE, IRQ0_INTF, IRQ0_INTS = 0x128, 0x12C, 0x130, 0x134
AUTOPUSH, AUTOPULL, IN_RIGHT, OUT_RIGHT, JOIN_TX, JOIN_RX = 1 << 16, 1 << 17, 1 << 18, 1 << 19, 1 << 30, 1 << 31


class Edge(ctypes.Structure):
    _fields_ = (("when", ctypes.c_uint64), ("pin", ctypes.c_uint32), ("level", ctypes.c_uint32))


class Access(ctypes.Structure):
    _fields_ = (("cycle", ctypes.c_uint64), ("address", ctypes.c_uint32), ("is_write", ctypes.c_uint32))


_library: ctypes.CDLL | None = None


def library() -> ctypes.CDLL:
    """The loaded library with its functions' types declared."""
    global _library
    if _library is None:
        lib = ctypes.CDLL(str(os.environ.get("RP2040_UNIT") or build_library("native", "rp2040_unit")))
        chip, u32, u64, i32 = ctypes.c_void_p, ctypes.c_uint32, ctypes.c_uint64, ctypes.c_int
        for name, result, *arguments in (
            ("new", chip),
            ("delete", None, chip),
            ("reset", None, chip),
            ("now", u64, chip),
            ("run", None, chip, u64),
            ("read", u64, chip, u32, u32),
            ("write", i32, chip, u32, u32, u32),
            ("drive", None, chip, u32, i32, u64),
            ("level", i32, chip, u32),
            ("inputs", u32, chip, u32),
            ("sio", None, chip, u32, u32, u32),
            ("watch", None, chip, u32),
            ("edges", ctypes.c_size_t, chip, ctypes.POINTER(ctypes.POINTER(Edge))),
            ("wire", None, chip, u32, u32, u64),
            ("bit_source", None, chip, u32, u32),
            ("irq", u32, chip, u32),
            ("dreq", None, chip, u32, u32),
            ("quiet_until", None, chip, u64),
            ("log_accesses", None, chip, i32),
            ("accesses", ctypes.c_size_t, chip, ctypes.POINTER(ctypes.POINTER(Access))),
            ("due", u64, chip, u32),
            ("save", None, chip),
            ("restore", None, chip),
        ):
            function = getattr(lib, f"unit_{name}")
            function.restype = result
            function.argtypes = arguments
        _library = lib
    return _library


class UnitChip:
    """Time stands still between calls of run(); accesses happen in the current cycle."""

    def __init__(self) -> None:
        self._lib = library()
        self._chip = self._lib.unit_new()

    def __del__(self) -> None:
        self._lib.unit_delete(self._chip)

    @property
    def now(self) -> int:
        return int(self._lib.unit_now(self._chip))

    def reset(self) -> None:
        """Resets every block, as a watchdog reset does; the world outside the pins goes on."""
        self._lib.unit_reset(self._chip)

    def run(self, cycles: int = 1) -> None:
        self._lib.unit_run(self._chip, cycles)

    def read(self, address: int, size: int = 4) -> int:
        value = int(self._lib.unit_read(self._chip, address, size))
        if value >> 32:
            raise LookupError(f"{address:#x}: {'bus error' if value >> 32 == 1 else 'not modelled'}")
        return value

    def write(self, address: int, value: int, size: int = 4) -> None:
        if self._lib.unit_write(self._chip, address, size, value & 0xFFFFFFFF):
            raise LookupError(f"{address:#x}")

    def write_words(self, address: int, words: Iterable[int]) -> None:
        for n, word in enumerate(words):
            self.write(address + 4 * n, word)

    def read_words(self, address: int, count: int) -> list[int]:
        return [self.read(address + 4 * n) for n in range(count)]

    def drive(self, pin: int, level: int | None, delay: int = 0) -> None:
        self._lib.unit_drive(self._chip, pin, 0 if level is None else 1 + level, delay)

    def level(self, pin: int) -> int:
        return int(self._lib.unit_level(self._chip, pin))

    def inputs(self, bypass: int = 0) -> int:
        return int(self._lib.unit_inputs(self._chip, bypass))

    def sio(self, mask: int, value: int, enable: int) -> None:
        self._lib.unit_sio(self._chip, mask, value, enable)

    def watch(self, *pins: int) -> None:
        self._lib.unit_watch(self._chip, sum(1 << pin for pin in pins))

    def edges(self, pin: int | None = None) -> list[tuple[int, int, int]]:
        """(cycle, pin, level) of every change of the watched pins so far."""
        pointer = ctypes.POINTER(Edge)()
        count = self._lib.unit_edges(self._chip, ctypes.byref(pointer))
        edges = [(pointer[n].when, pointer[n].pin, pointer[n].level) for n in range(count)]
        return [e for e in edges if pin is None or e[1] == pin]

    def levels(self, pin: int, start: int, count: int, initial: int = 0) -> list[int]:
        """Level of a watched pin in each of `count` cycles from `start` on."""
        edges = self.edges(pin)
        result, level, n = [], initial, 0
        for cycle in range(start, start + count):
            while n < len(edges) and edges[n][0] <= cycle:
                level = edges[n][2]
                n += 1
            result.append(level)
        return result

    def wire(self, source: int, target: int, delay: int = 0) -> None:
        self._lib.unit_wire(self._chip, source, target, delay)

    def bit_source(self, clock: int, data: int) -> None:
        self._lib.unit_bit_source(self._chip, clock, data)

    def irq(self, line: int, core: int = 0) -> int:
        return (int(self._lib.unit_irq(self._chip, core)) >> line) & 1

    def dreq(self, dreq: int, transfers: int) -> None:
        self._lib.unit_dreq(self._chip, dreq, transfers)

    def quiet_until(self, cycle: int) -> None:
        self._lib.unit_quiet_until(self._chip, cycle)

    def log_accesses(self) -> None:
        self._lib.unit_log_accesses(self._chip, 1)

    def accesses(self) -> list[tuple[int, int, int]]:
        pointer = ctypes.POINTER(Access)()
        count = self._lib.unit_accesses(self._chip, ctypes.byref(pointer))
        return [(pointer[n].cycle, pointer[n].address, pointer[n].is_write) for n in range(count)]

    def save(self) -> None:
        self._lib.unit_save(self._chip)

    def restore(self) -> None:
        self._lib.unit_restore(self._chip)

    def function(self, function: int, *pins: int) -> None:
        for pin in pins:
            self.write(IO_BANK0 + 8 * pin + 4, function)


class StateMachine:
    """One PIO state machine, set up as the SDK's pio_sm_init does."""

    def __init__(
        self,
        chip: UnitChip,
        program: Sequence[int],
        *,
        index: int = 0,
        pio: int = PIO0,
        origin: int = 0,
        wrap: tuple[int, int] | None = None,
        divider: float = 1,
        shift: int = IN_RIGHT | OUT_RIGHT,
        execctrl: int = 0,
        out: tuple[int, int] = (0, 0),
        set_pins: tuple[int, int] = (0, 0),
        side: tuple[int, int] = (0, 0),
        in_base: int = 0,
        pindirs: int = 0,
        enable: bool = True,
    ) -> None:
        self.chip, self.index, self.pio = chip, index, pio
        self.base = pio + 0x18 * index
        for n, code in enumerate(program):
            chip.write(pio + INSTR_MEM + 4 * (origin + n), code)
        bottom, top = wrap if wrap is not None else (0, len(program) - 1)
        chip.write(self.base + CLKDIV, round(divider * 256) << 8)
        chip.write(self.base + EXECCTRL, (origin + top) << 12 | (origin + bottom) << 7 | execctrl)
        chip.write(self.base + SHIFTCTRL, shift)
        directions = [pin for pin in range(30) if pindirs >> pin & 1]
        for pin in directions:
            chip.write(self.base + PINCTRL, 1 << 26 | pin << 5)
            self.execute(0xE081)  # set pindirs, 1
        chip.write(
            self.base + PINCTRL,
            side[1] << 29
            | set_pins[1] << 26
            | out[1] << 20
            | in_base << 15
            | side[0] << 10
            | set_pins[0] << 5
            | out[0],
        )
        self.execute(origin)  # jmp origin
        chip.write(pio + CTRL + SET, 0x110 << index)
        self.start = chip.now + 1
        if enable:
            self.enable()

    def execute(self, code: int) -> None:
        """SMx_INSTR; the instruction has run when this returns."""
        self.chip.write(self.base + INSTR, code)
        self.chip.run(2)

    def enable(self) -> int:
        """Enables and restarts the divider; returns the cycle of the first tick."""
        self.chip.write(self.pio + CTRL + SET, 0x101 << self.index)
        self.start = self.chip.now + 1
        return self.start

    def put(self, word: int) -> None:
        self.chip.write(self.pio + TXF + 4 * self.index, word)

    def get(self) -> int:
        return self.chip.read(self.pio + RXF + 4 * self.index)

    @property
    def tx_level(self) -> int:
        return self.chip.read(self.pio + FLEVEL) >> 8 * self.index & 0xF

    @property
    def rx_level(self) -> int:
        return self.chip.read(self.pio + FLEVEL) >> (8 * self.index + 4) & 0xF

    @property
    def pc(self) -> int:
        return self.chip.read(self.base + ADDR)


# PIO instruction encodings (datasheet 3.4); `ds` is the five-bit delay/side-set field.
SOURCES = {"pins": 0, "x": 1, "y": 2, "null": 3, "status": 5, "isr": 6, "osr": 7}
OUT_TARGETS = {"pins": 0, "x": 1, "y": 2, "null": 3, "pindirs": 4, "pc": 5, "isr": 6, "exec": 7}
MOV_TARGETS = {"pins": 0, "x": 1, "y": 2, "exec": 4, "pc": 5, "isr": 6, "osr": 7}
CONDITIONS = {"": 0, "!x": 1, "x--": 2, "!y": 3, "y--": 4, "x!=y": 5, "pin": 6, "!osre": 7}


def jmp(target: int, condition: str = "", ds: int = 0) -> int:
    return ds << 8 | CONDITIONS[condition] << 5 | target


def wait(polarity: int, source: str, index: int, ds: int = 0) -> int:
    return 1 << 13 | ds << 8 | polarity << 7 | ("gpio", "pin", "irq").index(source) << 5 | index


def in_(source: str, bits: int, ds: int = 0) -> int:
    return 2 << 13 | ds << 8 | SOURCES[source] << 5 | bits & 31


def out(target: str, bits: int, ds: int = 0) -> int:
    return 3 << 13 | ds << 8 | OUT_TARGETS[target] << 5 | bits & 31


def push(*, iffull: int = 0, block: int = 1, ds: int = 0) -> int:
    return 4 << 13 | ds << 8 | iffull << 6 | block << 5


def pull(*, ifempty: int = 0, block: int = 1, ds: int = 0) -> int:
    return 4 << 13 | ds << 8 | 1 << 7 | ifempty << 6 | block << 5


def mov(target: str, source: str, operation: int = 0, ds: int = 0) -> int:
    return 5 << 13 | ds << 8 | MOV_TARGETS[target] << 5 | operation << 3 | SOURCES[source]


def irq(index: int, *, clear: int = 0, wait: int = 0, ds: int = 0) -> int:
    return 6 << 13 | ds << 8 | clear << 6 | wait << 5 | index


def set_(target: str, value: int, ds: int = 0) -> int:
    return 7 << 13 | ds << 8 | {"pins": 0, "x": 1, "y": 2, "pindirs": 4}[target] << 5 | value


def nop(ds: int = 0) -> int:
    return mov("y", "y", ds=ds)
