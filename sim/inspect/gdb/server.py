"""The server: one debugger at a time on 127.0.0.1, and the packets that it sends.

Reference: "GDB Remote Serial Protocol" in the GDB manual. All-stop mode; both cores are threads of one process and
always run and stop together, so scheduler locking has no effect.
"""

from __future__ import annotations

import errno
import select
import socket
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from emberwatch.base.errors import EmberwatchError, UsageError
from emberwatch.inspect.gdb.description import REGISTERS, memory_map_xml, target_xml
from emberwatch.inspect.gdb.memory import ERROR, OK, MemoryPackets, pair
from emberwatch.inspect.gdb.monitor import Monitor
from emberwatch.inspect.gdb.packets import MAX_PAYLOAD, Mark, Packet, PacketReader, frame
from emberwatch.inspect.gdb.target import CORES, Event, Target

if TYPE_CHECKING:
    from emberwatch.machine.machine import Machine

HOST = "127.0.0.1"
_FEATURES = (
    f"PacketSize={MAX_PAYLOAD:x};qXfer:features:read+;qXfer:memory-map:read+;qXfer:threads:read+;QStartNoAckMode+;"
    "vContSupported+;swbreak+;hwbreak+;ReverseStep+;ReverseContinue+"
).encode()


class _Gone(Exception):
    """The debugger closed the connection."""


class _Finished(Exception):
    """The debugger is done with the program."""


def serve(
    machine: Machine,
    port: int = 3333,
    *,
    at_cycle: int = 0,
    on_listening: Callable[[int], None] | None = None,
    on_console: Callable[[], None] | None = None,
    root: Path | None = None,
) -> int | None:
    """Serves GDB on 127.0.0.1 until it kills the program or the program exits.

    Args:
        machine: the board; it does not run while no debugger lets it.
        port: TCP port; 0 takes a free one.
        at_cycle: where to run to before a debugger can connect.
        on_listening: called with the port when a debugger can connect.
        on_console: called from time to time while the program runs.
        root: folder of the files that the firmware may open by semihosting; the current folder by default.

    Returns:
        The exit code that the firmware gave by semihosting, or None.

    Raises:
        UsageError: the port cannot be had.
    """
    if not 0 <= port <= 65535:
        raise UsageError(f"--port {port} is outside 0..65535")
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((HOST, port))
            listener.listen(1)
        except OSError as error:
            why = "is in use" if error.errno == errno.EADDRINUSE else f"cannot be used: {error.strerror}"
            raise UsageError(f"port {port} on {HOST} {why}; give another one with --port") from None
        session = Session(machine, root or Path.cwd(), on_console or (lambda: None))
        try:
            session.target.run_to(at_cycle)
            if on_listening is not None:
                on_listening(listener.getsockname()[1])
            while True:
                connection, _ = listener.accept()
                with connection:
                    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    if session.attend(connection):
                        return session.target.semihosting.exit_code
        finally:
            session.target.detach()


