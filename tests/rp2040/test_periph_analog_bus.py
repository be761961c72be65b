"""ADC, SPI and I2C: conversion and transfer times, FIFOs, devices, errors."""

from __future__ import annotations

import pytest
from periph_chip import ADC, CLR, I2C0, SET, SPI0, PeriphChip

CS, RESULT, FCS, FIFO, DIV, INTE = 0x00, 0x04, 0x08, 0x0C, 0x10, 0x18
CONVERSION = 96 * 125 // 48  # 96 clk_adc periods of 48 MHz in cycles of 125 MHz


@pytest.fixture
def chip() -> PeriphChip:
    chip = PeriphChip()
    chip.boot()
    return chip


def test_adc_conversion_takes_96_clk_adc_periods(chip: PeriphChip) -> None:
    chip.write(ADC + CS, 1)
    chip.call("set_adc", 2, 0xABC)
    assert chip.read(ADC + CS) == 1 | 1 << 8
    begin = chip.now
    chip.write(ADC + CS, 1 | 1 << 2 | 2 << 12)
    assert chip.read(ADC + CS) & 1 << 8 == 0
    ready = chip.wait(ADC + CS, 1 << 8)
    assert CONVERSION <= ready - begin <= CONVERSION + 3  # plus the wait for the next clk_adc edge
    assert chip.read(ADC + RESULT) == 0xABC


@pytest.mark.parametrize("celsius", [27.0, -10.0, 60.0])
def test_temperature_sensor_inverts_the_datasheet_formula(chip: PeriphChip, celsius: float) -> None:
    chip.write(ADC + CS, 3)
    if celsius != 27.0:  # 27 degrees is the default
        chip.call("set_temperature", celsius)
    chip.write(ADC + CS, 3 | 1 << 2 | 4 << 12)
    chip.run(1000)
    volts = chip.read(ADC + RESULT) * 3.3 / 4096
    assert 27 - (volts - 0.706) / 0.001721 == pytest.approx(celsius, abs=0.5)


def test_round_robin_through_the_fifo_with_dreq_and_interrupt(chip: PeriphChip) -> None:
    for n in range(4):
        chip.call("set_adc", n, 0x100 + n)
    chip.write(ADC + FCS, 1 | 1 << 3 | 2 << 24)
    chip.write(ADC + INTE, 1)
    chip.write(ADC + CS, 1)
    begin = chip.now
    chip.write(ADC + CS, 1 | 1 << 3 | 1 << 12 | 0b01011 << 16)
    chip.run(CONVERSION + 5)
    assert not chip.irq(22) and chip.call("dreq", 36) == 0
    chip.run(CONVERSION)
    assert chip.irq(22) and chip.call("dreq", 36) == 2
    assert chip.irq_rose(22) - begin <= 2 * CONVERSION + 3
    assert [chip.read(ADC + FIFO) for _ in range(2)] == [0x101, 0x103]
    assert not chip.irq(22)
    chip.run(2 * CONVERSION)
    assert [chip.read(ADC + FIFO) for _ in range(2)] == [0x100, 0x101]


def test_adc_fifo_overflow_and_underflow_are_write_to_clear(chip: PeriphChip) -> None:
    chip.write(ADC + FCS, 1)
    chip.write(ADC + CS, 1 | 1 << 3)
    chip.run(10 * CONVERSION)
    fcs = chip.read(ADC + FCS)
    assert fcs >> 16 & 15 == 8 and fcs & 1 << 11 and fcs & 1 << 9
    chip.write(ADC + CLR + CS, 1 << 3)
    for _ in range(9):
        chip.read(ADC + FIFO)
    assert chip.read(ADC + FCS) & (1 << 10 | 1 << 11) == 1 << 10 | 1 << 11
    chip.write(ADC + SET + FCS, 1 << 11)
    assert chip.read(ADC + FCS) & (1 << 10 | 1 << 11) == 1 << 10
    assert chip.read(ADC + FCS) & 1


