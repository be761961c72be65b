"""No writable bit without effect: what is described of each field is what the model does, in both directions."""

from __future__ import annotations

import pytest

pytest.importorskip("emberwatch._native", reason="the native module is not built (make setup)")
from audit import Bench, Scene, verdicts
from thumb import RAM

from emberwatch.chip import Verdict, load, memory

TREQ_PERMANENT = 0x3F
WORD, HALFWORD, BYTE = 2 << 2, 1 << 2, 0
SOURCE, TARGET = RAM + 0x1000, RAM + 0x2000
QSPI = ("SCLK", "SS", "SD0", "SD1", "SD2", "SD3")


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


def dma_busy(bench: Bench) -> None:
    """A channel that has more requests than time, and a slow one."""
    bench.put("DMA.TIMER0", 1 << 16 | 1)
    bench.dma(0, bench.address("TIMER.TIMERAWL"), TARGET, 1000, paced(0x3B, WORD | 1 << 5))
    bench.trigger(0)
    bench.run(100)


def dma_rivals(bench: Bench) -> None:
    bench.chip.write_memory(SOURCE, bytes(range(256)) * 4)
    for channel in (0, 1, 2):
        ctrl = WORD | 1 << 4 | 1 << 5 | 3 << 6
        bench.dma(channel, SOURCE, TARGET + 0x200 * channel, 20, paced(TREQ_PERMANENT, ctrl))


def three_channels(bench: Bench) -> None:
    bench.trigger(0, 1, 2)


def dma_failed(bench: Bench) -> None:
    """READ_ERROR and WRITE_ERROR are set."""
    bench.dma(0, 0xF0000000, TARGET, 1, paced(TREQ_PERMANENT, WORD))
    bench.trigger(0)
    bench.run(50)
    bench.put("DMA.CH0_READ_ADDR", SOURCE)
    bench.put("DMA.CH0_WRITE_ADDR", 0xF0000000)
    bench.trigger(0)
    bench.run(50)


def dma_stir(bench: Bench) -> None:
    bench.trigger(0, 1)


def adc(bench: Bench) -> None:
    bench.chip.set_adc(0, 0x123)
    bench.chip.set_adc(1, 0xABC)
    bench.put("ADC.DIV", 300 << 8)
    bench.dma(0, bench.address("ADC.FIFO"), TARGET, 100, paced(36, HALFWORD | 1 << 5))
    bench.put("ADC.INTE", 1)
    bench.put("ADC.FCS", 1 << 24 | 1 << 3 | 1)
    bench.put("ADC.CS", 1 << 3 | 1)
    bench.run(20_000)  # the FIFO overflows
    bench.trigger(0)


def adc_idle(bench: Bench) -> None:
    bench.chip.set_adc(0, 0x123)
    bench.put("ADC.FCS", 2 << 24)
    bench.put("ADC.CS", 1)


def adc_sensor(bench: Bench) -> None:
    bench.put("ADC.FCS", 1)
    bench.put("ADC.CS", 4 << 12 | 1)


def convert(bench: Bench) -> None:
    for _ in range(2):
        bench.put("ADC.CS", bench.get("ADC.CS") | 1 << 2)
        bench.run(2000)


def adc_underflow(bench: Bench) -> None:
    """The DMA takes a word of an empty FIFO: UNDER."""
    bench.dma(0, bench.address("ADC.FIFO"), TARGET, 1, paced(TREQ_PERMANENT, HALFWORD))
    bench.trigger(0)
    bench.run(100)


def busctrl(bench: Bench) -> None:
    """Core and DMA want the same bank of SRAM, which two counters watch."""
    bench.put("BUSCTRL.PERFSEL0", 0x0F)  # sram0
    bench.put("BUSCTRL.PERFSEL1", 0x0E)
    bench.dma(0, RAM + 0x6000, RAM + 0x6000, 500, paced(TREQ_PERMANENT, WORD))
    loop = b"\x02\x68\x02\x60\xfc\xe7"  # ldr r2, [r0]; str r2, [r0]; b to the first
    bench.chip.load(RAM + 0x4000, loop)
    bench.chip.set_register(0, "r0", RAM + 0x5000)
    bench.chip.set_register(0, "pc", RAM + 0x4000)
    bench.run(500)


