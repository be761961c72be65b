"""The Memory Protection Unit against the rules of the Arm manual (B3.5) and of the Cortex-M0+ (eight regions)."""

import pytest
from thumb import RAM, assemble, run

from emberwatch import _native

NONE, PRIVILEGED, READ_USER, FULL, READ_PRIVILEGED, READ_ONLY = 0, 1, 2, 3, 5, 6
XN = 1 << 28
ENABLE, HFNMIENA, PRIVDEFENA = 1, 2, 4
DATA = 0x2000_8000


def rasr(size_bits: int, ap: int, *, disabled: int = 0, xn: bool = False) -> int:
    """RASR of an enabled region of 2**size_bits bytes; `disabled` has a bit per subregion."""
    return (XN if xn else 0) | ap << 24 | disabled << 8 | (size_bits - 1) << 1 | 1


def program(regions: list[tuple[int, int]], ctrl: int, body: str, *, handler: str = "b report") -> str:
    """Sets regions (base, RASR) up, enables the MPU, runs `body`; r6 = 1 after a HardFault whose stacked PC is r7."""
    setup = "".join(
        f"ldr r1, ={base | 0x10 | n:#x}\nstr r1, [r0, #0xc]\nldr r1, ={attributes:#x}\nstr r1, [r0, #0x10]\n"
        for n, (base, attributes) in enumerate(regions)
    )
    return (
        "ldr r0, =vectors\nldr r1, =0xe000ed08\nstr r0, [r1]\nmovs r6, #0\nmovs r7, #0\nldr r0, =0xe000ed90\n"
        f"{setup}movs r1, #{ctrl}\nstr r1, [r0, #4]\ndsb\nisb\n{body}\nbkpt #0\n"
        f"hard: movs r6, #1\nldr r7, [sp, #24]\n{handler}\nreport: bkpt #1\n.ltorg\n"
        ".align 8\nvectors: .word 0, 0, 0, hard + 1, 0, 0, 0, 0, 0, 0, 0, svc + 1\nsvc: bx lr\n"
    )


def faults(regions: list[tuple[int, int]], body: str, ctrl: int = ENABLE | PRIVDEFENA) -> bool:
    outcome = run(program(regions, ctrl, body))
    assert outcome.stop.reason.name == "BKPT"
    return outcome["r6"] == 1


def load(address: int) -> str:
    return f"ldr r2, ={address:#x}\nfault: ldrb r3, [r2]"


def store(address: int) -> str:
    return f"ldr r2, ={address:#x}\nfault: strb r3, [r2]"


UNPRIVILEGED = "movs r4, #1\nmsr control, r4\nisb\n"


def test_registers() -> None:
    outcome = run(
        "ldr r0, =0xe000ed90\nldr r1, [r0]\nldr r2, =0x20008513\nstr r2, [r0, #0xc]\nldr r3, [r0, #8]\n"
        "ldr r4, [r0, #0xc]\nldr r2, =0xffffffff\nstr r2, [r0, #0x10]\nldr r5, [r0, #0x10]\nmovs r2, #5\n"
        "str r2, [r0, #8]\nldr r6, [r0, #0x10]\nldr r7, [r0, #0xc]\nbkpt #0\n.ltorg"
    )
    assert outcome["r1"] == 0x800, "eight regions, unified"
    assert outcome["r3"] == 3, "VALID selects the region of the REGION field"
    assert outcome["r4"] == 0x2000_8503, "VALID reads as zero"
    assert outcome["r5"] == 0x1707_FF3F, "no TEX on ARMv6-M"
    assert (outcome["r6"], outcome["r7"]) == (0, 5), "regions are separate"


# AP, and whether privileged read, privileged write, unprivileged read, unprivileged write are allowed (table B3-15).
PERMISSIONS = {
    NONE: (False, False, False, False),
    PRIVILEGED: (True, True, False, False),
    READ_USER: (True, True, True, False),
    FULL: (True, True, True, True),
    READ_PRIVILEGED: (True, False, False, False),
    READ_ONLY: (True, False, True, False),
    7: (True, False, True, False),
}


@pytest.mark.parametrize("ap", PERMISSIONS)
def test_access_permissions(ap: int) -> None:
    regions = [(0, rasr(32, FULL)), (DATA, rasr(8, ap))]
    allowed = tuple(
        not faults(regions, mode + access(DATA + 16)) for mode in ("", UNPRIVILEGED) for access in (load, store)
    )
    assert allowed == PERMISSIONS[ap]


