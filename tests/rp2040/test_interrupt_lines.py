"""Interrupt lines at the NVIC and at NMI, and SysTick's reference clock.

Cortex-M0+ Devices Generic User Guide (Arm DUI 0662B) 4.2.6: a line makes its interrupt pending when it rises, whatever
the handler does, and while it is high as long as the handler is not active; on return it is looked at again.
"""

from __future__ import annotations

import pytest
from test_exceptions import _run

TIMER = 0x4005_4000
RELEASE = "ldr r0, =0x4000c000\nmovs r1, #0\nstr r1, [r0]\n"
LINE = f"""
    ldr r4, ={TIMER}
    ldr r5, =0xe000e100
    movs r1, #1
    movs r6, #0
    movs r7, #0
"""
"""r4: TIMER, whose INTF (0x3c) forces interrupt 0; r5: NVIC; r1: its bit; r6: zero."""
FORCE, RELAX = "str r1, [r4, #0x3c]\n", "str r6, [r4, #0x3c]\n"
ISPR, ICPR = "ldr r2, =0xe000e200\n", "ldr r2, =0xe000e280\n"
SERVED = RELEASE + LINE + "str r1, [r5]\n" + FORCE + "nop\nnop\nbkpt #0"
"""The line rises with its interrupt enabled, ..."""
SEEN = "ldr r3, [r2]\nands r3, r1\n"


def test_a_line_that_rises_in_its_handler_pends_again() -> None:
    """It fell and rose and fell: the second rise is served by a second run of the handler, as the NVIC latches it."""
    outcome = _run(
        SERVED,
        f"irq0: adds r7, #1\n{RELAX}cmp r7, #1\nbne 1f\n{FORCE}{RELAX}1: bx lr",
        irq0="irq0",
    )
    assert outcome["r7"] == 2


def test_a_line_that_rises_in_its_handler_is_seen_as_pending_and_can_be_cleared() -> None:
    """ICPR clears what has been latched, though the line is high; the return looks at the line."""
    outcome = _run(
        SERVED,
        f"irq0: adds r7, #1\ncmp r7, #1\nbne 1f\n{ISPR}{SEEN}mov r8, r3\n{RELAX}{FORCE}{SEEN}mov r9, r3\n"
        f"{ICPR}str r1, [r2]\n{SEEN}mov r10, r3\nbx lr\n1: {RELAX}bx lr",
        irq0="irq0",
    )
    assert (outcome["r8"], outcome["r9"], outcome["r10"]) == (0, 1, 0)
    assert outcome["r7"] == 2, "it was still high on return"


def test_a_line_that_stays_high_is_served_once_if_its_handler_lowers_it() -> None:
    outcome = _run(
        SERVED,
        f"irq0: adds r7, #1\n{FORCE}{FORCE}{RELAX}bx lr",
        irq0="irq0",
    )
    assert outcome["r7"] == 1


NMI = "ldr r3, =0x40004000\n"
"""r3: SYSCFG, whose first register is PROC0_NMI_MASK (datasheet 2.21.2)."""
SERVED_AS_NMI = RELEASE + LINE + NMI + "str r1, [r3]\n" + FORCE + "nop\nnop\nbkpt #0"
"""... or with the mask letting it through to NMI."""


def test_nmi_is_a_line_as_interrupts_are() -> None:
    """While it stays high nothing more pends: a source that has to be served in steps does not bring NMI twice."""
    outcome = _run(
        SERVED_AS_NMI,
        f"nmi: adds r7, #1\n{FORCE}{FORCE}{RELAX}bx lr",
        nmi="nmi",
    )
    assert outcome["r7"] == 1


def test_nmi_that_is_still_high_comes_again() -> None:
    outcome = _run(
        SERVED_AS_NMI,
        f"nmi: adds r7, #1\ncmp r7, #3\nbne 1f\n{RELAX}1: bx lr",
        nmi="nmi",
    )
    assert outcome["r7"] == 3


@pytest.mark.parametrize("mask", [1, 2])
def test_nmi_comes_when_the_mask_lets_a_line_through_that_is_high(mask: int) -> None:
    outcome = _run(
        RELEASE + LINE + FORCE + NMI + f"movs r2, #{mask}\nstr r2, [r3]\nnop\nnop\nbkpt #0",
        f"nmi: adds r7, #1\n{RELAX}bx lr",
        nmi="nmi",
    )
    assert outcome["r7"] == (1 if mask == 1 else 0)


COUNT = """
    ldr r0, =0x4005802c
    ldr r1, ={tick}
    str r1, [r0]
    ldr r4, =0xe000e010
    ldr r0, =0xffffff
    str r0, [r4, #4]
    movs r0, #1
    str r0, [r4]
    str r0, [r4, #8]
    ldr r0, =20000
1:  subs r0, #1
    bne 1b
    ldr r5, [r4, #8]
    bkpt #0
"""


@pytest.mark.parametrize(("tick", "periods"), [(0x200 | 12, 12), (0x200 | 125, 125), (0x201, 1)])
def test_systicks_reference_is_the_watchdogs_tick(tick: int, periods: int) -> None:
    """With CLKSOURCE clear it counts those ticks, of so many periods of clk_ref (datasheet 2.4.5.1.1, 4.7.2).

    clk_ref and clk_sys are the ring oscillator here; the loop is of three cycles.
    """
    outcome = _run(RELEASE + COUNT.format(tick=tick), cycles=200_000)
    assert outcome["r5"] == pytest.approx(0x1000000 - 60_000 / periods, abs=2 + 20 / periods)


def test_systick_stands_still_without_the_watchdogs_tick() -> None:
    outcome = _run(RELEASE + COUNT.format(tick=12), cycles=200_000)
    assert outcome["r5"] == 0


def test_systick_by_the_reference_interrupts_on_time() -> None:
    """Every four ticks of 50 periods, though the tick's length changes on the way."""
    outcome = _run(
        RELEASE
        + "ldr r0, =0x4005802c\nldr r1, =0x232\nstr r1, [r0]\nldr r4, =0xe000e010\nmovs r2, #3\nstr r2, [r4, #4]\n"
        + "str r2, [r4, #8]\nmovs r7, #0\nstr r2, [r4]\nldr r3, =1000\n1: subs r3, #1\nbne 1b\nmov r8, r7\n"
        + "ldr r1, =0x20a\nstr r1, [r0]\nldr r3, =1000\n2: subs r3, #1\nbne 2b\nbkpt #0",
        "systick: adds r7, #1\nbx lr",
        systick="systick",
    )
    assert outcome["r8"] in (16, 17)  # some 3,400 cycles, the handlers' included
    assert 90 < outcome["r7"] - outcome["r8"] < 500
