"""Exceptions of the core: faults, priorities, stacks, sleep (Arm ARM B1.5)."""

import pytest
from thumb import RAM, STACK, run, word

from emberwatch import _native

# Vector table at `vectors`; each handler is a label or 0. Exception number 16 + n is interrupt n.
_TABLE = """
    .ltorg
    .align 8
    vectors: .word 0, 0, {nmi}, {hard}, 0, 0, 0, 0, 0, 0, 0, {svc}, 0, 0, {pendsv}, {systick}, {irq0}, {irq1}
    .rept 30
    .word 0
    .endr
"""
_SET_VTOR = "ldr r0, =vectors\nldr r1, =0xe000ed08\nstr r0, [r1]\n"


def _run(code: str, handlers: str = "", cycles: int = 100_000, **table: str) -> object:
    names = {"nmi": "0", "hard": "0", "svc": "0", "pendsv": "0", "systick": "0", "irq0": "0", "irq1": "0"}
    names.update({name: f"{label} + 1" for name, label in table.items()})
    return run(_SET_VTOR + code + "\n" + handlers + _TABLE.format(**names), cycles=cycles)


FAULTS = {
    "unaligned word": "ldr r0, =0x20001001\nfault: ldr r1, [r0]",
    "unaligned halfword": "ldr r0, =0x20001001\nfault: strh r1, [r0]",
    "unaligned LDM": "ldr r0, =0x20001002\nfault: ldmia r0!, {r1, r2}",
    "unmapped read": "ldr r0, =0x30000000\nfault: ldr r1, [r0]",
    "unmapped write": "ldr r0, =0x30000000\nfault: str r1, [r0]",
    "past SRAM": "ldr r0, =0x20042000\nfault: ldrb r1, [r0]",
    "undefined": "fault: udf #1",
    "undefined 32-bit": "fault: .hword 0xf7f0, 0xa001",
    "BKPT without debugger": "fault: bkpt #0",
    # As NuttX needs it, which takes system calls so: the address stacked for an SVC is the next one, here as in SVCall.
    "SVC in HardFault priority": "cpsid i\nsvc #0\nfault: nop",
}


@pytest.mark.parametrize("name", FAULTS)
def test_hard_fault(name: str) -> None:
    chip = _native.Chip()
    names = dict.fromkeys(("nmi", "svc", "pendsv", "systick", "irq0", "irq1"), "0") | {"hard": "handler + 1"}
    handler = "\nb .\n.align 2\nhandler: ldr r7, [sp, #24]\nmrs r6, ipsr\nldr r5, =fault\nmov r8, r5\n1: b 1b"
    source = _SET_VTOR + FAULTS[name] + handler + _TABLE.format(**names)
    run(source, chip=chip, cycles=0)
    chip.attach_debugger(False)
    chip.run_until(2000)
    registers = chip.registers(0)
    assert registers["r6"] == 3
    assert registers["r7"] == registers["r8"], "that of the faulting instruction; after an SVC"


def test_branch_to_arm_state_faults_at_the_target() -> None:
    outcome = _run(
        "ldr r0, =target\nbx r0\n.align 2\ntarget: nop",
        "hard: ldr r7, [sp, #24]\nldr r6, [sp, #28]\nbkpt #0",
        hard="hard",
    )
    assert outcome.stop.reason.name == "BKPT"
    assert outcome["r7"] == outcome["r0"]
    assert outcome["r6"] >> 24 & 1 == 0, "stacked xPSR has T clear"


def test_execution_from_nowhere_faults() -> None:
    outcome = _run("ldr r0, =0x40000001\nbx r0", "hard: ldr r7, [sp, #24]\nbkpt #0", hard="hard")
    assert (outcome.stop.reason.name, outcome["r7"]) == ("BKPT", 0x4000_0000)


def test_fault_in_hard_fault_locks_up() -> None:
    outcome = _run("udf #0", "hard: udf #1", hard="hard")
    assert outcome.stop.reason.name == "LOCKUP"


