"""A debugger at a real Renode, by GDB's protocol. Skipped without one (docs/renode.md says how to get it)."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from emberwatch.board.board import load_board
from emberwatch.engines.renode import install, worker

pytestmark = pytest.mark.usefixtures("real_renode")
SECONDS_OF_THE_HOST = 30  # before a debugger's request counts as unanswered


class Debugger:
    """What GDB sends and gets: packets `$data#checksum`, each acknowledged by a plus."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), SECONDS_OF_THE_HOST)
        self._received = b""
        self.packets: list[str] = []
        self._socket.sendall(b"+")

    def send(self, data: str) -> None:
        self._socket.sendall(f"${data}#{sum(data.encode()) % 256:02x}".encode())

    def receive(self) -> str:
        while b"#" not in self._received:
            more = self._socket.recv(4096)
            assert more, "Renode has closed the connection"
            self._received += more
        packet, _, rest = self._received.partition(b"#")
        self._received = rest[2:]
        self._socket.sendall(b"+")
        self.packets.append(packet.partition(b"$")[2].decode())
        return self.packets[-1]

    def ask(self, data: str) -> str:
        """Not for how the program stopped, which Renode also tells when it is connected."""
        self.send(data)
        while (answer := self.receive()).startswith("T"):
            pass
        return answer

    def go_on(self) -> str:
        """Lets all cores execute; returns why they stop."""
        self.send("vCont;c")
        return self.receive()

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def board() -> Iterator[worker.Worker]:
    process = worker.acquire(install.environment())
    process.call("open", load_board("pico"), 1)
    yield process
    worker.release(process)
    worker.end_all()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.mark.parametrize("started", [False, True])
def test_the_first_stop_is_the_breakpoint(board: worker.Worker, firmware: Path, started: bool) -> None:
    """Core 1 goes to where it waits in the ROM meanwhile, which is no stop of the program's."""

    def monitor(command: str) -> str:
        return str(board.call("command", command))

    monitor(f"sysbus LoadELF @{firmware}")
    monitor("chip Boot")
    address = int(monitor('sysbus GetSymbolAddress "app_process_block"').split()[0], 0) & ~1
    port = free_port()
    monitor(f"machine StartGdbServer {port}")
    debugger = Debugger(port)
    try:
        assert "vContSupported+" in debugger.ask("qSupported:vContSupported+")
        if started:
            monitor("start")
        assert debugger.ask(f"Z1,{address:x},2") == "OK"
        for _ in range(3):
            stop = debugger.go_on()
            assert stop.startswith("T05") and "thread:01" in stop, stop
        assert debugger.ask("Hg2") == "OK"
        assert not [packet for packet in debugger.packets if packet.startswith("T02")], debugger.packets
    finally:
        debugger.close()
        monitor("machine StopGdbServer")
        monitor("pause")
