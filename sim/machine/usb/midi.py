"""USB-MIDI 1.0 event packets as text, in the words of MIDI 1.0, and back."""

from __future__ import annotations

import re

from emberwatch.base.errors import UsageError

_LENGTHS = {
    0x2: 2,
    0x3: 3,
    0x4: 3,
    0x5: 1,
    0x6: 2,
    0x7: 3,
    0x8: 3,
    0x9: 3,
    0xA: 3,
    0xB: 3,
    0xC: 2,
    0xD: 2,
    0xE: 3,
    0xF: 1,
}
"""MIDI bytes of an event packet by its code index number (USB-MIDI 1.0, table 4-1)."""
_CHANNEL = {
    0x8: ("note_off", "note", "velocity"),
    0x9: ("note_on", "note", "velocity"),
    0xA: ("polytouch", "note", "value"),
    0xB: ("control_change", "control", "value"),
    0xC: ("program_change", "program"),
    0xD: ("aftertouch", "value"),
    0xE: ("pitchwheel", "pitch"),
}
_SYSTEM = {
    0xF1: ("quarter_frame", "value"),
    0xF2: ("songpos", "pos"),
    0xF3: ("song_select", "song"),
    0xF6: ("tune_request",),
    0xF8: ("clock",),
    0xFA: ("start",),
    0xFB: ("continue",),
    0xFC: ("stop",),
    0xFE: ("active_sensing",),
    0xFF: ("reset",),
}
_WORDS = {words[0]: (status, words[1:]) for status, words in (*_SYSTEM.items(), *_CHANNEL.items())}


class MidiDecoder:
    """Reads the packets of one IN endpoint; system exclusive messages may take several."""

    def __init__(self) -> None:
        self._exclusive: dict[int, bytearray] = {}

    def decode(self, data: bytes) -> list[tuple[str, str]]:
        """What a packet holds: ("midi", a line for each message)."""
        found = []
        for at in range(0, len(data) - 3, 4):
            cable, code = data[at] >> 4, data[at] & 0xF
            message = data[at + 1 : at + 1 + _LENGTHS.get(code, 0)]
            if not message:
                continue
            if code in (4, 5, 6, 7) and (code != 5 or message[0] == 0xF7 or cable in self._exclusive):
                whole = self._exclusive.setdefault(cable, bytearray())
                whole += message
                if code == 4:
                    continue
                message = bytes(self._exclusive.pop(cable))
            found.append(("midi", f"{f'cable={cable} ' if cable else ''}{message_text(message)}\n"))
        return found


def message_text(message: bytes) -> str:
    """A MIDI message in words: ``note_on channel=0 note=60 velocity=127``; channels count from 0."""
    status = message[0]
    if status == 0xF0:
        return f"sysex data=({','.join(str(b) for b in message[1:] if b != 0xF7)})"
    words = _CHANNEL.get(status >> 4) if status < 0xF0 else _SYSTEM.get(status)
    if words is None:
        return message.hex(" ")
    values = list(message[1:])
    if words[0] in ("pitchwheel", "songpos") and len(values) == 2:
        values = [(values[0] | values[1] << 7) - (8192 if words[0] == "pitchwheel" else 0)]
    channel = [f"channel={status & 0xF}"] if status < 0xF0 else []
    named = [f"{name}={value}" for name, value in zip(words[1:], values, strict=False)]
    return " ".join([words[0], *channel, *named])


def message_bytes(text: str) -> bytes:
    """A MIDI message from words as `message_text` writes them, or from its bytes in hexadecimal.

    Raises:
        UsageError: it is neither, or a value is out of range.
    """
    if re.fullmatch(r"[0-9a-fA-F]{2}([ ,]*[0-9a-fA-F]{2})*", text.strip()):
        raw = bytes.fromhex(text.replace(",", " "))
        if raw[0] < 0x80:
            raise UsageError(f"MIDI message {text!r} must begin with a status byte, 80 to ff")
        return raw
    name, *rest = text.split()
    if name == "sysex":
        numbers = [int(n) for n in re.findall(r"\d+", " ".join(rest))]
        if any(n > 127 for n in numbers):
            raise UsageError(f"MIDI message {text!r}: data must be 0 to 127")
        return bytes([0xF0, *numbers, 0xF7])
    if name not in _WORDS:
        raise UsageError(f"MIDI message {name!r} is not known; there are: sysex, {', '.join(_WORDS)}")
    status, wanted = _WORDS[name]
    given = {}
    for word in rest:
        key, equals, number = word.partition("=")
        if not equals or not re.fullmatch(r"-?\d+", number):
            raise UsageError(f"MIDI message {text!r}: {word!r} must be NAME=NUMBER, as in note=60")
        given[key] = int(number)
    of_channel = status < 0x10
    names = [*(["channel"] if of_channel else []), *wanted]
    if unknown := next((key for key in given if key not in names), None):
        raise UsageError(f"MIDI message {text!r}: {name} has no {unknown!r}; it has: {', '.join(names) or 'nothing'}")
    data = []
    for key in wanted:
        value = given.get(key, 64 if key == "velocity" else 0)
        low, high = (-8192, 8191) if key == "pitch" else (0, 16383) if key == "pos" else (0, 127)
        if not low <= value <= high:
            raise UsageError(f"MIDI message {text!r}: {key} = {value} must be {low} to {high}")
        value -= low
        data += [value & 0x7F, value >> 7] if key in ("pitch", "pos") else [value]
    channel = given.get("channel", 0)
    if not 0 <= channel <= 15:
        raise UsageError(f"MIDI message {text!r}: channel = {channel} must be 0 to 15")
    return bytes([status << 4 | channel if of_channel else status, *data])


def event_packets(message: bytes, cable: int = 0) -> bytes:
    """The USB-MIDI event packets of one message (USB-MIDI 1.0, section 4)."""
    status = message[0]
    if status != 0xF0:
        code = status >> 4 if status < 0xF0 else {1: 0x5, 2: 0x2, 3: 0x3}[len(message)] if status < 0xF8 else 0xF
        return bytes([cable << 4 | code, *message]).ljust(4, b"\0")
    packets = b""
    for at in range(0, len(message), 3):
        part = message[at : at + 3]
        code = 0x4 if at + 3 < len(message) else 0x4 + len(part)
        packets += bytes([cable << 4 | code, *part]).ljust(4, b"\0")
    return packets
