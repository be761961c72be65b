"""One test per encoding family: results and flags by hand from the Arm ARM's pseudocode."""

import pytest
from thumb import RAM, STACK, run, word

from emberwatch import _native

CASES = [
    # (code, registers before, expected registers, expected flags)
    ("movs r0, r1", {"r1": 0x8000_0000, "xpsr": 0x3000_0000}, {"r0": 0x8000_0000}, "NzCV"),
    ("lsls r0, r1, #1", {"r1": 0x8000_0001}, {"r0": 2}, "nzCv"),
    ("lsrs r0, r1, #32", {"r1": 0x8000_0000}, {"r0": 0}, "nZCv"),
    ("asrs r0, r1, #32", {"r1": 0x8000_0000}, {"r0": 0xFFFF_FFFF}, "NzCv"),
    ("asrs r0, r1, #4", {"r1": 0x8000_0008}, {"r0": 0xF800_0000}, "NzCv"),
    ("adds r0, r1, r2", {"r1": 0x7FFF_FFFF, "r2": 1}, {"r0": 0x8000_0000}, "NzcV"),
    ("subs r0, r1, r2", {"r1": 0, "r2": 1}, {"r0": 0xFFFF_FFFF}, "Nzcv"),
    ("adds r0, r1, #7", {"r1": 0xFFFF_FFF9}, {"r0": 0}, "nZCv"),
    ("subs r0, r1, #7", {"r1": 7}, {"r0": 0}, "nZCv"),
    ("movs r0, #255", {}, {"r0": 255}, "nzcv"),
    ("cmp r0, #200", {"r0": 100}, {"r0": 100}, "Nzcv"),
    ("adds r0, #200", {"r0": 0xFFFF_FFFF}, {"r0": 199}, "nzCv"),
    ("subs r0, #200", {"r0": 0x8000_0000}, {"r0": 0x7FFF_FF38}, "nzCV"),
    ("ands r0, r1", {"r0": 0xF0F0, "r1": 0x0FF0}, {"r0": 0x00F0}, "nzcv"),
    ("eors r0, r0", {"r0": 5}, {"r0": 0}, "nZcv"),
    ("lsls r0, r1", {"r0": 3, "r1": 32}, {"r0": 0}, "nZCv"),
    ("lsls r0, r1", {"r0": 3, "r1": 33}, {"r0": 0}, "nZcv"),
    ("lsls r0, r1", {"r0": 3, "r1": 0x100, "xpsr": 0x2000_0000}, {"r0": 3}, "nzCv"),
    ("lsrs r0, r1", {"r0": 0x8000_0000, "r1": 32}, {"r0": 0}, "nZCv"),
    ("asrs r0, r1", {"r0": 0x8000_0000, "r1": 255}, {"r0": 0xFFFF_FFFF}, "NzCv"),
    ("rors r0, r1", {"r0": 0x0000_000F, "r1": 4}, {"r0": 0xF000_0000}, "NzCv"),
    ("rors r0, r1", {"r0": 0x8000_0000, "r1": 32}, {"r0": 0x8000_0000}, "NzCv"),
    # the carry is a third operand: folding it into the second would lose this overflow
    ("adcs r0, r1", {"r0": 0x7FFF_FFFF, "r1": 0, "xpsr": 0x2000_0000}, {"r0": 0x8000_0000}, "NzcV"),
    ("sbcs r0, r1", {"r0": 0, "r1": 0xFFFF_FFFF, "xpsr": 0x0000_0000}, {"r0": 0}, "nZcv"),
    ("tst r0, r1", {"r0": 1, "r1": 2}, {"r0": 1}, "nZcv"),
    ("rsbs r0, r1, #0", {"r1": 0x8000_0000}, {"r0": 0x8000_0000}, "NzcV"),
    ("cmp r0, r1", {"r0": 5, "r1": 5}, {"r0": 5}, "nZCv"),
    ("cmn r0, r1", {"r0": 0xFFFF_FFFF, "r1": 1}, {"r0": 0xFFFF_FFFF}, "nZCv"),
    ("orrs r0, r1", {"r0": 0x8000_0000, "r1": 1}, {"r0": 0x8000_0001}, "Nzcv"),
    ("muls r0, r1, r0", {"r0": 0x1_0001, "r1": 0x1_0001}, {"r0": 0x2_0001}, "nzcv"),
    ("bics r0, r1", {"r0": 0xFF, "r1": 0x0F}, {"r0": 0xF0}, "nzcv"),
    ("mvns r0, r1", {"r1": 0}, {"r0": 0xFFFF_FFFF}, "Nzcv"),
    ("add r8, r1", {"r8": 1, "r1": 2}, {"r8": 3}, "nzcv"),
    ("add r0, pc", {"r0": 0}, {"r0": RAM + 4}, "nzcv"),
    ("cmp r8, r1", {"r8": 1, "r1": 2}, {"r8": 1}, "Nzcv"),
    ("mov sp, r0", {"r0": 0x2000_1003}, {"sp": 0x2000_1000}, "nzcv"),
    ("mov r0, pc", {}, {"r0": RAM + 4}, "nzcv"),
    ("adr r0, 1f\nb 2f\n.align 2\n1: .word 0\n2:", {}, {"r0": RAM + 4}, "nzcv"),
    ("add r0, sp, #16", {}, {"r0": STACK + 16}, "nzcv"),
    ("sub sp, #64", {}, {"sp": STACK - 64}, "nzcv"),
    ("sxth r0, r1", {"r1": 0x1234_8000}, {"r0": 0xFFFF_8000}, "nzcv"),
    ("sxtb r0, r1", {"r1": 0x1234_5680}, {"r0": 0xFFFF_FF80}, "nzcv"),
    ("uxth r0, r1", {"r1": 0x1234_8000}, {"r0": 0x8000}, "nzcv"),
    ("uxtb r0, r1", {"r1": 0x1234_5680}, {"r0": 0x80}, "nzcv"),
    ("rev r0, r1", {"r1": 0x0102_0304}, {"r0": 0x0403_0201}, "nzcv"),
    ("rev16 r0, r1", {"r1": 0x0102_0304}, {"r0": 0x0201_0403}, "nzcv"),
    ("revsh r0, r1", {"r1": 0x0102_0380}, {"r0": 0xFFFF_8003}, "nzcv"),
    ("mrs r0, apsr", {"xpsr": 0xA000_0000}, {"r0": 0xA000_0000}, "NzCv"),
    ("msr apsr_nzcvq, r0", {"r0": 0xF000_0000}, {}, "NZCV"),
    ("cpsid i\nmrs r0, primask\ncpsie i\nmrs r1, primask", {}, {"r0": 1, "r1": 0}, "nzcv"),
    ("nop\nyield\nsev\ndmb\ndsb\nisb\nmovs r0, #1", {}, {"r0": 1}, "nzcv"),
]


