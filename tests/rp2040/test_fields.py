"""No writable bit without effect: what the description says of each field is what the model does, in both directions."""

from __future__ import annotations

import pytest

pytest.importorskip("emberwatch._native", reason="the native module is not built (make setup)")
from audit import Audit, Audited, Bench, writable_fields
from thumb import RAM

from emberwatch.chip import Verdict, load

TREQ_PERMANENT = 0x3F
WORD, HALFWORD, BYTE = 2 << 2, 1 << 2, 0
SOURCE, TARGET = RAM + 0x1000, RAM + 0x2000
ALL_IRQS = 0xFFFFFFFF


def paced(treq: int, ctrl: int = 0) -> int:
    """CTRL of a channel that `treq` paces and that interrupts."""
    return ctrl | treq << 15


def timer(bench: Bench) -> None:
    bench.put("TIMER.INTE", 0b0101)
    bench.put("TIMER.ALARM0", bench.get("TIMER.TIMERAWL") + 50)
    bench.put("TIMER.ALARM1", bench.get("TIMER.TIMERAWL") + 1)
    bench.put("TIMER.ALARM2", bench.get("TIMER.TIMERAWL") + 100)
    bench.put("TIMER.ALARM3", bench.get("TIMER.TIMERAWL") + 2)
    bench.run(1000)  # INTR: 1 and 3


def pwm(bench: Bench) -> None:
    bench.function(4, 0, 1, 2, 3)
    for number in (0, 1):
        bench.put(f"PWM.CH{number}_TOP", 99)
        bench.put(f"PWM.CH{number}_CC", 30 << 16 | 60)
        bench.put(f"PWM.CH{number}_DIV", 0x18)
        bench.put(f"PWM.CH{number}_CSR", 1)
    bench.put("PWM.INTE", 2)
    bench.run(1000)


def dma(bench: Bench) -> None:
    bench.chip.write_memory(SOURCE, bytes(range(256)) * 4)
    bench.put("DMA.TIMER0", 1 << 16 | 50)
    bench.dma(0, SOURCE + 1, TARGET + 2, 20, paced(0x3B, HALFWORD | 1 << 4 | 1 << 5 | 1 << 23))
    bench.dma(1, SOURCE, TARGET + 0x400, 8, paced(TREQ_PERMANENT, WORD | 1 << 4 | 1 << 5))
    bench.dma(2, 0x40068000, TARGET, 1, paced(TREQ_PERMANENT, WORD))
    bench.dma(3, SOURCE, 0xF0000000, 1, paced(TREQ_PERMANENT, WORD))
    bench.put("DMA.SNIFF_CTRL", 1)
    bench.put("DMA.SNIFF_DATA", 0x1234)
    bench.put("DMA.INTE0", 0xFFF)
    bench.trigger(1)
    bench.run(200)


def dma_stir(bench: Bench) -> None:
    bench.trigger(0, 1)


def adc(bench: Bench) -> None:
    bench.chip.set_adc(0, 0x123)
    bench.chip.set_adc(1, 0xABC)
    bench.put("ADC.DIV", 300 << 8)
    bench.put("ADC.INTE", 1)
    bench.dma(0, bench.address("ADC.FIFO"), TARGET, 8, paced(36, HALFWORD | 1 << 5))
    bench.trigger(0)
    bench.put("ADC.FCS", 1 << 24 | 1)
    bench.put("ADC.CS", 1 << 3 | 1)
    bench.run(20_000)  # the FIFO overflows
    bench.peek(bench.address("ADC.FIFO"))


def busctrl(bench: Bench) -> None:
    bench.put("BUSCTRL.PERFSEL0", 0x0F)  # sram0
    bench.put("BUSCTRL.PERFSEL1", 0x0E)
    dma(bench)
    bench.chip.load(RAM + 0x4000, bytes.fromhex("00680068fce70000"))  # ldr r0, [r0] twice, and again


def busctrl_stir(bench: Bench) -> None:
    bench.trigger(1)
    bench.chip.set_register(0, "r0", RAM + 0x5000)
    bench.chip.set_register(0, "pc", RAM + 0x4000)


