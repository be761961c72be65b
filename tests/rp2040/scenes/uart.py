"""Scenes in which the fields of UART can be seen to act."""

from __future__ import annotations

from audit import Bench, Scene

from scenes.common import BYTE, SOURCE, TARGET, paced


def uart(bench: Bench) -> None:
    """UART0 sends to itself through a wire and receives from the host, faults included."""
    bench.function(2, 0, 1, 2)
    bench.wire(0, 1)
    bench.put("UART0.UARTIBRD", 4)
    bench.put("UART0.UARTFBRD", 10)
    bench.put("UART0.UARTLCR_H", 0x70)
    bench.put("UART0.UARTIMSC", 0)
    bench.put("UART0.UARTCR", 0x301)
    for n in range(40):
        bench.put("UART0.UARTDR", 0x40 + n)
        bench.run(800)  # more than the receive FIFO holds
    bench.dma(0, bench.address("UART0.UARTDR"), TARGET, 3, paced(21, BYTE | 1 << 5))
    bench.dma(1, SOURCE, bench.address("UART0.UARTDR"), 3, paced(20, BYTE | 1 << 4))
    bench.trigger(0, 1)


def uart_errors(bench: Bench) -> None:
    """UART1, which sends other frames and breaks, is wired to UART0, which has seen every kind of error."""
    bench.function(2, 0, 1, 2, 3, 4)
    bench.wire(4, 1)
    for name, line_control in (("UART0", 0x76), ("UART1", 0x78)):
        bench.put(f"{name}.UARTIBRD", 4)
        bench.put(f"{name}.UARTLCR_H", line_control)
        bench.put(f"{name}.UARTCR", 0x301)
    for value in (0x01, 0x03, 0x00):
        bench.put("UART1.UARTDR", value)
    bench.run(10_000)
    bench.put("UART1.UARTLCR_H", 0x79)
    bench.run(3000)
    bench.put("UART1.UARTLCR_H", 0x78)
    bench.run(3000)


def uart_errors_stir(bench: Bench) -> None:
    uart_stir(bench)
    bench.put("UART1.UARTDR", 0x07)
    for level in (True, False):
        bench.chip.drive_pin(2, level)
        bench.run(1000)


def uart_parity(bench: Bench) -> None:
    uart_errors(bench)
    bench.put("UART0.UARTIMSC", 0x780)
    bench.put("UART0.UARTDMACR", 1)
    bench.dma(0, bench.address("UART0.UARTDR"), TARGET, 3, paced(21, BYTE | 1 << 5))
    bench.trigger(0)


def uart_levels(bench: Bench) -> None:
    """Both FIFOs run through their triggers."""
    bench.function(2, 0, 1, 2, 3)
    bench.wire(0, 1)
    bench.put("UART0.UARTIBRD", 4)
    bench.put("UART0.UARTLCR_H", 0x70)
    bench.put("UART0.UARTCR", 0x301)


def uart_levels_stir(bench: Bench) -> None:
    for value in range(20):
        bench.put("UART0.UARTDR", value)


def uart_sending(bench: Bench) -> None:
    uart_levels(bench)
    bench.put("UART0.UARTIMSC", 1 << 5 | 1 << 4)


def uart_held(bench: Bench) -> None:
    """CTS is high."""
    uart_levels(bench)
    bench.chip.drive_pin(2, True)


def uart_stir(bench: Bench) -> None:
    bench.put("UART0.UARTLCR_H", bench.get("UART0.UARTLCR_H"))  # latches the divisors
    for value in b"\xa5\x07":
        bench.put("UART0.UARTDR", value)


BLOCKS: dict[str, tuple[Scene, ...]] = {
    "UART": (
        Scene(uart, uart_stir),
        Scene(uart_errors, uart_errors_stir),
        Scene(uart_parity, uart_errors_stir),
        Scene(uart_levels, uart_levels_stir),
        Scene(uart_sending, uart_levels_stir),
        Scene(uart_held, uart_levels_stir),
    ),
}
