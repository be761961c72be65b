"""UART: frame times from the baud divisors, FIFOs, interrupts, errors, DMA requests."""

from __future__ import annotations

import pytest
from periph_chip import CLOCKS, CLR, FUNC_SIO, FUNC_UART, SET, UART0, PeriphChip

DR, RSR, FR, IBRD, FBRD, LCR_H, CR, IFLS, IMSC, RIS, MIS, ICR, DMACR = (
    0x00, 0x04, 0x18, 0x24, 0x28, 0x2C, 0x30, 0x34, 0x38, 0x3C, 0x40, 0x44, 0x48,
)  # fmt: skip
BUSY, RXFE, TXFF, RXFF, TXFE = 1 << 3, 1 << 4, 1 << 5, 1 << 6, 1 << 7
FEN, WLEN8 = 1 << 4, 3 << 5
IRQ, DREQ_TX, DREQ_RX = 20, 20, 21
BIT_115200 = 1085  # 16 * (67 + 52/64) cycles of 125 MHz


def configure(chip: PeriphChip, baud: int = 115200, lcr: int = FEN | WLEN8, control: int = 0x301) -> None:
    divisor = (8 * 125_000_000 // baud + 1) // 2  # as uart_set_baudrate() rounds
    chip.write(UART0 + IBRD, divisor >> 6)
    chip.write(UART0 + FBRD, divisor & 63)
    chip.write(UART0 + LCR_H, lcr)
    chip.write(UART0 + CR, control)


@pytest.fixture
def chip() -> PeriphChip:
    chip = PeriphChip()
    chip.boot()
    chip.select(0, FUNC_UART)
    chip.select(1, FUNC_UART)
    return chip


def test_reset_values_and_identification(chip: PeriphChip) -> None:
    assert chip.read(UART0 + FR) & 0xF8 == TXFE | RXFE
    assert chip.read(UART0 + CR) == 0x300 and chip.read(UART0 + IFLS) == 0x12
    assert bytes(chip.read(UART0 + 0xFE0 + 4 * i) for i in range(8)) == bytes.fromhex("11103400 0df005b1")


def test_byte_time_is_ten_bits_at_115200(chip: PeriphChip) -> None:
    configure(chip)
    start = chip.now
    for value in b"Hello":
        chip.write(UART0 + DR, value)
    assert chip.read(UART0 + FR) & BUSY
    chip.run(60_000)
    data, cycles = chip.uart_take()
    assert data == b"Hello"
    assert cycles == [start + 10 * BIT_115200 * n for n in range(1, 6)]
    assert chip.read(UART0 + FR) & (BUSY | TXFE) == TXFE


@pytest.mark.parametrize(
    ("lcr", "bits"), [(WLEN8, 10), (WLEN8 | 1 << 1, 11), (WLEN8 | 1 << 3, 11), (0, 7), (2 << 5 | 1 << 1 | 1 << 3, 11)]
)
def test_frame_length_counts_data_parity_and_stop_bits(chip: PeriphChip, lcr: int, bits: int) -> None:
    configure(chip, lcr=lcr | FEN)
    start = chip.now
    chip.write(UART0 + DR, 0xFF)
    chip.run(20_000)
    data, cycles = chip.uart_take()
    assert cycles == [start + bits * BIT_115200]
    assert data[0] == (1 << (5 + (lcr >> 5 & 3))) - 1


def test_fractional_bits_do_not_accumulate_rounding(chip: PeriphChip) -> None:
    configure(chip, baud=921600)  # 16 * (8 + 31/64) = 135.75 cycles a bit, 1357.5 a byte
    start = chip.now
    for n in range(20):
        chip.write(UART0 + DR, n)
    chip.run(40_000)
    _, cycles = chip.uart_take()
    assert cycles == [start + -(-2715 * n // 2) for n in range(1, 21)]


def test_divisors_take_effect_with_lcr_h(chip: PeriphChip) -> None:
    configure(chip)
    chip.write(UART0 + IBRD, 1)
    start = chip.now
    chip.write(UART0 + DR, 1)
    chip.run(20_000)
    assert chip.uart_take()[1] == [start + 10 * BIT_115200]


def test_transmit_fifo_holds_32_and_drops_more(chip: PeriphChip) -> None:
    configure(chip)
    for n in range(40):
        chip.write(UART0 + DR, n)
    assert chip.read(UART0 + FR) & TXFF
    chip.run(40 * 10 * BIT_115200)
    # One in the shift register and 32 in the FIFO.
    assert chip.uart_take()[0] == bytes(range(33))


def test_transmit_interrupt_at_the_trigger_level(chip: PeriphChip) -> None:
    configure(chip)
    chip.write(UART0 + IMSC, 1 << 5)
    start = chip.now
    for n in range(20):  # level 19 behind the shift register; trigger at 16
        chip.write(UART0 + DR, n)
    assert not chip.irq(IRQ)
    chip.run(100 * BIT_115200)
    assert chip.irq(IRQ) and chip.irq_rose(IRQ) == start + 3 * 10 * BIT_115200
    chip.write(UART0 + ICR, 1 << 5)
    assert not chip.irq(IRQ) and chip.read(UART0 + RIS) & 1 << 5 == 0


def test_receive_interrupt_timeout_and_timing(chip: PeriphChip) -> None:
    configure(chip)
    chip.write(UART0 + IMSC, 1 << 4 | 1 << 6)
    chip.write(UART0 + IFLS, 0)  # trigger at 4
    start = chip.now
    chip.call("uart_send", b"abcde", 5)
    chip.run_to(start + 10 * BIT_115200 - 1)
    assert chip.read(UART0 + FR) & RXFE
    chip.run(1)
    assert not chip.read(UART0 + FR) & RXFE
    chip.run(40 * BIT_115200)
    assert chip.irq_rose(IRQ) == start + 40 * BIT_115200 and chip.read(UART0 + MIS) == 1 << 4
    assert [chip.read(UART0 + DR) for _ in range(3)] == list(b"abc")
    assert not chip.irq(IRQ)
    chip.run(200 * BIT_115200)
    # Two bytes are left and nothing moves: receive timeout 32 bit times after the last activity.
    assert chip.read(UART0 + MIS) == 1 << 6
    assert [chip.read(UART0 + DR) for _ in range(2)] == list(b"de")
    assert chip.read(UART0 + RIS) == 0


def test_overrun_keeps_the_fifo_and_flags_the_loss(chip: PeriphChip) -> None:
    configure(chip)
    chip.call("uart_send", bytes(range(40)), 40)
    chip.run(500 * BIT_115200)
    assert chip.read(UART0 + FR) & RXFF and chip.read(UART0 + RIS) & 1 << 10
    words = [chip.read(UART0 + DR) for _ in range(32)]
    # RSR tells of it at once, DR with the next character that is received (datasheet 4.2.3.2.4, 4.2.8).
    assert words == list(range(32))
    assert chip.read(UART0 + RSR) == 8
    chip.call("uart_send", b"AB", 2)
    chip.run(30 * BIT_115200)
    assert [chip.read(UART0 + DR) for _ in range(2)] == [1 << 11 | ord("A"), ord("B")]
    assert chip.read(UART0 + RSR) == 8
    chip.write(UART0 + RSR, 0)
    assert chip.read(UART0 + RSR) == 0


@pytest.mark.parametrize("error", [8, 9, 10])  # FE, PE, BE
def test_receive_errors_reach_data_status_and_interrupt(chip: PeriphChip, error: int) -> None:
    configure(chip)
    chip.call("uart_send_frame", 1 << error | 0x55)
    chip.run(11 * BIT_115200)
    assert chip.read(UART0 + RIS) & 0x780 == 1 << (error - 1)
    assert chip.read(UART0 + DR) == 1 << error | 0x55
    assert chip.read(UART0 + RSR) == 1 << (error - 8)


def test_loopback(chip: PeriphChip) -> None:
    configure(chip, control=0x381)
    chip.write(UART0 + DR, 0xA5)
    chip.run(11 * BIT_115200)
    assert chip.read(UART0 + DR) == 0xA5 and chip.uart_take()[0] == b""


def test_a_break_in_loopback_is_received_once(chip: PeriphChip) -> None:
    configure(chip, control=0x381)
    control = chip.read(UART0 + 0x2C)
    chip.write(UART0 + DR, 0x5A)
    chip.run(3 * BIT_115200)
    chip.write(UART0 + 0x2C, control | 1)  # the frame under way ends first
    chip.run(40 * BIT_115200)
    chip.write(UART0 + 0x2C, control)
    chip.run(20 * BIT_115200)
    assert chip.read(UART0 + RIS) & 1 << 9  # BE
    assert chip.read(UART0 + DR) == 0x5A
    assert chip.read(UART0 + DR) == 1 << 10 | 1 << 8  # BE and FE, no data
    assert chip.read(UART0 + 0x18) & 1 << 4  # nothing more


def test_in_loopback_rts_is_heard_as_cts(chip: PeriphChip) -> None:
    configure(chip, control=0x381)
    assert not chip.read(UART0 + 0x18) & 1
    chip.write(UART0 + CR, 0x381 | 1 << 11)
    chip.run(2)
    assert chip.read(UART0 + 0x18) & 1 and chip.read(UART0 + RIS) & 2


def test_without_clk_peri_a_frame_stands_still(chip: PeriphChip) -> None:
    configure(chip)
    begin = chip.now
    chip.write(UART0 + DR, 0xA5)
    chip.run(5 * BIT_115200)
    control = chip.read(CLOCKS + 0x48)
    chip.write(CLOCKS + 0x48, control & ~(1 << 11))
    chip.run(100_000)
    assert chip.uart_take()[0] == b""
    chip.write(CLOCKS + 0x48, control)
    chip.run(6 * BIT_115200)
    data, cycles = chip.uart_take()
    assert data == bytes([0xA5])
    assert cycles[0] - begin == pytest.approx(10 * BIT_115200 + 100_000, abs=10)


def test_dma_requests_follow_the_fifos(chip: PeriphChip) -> None:
    configure(chip)
    assert chip.call("dreq", DREQ_TX) == 0
    chip.write(UART0 + DMACR, 3)
    assert (chip.call("dreq", DREQ_TX), chip.call("dreq", DREQ_RX)) == (32, 0)
    for n in range(5):
        chip.write(UART0 + DR, n)
    chip.call("uart_send", b"xy", 2)
    assert chip.call("dreq", DREQ_TX) == 28
    chip.run(21 * BIT_115200)
    assert (chip.call("dreq", DREQ_TX), chip.call("dreq", DREQ_RX)) == (30, 2)


def test_atomic_aliases(chip: PeriphChip) -> None:
    configure(chip, control=0)
    chip.write(UART0 + SET + CR, 0x301)
    assert chip.read(UART0 + CR) == 0x301
    chip.write(UART0 + CLR + CR, 0x200)
    assert chip.read(UART0 + CR) == 0x101
    chip.write(UART0 + SET + DR, ord("!"))
    chip.run(11 * BIT_115200)
    assert chip.uart_take()[0] == b"!"


def test_frame_in_flight_stretches_with_clk_sys(chip: PeriphChip) -> None:
    configure(chip)
    t0 = chip.call("picoseconds", chip.now)
    chip.write(UART0 + DR, 0x42)
    chip.run(4 * BIT_115200)
    chip.write(CLOCKS + 0x40, 0x200)  # clk_sys and with it clk_peri halve
    chip.run(50_000)
    _, cycles = chip.uart_take()
    elapsed = chip.call("picoseconds", cycles[0]) - t0
    assert abs(elapsed - (4 + 6 * 2) * BIT_115200 * 8000) <= 16_000


@pytest.mark.parametrize(("parity", "bit"), [(0, None), (1 << 1, 1), (1 << 1 | 1 << 2, 0), (1 << 1 | 1 << 7, 1)])
def test_waveform_on_the_pin(chip: PeriphChip, parity: int, bit: int | None) -> None:
    configure(chip, lcr=FEN | WLEN8 | parity)  # 0x35 has four ones: odd parity 1, even parity 0
    chip.call("record", 1)
    start = chip.now
    chip.write(UART0 + DR, 0x35)
    chip.write(UART0 + DR, 0xFF)
    chip.run(25 * BIT_115200)
    bits = [0, *(0x35 >> i & 1 for i in range(8)), *([] if bit is None else [bit]), 1]
    bits += [0] + [1] * 9
    expected = [
        (start + i * BIT_115200, 0, level)
        for i, (before, level) in enumerate(zip([1, *bits], bits, strict=False))
        if level != before
    ]
    assert [e for e in chip.edges() if e[0] <= start + 18 * BIT_115200] == [
        e for e in expected if e[0] <= start + 18 * BIT_115200
    ]


def test_break_pulls_the_line_low(chip: PeriphChip) -> None:
    configure(chip)
    chip.call("record", 1)
    start = chip.now
    chip.write(UART0 + SET + LCR_H, 1)
    chip.run(1000)
    chip.write(UART0 + CLR + LCR_H, 1)
    chip.run(10)
    assert chip.edges() == [(start + 1, 0, 0), (start + 1001, 0, 1)]


def test_bytes_need_pins_with_the_uart_function(chip: PeriphChip) -> None:
    chip.select(0, FUNC_SIO)
    chip.select(1, FUNC_SIO)
    configure(chip)
    chip.call("uart_send", b"A", 1)
    chip.write(UART0 + DR, 0x55)
    chip.run(20 * BIT_115200)
    assert chip.uart_take()[0] == b"" and chip.read(UART0 + FR) & RXFE
    chip.select(13, FUNC_UART)  # another RX pin of UART0
    chip.run(21 * BIT_115200)
    assert chip.read(UART0 + DR) == ord("A")


def test_snapshot_in_mid_frame(chip: PeriphChip) -> None:
    configure(chip)
    for value in b"snap":
        chip.write(UART0 + DR, value)
    chip.call("uart_send", b"shot", 4)
    chip.run(15 * BIT_115200)
    chip.call("save")
    chip.run(100 * BIT_115200)
    first = chip.uart_take(), [chip.read(UART0 + DR) for _ in range(4)]
    assert chip.call("restore")
    chip.run(100 * BIT_115200)
    assert (chip.uart_take(), [chip.read(UART0 + DR) for _ in range(4)]) == first


def test_break_holds_back_what_waits_in_the_fifo(chip: PeriphChip) -> None:
    """PL011 TRM 3.3.7: the frame in the shift register ends, then the line is low until BRK is cleared."""
    configure(chip)
    for value in b"abc":
        chip.write(UART0 + DR, value)
    chip.run(5 * BIT_115200)
    chip.write(UART0 + LCR_H, FEN | WLEN8 | 1)
    chip.run(60 * BIT_115200)
    assert chip.uart_take()[0] == b"a"
    chip.write(UART0 + LCR_H, FEN | WLEN8)
    chip.run(30 * BIT_115200)
    assert chip.uart_take()[0] == b"bc"
