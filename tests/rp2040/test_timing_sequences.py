"""Cycle counts that need more than one instruction: exceptions, divider, cache, stream, each timed by SysTick."""

from __future__ import annotations

import random

import pytest
from test_chip import boot
from thumb import RAM, SYSTICK, Outcome, assemble, run
from xip_model import hits_and_accesses, miss_cycles

from emberwatch import _native

_VECTORS = """
    .align 8
    vectors: .rept 11
    .word 0
    .endr
    .word on_svc
    .word 0, 0
    .word on_pendsv, on_systick
"""
_INSTALL = "ldr r0, =vectors\nldr r7, =0xe000ed04\nstr r0, [r7, #4]\n"


def _between(code: str) -> Outcome:
    """Runs `code`, which reads SysTick into r5 and r6; the difference ends up in r0."""
    outcome = run(code)
    assert outcome.stop.reason.name == "BKPT", outcome.stop
    return outcome


def test_exception_return_takes_ten_cycles_after_bx() -> None:
    """SVC: the handler reads SysTick, returns; the next reading is the thread's. BX 2 + unstacking 10 + LDR's 2."""
    outcome = _between(
        _INSTALL + SYSTICK + "svc #0\nldr r6, [r4, #8]\nsubs r0, r5, r6\nbkpt #0\n.ltorg\n"
        ".thumb_func\non_svc: ldr r5, [r4, #8]\nbx lr\n.thumb_func\non_pendsv: bkpt #1\n"
        ".thumb_func\non_systick: bkpt #2\n" + _VECTORS
    )
    assert outcome["r5"] - outcome["r6"] == 2 + 2 + 10


def test_tail_chaining_takes_six_cycles() -> None:
    """SVC's handler pends PendSV and returns into its handler without unstacking: STR 2, BX 2, chain 6 after LDR 2."""
    outcome = _between(
        _INSTALL + SYSTICK + "movs r1, #1\nlsls r1, r1, #28\nldr r0, =0xe000ed20\nldr r2, =0xc00000\nstr r2, [r0]\n"
        "mov r12, r1\nsvc #0\nsubs r0, r5, r6\nbkpt #0\n.ltorg\n"
        ".thumb_func\non_svc: str r1, [r7]\nldr r5, [r4, #8]\nbx lr\n"
        ".thumb_func\non_pendsv: ldr r6, [r4, #8]\nsubs r0, r5, r6\nbkpt #0\n"
        ".thumb_func\non_systick: bkpt #2\n" + _VECTORS
    )
    assert outcome["r0"] == 2 + 2 + 6


