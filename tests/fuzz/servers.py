"""Fuzzing of what others talk to: the debugger's packets, snapshots, the C ABI."""

from __future__ import annotations

import contextlib
import ctypes
import functools
import json
import random
from collections.abc import Callable
from pathlib import Path

from emberwatch import Machine, _native
from emberwatch.base.errors import EmberwatchError
from emberwatch.base.limits import limit_host_time, no_host_time_limit
from emberwatch.inspect.gdb.packets import NotGdb, Packet, PacketReader, frame
from emberwatch.inspect.gdb.server import Session, _Finished, _Gone
from emberwatch.program.elf import Image, Segment
from emberwatch.program.symbols import SymbolTable
from emberwatch.steps.serve import Server

RAM = 0x2000_0000
_RUNS = (b"c", b"C", b"s", b"S", b"b", b"vCont;", b"vRun", b"R")
"""Would let the program run until a debugger stops it."""
_MOST_PACKETS = 60


@functools.cache
def _session() -> Session:
    return Session(Machine(_idle_program()))


def _idle_program() -> Image:
    return Image(Path("fuzz"), (Segment(RAM, b"\x30\xbf\xfd\xe7" * 64),), RAM, SymbolTable([]))


def gdb_packets(data: bytes) -> None:
    """A stream of bytes as a client sends it: answers are frames, and no packet shows a defect of ours."""
    session = _session()
    try:
        items = PacketReader().feed(data)
    except NotGdb:
        return
    for item in items[:_MOST_PACKETS]:
        if not isinstance(item, Packet) or item.payload.startswith(_RUNS):
            continue
        if item.payload.startswith(b"qRcmd,") and _runs_long(item.payload):
            continue
        with contextlib.suppress(_Gone, _Finished):
            answer = session.answer(item.payload)
            assert answer is None or len(frame(answer)) < 1 << 16
    with contextlib.suppress(_Gone, _Finished):
        assert session.answer(b"?") is not None
    for address in list(session.target.breakpoints):
        session.target.remove_breakpoint(address)
    for watch in list(session.target.watches):
        session.target.remove_watch(watch)


def _runs_long(payload: bytes) -> bool:
    """`monitor goto` runs up to nine days of emulated time by intent."""
    try:
        return b"goto" in bytes.fromhex(payload[6:].decode("ascii"))
    except ValueError:
        return False


@functools.cache
def _requests() -> Server:
    return Server(_no_start, Machine(_idle_program()))


def _no_start(firmware: str, **_: object) -> Machine:
    raise EmberwatchError(f"{firmware} is not started by a fuzzer")


def request(data: bytes) -> None:
    """Lines of `emberwatch serve`: each is answered in one line of JSON, whatever it is."""
    server = _requests()
    for line in data.decode("utf-8", "replace").splitlines()[:20]:
        limit_host_time(0.02)  # a wait of nine days is no fault
        try:
            assert "\n" not in json.dumps(server.answer(line))
        finally:
            no_host_time_limit()


@functools.cache
def _saved() -> bytes:
    chip = _native.Chip()
    chip.load(RAM, b"\x30\xbf\xfd\xe7" * 64)
    chip.reset(RAM)
    chip.run_until(1000)
    return chip.save()


def snapshot(data: bytes) -> None:
    """Edits of a valid snapshot, as (place, byte) pairs of 5 bytes: refused, or it is the one that was saved."""
    image = bytearray(_saved())
    for at in range(0, min(len(data), 320) - 4, 5):
        place = int.from_bytes(data[at : at + 4], "little") % (len(image) + 1)
        if place == len(image):
            del image[len(image) - 1 - data[at + 4] :]
            break
        image[place] ^= data[at + 4]
    chip = _native.Chip()
    try:
        chip.restore(bytes(image))
    except (RuntimeError, ValueError) as error:
        assert "\n" not in str(error)
    else:
        assert bytes(image) == _saved(), "a damaged snapshot was taken"
    chip.run_until(chip.cycles + 1000)


