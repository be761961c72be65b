"""A terminal on the board's pins: what it can read of a UART, what the UART can read of it, and what it says if not."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

pytest.importorskip("emberwatch._native", reason="the native module is not built (make setup)")
from audit import Bench

UART = 2
FRAME = 10 * 1086


@pytest.fixture
def bench() -> Iterator[Bench]:
    bench = Bench()
    bench.start()
    bench.chip.set_terminal(0, 0, 1, 115_200)
    bench.put("UART0.UARTIBRD", 67)
    bench.put("UART0.UARTFBRD", 52)
    bench.put("UART0.UARTLCR_H", 0x70)
    bench.put("UART0.UARTCR", 0x301)
    bench.function(UART, 0, 1)
    yield bench


def sent(bench: Bench) -> bytes:
    bench.put("UART0.UARTDR", ord("x"))
    bench.run(12 * FRAME)
    return bench.chip.uart_take(0)[0]


def test_what_is_on_the_pin_at_the_rate_is_read(bench: Bench) -> None:
    assert sent(bench) == b"x" and bench.chip.uart_note(0) == ""
    bench.put("UART0.UARTFBRD", 10)  # 1 % faster
    bench.put("UART0.UARTLCR_H", 0x78)  # two stop bits
    assert sent(bench) == b"x" and bench.chip.uart_note(0) == ""


@pytest.mark.parametrize(
    ("register", "value", "note"),
    [
        ("IO_BANK0.GPIO0_CTRL", UART | 1 << 8, "GPIO0, the board's TX pin, does not show UART0 as it is"),
        ("IO_BANK0.GPIO0_CTRL", UART | 2 << 12, "GPIO0, the board's TX pin, does not show UART0 as it is"),
        ("PADS_BANK0.GPIO0", 0xD6, "GPIO0, the board's TX pin, does not show UART0 as it is"),
        ("UART0.UARTIBRD", 813, "UART0 runs at 9[0-9]+ baud, the board's terminal at 115200"),
        ("UART0.UARTIBRD", 64, "UART0 runs at 12[0-9]+ baud, the board's terminal at 115200"),
        ("UART0.UARTLCR_H", 0x50, "UART0 has frames of 7 bits, the board's terminal has 8N1"),
        ("UART0.UARTLCR_H", 0x72, "UART0 has frames of 8 bits and parity, the board's terminal has 8N1"),
    ],
)
def test_what_the_terminal_cannot_read_is_not_shown_and_named(
    bench: Bench, register: str, value: int, note: str
) -> None:
    bench.put(register, value)
    if register == "UART0.UARTIBRD":
        bench.put("UART0.UARTLCR_H", 0x70)  # takes the divisor over
    assert sent(bench) == b""
    assert re.match(note, bench.chip.uart_note(0)), bench.chip.uart_note(0)


def test_the_wrong_pin(bench: Bench) -> None:
    bench.put("IO_BANK0.GPIO0_CTRL", 31)
    bench.function(UART, 12)
    assert sent(bench) == b""
    assert bench.chip.uart_note(0) == "UART0 sends on GPIO12, the board's TX pin is GPIO0"


def test_no_pin_at_all_is_silent_without_a_note(bench: Bench) -> None:
    bench.put("IO_BANK0.GPIO0_CTRL", 31)
    assert sent(bench) == b"" and bench.chip.uart_note(0) == ""


def test_both_ways(bench: Bench) -> None:
    bench.chip.uart_send(0, b"a")
    bench.run(2 * FRAME)
    assert bench.get("UART0.UARTDR") & 0xFF == ord("a")
    bench.take("UART0.UARTDR")
    bench.put("PADS_BANK0.GPIO1", 0x16)  # the pad's input is off
    bench.chip.uart_send(0, b"b")
    bench.run(2 * FRAME)
    assert bench.get("UART0.UARTFR") & 1 << 4
    assert bench.chip.uart_note(0).startswith("GPIO1, the board's RX pin, does not reach UART0")


def test_the_other_uart_has_no_terminal(bench: Bench) -> None:
    for register, value in (("IBRD", 813), ("LCR_H", 0x70), ("CR", 0x301)):
        bench.put(f"UART1.UART{register}", value)
    bench.function(UART, 20)
    bench.put("UART1.UARTDR", ord("y"))
    bench.run(15 * FRAME)
    assert bench.chip.uart_take(1)[0] == b"y" and bench.chip.uart_note(1) == ""