@pytest.mark.parametrize(("wait", "ready"), [(7, 0), (8, 1)])
def test_divider_takes_eight_cycles(wait: int, ready: int) -> None:
    """CSR.READY after writing the divisor and waiting: the store is over in one cycle, the load samples in its own."""
    outcome = _between(
        "ldr r4, =0xd0000060\nmovs r0, #100\nmovs r1, #7\nstr r0, [r4, #8]\nstr r1, [r4, #12]\n"
        + "nop\n" * wait
        + "ldr r2, [r4, #24]\nldr r3, [r4, #16]\nbkpt #0\n.ltorg"
    )
    assert outcome["r2"] & 1 == ready
    assert outcome["r3"] == (100 // 7 if ready else outcome["r3"])


_EMPTY_CACHE = "ldr r0, =0x14000000\nmovs r1, #1\nstr r1, [r0, #4]\nldr r1, [r0, #4]\n"


def booted(divider: int) -> _native.Chip:
    """A chip that has booted and emptied its cache; from here on code runs from SRAM."""
    chip = boot(_EMPTY_CACHE + "bkpt #0\n.ltorg", divider)
    assert chip.run_until(2_000_000).reason.name == "BKPT"
    return chip


def run_on(chip: _native.Chip, code: str) -> dict[str, int]:
    """Registers after `code` has run from SRAM."""
    chip.write_memory(RAM, assemble(code + "\nbkpt #0\n.ltorg"))
    chip.set_register(0, "pc", RAM)
    assert chip.run_until(chip.cycles + 1_000_000).reason.name == "BKPT"
    return chip.registers(0)


def load_cycles(chip: _native.Chip, address: int) -> int:
    """Cycles of one load."""
    read = run_on(chip, SYSTICK + f"ldr r1, ={address}\n.align 2\nldr r5, [r4, #8]\nldr r0, [r1]\nldr r6, [r4, #8]")
    return read["r5"] - read["r6"] - 2


@pytest.mark.parametrize("divider", [2, 4, 8])
def test_cost_of_a_miss_follows_from_the_ssi(divider: int) -> None:
    """Code in SRAM, one load of a line in flash: LDR 2, SCK periods, the hand-over (docs/timing.md), and before them up
    to a period of SCK, which runs on between transfers.
    """
    chip = booted(divider)
    assert 0 <= load_cycles(chip, 0x1000_8000) - (2 + miss_cycles(divider) + 10) < divider
    assert load_cycles(chip, 0x1000_8000) == 2, "a hit costs nothing"
    assert 0 <= load_cycles(chip, 0x1300_8000) - (2 + miss_cycles(divider) + 8) < divider, "without a cache line"


CACHED, UNCACHED = 0x1000_8000, 0x1300_8000


def cycles_a_round(chip: _native.Chip, address: int, body: str) -> float:
    """Of a loop, SUBS and BNE included, that reads flash from `address` on through r1, in SRAM."""
    read = run_on(
        chip,
        SYSTICK + f"ldr r1, ={address}\nmovs r2, #100\n.align 2\nldr r7, [r4, #8]\nmov r8, r7\n"
        "1: " + body + "\nsubs r2, #1\nbne 1b\nldr r7, [r4, #8]",
    )
    return (read["r8"] - read["r7"]) / 100


@pytest.mark.parametrize(
    ("address", "body", "code", "published"),
    [
        (UNCACHED, "ldrb r3, [r1]\nadds r1, #1\nnop", 7, 56),
        (CACHED, "ldr r3, [r1]\nadds r1, #4\n.rept 22\nnop\n.endr", 28, 78),
        (UNCACHED, "ldr r3, [r1]\nadds r1, #4", 6, 54),
        (CACHED, "ldr r3, [r1]\nadds r1, #4\nnop", 7, 58),
        (UNCACHED, "ldmia r1!, {r0, r3, r5, r6}", 8, 204),
        (CACHED, "ldmia r1!, {r0, r3, r5, r6}", 8, 212),
    ],
)
def test_transfers_follow_each_other_by_whole_periods_of_sck(
    address: int, body: str, code: int, published: int
) -> None:
    """What a board took for 4,288 copies out of flash (visenri/arm-m0-memcpy, doc/results, divider 2): bytes around the
    cache in a loop of 7 cycles 56 each, words into it every 28 cycles 78, words of a list 52 after each other, or 50
    around the cache. The other loops here follow from the same rule.
    """
    taken = cycles_a_round(booted(2), address, body)
    assert taken == pytest.approx(published, abs=0.2), f"of which {code} without the misses"


@pytest.mark.parametrize("seed", range(3))
def test_hits_and_misses_equal_a_cache_model(seed: int) -> None:
    """4000 loads at random places that compete for few sets, code in SRAM, counters read back through XIP_CTRL."""
    chip = booted(2)
    rng = random.Random(seed)
    addresses = [
        0x1000_0000 + rng.randrange(5) * 0x2000 + rng.randrange(40) * 4 + rng.randrange(2) * 0x40000
        for _ in range(4000)
    ]
    table = b"".join(a.to_bytes(4, "little") for a in addresses)
    chip.write_memory(0x2000_1000, table)
    run_on(chip, _EMPTY_CACHE + "str r1, [r0, #12]\nstr r1, [r0, #16]")
    run_on(
        chip,
        f"ldr r0, =0x20001000\nldr r1, ={0x2000_1000 + len(table)}\n"
        "1: ldm r0!, {r2}\nldr r3, [r2]\ncmp r0, r1\nbne 1b",
    )
    read = run_on(chip, "ldr r0, =0x14000000\nldr r1, [r0, #12]\nldr r2, [r0, #16]")
    assert (read["r1"], read["r2"]) == hits_and_accesses(addresses)


def test_stream_delivers_words_in_the_background() -> None:
    """Each word takes the cooldown of 7 cycles (datasheet 2.6.3.4) and one transfer of 32 bits; the FIFO holds two."""
    chip = booted(2)
    chip.load(0x1000_4000, bytes(range(64)))
    registers = run_on(
        chip,
        "ldr r0, =0x14000000\nldr r1, =0x10004000\nstr r1, [r0, #20]\nmovs r1, #8\nstr r1, [r0, #24]\n"
        "ldr r2, =0x50400000\nldr r3, =0x20003000\nmovs r5, #8\n"
        "1: ldr r1, [r0, #8]\nlsrs r1, r1, #2\nbcs 1b\nldr r1, [r2]\nstm r3!, {r1}\nsubs r5, #1\nbne 1b",
    )
    assert registers["r5"] == 0
    assert chip.read_memory(0x2000_3000, 32) == bytes(range(32))


def _entry_cycles(vectors: int, cold: bool) -> int:
    """From the store that pends PendSV to the handler's first read of SysTick; the handler is in SRAM."""
    chip = booted(2)
    table = bytearray(16 * 4)
    table[14 * 4 : 15 * 4] = (RAM + 0x800 + 1).to_bytes(4, "little")
    chip.load(vectors, bytes(table))
    chip.write_memory(RAM + 0x800, assemble("ldr r6, [r4, #8]\nbkpt #0", RAM + 0x800))
    warm = "" if cold else f"ldr r0, ={vectors + 14 * 4}\nldr r0, [r0]\n"
    read = run_on(
        chip,
        f"ldr r7, =0xe000ed04\nldr r0, ={vectors}\nstr r0, [r7, #4]\nmovs r1, #1\nlsls r1, r1, #28\n"
        + SYSTICK
        + warm
        + ".align 2\nldr r5, [r4, #8]\nstr r1, [r7]\nnop\nbkpt #1",
    )
    return read["r5"] - read["r6"]


def test_a_vector_is_read_over_the_bus() -> None:
    """In SRAM, or in a word of flash that the cache has, the read is part of the entry; a miss comes on top."""
    assert _entry_cycles(RAM + 0x400, cold=True) == 2 + 2 + 15
    assert _entry_cycles(0x1000_8000, cold=False) == 2 + 2 + 15
    assert 0 <= _entry_cycles(0x1000_8000, cold=True) - (2 + 2 + 15 + miss_cycles(2) + 10) < 2