def test_the_background_is_for_privileged_code_alone() -> None:
    code = (RAM, rasr(12, FULL))
    assert not faults([code], load(DATA))
    assert faults([code], load(DATA), ctrl=ENABLE)
    assert faults([code], UNPRIVILEGED + load(DATA))


def test_the_highest_region_wins() -> None:
    everything = (0, rasr(32, FULL))
    assert faults([everything, (DATA, rasr(8, NONE))], load(DATA))
    assert not faults([(DATA, rasr(8, NONE)), everything], load(DATA))


@pytest.mark.parametrize("subregion", range(8))
def test_disabled_subregions_fall_through(subregion: int) -> None:
    guard = (DATA, rasr(8, NONE, disabled=0xFF ^ 1 << subregion))
    for other in range(8):
        assert faults([guard], load(DATA + 32 * other + 31)) == (other == subregion)
    assert not faults([guard], load(DATA - 1)) and not faults([guard], load(DATA + 256))


@pytest.mark.parametrize("bits", [8, 9, 12, 17])
def test_region_size(bits: int) -> None:
    base = 0x2002_0000
    region = [(base, rasr(bits, NONE))]
    assert faults(region, load(base)) and faults(region, load(base + (1 << bits) - 1))
    assert not faults(region, load(base - 1))
    assert not faults(region, load(base + (1 << bits))) or bits == 17


def test_a_disabled_region_and_a_disabled_mpu_do_nothing() -> None:
    assert not faults([(DATA, rasr(8, NONE) & ~1)], load(DATA))
    assert not faults([(DATA, rasr(8, NONE))], load(DATA), ctrl=PRIVDEFENA)


def test_multiple_transfers_are_checked_word_by_word() -> None:
    guard = [(DATA, rasr(8, NONE, disabled=0xFE))]  # the first 32 bytes
    for words, offset, expected in ((2, -8, False), (3, -8, True), (1, 31 & ~3, True), (4, 32, False)):
        registers = ", ".join(f"r{n}" for n in range(words))
        body = f"ldr r5, ={DATA + offset:#x}\nldmia r5!, {{{registers}}}"
        assert faults(guard, body) == expected, (words, offset)


def test_stacks_may_not_reach_the_guard() -> None:
    """As pico-sdk's PICO_USE_STACK_GUARDS sets it up: one subregion of 32 bytes without access, never executed."""
    guard = [(DATA, rasr(8, NONE, disabled=0xFE, xn=True))]
    body = f"ldr r2, ={DATA + 36:#x}\nmov sp, r2\npush {{r3}}\nfault: push {{r3, r4}}"
    outcome = run(program(guard, ENABLE | PRIVDEFENA, body, handler="mrs r5, ipsr\npush {r5}\nb report"))
    assert (outcome.stop.reason.name, outcome["r6"], outcome["r5"]) == ("BKPT", 1, 3)
    assert [cause.name for cause, *_ in outcome.chip.faults(0)] == ["PROTECTION", "STACKING"]
    assert outcome.chip.faults(0)[0][2] == DATA + 24, "the address that the instruction wanted"


def test_execute_never() -> None:
    target = "ldr r2, =there + 1\nblx r2\nbkpt #0\n.ltorg\n.align 8\nthere: bx lr\n.align 8"
    assert not faults([], target)
    base = 0x2000_0100  # `there` is in the second 256 bytes: the program before it is shorter
    outcome = run(program([(base, rasr(8, FULL, xn=True))], ENABLE | PRIVDEFENA, target))
    assert (outcome["r6"], outcome["r7"]) == (1, base), "the fetch faults, at the target"
    assert outcome.chip.faults(0)[0][0].name == "EXECUTE_NEVER"
    assert not faults([(base, rasr(8, FULL, xn=True))], load(base + 4)), "data may be read there"


def test_code_that_has_run_before_is_forbidden_too() -> None:
    """The change of a region reaches code that is already decoded, in both directions."""
    base = 0x2000_0200
    body = (
        "bl there\nldr r1, =0x20000210\nstr r1, [r0, #0xc]\n"
        f"ldr r1, ={rasr(8, FULL, xn=True):#x}\nstr r1, [r0, #0x10]\nmovs r1, #5\nstr r1, [r0, #4]\ndsb\nisb\n"
        "bl there\nmovs r5, #7\nbkpt #0\n.ltorg\n.align 9\nthere: adds r4, #1\nbx lr\n.align 8"
    )
    handler = "movs r1, #0\nstr r1, [r0, #4]\nbl there\nb report"
    outcome = run(program([], 0, "movs r4, #0\n" + body, handler=handler))
    assert (outcome["r6"], outcome["r7"], outcome["r4"]) == (1, base, 2)


