"""Scenes in which the fields of IO_BANK0, IO_QSPI, PADS_BANK0, SYSCFG can be seen to act."""

from __future__ import annotations

from audit import Bench, Scene

QSPI = ("SCLK", "SS", "SD0", "SD1", "SD2", "SD3")


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


def interrupt(bench: Bench) -> None:
    bench.put("TIMER.INTF", 0xF)


def drive_and_look(bench: Bench) -> None:
    bench.chip.drive_pin(0, True)
    bench.take("SIO.GPIO_IN")


def pulled_down(bench: Bench) -> None:
    bench.function(5, 0)
    bench.run(10)


BLOCKS: dict[str, tuple[Scene, ...]] = {
    "IO_BANK0": (Scene(io_bank0, toggle),),
    "IO_QSPI": (
        Scene(io_qspi),
        Scene(io_qspi, io_qspi_stir),
        Scene(io_qspi_low),
        Scene(io_qspi_low, io_qspi_stir),
        Scene(on_crystal, sleep_deeply),
    ),
    "PADS_BANK0": (Scene(io_bank0, toggle), Scene(floating), Scene(kept)),
    "SYSCFG": (
        Scene(stir=interrupt, values={"PROC%_NMI_MASK.PROC%_NMI_MASK": (0, 1, 1 << 20)}),
        Scene(pulled_down, drive_and_look),
    ),
}
