"""Packets about the registers of the selected thread."""

from __future__ import annotations

from collections.abc import Callable

from emberwatch.inspect.gdb.description import REGISTERS
from emberwatch.inspect.gdb.memory import ERROR, OK
from emberwatch.inspect.gdb.packets import PacketError, hex_bytes, number
from emberwatch.inspect.gdb.threads import Thread, Threads


class RegisterPackets:
    """Register packets.

    Args:
        threads: whose registers.
        selected: the thread that is asked about.
    """

    def __init__(self, threads: Threads, selected: Callable[[], Thread]) -> None:
        self._threads = threads
        self._thread = selected

    def _values(self) -> dict[str, int]:
        return self._threads.registers(self._thread())

    def read_all(self, args: bytes) -> bytes:
        """`g`: all of them, in the order of target.xml."""
        values = self._values()
        return b"".join(values[name].to_bytes(4, "little").hex().encode() for name in REGISTERS)

    def write_all(self, args: bytes) -> bytes:
        """`G`: those that differ from what they are."""
        data = hex_bytes(args)
        if len(data) > 4 * len(REGISTERS):
            return ERROR
        before = self._values()
        for index, name in enumerate(REGISTERS[: len(data) // 4]):
            value = int.from_bytes(data[4 * index : 4 * index + 4], "little")
            if value != before[name]:
                self._threads.set_register(self._thread(), name, value)
        return OK

    def read(self, args: bytes) -> bytes:
        """`p`: one by its number."""
        return self._values()[_register(args)].to_bytes(4, "little").hex().encode()

    def write(self, args: bytes) -> bytes:
        """`P`: one by its number, which must have four bytes."""
        which, _, value = args.partition(b"=")
        name = _register(which)
        data = hex_bytes(value)
        if len(data) != 4:
            return ERROR
        self._threads.set_register(self._thread(), name, int.from_bytes(data, "little"))
        return OK


def _register(text: bytes) -> str:
    index = number(text)
    if index >= len(REGISTERS):
        raise PacketError(f"register {index} of {len(REGISTERS)} does not exist")
    return REGISTERS[index]