def c_abi(data: bytes) -> None:
    """Calls with arguments from the bytes, NULL and destroyed chips among them: every one comes back."""
    rng = random.Random(data)
    library = _library()
    chip = _new_chip(library)
    chips = [chip, None, _destroyed(library)]
    buffer = (ctypes.c_uint8 * 4096)()
    interesting = (0, 1, 2, 3, 29, 30, 4096, 0x4005_4000, 0x5000_0000, 0xD000_0000, 0xFFFF_FFFF, 1 << 40, (1 << 64) - 1)
    for byte in data[:200]:
        name, result, kinds = _CALLS[byte % len(_CALLS)]
        arguments: list[object] = []
        for kind in kinds:
            if kind == "chip":
                arguments.append(rng.choices(chips, (8, 1, 1))[0])
            elif kind == "pointer":
                arguments.append(rng.choice((buffer, buffer, None)))
            elif kind == "count":  # what the buffer holds, or more than any host may give
                arguments.append(rng.choice((0, 1, 7, 64, 1 << 40)))
            else:
                arguments.append(rng.choice((*interesting, rng.randrange(1 << 32))) & kind)
        function = getattr(library, name)
        function.restype = result
        function.argtypes = [_TYPES.get(kind, ctypes.c_uint64 if kind == _U64 else ctypes.c_uint32) for kind in kinds]
        function(*arguments)
    library.rp2040_destroy(chip)


_U32, _U64 = (1 << 32) - 1, (1 << 64) - 1
_TYPES: dict[object, type] = {"chip": ctypes.c_void_p, "pointer": ctypes.c_void_p, "count": ctypes.c_size_t}
_STATUS, _WORD, _LONG = ctypes.c_uint32, ctypes.c_uint32, ctypes.c_uint64
_CALLS: list[tuple[str, type | None, tuple[object, ...]]] = [
    ("rp2040_error", ctypes.c_char_p, ("chip",)),
    ("rp2040_reset", None, ("chip",)),
    ("rp2040_finish_reset", _STATUS, ("chip",)),
    ("rp2040_load", _STATUS, ("chip", _U32, "pointer", "count")),
    ("rp2040_now", _LONG, ("chip",)),
    ("rp2040_next_event", _LONG, ("chip",)),
    ("rp2040_advance", _STATUS, ("chip", (1 << 22) - 1)),
    ("rp2040_picoseconds", _LONG, ("chip", _U64)),
    ("rp2040_cycle_at", _LONG, ("chip", _U64)),
    ("rp2040_clock_hz", _WORD, ("chip", _U32)),
    ("rp2040_read", _STATUS, ("chip", 3, (1 << 22) - 1, _U32, 7, "pointer")),
    ("rp2040_write", _STATUS, ("chip", 3, (1 << 22) - 1, _U32, 7, _U32)),
    ("rp2040_peek", _STATUS, ("chip", _U32, 7, "pointer")),
    ("rp2040_pin", _WORD, ("chip", _U32)),
    ("rp2040_pin_share", _WORD, ("chip", _U32)),
    ("rp2040_drive_pin", _STATUS, ("chip", _U32, 7)),
    ("rp2040_serial_send", _STATUS, ("chip", 3, "pointer", "count")),
    ("rp2040_mic_attach", _STATUS, ("chip", 31, 31, 1, _U32)),
    ("rp2040_mic_push", _STATUS, ("chip", "pointer", "count")),
    ("rp2040_mic_push_bits", _STATUS, ("chip", "pointer", "count")),
    ("rp2040_mic_play", _STATUS, ("chip", "pointer", "count", 63, _U32)),
    ("rp2040_mic_supplied", _LONG, ("chip",)),
    ("rp2040_mic_bits", _LONG, ("chip",)),
    ("rp2040_mic_timebase", _STATUS, ("chip", _U32)),
    ("rp2040_mic_fault", _STATUS, ("chip", 7)),
    ("rp2040_mic_analog", _STATUS, ("chip", _U32, _U32)),
    ("rp2040_trace", _STATUS, ("chip", "pointer", "count")),
    ("rp2040_cpu_exception", _WORD, ("chip", 3, 1)),
    ("rp2040_cpu_cycles", _LONG, ("chip", 3)),
    ("rp2040_started", None, ("chip", 3)),
    ("rp2040_execute", None, ("chip", _U32)),
    ("rp2040_rebase", None, ("chip", 3, _U32)),
    ("rp2040_clock_moved", None, ("chip", 3)),
    ("rp2040_xip_stall", _WORD, ("chip", _U32)),
    ("rp2040_windows", _WORD, ("pointer",)),
    ("rp2040_register_name", _WORD, (_U32, "pointer", 4095)),
]


@functools.cache
def _library() -> ctypes.CDLL:
    from emberwatch.engines.renode.library import library_path

    return ctypes.CDLL(str(library_path()))


_Irq = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_uint32, ctypes.c_uint32, ctypes.c_uint32)
_Read = ctypes.CFUNCTYPE(
    ctypes.c_uint32, ctypes.c_void_p, ctypes.c_uint32, ctypes.c_uint32, ctypes.POINTER(ctypes.c_uint32)
)
_Write = ctypes.CFUNCTYPE(ctypes.c_uint32, ctypes.c_void_p, ctypes.c_uint32, ctypes.c_uint32, ctypes.c_uint32)
_Word = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_uint32)
_Event = ctypes.CFUNCTYPE(None, ctypes.c_void_p)
_Hold = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_uint32, ctypes.c_uint32)