def both_cores(bench: Bench) -> None:
    busctrl(bench)
    bench.chip.set_register(0, "pc", RAM + 0x3F002)
    bench.chip.load(RAM + 0x4010, bytes.fromhex("0148026802 60fce7 00500020".replace(" ", "")))
    bench.launch(RAM + 0x4010)


def first_channel(bench: Bench) -> None:
    bench.trigger(0)


def i2c(bench: Bench) -> None:
    """I2C0 as master writes to and reads from I2C1 as slave, through wires; the DMA keeps their FIFOs moving."""
    bench.function(3, 4, 5, 6, 7)
    for pin in (4, 5, 6, 7):
        bench.put(f"PADS_BANK0.GPIO{pin}", 0x5A)  # pull-ups
    bench.wire(4, 6)
    bench.wire(5, 7)
    for name, con in (("I2C0", 0x65), ("I2C1", 0x04)):
        bench.put(f"{name}.IC_ENABLE", 0)
        bench.put(f"{name}.IC_CON", con)
        bench.put(f"{name}.IC_SAR", 0x55)
        bench.put(f"{name}.IC_TAR", 0x55)
        bench.put(f"{name}.IC_INTR_MASK", 0x1FF)
        bench.put(f"{name}.IC_DMA_CR", 3)
    bench.dma(0, bench.address("I2C1.IC_DATA_CMD"), TARGET, 8, paced(35, HALFWORD | 1 << 5))
    bench.dma(1, bench.address("I2C0.IC_DATA_CMD"), TARGET + 0x100, 8, paced(33, HALFWORD | 1 << 5))
    bench.dma(2, SOURCE, bench.address("I2C0.IC_DATA_CMD"), 2, paced(32, HALFWORD | 1 << 4))
    bench.chip.write_memory(SOURCE, bytes.fromhex("12003402"))
    bench.trigger(0, 1, 2)


def i2c_empty(bench: Bench) -> None:
    """Nothing but TX_EMPTY interrupts."""
    i2c(bench)
    bench.put("I2C0.IC_DMA_CR", 0)
    bench.put("I2C0.IC_INTR_MASK", 0x10)


def i2c_open(bench: Bench) -> None:
    """A transfer that no STOP has ended."""
    i2c(bench)
    bench.put("I2C0.IC_DMA_CR", 0)
    bench.put("I2C1.IC_ENABLE", 1)
    bench.put("I2C0.IC_ENABLE", 1)
    bench.put("I2C0.IC_DATA_CMD", 0x011)
    bench.run(20_000)


def i2c_bystander(bench: Bench) -> None:
    i2c_slave(bench)
    bench.put("I2C1.IC_TAR", 0x33)


def i2c_standard(bench: Bench) -> None:
    i2c(bench)
    bench.put("I2C0.IC_CON", 0x63)


def i2c_faults(bench: Bench) -> None:
    """Nobody answers, and both FIFOs have been misused: all that latches has happened."""
    i2c(bench)
    bench.put("I2C0.IC_DMA_CR", 0)
    bench.put("I2C0.IC_TAR", 0x33)
    bench.put("I2C0.IC_ENABLE", 1)
    for _ in range(20):
        bench.put("I2C0.IC_DATA_CMD", 0x100)
    bench.dma(3, bench.address("I2C0.IC_DATA_CMD"), TARGET + 0x200, 1, paced(TREQ_PERMANENT, HALFWORD))
    bench.trigger(3)
    bench.run(20_000)
    bench.put("I2C0.IC_INTR_MASK", 0)


def i2c_slave(bench: Bench) -> None:
    """I2C0 as slave of I2C1; the program has a byte for it late, and the general call comes as well."""
    i2c(bench)
    bench.put("I2C0.IC_CON", 0x04)
    bench.put("I2C1.IC_CON", 0x65)
    bench.put("I2C0.IC_DMA_CR", 0)
    bench.put("I2C0.IC_INTR_MASK", 0)
    bench.put("I2C0.IC_ENABLE", 1)


