"""RESETS (datasheet 2.14): what a held block does, and what asserting its reset line undoes."""

from dataclasses import dataclass

import pytest
from thumb import LAUNCH, LAUNCH_TABLE, RAM, assemble, word

from emberwatch import _native

RESETS, SET, CLEAR = 0x4000_C000, 0x2000, 0x3000
ALL = 0x01FF_FFFF


@dataclass(frozen=True)
class Block:
    """A register of a block that keeps what is written: `value` to write, `reset` as the datasheet gives it."""

    bit: int
    register: int
    value: int
    reset: int = 0


BLOCKS = {
    "adc": Block(0, 0x4004_C010, 0x0001_0000),  # DIV
    "busctrl": Block(1, 0x4003_000C, 3, 0x1F),  # PERFSEL0
    "dma": Block(2, 0x5000_0000, 0x2000_1000),  # CH0_READ_ADDR
    "i2c0": Block(3, 0x4004_4004, 0x33, 0x55),  # IC_TAR
    "i2c1": Block(4, 0x4004_8004, 0x33, 0x55),
    "io_bank0": Block(5, 0x4001_4004, 0x5, 0x1F),  # GPIO0_CTRL
    "io_qspi": Block(6, 0x4001_8004, 0x0, 0x1F),
    "pads_bank0": Block(8, 0x4001_C004, 0x40, 0x56),
    "pads_qspi": Block(9, 0x4002_0004, 0x40, 0x56),
    "pio0": Block(10, 0x5020_00CC, 0x1000, 0x0001_F000),  # SM0_EXECCTRL
    "pio1": Block(11, 0x5030_00CC, 0x1000, 0x0001_F000),
    "pll_sys": Block(12, 0x4002_8008, 125),  # FBDIV_INT
    "pll_usb": Block(13, 0x4002_C008, 100),
    "pwm": Block(14, 0x4005_0010, 0x1234, 0xFFFF),  # CH0_TOP
    "rtc": Block(15, 0x4005_C000, 0x1234),  # CLKDIV_M1
    "spi0": Block(16, 0x4003_C010, 0x10),  # SSPCPSR
    "spi1": Block(17, 0x4004_0010, 0x10),
    "syscfg": Block(18, 0x4000_4000, 0x1),  # PROC0_NMI_MASK
    "timer": Block(21, 0x4005_4038, 0xF),  # INTE
    "uart0": Block(22, 0x4003_4024, 0x1234),  # UARTIBRD
    "uart1": Block(23, 0x4003_8024, 0x1234),
    "usbctrl": Block(24, 0x5011_0090, 0xFFFF),  # INTE
}


@pytest.fixture
def chip() -> _native.Chip:
    """A chip whose core 0 loops in SRAM."""
    chip = _native.Chip()
    chip.load(RAM, assemble("b ."))
    chip.reset(RAM | 1)
    return chip


def edges(chip: _native.Chip) -> int:
    """Number of recorded edges since the last call."""
    chip.pin_level(0)  # pins follow their blocks when somebody looks
    return len(chip.take_edges())


@pytest.mark.parametrize("name", BLOCKS)
def test_a_held_block_reads_zero_and_ignores_writes(chip: _native.Chip, name: str) -> None:
    block = BLOCKS[name]
    chip.write_bus(RESETS + SET, 4, 1 << block.bit)
    chip.write_bus(block.register, 4, block.value)
    assert word(chip, block.register) == 0
    assert word(chip, RESETS + 8) >> block.bit & 1 == 0, "RESET_DONE"
    chip.write_bus(RESETS + CLEAR, 4, 1 << block.bit)
    assert word(chip, block.register) == block.reset
    assert word(chip, RESETS + 8) >> block.bit & 1 == 1


@pytest.mark.parametrize("name", BLOCKS)
def test_reset_restores_the_reset_value(chip: _native.Chip, name: str) -> None:
    block = BLOCKS[name]
    chip.write_bus(RESETS + CLEAR, 4, 1 << block.bit)
    chip.write_bus(block.register, 4, block.value)
    assert word(chip, block.register) == block.value
    chip.write_bus(RESETS + SET, 4, 1 << block.bit)
    chip.write_bus(RESETS + CLEAR, 4, 1 << block.bit)
    assert word(chip, block.register) == block.reset


def test_at_power_on_all_is_held_but_what_the_boot_rom_uses(chip: _native.Chip) -> None:
    used = 1 << 6 | 1 << 9 | 1 << 21  # IO_QSPI, PADS_QSPI, TIMER
    assert word(chip, RESETS) == ALL & ~used
    assert word(chip, RESETS + 8) == used


