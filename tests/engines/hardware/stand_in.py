"""A board and its tools that are none: a pseudo-terminal with a program behind it, and scripts called as the tools are.

The tools write what they were asked into a log; the board begins anew whenever one of them has started it.
"""

from __future__ import annotations

import os
import threading
import time
import tty
from pathlib import Path

BANNER = b"emberwatch 0.2.0 board=pico model=0123456789ab clk=125000000 pdm=1024000 rate=16000 block=512 crc=ok\r\n"
_STARTS = ("reset", "load", "program")

_TOOL = """#!/bin/sh
echo "{name} $*" >> "{log}"
{body}
"""


class StandIn:
    """A board on a serial port: a banner after each start, then what a detector says that hears an alarm."""

    def __init__(self, folder: Path) -> None:
        self.log = folder / "calls.log"
        self.log.touch()
        self.bin = folder / "bin"
        self.bin.mkdir()
        self._master, slave = os.openpty()
        tty.setraw(slave)
        self.port = os.ttyname(slave)
        self._slave = slave  # held open, so that the port outlives who closes it
        self.received = b""
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def tool(self, name: str, body: str = "exit 0") -> None:
        """Puts a tool on the path: what it does after it has logged its arguments."""
        path = self.bin / name
        path.write_text(_TOOL.format(name=name, log=self.log, body=body))
        path.chmod(0o755)

    @property
    def calls(self) -> list[str]:
        """What the tools were asked, in order."""
        return self.log.read_text().splitlines()

    def close(self) -> None:
        """Ends the board."""
        self._over.set()
        self._thread.join()
        os.close(self._master)
        os.close(self._slave)

    def _run(self) -> None:
        os.set_blocking(self._master, False)
        seen = 0
        block = None
        while not self._over.wait(0.005):
            starts = sum(any(word in call.split() for word in _STARTS) for call in self.calls)
            if starts != seen:
                seen, block = starts, 0
                time.sleep(0.05)  # the tool is done before the program speaks
                os.write(self._master, BANNER)
            elif block is not None and block < 200:
                os.write(self._master, b"W %d p=250 l=20 a=%d\r\n" % (block, block > 10))
                if block == 10:
                    os.write(self._master, b"ALARM on t=0.352 kind=t3\r\n")
                block += 1
            try:
                self.received += os.read(self._master, 4096)
            except BlockingIOError:
                continue
