"""SIO: GPIO registers, divider, FIFOs, spinlocks and interpolators."""

from __future__ import annotations

import random

import pytest
from periph_chip import FUNC_SIO, SIO, PeriphChip

GPIO_IN, GPIO_OUT, GPIO_OE, GPIO_HI_IN, GPIO_HI_OUT = 0x04, 0x10, 0x20, 0x08, 0x30
FIFO_ST, FIFO_WR, FIFO_RD, SPINLOCK_ST, SPINLOCK0 = 0x50, 0x54, 0x58, 0x5C, 0x100
UDIVIDEND, UDIVISOR, SDIVIDEND, SDIVISOR, QUOTIENT, REMAINDER, DIV_CSR = 0x60, 0x64, 0x68, 0x6C, 0x70, 0x74, 0x78
M32 = 0xFFFFFFFF


@pytest.fixture
def chip() -> PeriphChip:
    chip = PeriphChip()
    chip.boot()
    return chip


def s32(value: int) -> int:
    value &= M32
    return value - (1 << 32) if value >> 31 else value


def divide(chip: PeriphChip, dividend: int, divisor: int, signed: bool) -> tuple[int, int]:
    chip.write(SIO + (SDIVIDEND if signed else UDIVIDEND), dividend)
    chip.write(SIO + (SDIVISOR if signed else UDIVISOR), divisor)
    chip.run(9)
    assert chip.read(SIO + DIV_CSR) == 3
    remainder = chip.read(SIO + REMAINDER)
    result = chip.read(SIO + QUOTIENT), remainder
    assert chip.read(SIO + DIV_CSR) == 1  # reading QUOTIENT clears DIRTY
    return result


def test_divider_is_ready_in_the_ninth_cycle(chip: PeriphChip) -> None:
    divide(chip, 7, 2, signed=False)
    chip.write(SIO + UDIVIDEND, 100)
    chip.write(SIO + UDIVISOR, 7)
    chip.run(8)
    assert chip.read(SIO + DIV_CSR) == 2 and chip.read(SIO + QUOTIENT) == 3
    chip.run(1)
    assert chip.read(SIO + DIV_CSR) & 1 and chip.read(SIO + QUOTIENT) == 14 and chip.read(SIO + REMAINDER) == 2


