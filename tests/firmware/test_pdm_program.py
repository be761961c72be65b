"""What the PDM driver really writes to PIO and DMA, seen by an independent CPU model.

`pdm_mic_init` of the built ELF runs on Unicorn's Cortex-M0 with every register access recorded; the PIO program found
in the writes is decoded back to assembly and compared with what firmware/drivers/pdm_mic.c documents.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from elf_symbols import symbols
from elftools.elf.elffile import ELFFile

from emberwatch.base.paths import project_root
from emberwatch.detector.build import BuildResult, build_firmware

unicorn = pytest.importorskip("unicorn")
from unicorn import arm_const  # noqa: E402

PIO0 = 0x50200000
DMA = 0x50000000
RESETS_DONE = 0x4000C008


def register_writes(elf: Path, function: str) -> list[tuple[int, int]]:
    """Runs one function without arguments; returns (address, value) of each peripheral write in order."""
    machine = unicorn.Uc(unicorn.UC_ARCH_ARM, unicorn.UC_MODE_THUMB | unicorn.UC_MODE_MCLASS)
    machine.ctl_set_cpu_model(arm_const.UC_CPU_ARM_CORTEX_M0)
    for start, size in ((0x10000000, 0x100000), (0x20000000, 0x43000), (0x40000000, 0x80000), (0x50000000, 0x300000)):
        machine.mem_map(start, size)
    machine.mem_map(0xE0000000, 0x10000)
    with elf.open("rb") as file:
        for segment in ELFFile(file).iter_segments("PT_LOAD"):
            if segment["p_filesz"]:
                machine.mem_write(segment["p_vaddr"], segment.data())
    machine.mem_write(RESETS_DONE, b"\xff\xff\xff\xff")
    writes: list[tuple[int, int]] = []

    def record(_machine: object, _access: int, address: int, _size: int, value: int, _data: object) -> None:
        if address >= 0x40000000:
            writes.append((address, value & 0xFFFFFFFF))

    machine.hook_add(unicorn.UC_HOOK_MEM_WRITE, record)
    stop = 0x100FFFF0
    machine.reg_write(arm_const.UC_ARM_REG_SP, 0x20042000)
    machine.reg_write(arm_const.UC_ARM_REG_LR, stop | 1)
    machine.emu_start(symbols(elf)[function] | 1, stop, count=10_000)
    assert machine.reg_read(arm_const.UC_ARM_REG_PC) & ~1 == stop, f"{function} did not return"
    return writes


def disassemble(instruction: int) -> str:
    """PIO assembly of the instructions that the driver uses, with one side-set bit (datasheet 3.4)."""
    operation = instruction >> 13
    side = f"side {instruction >> 12 & 1}"
    delay = instruction >> 8 & 15
    argument1, argument2 = instruction >> 5 & 7, instruction & 31
    registers = ("pins", "x", "y", "null", "reserved", "status", "isr", "osr")
    match operation:
        case 0b000:
            text = f"jmp {argument2}" if argument1 == 0 else f"jmp ?{argument1} {argument2}"
        case 0b010:
            text = f"in {registers[argument1]}, {argument2 or 32}"
        case 0b101:
            text = f"mov {registers[argument1]}, {'!' if argument2 >> 3 & 3 else ''}{registers[argument2 & 7]}"
        case 0b111:
            text = f"set {('pins', 'x', 'y', '?', 'pindirs', '?', '?', '?')[argument1]}, {argument2}"
        case _:
            text = f"? {instruction:04x}"
    return f"{text} {side}" + (f" [{delay}]" if delay else "")


LEFT = ["in pins, 1 side 1", "mov y, y side 0"]
RIGHT = ["in pins, 1 side 0", "mov y, y side 1"]


def documented(channel: str) -> list[str]:
    """The assembly in the comment of pdm_mic.c: two programs side by side, left and right."""
    text = (project_root() / "firmware" / "drivers" / "pdm_mic.c").read_text()
    rows = re.findall(r"^// +(\S.* side \d) +(\S.* side \d)$", text, re.MULTILINE)
    return [" ".join(row[channel == "right"].split()) for row in rows]


@pytest.fixture(scope="module", params=["left", "right"])
def channel_build(
    request: pytest.FixtureRequest, toolchain: None, mean_model: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[str, BuildResult]:
    folder = tmp_path_factory.mktemp(request.param)
    text = (project_root() / "platforms" / "boards" / "pico.toml").read_text()
    (folder / "variant.toml").write_text(text.replace('channel = "left"', f'channel = "{request.param}"'))
    return request.param, build_firmware(folder / "variant.toml", mean_model, folder / "out")


def test_program_is_the_documented_one(channel_build: tuple[str, BuildResult]) -> None:
    channel, build = channel_build
    writes = register_writes(build.elf, "pdm_mic_init")
    program = [value for address, value in writes if PIO0 + 0x48 <= address < PIO0 + 0xC8]
    expected = LEFT if channel == "left" else RIGHT
    assert [disassemble(word) for word in program] == expected
    assert documented(channel) == expected


def test_state_machine_set_up(small_build: BuildResult) -> None:
    writes = register_writes(small_build.elf, "pdm_mic_init")
    last = dict(writes)
    assert last[PIO0 + 0xC8] == 61 << 16 | 9 << 8  # CLKDIV
    assert last[PIO0 + 0xCC] >> 12 & 31 == 1 and last[PIO0 + 0xCC] >> 7 & 31 == 0  # wrap
    shift = last[PIO0 + 0xD0]
    assert shift >> 31 & 1 and shift >> 18 & 1 and shift >> 16 & 1 and shift >> 20 & 31 == 0
    pins = last[PIO0 + 0xDC]
    assert pins >> 29 == 1 and pins >> 10 & 31 == 3 and pins >> 15 & 31 == 2  # side-set on clock, IN on data
    forced = [disassemble(value) for address, value in writes if address == PIO0 + 0xD8]
    assert forced == ["set pindirs, 1 side 0", "jmp 0 side 0"]


def test_dma_channels_feed_each_other(small_build: BuildResult) -> None:
    last = dict(register_writes(small_build.elf, "pdm_mic_init"))
    blocks = symbols(small_build.elf)["blocks"]
    for channel, other in ((0, 1), (1, 0)):
        base = DMA + 0x40 * channel
        assert last[base] == PIO0 + 0x20
        assert last[base + 4] == blocks + 4096 * channel
        assert last[base + 8] == 1024
        control = last[base + 0x10]
        assert control & 1 and control >> 2 & 3 == 2
        assert not control >> 4 & 1 and control >> 5 & 1  # fixed read, incrementing write
        assert control >> 6 & 15 == 12 and control >> 10 & 1  # write address wraps at 4096 bytes
        assert control >> 11 & 15 == other and control >> 15 & 63 == 4  # chain, DREQ_PIO0_RX0
    assert last[DMA + 0x404] == 3


def test_capture_starts_with_the_first_channel(small_build: BuildResult) -> None:
    writes = register_writes(small_build.elf, "pdm_mic_start")
    triggers = [address for address, _ in writes if DMA <= address < DMA + 0x300 and address & 0xF == 0xC]
    assert triggers == [DMA + 0x1C]
    assert writes[-1] == (PIO0, 1 << 8 | 1 << 4 | 1)
