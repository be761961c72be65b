"""USB boot: the drive RPI-RP2 takes UF2 files, PICOBOOT takes picotool's commands (datasheet 2.8.4 and 2.8.5)."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from foreign import build, objcopy

from emberwatch import Machine
from emberwatch.base.errors import DeviceError
from emberwatch.cli.main import main
from emberwatch.machine.usb.picoboot import Picoboot
from emberwatch.program.elf import load_image

FLASH, SRAM, FAMILY = 0x1000_0000, 0x2000_0000, 0xE48B_FF56


def uf2(address: int, data: bytes, family: int = FAMILY) -> bytes:
    """The file format's own description: github.com/microsoft/uf2."""
    pages = [data[at : at + 256].ljust(256, b"\xff") for at in range(0, len(data), 256)]
    blocks = []
    for number, page in enumerate(pages):
        head = struct.pack(
            "<8I", 0x0A324655, 0x9E5D5157, 0x2000, address + 256 * number, 256, number, len(pages), family
        )
        blocks.append(head + page + bytes(220) + struct.pack("<I", 0x0AB16F30))
    return b"".join(blocks)


def flash_content(program: str) -> bytes:
    (segment,) = [s for s in load_image(build(program)).segments if s.address >= FLASH and s.address < SRAM]
    assert segment.address == FLASH
    return segment.data


@pytest.fixture(scope="module")
def ready() -> Iterator[tuple[Machine, object]]:
    """A program has called the ROM's reset_usb_boot."""
    with Machine(build("usb_boot")) as machine:
        machine.expect("leaving")
        machine.run(0.3)
        machine.usb_device.wait()
        yield machine, machine.save()


def test_the_device_is_the_boot_roms(machine: Machine) -> None:
    device = machine.usb_device
    assert (device.vendor_id, device.product_id, device.product) == (0x2E8A, 0x0003, "RP2 Boot")
    assert [(i.kind, i.subclass, i.protocol) for i in device.interfaces] == [(8, 6, 0x50), (0xFF, 0, 0)]
    assert "USB boot" in machine.engine.notes()[-1]


def test_the_drive_has_its_two_files(machine: Machine) -> None:
    pytest.importorskip("fatfs")
    drive = machine.usb_device.drive()
    assert drive.names() == ["INDEX.HTM", "INFO_UF2.TXT"]
    assert b"Board-ID: RPI-RP2" in drive.get("INFO_UF2.TXT")
    assert b"<html" in drive.get("INDEX.HTM")


def test_a_uf2_file_is_flashed_and_started(machine: Machine) -> None:
    pytest.importorskip("fatfs")
    content = flash_content("blink")
    machine.usb_device.drive().put("BLINK.UF2", uf2(FLASH, content))
    assert machine.flash[: len(content)] == content
    machine.run(0.3)
    assert not machine.engine.chip.in_usb_boot  # type: ignore[attr-defined]
    with Machine(build("blink")) as straight:
        straight.run(0.1)
        said = straight.uart
    assert said and machine.uart.startswith("leaving\n" + said[:20])


def test_blocks_may_come_in_any_order_and_twice(machine: Machine) -> None:
    content = flash_content("blink")
    blocks = uf2(FLASH, content)
    count = len(blocks) // 512
    assert count > 3
    drive = machine.usb_device.drive()
    for number in (2, 2, *reversed(range(3, count)), 0):
        drive.write(5000 + 3 * number, blocks[512 * number : 512 * number + 512])
    machine.run(0.5)
    assert machine.usb_device.product == "RP2 Boot"  # block 1 is missing
    drive.write(9, blocks[512:1024])
    machine.run(0.3)
    assert machine.flash[: len(content)] == content and machine.usb_device.product != "RP2 Boot"


def test_blocks_of_another_chip_are_left_alone(machine: Machine) -> None:
    before = machine.flash
    machine.usb_device.drive().write(100, uf2(FLASH, bytes(1024), family=0x1234_5678))
    machine.run(0.3)
    assert machine.flash == before and machine.usb_device.product == "RP2 Boot"