def test_a_held_block_answers_the_dma_likewise(chip: _native.Chip) -> None:
    """The DMA is a bus master as the cores are: it copies the zero that a held UART's register reads as."""
    chip.write_bus(RESETS + CLEAR, 4, 1 << 2)
    chip.write_memory(0x2000_1000, b"\xff" * 4)
    for offset, value in ((0x0, 0x4003_4030), (0x4, 0x2000_1000), (0x8, 1), (0xC, 0x3F << 15 | 2 << 2 | 1)):
        chip.write_bus(0x5000_0000 + offset, 4, value)
    chip.run_until(chip.cycles + 50)
    assert word(chip, 0x2000_1000) == 0, "UARTCR of a UART out of reset would be 0x300"


def test_usb_memory_belongs_to_the_held_controller(chip: _native.Chip) -> None:
    chip.write_bus(0x5010_0100, 4, 0xA5A5_A5A5)
    assert word(chip, 0x5010_0100) == 0
    chip.write_bus(RESETS + CLEAR, 4, 1 << 24)
    chip.write_bus(0x5010_0100, 4, 0xA5A5_A5A5)
    assert word(chip, 0x5010_0100) == 0xA5A5_A5A5


def test_reset_stops_a_dma_transfer(chip: _native.Chip) -> None:
    chip.write_bus(RESETS + CLEAR, 4, 1 << 2)
    for offset, value in ((0x0, 0x2000_1000), (0x4, 0x2000_2000), (0x8, 1000), (0xC, 0x3F << 15 | 0x2B << 2 | 1)):
        chip.write_bus(0x5000_0000 + offset, 4, value)
    chip.write_bus(0x5000_000C, 4, 0x3F << 15 | 2 << 2 | 1 | 1 << 5)
    chip.run_until(chip.cycles + 100)
    assert 0 < word(chip, 0x5000_0008) < 1000, "under way"
    chip.write_bus(RESETS + SET, 4, 1 << 2)
    chip.write_bus(RESETS + CLEAR, 4, 1 << 2)
    moved = chip.read_memory(0x2000_2000, 4000)
    chip.write_memory(0x2000_1000, b"\xa5" * 4000)
    chip.run_until(chip.cycles + 2000)
    assert chip.read_memory(0x2000_2000, 4000) == moved
    assert word(chip, 0x5000_000C) >> 24 & 1 == 0, "not busy"


def test_reset_stops_pwm_and_releases_its_pins(chip: _native.Chip) -> None:
    chip.write_bus(RESETS + CLEAR, 4, 1 << 14 | 1 << 5 | 1 << 8)
    chip.write_bus(0x4001_4004, 4, 4)
    chip.write_bus(0x4005_0010, 4, 99)
    chip.write_bus(0x4005_000C, 4, 50)
    chip.write_bus(0x4005_0000, 4, 1)
    chip.record_pins(1)
    chip.run_until(chip.cycles + 1000)
    assert edges(chip) >= 18
    chip.write_bus(RESETS + SET, 4, 1 << 14)
    edges(chip)
    chip.run_until(chip.cycles + 1000)
    assert edges(chip) == 0
    assert not chip.pin_level(0)


def test_reset_stops_a_state_machine(chip: _native.Chip) -> None:
    chip.write_bus(RESETS + CLEAR, 4, 1 << 10 | 1 << 5 | 1 << 8)
    chip.write_bus(0x4001_4004, 4, 6)
    for offset, value in ((0x48, 0xE001), (0x4C, 0xE000), (0xDC, 1 << 26), (0xCC, 1 << 12), (0xD8, 0xE081)):
        chip.write_bus(0x5020_0000 + offset, 4, value)
    chip.record_pins(1)
    chip.write_bus(0x5020_0000, 4, 1)
    chip.run_until(chip.cycles + 100)
    assert edges(chip) > 90
    chip.write_bus(RESETS + SET, 4, 1 << 10)
    edges(chip)
    chip.run_until(chip.cycles + 100)
    assert edges(chip) == 0


def test_the_timer_restarts_at_zero(chip: _native.Chip) -> None:
    chip.write_bus(0x4005_802C, 4, 0x200 | 6)  # a tick every six cycles of clk_ref
    chip.run_until(chip.cycles + 10_000)
    assert word(chip, 0x4005_4028) > 100
    chip.write_bus(RESETS + SET, 4, 1 << 21)
    chip.run_until(chip.cycles + 10_000)
    assert word(chip, 0x4005_4028) == 0
    chip.write_bus(RESETS + CLEAR, 4, 1 << 21)
    assert word(chip, 0x4005_4028) == 0


