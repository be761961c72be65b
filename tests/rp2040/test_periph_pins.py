"""Blocks that meet at the pins: UARTs wired to each other, clock outputs, interrupts in the cycle of the edge."""

from __future__ import annotations

import itertools

import pytest
from periph_chip import CLOCKS, FUNC_CLOCK, FUNC_PWM, FUNC_UART, IO_BANK0, PWM, UART0, UART1, PeriphChip

DR, FR, IBRD, FBRD, LCR_H, CR, IMSC, RIS = 0x00, 0x18, 0x24, 0x28, 0x2C, 0x30, 0x38, 0x3C
BRK, PEN, EPS, FEN, WLEN7, WLEN8 = 1 << 0, 1 << 1, 1 << 2, 1 << 4, 2 << 5, 3 << 5
FE, PE, BE = 1 << 8, 1 << 9, 1 << 10
RXI = 1 << 4
IO_IRQ, UART1_IRQ = 13, 21
TX, RX = 0, 5  # of UART0, of UART1
BIT = 16 * 68  # cycles of a bit at divisor 68


def configure(chip: PeriphChip, uart: int, lcr: int = FEN | WLEN8, divisor: int = 68 * 64) -> None:
    chip.write(uart + IBRD, divisor >> 6)
    chip.write(uart + FBRD, divisor & 63)
    chip.write(uart + LCR_H, lcr)
    chip.write(uart + CR, 0x301)


@pytest.fixture
def chip() -> PeriphChip:
    """UART0's TX wired to UART1's RX; both idle."""
    chip = PeriphChip()
    chip.boot()
    chip.call("wire", TX, RX)
    chip.select(TX, FUNC_UART)
    chip.select(RX, FUNC_UART)
    return chip


def received(chip: PeriphChip) -> list[int]:
    frames = []
    while not chip.read(UART1 + FR) >> 4 & 1:
        frames.append(chip.read(UART1 + DR))
    return frames


@pytest.mark.parametrize("lcr", [FEN | WLEN8, FEN | WLEN8 | PEN, FEN | WLEN8 | PEN | EPS, FEN | WLEN7 | PEN | EPS])
def test_one_uart_hears_the_other(chip: PeriphChip, lcr: int) -> None:
    text = b"pins, not bytes!"
    configure(chip, UART0, lcr)
    configure(chip, UART1, lcr)
    for value in text:
        chip.write(UART0 + DR, value)
    chip.run(len(text) * 12 * BIT)
    assert bytes(received(chip)) == text


def test_a_frame_is_over_in_the_middle_of_its_stop_bit(chip: PeriphChip) -> None:
    """Nobody looks meanwhile: the interrupt must come by itself."""
    configure(chip, UART0)
    configure(chip, UART1, WLEN8)
    chip.write(UART1 + IMSC, RXI)
    chip.call("record", 1 << RX)
    chip.write(UART0 + DR, 0x35)
    chip.run(11 * BIT)
    (start, pin, level), *_ = chip.edges()
    assert (pin, level) == (RX, 0)
    assert chip.irq_rose(UART1_IRQ) == start + 9 * BIT + BIT // 2