def i2c_slave_stir(bench: Bench) -> None:
    bench.put("I2C1.IC_ENABLE", 1)
    for word in (0x011, 0x022, 0x500):  # write twice, then read with a repeated START
        bench.put("I2C1.IC_DATA_CMD", word)
    bench.run(20_000)
    bench.put("I2C0.IC_DATA_CMD", 0x77)
    bench.put("I2C1.IC_DATA_CMD", 0x300)
    bench.run(15_000)
    bench.put("I2C0.IC_DATA_CMD", 0x78)
    bench.run(15_000)
    bench.put("I2C1.IC_ENABLE", 0)
    bench.put("I2C1.IC_TAR", 0)
    bench.put("I2C1.IC_ENABLE", 1)
    bench.put("I2C1.IC_DATA_CMD", 0x299)


def i2c_overrun(bench: Bench) -> None:
    i2c_slave(bench)
    bench.put("I2C1.IC_DMA_CR", 0)


def i2c_overrun_stir(bench: Bench) -> None:
    bench.put("I2C1.IC_ENABLE", 1)
    for _ in range(2):
        for word in range(14):
            bench.put("I2C1.IC_DATA_CMD", word)
        bench.run(30_000)


def i2c_stir(bench: Bench) -> None:
    bench.put("I2C1.IC_ENABLE", 1)
    bench.put("I2C0.IC_ENABLE", bench.get("I2C0.IC_ENABLE") | 1)
    for word in (0x011, 0x022, 0x500, 0x300):
        bench.put("I2C0.IC_DATA_CMD", word)
    for word in (0x44, 0x55):
        bench.run(15_000)
        bench.put("I2C1.IC_DATA_CMD", word)


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


def floating(bench: Bench) -> None:
    """Nobody drives the pin: its pull-up does."""
    bench.function(5, 0)
    bench.put("PADS_BANK0.GPIO0", 0x5A)
    bench.run(10)


def kept(bench: Bench) -> None:
    """Nobody drives the pin: both pulls keep it low."""
    bench.function(5, 0)
    bench.run(10)
    bench.put("PADS_BANK0.GPIO0", 0x5E)
    bench.run(10)


def toggle(bench: Bench) -> None:
    for level in (0, 1, 0, 1):
        bench.put("SIO.GPIO_OUT", level)
        bench.run(50)
        for pin in (8, 16, 24):
            bench.chip.drive_pin(pin, bool(level))


def io_qspi(bench: Bench) -> None:
    """All six pins are forced, and have had both edges."""
    for name in QSPI:
        for over in (0x3200, 0x3300, 0x3200, 0x3300):
            bench.put(f"IO_QSPI.GPIO_QSPI_{name}_CTRL", over | 0x1F)


def io_qspi_low(bench: Bench) -> None:
    for name in QSPI:
        bench.put(f"IO_QSPI.GPIO_QSPI_{name}_CTRL", 0x3200 | 0x1F)


def io_qspi_stir(bench: Bench) -> None:
    for name in QSPI[1:]:
        for over in (0x3200, 0x3300):
            bench.put(f"IO_QSPI.GPIO_QSPI_{name}_CTRL", bench.get(f"IO_QSPI.GPIO_QSPI_{name}_CTRL") & ~0x3300 | over)
    for pressed in (True, False, True):
        bench.chip.press_bootsel(pressed)
        bench.run(100)


def on_crystal(bench: Bench) -> None:
    bench.put("CLOCKS.CLK_SYS_CTRL", 0)
    io_qspi_low(bench)


def sleep_deeply(bench: Bench) -> None:
    """Dormant: only an event of a pin goes on from here, and time passes without cycles."""
    bench.put("XOSC.DORMANT", 0x636F6D61)
    bench.run(100)
    for name in QSPI[2:]:
        bench.put(f"IO_QSPI.GPIO_QSPI_{name}_CTRL", 0x3300 | 0x1F)


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