class Session:
    """One program under GDB, over as many connections as it takes."""

    def __init__(self, machine: Machine, root: Path, on_console: Callable[[], None]) -> None:
        self.target = Target(machine, self._print, root)
        self._monitor = Monitor(self.target)
        self._on_console = on_console
        self._connection: socket.socket | None = None
        self._reader = PacketReader()
        self._arrived: deque[Packet | Mark] = deque()
        self._acknowledge = True
        self._last = b""
        self._core = 0
        self._memory = MemoryPackets(self.target)
        self._xml = {b"features:read:target.xml": target_xml()}
        self._xml[b"memory-map:read:"] = memory_map_xml(machine.board.flash.size)
        self._handlers: dict[bytes, Callable[[bytes], bytes | None]] = {
            b"?": lambda _: self._stop_reply(self.target.event),
            b"!": lambda _: OK,
            b"g": self._read_registers,
            b"G": self._write_registers,
            b"p": self._read_register,
            b"P": self._write_register,
            b"m": self._memory.read,
            b"M": self._memory.write_hex,
            b"X": self._memory.write_binary,
            b"Z": self._memory.insert_point,
            b"z": self._memory.remove_point,
            b"c": self._continue,
            b"C": lambda args: self._continue(args.partition(b";")[2]),
            b"s": self._step,
            b"S": lambda args: self._step(args.partition(b";")[2]),
            b"b": self._reverse,
            b"H": self._select_thread,
            b"T": lambda args: OK if self._thread(args) in CORES else ERROR,
            b"q": self._query,
            b"Q": self._set,
            b"v": self._v_packet,
            b"D": self._detach,
            b"k": self._kill,
            b"R": self._restart,
        }

    # The line

    def attend(self, connection: socket.socket) -> bool:
        """Serves one connection; returns whether the debugger is done with the program."""
        self._connection = connection
        self._reader = PacketReader()
        self._arrived.clear()
        self._acknowledge = True
        try:
            while True:
                if not self._arrived:
                    self._receive(None)
                while self._arrived:
                    self._take(self._arrived.popleft())
        except (_Gone, ConnectionError):
            return False
        except _Finished:
            return True
        finally:
            self._connection = None

    def _receive(self, timeout: float | None) -> None:
        assert self._connection is not None
        if timeout is not None and not select.select([self._connection], [], [], timeout)[0]:
            return
        data = self._connection.recv(65536)
        if not data:
            raise _Gone
        self._arrived += self._reader.feed(data)

    def _take(self, item: Packet | Mark) -> None:
        if item is Mark.NACK and self._acknowledge and self._last:  # GDB also sends it when it grows impatient
            self._transmit(self._last)
        elif item is Mark.DAMAGED and self._acknowledge:
            self._transmit(b"-")
        # Ctrl-C that crossed a stop on the way needs no answer: the stop was reported.
        elif isinstance(item, Packet):
            if self._acknowledge:
                self._transmit(b"+")
            answer = self.answer(item.payload)
            if answer is not None:
                self._send(answer)

    def answer(self, payload: bytes) -> bytes | None:
        """The reply to one packet; empty if it is not known, None if there is none."""
        handler = self._handlers.get(payload[:1])
        if handler is None:
            return b""
        try:
            return handler(payload[1:])
        except (ValueError, IndexError, KeyError, OverflowError, RuntimeError, EmberwatchError):
            return ERROR

    def _send(self, payload: bytes) -> None:
        self._last = frame(payload)
        self._transmit(self._last)

    def _transmit(self, data: bytes) -> None:
        if self._connection is not None:
            self._connection.sendall(data)

    def _print(self, text: str) -> None:
        """Shows text in the debugger's console."""
        data = text.encode()
        for start in range(0, len(data), 1024):
            self._send(b"O" + data[start : start + 1024].hex().encode())

    def _interrupted(self) -> bool:
        """Looks for Ctrl-C while the program runs; other packets are not sent meanwhile."""
        self._on_console()
        if self._connection is None:
            return True
        self._receive(0)
        # It may have come together with the packet that made the program run.
        while self._arrived:
            if self._arrived[0] is Mark.INTERRUPT:
                self._arrived.popleft()
                return True
            if isinstance(self._arrived[0], Packet):
                return True  # GDB is not waiting for a stop any more
            self._arrived.popleft()
        return False

    # Stop and go

    def _stop_reply(self, event: Event) -> bytes:
        self._core = event.core
        if event.exit_code is not None:
            return b"W%02x" % event.exit_code
        name, value = event.detail
        detail = f"{name}:{value};" if name else ""
        return f"T{event.signal:02x}{detail}thread:{event.core + 1};core:{event.core};".encode()

    def _ran(self, event: Event) -> bytes | None:
        self._on_console()
        self.target.event = event
        reply = self._stop_reply(event)
        if event.exit_code is not None:
            self._send(reply)
            raise _Finished
        return reply

    def _continue(self, args: bytes) -> bytes | None:
        self._jump(args)
        return self._ran(self.target.resume(self._interrupted))

    def _step(self, args: bytes) -> bytes | None:
        self._jump(args)
        return self._ran(self.target.step(self._core, self._interrupted))

    def _jump(self, args: bytes) -> None:
        if args:
            self.target.set_register(self._core, "pc", int(args, 16))

    def _reverse(self, args: bytes) -> bytes | None:
        if args == b"c":
            return self._ran(self.target.reverse_resume())
        if args == b"s":
            return self._ran(self.target.reverse_step(self._core))
        return b""

    def _v_packet(self, args: bytes) -> bytes | None:
        if args == b"Cont?":
            return b"vCont;c;C;s;S;t;r"
        if args.startswith(b"Cont;"):
            return self._resume_threads(args[5:])
        if args.startswith(b"FlashErase:"):
            return self._memory.erase_flash(args[11:])
        if args.startswith(b"FlashWrite:"):
            return self._memory.write_flash(args[11:])
        if args == b"FlashDone":
            return self._memory.program_flash()
        if args.startswith(b"Run"):
            self.target.reset()
            return self._stop_reply(self.target.event)
        if args.startswith(b"Kill"):
            self._send(OK)
            raise _Finished
        return b""

    def _resume_threads(self, args: bytes) -> bytes | None:
        """vCont: a step of one core lets the other one run along; without a step both run."""
        for action in args.split(b";"):
            verb, _, thread = action.partition(b":")
            if not verb or verb[:1] not in b"cCsStr":
                return ERROR
            if verb[:1] in b"sSr":
                core = self._thread(thread) if thread else self._core
                core = self._core if core < 0 else core
                if core not in CORES:
                    return ERROR
                within = range(0)
                if verb[:1] == b"r":
                    start, _, end = verb[1:].partition(b",")
                    within = range(int(start, 16), int(end, 16))
                return self._ran(self.target.step(core, self._interrupted, within))
            if verb[:1] == b"t":
                return self._stop_reply(self.target.event)
        return self._ran(self.target.resume(self._interrupted))

    def _detach(self, args: bytes) -> bytes | None:
        self.target.detach()
        self.target.chip.attach_debugger(True)
        self._send(OK)
        raise _Gone

    def _kill(self, args: bytes) -> bytes | None:
        raise _Finished

    def _restart(self, args: bytes) -> bytes | None:
        self.target.reset()
        return None

    # Threads

    def _thread(self, text: bytes) -> int:
        """Core of a thread id; -1 for all, the selected core for any (0)."""
        number = int(text, 16)
        return self._core if number == 0 else -1 if number < 0 else number - 1

    def _select_thread(self, args: bytes) -> bytes:
        core = self._thread(args[1:])
        if core >= 0:
            if core not in CORES:
                return ERROR
            self._core = core
        return OK

    def _thread_info(self, core: int) -> str:
        pc = self.target.chip.registers(core)["pc"]
        state = {"running": "", "asleep": ", asleep", "held": ", held in reset"}[self.target.chip.core_state(core)]
        return f"core {core} in {self.target.machine.image.symbols.at(pc) or f'{pc:#010x}'}{state}"

    # Registers and memory

    def _registers(self) -> dict[str, int]:
        return self.target.chip.registers(self._core)

    def _read_registers(self, args: bytes) -> bytes:
        values = self._registers()
        return b"".join(values[name].to_bytes(4, "little").hex().encode() for name in REGISTERS)

    def _write_registers(self, args: bytes) -> bytes:
        data = bytes.fromhex(args.decode("ascii"))
        if len(data) > 4 * len(REGISTERS):
            return ERROR
        before = self._registers()
        for number in range(len(data) // 4):
            value = int.from_bytes(data[4 * number : 4 * number + 4], "little")
            if value != before[REGISTERS[number]]:
                self.target.set_register(self._core, REGISTERS[number], value)
        return OK

    def _read_register(self, args: bytes) -> bytes:
        return self._registers()[_register(args)].to_bytes(4, "little").hex().encode()

    def _write_register(self, args: bytes) -> bytes:
        number, _, value = args.partition(b"=")
        name = _register(number)
        data = bytes.fromhex(value.decode("ascii"))
        if len(data) != 4:
            return ERROR
        self.target.set_register(self._core, name, int.from_bytes(data, "little"))
        return OK

    # Queries

    def _set(self, args: bytes) -> bytes | None:
        if args == b"StartNoAckMode":
            self._send(OK)
            self._acknowledge = False
            return None
        return b""

    def _query(self, args: bytes) -> bytes:
        if args.startswith(b"Supported"):
            return _FEATURES
        if args == b"fThreadInfo":
            return b"m" + b",".join(b"%x" % (core + 1) for core in CORES)
        if args == b"sThreadInfo":
            return b"l"
        if args == b"C":
            return b"QC%x" % (self._core + 1)
        if args.startswith(b"Attached"):
            return b"1"
        if args.startswith(b"Symbol"):
            return OK
        if args.startswith(b"ThreadExtraInfo,"):
            core = self._thread(args[16:])
            return self._thread_info(core).encode().hex().encode() if core in CORES else ERROR
        if args.startswith(b"Xfer:"):
            return self._transfer(args[5:])
        if args.startswith(b"Rcmd,"):
            text = self._monitor.run(bytes.fromhex(args[5:].decode("ascii")).decode("utf-8", "replace"))
            if len(text) > 1024:  # longer than a packet may be
                self._print(text)
                return OK
            return text.encode().hex().encode() if text else OK
        if args.startswith(b"CRC:"):
            return self._memory.checksum(args[4:])
        if args.startswith(b"Search:memory:"):
            return self._memory.search(args[14:])
        return b""

    def _transfer(self, args: bytes) -> bytes:
        name, _, window = args.rpartition(b":")
        if name == b"threads:read:":
            threads = "".join(
                f'<thread id="{core + 1:x}" core="{core}">{self._thread_info(core).replace("<", "")}</thread>'
                for core in CORES
            )
            document = f'<?xml version="1.0"?><threads>{threads}</threads>'.encode()
        elif name in self._xml:
            document = self._xml[name]
        else:
            return b"E00"
        offset, size = pair(window)
        part = document[offset : offset + min(size, MAX_PAYLOAD // 2)]
        return (b"l" if offset + len(part) >= len(document) else b"m") + part


def _register(text: bytes) -> str:
    number = int(text, 16)
    if not 0 <= number < len(REGISTERS):
        raise ValueError("no such register")
    return REGISTERS[number]