def i2c(bench: Bench) -> None:
    """I2C0 as master writes to and reads from I2C1 as slave, through wires; the DMA keeps their FIFOs moving."""
    bench.function(3, 4, 5, 6, 7)
    bench.chip.wire_pins(4, 6)
    bench.chip.wire_pins(5, 7)
    for name, con in (("I2C0", 0x63), ("I2C1", 0x00)):
        bench.put(f"{name}.IC_ENABLE", 0)
        bench.put(f"{name}.IC_CON", con)
        bench.put(f"{name}.IC_SAR", 0x55)
        bench.put(f"{name}.IC_TAR", 0x55)
        bench.put(f"{name}.IC_INTR_MASK", 0x1FF)
        bench.put(f"{name}.IC_DMA_CR", 3)
    bench.dma(0, bench.address("I2C1.IC_DATA_CMD"), TARGET, 8, paced(35, HALFWORD | 1 << 5))
    bench.trigger(0)


def i2c_stir(bench: Bench) -> None:
    bench.put("I2C1.IC_ENABLE", 1)
    bench.put("I2C0.IC_ENABLE", bench.get("I2C0.IC_ENABLE") | 1)
    for word in (0x011, 0x022, 0x233):
        bench.put("I2C0.IC_DATA_CMD", word)


def io_bank0(bench: Bench) -> None:
    bench.function(5, 0, 1, 8, 16, 24)
    bench.put("SIO.GPIO_OE", 1)
    bench.put("SIO.GPIO_OUT", 1)
    bench.chip.drive_pin(8, True)
    bench.run(10)
    bench.chip.drive_pin(0, None)
    for word in range(4):
        bench.put(f"IO_BANK0.PROC0_INTE{word}", 0xFFFFFFFF)
    bench.put("SIO.GPIO_OUT", 0)
    bench.run(10)
    bench.put("SIO.GPIO_OUT", 1)
    bench.run(10)
    for word in range(4):
        bench.put(f"IO_BANK0.PROC0_INTE{word}", 0)


def toggle(bench: Bench) -> None:
    for level in (0, 1, 0, 1):
        bench.put("SIO.GPIO_OUT", level)
        bench.run(50)
        for pin in (8, 16, 24):
            bench.chip.drive_pin(pin, bool(level))


def io_qspi(bench: Bench) -> None:
    bench.chip.press_bootsel(True)
    bench.run(10)
    bench.chip.press_bootsel(False)


def bootsel(bench: Bench) -> None:
    for pressed in (True, False, True):
        bench.chip.press_bootsel(pressed)
        bench.run(100)


def pio(bench: Bench) -> None:
    """Machine 0 counts its input and pushes it; machine 1 shifts words out to pins."""
    bench.function(6, 0, 1, 2, 3, 4)
    program = (0x4001, 0xA022, 0x8000, 0x6041, 0xE101, 0xC020, 0x00C0)
    for n, code in enumerate(program):
        bench.put(f"PIO0.INSTR_MEM{n}", code)
    bench.put("PIO0.SM0_EXECCTRL", 4 << 12)
    bench.put("PIO0.SM0_PINCTRL", 3 << 26 | 3 << 20 | 1)
    bench.put("PIO0.SM0_INSTR", 0xE083)
    bench.put("PIO0.CTRL", 1)
    bench.run(100)


def pio_stir(bench: Bench) -> None:
    for word in (0x12345678, 0xFFFF0000, 0x0F0F0F0F):
        bench.put("PIO0.TXF0", word)
        bench.run(200)
    bench.chip.drive_pin(3, True)


