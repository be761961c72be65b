"""Scenes in which the fields of PIO can be seen to act."""

from __future__ import annotations

from audit import Bench, Scene

from scenes.common import TARGET, TREQ_PERMANENT, WORD, paced


def pio_program(bench: Bench, *program: int) -> None:
    bench.function(6, *range(8))
    for n, code in enumerate(program):
        bench.put(f"PIO0.INSTR_MEM{n}", code)
    bench.put("PIO0.SM0_EXECCTRL", (len(program) - 1) << 12)


def pio_out(bench: Bench) -> None:
    """out pins, 3; in pins, 5; mov x, status; jmp pin; set pins: with side-set on pin 7."""
    pio_program(bench, 0x6003, 0x5005, 0xA005, 0x00C5, 0xE001, 0xF002, 0x4022)
    bench.put("PIO0.SM0_PINCTRL", 1 << 29 | 3 << 26 | 3 << 20 | 7 << 10 | 5 << 5)
    bench.put("PIO0.SM0_EXECCTRL", bench.get("PIO0.SM0_EXECCTRL") | 1)
    bench.put("PIO0.SM0_SHIFTCTRL", 3 << 18 | 1 << 17 | 1 << 16)
    for code in (0xE087, 0xF087):
        bench.put("PIO0.SM0_INSTR", code)
        bench.run(10)
    bench.put("PIO0.SM0_CLKDIV", 3 << 16)
    bench.dma(0, bench.address("PIO0.RXF0"), TARGET, 16, paced(4, WORD | 1 << 5))
    bench.trigger(0)
    bench.put("PIO0.CTRL", 1)
    bench.run(50)


def pio_sticky(bench: Bench) -> None:
    """out pins, 4 and then set pins: what of it stays depends on the enable bit and on stickiness."""
    pio_program(bench, 0x80A0, 0x6004, 0xE300, 0xA042, 0x6001)
    bench.put("PIO0.SM0_PINCTRL", 1 << 26 | 4 << 20)
    bench.put("PIO0.SM0_SHIFTCTRL", 3 << 18)
    bench.put("PIO0.SM0_EXECCTRL", 4 << 12 | 1 << 18 | 1 << 17 | 2 << 19)
    bench.put("PIO0.SM1_EXECCTRL", 31 << 12)
    for code in (0xE08F,):
        bench.put("PIO0.SM0_INSTR", code)
    bench.put("PIO0.CTRL", 1)


def pio_sticky_stir(bench: Bench) -> None:
    """Machine 1 sets the same pins, behind which the outputs of machine 0 may stay."""
    pio_stir(bench)
    bench.put("PIO0.SM1_PINCTRL", 4 << 26)
    for value in (0xE000, 0xE00F):
        bench.put("PIO0.SM1_INSTR", value)
        bench.run(20)


def pio_flags(bench: Bench) -> None:
    """All flags of FDEBUG and IRQ are set; the machine stands."""
    pio_program(bench, 0xC001, 0x8020, 0x0002)
    bench.put("PIO0.CTRL", 1)
    for word in range(6):
        bench.put("PIO0.TXF0", word)
    bench.dma(0, bench.address("PIO0.RXF1"), TARGET, 1, paced(TREQ_PERMANENT, WORD))
    bench.trigger(0)
    bench.run(100)
    bench.put("PIO0.SM2_SHIFTCTRL", 3 << 18)
    bench.put("PIO0.SM2_INSTR", 0x80A0)
    bench.run(10)
    bench.put("PIO0.IRQ_FORCE", 0xFF)


def pio_full(bench: Bench) -> None:
    """Machine 0 pushes more than anybody takes: RXSTALL."""
    pio_program(bench, 0x8020)
    bench.put("PIO0.CTRL", 1)
    bench.run(50)


def pio_stir(bench: Bench) -> None:
    for pin in (3, 4):
        bench.chip.drive_pin(pin, True)
    for word in (0x12345678, 0xFFFF0000, 0x0F0F5A5A, 0x87654321):
        bench.put("PIO0.TXF0", word)
        bench.run(300)
    for pin, level in ((3, True), (4, True), (3, False)):
        bench.chip.drive_pin(pin, level)
        bench.run(300)


def pio_status(bench: Bench) -> None:
    """mov pins, status: words wait in the transmit FIFO, none in the receive FIFO."""
    pio_program(bench, 0xA005)
    bench.put("PIO0.SM0_EXECCTRL", bench.get("PIO0.SM0_EXECCTRL") & ~0x1F000 | 1)
    bench.put("PIO0.SM0_PINCTRL", 3 << 26 | 3 << 20)
    bench.put("PIO0.SM0_INSTR", 0xE087)
    for word in range(2):
        bench.put("PIO0.TXF0", word)
    bench.put("PIO0.CTRL", 1)


def pio_waits(bench: Bench) -> None:
    """wait 1 pin 0, then a flag: how long it takes shows the synchroniser."""
    pio_program(bench, 0x20A0, 0xC001, 0x2020)
    bench.put("PIO0.CTRL", 1)
    bench.run(50)


def pio_waits_stir(bench: Bench) -> None:
    bench.chip.drive_pin(0, True)
    bench.run(3)


BLOCKS: dict[str, tuple[Scene, ...]] = {
    "PIO": (
        Scene(pio_out, pio_stir, values={"SM%_EXECCTRL.JMP_PIN": (0, 4)}),
        Scene(pio_sticky, pio_sticky_stir),
        Scene(pio_flags),
        Scene(pio_status),
        Scene(pio_full, pio_stir),
        Scene(pio_waits, pio_waits_stir),
    ),
}