def sio(bench: Bench) -> None:
    bench.function(5, 0, 1)
    bench.put("SIO.GPIO_OE", 3)
    bench.put("SIO.GPIO_OUT", 2)
    bench.put("SIO.INTERP0_BASE0", 0x10)
    bench.put("SIO.INTERP0_BASE1", 0x1000)
    bench.put("SIO.INTERP0_ACCUM0", 0x123C5678)
    bench.put("SIO.INTERP0_ACCUM1", 0x9ABCDEF0)
    for lane in ("INTERP0_CTRL_LANE0", "INTERP0_CTRL_LANE1", "INTERP1_CTRL_LANE0", "INTERP1_CTRL_LANE1"):
        bench.put(f"SIO.{lane}", 15 << 10 | 4)
    bench.put("SIO.INTERP1_ACCUM0", 0x923C5678)
    bench.put("SIO.INTERP1_BASE1", 0x100)
    bench.put("SIO.DIV_UDIVIDEND", 1000)
    bench.put("SIO.DIV_UDIVISOR", 7)
    for word in range(9):
        bench.put("SIO.FIFO_WR", word)  # the last one does not fit: WOF
    for path in ("SIO.FIFO_RD", "SIO.SPINLOCK0"):
        bench.take(path)  # ROE, and the lock is held
    bench.run(100)


def sio_half(bench: Bench) -> None:
    """Both outputs are high; one of them is enabled."""
    bench.function(5, 0, 1)
    bench.put("SIO.GPIO_OE", 1)
    bench.put("SIO.GPIO_OUT", 3)
    bench.run(10)


def sio_stir(bench: Bench) -> None:
    for path in ("SIO.INTERP0_POP_FULL", "SIO.INTERP1_POP_FULL"):
        bench.take(path)


def wake(bench: Bench) -> None:
    """Core 1, which waits in the ROM, looks at what it got and echoes."""
    bench.event()


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


def flash(bench: Bench) -> None:
    """The SSI as a second stage sets it up, and a channel that copies from flash through the cache."""
    bench.chip.write_memory(0x10000000, bytes(range(256)) * 64)
    for name, value in (
        ("SSIENR", 0),
        ("BAUDR", 4),
        ("CTRLR0", 0x005F0300),
        ("SPI_CTRLR0", 0xEB002221),  # the instruction with each read, on one lane
        ("SSIENR", 1),
    ):
        bench.put(f"XIP_SSI.{name}", value)
    bench.put("XIP_CTRL.FLUSH", 1)
    bench.run(5000)
    bench.dma(0, 0x10000040, TARGET, 64, paced(TREQ_PERMANENT, WORD | 1 << 4 | 1 << 5))
    for _ in range(2):  # the second time the cache hits
        bench.put("DMA.CH0_READ_ADDR", 0x10000040)
        bench.trigger(0)
        bench.run(6000)
    bench.dma(1, bench.address("XIP_CTRL.STREAM_FIFO"), TARGET, 8, paced(37, WORD | 1 << 5))
    bench.put("XIP_CTRL.STREAM_CTR", 3)
    bench.trigger(1)


def flash_stir(bench: Bench) -> None:
    """The same words again, which the cache has by now."""
    bench.put("DMA.CH0_READ_ADDR", 0x10000040)
    bench.trigger(0)


def serial_flash(bench: Bench) -> None:
    """Single frames by hand, as a driver of the flash makes them."""
    for name, value in (("SSIENR", 0), ("BAUDR", 4), ("CTRLR0", 7 << 16), ("SER", 1), ("SSIENR", 1)):
        bench.put(f"XIP_SSI.{name}", value)
    bench.put("XIP_SSI.IMR", 0x3F)
    bench.dma(0, bench.address("XIP_SSI.DR0"), TARGET, 8, paced(39, BYTE | 1 << 5))
    bench.dma(1, SOURCE, bench.address("XIP_SSI.DR0"), 4, paced(38, BYTE | 1 << 4))
    bench.trigger(0, 1)


def serial_overrun(bench: Bench) -> None:
    """Everything that latches has happened, and nothing is enabled."""
    for name, value in (("SSIENR", 0), ("BAUDR", 4), ("CTRLR0", 7 << 16), ("SER", 1), ("SSIENR", 1)):
        bench.put(f"XIP_SSI.{name}", value)
    bench.dma(0, bench.address("XIP_SSI.DR0"), TARGET, 1, paced(TREQ_PERMANENT, BYTE))
    bench.trigger(0)
    bench.run(50)
    for _ in range(2):
        for _ in range(18):
            bench.put("XIP_SSI.DR0", 0)
        bench.run(2000)


