"""Masters that share the crossbar: stalls, priorities and the performance counters, timed by the chip's SysTick.

Code runs from striped SRAM; SRAM4 (0x20040000) and SRAM5 (0x20041000) are ports of their own.
"""

from __future__ import annotations

import pytest
from test_chip import boot
from thumb import LAUNCH, LAUNCH_TABLE, RAM, SYSTICK, Outcome, assemble, run
from xip_model import miss_cycles

SRAM4, SRAM5 = 0x2004_0000, 0x2004_1000
DMA_R, DMA_W, PROC0, PROC1 = 1 << 8, 1 << 12, 1 << 0, 1 << 4
APB, SRAM5_CONTESTED, SRAM5_ALL, SRAM4_CONTESTED, SRAM4_ALL, ROM_ALL = 1, 4, 5, 6, 7, 0x13
# BUSCTRL and DMA out of reset; core 1 has gone to sleep in the boot ROM before anything is measured.
_RELEASE = """
    ldr r0, =0x4000f000
    movs r1, #6
    str r1, [r0]
    ldr r0, =300
    8: subs r0, #1
    bne 8b
"""


def _measure(code: str, setup: str = "", after: str = "") -> Outcome:
    """Cycles of `code` in r0; r1 and r2 are its own, r3 is free for set-up to fill."""
    return run(
        _RELEASE
        + SYSTICK
        + setup
        + ".align 2\nldr r5, [r4, #8]\n"
        + code
        + "\nldr r6, [r4, #8]\nsubs r0, r5, r6\nsubs r0, #2\nbkpt #0\n.ltorg\n"
        + after
    )


def _dma(source: int, target: int, count: int, priority: int = 0) -> str:
    """Channel 0 copies one word `count` times, one transfer per cycle, from the next instruction on."""
    return f"""
    ldr r0, =0x40030000
    ldr r1, ={priority}
    str r1, [r0]
    ldr r3, =0x50000000
    ldr r0, ={source}
    ldr r1, ={target}
    ldr r2, ={count}
    str r0, [r3, #0]
    str r1, [r3, #4]
    str r2, [r3, #8]
    ldr r2, ={0x3F << 15 | 2 << 2 | 1}
    ldr r1, ={SRAM4}
    """


_START = "str r2, [r3, #12]\n"
_LOADS = "ldr r0, [r1]\n" * 20


def test_dma_on_other_ports_costs_nothing() -> None:
    alone = _measure("nop\nnop\n" + _LOADS, _dma(SRAM5, SRAM5 + 8, 500))
    beside = _measure(_START + _LOADS, _dma(SRAM5, SRAM5 + 8, 500))
    assert (alone["r0"], beside["r0"]) == (42, 42)


def test_equal_priority_lets_each_master_have_its_turn() -> None:
    """The DMA reads SRAM4 in every cycle; the core wants it in every second one and was never the last to have it."""
    outcome = _measure(_START + _LOADS, _dma(SRAM4, SRAM5, 500))
    assert outcome["r0"] == 42


def test_core_waits_for_a_dma_of_higher_priority() -> None:
    """Datasheet 2.1.1.1: a low-priority master may be stalled until there is a free cycle."""
    short = _measure(_START + "nop\nldr r0, [r1]\n", _dma(SRAM4, SRAM5, 50, DMA_R))
    long = _measure(_START + "nop\nldr r0, [r1]\n", _dma(SRAM4, SRAM5, 150, DMA_R))
    assert long["r0"] - short["r0"] == 100, "one cycle for each transfer"
    # The store's data, the read's address, its data: the load is tried in the cycle of that, after a NOP.
    assert short["r0"] == 2 + 1 + 2 + 50


def test_dma_waits_for_a_core_of_higher_priority() -> None:
    """500 transfers while the core takes SRAM4 in every second cycle: the DMA gets the other cycles."""
    wait = "1: ldr r0, [r3, #12]\nlsrs r0, r0, #25\nbcs 1b\n"
    free = _measure(_START + "nop\n" * 40 + wait, _dma(SRAM4, SRAM5, 60, PROC0))
    held = _measure(_START + _LOADS + wait, _dma(SRAM4, SRAM5, 60, PROC0))
    assert free["r0"] < held["r0"]
    # The first read comes two cycles after the store, so that it meets 19 of the 20 loads.
    assert 15 <= held["r0"] - free["r0"] <= 20, "19 cycles later, on the polling loop's grid of 5"


@pytest.mark.parametrize(("priority", "cycles"), [(PROC0, 200), (PROC1, 400)])
def test_two_cores_on_one_port(priority: int, cycles: int) -> None:
    """Core 1 loops in SRAM5 on a load from SRAM5: data, two fetches and a free cycle. Core 0 loads from there.

    With the higher priority core 0 does not notice; with the lower one it gets the one free cycle in four.
    """
    copy = f"""
    ldr r0, =loop
    ldr r1, ={SRAM5}
    ldm r0!, {{r2, r3}}
    stm r1!, {{r2, r3}}
    ldr r0, =0x40030000
    ldr r1, ={priority}
    str r1, [r0]
    """
    outcome = _measure(
        "ldr r0, [r1]\n" * 100,
        copy + LAUNCH + SYSTICK + f"ldr r0, =300\n7: subs r0, #1\nbne 7b\nldr r1, ={SRAM5 + 64}\n",
        LAUNCH_TABLE + f"core1: ldr r1, ={SRAM5 + 128}\nldr r0, ={SRAM5 + 1}\nbx r0\n.ltorg\n.align 2\n"
        "loop: ldr r2, [r1]\nb loop\nnop\nnop\n",
    )
    assert outcome.stop.reason.name == "BKPT", outcome.stop
    assert abs(outcome["r0"] - cycles) <= (0 if priority == PROC0 else 3), "the phase of core 1's loop is free"


