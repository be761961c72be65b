"""Special registers and the System Control Space as programs meet them (Arm ARM B1.4, B3.2, B5.2; Cortex-M0+ TRM)."""

import pytest
from thumb import run

UNPRIVILEGED = "movs r0, #1\nmsr control, r0\nisb\n"


def result(code: str) -> int:
    return run(f"{code}\nbkpt #0\n.ltorg")["r7"]


@pytest.mark.parametrize(
    ("register", "value"),
    [("msp", 0), ("psp", 0), ("primask", 0), ("control", 1), ("ipsr", 0), ("epsr", 0), ("apsr", 0x9000_0000)],
)
def test_unprivileged_reads(register: str, value: int) -> None:
    """MRS in unprivileged Thread mode: stack pointers and PRIMASK read as zero, APSR and CONTROL do not (B5.2.2)."""
    code = "ldr r1, =0x20003000\nmsr psp, r1\ncpsid i\nldr r1, =0x90000000\n" + UNPRIVILEGED
    assert result(code + f"msr apsr_nzcvq, r1\nmrs r7, {register}") == value


@pytest.mark.parametrize(
    ("register", "value", "found"),
    [
        ("apsr_nzcvq", 0xFFFF_FFFF, 0xF000_0000),
        ("primask", 0xFFFF_FFFE, 0),
        ("primask", 0xFFFF_FFFF, 1),
        ("control", 0xFFFF_FFFF, 3),  # nPRIV is there, as the Cortex-M0+ of the RP2040 has the extension
        ("ipsr", 3, 0),
        ("msp", 0x2000_3007, 0x2000_3004),
        ("psp", 0x2000_3007, 0x2000_3004),
    ],
)
def test_what_a_written_special_register_holds(register: str, value: int, found: int) -> None:
    """Bits that are not there read as zero, stack pointers end in 00 (B1.4.1 to B1.4.4, B5.2.3)."""
    assert result(f"ldr r0, ={value:#x}\nmsr {register}, r0\nisb\nmrs r7, {register.split('_')[0]}") == found


@pytest.mark.parametrize(
    ("code", "control_or_mask"),
    [("cpsid i\nmrs r7, control", 1), ("movs r0, #0\nmsr control, r0\nisb\nmrs r7, control", 1)],
)
def test_unprivileged_writes_are_ignored(code: str, control_or_mask: int) -> None:
    """CPS and MSR to CONTROL in unprivileged code do nothing and do not fault (B5.2.1, B5.2.3)."""
    assert result(UNPRIVILEGED + code) == control_or_mask


@pytest.mark.parametrize(
    ("address", "written", "found"),
    [
        (0xE000_ED00, 0, 0x410C_C601),  # CPUID: Cortex-M0+ r0p1
        (0xE000_ED08, 0xFFFF_FFFF, 0xFFFF_FF00),  # VTOR: bits 31:8
        (0xE000_ED10, 0xFFFF_FFFF, 0x16),  # SCR: SEVONPEND, SLEEPDEEP, SLEEPONEXIT
        (0xE000_ED14, 0, 0x208),  # CCR: STKALIGN and UNALIGN_TRP are fixed
        (0xE000_ED1C, 0xFFFF_FFFF, 0xC000_0000),  # SHPR2: two bits of SVCall's priority
        (0xE000_ED20, 0xFFFF_FFFF, 0xC0C0_0000),  # SHPR3: SysTick's, PendSV's
        (0xE000_E400, 0xFFFF_FFFF, 0xC0C0_C0C0),  # NVIC_IPR0
        (0xE000_E014, 0xFFFF_FFFF, 0x00FF_FFFF),  # SYST_RVR: 24 bits
        (0xE000_E018, 0x1234, 0),  # SYST_CVR: any write clears it
        (0xE000_ED90, 0, 0x800),  # MPU_TYPE: eight regions
    ],
)
def test_what_the_system_control_space_keeps(address: int, written: int, found: int) -> None:
    code = f"ldr r0, ={address:#x}\nldr r1, ={written:#x}\nstr r1, [r0]\nldr r7, [r0]"
    assert result(code) == found


@pytest.mark.parametrize(("enabled", "pending"), [(0, 0), (2, 17)])
def test_only_enabled_interrupts_are_vectpending(enabled: int, pending: int) -> None:
    """ICSR.VECTPENDING knows PRIMASK not, ISRPENDING counts disabled ones as well (B3.2.4)."""
    code = f"cpsid i\nldr r4, =0xe000e100\nmovs r0, #{enabled}\nstr r0, [r4]\nldr r4, =0xe000e200\nmovs r0, #2\n"
    icsr = result(code + "str r0, [r4]\nldr r4, =0xe000ed04\nldr r7, [r4]")
    assert icsr >> 12 & 0x1FF == pending and icsr >> 22 & 1 == 1