@pytest.mark.parametrize(("code", "before", "after", "flags"), CASES, ids=[c[0].split("\n")[0] for c in CASES])
def test_data_processing(code: str, before: dict[str, int], after: dict[str, int], flags: str) -> None:
    outcome = run(f"{code}\nbkpt #0", **({"xpsr": 0} | before))
    assert outcome.stop.reason.name == "BKPT"
    assert {name: outcome[name] for name in after} == after
    assert outcome.flags == flags


LOADS = [
    ("ldr r0, [r1, r2]", 0x8182_8384),
    ("ldrh r0, [r1, r2]", 0x8384),
    ("ldrb r0, [r1, r2]", 0x84),
    ("ldrsh r0, [r1, r2]", 0xFFFF_8384),
    ("ldrsb r0, [r1, r2]", 0xFFFF_FF84),
    ("ldr r0, [r1, #4]", 0x8182_8384),
    ("ldrh r0, [r1, #6]", 0x8182),
    ("ldrb r0, [r1, #7]", 0x81),
    ("ldr r0, [sp, #4]", 0x8182_8384),
]


@pytest.mark.parametrize(("code", "value"), LOADS, ids=[c[0] for c in LOADS])
def test_loads(code: str, value: int) -> None:
    data = "\nbkpt #0\n.align 2\n.space 0x100\n.word 0\n.word 0x81828384"
    base = RAM + 0x104
    outcome = run(code + data, r1=base, r2=4, sp=base)
    assert outcome["r0"] == value


STORES = [
    ("str r0, [r1, r2]", 0x8182_8384),
    ("strh r0, [r1, r2]", 0x5555_8384),
    ("strb r0, [r1, r2]", 0x5555_5584),
    ("str r0, [r1, #4]", 0x8182_8384),
    ("strh r0, [r1, #6]", 0x8384_5555),
    ("strb r0, [r1, #5]", 0x5555_8455),
    ("str r0, [sp, #4]", 0x8182_8384),
]


