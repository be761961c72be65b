"""The session of one debugger: the packets that it sends, and what is answered.

Reference: "GDB Remote Serial Protocol" in the GDB manual. All-stop mode; threads are tasks of FreeRTOS, and cores that
run none. Both cores always run and stop together, so scheduler locking has no effect.
"""

from __future__ import annotations

import html
import select
import socket
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from emberwatch.base.errors import EmberwatchError
from emberwatch.base.output import say
from emberwatch.base.text import printable_lines
from emberwatch.inspect.gdb.description import memory_map_xml, target_xml
from emberwatch.inspect.gdb.memory import ERROR, OK, MemoryPackets
from emberwatch.inspect.gdb.monitor import Monitor
from emberwatch.inspect.gdb.packets import (
    MAX_PAYLOAD,
    Mark,
    NotGdb,
    Packet,
    PacketError,
    PacketReader,
    frame,
    hex_bytes,
    number,
    pair,
)
from emberwatch.inspect.gdb.registers import RegisterPackets
from emberwatch.inspect.gdb.target import Event, Target
from emberwatch.inspect.gdb.threads import Thread, Threads

if TYPE_CHECKING:
    from emberwatch.machine.machine import Machine

_FEATURES = (
    f"PacketSize={MAX_PAYLOAD:x};qXfer:features:read+;qXfer:memory-map:read+;qXfer:threads:read+;QStartNoAckMode+;"
    "vContSupported+;swbreak+;hwbreak+;ReverseStep+;ReverseContinue+"
).encode()


LOOK_S = 0.2
"""Seconds of the host between two looks at who else wants to connect."""


class _Gone(Exception):
    """The debugger closed the connection."""


class _Finished(Exception):
    """The debugger is done with the program."""


