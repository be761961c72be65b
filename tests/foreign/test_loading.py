"""Files as users have them: the same program in every container, linked to flash and to RAM; and what is refused."""

from __future__ import annotations

import re
import struct
from pathlib import Path

import pytest
from foreign import Run, build, objcopy, run

from emberwatch import Machine
from emberwatch.base.errors import ImageError
from emberwatch.cli.run import run as run_command
from emberwatch.inspect.crash import CrashWatch
from emberwatch.program.elf import load_image
from emberwatch.program.uf2 import BLOCK_BYTES, read_uf2, write_uf2

FLASH = 2 << 20


def as_uf2(elf: Path) -> bytes:
    """What elf2uf2 makes of it: whole pages, gaps left out."""
    pages: dict[int, bytearray] = {}
    for segment in load_image(elf, FLASH).segments:
        for index, byte in enumerate(segment.data):
            page, offset = divmod(segment.address + index, 256)
            pages.setdefault(page, bytearray(256))[offset] = byte
    return write_uf2({256 * page: bytes(data) for page, data in pages.items()})


def renumber(block: bytes, number: int, count: int, family: int) -> bytes:
    return block[:20] + struct.pack("<3I", number, count, family) + block[32:]


@pytest.mark.parametrize("layout", ["flash", "copy_to_ram", "no_flash", "odd_segments"])
def test_uf2_runs_like_the_elf(layout: str, tmp_path: Path) -> None:
    elf = build("timer", layout)
    (tmp_path / "timer.uf2").write_bytes(as_uf2(elf))
    assert Run.of(tmp_path / "timer.uf2").run(1).text == run("timer", layout=layout).text


@pytest.mark.parametrize("layout", ["flash", "no_flash"])
def test_hex_runs_like_the_elf(layout: str, tmp_path: Path) -> None:
    assert Run.of(objcopy(build("timer", layout), "ihex", tmp_path)).run(1).text == run("timer", layout=layout).text


def test_binary_runs_like_the_elf(tmp_path: Path) -> None:
    assert Run.of(objcopy(build("timer"), "binary", tmp_path)).run(1).text == run("timer").text


def test_binary_of_a_ram_program_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "ram.bin"
    path.write_bytes(struct.pack("<II", 0x2004_2000, 0x2000_0101) + bytes(1000))
    with pytest.raises(ImageError, match="linked to RAM"):
        load_image(path, FLASH)


def test_uf2_of_several_families(tmp_path: Path) -> None:
    """Blocks for other chips in between, as in universal images, and the block that RP2350 tools put first."""
    good = as_uf2(build("timer"))
    blocks = [good[at : at + BLOCK_BYTES] for at in range(0, len(good), BLOCK_BYTES)]
    other = [renumber(block, n, len(blocks), 0xE48BFF59) for n, block in enumerate(blocks)]
    absolute = renumber(blocks[0], 0, 2, 0xE48BFF57)
    mixed = b"".join([absolute, *(block for pair in zip(other, blocks, strict=True) for block in pair)])
    assert read_uf2(mixed) == read_uf2(good)
    path = tmp_path / "mixed.uf2"
    path.write_bytes(mixed)
    assert "fired=10" in Run.of(path).run(1).text


def test_uf2_in_any_order_and_concatenated() -> None:
    good = as_uf2(build("timer"))
    blocks = [good[at : at + BLOCK_BYTES] for at in range(0, len(good), BLOCK_BYTES)]
    assert read_uf2(b"".join(reversed(blocks))) == read_uf2(good)
    data = write_uf2({0x1018_0000: b"settings".ljust(256, b"\0")})
    assert read_uf2(good + data) == read_uf2(good) | read_uf2(data)


def test_uf2_that_misses_a_block_is_refused(tmp_path: Path) -> None:
    good = as_uf2(build("timer"))
    path = tmp_path / "cut.uf2"
    path.write_bytes(good[:BLOCK_BYTES] + good[2 * BLOCK_BYTES :])
    with pytest.raises(ImageError, match="incomplete") as caught:
        load_image(path, FLASH)
    assert "\n" not in str(caught.value)


def test_program_for_a_larger_flash_is_refused() -> None:
    with pytest.raises(ImageError, match="where the board has no memory"):
        load_image(build("timer", "odd_segments"), 1 << 20)


def test_machine_runs_a_program_that_ends() -> None:
    """What was still in the UART's FIFO when main returned arrives, and time goes on."""
    with Machine(build("timer")) as machine:
        crashes = CrashWatch(machine)
        machine.run(0.1)
        assert machine.time_s == pytest.approx(0.1, abs=1e-5)
        assert machine.uart.endswith("latched=1\n")
        assert list(machine.ended_s) == [0]
        assert crashes.first is None


def test_machine_has_the_usb_port() -> None:
    with Machine(build("usb")) as machine:
        machine.run(0.5)
        assert machine.usb == "Hello, USB!\r\n"
        machine.send_usb(b"ping")
        machine.run(0.1)
        assert machine.usb == "Hello, USB!\r\nPING"


def test_run_shows_every_port_and_the_led(capsys: pytest.CaptureFixture[str]) -> None:
    """A program that knows nothing of our protocol: nothing about alarms and blocks, but whatever it printed."""
    assert run_command(firmware=build("usb"), seconds=0.5, uart=True) == 0
    lines = capsys.readouterr().out.splitlines()
    assert any(re.fullmatch(r" +0\.\d{6}  usb: Hello, USB!", line) for line in lines)
    assert any(re.fullmatch(r" +0\.\d{6}  resets=2", line) for line in lines)
    assert "usb              1 line, the last: Hello, USB!" in lines
    assert "LED              GPIO25 off all the time" in lines
    assert not any("alarm" in line or "blocks" in line for line in lines)


def test_run_shows_a_blinking_led_and_an_unfinished_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(firmware=build("blink"), seconds=1.3, uart=True) == 0
    out = capsys.readouterr().out
    assert re.search(r"^ +0\.00\d{4}  blinking$", out, re.MULTILINE)
    assert re.search(r"^LED +GPIO25 6 changes, the first before 0\.\d\d s; off at the end$", out, re.MULTILINE)


def test_machine_snapshot_of_a_foreign_program() -> None:
    with Machine(build("usb")) as machine:
        machine.run(0.05)
        saved = machine.save()
        machine.run(0.3)
        first = machine.uart, machine.usb, machine.cycles
        machine.restore(saved)
        machine.run(0.3)
        assert (machine.uart, machine.usb, machine.cycles) == first