def _count(event: int, code: str, setup: str = "") -> int:
    """What a performance counter counts of `code`."""
    outcome = _measure(
        f"str r2, [r7, #8]\n{code}\nldr r6, [r7, #8]",
        setup + f"ldr r7, =0x40030000\nmovs r0, #{event}\nstr r0, [r7, #12]\nldr r1, ={SRAM4}\n",
    )
    assert outcome.stop.reason.name == "BKPT", outcome.stop
    return int.from_bytes(outcome.chip.read_memory(0x40030008, 4), "little")


@pytest.mark.parametrize(
    ("event", "code", "count"),
    [
        (SRAM4_ALL, "ldr r0, [r1]\n" * 7, 7),
        (SRAM4_ALL, "ldrb r0, [r1]\nstrh r0, [r1]", 2),
        (SRAM4_ALL, "ldm r1!, {r2, r3}", 2),
        (SRAM4_CONTESTED, "ldr r0, [r1]\n" * 7, 0),
        (SRAM5_ALL, "ldr r0, [r1]\n" * 7, 0),
        (APB, "", 1),  # the reading of the counter itself
        (ROM_ALL, "movs r0, #0\nldr r0, [r0]", 1),
    ],
)
def test_performance_counters(event: int, code: str, count: int) -> None:
    assert _count(event, code) == count


def test_fetches_count_as_one_word_for_two_instructions() -> None:
    """Counters of the four striped banks together: 40 more NOPs are 20 more words."""
    banks = [9, 11, 13, 15]
    short = sum(_count(bank, "nop\n" * 8) for bank in banks)
    long = sum(_count(bank, "nop\n" * 48) for bank in banks)
    assert long - short == 20


def test_contested_accesses_are_counted() -> None:
    """Every one of 50 transfers delays the core's load, which is one contested access."""
    code = "str r2, [r3, #12]\nnop\nldr r0, [r1]"
    assert _count(SRAM4_CONTESTED, code, _dma(SRAM4, SRAM5, 50, DMA_R)) == 1


_UNTIL_DONE = "1: ldr r0, [r3, #12]\nlsrs r0, r0, #25\nbcs 1b\n"
_MOVING = 1 << 4 | 1 << 5 | 0x3F << 15 | 2 << 2 | 1


def _copy(source: int, target: int, words: int, beside: str = "") -> int:
    """Cycles of a DMA copy with moving addresses, `beside` the core's loop that waits for its end."""
    setup = _dma(source, target, words) + f"ldr r2, ={_MOVING}\n"
    outcome = _measure(_START + beside + _UNTIL_DONE, setup)
    assert outcome.stop.reason.name == "BKPT", outcome.stop
    return outcome["r0"]


@pytest.mark.parametrize(("source", "target", "cycles"), [(SRAM4, SRAM5, 100), (SRAM4, SRAM4 + 0x800, 200)])
def test_the_two_masters_of_the_dma_meet_at_a_port(source: int, target: int, cycles: int) -> None:
    """100 words: one a cycle from port to port, one every second cycle within one (datasheet 2.1.1: four masters)."""
    short, long = _copy(source, target, 100), _copy(source, target, 200)
    assert abs(long - short - cycles) <= 5, "the polling loop's grid"


def _flash_reader(beside: str, words: int) -> int:
    """Cycles until the DMA has brought `words` uncached words of flash into SRAM4; the core's code is in SRAM."""
    chip = boot("bkpt #0", 2)
    assert chip.run_until(2_000_000).reason.name == "BKPT"
    code = (
        _RELEASE
        + SYSTICK
        + _dma(0x1300_4000, SRAM4, words)
        + f"ldr r2, ={_MOVING}\n.align 2\nldr r5, [r4, #8]\n"
        + _START
        + beside
        + _UNTIL_DONE
        + "ldr r6, [r4, #8]\nbkpt #0\n.ltorg\n"
    )
    chip.write_memory(RAM, assemble(code))
    chip.set_register(0, "pc", RAM)
    assert chip.run_until(chip.cycles + 1_000_000).reason.name == "BKPT"
    registers = chip.registers(0)
    return int(registers["r5"]) - int(registers["r6"])


def test_a_miss_is_claimed_once_and_by_its_master() -> None:
    """A core that runs in SRAM waits for no miss of the DMA's, nor the DMA for it; two readers of flash share it."""
    words = 40
    alone = _flash_reader("", words)
    busy = _flash_reader("ldr r0, =400\n2: subs r0, #1\nbne 2b\n", words)
    assert abs(busy - alone) <= 6, "the polling loop's grid"
    miss = miss_cycles(2) + 8  # around the cache
    reads = f"ldr r1, =0x13008000\nldr r7, ={0x1300_8000 + 4 * words}\n2: ldm r1!, {{r0}}\ncmp r1, r7\nbne 2b\n"
    both = _flash_reader(reads, words)
    assert 2 * words * miss <= both <= 2 * words * (miss + 3)
