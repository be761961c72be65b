"""Boot, XIP cache, snapshots, breakpoints and the function profiler."""

from __future__ import annotations

import random

import pytest
from thumb import FLASH_CODE, RAM, assemble, boot2_crc, run
from xip_model import Cache

from emberwatch import _native

# A second stage for these tests: quad I/O reads with `divider`, then the vector table at 0x10000100.
_BOOT2 = """
    ldr r3, =0x18000000
    movs r1, #0
    str r1, [r3, #8]
    movs r1, #{divider}
    str r1, [r3, #0x14]
    ldr r1, =0x005f0300
    str r1, [r3]
    ldr r1, =0x2221
    movs r2, #0xf4
    str r1, [r3, r2]
    movs r0, #1
    str r0, [r3, #8]
    movs r1, #0xeb       @ one read with its instruction, whose mode bits say that the next ones have none
    str r1, [r3, #0x60]
    movs r1, #0xa0
    str r1, [r3, #0x60]
    1: ldr r1, [r3, #0x28]
    lsrs r1, r1, #1
    bcs 1b
    str r1, [r3, #8]
    ldr r1, =0xa0002022
    str r1, [r3, r2]
    str r0, [r3, #8]
    ldr r0, =0x10000101
    bx r0
    .ltorg
"""
_WORD = (8 + 4 + 32 // 4) * 2 + 10  # SCK of address, dummies and data at divider 2, and the transfer's overhead


def flash_image(source: str, divider: int = 2) -> bytes:
    """A flash image that boots into `source` at 0x10000100."""
    boot2 = assemble(_BOOT2.format(divider=divider)).ljust(252, b"\0")
    return boot2 + boot2_crc(boot2).to_bytes(4, "little") + assemble(source, FLASH_CODE)


def boot(source: str, divider: int = 2) -> _native.Chip:
    chip = _native.Chip()
    chip.attach_debugger(True)
    chip.load(0x1000_0000, flash_image(source, divider))
    chip.reset()
    return chip


def test_boots_through_the_second_stage() -> None:
    chip = boot("movs r7, #42\nbkpt #0")
    assert chip.run_until(100_000).reason.name == "BKPT"
    assert chip.registers(0)["r7"] == 42
    assert chip.read_memory(0x2004_1F00, 256) == chip.read_memory(0x1000_0000, 256)


def test_bad_checksum_is_an_error_and_not_a_run() -> None:
    image = bytearray(flash_image("bkpt #0"))
    image[10] ^= 1
    chip = _native.Chip()
    chip.load(0x1000_0000, bytes(image))
    chip.reset()
    stop = chip.run_until(1000)
    assert stop.reason.name == "BOOT_ERROR"
    assert "CRC32" in stop.detail and f"0x{boot2_crc(bytes(image[:252])):08x}" in stop.detail


def test_wrong_arguments_are_named() -> None:
    with pytest.raises(ValueError, match="100000 bytes"):
        _native.Chip(flash_bytes=100_000)
    with pytest.raises(ValueError, match="no memory"):
        _native.Chip().load(0x3000_0000, b"x")
    with pytest.raises(ValueError, match="16384"):
        _native.Chip().load_rom(bytes(16385))
    with pytest.raises(ValueError, match="snapshot"):
        _native.Chip().restore(bytes(100))


# ---------------------------------------------------------------------------------------------- XIP cache


def test_cache_counters_follow_the_model() -> None:
    """Code in SRAM reads flash words at random addresses; every one is one access."""
    rng = random.Random(5)
    bases = [rng.randrange(0, 1 << 20) & ~3 for _ in range(40)]
    addresses = [rng.choice(bases) + rng.randrange(0, 4) * 0x2000 + rng.randrange(0, 4) * 4 for _ in range(3000)]
    chip = boot("ldr r0, =0x20000001\nbx r0\n.ltorg")
    loop = assemble(
        "ldr r0, =0x20001000\nldr r2, =3000\n1: ldmia r0!, {r1}\nldr r3, [r1]\nsubs r2, #1\nbne 1b\nbkpt #0\n.ltorg"
    )
    chip.load(RAM, loop)
    chip.load(0x2000_1000, b"".join((0x1000_0000 + a).to_bytes(4, "little") for a in addresses))
    chip.add_breakpoint(RAM)
    assert chip.run_until(100_000).reason.name == "BREAKPOINT"
    before = chip.xip_hits, chip.xip_accesses
    model = Cache()
    # What the boot left in the cache: the words of its few instructions and the literal.
    for address in (0x100, 0x104):
        model.access(address)
    start = chip.cycles
    model.hits = model.accesses = 0
    for address in addresses:
        model.access(address)
    assert chip.run_until(10_000_000).reason.name == "BKPT"
    assert chip.xip_accesses - before[1] == model.accesses
    assert chip.xip_hits - before[0] == model.hits
    # 4 for LDR literals, 1 + 1, 2, 1, 2 per round, the last branch not taken.
    taken = chip.cycles - start - (4 + 3000 * (2 + 2 + 1 + 2) - 1)
    assert taken in (_waits(addresses, 0), _waits(addresses, 1))


def _waits(addresses: list[int], phase: int) -> int:
    """Cycles lost to misses by a loop of seven cycles; where the first one meets SCK, of two cycles, is not known."""
    model = Cache()
    for address in (0x100, 0x104):
        model.access(address)
    now = phase
    for n, address in enumerate(addresses):
        hits = model.hits
        model.access(address)
        if model.hits == hits:
            at = now + 7 * n
            now += -at % 2 + _WORD
    return now - phase


def test_code_fetches_are_words() -> None:
    """A straight run of 64 halfwords is 32 word fetches, each filled by a miss of its own."""
    source = "ldr r4, =0x20000001\nmov r8, r4\nb 1f\n.align 3\n1:\n" + "adds r0, #1\n" * 64 + "bx r8\n.ltorg"
    chip = boot(source)
    chip.load(RAM, assemble("bkpt #0"))
    first_line = 0x1000_0108
    chip.add_breakpoint(first_line)
    assert chip.run_until(100_000).reason.name == "BREAKPOINT"
    hits, accesses, start = chip.xip_hits, chip.xip_accesses, chip.cycles
    assert chip.run_until(100_000).reason.name == "BKPT"
    assert chip.xip_accesses - accesses == 32 + 1  # and the word of BX
    # BX shares its line with the literal, which the first LDR has brought in, but not its word.
    assert chip.xip_hits == hits
    assert chip.cycles - start == 64 + 2 + 33 * _WORD


@pytest.mark.parametrize("divider", [2, 4, 8])
def test_miss_cost_follows_the_divider(divider: int) -> None:
    source = """
        ldr r4, =0xe000e010
        ldr r0, =0xffffff
        str r0, [r4, #4]
        movs r0, #5
        str r0, [r4]
        ldr r6, =0x20000001
        bx r6
        .ltorg"""
    chip = boot(source, divider)
    chip.load(
        RAM,
        assemble(
            "ldr r1, =0x10008000\nldr r5, [r4, #8]\nldr r2, [r1]\nldr r6, [r4, #8]\nsubs r0, r5, r6\nbkpt #0\n.ltorg"
        ),
    )
    assert chip.run_until(1_000_000).reason.name == "BKPT"
    wait = chip.registers(0)["r0"] - 4 - ((8 + 4 + 8) * divider + 10)
    assert 0 <= wait < divider, "for a period of SCK to begin"


def test_flush_and_writes_deallocate() -> None:
    chip = boot("ldr r0, =0x20000001\nbx r0\n.ltorg")
    chip.load(
        RAM,
        assemble(
            """ldr r1, =0x10008000
            ldr r2, =0x14000000
            ldr r3, [r1]
            ldr r3, [r1]
            ldr r4, [r2, #12]    @ one hit more
            str r3, [r1]         @ deallocates
            ldr r3, [r1]
            ldr r5, [r2, #12]
            movs r6, #1
            str r6, [r2, #4]
            ldr r6, [r2, #4]     @ waits for the flush
            ldr r3, [r1]
            ldr r6, [r2, #12]
            subs r6, r6, r4
            subs r5, r5, r4
            bkpt #0
            .ltorg"""
        ),
    )
    assert chip.run_until(100_000).reason.name == "BKPT"
    assert (chip.registers(0)["r5"], chip.registers(0)["r6"]) == (0, 0)


def test_cache_as_sram() -> None:
    outcome = run(
        "ldr r2, =0x14000000\nmovs r0, #0\nstr r0, [r2]\nldr r1, =0x15000010\nldr r0, =0x12345678\n"
        "str r0, [r1]\nldr r7, [r1]\nbkpt #0"
    )
    assert outcome["r7"] == 0x1234_5678


# ---------------------------------------------------------------------------------------------- snapshots

_BUSY = """
    ldr r4, =0xe000e010
    ldr r0, =777
    str r0, [r4, #4]
    ldr r1, =0xe000ed08
    ldr r0, =vectors
    str r0, [r1]
    movs r0, #7
    str r0, [r4]
    ldr r3, =0x20010000
    1: adds r2, #1
    muls r2, r5, r2
    adds r5, #3
    lsls r6, r2, #22
    lsrs r6, r6, #20
    str r2, [r3, r6]
    b 1b
    .ltorg
    .thumb_func
    tick: adds r7, #1
    bx lr
    .align 8
    vectors: .rept 15
    .word 0
    .endr
    .word tick
"""


def test_snapshot_continues_exactly() -> None:
    a = boot(_BUSY)
    a.run_until(200_000)
    snapshot = a.save()
    a.run_until(900_000)
    end = a.save()
    a.restore(snapshot)
    assert a.save() == snapshot
    a.run_until(900_000)
    assert a.save() == end, "the same chip again"
    b = boot(_BUSY)
    b.restore(snapshot)
    b.run_until(900_000)
    assert b.save() == end, "another chip"
    c = boot(_BUSY)
    c.run_until(900_000)
    assert c.registers(0) == b.registers(0), "and a run without a break"


def test_snapshot_restores_changed_code_and_flash() -> None:
    outcome = run("movs r7, #1\nbkpt #0")
    chip = outcome.chip
    snapshot = chip.save()
    chip.load(RAM, assemble("movs r7, #2\nbkpt #0"))
    chip.set_register(0, "pc", RAM)
    chip.run_until(chip.cycles + 100)
    assert chip.registers(0)["r7"] == 2
    chip.restore(snapshot)
    chip.set_register(0, "pc", RAM)
    chip.run_until(chip.cycles + 100)
    assert chip.registers(0)["r7"] == 1


def test_two_chips_do_not_share_anything() -> None:
    first, second = boot("movs r7, #1\nbkpt #0"), boot("movs r7, #2\nbkpt #0")
    second.run_until(100_000)
    first.run_until(100_000)
    assert (first.registers(0)["r7"], second.registers(0)["r7"]) == (1, 2)


# ---------------------------------------------------------------------------------------------- debugger and profiler


def test_breakpoints_stop_before_and_continue() -> None:
    chip = run("1: adds r0, #1\nadds r1, #1\nb 1b", cycles=0).chip
    chip.add_breakpoint(RAM + 2)
    for n in (1, 2, 3):
        stop = chip.run_until(10_000)
        assert (stop.reason.name, stop.pc) == ("BREAKPOINT", RAM + 2)
        assert (chip.registers(0)["r0"], chip.registers(0)["r1"]) == (n, n - 1)
    chip.remove_breakpoint(RAM + 2)
    assert chip.run_until(10_000).reason.name == "TIME"


def test_profiler_counts_inclusive_cycles_tail_calls_and_recursion() -> None:
    source = """
        movs r4, #3
        1: bl outer
        subs r4, #1
        bne 1b
        movs r0, #4
        bl recursive
        bkpt #0
        .align 4
        outer: push {lr}        @ 2
        bl leaf                 @ 3 + 3
        pop {r1}                @ 2
        mov lr, r1              @ 1
        b tail                  @ 2
        .align 4
        leaf: nop               @ 1
        bx lr                   @ 2
        .align 4
        tail: nop
        nop
        bx lr                   @ 4
        .align 4
        recursive: push {r4, lr}
        subs r0, #1
        beq 2f
        bl recursive
        2: pop {r4, pc}
    """
    chip = run(source, cycles=0).chip
    functions = [(RAM + 32, 16), (RAM + 48, 16), (RAM + 64, 16), (RAM + 80, 16)]
    chip.trace_functions(functions)
    assert chip.run_until(10_000).reason.name == "BKPT"
    outer, leaf, tail, recursive = chip.profiles(0)
    assert leaf == (3, 9, 3, 3, 3)
    assert outer == (3, 3 * 17, 17, 17, 17)
    assert tail == (3, 12, 4, 4, 4)
    assert recursive[0] == 4
    assert recursive[2] < recursive[3]


def test_profiler_excludes_interrupts() -> None:
    """A function that sleeps through nothing but is interrupted takes as long as one that is not."""
    source = """
        ldr r1, =0xe000ed08
        ldr r0, =vectors
        str r0, [r1]
        ldr r4, =0xe000e010
        ldr r0, ={reload}
        str r0, [r4, #4]
        movs r0, #7
        str r0, [r4]
        str r0, [r4, #8]
        bl work
        bkpt #0
        .ltorg
        .align 4
        work: movs r2, #200
        1: subs r2, #1
        bne 1b
        bx lr
        .align 4
        .thumb_func
        tick: adds r7, #1
        bx lr
        .align 8
        vectors: .rept 15
        .word 0
        .endr
        .word tick
    """
    results = []
    for reload in (150, 100_000):
        chip = run(source.format(reload=reload), cycles=0).chip
        chip.trace_functions([(RAM + 48, 16), (RAM + 64, 16)])
        assert chip.run_until(100_000).reason.name == "BKPT"
        results.append(chip.profiles(0))
    (interrupted, ticks), (alone, none) = results
    assert ticks[0] >= 3 and none[0] == 0
    assert ticks[1] == 3 * ticks[0]  # ADDS and BX
    assert interrupted == alone


def test_profiler_survives_abandoned_calls() -> None:
    """Calls that never return, as after longjmp, do not pile up."""
    source = """
        ldr r6, =100000
        mov r5, sp
        1: bl lost
        back: mov sp, r5
        subs r6, #1
        bne 1b
        bkpt #0
        .ltorg
        .align 4
        lost: push {r0, lr}
        b back
    """
    chip = run(source, cycles=0).chip
    chip.trace_functions([(RAM + 32, 8)])
    assert chip.run_until(10_000_000).reason.name == "BKPT"
    assert 99_990 <= chip.profiles(0)[0][0] <= 100_000
