"""Making a fault in a running machine."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from emberwatch.base.errors import EmberwatchError, EmulationTimeout, FirmwareCrash, UsageError
from emberwatch.campaign.faults.fault import Fault
from emberwatch.campaign.faults.places import MICROPHONE
from emberwatch.engines.embedded import chip_of
from emberwatch.machine.machine import Machine

_LOCKUPS = 20
_AWAKE_S = 20e-6
_LONGEST_SLEEP_S = 0.1
_DISTURBED_S = (1e-6, 20e-6)
_FIRST_WIDE = 0x1D
"""Top five bits of the first halfword of a 32-bit instruction, at least (ARMv6-M ARM, A5.1)."""
_FUNCTION_S = 5.0
_SP, _LR, _PC = "sp", "lr", "pc"


@dataclass(frozen=True)
class Change:
    """What a fault changed: in words, when exactly, at which address (of data, register or instruction), in what."""

    what: str
    at_s: float
    address: int | None = None
    function: str = ""


def advance(machine: Machine, until_s: float) -> bool:
    """Runs on to a time; a core that locks up waits for the watchdog. False when the model refuses to go on."""
    lockups = 0
    while (left := until_s - machine.time_s) > 1e-9:
        try:
            machine.run(left)
        except FirmwareCrash as crash:
            lockups += 1
            if "lock" not in str(crash).lower() or lockups > _LOCKUPS:
                return False
        except EmberwatchError:
            return False
    return True


def refusal(machine: Machine) -> str:
    """What the model refuses where it has stopped, in its words; '' if it goes on."""
    try:
        machine.run(1e-6)
    except EmberwatchError as error:
        return str(error)
    return ""


def apply_all(machine: Machine, faults: Sequence[Fault]) -> list[Change]:
    """Runs to the moments of faults, which are in order, and makes them.

    Raises:
        UsageError: the first one's time is past, or the place of one does not exist here.
        EngineError: the engine cannot do it.
    """
    if faults and machine.time_s > faults[0].at_s + 1e-6:
        raise UsageError(f"the fault at {faults[0].at_s:.6f} s is past: it is {machine.time_s:.6f} s already")
    return [apply(machine, fault) for fault in faults]


def apply(machine: Machine, fault: Fault) -> Change:
    """Runs to the moment of a fault and makes it; at once if that passed while another was made.

    A passing fault is over when this returns.

    Raises:
        UsageError: its place does not exist here.
        EngineError: the engine cannot do it.
    """
    chip_of(machine.engine)  # says so if the engine is another
    advance(machine, fault.at_s)
    if fault.function:
        _enter(machine, fault.function, fault.steps)
    elif fault.busy_s is not None:
        _wake(machine, fault.busy_s)
    at_s = machine.time_s
    what, address = _MAKE[fault.kind](machine, fault)
    symbol = machine.image.symbols.at(address) if address is not None else None
    return Change(what, at_s, address, (symbol or "").partition("+")[0])


def mend(machine: Machine) -> None:
    """Puts right what snapshots do not hold: for a machine that was restored."""
    if machine.board.microphone is not None:
        machine.microphone_fault("none")
        machine.microphone_analog()
    machine.engine.connect_usb(True)


def _enter(machine: Machine, function: str, steps: int) -> None:
    """Into a function, and on by instructions as long as it has not returned; where it is not called, nowhere."""
    try:
        machine.run_until_function(function, _FUNCTION_S)
    except (EmulationTimeout, FirmwareCrash):
        return
    chip = chip_of(machine.engine)
    back = chip.registers(0)[_LR] & ~1
    for taken, _ in enumerate(machine.stops_until(machine.cycles + 100_000_000, 0), 1):
        if taken >= steps or chip.registers(0)[_PC] == back:
            break


def _wake(machine: Machine, busy_s: float) -> None:
    chip, limit = chip_of(machine.engine), machine.time_s + _LONGEST_SLEEP_S
    while chip.core_state(0) == "asleep" and machine.time_s < limit:
        if not advance(machine, machine.time_s + _AWAKE_S):
            return
    if busy_s > 0:
        advance(machine, machine.time_s + busy_s)


# Each makes a fault and says what it changed, and where.

_Made = tuple[str, int | None]


def _flip(machine: Machine, address: int, bit: int) -> _Made:
    chip = chip_of(machine.engine)
    before = chip.read_memory(address, 1)[0]
    chip.write_memory(address, bytes([before ^ 1 << bit]))
    return f"{address:#010x} bit {bit} {machine.image.symbols.at(address) or ''}".strip(), address


def _memory(machine: Machine, fault: Fault) -> _Made:
    if fault.address is None:
        raise UsageError(f"a fault in {fault.kind} needs an address")
    return _flip(machine, fault.address, fault.bit)


def _stack(machine: Machine, fault: Fault) -> _Made:
    top = machine.image.symbols["__stack_top"].address
    pointer = min(chip_of(machine.engine).registers(0)[_SP], top - 4)
    return _flip(machine, pointer + int(fault.amount * (top - pointer)), fault.bit)


def _register(machine: Machine, fault: Fault) -> _Made:
    chip = chip_of(machine.engine)
    registers = chip.registers(0)
    if fault.place not in registers:
        raise UsageError(f"register {fault.place!r} does not exist; there are: {', '.join(registers)}")
    chip.set_register(0, fault.place, registers[fault.place] ^ 1 << fault.bit)
    return f"{fault.place} bit {fault.bit}", registers[_PC]


def _peripheral(machine: Machine, fault: Fault) -> _Made:
    if fault.address is None:
        raise UsageError(f"a fault of a {fault.kind} register needs its address")
    chip = chip_of(machine.engine)
    present = int(fault.amount) or int.from_bytes(chip.read_memory(fault.address, 4), "little")
    value = present ^ 1 << fault.bit
    what = f"{fault.place} bit {fault.bit}"
    try:
        chip.write_bus(fault.address, 4, value)
    except (ValueError, RuntimeError):
        what += ", refused"
    return what, fault.address


def _gpio(fault: Fault) -> int:
    number = fault.place.removeprefix("GPIO")
    if not number.isdecimal() or int(number) > 29:
        raise UsageError(f"pin {fault.place!r} does not exist; the RP2040 has GPIO0 to GPIO29")
    return int(number)


def _pin_stuck(machine: Machine, fault: Fault) -> _Made:
    chip_of(machine.engine).short_pin(_gpio(fault), bool(fault.amount))
    return f"{fault.place} {'high' if fault.amount else 'low'}", None


def _pin_noise(machine: Machine, fault: Fault) -> _Made:
    chip, pin = chip_of(machine.engine), _gpio(fault)
    chance = random.Random(f"{fault.place} {fault.at_s} {fault.amount}")
    end, count = machine.time_s + fault.seconds, 0
    while (next_s := machine.time_s + chance.expovariate(fault.amount)) < end:
        if not advance(machine, next_s):
            break
        chip.short_pin(pin, chance.random() < 0.5)
        going_on = advance(machine, machine.time_s + chance.uniform(*_DISTURBED_S))
        chip.short_pin(pin, None)
        count += 1
        if not going_on:
            break
    return f"{fault.place} disturbed {count} times in {fault.seconds:.3g} s", None


def _glitch(machine: Machine, fault: Fault) -> _Made:
    chip = chip_of(machine.engine)
    pc = chip.registers(0)[_PC]
    if chip.core_state(0) != "running":
        return "asleep, nothing to leave out", pc
    after = pc
    for _ in range(int(fault.amount)):
        halfword = int.from_bytes(chip.read_memory(after, 2), "little")
        after += 4 if halfword >> 11 >= _FIRST_WIDE else 2
    chip.set_register(0, _PC, after)
    return f"{int(fault.amount)} left out at {machine.image.symbols.at(pc) or hex(pc)}", pc


def _drift(machine: Machine, fault: Fault) -> _Made:
    hz = round(machine.board.clock.xosc_hz * (1 + fault.amount / 1e6))
    chip_of(machine.engine).set_crystal(hz)
    return f"crystal {fault.amount:+.0f} ppm", None


def _stumble(machine: Machine, fault: Fault) -> _Made:
    chip, hz = chip_of(machine.engine), machine.board.clock.xosc_hz
    chip.set_crystal(round(hz * fault.amount))
    advance(machine, machine.time_s + fault.seconds)
    chip.set_crystal(hz)
    return f"crystal at {100 * fault.amount:.0f} % for {1e6 * fault.seconds:.0f} us", None


def _power(machine: Machine, fault: Fault) -> _Made:
    pc = chip_of(machine.engine).registers(0)[_PC]
    where = machine.image.symbols.at(pc) or f"{pc:#010x}"
    if fault.kind == "power_cut":
        machine.cut_power(fault.seconds)
    else:
        machine.brown_out(fault.seconds)
    return f"for {1e3 * fault.seconds:.3g} ms, in {where}", pc


def _microphone(machine: Machine, fault: Fault) -> _Made:
    if fault.place not in MICROPHONE:
        raise UsageError(f"microphone state {fault.place!r} is not known; there are: {', '.join(MICROPHONE)}")
    if (analog := MICROPHONE[fault.place]) is not None:
        machine.microphone_analog(*analog)
    else:
        machine.microphone_fault(fault.place)
    return fault.place, None


def _usb(machine: Machine, fault: Fault) -> _Made:
    machine.engine.connect_usb(False)
    advance(machine, machine.time_s + fault.seconds)
    machine.engine.connect_usb(True)
    return f"pulled for {fault.seconds:.3g} s", None


def _uart_break(machine: Machine, fault: Fault) -> _Made:
    pins = {"rx": machine.board.uart.rx, "tx": machine.board.uart.tx}
    if fault.place not in pins:
        raise UsageError(f"the console's line is rx or tx, not {fault.place!r}")
    chip = chip_of(machine.engine)
    chip.short_pin(pins[fault.place], False)
    advance(machine, machine.time_s + fault.seconds)
    chip.short_pin(pins[fault.place], None)
    return f"{fault.place} low for {1e3 * fault.seconds:.3g} ms", None


_MAKE: dict[str, Callable[[Machine, Fault], _Made]] = {
    "sram": _memory,
    "stack": _stack,
    "code": _memory,
    "flash": _memory,
    "register": _register,
    "peripheral": _peripheral,
    "dma": _peripheral,
    "pin_stuck": _pin_stuck,
    "pin_noise": _pin_noise,
    "glitch": _glitch,
    "drift": _drift,
    "stumble": _stumble,
    "brown_out": _power,
    "power_cut": _power,
    "microphone": _microphone,
    "usb": _usb,
    "uart_break": _uart_break,
}
