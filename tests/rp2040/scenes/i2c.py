"""Scenes in which the fields of I2C can be seen to act."""

from __future__ import annotations

from audit import Bench, Scene

from scenes.common import HALFWORD, SOURCE, TARGET, TREQ_PERMANENT, paced


def join_blocks(bench: Bench) -> None:
    """Wires from I2C0's pins to I2C1's, with pull-ups."""
    bench.function(3, 4, 5, 6, 7)
    for pin in (4, 5, 6, 7):
        bench.put(f"PADS_BANK0.GPIO{pin}", 0x5A)
    bench.wire(4, 6)
    bench.wire(5, 7)


def i2c(bench: Bench) -> None:
    """I2C0 as master writes to and reads from I2C1 as slave, through wires; the DMA keeps their FIFOs moving."""
    join_blocks(bench)
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


def i2c_slave_stir(bench: Bench) -> None:
    bench.put("I2C0.IC_ENABLE", bench.get("I2C0.IC_ENABLE") | 1)  # only now: many fields are fixed from then on
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
    bench.put("I2C0.IC_ENABLE", bench.get("I2C0.IC_ENABLE") | 1)
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


BLOCKS: dict[str, tuple[Scene, ...]] = {
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
}