class _Host(ctypes.Structure):
    _fields_ = (
        ("context", ctypes.c_void_p),
        ("irq", _Irq),
        ("read", _Read),
        ("write", _Write),
        ("reset", _Word),
        ("send_event", _Event),
        ("clock", _Word),
        ("hold", _Hold),
    )


@functools.cache
def _host() -> _Host:
    return _Host(
        None,
        _Irq(lambda *_: None),
        _Read(lambda *_: 0),
        _Write(lambda *_: 0),
        _Word(lambda *_: None),
        _Event(lambda *_: None),
        _Word(lambda *_: None),
        _Hold(lambda *_: None),
    )


def _new_chip(library: ctypes.CDLL) -> int:
    library.rp2040_create.restype = ctypes.c_void_p
    library.rp2040_create.argtypes = [ctypes.c_uint32, ctypes.c_uint32, ctypes.POINTER(_Host)]
    library.rp2040_destroy.restype = None
    library.rp2040_destroy.argtypes = [ctypes.c_void_p]
    made = library.rp2040_create(2 << 20, 12_000_000, ctypes.byref(_host()))
    assert made
    return int(made)


def _destroyed(library: ctypes.CDLL) -> int:
    chip = _new_chip(library)
    library.rp2040_destroy(chip)
    library.rp2040_destroy(chip)
    return chip


def _packets() -> list[bytes]:
    texts = (
        b"qSupported:multiprocess+",
        b"g",
        b"G" + b"00000000" * 17,
        b"p3",
        b"P3=01020304",
        b"m20000000,40",
        b"M20000010,4:01020304",
        b"X20000020,3:a}\x03c",
        b"Z0,20000004,2",
        b"z0,20000004,2",
        b"Z2,20000000,4",
        b"Hg1",
        b"T2",
        b"qXfer:features:read:target.xml:0,fff",
        b"qXfer:threads:read::0,fff",
        b"qCRC:20000000,100",
        b"qSearch:memory:20000000;100;bf",
        b"qThreadExtraInfo,1",
        b"vFlashErase:10000000,1000",
        b"vFlashWrite:10000000:abcd",
        b"vFlashDone",
        *(
            b"qRcmd," + text.hex().encode()
            for text in (
                b"help",
                b"pins",
                b"registers uart0",
                b"mic fault none",
                b"save a",
                b"restore a",
                b"uart 3",
                b"catch hardfault on",
                b"interrupts",
            )
        ),
    )
    return [b"+".join(frame(text) for text in texts[first : first + 6]) for first in range(0, len(texts), 6)]


def _request_lines() -> list[bytes]:
    steps = (
        {"do": "state"},
        {"do": "steps"},
        {"do": "pins"},
        {"do": "run", "seconds": 0.01},
        {"do": "read", "where": "0x20000000", "size": 16},
        {"do": "read", "where": 536870912},
        {"do": "save", "name": "a"},
        {"do": "restore", "name": "a"},
        {"do": "expect", "text": "/ready (\\d+)/", "timeout": "20 ms", "port": "uart0"},
        {"do": "refuse", "text": "panic"},
        {"do": "write", "text": "go\n", "port": "uart1"},
        {"do": "press", "button": "GP2"},
        {"do": "set_pin", "pin": "GP3", "level": "high"},
        {"do": "expect_pin", "pin": 25, "level": 0, "within": 0.01},
        {"do": "set_voltage", "pin": 26, "volts": 1.5},
        {"do": "expect_frequency", "pin": 4, "hertz": 100.5, "over": 0.01},
        {"do": "expect_servo", "pin": 4, "angle": 90},
        {"do": "play_sound", "sound": "t3", "level_dbfs": -20},
        {"do": "set_device", "device": "led", "control": "value", "value": [1, 2]},
        {"do": "unplug", "what": "usb"},
        {"do": "cut_power", "seconds": 0.001},
    )
    lines = [json.dumps({"id": number, **step}).encode() for number, step in enumerate(steps)]
    return [*lines, b"\n".join(lines)]


SEEDS: dict[str, Callable[[], list[bytes]]] = {
    "request": _request_lines,
    "gdb_packets": _packets,
    "snapshot": lambda: [bytes((n, 0, 0, 0, 1)) for n in range(64)] + [b"\xff" * 5, bytes(range(200))],
    "c_abi": lambda: [bytes(range(len(_CALLS))) * 3, bytes(n * 7 & 255 for n in range(200))],
}