def quad_read(bench: Bench) -> None:
    flash(bench)
    for name, value in (("SSIENR", 0), ("CTRLR1", 3), ("SER", 1), ("SSIENR", 1)):
        bench.put(f"XIP_SSI.{name}", value)


def quad_read_stir(bench: Bench) -> None:
    for word in (0xEB, 0x40 << 8):  # the instruction, then address and mode
        bench.put("XIP_SSI.DR0", word)


def write_to_flash(bench: Bench) -> None:
    bench.dma(3, SOURCE, 0x13000000, 1, paced(TREQ_PERMANENT, WORD))
    bench.trigger(3)


def serial_flash_stir(bench: Bench) -> None:
    for word in (0x9F, 0, 0, 0):
        bench.put("XIP_SSI.DR0", word)


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


def watchdog(bench: Bench) -> None:
    bench.put("WATCHDOG.LOAD", 200)
    bench.put("PSM.WDSEL", 0x1FFFF & ~3)


def awake(bench: Bench) -> None:
    """Blocks and stages are not as a reset would have them."""
    pwm(bench)
    timer(bench)
    bench.put("WATCHDOG.LOAD", 0xFFFFFF)
    for path, value in (
        ("ADC.CS", 1), ("BUSCTRL.PERFSEL0", 1), ("SYSCFG.DBGFORCE", 0), ("RTC.CLKDIV_M1", 5), ("UART0.UARTIBRD", 7),
        ("UART1.UARTIBRD", 7), ("SPI0.SSPCPSR", 8), ("SPI1.SSPCPSR", 8), ("I2C0.IC_SAR", 1), ("I2C1.IC_SAR", 1),
        ("PADS_QSPI.GPIO_QSPI_SS", 0), ("IO_QSPI.GPIO_QSPI_SS_CTRL", 5), ("PIO0.SM0_CLKDIV", 2 << 16),
        ("PIO1.SM0_CLKDIV", 2 << 16), ("DMA.INTE0", 3), ("USBCTRL.INTE", 1), ("SIO.GPIO_OUT", 2), ("ROSC.PHASE", 1),
        ("VREG_AND_CHIP_RESET.BOD", 0), ("XIP_CTRL.CTRL", 0), ("PSM.WDSEL", 0), ("RESETS.WDSEL", 0),
    ):  # fmt: skip
        bench.put(path, value)


def reset_by_watchdog(bench: Bench) -> None:
    bench.put("WATCHDOG.CTRL", 1 << 31)


def ring(bench: Bench) -> None:
    """clk_sys from the ring oscillator, which has had a bad write."""
    bench.put("CLOCKS.CLK_SYS_CTRL", 0)
    bench.put("CLOCKS.CLK_REF_CTRL", 0)
    bench.put("ROSC.FREQA", 0x96967777)
    bench.put("ROSC.FREQB", 0x96967777)
    bench.put("ROSC.DORMANT", 1)
    bench.put("XOSC.DORMANT", 1)
    bench.put("ROSC.COUNT", 200)


def on_ring(bench: Bench) -> None:
    bench.put("CLOCKS.CLK_SYS_CTRL", 0)
    bench.put("CLOCKS.CLK_REF_CTRL", 0)


def restart_crystal(bench: Bench) -> None:
    for word in (0xD1EAA0, 0xFABAA0):
        bench.put("XOSC.CTRL", word)


def interrupt(bench: Bench) -> None:
    bench.put("TIMER.INTF", 0xF)


def drive_and_look(bench: Bench) -> None:
    bench.chip.drive_pin(0, True)
    bench.take("SIO.GPIO_IN")


def pulled_down(bench: Bench) -> None:
    bench.function(5, 0)
    bench.run(10)


def set_time(bench: Bench) -> None:
    bench.put("TIMER.TIMEHW", 1)


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


def auxiliary(bench: Bench) -> None:
    bench.put("CLOCKS.CLK_REF_CTRL", 1)


def resus(bench: Bench) -> None:
    bench.put("CLOCKS.CLK_SYS_RESUS_CTRL", 1 << 8)


def stop_pll(bench: Bench) -> None:
    bench.put("PLL_SYS.PWR", 0x2D)


def resussed(bench: Bench) -> None:
    resus(bench)
    stop_pll(bench)


