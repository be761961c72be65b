"""Flaws of the chip that are modelled, and without them."""

from __future__ import annotations

import pytest

pytest.importorskip("emberwatch._native", reason="the native module is not built (make setup)")
from audit import Bench
from thumb import RAM

PERMANENT = 0x3F


@pytest.mark.parametrize(("flaw", "left"), [(True, 800), (False, 900)])
def test_e1_the_watchdog_counts_down_twice_a_tick(flaw: bool, left: int) -> None:
    bench = Bench()
    bench.start()
    bench.chip.set_erratum(1, flaw)
    bench.put("WATCHDOG.LOAD", 1000)
    bench.put("WATCHDOG.CTRL", 1 << 30)
    bench.run(100 * 125)
    assert bench.get("WATCHDOG.CTRL") & 0xFFFFFF == pytest.approx(left, abs=2)


@pytest.mark.parametrize(("flaw", "treq", "interrupt"), [(True, PERMANENT, 1), (False, PERMANENT, 0), (True, 4, 0)])
def test_e13_aborting_a_dma_channel_that_makes_progress_interrupts(flaw: bool, treq: int, interrupt: int) -> None:
    bench = Bench()
    bench.start()
    bench.chip.set_erratum(13, flaw)
    bench.dma(0, RAM + 0x1000, RAM + 0x2000, 1000, treq << 15 | 2 << 2)  # 4: a word of PIO0, which has none
    bench.trigger(0)
    bench.run(50)
    bench.put("DMA.CHAN_ABORT", 1)
    bench.run(50)
    assert bench.get("DMA.INTR") & 1 == interrupt


def test_others_cannot_be_switched() -> None:
    with pytest.raises(ValueError, match="erratum RP2040-E5 cannot be switched; E1 and E13 can"):
        Bench().chip.set_erratum(5, False)