def test_a_uf2_file_for_sram_is_entered(machine: Machine) -> None:
    # ldr r0, [pc, #8]; ldr r1, [pc, #8]; str r1, [r0]; b .
    code = struct.pack("<4HII", 0x4801, 0x4902, 0x6001, 0xE7FE, 0x2000_1000, 0x600D_600D)
    machine.usb_device.drive().write(64, uf2(SRAM, code))
    machine.run(0.2)
    assert machine.read(0x2000_1000, 4) == bytes.fromhex("0d600d60")


def test_bootsel_at_a_reset_is_usb_boot() -> None:
    with Machine(build("blink")) as machine:
        machine.press("bootsel")
        machine.brown_out()
        machine.release("bootsel")
        machine.usb_device.wait(2)
        assert machine.usb_device.product == "RP2 Boot"
        machine.usb_device.picoboot.reboot(delay_ms=10)
        machine.run(0.3)
        assert not machine.usb_device.configured and machine.uart


def test_picoboot_reads_and_writes(machine: Machine) -> None:
    picoboot = machine.usb_device.picoboot
    assert picoboot.read(FLASH, 5000) == machine.flash[:5000]
    assert picoboot.read(0x10, 3) == b"Mu\x01"  # the ROM's magic number
    data = bytes(range(256)) * 5
    picoboot.write(SRAM + 0x101, data)
    assert machine.read(SRAM + 0x101, len(data)) == data == picoboot.read(SRAM + 0x101, len(data))


def test_a_small_flash_chip_repeats(machine: Machine) -> None:
    """picotool finds the size of flash by that."""
    picoboot = machine.usb_device.picoboot
    assert picoboot.read(FLASH + 0x80_0000, 512) == machine.flash[:512]
    picoboot.flash_erase(FLASH + 0x21_0000, 4096)
    picoboot.write(FLASH + 0x21_0000, b"at 64 kB")
    assert machine.flash[0x10000:0x10008] == b"at 64 kB"


def test_a_byte_acknowledges_as_well_as_an_empty_packet(machine: Machine) -> None:
    """picotool sends one; GET_STATUS is its other habit."""
    device = machine.usb_device
    read = struct.pack("<IIBBHIII8x", 0x431FD10B, 1, 0x84, 8, 0, 4, 0x10, 4)
    device.write(0x03, read)
    assert device.read(0x84, 4) == b"Mu\x01\x03"
    device.write(0x03, b"\0")
    assert device.request(0x82, 0, 0, 0x84, 2) == bytes(2)
    device.write(0x03, b"no command")
    assert device.request(0x82, 0, 0, 0x84, 2) == bytes([1, 0])
    device.picoboot.reset()
    assert device.request(0x82, 0, 0, 0x84, 2) == bytes(2)


def test_picoboot_erases_and_programs_flash_in_its_time(machine: Machine) -> None:
    picoboot = machine.usb_device.picoboot
    begin = machine.time_s
    picoboot.flash_erase(FLASH + 0x10000, 0x2000)
    assert machine.flash[0x10000:0x12000] == b"\xff" * 0x2000
    assert 0.090 <= machine.time_s - begin < 0.095  # W25Q16JV: 45 ms a sector
    picoboot.write(FLASH + 0x10100, b"\x0f" * 256)
    picoboot.write(FLASH + 0x10100, b"\xf5" * 256)  # without erasing, bits only go down
    assert machine.flash[0x10100:0x10200] == b"\x05" * 256
    picoboot.exit_xip()
    picoboot.enter_cmd_xip()
    status = picoboot.status()
    assert (status.command, status.text, status.in_progress) == (7, "ok", False)


def test_picoboot_calls_a_function(machine: Machine) -> None:
    picoboot = machine.usb_device.picoboot
    # ldr r0, [pc, #4]; movs r1, #42; str r1, [r0]; bx lr
    code = struct.pack("<4HI", 0x4801, 0x212A, 0x6001, 0x4770, SRAM + 0x200)
    picoboot.write(SRAM, code)
    picoboot.execute(SRAM | 1)
    assert picoboot.read(SRAM + 0x200, 4) == bytes([42, 0, 0, 0])