def measuring(bench: Bench) -> None:
    bench.put("CLOCKS.FC0_REF_KHZ", 12000)
    bench.put("CLOCKS.FC0_INTERVAL", 0)
    bench.put("CLOCKS.FC0_SRC", 9)
    bench.run(1000)


def fractional(bench: Bench) -> None:
    """clk_sys at half its speed; at full speed FRAC does nothing."""
    bench.put("CLOCKS.CLK_SYS_DIV", 2 << 8)


def all_blocks_move(bench: Bench) -> None:
    """Whatever counts, sends, samples or runs a program does so, slowly."""
    pwm(bench)
    usb(bench)
    bench.chip.set_adc(0, 0x123)
    bench.put("ADC.CS", 1 << 3 | 1)
    bench.put("RTC.CLKDIV_M1", 0)
    bench.put("RTC.CTRL", 0x11)
    for n in (0, 1):
        bench.put(f"UART{n}.UARTIBRD", 100)
        bench.put(f"UART{n}.UARTLCR_H", 0x70)
        bench.put(f"UART{n}.UARTCR", 0x301)
        bench.put(f"UART{n}.UARTDR", 0x55)
        bench.put(f"SPI{n}.SSPCPSR", 100)
        bench.put(f"SPI{n}.SSPCR0", 10 << 8 | 7)
        bench.put(f"SPI{n}.SSPCR1", 2)
        bench.put(f"SPI{n}.SSPDR", 0x55)
        bench.put(f"I2C{n}.IC_CON", 0x63)
        bench.put(f"I2C{n}.IC_ENABLE", 1)
        bench.put(f"I2C{n}.IC_DATA_CMD", 0x212)
        bench.put(f"PIO{n}.INSTR_MEM0", 0x8000)  # push noblock: the FIFO's level tells of it
        bench.put(f"PIO{n}.SM0_EXECCTRL", 0)
        bench.put(f"PIO{n}.SM0_CLKDIV", 60000 << 16)
        bench.put(f"PIO{n}.CTRL", 1)
    bench.run(100)


def a_word_to_each_block(bench: Bench) -> None:
    """A write to a register of each, which is what is there already."""
    registers = (
        "SYSINFO.CHIP_ID SYSCFG.DBGFORCE RESETS.WDSEL PSM.WDSEL IO_BANK0.GPIO9_CTRL PADS_BANK0.GPIO9 XOSC.STARTUP "
        "PLL_SYS.FBDIV_INT PLL_USB.FBDIV_INT BUSCTRL.BUS_PRIORITY UART0.UARTIFLS UART1.UARTIFLS SPI0.SSPIMSC "
        "SPI1.SSPIMSC I2C0.IC_RX_TL I2C1.IC_RX_TL ADC.DIV PWM.CH5_TOP TIMER.INTE WATCHDOG.SCRATCH0 RTC.CLKDIV_M1 "
        "ROSC.PHASE VREG_AND_CHIP_RESET.BOD TBMAN.PLATFORM DMA.INTE0 USBCTRL.INTE PIO0.INSTR_MEM9 PIO1.INSTR_MEM9 "
        "CLOCKS.FC0_DELAY"
    )
    for path in registers.split():
        bench.put(path, bench.get(path))


def both_cores_sleep(bench: Bench) -> None:
    """Core 1 does in the boot ROM."""
    bench.chip.load(RAM + 0x4020, bytes.fromhex("30bffde7"))  # wfi, and again
    bench.chip.set_register(0, "pc", RAM + 0x4020)


GATES = tuple(f"{kind}_EN{word}" for kind in ("WAKE", "SLEEP") for word in (0, 1))


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


def rtc_later(bench: Bench) -> None:
    rtc(bench)
    bench.run(200_000)


def rtc_february(bench: Bench) -> None:
    rtc(bench)
    bench.put("RTC.IRQ_SETUP_0", 0x17 << 24 | 2024 << 12 | 2 << 8 | 29)
    bench.put("RTC.IRQ_SETUP_1", 0xF << 28 | 4 << 24)
    bench.put("RTC.SETUP_0", 2024 << 12 | 2 << 8 | 28)


