"""Core 1: launched through the boot ROM's protocol as pico-sdk does, sharing SRAM, FIFOs and events with core 0."""

from itertools import pairwise

import pytest
from thumb import LAUNCH, LAUNCH_TABLE, RAM, assemble, run, word

from emberwatch import _native


def test_core1_is_launched_and_runs() -> None:
    outcome = run(
        LAUNCH
        + "1: ldr r0, =0x20001000\nldr r1, [r0]\ncmp r1, #0\nbeq 1b\nbkpt #0"
        + LAUNCH_TABLE
        + "core1: ldr r0, =0x20001000\nldr r1, =0xd0000000\nldr r2, [r1]\nadds r2, #41\n"
        "str r2, [r0]\nmov r3, sp\n2: wfi\nb 2b\n.ltorg"
    )
    assert outcome.stop.reason.name == "BKPT"
    assert word(outcome.chip, 0x2000_1000) == 42, "CPUID of core 1 is 1"
    assert outcome.chip.registers(1)["r3"] == 0x2003_0000


def test_both_cores_keep_their_own_time() -> None:
    """Each counts rounds of a loop of the same length: neither gets ahead."""
    outcome = run(
        LAUNCH + "movs r7, #0\n1: adds r7, #1\nb 1b" + LAUNCH_TABLE + "core1: movs r7, #0\n2: adds r7, #1\nb 2b",
        cycles=40_000,
    )
    first, second = outcome.chip.registers(0)["r7"], outcome.chip.registers(1)["r7"]
    assert first > 10_000
    assert abs(first - second) < 40


def test_cores_see_each_other_in_time() -> None:
    """Core 0 counts in SRAM; what core 1 reads in a loop of fixed length grows by fixed steps, from its first read."""
    outcome = run(
        LAUNCH
        + "ldr r0, =0x20001000\nmovs r7, #0\n1: adds r7, #1\nstr r7, [r0]\nb 1b"
        + LAUNCH_TABLE
        + "core1: ldr r0, =0x20001000\nldr r1, =0x20002000\nmovs r3, #100\n"
        + "2: ldr r2, [r0]\nstmia r1!, {r2}\nnop\nnop\nnop\nsubs r3, #1\nbne 2b\n3: b 3b\n.ltorg",
        cycles=40_000,
    )
    seen = [word(outcome.chip, 0x2000_2000 + 4 * i) for i in range(100)]
    assert seen[0] < 20
    assert {b - a for a, b in pairwise(seen[1:])} <= {1, 2, 3}, "10 cycles here are two rounds of 5 there"


def test_each_core_counts_its_own_dividers_cycles() -> None:
    """Eight cycles after the divisor a core has its results (datasheet 2.3.1.5), whatever the other one waits for.

    The wait is pico-sdk's; core 0 reads over the APB, and its access ends after instructions that core 1 begins later.
    """
    outcome = run(
        LAUNCH
        + "ldr r0, =0x40058000\n1: ldr r1, [r0]\nnop\nldr r1, [r0]\nb 1b"
        + LAUNCH_TABLE
        + "core1: ldr r0, =0xd0000060\nldr r1, =0x20002000\nmovs r2, #10\nmovs r3, #0\nmovs r7, #200\n"
        + "2: adds r3, #37\nstr r3, [r0]\nstr r2, [r0, #4]\ncmp r2, #0\nbeq 3f\nb 3f\n3: b 4f\n4: b 5f\n"
        + "5: ldr r4, [r0, #0x14]\nldr r5, [r0, #0x10]\nstmia r1!, {r4, r5}\nsubs r7, #1\nbne 2b\n6: b 6b\n.ltorg",
        cycles=40_000,
    )
    results = [(word(outcome.chip, 0x2000_2004 + 8 * n), word(outcome.chip, 0x2000_2000 + 8 * n)) for n in range(200)]
    assert results == [divmod(37 * (n + 1), 10) for n in range(200)]


def test_each_core_reads_its_own_systick() -> None:
    """It falls by one in each cycle of the core, whatever the other core's accesses wait for."""
    chip = _native.Chip()
    chip.record_instructions(20_000)
    run(
        LAUNCH
        + "ldr r0, =0x40058000\n1: ldr r1, [r0]\nnop\nldr r1, [r0]\nb 1b"
        + LAUNCH_TABLE
        + "core1: ldr r0, =0xe000e010\nldr r2, =0xffffff\nstr r2, [r0, #4]\nmovs r2, #5\nstr r2, [r0]\n"
        + "2: ldr r4, [r0, #8]\nnop\nldr r5, [r0, #8]\nnop\nb 2b\n.ltorg",
        cycles=10_000,
        chip=chip,
    )
    reads = [(cycle, value) for cycle, _, address, _, _, value in chip.recent_accesses(1) if address == 0xE000E018]
    counted = {cycle + value for cycle, value in reads if value is not None and value > 0}
    assert len(reads) > 1000
    assert len(counted) == 1


def test_system_reset_takes_effect_at_once() -> None:
    """AIRCR.SYSRESETREQ boots again: the instructions after it are not executed."""
    chip = _native.Chip()
    outcome = run("ldr r0, =0x05fa0004\nldr r1, =0xe000ed0c\nstr r0, [r1]\n1: adds r7, #1\nb 1b\n.ltorg", chip=chip)
    assert outcome.stop.reason.name == "BOOT_ERROR", "there is nothing in flash"
    assert outcome["r7"] <= 1


def test_core1_waits_in_the_rom() -> None:
    chip = _native.Chip()
    chip.load(RAM, assemble("b ."))
    chip.reset(RAM | 1)
    chip.run_until(10_000)
    assert chip.registers(1)["pc"] < 0x4000
    assert chip.sleep_cycles(1) > 9_000


@pytest.mark.parametrize("gap", range(25))
def test_core1_is_launched_without_waiting_for_its_echoes(gap: int) -> None:
    """Some programs only push the words, with one SEV after each 0; whether that works depends on the NOPs in between.

    Which numbers of NOPs work was found with the chip's boot ROM, assembled from its public source.
    """
    wait = f".rept {gap}\nnop\n.endr\n"
    outcome = run(
        "ldr r0, =300\nsettle: subs r0, #1\nbne settle\n"
        "ldr r4, =0xd0000000\nldr r5, =launch\nldm r5!, {r0-r3}\n"
        "drain: ldr r6, [r4, #0x58]\nldr r6, [r4, #0x50]\nlsrs r6, #1\nbcs drain\n"
        + 2 * f"str r0, [r4, #0x54]\nsev\nldr r6, [r4, #0x58]\n{wait}"
        + f"str r1, [r4, #0x54]\n{wait}str r2, [r4, #0x54]\nstr r3, [r4, #0x54]\nldr r0, =core1 + 1\n"
        + "str r0, [r4, #0x54]\nsev\n1: b 1b\n.align 2\nlaunch: .word 0, 1, 0x20000100, 0x20040000\n"
        + "core1: ldr r0, =0x20001000\nstr r0, [r0]\n2: b 2b\n.ltorg",
        cycles=20_000,
    )
    assert (word(outcome.chip, 0x2000_1000) == 0x2000_1000) == (gap in (4, 5) or gap >= 14)
