"""The model is what platforms/rp2040/ describes: names, reset values, bits that take writes, refusals."""

from __future__ import annotations

import pytest

pytest.importorskip("emberwatch._native", reason="the native module is not built (make setup)")
from audit import Bench

from emberwatch import _native
from emberwatch.chip import Access, Block, Register, Verdict, irq_names, load
from emberwatch.engines.base import StopReason
from emberwatch.inspect.crash import _CAUSES

SET, CLR = 0x2000, 0x3000
BLOCKS = [block for block in load().blocks if not block.private]
# Values that software or the time since power-on has made, or that FIFOs and pins give.
MOVED = {
    "TIMER": {"TIMERAWL", "TIMERAWH", "TIMELR", "TIMEHR"},
    "WATCHDOG": {"TICK"},
    "XIP_SSI": {"CTRLR0", "SSIENR", "BAUDR", "SER", "SR", "DR%"},
    "ROSC": {"STATUS", "RANDOMBIT", "COUNT"},
    "XOSC": {"CTRL", "STATUS", "DORMANT", "STARTUP"},
    "PLL": {"CS", "PWR", "FBDIV_INT", "PRIM"},
    "CLOCKS": {"CLK_REF_CTRL", "CLK_SYS_CTRL", "CLK_PERI_CTRL", "CLK_USB_CTRL", "CLK_ADC_CTRL", "CLK_RTC_CTRL"}
    | {"CLK_RTC_DIV", "CLK_REF_SELECTED", "CLK_SYS_SELECTED"},
    "RESETS": {"RESET", "RESET_DONE"},
    "IO_BANK0": {"GPIO%_STATUS", "INTR%"},
    "IO_QSPI": {"INTR", "GPIO_QSPI_SS_STATUS", "GPIO_QSPI_SD%_STATUS"},
    "SIO": {"GPIO_HI_IN", "SPINLOCK%", "DIV_CSR", "DIV_QUOTIENT", "DIV_REMAINDER", "FIFO_RD"},
}


@pytest.fixture(scope="module")
def bench() -> Bench:
    made = Bench()
    made.start()
    return made


def readable(bench: Bench, block: Block) -> list[tuple[str, int, Register, int]]:
    """(name, address, row, index) of the block's registers."""
    return [
        (name, base + at, row, n)
        for base in block.bases.values()
        for row in block.registers
        for n, (name, at, _) in enumerate(row.instances())
    ]


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.name)
def test_every_register_reads_and_starts_as_described(bench: Bench, block: Block) -> None:
    kept = (Access.RW, Access.WC)
    for name, address, row, n in readable(bench, block):
        value = bench.peek(address)  # no register that is described is refused
        if row.name in MOVED.get(block.name, set()):
            continue
        mask = row.mask(*kept, n=n)
        assert value & mask == row.reset(n) & mask, (name, hex(value))
        assert not value & ~row.mask(n=n), (name, "bits that no field has", hex(value))


QUIET = ("ADC BUSCTRL I2C IO_BANK0 PADS_BANK0 PADS_QSPI PIO PWM RTC SPI SYSCFG TIMER UART VREG_AND_CHIP_RESET").split()


@pytest.mark.parametrize("name", QUIET)
def test_fields_that_take_writes_are_those_described(name: str) -> None:
    bench = Bench()
    bench.start()
    block = load().block(name)
    for register, address, row, n in readable(bench, block):
        refused = sum(field.mask for field in row.fields if field.verdict is Verdict.REFUSED)
        kept = row.mask(Access.RW, n=n) & ~refused
        # Alarms and counters move on; instructions run; thresholds have a largest value, I2C's counts a least.
        bounded = ("IC_RX_TL", "IC_TX_TL", "IC_CON", "IC_SS_SCL", "IC_FS_S")
        if not kept or register.startswith(("ALARM", "CH", "SM", "IC_ENABLE", "SSPCPSR", "CS", *bounded)):
            continue
        for value in (kept, 0, kept & 0x55555555):
            bench.write(address, value)
            assert bench.peek(address) & kept == value, register


def test_a_register_that_the_datasheet_lacks_stops_the_run(bench: Bench) -> None:
    for block in BLOCKS:
        if block.name in ("SIO", "IO_BANK0", "PADS_BANK0"):  # of the latter two: docs/chip.md
            continue
        taken = {at for row in block.registers for _, at, _ in row.instances()}
        free = next(
            (at for at in range(0, 0x1000, 4) if at not in taken and (block.name, at) != ("USBCTRL", 0x88)), None
        )
        assert free is not None
        with pytest.raises((RuntimeError, ValueError), match="not modelled"):
            bench.write(block.base + free, 1)


