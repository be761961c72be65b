"""Cycle counts, each measured as firmware would: with the chip's own SysTick, from SRAM."""

import pytest
from thumb import SYSTICK, run

PREAMBLE = (
    SYSTICK
    + """
    nop
    {setup}
    .align 2
    ldr r5, [r4, #8]
    {code}
    ldr r6, [r4, #8]
    subs r0, r5, r6
    subs r0, #2          @ the LDR of the second reading
    bkpt #0
    .ltorg
    {after}
"""
)

# (name, code, set-up, code elsewhere, cycles, source)
ROWS = [
    ("nothing", "", "", "", 0, "calibration"),
    ("ALU", "adds r1, r2", "", "", 1, "datasheet table 81"),
    ("MULS", "muls r1, r2, r1", "", "", 1, "datasheet 2.4.1: single-cycle multiplier"),
    ("NOP", "nop", "", "", 1, "table 81"),
    ("CPS", "cpsie i", "", "", 1, "table 81"),
    ("SEV", "sev", "", "", 1, "table 81"),
    ("LDR SRAM", "ldr r1, [r2]", "ldr r2, =0x20001000", "", 2, "table 81"),
    ("STR SRAM", "str r1, [r2]", "ldr r2, =0x20001000", "", 2, "table 81"),
    ("LDRB SRAM", "ldrb r1, [r2]", "ldr r2, =0x20001001", "", 2, "table 81"),
    ("LDR SRAM4", "ldr r1, [r2]", "ldr r2, =0x20040000", "", 2, "table 81"),
    ("LDR banked alias", "ldr r1, [r2]", "ldr r2, =0x21000000", "", 2, "table 81"),
    ("LDR SIO", "ldr r1, [r2]", "ldr r2, =0xd0000000", "", 1, "table 81: I/O port"),
    ("STR SIO", "str r1, [r2, #16]", "ldr r2, =0xd0000000\nmovs r1, #0", "", 1, "table 81: I/O port"),
    ("LDR APB", "ldr r1, [r2]", "ldr r2, =0x40058000", "", 4, "2.1.3: read 3, + 1"),
    ("STR APB", "str r1, [r2, #12]", "ldr r2, =0x40058000", "", 5, "2.1.3: write 4, + 1"),
    ("STR APB atomic", "str r1, [r2, #12]", "ldr r2, =0x4005a000", "", 5, "2.1.2: no penalty on this block"),
    ("STR UART atomic", "str r1, [r2]", "ldr r2, =0x40036024\nmovs r1, #0", "", 7, "2.1.2: + 2"),
    ("LDR UART atomic", "ldr r1, [r2]", "ldr r2, =0x40036024", "", 4, "2.1.2: atomic writes only"),
    ("LDR PPB", "ldr r1, [r4]", "", "", 2, "table 81"),
    ("PUSH 3", "push {r1, r2, r3}", "", "", 4, "table 81: 1 + N"),
    ("PUSH LR", "push {r1, lr}", "", "", 3, "table 81: 1 + N"),
    ("POP 3", "pop {r1, r2, r3}", "sub sp, #16", "", 4, "table 81: 1 + N"),
    ("LDM 4", "ldmia r0!, {r1, r2, r3, r7}", "ldr r0, =0x20001000", "", 5, "table 81: 1 + N"),
    ("STM 4", "stmia r0!, {r1, r2, r3, r7}", "ldr r0, =0x20001000", "", 5, "table 81: 1 + N"),
    ("POP PC", "pop {r1, pc}\n1:", "ldr r1, =1f\nadds r1, #1\npush {r1}\npush {r1}", "", 5, "table 81: 3 + N"),
    ("B", "b 1f\n1:", "", "", 2, "table 81"),
    ("Bcc taken", "beq 1f\n1:", "cmp r0, r0", "", 2, "table 81"),
    ("Bcc not taken", "bne 1f\n1:", "cmp r0, r0", "", 1, "table 81"),
    ("BL + BX", "bl 1f", "", "1: bx lr", 5, "table 81: 3 + 2"),
    ("BLX + BX", "blx r1", "ldr r1, =1f\nadds r1, #1", ".align 2\n1: bx lr", 4, "table 81: 2 + 2"),
    ("MOV PC", "mov pc, r1\n.align 2\n1:", "ldr r1, =1f", "", 2, "table 81"),
    ("ADD PC", "add pc, r1\nnop", "movs r1, #0", "", 2, "table 81"),
    ("MRS", "mrs r1, apsr", "", "", 3, "table 81"),
    ("MSR", "msr apsr_nzcvq, r1", "", "", 3, "table 81"),
    ("DMB", "dmb", "", "", 3, "table 81"),
    ("DSB", "dsb", "", "", 3, "table 81"),
    ("ISB", "isb", "", "", 3, "table 81"),
    ("WFE with event", "wfe", "sev", "", 2, "table 81: 2 without the wait"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "code", "setup", "after", "cycles", "source"), ROWS, ids=[r[0] for r in ROWS])
def test_instruction_cycles(name: str, code: str, setup: str, after: str, cycles: int, source: str) -> None:
    outcome = run(PREAMBLE.format(code=code, setup=setup, after=after))
    assert outcome.stop.reason.name == "BKPT", outcome.stop
    assert outcome["r0"] == cycles, f"{name}: {source}"


def test_exception_entry_takes_fifteen_cycles() -> None:
    """PendSV is pended by a store; its handler reads SysTick at once."""
    outcome = run(
        """
        ldr r0, =vectors
        ldr r4, =0xe000e010
        ldr r7, =0xe000ed04
        str r0, [r7, #4]
        ldr r0, =0xffffff
        str r0, [r4, #4]
        movs r0, #5
        str r0, [r4, #0]
        str r0, [r4, #8]
        movs r1, #1
        lsls r1, r1, #28
        nop
        ldr r5, [r4, #8]
        str r1, [r7]
        nop
        bkpt #1
        .ltorg
        .thumb_func
        handler: ldr r6, [r4, #8]
        subs r0, r5, r6
        bkpt #0
        .align 8
        vectors: .rept 14
        .word 0
        .endr
        .word handler
        """
    )
    # LDR 2, STR 2, entry 15; readings are taken in the same cycle of their instruction.
    assert (outcome.stop.reason.name, outcome["r0"]) == ("BKPT", 2 + 2 + 15)


def test_systick_period_is_reload_plus_one() -> None:
    outcome = run(
        """
        ldr r4, =0xe000e010
        movs r0, #9
        str r0, [r4, #4]
        movs r0, #5
        str r0, [r4, #0]
        str r0, [r4, #8]
        movs r7, #0
        movs r6, #100
        1: ldr r1, [r4, #8]
        adds r7, r1
        subs r6, #1
        bne 1b
        bkpt #0
        .ltorg
        """
    )
    # The loop takes 6 cycles, the period is 10: five readings cover all values of one parity, 4 or 5 on average.
    assert outcome["r7"] in (100 // 5 * (0 + 2 + 4 + 6 + 8), 100 // 5 * (1 + 3 + 5 + 7 + 9))