@pytest.mark.parametrize(("percent", "good"), [(-3, True), (3, True), (-8, False), (8, False)])
def test_tolerance_of_the_baud_rate(chip: PeriphChip, percent: int, good: bool) -> None:
    """Nine and a half bits must not drift by half a bit: 5 %."""
    configure(chip, UART0, divisor=68 * 64 * 100 // (100 + percent))
    configure(chip, UART1)
    chip.write(UART0 + DR, 0x55)
    chip.run(14 * BIT)
    assert (received(chip)[:1] == [0x55]) == good


def test_parity_error(chip: PeriphChip) -> None:
    configure(chip, UART0, FEN | WLEN8 | PEN | EPS)
    configure(chip, UART1, FEN | WLEN8 | PEN)
    chip.write(UART0 + DR, 0x41)
    chip.run(13 * BIT)
    assert received(chip) == [0x41 | PE]


def test_framing_error(chip: PeriphChip) -> None:
    """Eight data bits and parity, read as eight data bits: the parity bit, 0, stands where the stop bit should."""
    configure(chip, UART0, FEN | WLEN8 | PEN | EPS)
    configure(chip, UART1)
    chip.write(UART0 + DR, 0x41)
    chip.run(13 * BIT)
    assert received(chip) == [0x41 | FE]


def test_break_is_received_once(chip: PeriphChip) -> None:
    configure(chip, UART0)
    configure(chip, UART1)
    chip.write(UART0 + LCR_H, FEN | WLEN8 | BRK)
    chip.run(40 * BIT)
    assert received(chip) == [FE | BE]
    chip.write(UART0 + LCR_H, FEN | WLEN8)
    chip.run(BIT)
    chip.write(UART0 + DR, 0x42)
    chip.run(12 * BIT)
    assert received(chip) == [0x42]


def test_a_glitch_is_no_start_bit(chip: PeriphChip) -> None:
    configure(chip, UART1)
    chip.call("drive", RX, True)
    chip.run(BIT)
    chip.call("drive", RX, False)
    chip.run(BIT // 3)
    chip.call("drive", RX, True)
    chip.run(20 * BIT)
    assert received(chip) == []


def test_a_pin_without_the_function_is_not_heard(chip: PeriphChip) -> None:
    chip.select(RX, 5)
    configure(chip, UART0)
    configure(chip, UART1)
    chip.write(UART0 + DR, 0x42)
    chip.run(12 * BIT)
    assert received(chip) == []


def enable_edge_low(chip: PeriphChip, pin: int) -> None:
    chip.write(IO_BANK0 + 0xF0 + 4 * (pin // 8), 0xF << 4 * (pin % 8))
    chip.write(IO_BANK0 + 0x100 + 4 * (pin // 8), 4 << 4 * (pin % 8))


def test_pin_interrupt_of_a_uart_edge(chip: PeriphChip) -> None:
    configure(chip, UART0)
    enable_edge_low(chip, TX)
    chip.call("record", 1 << TX)
    chip.write(UART0 + DR, 0xFF)
    chip.run(20 * BIT)
    assert chip.irq_rose(IO_IRQ) == chip.edges()[0][0]


def test_pin_interrupt_of_a_pwm_edge(chip: PeriphChip) -> None:
    chip.select(2, FUNC_PWM)
    slice1 = PWM + 0x14
    chip.write(slice1 + 0x10, 999)
    chip.write(slice1 + 0x0C, 400)
    chip.write(slice1 + 0x00, 1)
    chip.run(100)
    chip.call("record", 1 << 2)
    enable_edge_low(chip, 2)
    chip.run(5000)
    falling = [when for when, _, level in chip.edges() if level == 0]
    assert chip.irq_rose(IO_IRQ) == falling[0]
    assert {b - a for a, b in itertools.pairwise(falling)} == {1000}


@pytest.mark.parametrize(("index", "pin"), [(0, 21), (1, 23), (2, 24), (3, 25)])
def test_clock_output(chip: PeriphChip, index: int, pin: int) -> None:
    """clk_sys by 25 + 64/256 on each GPOUT: half periods of 12.625 cycles."""
    chip.select(pin, FUNC_CLOCK)
    chip.write(CLOCKS + 12 * index + 4, 25 << 8 | 64)
    chip.call("record", 1 << pin)
    chip.write(CLOCKS + 12 * index, 1 << 11 | 6 << 5)
    chip.run(25_250)
    edges = chip.edges()
    assert len(edges) in (1999, 2000, 2001)
    assert {b[0] - a[0] for a, b in itertools.pairwise(edges)} == {12, 13}
    assert all(a[2] != b[2] for a, b in itertools.pairwise(edges))


def test_clock_output_stops_with_its_generator(chip: PeriphChip) -> None:
    chip.select(21, FUNC_CLOCK)
    chip.write(CLOCKS + 4, 10 << 8)
    chip.write(CLOCKS + 0, 1 << 11 | 6 << 5)
    chip.call("record", 1 << 21)
    chip.run(1000)
    assert len(chip.edges()) > 190
    chip.write(CLOCKS + 0, 0)
    chip.run(1000)
    assert chip.edges() == []


def test_pin_interrupt_of_a_clock_output(chip: PeriphChip) -> None:
    chip.select(21, FUNC_CLOCK)
    chip.write(CLOCKS + 4, 1000 << 8)
    chip.write(CLOCKS + 0, 1 << 11 | 6 << 5)
    chip.run(100)
    chip.call("record", 1 << 21)
    enable_edge_low(chip, 21)
    chip.run(5000)
    assert chip.irq_rose(IO_IRQ) == next(when for when, _, level in chip.edges() if level == 0)