def sio(bench: Bench) -> None:
    bench.function(5, 0, 1)
    bench.put("SIO.GPIO_OE", 1)
    bench.put("SIO.INTERP0_BASE0", 0x10)
    bench.put("SIO.INTERP0_BASE1", 0x1000)
    bench.put("SIO.INTERP0_ACCUM0", 0x12345678)
    bench.put("SIO.INTERP0_ACCUM1", 0x9ABCDEF0)
    for lane in ("INTERP0_CTRL_LANE0", "INTERP0_CTRL_LANE1", "INTERP1_CTRL_LANE0", "INTERP1_CTRL_LANE1"):
        bench.put(f"SIO.{lane}", 31 << 10)
    bench.put("SIO.INTERP1_ACCUM0", 0x92345678)
    bench.put("SIO.INTERP1_BASE1", 0x100)
    bench.put("SIO.DIV_UDIVIDEND", 1000)
    bench.put("SIO.DIV_UDIVISOR", 7)
    for word in range(9):
        bench.put("SIO.FIFO_WR", word)  # the last one does not fit: WOF
    bench.run(100)


def spi(bench: Bench) -> None:
    """SPI0 as master and SPI1 as slave through wires."""
    bench.function(1, 16, 17, 18, 19, 8, 9, 10, 11)
    for master, slave in ((19, 8), (16, 11), (18, 10), (17, 9)):
        bench.chip.wire_pins(master, slave)
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


def spi_stir(bench: Bench) -> None:
    bench.put("SPI0.SSPDR", 0xA5)
    bench.put("SPI0.SSPDR", 0x3C)


def flash(bench: Bench) -> None:
    """The SSI as a second stage sets it up, and a channel that copies from flash through the cache."""
    bench.chip.write_memory(0x10000000, bytes(range(256)) * 64)
    for name, value in (
        ("SSIENR", 0),
        ("BAUDR", 4),
        ("CTRLR0", 0x005F0300),
        ("SPI_CTRLR0", 0xA0002022),
        ("SSIENR", 1),
    ):
        bench.put(f"XIP_SSI.{name}", value)
    bench.put("XIP_CTRL.FLUSH", 1)
    bench.run(5000)
    bench.dma(0, 0x10000040, TARGET, 64, paced(TREQ_PERMANENT, WORD | 1 << 4 | 1 << 5))
    bench.trigger(0)
    bench.run(3000)
    bench.dma(1, bench.address("XIP_CTRL.STREAM_FIFO"), TARGET, 8, paced(37, WORD | 1 << 5))
    bench.put("XIP_CTRL.STREAM_CTR", 3)
    bench.trigger(1)


def flash_stir(bench: Bench) -> None:
    bench.trigger(0)


def serial_flash(bench: Bench) -> None:
    """Single frames by hand, as a driver of the flash makes them."""
    for name, value in (("SSIENR", 0), ("BAUDR", 4), ("CTRLR0", 7 << 16), ("SER", 1), ("SSIENR", 1)):
        bench.put(f"XIP_SSI.{name}", value)
    bench.put("XIP_SSI.IMR", 0x3F)
    bench.dma(0, bench.address("XIP_SSI.DR0"), TARGET, 8, paced(39, BYTE | 1 << 5))
    bench.dma(1, SOURCE, bench.address("XIP_SSI.DR0"), 4, paced(38, BYTE | 1 << 4))
    bench.trigger(0, 1)


def serial_flash_stir(bench: Bench) -> None:
    for word in (0x9F, 0, 0, 0):
        bench.put("XIP_SSI.DR0", word)


def uart(bench: Bench) -> None:
    """UART0 sends to itself through a wire and receives from the host, faults included."""
    bench.function(2, 0, 1, 2)
    bench.chip.wire_pins(0, 1)
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


def uart_stir(bench: Bench) -> None:
    bench.put("UART0.UARTLCR_H", bench.get("UART0.UARTLCR_H"))  # latches the divisors
    for value in b"\xa5U":
        bench.put("UART0.UARTDR", value)


def watchdog(bench: Bench) -> None:
    bench.put("WATCHDOG.LOAD", 200)
    bench.put("PSM.WDSEL", 0x1FFFF & ~3)


