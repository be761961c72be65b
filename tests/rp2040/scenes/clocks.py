"""Scenes in which the fields of CLOCKS, PSM, RESETS, ROSC, XOSC can be seen to act."""

from __future__ import annotations

from audit import Bench, Scene
from thumb import RAM

from scenes.timers import pwm, timer
from scenes.usb import usb

GATES = tuple(f"{kind}_EN{word}" for kind in ("WAKE", "SLEEP") for word in (0, 1))


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


def measure(bench: Bench) -> None:
    bench.put("CLOCKS.FC0_SRC", bench.get("CLOCKS.FC0_SRC"))
    bench.put("UART0.UARTDR", 0x55)


BLOCKS: dict[str, tuple[Scene, ...]] = {
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
    "PSM": (Scene(awake, reset_by_watchdog),),
    "RESETS": (Scene(awake, reset_by_watchdog),),
    "ROSC": (Scene(ring), Scene(), Scene(horizon=20)),
    "XOSC": (Scene(ring), Scene(), Scene(on_ring, restart_crystal, 300), Scene(horizon=20)),
}