def rtc_stir(bench: Bench) -> None:
    bench.put("RTC.CTRL", bench.get("RTC.CTRL") | 0x10)


DPRAM = memory("usb_dpram").base
EP0_IN, EP0_OUT = DPRAM + 0x80, DPRAM + 0x84
FULL, LAST, STALL, AVAILABLE = 1 << 15, 1 << 14, 1 << 11, 1 << 10


def usb_attached(bench: Bench) -> None:
    bench.put("USBCTRL.MAIN_CTRL", 1)
    bench.put("USBCTRL.SIE_CTRL", 1 << 16)
    bench.run(100 * 125_000)  # debounce


def usb(bench: Bench) -> None:
    usb_attached(bench)
    bench.run(60 * 125_000)  # bus reset, and the first request


def usb_double(bench: Bench) -> None:
    usb(bench)
    bench.put("USBCTRL.SIE_CTRL", 1 << 16 | 1 << 30 | 1 << 29)


def usb_pair(bench: Bench) -> None:
    usb(bench)
    bench.put("USBCTRL.SIE_CTRL", 1 << 16 | 1 << 30)


def usb_answer(bench: Bench) -> None:
    """A descriptor of a device with packets of eight bytes, its new address, and the descriptor again, in pieces."""
    bench.write(DPRAM + 0x104, 8 << 24)
    for turn in range(8):
        if turn == 3:
            bench.put("USBCTRL.ADDR_ENDP", 1)
        bench.write(EP0_IN, FULL | LAST | AVAILABLE | 8)
        bench.write(EP0_OUT, AVAILABLE | 64)
        bench.run(25 * 125_000)  # the host resets the bus once more between the first descriptor and the address


def usb_armed(bench: Bench) -> None:
    usb(bench)
    bench.put("USBCTRL.SIE_CTRL", 1 << 16 | 1 << 31)
    bench.put("USBCTRL.EP_STALL_ARM", 3)


def usb_stall(bench: Bench) -> None:
    for buffer in (EP0_IN, EP0_OUT):
        bench.write(buffer, STALL)


def usb_stall_status(bench: Bench) -> None:
    bench.write(EP0_OUT, STALL)
    bench.write(EP0_IN, FULL | LAST | AVAILABLE | 8)


def usb_vbus(bench: Bench) -> None:
    bench.put("USBCTRL.USB_PWR", 8)


def usb_done(bench: Bench) -> None:
    """An answer has gone out, a transfer was aborted, an endpoint has stalled or refused."""
    usb(bench)
    bench.put("USBCTRL.SIE_CTRL", 1 << 16 | 1 << 29 | 1 << 27)
    bench.run(150_000)
    bench.write(EP0_IN, FULL | LAST | AVAILABLE | 18)
    bench.run(150_000)
    bench.put("USBCTRL.EP_ABORT", 4)


