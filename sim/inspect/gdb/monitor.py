"""`monitor` commands: what the board offers beyond what GDB knows."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from emberwatch.audio import SAMPLE_RATE, Clip, Scenario, files
from emberwatch.audio.sounds import Recording
from emberwatch.base.errors import EmberwatchError, UsageError
from emberwatch.chip.view import block_text, blocks_text, register_text
from emberwatch.inspect.pins import pin_functions
from emberwatch.inspect.signals import exception_name

if TYPE_CHECKING:
    from emberwatch.inspect.gdb.target import Target
    from emberwatch.machine.machine import Snapshot

_HELP = """\
help                    this
reset [halt]            power off and on; the program stays stopped at its first instruction
halt                    nothing to do: the program is stopped whenever you can type
cycles                  clk_sys cycles since power-on
time                    emulated time since power-on
pins                    level and function of every pin
interrupts              pending and enabled interrupts of both cores
registers               names of the blocks
registers BLOCK         values of a block's registers, without side effects
registers BLOCK NAME    a register with its fields
uart [N]                the last N lines of the console (default 20)
uart send TEXT          sends TEXT and a line end to the console
mic play FILE [DB]      lets the microphone hear a sound file from now on, with a gain
mic fault none|missing|stuck_low|stuck_high
save NAME               remembers the whole board
restore NAME            goes back to it
goto CYCLE              goes to a cycle, forwards or backwards
catch hardfault on|off  stop where the HardFault handler begins (default on)
"""


class Monitor:
    """Carries out `monitor` commands on a target."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._machine = target.machine
        self._saved: dict[str, Snapshot] = {}
        self._commands: dict[str, Callable[[list[str]], str]] = {
            "help": lambda _: _HELP,
            "reset": self._reset,
            "halt": lambda _: "",
            "cycles": lambda _: f"{self._machine.cycles}\n",
            "time": lambda _: f"{self._machine.time_s:.9f} s\n",
            "pins": self._pins,
            "interrupts": self._interrupts,
            "registers": self._registers,
            "uart": self._uart,
            "mic": self._mic,
            "save": self._save,
            "restore": self._restore,
            "goto": self._goto,
            "catch": self._catch,
        }

    def run(self, line: str) -> str:
        """The answer to a command line; a refusal is an answer too."""
        try:
            words = shlex.split(line)
            if not words:
                return _HELP
            command = self._commands.get(words[0])
            if command is None:
                raise UsageError(f"monitor command {words[0]!r} is not known; try: monitor help")
            return command(words[1:])
        except (EmberwatchError, ValueError) as error:
            return f"error: {error}\n"

    def _reset(self, words: list[str]) -> str:
        self._target.reset()
        return "reset; after `load` or to see the new registers: maintenance flush register-cache\n"

    def _pins(self, words: list[str]) -> str:
        functions = pin_functions(self._target.chip.read_memory)
        lines = [f"GPIO{pin:<2} {int(self._machine.pin(pin))} {name:<4}" for pin, name in enumerate(functions)]
        return "\n".join("   ".join(lines[row::10]) for row in range(10)) + "\n"

    def _interrupts(self, words: list[str]) -> str:
        out = []
        for core in (0, 1):
            enabled, pending = (self._target.chip.read_system(core, offset) for offset in (0x100, 0x200))
            for name, bits in (("enabled", enabled), ("pending", pending)):
                names = [exception_name(16 + n) for n in range(32) if bits >> n & 1]
                out.append(f"core {core} {name}: {' '.join(names) or 'none'}")
        return "\n".join(out) + "\n"

    def _registers(self, words: list[str]) -> str:
        match words:
            case []:
                return blocks_text()
            case [name]:
                return block_text(name, self._word)
            case [name, register]:
                return register_text(name, register, self._word)
            case _:
                raise UsageError("registers wants: nothing, BLOCK, or BLOCK NAME")

    def _word(self, address: int) -> int:
        return int.from_bytes(self._target.read(address, 4), "little")

    def _uart(self, words: list[str]) -> str:
        if words[:1] == ["send"]:
            self._target.history.changed()
            self._machine.send((" ".join(words[1:]) + "\r\n").encode())
            return ""
        count = int(words[0]) if words else 20
        lines = self._machine.lines[-count:] if count > 0 else []
        return "".join(f"{t:10.6f}  {line}\n" for t, line in lines) or "(silent)\n"

    def _mic(self, words: list[str]) -> str:
        match words:
            case ["play", name, *rest] if len(rest) <= 1:
                gain = float(rest[0]) if rest else 0.0
                start = (self._target.engine.sound_supplied or 0) / SAMPLE_RATE
                clip = Clip(Recording(files.load(Path(name))), at_s=start, gain_db=gain)
                old = self._machine.scenario
                assert clip.end is not None
                self._machine.scenario = Scenario([*old.clips, clip], max(old.seconds, clip.end / SAMPLE_RATE))
                self._target.history.changed()
                return f"{name} sounds from {start:.3f} s to {clip.end / SAMPLE_RATE:.3f} s\n"
            case ["fault", fault]:
                self._machine.microphone_fault(fault)
                self._target.history.changed()
                return ""
            case _:
                raise UsageError("mic wants: play FILE [DB], or: fault none|missing|stuck_low|stuck_high")

    def _save(self, words: list[str]) -> str:
        self._saved[_name(words, "save")] = self._machine.save()
        return f"saved at cycle {self._machine.cycles}\n"

    def _restore(self, words: list[str]) -> str:
        name = _name(words, "restore")
        if name not in self._saved:
            raise UsageError(f"nothing was saved as {name!r}; there is: {', '.join(self._saved) or 'nothing'}")
        self._machine.restore(self._saved[name])
        self._target.history.clear()
        return f"back at cycle {self._machine.cycles}; now: maintenance flush register-cache\n"

    def _goto(self, words: list[str]) -> str:
        cycle = int(_name(words, "goto"), 0)
        if cycle < 0:
            raise UsageError(f"goto {cycle}: cycles count from 0")
        if cycle < self._machine.cycles and not self._target.history.go_to(cycle):
            self._target.reset()
        self._target.run_to(cycle)
        return f"at cycle {self._machine.cycles}; now: maintenance flush register-cache\n"

    def _catch(self, words: list[str]) -> str:
        if len(words) != 2 or words[0] != "hardfault" or words[1] not in ("on", "off"):
            raise UsageError("catch wants: hardfault on|off")
        self._target.catch_faults(words[1] == "on")
        return ""


def _name(words: list[str], command: str) -> str:
    if len(words) != 1:
        raise UsageError(f"{command} wants one word")
    return words[0]
