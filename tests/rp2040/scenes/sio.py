"""Scenes in which the fields of SIO can be seen to act."""

from __future__ import annotations

from audit import Bench, Scene


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


BLOCKS: dict[str, tuple[Scene, ...]] = {
    "SIO": (Scene(sio, sio_stir), Scene(sio_half), Scene(stir=wake)),
}
