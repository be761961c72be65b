"""Pins: function select, overrides, pads, synchroniser and interrupts (datasheet 2.19)."""

from __future__ import annotations

import pytest
from unit import CLR, FUNC_PIO0, FUNC_SIO, IO_BANK0, PADS_BANK0, SET, StateMachine, UnitChip, jmp, set_

IO_IRQ_BANK0 = 13
INTR0, PROC0_INTE0, PROC0_INTF0, PROC0_INTS0, PROC1_INTE0, PROC1_INTS0 = 0xF0, 0x100, 0x110, 0x120, 0x130, 0x150
LEVEL_LOW, LEVEL_HIGH, EDGE_LOW, EDGE_HIGH = 1, 2, 4, 8
QSPI = 0x40018000


@pytest.fixture
def chip() -> UnitChip:
    return UnitChip()


def ctrl(chip: UnitChip, pin: int, value: int) -> None:
    chip.write(IO_BANK0 + 8 * pin + 4, value)


def pad(chip: UnitChip, pin: int, value: int) -> None:
    chip.write(PADS_BANK0 + 4 + 4 * pin, value)


def status(chip: UnitChip, pin: int) -> int:
    return chip.read(IO_BANK0 + 8 * pin)


def test_reset_values(chip: UnitChip) -> None:
    for pin in range(30):
        assert chip.read(IO_BANK0 + 8 * pin + 4) == 0x1F
        assert chip.read(PADS_BANK0 + 4 + 4 * pin) == 0x56
    assert chip.read(PADS_BANK0 + 0x7C) == 0xDA
    assert chip.read(PADS_BANK0 + 0x80) == 0x5A


@pytest.mark.parametrize(
    ("value", "external", "expected"),
    [
        (0x56, None, 0), (0x56, 1, 1), (0x56, 0, 0),  # pull-down
        (0x5A, None, 1), (0x5A, 0, 0),  # pull-up
        (0x52, None, 0), (0x52, 1, 1),  # neither
    ],
)  # fmt: skip
def test_pulls(chip: UnitChip, value: int, external: int | None, expected: int) -> None:
    pad(chip, 4, value)
    chip.drive(4, external)
    chip.run(3)
    assert chip.level(4) == expected


def test_bus_keeper_holds_the_last_level(chip: UnitChip) -> None:
    pad(chip, 4, 0x5E)
    for level in (1, 0, 1):
        chip.drive(4, level)
        chip.run(5)
        chip.drive(4, None)
        chip.run(5)
        assert chip.level(4) == level


def test_input_enable_and_output_disable(chip: UnitChip) -> None:
    ctrl(chip, 4, FUNC_SIO)
    chip.sio(1 << 4, 1 << 4, 1 << 4)
    chip.run(4)
    assert chip.inputs() >> 4 & 1 == 1
    pad(chip, 4, 0x16)  # IE off
    chip.run(4)
    assert chip.inputs() >> 4 & 1 == 0
    assert chip.level(4) == 1
    pad(chip, 4, 0xD6)  # OD on
    chip.run(4)
    assert chip.level(4) == 0


def test_the_selected_function_drives_and_others_are_remembered(chip: UnitChip) -> None:
    chip.sio(1 << 6, 1 << 6, 1 << 6)
    chip.run(2)
    assert chip.level(6) == 0
    ctrl(chip, 6, FUNC_SIO)
    chip.run(2)
    assert chip.level(6) == 1
    StateMachine(chip, [set_("pins", 0), jmp(1)], set_pins=(6, 1), pindirs=1 << 6)
    ctrl(chip, 6, FUNC_PIO0)
    chip.run(5)
    assert chip.level(6) == 0
    ctrl(chip, 6, 31)
    chip.drive(6, 1)
    chip.run(5)
    assert chip.level(6) == 1


def test_the_chip_wins_over_the_outside(chip: UnitChip) -> None:
    ctrl(chip, 6, FUNC_SIO)
    chip.drive(6, 1)
    chip.sio(1 << 6, 0, 1 << 6)
    chip.run(2)
    assert chip.level(6) == 0
    chip.sio(1 << 6, 0, 0)
    chip.run(2)
    assert chip.level(6) == 1


@pytest.mark.parametrize(("mode", "expected"), [(0, 0b10), (1, 0b01), (2, 0b00), (3, 0b11)])
def test_output_input_and_enable_overrides(chip: UnitChip, mode: int, expected: int) -> None:
    for value in (0, 1):
        want = expected >> value & 1
        ctrl(chip, 7, FUNC_SIO | mode << 8)
        chip.sio(1 << 7, value << 7, 1 << 7)
        chip.run(4)
        assert chip.level(7) == want
        word = status(chip, 7)
        assert (word >> 8 & 1, word >> 9 & 1, word >> 12 & 1, word >> 13 & 1) == (value, want, 1, 1)
        ctrl(chip, 7, FUNC_SIO | mode << 12)
        chip.sio(1 << 7, 1 << 7, value << 7)
        chip.run(4)
        assert chip.level(7) == want
        assert status(chip, 7) >> 13 & 1 == want
        ctrl(chip, 7, 31 | mode << 16 | mode << 28)
        chip.drive(7, value)
        chip.run(4)
        assert chip.inputs() >> 7 & 1 == want
        word = status(chip, 7)
        assert (word >> 17 & 1, word >> 19 & 1, word >> 24 & 1, word >> 26 & 1) == (value, want, value, want)