def test_fetches_need_read_permission() -> None:
    code = (RAM, rasr(12, PRIVILEGED))
    assert not faults([code], "nop")
    assert faults([code], UNPRIVILEGED + "nop")


def test_handlers_at_negative_priority_are_checked_only_with_hfnmiena() -> None:
    guard = [(DATA, rasr(8, NONE))]
    body = "udf #0"
    handler = f"ldr r2, ={DATA:#x}\nldrb r3, [r2]\nb report"
    source = program(guard, ENABLE | PRIVDEFENA, body, handler=handler)
    assert run(source).stop.reason.name == "BKPT"
    source = program(guard, ENABLE | PRIVDEFENA | HFNMIENA, body, handler=handler)
    assert run(source).stop.reason.name == "LOCKUP"


def test_the_private_peripheral_bus_keeps_the_default_map() -> None:
    outcome = run(program([(0, rasr(32, NONE)), (RAM, rasr(12, FULL))], ENABLE, "ldr r5, [r0]"))
    assert (outcome["r6"], outcome["r5"]) == (0, 0x800)


def test_the_private_peripheral_bus_is_privileged() -> None:
    outcome = run(program([], 0, UNPRIVILEGED + "fault: ldr r5, [r0]"))
    assert outcome["r6"] == 1
    assert outcome.chip.faults(0)[0][0].name == "PROTECTION"


def test_stacking_uses_the_privilege_of_the_interrupted_code() -> None:
    """An SVC of unprivileged code whose stack is privileged memory cannot stack: HardFault."""
    regions = [(0, rasr(32, FULL)), (DATA, rasr(8, PRIVILEGED))]
    body = f"ldr r2, ={DATA + 0x80:#x}\nmsr psp, r2\nmovs r4, #{{}}\nmsr control, r4\nisb\nsvc #0"
    assert not faults(regions, body.format(2))
    outcome = run(program(regions, ENABLE, body.format(3)))
    assert outcome["r6"] == 1 and outcome.chip.faults(0)[0][0].name == "STACKING"


def test_each_core_has_its_own_and_dma_has_none() -> None:
    chip = _native.Chip()
    source = program([(DATA, rasr(8, NONE))], ENABLE | PRIVDEFENA, "ldr r2, =0x20001000\n1: ldr r3, [r2]\nb 1b")
    run(source, chip=chip, cycles=2000)
    chip.write_memory(DATA, b"\x12\x34\x56\x78")
    chip.write_bus(0x4000_F000, 4, 1 << 2)
    for offset, value in ((0x0, DATA), (0x4, 0x2000_1000), (0x8, 1), (0xC, 0x3F << 15 | 2 << 2 | 1)):
        chip.write_bus(0x5000_0000 + offset, 4, value)
    chip.run_until(chip.cycles + 100)
    assert chip.registers(0)["r3"] == 0x7856_3412


def test_costs_no_cycles() -> None:
    body = "ldr r2, =0xe000e010\nmovs r3, #5\nldr r4, =0xffffff\nstr r4, [r2, #4]\nstr r4, [r2, #8]\nstr r3, [r2]\n"
    body += "push {r1, r2}\npop {r1, r2}\nmuls r1, r2, r1\nb 1f\n"
    body += "1: ldr r3, =0x20001000\nldrh r4, [r3]\nldr r5, [r2, #8]"
    on = run(program([(DATA, rasr(8, NONE))], ENABLE | PRIVDEFENA, body))
    off = run(program([(DATA, rasr(8, NONE))], 0, body))
    assert on["r5"] == off["r5"]


def test_snapshots_hold_it() -> None:
    chip = _native.Chip()
    body = "ldr r2, =0x20008000\nmovs r4, #200\n1: subs r4, #1\nbne 1b\nldrb r3, [r2]"
    run(program([(DATA, rasr(8, NONE))], ENABLE | PRIVDEFENA, body), chip=chip, cycles=300)
    snapshot = chip.save()
    other = _native.Chip()
    other.load(RAM, assemble("b ."))
    other.attach_debugger(True)
    other.restore(snapshot)
    other.run_until(10_000)
    assert other.registers(0)["r6"] == 1