def test_adc_divider_paces_conversions(chip: PeriphChip) -> None:
    chip.write(ADC + FCS, 1)
    chip.write(ADC + DIV, 47_999 << 8)  # 1 kHz
    chip.write(ADC + CS, 1 | 1 << 3)
    chip.run(3 * 125_000 - 1000)
    assert chip.read(ADC + FCS) >> 16 & 15 == 3
    chip.run(2000)
    assert chip.read(ADC + FCS) >> 16 & 15 == 4


def test_the_adcs_fifo_holds_eight(chip: PeriphChip) -> None:
    """Measured by users; the first editions of the datasheet said four."""
    chip.write(ADC + FCS, 7 << 24 | 1)
    chip.write(ADC + INTE, 1)
    chip.write(ADC + CS, 1 << 3 | 1)
    chip.run(7 * CONVERSION - 2)
    assert not chip.irq(22)
    chip.run(CONVERSION // 2)
    assert chip.irq(22) and chip.read(ADC + FCS) >> 16 & 15 == 7
    chip.run(CONVERSION)
    status = chip.read(ADC + FCS)
    assert status >> 16 & 15 == 8 and status >> 9 & 1 and not status >> 11 & 1  # FULL, not yet OVER
    chip.run(CONVERSION)
    status = chip.read(ADC + FCS)
    assert status >> 16 & 15 == 8 and status >> 11 & 1


CR0, CR1, DR, SR, CPSR, IMSC, RIS, ICR, DMACR = 0x00, 0x04, 0x08, 0x0C, 0x10, 0x14, 0x18, 0x20, 0x24


def spi(chip: PeriphChip, bits: int = 8, prescale: int = 4, scr: int = 4, control: int = 2) -> int:
    chip.write(SPI0 + CPSR, prescale)
    chip.write(SPI0 + CR0, (bits - 1) | scr << 8 | 1 << 7)  # SPH=1: frames without a gap
    chip.write(SPI0 + CR1, control)
    return bits * prescale * (scr + 1)


@pytest.mark.parametrize("bits", [4, 8, 16])
def test_spi_frame_time_and_loopback(chip: PeriphChip, bits: int) -> None:
    frame = spi(chip, bits, control=3)
    for n in range(3):
        chip.write(SPI0 + DR, 5 + n)
    assert chip.read(SPI0 + SR) & 16
    chip.run(3 * frame - 1)
    assert chip.read(SPI0 + SR) & 16
    chip.run(1)
    assert chip.read(SPI0 + SR) == 1 | 2 | 4
    assert [chip.read(SPI0 + DR) for _ in range(3)] == [5, 6, 7]


def test_spi_device_and_receive_overrun(chip: PeriphChip) -> None:
    chip.call("connect")
    frame = spi(chip)
    for n in range(9):
        chip.write(SPI0 + DR, n)
        chip.run(frame + frame // 8)  # CSn is high again
    assert chip.read(SPI0 + RIS) & 1
    assert [chip.read(SPI0 + DR) for _ in range(8)] == [0, *(0xFF - n for n in range(7))]
    chip.write(SPI0 + ICR, 3)
    assert chip.read(SPI0 + RIS) == 8


def test_spi_interrupts_and_requests(chip: PeriphChip) -> None:
    frame = spi(chip, control=3)
    chip.write(SPI0 + DMACR, 3)
    chip.write(SPI0 + IMSC, 4)
    assert chip.call("dreq", 16) == 8
    begin = chip.now
    for n in range(6):
        chip.write(SPI0 + DR, n)
    assert chip.call("dreq", 16) == 3
    chip.run(10 * frame - 1)
    assert chip.irq_rose(18) == begin + 4 * frame and chip.call("dreq", 17) == 6
    assert chip.read(SPI0 + RIS) & 2 == 0
    chip.run(1)
    assert chip.read(SPI0 + RIS) & 2  # receive timeout: 32 bit times after the last frame


DATA_CMD, FS_HCNT, FS_LCNT, RAW, CLR_TX_ABRT, CLR_STOP = 0x10, 0x1C, 0x20, 0x34, 0x54, 0x60
ENABLE, STATUS, TXFLR, RXFLR, ABRT_SOURCE, SPKLEN, TAR, CON = 0x6C, 0x70, 0x74, 0x78, 0x80, 0xA0, 0x04, 0x00
STOP, RESTART, READ = 1 << 9, 1 << 10, 1 << 8
BIT = 188 + 2 + 7 + 124 + 1  # HCNT + SPKLEN + 7 + LCNT + 1


def i2c(chip: PeriphChip, address: int = 0x50) -> None:
    chip.call("connect")
    chip.write(I2C0 + ENABLE, 0)
    chip.write(I2C0 + CON, 1 | 2 << 1 | 1 << 5 | 1 << 6 | 1 << 8)
    chip.write(I2C0 + FS_HCNT, 188)
    chip.write(I2C0 + FS_LCNT, 124)
    chip.write(I2C0 + SPKLEN, 2)
    chip.write(I2C0 + TAR, address)
    chip.write(I2C0 + ENABLE, 1)


def test_i2c_write_then_read_with_restart(chip: PeriphChip) -> None:
    i2c(chip)
    begin = chip.now
    for command in (0x10, 0xAA, 0xBB | STOP):
        chip.write(I2C0 + DATA_CMD, command)
    chip.run(100 * BIT)
    # START, address and three bytes of nine bits, STOP.
    assert chip.call("i2c_stopped") - begin == (1 + 4 * 9 + 1) * BIT
    assert chip.read(I2C0 + RAW) & 1 << 9 and chip.read(I2C0 + CLR_STOP) == 1
    assert chip.read(I2C0 + RAW) & 1 << 9 == 0
    for command in (0x10, READ | RESTART, READ | STOP):
        chip.write(I2C0 + DATA_CMD, command)
    chip.run(100 * BIT)
    assert chip.read(I2C0 + RXFLR) == 2
    assert [chip.read(I2C0 + DATA_CMD) & 0xFF for _ in range(2)] == [0xAA, 0xBB]
    assert chip.read(I2C0 + STATUS) & 1 == 0


def test_i2c_address_without_a_device_is_aborted(chip: PeriphChip) -> None:
    i2c(chip, 0x33)
    chip.write(I2C0 + 0x30, 1 << 6)
    begin = chip.now
    for command in (1, 2, 3 | STOP):
        chip.write(I2C0 + DATA_CMD, command)
    chip.run(100 * BIT)
    assert chip.irq_rose(23) - begin == 10 * BIT
    assert chip.read(I2C0 + ABRT_SOURCE) == 1 | 2 << 23 and chip.read(I2C0 + TXFLR) == 0
    assert chip.read(I2C0 + RAW) & (1 << 9 | 1 << 6) == 1 << 9 | 1 << 6
    chip.write(I2C0 + DATA_CMD, 4)  # flushed until the abort is acknowledged
    assert chip.read(I2C0 + TXFLR) == 0
    assert chip.read(I2C0 + CLR_TX_ABRT) == 1
    assert chip.read(I2C0 + ABRT_SOURCE) == 0 and not chip.irq(23)


def test_i2c_data_without_acknowledge_is_aborted(chip: PeriphChip) -> None:
    i2c(chip)
    for command in (0x10, 0xEE, 0x55 | STOP):
        chip.write(I2C0 + DATA_CMD, command)
    chip.run(100 * BIT)
    assert chip.read(I2C0 + ABRT_SOURCE) == 1 << 3 | 1 << 23


def test_i2c_tx_empty_waits_for_the_byte_and_the_bus_is_held_without_stop(chip: PeriphChip) -> None:
    i2c(chip)
    chip.write(I2C0 + DATA_CMD, 0x10)
    assert chip.read(I2C0 + RAW) & 1 << 4 == 0
    chip.run(19 * BIT)
    assert chip.read(I2C0 + RAW) & 1 << 4 and chip.read(I2C0 + STATUS) & 1
    assert chip.read(I2C0 + RAW) & 1 << 9 == 0
