"""Faults injected into the running firmware: does it ever lose an alarm without a word?

One machine runs to an alarm again and again. Each time one thing is changed at a random moment before the alarm would
be certain: a bit of SRAM, of the stack, of code, of flash, of a register, a peripheral's configuration, or the
microphone. What became of the alarm, and whether the firmware said that something was wrong, is the outcome. An
injection is a function of (firmware, seed, number), so that each can be repeated alone.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from elftools.elf.elffile import ELFFile

from emberwatch.audio import Clip, Scenario, generate
from emberwatch.base.errors import EmberwatchError, FirmwareCrash
from emberwatch.base.workers import WorkerPool
from emberwatch.board.board import load_board
from emberwatch.chip import block
from emberwatch.detector.machine import DetectorMachine
from emberwatch.detector.protocol import Alarm
from emberwatch.engines.embedded import chip_of
from emberwatch.inspect.led import led_brightness
from emberwatch.machine.machine import Snapshot
from emberwatch.program.elf import SRAM_BASE

ALARM_AT_S = 2.0
FIRST_S, LAST_S = 1.0, 6.0
"""An injection comes between these: the network listens, the alarm sounds, and its cadence is not yet certain."""
JUDGED_S = 14.0
"""By then a restarted firmware has heard two more groups of a T3 signal."""
PATIENCE_S = 80.0
"""A run that lost the alarm without a word goes on so long: some checks take a minute by intent."""
_STEP_S = 0.25
_LOCKUPS = 20
_LIT = 0.99
_CLEARED = "FAULT none "
_ALLOCATED = 2
"""SHF_ALLOC (gABI, chapter 4)."""

OUTCOMES = ("raised", "raised, told", "lost, told", "dead", "stopped by the model", "false alarm", "SILENT")
"""raised: the alarm went on. told: with a FAULT line or a restart. dead: the console fell silent and no restart came.
stopped by the model: the program did what the model refuses, where a chip would fault. SILENT: the alarm was lost and
the console looked healthy."""

_WEIGHTS = {"sram": 5, "stack": 2, "code": 3, "register": 4, "flash": 3, "peripheral": 3, "microphone": 2}
KINDS = tuple(_WEIGHTS)
_REGISTERS = [*(f"r{n}" for n in range(13)), "sp", "lr", "pc", "xpsr", "primask"]
_MICROPHONE = ("missing", "stuck_low", "stuck_high", "deaf", "offset", "saturated")


@dataclass(frozen=True)
class Injection:
    """One fault: its number, kind, what exactly was changed, the emulated time, and what came of it."""

    number: int
    kind: str
    what: str
    t_s: float
    outcome: str
    signs: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return asdict(self)


def registers(board: str) -> list[tuple[str, int]]:
    """Configuration that the firmware sets once: names and addresses of registers that a bit flip may hit."""
    pins = load_board(board)
    microphone = pins.needed_microphone
    gpios = (microphone.clock, microphone.data, pins.uart.tx, pins.needed_led.pin)
    used = [
        *(("pio", name) for name in ("CTRL", "SM0_CLKDIV", "SM0_EXECCTRL", "SM0_SHIFTCTRL", "SM0_PINCTRL")),
        *(("dma", f"CH{n}_{name}") for n in range(3) for name in ("WRITE_ADDR", "TRANS_COUNT", "AL1_CTRL")),
        *(("dma", name) for name in ("INTE0", "INTE1")),
        *(("clocks", name) for name in ("CLK_REF_CTRL", "CLK_SYS_CTRL", "CLK_SYS_DIV", "CLK_PERI_CTRL")),
        *(("pll", name) for name in ("CS", "PWR", "FBDIV_INT", "PRIM")),
        *(("watchdog", name) for name in ("CTRL", "LOAD", "TICK")),
        *(("uart", name) for name in ("UARTIBRD", "UARTFBRD", "UARTLCR_H", "UARTCR", "UARTDMACR")),
        *(("io_bank0", f"GPIO{n}_CTRL") for n in gpios),
        *(("pads_bank0", f"GPIO{n}") for n in gpios),
        ("resets", "RESET"),
        ("timer", "PAUSE"),
        ("psm", "WDSEL"),
    ]
    instances = {"uart": f"UART{pins.uart.instance}", "pll": "PLL_SYS", "pio": "PIO0"}
    return [
        (f"{instances.get(name, name.upper())}.{register}", block(name).address(register, instances.get(name, "")))
        for name, register in used
    ]


class Bench:
    """One machine with the moments from which injections begin.

    Args:
        elf: the detector's firmware.
        board: its board.
        seed: of all choices.
    """

    def __init__(self, elf: Path, board: str = "pico", seed: int = 1) -> None:
        self._seed = seed
        sounds = [
            Clip(generate("t3", frequency_hz=3100.0), at_s=ALARM_AT_S, level_dbfs=-20.0),
            Clip(generate("pink_noise", seed=3), level_dbfs=-50.0),
        ]
        self.machine = DetectorMachine(elf, Scenario(sounds, seconds=2 * PATIENCE_S), board=board, engine="embedded")
        self._chip = chip_of(self.machine.engine)
        self._registers = registers(board)
        self._places = _places(elf)
        self._change: dict[str, Callable[[random.Random], str]] = {
            "sram": self._memory("sram"),
            "stack": self._stack,
            "code": self._memory("code"),
            "register": self._register,
            "flash": self._memory("flash"),
            "peripheral": self._peripheral,
            "microphone": self._microphone,
        }
        self._moments: list[Snapshot] = []
        for step in range(round((LAST_S - FIRST_S) / _STEP_S) + 1):
            self._run_to(FIRST_S + step * _STEP_S)
            self._moments.append(self.machine.save())
        if self.machine.log.first_alarm is not None:
            raise EmberwatchError(f"{elf} raises the alarm before {LAST_S:g} s; the campaign wants it later")
        self._run_to(JUDGED_S)
        if self.machine.log.first_alarm is None or self.machine.log.faults:
            raise EmberwatchError(f"{elf} does not raise the alarm of an undisturbed run; is it the detector?")

    def inject(self, number: int) -> Injection:
        """Makes and judges fault `number`."""
        chance = random.Random(f"{self._seed} {number}")
        kind = chance.choices(KINDS, list(_WEIGHTS.values()))[0]
        t_s = chance.uniform(FIRST_S, LAST_S)
        machine = self.machine
        machine.restore(self._moments[int((t_s - FIRST_S) / _STEP_S)])
        self._mend_microphone()
        self._run_to(t_s)
        what = self._change[kind](chance)
        outcome, signs = self._judge(t_s)
        return Injection(number, kind, what, round(t_s, 6), outcome, tuple(signs))

    # What is changed

    def _flip(self, chance: random.Random, address: int, bits: int = 8) -> str:
        bit = chance.randrange(bits)
        before = int.from_bytes(self._chip.read_memory(address, bits // 8), "little")
        self._chip.write_memory(address, (before ^ 1 << bit).to_bytes(bits // 8, "little"))
        return f"{address:#010x} bit {bit} {self.machine.image.symbols.at(address) or ''}".strip()

    def _memory(self, kind: str) -> Callable[[random.Random], str]:
        places = self._places[kind]
        sizes = [len(place) for place in places]
        return lambda chance: self._flip(chance, chance.choice(chance.choices(places, sizes)[0]))

    def _stack(self, chance: random.Random) -> str:
        top = self.machine.image.symbols["__stack_top"].address
        pointer = min(self._chip.registers(0)["sp"], top - 4)
        return self._flip(chance, chance.randrange(pointer, top))

    def _register(self, chance: random.Random) -> str:
        name = chance.choice(_REGISTERS)
        bit = chance.randrange(1 if name == "primask" else 32)
        self._chip.set_register(0, name, self._chip.registers(0)[name] ^ 1 << bit)
        return f"{name} bit {bit}"

    def _peripheral(self, chance: random.Random) -> str:
        name, address = chance.choice(self._registers)
        bit = chance.randrange(32)
        value = int.from_bytes(self._chip.read_memory(address, 4), "little") ^ 1 << bit
        try:
            self._chip.write_bus(address, 4, value)
        except (ValueError, RuntimeError):
            return f"{name} bit {bit}, refused"
        return f"{name} bit {bit}"

    def _microphone(self, chance: random.Random) -> str:
        what = chance.choice(_MICROPHONE)
        if what in ("deaf", "offset", "saturated"):
            gain, offset = {"deaf": (0.0, 0.0), "offset": (1.0, 0.9), "saturated": (8.0, 0.6)}[what]
            self.machine.microphone_analog(gain, offset)
        else:
            self.machine.microphone_fault(what)
        return what

    def _mend_microphone(self) -> None:
        self.machine.microphone_fault("none")
        self.machine.microphone_analog()

    # What came of it

    def _judge(self, t_s: float) -> tuple[str, list[str]]:
        machine = self.machine
        for until in (JUDGED_S, PATIENCE_S):
            while machine.time_s < until:
                if not self._run_to(min(until, machine.time_s + 0.5)):
                    return "stopped by the model", self._signs(t_s)
                signs = self._signs(t_s)
                raised = next((t for t, m in machine.log.messages if isinstance(m, Alarm) and m.state == "on"), None)
                if raised is not None and raised < ALARM_AT_S:
                    return "false alarm", signs
                if raised is not None or (machine.time_s > ALARM_AT_S and led_brightness(machine) > _LIT):
                    return ("raised, told" if signs else "raised"), signs
                if until == PATIENCE_S and signs:
                    break
            if signs := self._signs(t_s):
                return "lost, told", signs
        last = machine.lines[-1][0] if machine.lines else 0.0
        return ("dead" if last < machine.time_s - 1.0 else "SILENT"), []

    def _signs(self, t_s: float) -> list[str]:
        """FAULT lines and banners of restarts since the injection."""
        lines = [line for t, line in self.machine.lines if t > t_s]
        return [line for line in lines if line.startswith(("FAULT ", "emberwatch ")) and not line.startswith(_CLEARED)]

    def _run_to(self, t_s: float) -> bool:
        """Runs on; a core that locks up waits for the watchdog. False when the model refuses to go on."""
        lockups = 0
        while (left := t_s - self.machine.time_s) > 1e-9:
            try:
                self.machine.run(left)
            except FirmwareCrash as crash:
                lockups += 1
                if "lock" not in str(crash).lower() or lockups > _LOCKUPS:
                    return False
            except EmberwatchError:
                return False
        return True


def _places(elf: Path) -> dict[str, list[range]]:
    """Addresses of code in SRAM, data in SRAM and everything in flash."""
    places: dict[str, list[range]] = {"sram": [], "code": [], "flash": []}
    with elf.open("rb") as file:
        for section in ELFFile(file).iter_sections():
            if not section["sh_flags"] & _ALLOCATED or not section["sh_size"] or section.name == ".stack":
                continue
            place = range(section["sh_addr"], section["sh_addr"] + section["sh_size"])
            if place.start < SRAM_BASE:
                places["flash"].append(place)
            else:
                places["code" if section.name == ".ram_text" else "sram"].append(place)
            if place.start >= SRAM_BASE and section.name == ".ram_text":  # its image in flash, too
                load = next(s for s in ELFFile(file).iter_segments() if s.section_in_segment(section))
                start = load["p_paddr"] + place.start - load["p_vaddr"]
                places["flash"].append(range(start, start + len(place)))
    return places


_bench: Bench | None = None


def _start_worker(elf: Path, board: str, seed: int) -> None:
    global _bench
    _bench = Bench(elf, board, seed)


def _work(number: int) -> Injection:
    assert _bench is not None
    return _bench.inject(number)


def campaign(
    elf: Path,
    numbers: Iterable[int],
    *,
    board: str = "pico",
    seed: int = 1,
    workers: int = 1,
    on_done: Callable[[Injection], None] = lambda injection: None,
) -> list[Injection]:
    """Makes the faults with these numbers, in order.

    Raises:
        EmberwatchError: the firmware does not raise the alarm of an undisturbed run.
    """
    found: list[Injection] = []
    with WorkerPool(workers, _start_worker, (elf, board, seed), finish=False) as pool:
        for injection in pool.map(_work, numbers, chunksize=4):
            found.append(injection)
            on_done(injection)
    return found


def table(injections: Iterable[Injection]) -> dict[str, dict[str, int]]:
    """How often each outcome came, by kind and in all."""
    counts: dict[str, dict[str, int]] = {kind: dict.fromkeys(OUTCOMES, 0) for kind in (*KINDS, "all")}
    for injection in injections:
        counts[injection.kind][injection.outcome] += 1
        counts["all"][injection.outcome] += 1
    return counts