@pytest.mark.parametrize(("code", "value"), STORES, ids=[c[0] for c in STORES])
def test_stores(code: str, value: int) -> None:
    chip = _native.Chip()
    chip.write_memory(0x2000_1000, b"\x55" * 8)
    outcome = run(f"{code}\nbkpt #0", chip=chip, r0=0x8182_8384, r1=0x2000_1000, r2=4, sp=0x2000_1000)
    assert outcome.stop.reason.name == "BKPT"
    assert word(chip, 0x2000_1004) == value


def test_push_pop_and_return() -> None:
    outcome = run(
        "bl 1f\nadds r5, #1\nbkpt #0\n1: push {r0, r4, lr}\nmovs r0, #9\nmovs r4, #9\npop {r0, r4, pc}", r0=1, r4=2
    )
    assert (outcome["r0"], outcome["r4"], outcome["r5"], outcome["sp"]) == (1, 2, 1, STACK)


def test_ldm_stm_writeback() -> None:
    outcome = run("stmia r0!, {r1, r2}\nsubs r0, #8\nldmia r0!, {r3, r4}\nbkpt #0", r0=0x2000_1000, r1=7, r2=8)
    assert (outcome["r3"], outcome["r4"], outcome["r0"]) == (7, 8, 0x2000_1008)
    outcome = run("stmia r1!, {r2, r3}\nsubs r1, #8\nldmia r1, {r1, r2}\nbkpt #0", r1=0x2000_1000, r2=5, r3=6)
    assert (outcome["r1"], outcome["r2"]) == (5, 6)  # base in the list: loaded, not written back


CONDITIONS = {
    "eq": lambda n, z, c, v: z, "ne": lambda n, z, c, v: not z, "cs": lambda n, z, c, v: c,
    "cc": lambda n, z, c, v: not c, "mi": lambda n, z, c, v: n, "pl": lambda n, z, c, v: not n,
    "vs": lambda n, z, c, v: v, "vc": lambda n, z, c, v: not v, "hi": lambda n, z, c, v: c and not z,
    "ls": lambda n, z, c, v: not c or z, "ge": lambda n, z, c, v: n == v, "lt": lambda n, z, c, v: n != v,
    "gt": lambda n, z, c, v: not z and n == v, "le": lambda n, z, c, v: z or n != v,
}  # fmt: skip


@pytest.mark.parametrize("condition", CONDITIONS)
def test_conditional_branch(condition: str) -> None:
    for bits in range(16):
        n, z, c, v = (bool(bits >> (3 - i) & 1) for i in range(4))
        outcome = run(f"b{condition} 1f\nbkpt #1\n1: mov r8, r1\nbkpt #0", r1=1, xpsr=bits << 28)
        assert bool(outcome["r8"]) == bool(CONDITIONS[condition](n, z, c, v)), f"{condition} with flags {bits:04b}"


def test_branches_beyond_a_decoded_page() -> None:
    source = (
        "b 1f\n.space 1500\n.space 400\n1: cmp r0, r0\nbeq 2f\n.space 200\n2: bl 3f\nbkpt #0\n"
        ".space 6000\n3: movs r7, #3\nbx lr"
    )
    outcome = run(source)
    assert (outcome.stop.reason.name, outcome["r7"]) == ("BKPT", 3)


def test_code_runs_across_a_page_boundary() -> None:
    outcome = run(
        "b 1f\n.space 2000\n1: b 2f\n.space 1990\n2:\n.rept 100\nadds r0, #1\n.endr\nbl 3f\nbkpt #0\n3: bx lr"
    )
    assert (outcome.stop.reason.name, outcome["r0"]) == ("BKPT", 100)


def test_self_modifying_code() -> None:
    """A store into the path ahead takes effect; so does one into the second half of a BL already executed."""
    outcome = run(
        """ldr r0, =0x2705   @ movs r7, #5
        adr r1, 1f
        movs r2, #2
        2:
        .align 2
        1: movs r7, #1
        nop
        strh r0, [r1]
        subs r2, #1
        bne 2b
        bkpt #0
        .align 2
        .ltorg"""
    )
    assert outcome["r7"] == 5


def test_every_encoding_has_one_name() -> None:
    names = [_native.encoding_name(first, 0) for first in range(0x10000) if first >> 11 < 0x1D]
    table = {name for name, pattern in _native.encodings() if len(pattern) == 16}
    assert set(names) - {"UNDEFINED"} == table
    assert _native.encoding_name(0xDE00) == "UDF T1"
    assert _native.encoding_name(0xF000, 0xF800) == "BL T1"
    assert _native.encoding_name(0xE800, 0) == "UNDEFINED"
