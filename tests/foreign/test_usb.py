"""A USB device of many functions, written on the bare registers, at the built-in host."""

from __future__ import annotations

import io
import itertools
import json
import struct
import wave
from collections.abc import Iterator
from pathlib import Path

import pytest
from fat_volume import volume
from foreign import build

from emberwatch import Machine
from emberwatch.base.errors import DeviceError, ExpectationError, ImageError, UsageError
from emberwatch.cli.main import main
from emberwatch.steps.calls import of_table


@pytest.fixture(scope="module")
def ready() -> Iterator[tuple[Machine, object]]:
    """The device when everything is open, with a snapshot of that moment."""
    with Machine(build("usb_composite")) as machine:
        machine.usb_device.wait()
        machine.expect("open=2", timeout=1)
        machine.wait(0.05)
        yield machine, machine.save()


def test_the_device_says_who_it_is(machine: Machine) -> None:
    device = machine.usb_device
    assert (device.vendor_id, device.product_id) == (0x2E8A, 0x000B)
    assert (device.manufacturer, device.product, device.serial) == ("Ember", "Many", "")
    assert [i.name for i in device.interfaces if i.alternate == 0] == [
        "serial port",
        "CDC data",
        "serial port",
        "CDC data",
        "human interface",
        "MIDI",
        "mass storage",
        "audio control",
        "audio streaming",
    ]


def test_each_serial_port_is_a_console_of_its_own(machine: Machine) -> None:
    machine.write("to the first", "usb")
    machine.write("second", "usb1")
    assert machine.expect("TO THE FIRST", port="usb").port == "usb"
    assert machine.expect("second").port == "usb1"
    assert machine.usb == "TO THE FIRST"
    with pytest.raises(ExpectationError, match="did not come"):
        machine.expect("anything", timeout=0.01, port="usb2")
    with pytest.raises(UsageError, match=r"port = 'usb9' is not known; there are: any, .*usb6"):
        machine.expect("anything", port="usb9")  # type: ignore[arg-type]


def test_keys_are_text_and_mice_are_lines(machine: Machine) -> None:
    machine.write("Hi There\n>", "usb1")
    machine.expect("Hi There\n", port="keyboard")
    machine.expect("release left", port="mouse")
    assert machine.ports["keyboard"].text == "Hi There\n"
    assert machine.ports["mouse"].text.split("\n") == ["move 5 -3", "wheel 1", "press left", "release left", ""]
    reports = [packet.data for packet in machine.usb_device.packets if packet.endpoint == 0x85]
    assert reports[0] == bytes.fromhex("01 02 00 0b 00 00 00 00 00")  # H
    times = [packet.t_s for packet in machine.usb_device.packets]
    gaps = [later - earlier for earlier, later in itertools.pairwise(times)]
    assert gaps == pytest.approx([0.004] * len(gaps), abs=1e-4)  # bInterval


def test_leds_of_the_keyboard(machine: Machine) -> None:
    machine.set_keyboard_leds("caps_lock, num_lock")
    machine.expect("leds=3", port="uart0")
    machine.set_keyboard_leds()
    machine.expect("leds=0", port="uart0")
    machine.send_report("01 10")
    machine.expect("leds=16", port="uart0")
    with pytest.raises(UsageError, match="LED 'lamp' is not known; there are: num_lock, caps_lock"):
        machine.set_keyboard_leds("lamp")
    with pytest.raises(UsageError, match="report = 'xyz' must be bytes in hexadecimal"):
        machine.send_report("xyz")


def test_midi_goes_both_ways(machine: Machine) -> None:
    machine.send_midi("note_on channel=2 note=60 velocity=99")
    machine.expect("note_on channel=2 note=72 velocity=99", port="midi")
    machine.send_midi("80 30 40")
    machine.expect("note_off channel=0 note=60 velocity=64", port="midi")
    with pytest.raises(UsageError, match="velocity = 128 must be 0 to 127"):
        machine.send_midi("note_on note=60 velocity=128")


def test_blocks_of_the_drive(machine: Machine) -> None:
    drive = machine.usb_device.drive()
    about = drive.inquiry()
    assert (about.vendor, about.product, about.revision) == ("Ember", "Drive in SRAM", "1.0")
    assert drive.geometry == (128, 512) and not drive.write_protected  # after UNIT ATTENTION at the first question
    content = bytes(range(256)) * 256
    drive.load(content)
    assert drive.image() == content
    symbol = machine.image.symbols["disk"]
    assert machine.read("disk", symbol.size) == content
    drive.eject()
    machine.expect("ejected", port="uart0")


def test_what_the_drive_refuses(machine: Machine) -> None:
    drive = machine.usb_device.drive()
    with pytest.raises(UsageError, match="blocks 128 to 128 are outside of the drive, which has 128"):
        drive.read(128)
    beyond = bytes([0x28, 0, 0, 0, 1, 0, 0, 0, 1, 0])
    with pytest.raises(DeviceError, match="refused SCSI command 0x28: illegal request, 0x21/0x00"):
        drive.command(beyond, 512)  # its data stage stalls
    assert drive.read(0) == bytes(512)  # and the next command works
    with pytest.raises(DeviceError, match="there is no drive 1"):
        machine.usb_device.drive(1)


