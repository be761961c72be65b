"""The part of pyrenode3's wrappers that `emberwatch.engines.renode.session` uses, over `processor.Processor`.

FAKE_RENODE in the environment makes it misbehave as the real one can: `init-error`, `monitor-error`, `crash`, `halted`,
`log`.
"""

from __future__ import annotations

import ctypes
import os
import re
from pathlib import Path
from types import SimpleNamespace

from pyrenode3.processor import Processor

commands: list[str] = []
_fault = os.environ.get("FAKE_RENODE", "")


class _Interaction:
    def __init__(self) -> None:
        self.text = "something older"

    def Clear(self) -> None:
        self.text = ""

    def GetError(self) -> str:
        return self.text


class Emulation:
    current: Emulation

    def __init__(self) -> None:
        Emulation.current = self
        self.machine: Machine | None = None

    def add_mach(self, name: str) -> Machine:
        assert Monitor.made, "Monitor() must come before add_mach(): reset macros would not be hooked"
        self.machine = Machine()
        return self.machine

    def clear(self) -> None:
        self.machine = None


class Machine:
    def __init__(self) -> None:
        self.sysbus = SimpleNamespace()
        self.processor: Processor | None = None

    def load_repl(self, path: str) -> None:
        assert os.path.isabs(path), "relative paths resolve in Renode's folder"
        text = Path(path).read_text() + Path(path).with_name("rp2040.repl").read_text()
        flash = int(re.findall(r"flashSize: (\S+)", text)[0], 0)
        xosc = int(re.findall(r"xoscFrequency: (\S+)", text)[0])
        p = self.processor = Processor(flash, xosc)
        if _fault == "init-error":
            Monitor.current.interaction.text = "could not set VectorTableOffset"

        class Chip:
            HandleValue = p.chip._chip.value
            BoardResets = 0
            SeesCalls = False  # its processor stops at them
            FaultText = property(lambda self: p.fault or None)

            def RunsInSlices(self) -> None:
                pass

            def Boot(self) -> None:
                p.boot()

            def Start(self, pc: int, sp: int) -> None:
                p.start(pc, sp)

        class Runner:
            Waiting = property(lambda self: p.waiting)
            StoppedAt = property(lambda self: p.chip.now)
            Unexpected = property(lambda self: p.unexpected_reads << 32)

            def Run(self, nanoseconds: int) -> int:
                if _fault == "crash":
                    print("Fatal error. Internal CLR error. (0x80131506)", flush=True)
                    os._exit(134)
                if _fault == "halted":
                    return 3
                if _fault == "log":
                    Monitor.log.write_text(
                        "12:00 [WARNING] sysbus: ReadDoubleWord from non existing peripheral at 0x1\n"
                    )
                return p.run(nanoseconds)

            def AddBreakpoint(self, address: int) -> None:
                p.breakpoints.add(address)

            def RemoveBreakpoint(self, address: int) -> None:
                p.breakpoints.discard(address)

            AwaitCall, ForgetCall = AddBreakpoint, RemoveBreakpoint
            Core = 0

            def Register(self, number: int, core: int) -> int:
                return p.register(number) if core == 0 else 0

            def Registers(self, core: int, destination: int) -> None:
                values = (ctypes.c_uint32 * 16)(*(self.Register(number, core) for number in range(16)))
                ctypes.memmove(destination, values, ctypes.sizeof(values))

            def ReadMemory(self, address: int, size: int, destination: int) -> None:
                ctypes.memmove(destination, p.memory(address, size), size)

            def WriteMemory(self, address: int, size: int, source: int) -> None:
                p.load(address, ctypes.string_at(source, size))

            def Abandon(self) -> None: ...

        self.internal: dict[str, object] = {"sysbus.chip": Chip(), "sysbus.runner": Runner()}
        for name in ("uart0", "uart1", "usb"):
            self.internal[f"sysbus.{name}"] = SimpleNamespace(Listening=True)


class Peripheral:
    def __init__(self, peripheral: object) -> None:
        self.internal = peripheral


class Monitor:
    made = False
    current: Monitor
    log = Path()

    def __init__(self) -> None:
        Monitor.made = True
        Monitor.current = self
        self.interaction = _Interaction()

    def execute(self, text: str) -> tuple[str, str]:
        """Never raises, as the real one."""
        commands.append(text)
        if _fault == "monitor-error" and text.startswith("include"):
            return "", "Errors during compilation: CS1002: ; expected"
        if match := re.fullmatch(r"logFile @(.*) true", text):
            Monitor.log = Path(match[1].replace("\\ ", " "))
        elif not re.match(
            r"include @|mach set|emulation Set|machine StartGdbServer|sysbus.cpu VectorTableOffset", text
        ):
            return "", f"No such command or device: {text.split()[0]}"
        return "", ""