def test_code_called_from_xip_sram_finds_flash_ready_for_commands(machine: Machine) -> None:
    """As picotool reads the flash chip's identification: EXIT_XIP leaves the SSI to programs, the cache is off."""
    picoboot = machine.usb_device.picoboot
    picoboot.exit_xip()
    assert machine.engine.read_memory(0x1800_0008, 4) == bytes([1, 0, 0, 0])  # SSIENR
    code = struct.pack("<4HI", 0x4801, 0x212A, 0x6001, 0x4770, 0x1500_0100)
    picoboot.write(0x1500_0000, code)
    picoboot.execute(0x1500_0001)
    assert picoboot.read(0x1500_0100, 4) == bytes([42, 0, 0, 0])
    picoboot.enter_cmd_xip()
    assert picoboot.read(FLASH, 64) == machine.flash[:64]


def test_picoboot_enters_a_program(machine: Machine) -> None:
    code = struct.pack("<4HII", 0x4801, 0x4902, 0x6001, 0xE7FE, SRAM + 0x1000, 0x600D_600D)
    picoboot = machine.usb_device.picoboot
    picoboot.write(SRAM, code)
    picoboot.reboot(SRAM | 1, SRAM + 0x40000, 5)
    machine.run(0.1)
    assert machine.read(SRAM + 0x1000, 4) == bytes.fromhex("0d600d60")


def test_exclusive_access_takes_the_drive_away(machine: Machine) -> None:
    drive, picoboot = machine.usb_device.drive(), machine.usb_device.picoboot
    picoboot.exclusive_access()
    with pytest.raises(DeviceError, match="not ready, 0x3a/0x00"):
        drive.read(0)
    picoboot.exclusive_access(0)
    assert drive.read(0)[-2:] == b"\x55\xaa"


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        (lambda p: p.flash_erase(FLASH + 16, 4096), "bad alignment"),
        (lambda p: p.flash_erase(FLASH + 0x100_0000, 4096), "invalid address"),
        (lambda p: p.write(FLASH + 1, b"x"), "bad alignment"),
        (lambda p: p.write(0x0, b"rom"), "invalid address"),
        (lambda p: p.read(0x3000_0000, 4), "invalid address"),
        (lambda p: p.command(0x09, bytes(4)), "unknown command"),
        (lambda p: p.command(0x01, bytes(2)), "invalid command length"),
        (lambda p: p.command(0x84, struct.pack("<II", FLASH, 8), 4), "invalid transfer length"),
    ],
)
def test_what_picoboot_refuses(machine: Machine, wrong: Callable[[Picoboot], object], reason: str) -> None:
    picoboot = machine.usb_device.picoboot
    with pytest.raises(DeviceError, match=f"was refused: {reason}"):
        wrong(picoboot)
    assert picoboot.read(FLASH, 16) == machine.flash[:16]  # after INTERFACE_RESET all is well


def test_a_snapshot_in_the_middle_of_a_download(machine: Machine) -> None:
    blocks = uf2(FLASH, flash_content("blink"))
    drive = machine.usb_device.drive()
    drive.write(0, blocks[:1024])
    snapshot = machine.save()

    def go_on() -> tuple[int, str, bytes]:
        drive.write(2, blocks[1024:])
        machine.run(0.3)
        return machine.cycles, machine.uart, machine.flash

    first = go_on()
    machine.restore(snapshot)
    assert go_on() == first


def test_the_command_puts_a_file_into_flash(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("fatfs")
    content = flash_content("blink")
    (tmp_path / "blink.uf2").write_bytes(uf2(FLASH, content))
    old = objcopy(build("usb"), "binary", tmp_path)
    kept = tmp_path / "board.bin"
    with pytest.raises(SystemExit) as ended:
        main(["usb", str(old), "--bootsel", "--put", str(tmp_path / "blink.uf2"), "--flash-file", str(kept)])
    assert ended.value.code == 0
    assert "2e8a:0003 Raspberry Pi RP2 Boot" in capsys.readouterr().out
    assert kept.read_bytes()[: len(content)] == content


def test_run_goes_on_and_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["run", str(build("usb_boot")), "--seconds", "0.5"])
    assert ended.value.code == 0
    assert "note: the chip is in USB boot and waits for the host" in capsys.readouterr().err