def test_inputs_are_two_cycles_old(chip: UnitChip) -> None:
    chip.run(10)
    chip.drive(3, 1)
    seen = []
    for _ in range(4):
        seen.append((chip.inputs() >> 3 & 1, chip.inputs(1 << 3) >> 3 & 1))
        chip.run(1)
    assert seen == [(0, 1), (0, 1), (1, 1), (1, 1)]


def test_delayed_changes_come_in_time_order(chip: UnitChip) -> None:
    chip.watch(3)
    chip.drive(3, 1, delay=30)
    chip.drive(3, 1, delay=10)
    chip.drive(3, 0, delay=20)
    start = chip.now
    chip.run(40)
    assert chip.edges(3) == [(start + 10, 3, 1), (start + 20, 3, 0), (start + 30, 3, 1)]


@pytest.mark.parametrize("pin", [0, 7, 8, 29])
def test_edge_and_level_interrupts(chip: UnitChip, pin: int) -> None:
    word, shift = 4 * (pin // 8), 4 * (pin % 8)
    chip.write(IO_BANK0 + PROC0_INTE0 + word, (EDGE_HIGH | EDGE_LOW) << shift)
    chip.write(IO_BANK0 + PROC1_INTE0 + word, LEVEL_HIGH << shift)
    assert (chip.irq(IO_IRQ_BANK0), chip.irq(IO_IRQ_BANK0, 1)) == (0, 0)
    chip.drive(pin, 1)
    assert (chip.irq(IO_IRQ_BANK0), chip.irq(IO_IRQ_BANK0, 1)) == (1, 1)
    assert chip.read(IO_BANK0 + PROC0_INTS0 + word) == EDGE_HIGH << shift
    assert chip.read(IO_BANK0 + PROC1_INTS0 + word) == LEVEL_HIGH << shift
    assert chip.read(IO_BANK0 + INTR0 + word) >> shift & 0xF == EDGE_HIGH | LEVEL_HIGH
    chip.write(IO_BANK0 + INTR0 + word, 0xF << shift)  # edges are write-one-to-clear, levels follow the pin
    assert (chip.irq(IO_IRQ_BANK0), chip.irq(IO_IRQ_BANK0, 1)) == (0, 1)
    chip.run(5)
    chip.drive(pin, 0)
    assert (chip.irq(IO_IRQ_BANK0), chip.irq(IO_IRQ_BANK0, 1)) == (1, 0)
    chip.write(IO_BANK0 + INTR0 + word + CLR, EDGE_LOW << shift)
    assert chip.irq(IO_IRQ_BANK0) == 0
    chip.write(IO_BANK0 + PROC0_INTF0 + word + SET, EDGE_LOW << shift)
    assert chip.irq(IO_IRQ_BANK0) == 1


def test_a_delayed_change_interrupts_on_time(chip: UnitChip) -> None:
    chip.write(IO_BANK0 + PROC0_INTE0, EDGE_HIGH << 12)
    chip.drive(3, 1, delay=100)
    chip.run(99)
    assert chip.irq(IO_IRQ_BANK0) == 0
    chip.run(1)
    assert chip.irq(IO_IRQ_BANK0) == 1


def test_a_pin_moved_by_pio_interrupts_on_time(chip: UnitChip) -> None:
    chip.function(FUNC_PIO0, 3)
    chip.wire(3, 9)
    sm = StateMachine(chip, [set_("x", 31, ds=31), jmp(1, "x--", ds=31), set_("pins", 1), jmp(3)], set_pins=(3, 1),
                      pindirs=1 << 3, enable=False)  # fmt: skip
    chip.write(IO_BANK0 + PROC0_INTE0 + 4, EDGE_HIGH << 4)
    start = sm.enable()
    rise = start + 32 + 32 * 32 + 1
    chip.run(rise - 1 - chip.now)
    assert chip.irq(IO_IRQ_BANK0) == 0
    chip.run(2)
    assert chip.irq(IO_IRQ_BANK0) == 1


def test_a_reset_keeps_what_the_outside_drives(chip: UnitChip) -> None:
    chip.function(FUNC_PIO0, 3)
    chip.watch(2, 3)
    chip.drive(2, 1)
    StateMachine(chip, [set_("pins", 1), jmp(1)], set_pins=(3, 1), pindirs=1 << 3)
    chip.run(20)
    assert (chip.level(2), chip.level(3)) == (1, 1)
    when = chip.now
    chip.reset()
    chip.run(10)
    assert (chip.level(2), chip.level(3)) == (1, 0)
    assert chip.inputs() & 0b1100 == 0b0100
    last_cycle, pin, level = chip.edges()[-1]
    assert (pin, level) == (3, 0)
    assert when <= last_cycle <= when + 1
    assert len(chip.edges()) == 3
    assert chip.read(IO_BANK0 + 8 * 3 + 4) == 0x1F


def test_qspi_pins_and_the_bootsel_trick(chip: UnitChip) -> None:
    assert chip.read(QSPI + 0x0C) == 0x1F
    assert chip.read(QSPI + 0x08) >> 17 & 1 == 1
    chip.write(QSPI + 0x0C, 2 << 12 | 0x1F)  # OEOVER low: the pin floats to its pull-up
    assert chip.read(QSPI + 0x08) >> 17 & 1 == 1
    chip.write(QSPI + 0x0C, 3 << 12 | 2 << 8 | 0x1F)  # drive low
    assert chip.read(QSPI + 0x08) >> 17 & 1 == 0
    with pytest.raises(LookupError, match="not modelled"):
        chip.read(QSPI + 0x58)