def test_snapshots_know_what_is_held(chip: _native.Chip) -> None:
    chip.write_bus(RESETS + CLEAR, 4, 1 << 22)
    chip.write_bus(0x4003_4024, 4, 7)
    snapshot = chip.save()
    chip.write_bus(RESETS + SET, 4, 1 << 22)
    chip.restore(snapshot)
    assert word(chip, 0x4003_4024) == 7


# ------------------------------------------------------------------------------------------- whole cores and chips

_COUNT = "1: ldr r0, [r1]\nadds r0, #1\nstr r0, [r1]\nb 1b\n"


def two_cores(core0: str, core1: str) -> _native.Chip:
    """Core 0 launches core 1 through the ROM, then runs `core0`; both have r1 = a counter of their own."""
    chip = _native.Chip()
    chip.attach_debugger(True)
    source = f"{LAUNCH}ldr r1, =0x20001000\n{core0}{LAUNCH_TABLE}core1: ldr r1, =0x20001004\n{core1}\n.ltorg\n"
    chip.load(RAM, assemble(source))
    chip.reset(RAM | 1)
    return chip


def test_sysresetreq_of_core_1_is_its_own_affair() -> None:
    """Datasheet 2.4.2.9: the processor core that asks is reset; here it goes back to the ROM and waits."""
    request = "ldr r2, =0x05fa0004\nldr r3, =0xe000ed0c\nstr r2, [r3]\n" + _COUNT
    chip = two_cores(_COUNT, request)
    chip.write_bus(RESETS + CLEAR, 4, 1 << 22)
    chip.write_bus(0x4003_4024, 4, 7)
    stop = chip.run_until(20_000)
    assert stop.reason.name == "TIME"
    assert word(chip, 0x2000_1000) > 500, "core 0 counts on"
    assert word(chip, 0x2000_1004) == 0, "core 1 never came to its loop"
    assert chip.registers(1)["pc"] < 0x4000 and chip.core_state(1) == "asleep"
    assert word(chip, 0x4003_4024) == 7, "peripherals keep their registers"


def test_sysresetreq_of_core_0_leaves_core_1_running() -> None:
    request = "ldr r2, =0x05fa0004\nldr r3, =0xe000ed0c\nldr r4, =1000\n5: subs r4, #1\nbne 5b\nstr r2, [r3]\n"
    chip = two_cores(request, _COUNT)
    stop = chip.run_until(20_000)
    assert stop.reason.name == "BOOT_ERROR", "core 0 boots: flash is empty"
    assert word(chip, 0x2000_1004) > 200


def test_psm_holds_and_releases_core_1() -> None:
    hold = "ldr r2, =0x40010000\nldr r3, =0x10000\nldr r4, =500\n5: subs r4, #1\nbne 5b\nstr r3, [r2, #4]\n" + _COUNT
    chip = two_cores(hold, _COUNT)
    chip.run_until(5000)
    counted = word(chip, 0x2000_1004)
    assert counted > 50 and chip.core_state(1) == "held"
    assert word(chip, 0x4001_000C) >> 16 & 1 == 0, "DONE"
    chip.run_until(10_000)
    assert word(chip, 0x2000_1004) == counted
    chip.write_bus(0x4001_0004, 4, 0)
    chip.run_until(12_000)
    assert chip.registers(1)["pc"] < 0x4000


def test_the_watchdog_resets_what_psm_selects() -> None:
    """With PROC1 alone selected core 0 does not even notice; REASON tells."""
    fire = "ldr r2, =0x40010000\nldr r3, =0x10000\nstr r3, [r2, #8]\nldr r2, =0x40058000\nldr r3, =0x80000000\n"
    chip = two_cores(fire + "str r3, [r2]\n" + _COUNT, _COUNT)
    assert chip.run_until(10_000).reason.name == "TIME"
    assert word(chip, 0x2000_1000) > 100 and chip.registers(1)["pc"] < 0x4000
    assert word(chip, 0x4005_8008) == 2, "REASON: forced"


def test_bytes_that_do_not_begin_as_a_snapshot_are_refused() -> None:
    chip = _native.Chip()
    snapshot = bytearray(chip.save())
    snapshot[0] ^= 1
    with pytest.raises(ValueError, match="no snapshot"):
        chip.restore(bytes(snapshot))