def test_frame_and_stacked_registers() -> None:
    outcome = _run(
        "movs r0, #10\nmovs r1, #11\nmovs r2, #12\nmovs r3, #13\nmov r12, r3\nsub sp, #4\nsvc #7\nmov r8, sp\nbkpt #0",
        "svc: mov r6, sp\nldr r7, [sp, #28]\nmov r5, lr\nmovs r0, #99\nbx lr",
        svc="svc",
    )
    assert outcome.stop.reason.name == "BKPT"
    assert [word(outcome.chip, outcome["r6"] + 4 * i) for i in range(5)] == [10, 11, 12, 13, 13]
    assert outcome["r0"] == 10, "unstacked"
    assert outcome["r6"] % 8 == 0, "frames are aligned to eight bytes"
    assert outcome["r7"] >> 9 & 1 == 1, "and the padding is remembered"
    assert outcome["r8"] == STACK - 4
    assert outcome["r5"] == 0xFFFF_FFF9


def test_process_stack() -> None:
    outcome = _run(
        "ldr r0, =0x20010000\nmsr psp, r0\nmovs r0, #2\nmsr control, r0\nisb\nmov r6, sp\nsvc #0\n"
        "mrs r7, control\nbkpt #0",
        "svc: mov r5, lr\nmrs r4, psp\nmov r8, sp\nbx lr",
        svc="svc",
    )
    assert (outcome["r6"], outcome["r5"], outcome["r4"], outcome["r8"]) == (
        0x2001_0000,
        0xFFFF_FFFD,
        0x2000_FFE0,
        STACK,
    )
    assert (outcome["r7"], outcome["sp"], outcome["msp"]) == (2, 0x2001_0000, STACK)


_PEND = "ldr r2, =0xe000e200\nldr r3, =0xe000e100\n"


def test_priorities_and_nesting() -> None:
    """Interrupt 1 (priority 1) is preempted by interrupt 0 (priority 0); the reverse waits."""
    outcome = _run(
        _PEND + "ldr r0, =0xe000e400\nldr r1, =0x4000\nstr r1, [r0]\nmovs r0, #3\nstr r0, [r3]\nmovs r7, #0\n"
        "movs r0, #2\nstr r0, [r2]\nnop\nbkpt #0",
        "irq0: lsls r7, r7, #4\nadds r7, #2\nbx lr\n"
        "irq1: lsls r7, r7, #4\nadds r7, #1\nmovs r0, #1\nstr r0, [r2]\nnop\nlsls r7, r7, #4\nadds r7, #3\nbx lr",
        irq0="irq0",
        irq1="irq1",
    )
    assert outcome["r7"] == 0x123


def test_same_priority_does_not_nest_and_tail_chains() -> None:
    outcome = _run(
        _PEND + "movs r0, #3\nstr r0, [r3]\nmovs r7, #0\nmovs r0, #2\nstr r0, [r2]\nnop\nmov r8, sp\nbkpt #0",
        "irq0: lsls r7, r7, #4\nadds r7, #2\nmov r9, sp\nbx lr\n"
        "irq1: lsls r7, r7, #4\nadds r7, #1\nmov r10, sp\nmovs r0, #1\nstr r0, [r2]\nnop\n"
        "lsls r7, r7, #4\nadds r7, #3\nbx lr",
        irq0="irq0",
        irq1="irq1",
    )
    assert outcome["r7"] == 0x132
    assert outcome["r9"] == outcome["r10"], "the second handler uses the same frame"
    assert outcome["r8"] == STACK


def test_primask_holds_interrupts_back() -> None:
    outcome = _run(
        _PEND + "cpsid i\nmovs r7, #0\nmovs r0, #1\nstr r0, [r3]\nstr r0, [r2]\nnop\nmov r6, r7\ncpsie i\nnop\nbkpt #0",
        "irq0: movs r7, #1\nbx lr",
        irq0="irq0",
    )
    assert (outcome["r6"], outcome["r7"]) == (0, 1)


def test_late_arrival_serves_the_more_urgent_first() -> None:
    """SysTick comes due while the frame for PendSV, which is less urgent, is being written."""
    outcome = _run(
        "ldr r0, =0xe000ed20\nldr r1, =0x00c00000\nstr r1, [r0]\n"  # PendSV priority 3, SysTick 0
        "ldr r4, =0xe000e010\nmovs r0, #30\nstr r0, [r4, #4]\nldr r5, =0xe000ed04\nmovs r1, #1\n"
        "lsls r1, r1, #28\nmovs r7, #0\n"
        "movs r0, #7\nstr r0, [r4]\nstr r0, [r4, #8]\n" + "nop\n" * 20 + "str r1, [r5]\nnop\nnop\nbkpt #0",
        "pendsv: lsls r7, r7, #4\nadds r7, #1\nbx lr\n"
        "systick: lsls r7, r7, #4\nadds r7, #2\nmovs r0, #0\nstr r0, [r4]\nbx lr",
        pendsv="pendsv",
        systick="systick",
    )
    assert (outcome.stop.reason.name, outcome["r7"]) == ("BKPT", 0x21)


