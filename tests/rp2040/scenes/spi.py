"""Scenes in which the fields of SPI can be seen to act."""

from __future__ import annotations

from audit import Bench, Scene

from scenes.common import HALFWORD, SOURCE, TARGET, paced


def spi(bench: Bench) -> None:
    """SPI0 as master and SPI1 as slave through wires."""
    bench.function(1, 16, 17, 18, 19, 8, 9, 10, 11)
    for master, slave in ((19, 8), (16, 11), (18, 10), (17, 9)):
        bench.wire(master, slave)
    for name, cr1 in (("SPI1", 0b0110), ("SPI0", 0b0010)):
        bench.put(f"{name}.SSPCPSR", 4)
        bench.put(f"{name}.SSPCR0", 1 << 8 | 7)
        bench.put(f"{name}.SSPIMSC", 0)
        bench.put(f"{name}.SSPCR1", cr1)
    for n in range(10):
        bench.put("SPI0.SSPDR", n)
        bench.run(1000)  # the receive FIFO overflows
    bench.run(20_000)
    bench.put("SPI1.SSPDR", 0x5A)
    bench.dma(0, bench.address("SPI0.SSPDR"), TARGET, 20, paced(17, HALFWORD | 1 << 5))
    bench.dma(1, SOURCE, bench.address("SPI0.SSPDR"), 3, paced(16, HALFWORD | 1 << 4))
    bench.trigger(0, 1)


def spi_drained(bench: Bench) -> None:
    """The same with room for what comes in, which can be seen then."""
    spi(bench)
    for _ in range(8):
        bench.take("SPI0.SSPDR")


def spi_slave(bench: Bench) -> None:
    """SPI0 as slave of SPI1."""
    spi(bench)
    bench.chip.restore(bench.chip.save())
    bench.put("SPI0.SSPDMACR", 0)
    bench.put("SPI0.SSPCR1", 0)
    bench.put("SPI1.SSPCR1", 0)
    bench.put("SPI0.SSPCR1", 0b0110)
    bench.put("SPI1.SSPCR1", 0b0010)
    bench.put("SPI1.SSPDMACR", 1)
    bench.dma(2, bench.address("SPI1.SSPDR"), TARGET + 0x100, 30, paced(19, HALFWORD | 1 << 5))
    bench.trigger(2)
    bench.run(5000)


def spi_slave_stir(bench: Bench) -> None:
    for word in (0x11, 0x22, 0x33, 0x44):
        bench.put("SPI0.SSPDR", word)
    for word in range(8):
        bench.put("SPI1.SSPDR", word)


def spi_stir(bench: Bench) -> None:
    bench.put("SPI0.SSPDR", 0xA5)
    bench.put("SPI0.SSPDR", 0x3C)


BLOCKS: dict[str, tuple[Scene, ...]] = {
    "SPI": (Scene(spi, spi_stir), Scene(spi_drained, spi_stir), Scene(spi_slave, spi_slave_stir)),
}