class Session:
    """One program under GDB, over as many connections as it takes.

    Args:
        machine: what to debug.
        semihosting_dir: folder whose files the firmware may open by semihosting; None: no file at all.
        on_console: called from time to time while the program runs.
        while_waiting: called whenever the line is looked at; a server answers further clients there.
    """

    def __init__(
        self,
        machine: Machine,
        semihosting_dir: Path | None = None,
        on_console: Callable[[], None] = lambda: None,
        while_waiting: Callable[[], None] = lambda: None,
    ) -> None:
        self.target = Target(machine, self._print, semihosting_dir, self._interrupted)
        self._monitor = Monitor(self.target)
        self._on_console = on_console
        self._while_waiting = while_waiting
        self._connection: socket.socket | None = None
        self._reader = PacketReader()
        self._arrived: deque[Packet | Mark] = deque()
        self._acknowledge = True
        self._last = b""
        self._threads = Threads(self.target)
        self._selected = self._threads.of_core(0).number
        self._memory = MemoryPackets(self.target)
        registers = RegisterPackets(self._threads, self._thread)
        self._xml = {b"features:read:target.xml": target_xml()}
        self._xml[b"memory-map:read:"] = memory_map_xml(machine.board.flash.size)
        self._handlers: dict[bytes, Callable[[bytes], bytes | None]] = {
            b"?": lambda _: self._stop_reply(self.target.event),
            b"!": lambda _: OK,
            b"g": registers.read_all,
            b"G": registers.write_all,
            b"p": registers.read,
            b"P": registers.write,
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
            b"T": lambda args: OK if self._threads.find(number(args)) is not None else ERROR,
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
        except NotGdb as error:
            say(f"a connection was closed: {error}; only a debugger may talk to this port")
            return False
        except (_Gone, OSError):  # it closed, or the line broke
            return False
        except _Finished:
            return True
        finally:
            self._connection = None

    def _receive(self, timeout: float | None) -> None:
        assert self._connection is not None
        if timeout is None:
            while not select.select([self._connection], [], [], LOOK_S)[0]:
                self._while_waiting()
        elif not select.select([self._connection], [], [], timeout)[0]:
            self._while_waiting()
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
            answer = self.survive(item.payload)
            if answer is not None:
                self._send(answer)

    def answer(self, payload: bytes) -> bytes | None:
        """The reply to one packet: empty if it is not known, ``E01`` if it cannot be met, None if there is none."""
        handler = self._handlers.get(payload[:1])
        if handler is None:
            return b""
        try:
            return handler(payload[1:])
        except EmberwatchError:
            return ERROR

    def survive(self, payload: bytes) -> bytes | None:
        """`answer`; a defect of ours, which no packet should be able to show, is told and answered like a refusal.

        The machine and its history outlive it: losing a debug session of an hour helps nobody.
        """
        try:
            return self.answer(payload)
        except (_Gone, _Finished, OSError):
            raise
        except Exception as error:
            say(f"packet {payload[:40]!r} met a defect, please report it: {type(error).__name__}: {error}")
            return ERROR

    def _send(self, payload: bytes) -> None:
        self._last = frame(payload)
        self._transmit(self._last)

    def _transmit(self, data: bytes) -> None:
        if self._connection is not None:
            with suppress(OSError):  # GDB may have gone after its last packet, which counts all the same
                self._connection.sendall(data)

    def _print(self, text: str) -> None:
        """Shows text in the debugger's console."""
        data = printable_lines(text).encode()
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
        self._selected = self._threads.of_core(event.core).number
        if event.exit_code is not None:
            return b"W%02x" % event.exit_code
        name, value = event.detail
        detail = f"{name}:{value};" if name else ""
        return f"T{event.signal:02x}{detail}thread:{self._selected:x};core:{event.core};".encode()

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
        return self._ran(self._threads.step(self._thread(), self._interrupted))

    def _jump(self, args: bytes) -> None:
        if args:
            self._threads.set_register(self._thread(), "pc", number(args))

    def _reverse(self, args: bytes) -> bytes | None:
        if args == b"c":
            return self._ran(self.target.reverse_resume())
        if args == b"s":
            core = self._thread().core
            return ERROR if core is None else self._ran(self.target.reverse_step(core))
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
                stepped = self._thread(thread)
                within = range(0)
                if verb[:1] == b"r":
                    start, _, end = verb[1:].partition(b",")
                    within = range(number(start), number(end))
                return self._ran(self._threads.step(stepped, self._interrupted, within))
            if verb[:1] == b"t":
                return self._stop_reply(self.target.event)
        return self._ran(self.target.resume(self._interrupted))

    def _detach(self, args: bytes) -> bytes | None:
        self.target.detach()
        self.target.chip.attach_debugger(True)  # the program waits for the next debugger, which BKPT must stop for
        self._send(OK)
        raise _Gone

    def _kill(self, args: bytes) -> bytes | None:
        raise _Finished

    def _restart(self, args: bytes) -> bytes | None:
        self.target.reset()
        return None

    # Threads

    def _thread(self, text: bytes = b"0") -> Thread:
        """The thread of an id; the selected one for any (0) and for all (-1).

        Raises:
            PacketError: there is none of that id.
        """
        wanted = 0 if not text or text.startswith(b"-") else number(text)
        thread = self._threads.find(wanted or self._selected)
        if thread is None and not wanted:  # the task that was selected is gone
            thread = self._threads.of_core(self.target.event.core)
        if thread is None:
            raise PacketError(f"there is no thread {wanted}")
        return thread

    def _select_thread(self, args: bytes) -> bytes:
        self._selected = self._thread(args[1:]).number
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
            return b"m" + b",".join(b"%x" % thread.number for thread in self._threads.all())
        if args == b"sThreadInfo":
            return b"l"
        if args == b"C":
            return b"QC%x" % self._selected
        if args.startswith(b"Attached"):
            return b"1"
        if args.startswith(b"Symbol"):
            return OK
        if args.startswith(b"ThreadExtraInfo,"):
            return self._threads.info(self._thread(args[16:])).encode().hex().encode()
        if args.startswith(b"Xfer:"):
            return self._transfer(args[5:])
        if args.startswith(b"Rcmd,"):
            text = printable_lines(self._monitor.run(hex_bytes(args[5:]).decode("utf-8", "replace")))
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
            threads = "".join(self._described(thread) for thread in self._threads.all())
            document = f'<?xml version="1.0"?><threads>{threads}</threads>'.encode()
        elif name in self._xml:
            document = self._xml[name]
        else:
            return b"E00"
        offset, size = pair(window)
        part = document[offset : offset + min(size, MAX_PAYLOAD // 2)]
        return (b"l" if offset + len(part) >= len(document) else b"m") + part

    def _described(self, thread: Thread) -> str:
        """A thread as an element of XML."""
        core = f' core="{thread.core}"' if thread.core is not None else ""
        return f'<thread id="{thread.number:x}"{core}>{html.escape(self._threads.info(thread))}</thread>'