def test_ldm_is_abandoned_and_restarted() -> None:
    """An interrupt in mid-LDM is taken at once: the base register in the handler is still the old one."""
    seen = set()
    for delay in range(3, 15):
        outcome = _run(
            f"ldr r4, =0xe000e010\nmovs r0, #{delay}\nstr r0, [r4, #4]\nldr r6, =0x20001000\nmovs r7, #0\nmov r8, r7\n"
            "movs r0, #7\nstr r0, [r4]\nstr r0, [r4, #8]\nstr r7, [r4, #4]\nldmia r6!, {r0, r1, r2, r3, r5}\nnop\n"
            + "nop\n" * 30
            + "bkpt #0",
            "systick: mov r8, r6\nldr r7, [sp, #24]\nmovs r0, #0\nstr r0, [r4]\nbx lr",
            systick="systick",
        )
        assert outcome["r6"] == 0x2000_1014
        seen.add(outcome["r8"])
    assert seen == {0x2000_1000, 0x2000_1014}


def test_wfi_sleeps_until_an_interrupt() -> None:
    outcome = _run(
        "ldr r4, =0xe000e010\nldr r0, =9999\nstr r0, [r4, #4]\nstr r0, [r4, #8]\nmovs r0, #7\n"
        "str r0, [r4]\nwfi\nbkpt #0",
        "systick: movs r7, #1\nbx lr",
        systick="systick",
    )
    assert (outcome.stop.reason.name, outcome["r7"]) == ("BKPT", 1)
    assert 9900 < outcome.chip.sleep_cycles(0) < 10_000
    assert outcome.chip.exception_counts(0)[15] == 1


def test_wfi_with_primask_wakes_without_handler() -> None:
    outcome = _run(
        "cpsid i\nldr r4, =0xe000e010\nldr r0, =999\nstr r0, [r4, #4]\nstr r0, [r4, #8]\n"
        "movs r0, #7\nstr r0, [r4]\nwfi\nbkpt #0",
        "systick: movs r7, #1\nbx lr",
        systick="systick",
    )
    assert (outcome.stop.reason.name, outcome["r7"]) == ("BKPT", 0)


def test_wfe_without_event_sleeps_forever() -> None:
    """Core 1 announces itself with an event while it starts; after that nobody sends one."""
    outcome = run("ldr r0, =1000\n1: subs r0, #1\nbne 1b\nsev\nwfe\nmovs r7, #1\nwfe\nbkpt #0\n.ltorg", cycles=50_000)
    assert (outcome.stop.reason.name, outcome["r7"]) == ("TIME", 1)
    assert outcome.chip.cycles == 50_000


def test_sleep_on_exit() -> None:
    outcome = _run(
        "ldr r1, =0xe000ed10\nmovs r0, #2\nstr r0, [r1]\nldr r4, =0xe000e010\nldr r0, =99\n"
        "str r0, [r4, #4]\nmovs r0, #7\nstr r0, [r4]\n"
        "movs r7, #0\nwfi\nbkpt #1",
        "systick: adds r7, #1\nbx lr",
        cycles=10_000,
        systick="systick",
    )
    assert outcome.stop.reason.name == "TIME", "thread mode is never resumed"
    assert 90 <= outcome["r7"] <= 101


def test_unmodelled_register_stops_with_its_address() -> None:
    outcome = run("ldr r0, =0x400680fc\nldr r1, [r0]\nbkpt #0")
    assert (outcome.stop.reason.name, outcome.stop.address, outcome.stop.pc) == ("UNMODELLED", 0x4006_80FC, RAM + 2)


def test_narrow_writes_to_registers_use_all_lanes() -> None:
    outcome = run("ldr r0, =0x4005800c\nmovs r1, #0xa5\nstrb r1, [r0, #1]\nldr r2, [r0]\nldrh r3, [r0, #2]\nbkpt #0")
    assert (outcome["r2"], outcome["r3"]) == (0xA5A5_A5A5, 0xA5A5)