def clocks(bench: Bench) -> None:
    bench.function(8, 21, 23, 24, 25)
    for n in range(4):
        bench.put(f"CLOCKS.CLK_GPOUT{n}_CTRL", 0x800 | 6 << 5)
        bench.put(f"CLOCKS.CLK_GPOUT{n}_DIV", 1000 << 8)
    bench.put("CLOCKS.FC0_REF_KHZ", 12000)
    bench.put("CLOCKS.FC0_MAX_KHZ", 60_000)
    bench.put("CLOCKS.FC0_INTERVAL", 1)
    bench.put("CLOCKS.FC0_SRC", 9)
    bench.put("UART0.UARTIBRD", 4)
    bench.put("UART0.UARTLCR_H", 0x70)
    bench.put("UART0.UARTCR", 0x301)
    bench.function(2, 0)


def measure(bench: Bench) -> None:
    bench.put("CLOCKS.FC0_SRC", bench.get("CLOCKS.FC0_SRC"))
    bench.put("UART0.UARTDR", 0x55)


def rtc(bench: Bench) -> None:
    bench.put("RTC.CLKDIV_M1", 20)
    bench.put("RTC.SETUP_0", 2024 << 12 | 2 << 8 | 28)
    bench.put("RTC.SETUP_1", 3 << 24 | 23 << 16 | 59 << 8 | 58)
    bench.put("RTC.CTRL", 0x11)
    bench.put("RTC.IRQ_SETUP_0", 1 << 28)
    bench.put("RTC.IRQ_SETUP_1", 1 << 28 | 59)
    bench.put("RTC.INTE", 1)


def rtc_stir(bench: Bench) -> None:
    bench.run(20_000)
    bench.put("RTC.CTRL", bench.get("RTC.CTRL") | 0x10)


def usb(bench: Bench) -> None:
    bench.put("USBCTRL.MAIN_CTRL", 1)
    bench.put("USBCTRL.USB_MUXING", 9)
    bench.put("USBCTRL.USB_PWR", 0xC)
    bench.put("USBCTRL.SIE_CTRL", 1 << 16 | 1 << 29)
    bench.put("USBCTRL.INTE", 0)
    bench.run(150 * 125_000)  # debounce, bus reset, first requests


BLOCKS = {
    "ADC": Audited(adc),
    "BUSCTRL": Audited(busctrl, busctrl_stir),
    "CLOCKS": Audited(clocks, measure),
    "DMA": Audited(dma, dma_stir),
    "I2C": Audited(i2c, i2c_stir, horizon=60_000),
    "IO_BANK0": Audited(io_bank0, toggle),
    "IO_QSPI": Audited(io_qspi, bootsel),
    "PADS_BANK0": Audited(io_bank0, toggle),
    "PIO": Audited(pio, pio_stir),
    "PWM": Audited(pwm),
    "RTC": Audited(rtc, rtc_stir, horizon=200_000),
    "SIO": Audited(sio),
    "SPI": Audited(spi, spi_stir),
    "TIMER": Audited(timer, values={"ALARM%.ALARM%": (0, 400, 500)}),
    "UART": Audited(uart, uart_stir),
    "USBCTRL": Audited(usb, horizon=200_000),
    "WATCHDOG": Audited(watchdog),
    "XIP_CTRL": Audited(flash, flash_stir),
    "XIP_SSI": Audited(serial_flash, serial_flash_stir),
}


@pytest.mark.parametrize("name", [block.name for block in load().blocks if not block.private])
def test_every_field_does_what_its_description_says(name: str) -> None:
    block = load().block(name)
    audit = Audit(block, BLOCKS.get(name, Audited()))
    wrong = []
    for register, row, path, field in writable_fields(block):
        found = audit.verdict(register, row, path, field)
        if found is not field.verdict:
            wrong.append(f"{path}: described as {field.verdict.value}, the model makes it {found.value}")
    assert not wrong, "\n".join(wrong)


def test_the_audit_sees_a_field_without_effect_and_one_with() -> None:
    audit = Audit(load().block("TIMER"), BLOCKS["TIMER"])
    verdicts = {path: audit.verdict(*entry) for entry in writable_fields(load().block("TIMER")) if (path := entry[2])}
    assert verdicts["DBGPAUSE.DBG0"] is Verdict.STORED
    assert verdicts["PAUSE.PAUSE"] is Verdict.FULL