def test_division_results(chip: PeriphChip) -> None:
    rng = random.Random(1)
    values = [0, 1, 2, 7, 0x7FFFFFFF, 0x80000000, 0x80000001, M32]
    values += [rng.getrandbits(rng.randint(1, 32)) for _ in range(20)]
    for a in values:
        for b in values:
            if b == 0:
                assert divide(chip, a, 0, signed=False) == (M32, a)
                assert divide(chip, a, 0, signed=True) == (1 if s32(a) < 0 else M32, a)
                continue
            assert divide(chip, a, b, signed=False) == (a // b, a % b)
            quotient = abs(s32(a)) // abs(s32(b)) * (1 if (s32(a) < 0) == (s32(b) < 0) else -1)
            assert divide(chip, a, b, signed=True) == (quotient & M32, (s32(a) - quotient * s32(b)) & M32)


def test_divider_state_can_be_saved_and_restored_by_an_interrupt(chip: PeriphChip) -> None:
    divide(chip, 50, 8, signed=False)
    saved = [chip.read(SIO + r) for r in (UDIVIDEND, UDIVISOR, REMAINDER, QUOTIENT)]
    divide(chip, 1000, 3, signed=True)
    for register, value in zip((UDIVIDEND, UDIVISOR, REMAINDER, QUOTIENT), saved, strict=True):
        chip.write(SIO + register, value)
    assert chip.read(SIO + DIV_CSR) == 3
    assert (chip.read(SIO + QUOTIENT), chip.read(SIO + REMAINDER)) == (6, 2)


def test_each_core_has_its_own_divider_and_cpuid(chip: PeriphChip) -> None:
    divide(chip, 9, 4, signed=False)
    chip.call("select_core", 1)
    assert chip.read(SIO) == 1
    divide(chip, 8, 8, signed=False)
    chip.call("select_core", 0)
    assert chip.read(SIO) == 0 and chip.read(SIO + QUOTIENT) == 2


def test_gpio_out_set_clear_xor_reach_the_pad(chip: PeriphChip) -> None:
    chip.select(5, FUNC_SIO)
    chip.write(SIO + GPIO_OE + 4, 1 << 5)
    for register, expected in ((GPIO_OUT + 4, 1), (GPIO_OUT + 8, 0), (GPIO_OUT + 12, 1), (GPIO_OUT + 12, 0)):
        chip.write(SIO + register, 1 << 5)
        assert chip.read(SIO + GPIO_OUT) == expected << 5
        chip.run(3)  # one cycle to the pad, two through the synchroniser
        assert chip.read(SIO + GPIO_IN) >> 5 & 1 == expected


def test_gpio_input_passes_the_synchroniser(chip: PeriphChip) -> None:
    chip.select(7, FUNC_SIO)
    chip.run(10)
    chip.call("drive", 7, True)
    assert chip.read(SIO + GPIO_IN) >> 7 & 1 == 0
    chip.run(1)
    assert chip.read(SIO + GPIO_IN) >> 7 & 1 == 0
    chip.run(1)
    assert chip.read(SIO + GPIO_IN) >> 7 & 1 == 1


def test_fifo_between_the_cores(chip: PeriphChip) -> None:
    assert chip.read(SIO + FIFO_ST) == 2
    for n in range(9):
        chip.write(SIO + FIFO_WR, n)
    assert chip.read(SIO + FIFO_ST) == 4  # not ready, WOF
    assert chip.irq(15, core=0) and chip.irq(16, core=1) and not chip.irq(15, core=1)
    chip.write(SIO + FIFO_ST, 4)
    assert not chip.irq(15, core=0)
    chip.call("select_core", 1)
    assert [chip.read(SIO + FIFO_RD) for _ in range(8)] == list(range(8))
    assert chip.read(SIO + FIFO_ST) == 2 and not chip.irq(16, core=1)
    chip.read(SIO + FIFO_RD)
    assert chip.read(SIO + FIFO_ST) == 2 | 8 and chip.irq(16, core=1)  # ROE
    chip.write(SIO + FIFO_ST, 0)  # any value will do (datasheet 2.3.1.4)
    assert chip.read(SIO + FIFO_ST) == 2 and not chip.irq(16, core=1)


def test_spinlocks(chip: PeriphChip) -> None:
    for n in (0, 9, 31):
        assert chip.read(SIO + SPINLOCK0 + 4 * n) == 1 << n
        chip.call("select_core", 1)
        assert chip.read(SIO + SPINLOCK0 + 4 * n) == 0
        chip.call("select_core", 0)
    assert chip.read(SIO + SPINLOCK_ST) == 1 | 1 << 9 | 1 << 31
    chip.write(SIO + SPINLOCK0 + 4 * 9, 0)
    assert chip.read(SIO + SPINLOCK_ST) == 1 | 1 << 31


INTERP = (SIO + 0x80, SIO + 0xC0)
ACCUM0, ACCUM1, BASE0, BASE1, BASE2, POP0, POP1, POPF = range(0x00, 0x20, 4)
PEEK0, PEEK1, PEEKF, CTRL0, CTRL1, ADD0, ADD1, BASE01 = range(0x20, 0x40, 4)


def lane(shift: int = 0, lsb: int = 0, msb: int = 31, signed: bool = False, **flags: int) -> int:
    bits = {"cross_input": 16, "cross_result": 17, "add_raw": 18, "force_msb": 19, "blend": 21, "clamp": 22}
    return shift | lsb << 5 | msb << 10 | signed << 15 | sum(v << bits[k] for k, v in flags.items())


def test_interpolator_times_table(chip: PeriphChip) -> None:
    for base in INTERP:
        chip.write(base + CTRL0, lane())
        chip.write(base + BASE0, 9)
        chip.write(base + ACCUM0, 0)
        assert [chip.read(base + POP0) for _ in range(10)] == [9 * n for n in range(1, 11)]


def test_interpolator_mask_and_sign(chip: PeriphChip) -> None:
    base = INTERP[0]
    chip.write(base + ACCUM0, 0x1234ABCD)
    results = []
    for i in range(8):
        chip.write(base + CTRL0, lane(4 * i, 0, 3))
        results.append(chip.read(base + ADD0))
    assert results == [0xD, 0xC, 0xB, 0xA, 4, 3, 2, 1]
    chip.write(base + CTRL0, lane(8, 0, 7, signed=True))
    assert chip.read(base + PEEK0) == 0xFFFFFFAB
    assert chip.read(base + CTRL0) >> 23 == 0b101  # OVERF and OVERF0: bits above the mask are set


def test_interpolator_cross_and_full(chip: PeriphChip) -> None:
    base = INTERP[1]
    chip.write(base + CTRL0, lane(cross_result=1))
    chip.write(base + CTRL1, lane(cross_result=1))
    chip.write(base + ACCUM0, 123)
    chip.write(base + ACCUM1, 456)
    chip.write(base + BASE0, 1)
    chip.write(base + BASE1, 0)
    chip.write(base + BASE2, 1000)
    assert chip.read(base + PEEKF) == 1579
    assert (chip.read(base + PEEK0), chip.read(base + POP1)) == (124, 456)
    assert (chip.read(base + ACCUM0), chip.read(base + ACCUM1)) == (456, 124)
    chip.write(base + CTRL1, lane(cross_input=1, add_raw=1, shift=4))
    assert (chip.read(base + PEEK1), chip.read(base + ADD1)) == (456, 456 >> 4)


def test_interpolator_blend(chip: PeriphChip) -> None:
    base = INTERP[0]
    chip.write(base + CTRL0, lane(blend=1))
    chip.write(base + CTRL1, lane(signed=True))
    chip.write(base + BASE01, (1000 & 0xFFFF) << 16 | (-1000 & 0xFFFF))
    assert (s32(chip.read(base + BASE0)), chip.read(base + BASE1)) == (-1000, 1000)
    for alpha in (0, 1, 64, 128, 255):
        chip.write(base + ACCUM1, alpha)
        assert s32(chip.read(base + PEEK1)) == -1000 + (2000 * alpha >> 8)
        assert chip.read(base + PEEK0) == alpha
    chip.write(base + CTRL1, lane())
    chip.write(base + BASE0, 500)
    chip.write(base + BASE1, 1000)
    chip.write(base + ACCUM1, 255 * 1000 // 1000)
    assert chip.read(base + PEEK1) == 500 + (500 * 255 >> 8)


@pytest.mark.parametrize(
    ("signed", "value", "result"),
    [(True, -5000, -1000), (True, 5000, 1000), (True, 77, 77), (False, 5, 100), (False, 9999, 1000)],
)
def test_interpolator_clamp(chip: PeriphChip, signed: bool, value: int, result: int) -> None:
    base = INTERP[1]
    chip.write(base + CTRL0, lane(clamp=1, signed=signed))
    chip.write(base + BASE0, -1000 if signed else 100)
    chip.write(base + BASE1, 1000)
    chip.write(base + ACCUM0, value)
    assert s32(chip.read(base + PEEK0)) == result


def test_interpolator_force_msb_is_on_the_bus_only(chip: PeriphChip) -> None:
    base = INTERP[0]
    chip.write(base + CTRL0, lane(force_msb=2))
    chip.write(base + ACCUM0, 4)
    assert chip.read(base + POP0) == 0x20000004 and chip.read(base + ACCUM0) == 4


def test_modes_exist_on_one_interpolator_only(chip: PeriphChip) -> None:
    chip.write(INTERP[0] + CTRL0, M32)
    chip.write(INTERP[1] + CTRL0, M32)
    assert chip.read(INTERP[0] + CTRL0) & 0x7FFFFF == 0x3FFFFF
    assert chip.read(INTERP[1] + CTRL0) & 0x7FFFFF == 0x5FFFFF