BLOCKS: dict[str, tuple[Scene, ...]] = {
    "ADC": (Scene(adc), Scene(adc_idle, convert), Scene(adc_sensor, convert), Scene(adc_underflow)),
    "BUSCTRL": (Scene(busctrl, first_channel, 2000), Scene(both_cores, first_channel, 2000)),
    "CLOCKS": (
        Scene(clocks, measure),
        Scene(auxiliary),
        Scene(resus, stop_pll),
        Scene(resussed),
        Scene(measuring, measure, horizon=150),
        Scene(fractional, only=("CLK_SYS_DIV",)),
        Scene(awake, a_word_to_each_block, horizon=100, only=GATES[:2]),
        Scene(all_blocks_move, both_cores_sleep, horizon=400_000, only=GATES[2:]),
    ),
    "DMA": (Scene(dma, dma_stir), Scene(dma_busy, horizon=500), Scene(dma_rivals, three_channels), Scene(dma_failed)),
    "I2C": (
        Scene(i2c, i2c_stir),
        Scene(i2c_standard, i2c_stir),
        Scene(i2c_empty, i2c_stir),
        Scene(i2c_open),
        Scene(i2c_bystander, i2c_slave_stir),
        Scene(i2c_faults),
        Scene(i2c_slave, i2c_slave_stir),
        Scene(i2c_overrun, i2c_overrun_stir),
    ),
    "IO_BANK0": (Scene(io_bank0, toggle),),
    "IO_QSPI": (
        Scene(io_qspi),
        Scene(io_qspi, io_qspi_stir),
        Scene(io_qspi_low),
        Scene(io_qspi_low, io_qspi_stir),
        Scene(on_crystal, sleep_deeply),
    ),
    "PADS_BANK0": (Scene(io_bank0, toggle), Scene(floating), Scene(kept)),
    "PIO": (
        Scene(pio_out, pio_stir, values={"SM%_EXECCTRL.JMP_PIN": (0, 4)}),
        Scene(pio_sticky, pio_sticky_stir),
        Scene(pio_flags),
        Scene(pio_status),
        Scene(pio_full, pio_stir),
        Scene(pio_waits, pio_waits_stir),
    ),
    "PSM": (Scene(awake, reset_by_watchdog),),
    "PWM": (Scene(pwm),),
    "RESETS": (Scene(awake, reset_by_watchdog),),
    "ROSC": (Scene(ring), Scene(), Scene(horizon=20)),
    "RTC": (Scene(rtc_later), Scene(rtc, rtc_stir, 200_000), Scene(rtc_february, rtc_stir, 200_000)),
    "SIO": (Scene(sio, sio_stir), Scene(sio_half), Scene(stir=wake)),
    "SPI": (Scene(spi, spi_stir), Scene(spi_drained, spi_stir), Scene(spi_slave, spi_slave_stir)),
    "SYSCFG": (
        Scene(stir=interrupt, values={"PROC%_NMI_MASK.PROC%_NMI_MASK": (0, 1, 1 << 20)}),
        Scene(pulled_down, drive_and_look),
    ),
    "TIMER": (Scene(timer, values={"ALARM%.ALARM%": (0, 100, 200)}), Scene(timer, set_time)),
    "UART": (
        Scene(uart, uart_stir),
        Scene(uart_errors, uart_errors_stir),
        Scene(uart_parity, uart_errors_stir),
        Scene(uart_levels, uart_levels_stir),
        Scene(uart_sending, uart_levels_stir),
        Scene(uart_held, uart_levels_stir),
    ),
    "USBCTRL": (
        Scene(usb, horizon=200_000),
        Scene(),
        Scene(usb_attached, horizon=8_000_000, only=("ADDR_ENDP",)),
        Scene(usb, usb_answer, 200_000),
        Scene(usb_double, usb_answer, 200_000, only=("SIE_CTRL",)),
        Scene(usb_pair, usb_answer, 200_000, only=("SIE_CTRL",)),
        Scene(usb, usb_stall, 200_000),
        Scene(usb_armed, usb_stall, 200_000, only=("EP_STALL_ARM", "SIE_CTRL")),
        Scene(usb_armed, usb_stall_status, 200_000, only=("EP_STALL_ARM",)),
        Scene(usb_vbus, only=("USB_PWR",)),
        Scene(usb_done),
    ),
    "WATCHDOG": (Scene(watchdog),),
    "XIP_CTRL": (Scene(flash, flash_stir), Scene(flash, write_to_flash)),
    "XIP_SSI": (
        Scene(serial_flash, serial_flash_stir),
        Scene(flash, flash_stir),
        Scene(serial_overrun),
        Scene(quad_read, quad_read_stir),
    ),
    "XOSC": (Scene(ring), Scene(), Scene(on_ring, restart_crystal, 300), Scene(horizon=20)),
}


@pytest.mark.parametrize("name", [block.name for block in load().blocks if not block.private])
def test_every_field_does_what_its_description_says(name: str) -> None:
    found = verdicts(load().block(name), BLOCKS.get(name, (Scene(),)))
    wrong = [
        f"{path}: described as {field.verdict.value}, the model makes it {verdict.value}"
        for path, (verdict, field) in found.items()
        if verdict is not field.verdict
    ]
    assert not wrong, "\n".join(wrong)


def test_the_audit_sees_a_field_without_effect_and_one_with() -> None:
    found = verdicts(load().block("TIMER"), BLOCKS["TIMER"])
    assert found["DBGPAUSE.DBG0"][0] is Verdict.STORED
    assert found["PAUSE.PAUSE"][0] is Verdict.FULL
