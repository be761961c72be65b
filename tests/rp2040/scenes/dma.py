"""Scenes in which the fields of DMA, ADC, BUSCTRL can be seen to act."""

from __future__ import annotations

from audit import Bench, Scene
from thumb import RAM

from scenes.common import HALFWORD, SOURCE, TARGET, TREQ_PERMANENT, WORD, paced


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


BLOCKS: dict[str, tuple[Scene, ...]] = {
    "DMA": (Scene(dma, dma_stir), Scene(dma_busy, horizon=500), Scene(dma_rivals, three_channels), Scene(dma_failed)),
    "ADC": (Scene(adc), Scene(adc_idle, convert), Scene(adc_sensor, convert), Scene(adc_underflow)),
    "BUSCTRL": (Scene(busctrl, first_channel, 2000), Scene(both_cores, first_channel, 2000)),
}