def test_refused_fields_are_named_with_the_reason(bench: Bench) -> None:
    for path, value, message in (
        ("UART0.UARTCR", 0x303, r"UART0.UARTCR \(offset 0x030\) is not modelled \(SIREN: IrDA\)"),
        ("I2C1.IC_TAR", 0x855, "SPECIAL: general call"),
        ("SPI1.SSPCR0", 0x17, "FRF: frame formats"),
        ("CLOCKS.CLK_PERI_DIV", 0x200, "INT: clk_peri has no divider"),
        ("USBCTRL.ADDR_ENDP1", 1, "ADDRESS: as a host, whose socket is empty here"),
        ("USBCTRL.INT_EP_CTRL", 2, "as a host, whose socket is empty here"),
        ("PSM.FRCE_OFF", 1 << 12, "XIP: power states"),
    ):
        with pytest.raises(RuntimeError, match=message):
            bench.put(path, value)


def test_a_block_can_be_cleared_with_memset(bench: Bench) -> None:
    """The SDK does it to the USB controller, and writes 1.0 to the divider that clk_peri has not."""
    for at in range(0, 0x9C, 4):
        bench.write(load().block("USBCTRL").base + at, 0)
    bench.put("CLOCKS.CLK_PERI_DIV", 0x100)
    bench.put("CLOCKS.CLK_PERI_DIV", 0)


def test_pads_of_the_debug_port() -> None:
    fresh = Bench()
    fresh.start()
    assert fresh.get("PADS_BANK0.SWCLK") == 0xDA
    assert fresh.get("PADS_BANK0.SWD") == 0x5A


@pytest.mark.parametrize("name", ["XOSC", "ROSC"])
def test_badwrite_is_cleared_by_a_one_alone(name: str) -> None:
    bench = Bench()
    bench.start()
    status = bench.address(f"{name}.STATUS")
    for alias in (0, SET, CLR):
        bench.put(f"{name}.DORMANT", 0x12345678)  # neither of the two codes
        assert bench.peek(status) >> 24 & 1
        for other in (0, SET, CLR):
            bench.write(status + other, 1 << 12)
        assert bench.peek(status) >> 24 & 1
        bench.write(status + alias, 1 << 24)
        assert not bench.peek(status) >> 24 & 1


def test_error_bits_of_a_dma_channel_are_cleared_by_those_that_an_access_names() -> None:
    bench = Bench()
    bench.start()
    ctrl = bench.address("DMA.CH0_AL1_CTRL")
    read_error, sniff = 1 << 30, 1 << 23
    for alias in (0, SET, CLR):
        bench.dma(0, 0xF0000000, 0x20002000, 1, 0x3F << 15)
        bench.trigger(0)
        bench.run(100)
        assert bench.peek(ctrl) & read_error
        for other in (SET, CLR):
            bench.write(ctrl + other, sniff)
            assert bench.peek(ctrl) & read_error and bool(bench.peek(ctrl) & sniff) is (other == SET)
        bench.write(ctrl + alias, read_error)
        assert not bench.peek(ctrl) & read_error


def test_registers_with_a_name_are_there(bench: Bench) -> None:
    assert bench.get("SYSINFO.GITREF_RP2040") == bench.get("SYSINFO.GITREF")
    assert bench.get("DMA.INTR1") == bench.get("DMA.INTR")


def test_interrupts_are_where_the_processor_has_them(bench: Bench) -> None:
    for path, irq in (("PWM.INTF", "PWM_IRQ_WRAP"), ("RTC.INTF", "RTC_IRQ"), ("ADC.INTF", "ADC_IRQ_FIFO")):
        bench.put(path, 1)
        pending = bench.chip.read_system(0, 0x200)  # NVIC_ISPR
        assert pending >> irq_names().index(irq) & 1
        bench.put(path, 0)


def test_stop_reasons_and_causes_are_known_by_one_name() -> None:
    own = {reason.name for reason in _native.StopReason} - {"DEVICE"}  # which the engine turns into an error
    assert own == {reason.name for reason in StopReason}
    assert {cause.name for cause in _native.FaultCause} == set(_CAUSES)


@pytest.mark.parametrize("offset", [0x0C, 0xB0])
def test_i2c_has_no_register_there(bench: Bench, offset: int) -> None:
    with pytest.raises(RuntimeError, match="not modelled"):
        bench.write(load().block("I2C").base + offset, 0)
