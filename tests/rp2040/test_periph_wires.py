"""SPI and I2C on their pins: wave forms of a master, slaves that follow them, whoever moves the lines."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

pytest.importorskip("emberwatch._native", reason="the native module is not built (make setup)")
from audit import Bench

BIT = 200
"""Cycles of an SPI bit below: CPSDVSR 2, SCR 99."""
SPI, I2C, SIO = 1, 3, 5
PULL_UP = 0x5A
STOP, RESTART, READ = 1 << 9, 1 << 10, 1 << 8
OUT_SET, OUT_CLR, OE_SET, IN = "SIO.GPIO_OUT_SET", "SIO.GPIO_OUT_CLR", "SIO.GPIO_OE_SET", "SIO.GPIO_IN"


@pytest.fixture
def bench() -> Iterator[Bench]:
    bench = Bench()
    bench.start()
    yield bench


def spi(bench: Bench, mode: int, bits: int = 8, name: str = "SPI0", slave: bool = False) -> None:
    bench.put(f"{name}.SSPCR1", 0)
    bench.put(f"{name}.SSPCPSR", 2)
    bench.put(f"{name}.SSPCR0", 99 << 8 | (mode & 1) << 7 | mode >> 1 << 6 | bits - 1)
    bench.put(f"{name}.SSPCR1", 6 if slave else 2)


def words(bench: Bench, name: str) -> list[int]:
    """What the receive FIFO holds; taking it out needs the processor."""
    found = []
    while bench.get(f"{name}.SSPSR") & 4:
        found.append(bench.get(f"{name}.SSPDR"))
        bench.take(f"{name}.SSPDR")
    return found


def levels_at(edges: list[tuple[int, int, bool]], pin: int, when: int, before: int) -> int:
    level = before
    for cycle, number, high in edges:
        if number == pin and cycle <= when:
            level = int(high)
    return level


@pytest.mark.parametrize("observed", [True, False])
@pytest.mark.parametrize("mode", [0, 1, 2, 3])
def test_a_master_drives_clock_data_and_select(bench: Bench, mode: int, observed: bool) -> None:
    bench.function(SPI, 16, 17, 18, 19)
    spi(bench, mode)
    if observed:
        bench.chip.record_pins(0xF << 16)
    bench.put("IO_BANK0.INTR2", 0xFFFFFFFF)
    bench.put("SPI0.SSPDR", 0xA5)
    bench.run(20 * BIT)
    # each pin's input latches its edges, watched or not (datasheet 2.19.3): CSn, SCK and TX have moved both ways
    assert bench.get("IO_BANK0.INTR2") >> 4 & 0xCCC == 0xCCC
    if not observed:
        return
    edges = [(cycle, pin, level) for cycle, pin, level in bench.chip.take_edges()]
    select = [(cycle, level) for cycle, pin, level in edges if pin == 17]
    assert [level for _, level in select] == [False, True]
    begin = select[0][0]
    clock = [(cycle - begin, level) for cycle, pin, level in edges if pin == 18]
    assert [cycle for cycle, _ in clock] == [BIT // 2 * n for n in range(1, 17)]
    assert [level for _, level in clock] == [(n % 2 == 0) != (mode >= 2) for n in range(16)]
    taken = clock[mode & 1 :: 2]  # the edge at which both sides take a bit
    bits = [levels_at(edges, 19, begin + cycle, 0) for cycle, _ in taken]
    assert bits == [1, 0, 1, 0, 0, 1, 0, 1]
    assert select[1][0] - begin == 8 * BIT + (BIT if mode & 1 else BIT // 2)


def test_a_master_takes_the_levels_on_its_pin(bench: Bench) -> None:
    bench.function(SPI, 16, 18, 19)
    spi(bench, 0)
    bench.wire(19, 16)  # it hears itself
    bench.put("SPI0.SSPDR", 0x3C)
    bench.run(20 * BIT)
    assert words(bench, "SPI0") == [0x3C]
    bench.put("PADS_BANK0.GPIO16", 0x16)  # the pad's input is off
    bench.put("SPI0.SSPDR", 0x3C)
    bench.run(20 * BIT)
    assert words(bench, "SPI0") == [0]


def test_what_another_pin_does_meanwhile_comes_in(bench: Bench) -> None:
    bench.function(SPI, 16, 18)
    bench.function(SIO, 5)
    bench.wire(5, 16)
    bench.put(OE_SET, 1 << 5)
    spi(bench, 0)
    begin = bench.chip.cycles
    bench.put("SPI0.SSPDR", 0)
    bench.run(begin + 4 * BIT - bench.chip.cycles)
    bench.put(OUT_SET, 1 << 5)
    bench.run(20 * BIT)
    assert words(bench, "SPI0") == [0x0F]


@pytest.mark.parametrize(("mode", "received"), [(0, 1), (1, 4), (2, 1), (3, 4)])
def test_a_slave_needs_a_falling_select_for_each_frame_without_sph(bench: Bench, mode: int, received: int) -> None:
    """PL022: with SPH = 0 the data register is frozen while CSn stays low."""
    bench.function(SPI, 16, 18, 19, 12, 13, 14, 15)
    bench.function(SIO, 17)
    for pin, other in ((19, 12), (16, 15), (18, 14), (17, 13)):
        bench.wire(pin, other)
    bench.put(OUT_SET, 1 << 17)
    bench.put(OE_SET, 1 << 17)
    spi(bench, mode)
    spi(bench, mode, name="SPI1", slave=True)
    for word in (0x81, 0x42, 0x24, 0x18):
        bench.put("SPI1.SSPDR", word)
    bench.put(OUT_CLR, 1 << 17)
    for word in (0x11, 0x22, 0x33, 0x44):
        bench.put("SPI0.SSPDR", word)
    bench.run(60 * BIT)
    bench.put(OUT_SET, 1 << 17)
    bench.run(BIT)
    assert words(bench, "SPI1") == [0x11, 0x22, 0x33, 0x44][:received]
    assert words(bench, "SPI0")[:received] == [0x81, 0x42, 0x24, 0x18][:received]


@pytest.mark.parametrize("mode", [0, 1, 2, 3])
def test_the_blocks_own_select_serves_a_slave_in_every_mode(bench: Bench, mode: int) -> None:
    bench.function(SPI, 16, 17, 18, 19, 12, 13, 14, 15)
    for pin, other in ((19, 12), (16, 15), (18, 14), (17, 13)):
        bench.wire(pin, other)
    spi(bench, mode, bits=12)
    spi(bench, mode, bits=12, name="SPI1", slave=True)
    for n in range(3):
        bench.put("SPI1.SSPDR", 0xA50 + n)
    for n in range(3):
        bench.put("SPI0.SSPDR", 0x123 + n)
    bench.run(60 * BIT)
    assert words(bench, "SPI1") == [0x123, 0x124, 0x125]
    assert words(bench, "SPI0") == [0xA50, 0xA51, 0xA52]


def test_a_slave_follows_pins_that_a_program_moves(bench: Bench) -> None:
    bench.function(SPI, 12, 13, 14, 15)
    bench.function(SIO, 5, 6, 7)
    for pin, other in ((5, 12), (6, 13), (7, 14)):  # MOSI, CSn, SCK
        bench.wire(pin, other)
    bench.put(OUT_SET, 1 << 6)
    bench.put(OE_SET, 7 << 5)
    spi(bench, 0, name="SPI1", slave=True)
    bench.put("SPI1.SSPDR", 0x96)
    bench.put(OUT_CLR, 1 << 6)
    answer = 0
    for bit in range(8):
        bench.put(OUT_SET if 0xC5 >> (7 - bit) & 1 else OUT_CLR, 1 << 5)
        bench.run(10)
        bench.put(OUT_SET, 1 << 7)
        bench.run(10)
        answer = answer << 1 | bench.get(IN) >> 15 & 1
        bench.put(OUT_CLR, 1 << 7)
        bench.run(10)
    bench.put(OUT_SET, 1 << 6)
    assert words(bench, "SPI1") == [0xC5] and answer == 0x96


# ---------------------------------------------------------------------------------------------- I2C


def i2c(bench: Bench, pulls: int = PULL_UP, ten_bits: bool = False) -> None:
    """I2C0 on 4 and 5 as master, I2C1 on 6 and 7 as slave at 0x55, wired."""
    bench.function(I2C, 4, 5, 6, 7)
    for pin in (4, 5, 6, 7):
        bench.put(f"PADS_BANK0.GPIO{pin}", pulls)
    bench.wire(4, 6)
    bench.wire(5, 7)
    for name, con in (("I2C0", 0x65 | ten_bits << 4), ("I2C1", 0x04 | ten_bits << 3)):
        bench.put(f"{name}.IC_ENABLE", 0)
        bench.put(f"{name}.IC_CON", con)
        bench.put(f"{name}.IC_SAR", 0x255 if ten_bits else 0x55)
        bench.put(f"{name}.IC_TAR", 0x255 if ten_bits else 0x55)
        bench.put(f"{name}.IC_ENABLE", 1)


def test_i2c_lines_move_and_an_address_alone_is_not_acknowledged(bench: Bench) -> None:
    bench.function(I2C, 4, 5)
    for pin in (4, 5):
        bench.put(f"PADS_BANK0.GPIO{pin}", PULL_UP)
    bench.chip.record_pins(0x30)
    bench.put("I2C0.IC_TAR", 0x42)
    bench.put("I2C0.IC_ENABLE", 1)
    bench.put("I2C0.IC_DATA_CMD", 0xA5 | STOP)
    bench.run(20_000)
    assert bench.get("I2C0.IC_TX_ABRT_SOURCE") & 1
    edges = [(cycle, pin, level) for cycle, pin, level in bench.chip.take_edges()]
    rises = [cycle for cycle, pin, level in edges if pin == 5 and level]
    assert len(rises) == 10  # nine bits, STOP
    bits = [levels_at(edges, 4, cycle, 1) for cycle in rises[:9]]
    assert bits == [1, 0, 0, 0, 0, 1, 0, 0, 1]
    assert bench.get("IO_BANK0.INTR0") >> 16 & 0xCC == 0xCC


@pytest.mark.parametrize("pulls", [0x56, 0x52])  # the pads' pull-downs; none
def test_without_pull_ups_the_bus_is_never_free(bench: Bench, pulls: int) -> None:
    bench.function(I2C, 4, 5)
    for pin in (4, 5):
        bench.put(f"PADS_BANK0.GPIO{pin}", pulls)
    bench.put("I2C0.IC_ENABLE", 1)
    bench.put("I2C0.IC_DATA_CMD", 0xA5 | STOP)
    bench.run(100_000)
    assert bench.get("I2C0.IC_STATUS") & 1 << 5 and not bench.get("I2C0.IC_RAW_INTR_STAT") & 1 << 6
    for pin in (4, 5):
        bench.put(f"PADS_BANK0.GPIO{pin}", PULL_UP)
    bench.run(100_000)
    assert bench.get("I2C0.IC_RAW_INTR_STAT") & 1 << 6  # nobody acknowledges


@pytest.mark.parametrize("ten_bits", [False, True])
def test_a_master_writes_to_and_reads_from_a_slave(bench: Bench, ten_bits: bool) -> None:
    i2c(bench, ten_bits=ten_bits)
    bench.put("I2C0.IC_DATA_CMD", 0x12)
    bench.put("I2C0.IC_DATA_CMD", 0x34)
    bench.run(40_000)
    assert bench.get("I2C1.IC_RXFLR") == 2
    assert not bench.get(IN) >> 5 & 1  # held without a STOP
    bench.put("I2C0.IC_DATA_CMD", READ | RESTART)
    bench.put("I2C0.IC_DATA_CMD", READ | STOP)
    bench.run(40_000)
    assert bench.get("I2C1.IC_RAW_INTR_STAT") & 1 << 5 and not bench.get(IN) >> 7 & 1  # RD_REQ, SCL stretched
    bench.put("I2C1.IC_DATA_CMD", 0x77)
    bench.run(20_000)
    bench.put("I2C1.IC_DATA_CMD", 0x88)
    bench.run(40_000)
    assert bench.get("I2C0.IC_RXFLR") == 2 and bench.get("I2C0.IC_DATA_CMD") & 0xFF == 0x77
    assert bench.get("I2C1.IC_RAW_INTR_STAT") & 1 << 7  # RX_DONE: the last byte was not acknowledged
    assert bench.get("I2C0.IC_STATUS") & 1 << 5 == 0 and bench.get(IN) >> 4 & 3 == 3


def test_a_program_that_stretches_the_clock_is_waited_for(bench: Bench) -> None:
    bench.function(I2C, 4, 5)
    bench.function(SIO, 9)
    for pin in (4, 5, 9):
        bench.put(f"PADS_BANK0.GPIO{pin}", PULL_UP)
    bench.wire(5, 9)
    bench.put("I2C0.IC_ENABLE", 1)
    bench.put("I2C0.IC_DATA_CMD", 0xA5 | STOP)
    bench.run(100)  # within the address
    bench.put(OE_SET, 1 << 9)  # low
    bench.run(200_000)
    assert bench.get("I2C0.IC_STATUS") & 1 << 5 and not bench.get("I2C0.IC_RAW_INTR_STAT") & 1 << 6
    bench.put("SIO.GPIO_OE_CLR", 1 << 9)
    bench.run(20_000)
    assert bench.get("I2C0.IC_RAW_INTR_STAT") & 1 << 6


def test_arbitration_is_lost_to_a_lower_address(bench: Bench) -> None:
    i2c(bench)
    bench.put("I2C1.IC_ENABLE", 0)
    bench.put("I2C1.IC_CON", 0x65)
    bench.put("I2C1.IC_TAR", 0x54)
    bench.put("I2C1.IC_ENABLE", 1)
    bench.put("I2C0.IC_DATA_CMD", 0x12 | STOP)
    bench.put("I2C1.IC_DATA_CMD", 0x12 | STOP)
    bench.run(40_000)
    assert bench.get("I2C0.IC_TX_ABRT_SOURCE") >> 12 & 1
    assert bench.get("I2C1.IC_TX_ABRT_SOURCE") & 0xFFFF == 1  # alone on the bus, and nobody there