def test_files_on_the_drive(machine: Machine, tmp_path: Path) -> None:
    pytest.importorskip("fatfs")
    machine.folder = tmp_path
    (tmp_path / "empty.img").write_bytes(volume(128))
    (tmp_path / "note.txt").write_text("written by the host")
    machine.load_drive("empty.img")
    machine.copy_to_drive("note.txt", "logs/note.txt")
    assert machine.usb_device.drive().names() == ["logs/note.txt"]
    machine.expect_file("logs/note.txt", "by the host")
    machine.copy_from_drive("logs/note.txt", "back.txt")
    machine.save_drive("full.img")
    assert (tmp_path / "back.txt").read_text() == "written by the host"
    assert b"written by the host" in (tmp_path / "full.img").read_bytes()
    with pytest.raises(ExpectationError, match="does not hold 'nobody'"):
        machine.expect_file("logs/note.txt", "nobody")
    with pytest.raises(ImageError, match="the drive has no file 'other'"):
        machine.copy_from_drive("other")


def test_a_volume_of_few_sectors(machine: Machine) -> None:
    """FatFs, which reads them here, takes fewer than 128 sectors for none; TinyUSB's examples have 16."""
    pytest.importorskip("fatfs")
    drive = machine.usb_device.drive()
    drive.load(volume(16))
    drive.put("A.TXT", b"a" * 600)
    assert drive.get("A.TXT") == b"a" * 600
    assert drive.read(0)[19:21] == bytes([16, 0])
    with pytest.raises(ImageError, match="no room for 7000 bytes"):
        drive.put("B.TXT", b"b" * 7000)
    assert drive.names() == ["A.TXT"]


def test_the_microphone_is_recorded(machine: Machine, tmp_path: Path) -> None:
    (microphone,) = machine.usb_device.microphones
    assert (microphone.channels, microphone.width, microphone.rates) == (1, 2, (8000, 16000))
    recording = microphone.record(0.1, 16_000)
    machine.expect("rate=16000", port="uart0")
    samples = struct.unpack(f"<{len(recording.frames) // 2}h", recording.frames)
    assert list(samples) == list(range(samples[0], samples[0] + len(samples)))  # no packet lost, none twice
    assert recording.seconds == pytest.approx(0.1, abs=0.002)
    with wave.open(io.BytesIO(recording.wav())) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, 16_000)
    with pytest.raises(UsageError, match="rate = 44100 Hz is not the microphone's; it has: 8000, 16000"):
        microphone.record(0.1, 44_100)
    machine.folder = tmp_path
    machine.record_usb_sound("heard.wav", 0.05)
    with wave.open(str(tmp_path / "heard.wav")) as file:
        assert file.getframerate() == 8_000


def test_requests_by_hand(machine: Machine) -> None:
    device = machine.usb_device
    assert device.request(0x80, 6, 0x0100, 0, 18)[:4] == bytes([18, 1, 0, 2])
    with pytest.raises(DeviceError, match="stalled"):
        device.request(0xC0, 0x55, 0, 0, 4)
    with pytest.raises(DeviceError, match="endpoint 0x0f gone"):
        device.write(0x0F, b"nobody")
    with pytest.raises(DeviceError, match="endpoint 0x81 timed out"):
        device.read(0x81, 8, timeout=0.02)


def test_a_snapshot_holds_the_host(machine: Machine) -> None:
    def go_on() -> tuple[object, ...]:
        machine.write("Ab", "usb1")
        machine.send_midi("start")
        machine.usb_device.drive().write(3, b"x" * 512)
        machine.wait(0.1)
        ports = {name: port.text for name, port in machine.ports.items()}
        return ports, machine.cycles, list(machine.usb_device.packets)

    machine.write("xyz", "usb1")
    machine.wait(0.01)  # in the middle of its typing
    snapshot = machine.save()
    first = go_on()
    machine.restore(snapshot)
    assert go_on() == first
    assert first[0]["keyboard"] == "xAb"  # type: ignore[index]


def test_slices_change_nothing(ready: tuple[Machine, object]) -> None:
    """What the host does by itself does not depend on when Python looks."""
    ends = []
    for pieces in (1, 97):
        with Machine(build("usb_composite")) as machine:
            machine.write("Typed\n", "usb1")
            for _ in range(pieces):
                machine.run(0.5 / pieces)
            machine.run(0.6 - machine.time_s)
            packets = [(p.endpoint, p.data, p.t_s) for p in machine.usb_device.packets]
            ends.append((packets, machine.ports["keyboard"].text))
    assert ends[0] == ends[1] and ends[0][1] == "Typed\n"


def test_steps_of_a_file(machine: Machine, tmp_path: Path) -> None:
    machine.folder = tmp_path
    for table in (
        {"write": "ok\n", "port": "usb1"},
        {"expect": "ok", "port": "keyboard"},
        {"send_midi": "control_change channel=0 control=7 value=100"},
        {"expect": "/control=19 value=100/", "port": "midi"},
        {"set_keyboard_leds": "scroll_lock"},
        {"expect": "leds=4"},
        {"save_drive": "drive.img"},
    ):
        of_table(table)(machine)
    assert (tmp_path / "drive.img").stat().st_size == 65_536


def test_run_shows_the_ports(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    steps = tmp_path / "steps.toml"
    steps.write_text('[[step]]\nexpect = "open=2"\n[[step]]\nwrite = "yes\\n"\nport = "usb1"\n[[step]]\nwait = 0.1\n')
    with pytest.raises(SystemExit) as ended:
        main(["run", str(build("usb_composite")), "--scenario", str(steps), "--expect", "yes", "--json"])
    shown = json.loads(capsys.readouterr().out)
    assert ended.value.code == 0
    assert shown["ports"]["usb1"]["text"] == "yes\n" and shown["ports"]["keyboard"]["lines"][0]["text"] == "yes"
