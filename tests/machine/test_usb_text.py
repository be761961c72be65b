"""What reports and MIDI events say, against the examples of the standards."""

from __future__ import annotations

import pytest

from emberwatch.base.errors import UsageError
from emberwatch.machine.usb.descriptors import interfaces_of
from emberwatch.machine.usb.hid import HidDecoder
from emberwatch.machine.usb.keys import typed
from emberwatch.machine.usb.midi import MidiDecoder, event_packets, message_bytes, message_text
from emberwatch.machine.usb.report_descriptor import parse_report_descriptor

# HID 1.11, appendix E.6 and E.10: the standard's own keyboard and mouse.
KEYBOARD = bytes.fromhex(
    "05 01 09 06 a1 01 05 07 19 e0 29 e7 15 00 25 01 75 01 95 08 81 02 95 01 75 08 81 01 95 05 75 01 05 08 19 01 29 05"
    "91 02 95 01 75 03 91 01 95 06 75 08 15 00 25 65 05 07 19 00 29 65 81 00 c0"
)
MOUSE = bytes.fromhex(
    "05 01 09 02 a1 01 09 01 a1 00 05 09 19 01 29 03 15 00 25 01 95 03 75 01 81 02 95 01 75 05 81 01 05 01 09 30 09 31"
    "15 81 25 7f 75 08 95 02 81 06 c0 c0"
)


def decode(decoder: HidDecoder, report: str) -> list[tuple[str, str]]:
    return decoder.decode(bytes.fromhex(report))


def test_the_standards_keyboard() -> None:
    keyboard = HidDecoder.of(KEYBOARD)
    assert keyboard.is_keyboard and not keyboard.descriptor.numbered
    assert decode(keyboard, "00 00 0b 00 00 00 00 00") == [("keyboard", "h")]
    assert decode(keyboard, "00 00 0b 0c 00 00 00 00") == [("keyboard", "i")]  # h is still down
    assert decode(keyboard, "02 00 0b 1e 00 00 00 00") == [("keyboard", "!")]
    assert decode(keyboard, "00 00 00 00 00 00 00 00") == []
    assert decode(keyboard, "01 00 06 00 00 00 00 00") == [("keyboard", "<Ctrl+c>")]
    assert decode(keyboard, "00 00 01 01 01 01 01 01") == []  # too many keys: roll-over


def test_caps_lock_is_the_hosts() -> None:
    keyboard = HidDecoder.of(KEYBOARD)
    assert decode(keyboard, "00 00 39 00 00 00 00 00") == []
    assert decode(keyboard, "00 00 04 00 00 00 00 00") == [("keyboard", "A")]
    assert decode(keyboard, "02 00 05 1f 00 00 00 00") == [("keyboard", "b"), ("keyboard", "@")]


def test_the_leds_are_the_output_report() -> None:
    keyboard = HidDecoder.of(KEYBOARD)
    assert keyboard.led_report({"num_lock", "scroll_lock"}) == b"\x05"
    assert keyboard.led_report({"kana"}) == b"\x10"
    assert HidDecoder.of(MOUSE).led_report(set()) is None
    with pytest.raises(UsageError, match="LED 'x'"):
        keyboard.led_report({"x"})


def test_the_standards_mouse() -> None:
    mouse = HidDecoder.of(MOUSE)
    assert decode(mouse, "00 05 fd") == [("mouse", "move 5 -3\n")]
    assert decode(mouse, "05 00 00") == [("mouse", "press left\n"), ("mouse", "press middle\n")]
    assert decode(mouse, "04 ff 00") == [("mouse", "move -1 0\n"), ("mouse", "release left\n")]


def test_what_is_neither_is_shown_as_it_is() -> None:
    generic = HidDecoder.of(bytes.fromhex("06 00 ff 09 01 a1 01 09 02 15 00 26 ff 00 75 08 95 03 81 02 c0"))
    assert decode(generic, "01 02 ff") == [("hid", "report: 01 02 ff\n")]
    controls = "05 0c 09 01 a1 01 85 04 15 00 26 ff 03 19 00 2a ff 03 95 01 75 10 81 00 c0"
    consumer = HidDecoder.of(bytes.fromhex(controls))
    assert decode(consumer, "04 e9 00") == [("hid", "report 4: e9 00\n"), ("hid", "press Volume Up\n")]
    assert decode(consumer, "04 00 00") == [("hid", "report 4: 00 00\n"), ("hid", "release Volume Up\n")]


@pytest.mark.parametrize(
    ("usage", "held", "text"),
    [
        (0x28, set(), "\n"),
        (0x2C, {"Shift"}, " "),
        (0x2C, {"Ctrl"}, "<Ctrl+Space>"),
        (0x2A, {"Alt", "Shift"}, "<Alt+Shift+Backspace>"),
        (0x3A, set(), "<F1>"),
        (0x73, set(), "<F24>"),
        (0x38, {"Shift"}, "?"),
        (0xA0, set(), "<key 0xa0>"),
    ],
)
def test_keys(usage: int, held: set[str], text: str) -> None:
    assert typed(usage, held, caps_lock=False) == text


def test_damaged_descriptors_end_quietly() -> None:
    for end in range(len(KEYBOARD)):
        assert len(parse_report_descriptor(KEYBOARD[:end]).inputs) <= 2
    assert parse_report_descriptor(bytes.fromhex("05 07 1a 00 00 2b ff ff ff ff 75 08 95 ff 81 00")).inputs
    assert interfaces_of(bytes.fromhex("09 02 20 00 01 01 00 80 32 09 04 00 00 01 03 00")) == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("note_on channel=0 note=60 velocity=127", "90 3c 7f"),
        ("note_off channel=15 note=0 velocity=64", "8f 00 40"),
        ("control_change channel=1 control=7 value=100", "b1 07 64"),
        ("program_change channel=2 program=5", "c2 05"),
        ("pitchwheel channel=0 pitch=0", "e0 00 40"),
        ("pitchwheel channel=0 pitch=-8192", "e0 00 00"),
        ("songpos pos=300", "f2 2c 02"),
        ("clock", "f8"),
        ("sysex data=(126,127,6,1)", "f0 7e 7f 06 01 f7"),
    ],
)
def test_midi_messages(text: str, message: str) -> None:
    assert message_text(bytes.fromhex(message)) == text
    assert message_bytes(text) == bytes.fromhex(message)
    assert MidiDecoder().decode(event_packets(bytes.fromhex(message))) == [("midi", text + "\n")]


def test_event_packets_of_the_standard() -> None:
    """USB-MIDI 1.0, section 4.1 and table 4-2."""
    assert event_packets(bytes.fromhex("91 3c 40"), cable=1) == bytes.fromhex("19 91 3c 40")
    assert event_packets(bytes.fromhex("f0 01 f7")) == bytes.fromhex("07 f0 01 f7")
    assert event_packets(bytes.fromhex("f0 01 02 03 f7")) == bytes.fromhex("04 f0 01 02 06 03 f7 00")
    assert event_packets(bytes.fromhex("f0 01 02 f7")) == bytes.fromhex("04 f0 01 02 05 f7 00 00")


def test_an_exclusive_message_in_several_transfers() -> None:
    decoder = MidiDecoder()
    assert decoder.decode(bytes.fromhex("04 f0 01 02")) == []
    assert decoder.decode(bytes.fromhex("0f f8 00 00")) == [("midi", "clock\n")]  # real-time comes in between
    assert decoder.decode(bytes.fromhex("06 03 f7 00")) == [("midi", "sysex data=(1,2,3)\n")]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("noteon", "MIDI message 'noteon' is not known; there are: sysex"),
        ("note_on note=60 key=1", "note_on has no 'key'; it has: channel, note, velocity"),
        ("note_on note", "'note' must be NAME=NUMBER"),
        ("note_on channel=16", "channel = 16 must be 0 to 15"),
        ("10 20", "must begin with a status byte"),
        ("sysex data=(200)", "data must be 0 to 127"),
    ],
)
def test_what_is_no_midi_message(text: str, complaint: str) -> None:
    with pytest.raises(UsageError, match=complaint.replace("(", r"\(")):
        message_bytes(text)
