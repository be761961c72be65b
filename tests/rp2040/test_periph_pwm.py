"""PWM: periods, edges, double buffering, interrupts and DMA requests, counting modes."""

from __future__ import annotations

import pytest
from periph_chip import CLR, FUNC_PWM, FUNC_SIO, PWM, SET, SIO, PeriphChip

CSR, DIV, CTR, CC, TOP = 0x00, 0x04, 0x08, 0x0C, 0x10
EN, INTR, INTE, INTF, INTS = 0xA0, 0xA4, 0xA8, 0xAC, 0xB0
IRQ, DREQ_WRAP0 = 4, 24


@pytest.fixture
def chip() -> PeriphChip:
    chip = PeriphChip()
    chip.boot()
    return chip


def start(chip: PeriphChip, index: int, top: int, a: int, b: int = 0, div: int = 0x10, csr: int = 1) -> int:
    base = PWM + 0x14 * index
    chip.write(base + TOP, top)
    chip.write(base + CC, b << 16 | a)
    chip.write(base + DIV, div)
    chip.write(base + CSR, csr)
    return chip.now


def test_reset_values(chip: PeriphChip) -> None:
    assert [chip.read(PWM + r) for r in (CSR, DIV, CTR, CC, TOP)] == [0, 0x10, 0, 0, 0xFFFF]


@pytest.mark.parametrize("div", [0x10, 0x18, 0x25, 0xFFF, 0x000])
def test_counter_advances_by_the_fractional_divider(chip: PeriphChip, div: int) -> None:
    begin = start(chip, 2, 0xFFFF, 0, div=div)
    for cycles in (1, 17, 1000, 54321):
        chip.run_to(begin + cycles)
        assert chip.read(PWM + 0x28 + CTR) == cycles * 16 // (div or 0x1000) % 0x10000


@pytest.mark.parametrize(("phase_correct", "factor"), [(0, 1), (2, 2)])
def test_period_is_top_plus_one_times_divider(chip: PeriphChip, phase_correct: int, factor: int) -> None:
    chip.write(PWM + INTE, 1)
    begin = start(chip, 0, 99, 30, div=0x28, csr=1 | phase_correct)
    wraps = []
    for _ in range(4):
        while not chip.irq(IRQ):
            chip.run(1)
        wraps.append(chip.now - begin)
        chip.write(PWM + INTR, 1)
    assert wraps == [250 * factor * n for n in range(1, 5)]  # 100 counts of 2.5 cycles


@pytest.mark.parametrize(("a", "b"), [(0, 10), (10, 0), (3, 7), (1, 9), (10, 10)])
@pytest.mark.parametrize("phase_correct", [0, 2])
def test_edges_have_the_programmed_duty_on_both_pin_pairs(chip: PeriphChip, a: int, b: int, phase_correct: int) -> None:
    for pin in (6, 7, 22, 23):
        chip.select(pin, FUNC_PWM)
    chip.call("record", 0xC000C0)
    begin = start(chip, 3, 9, a, b, div=0x20, csr=1 | phase_correct)
    period = 20 * (2 if phase_correct else 1)
    chip.run(10 * period)
    edges = chip.edges()
    for pin, cc in ((6, a), (7, b), (22, a), (23, b)):
        level, at, high = 0, begin + period, 0
        for when, which, value in edges:
            if which != pin:
                continue
            if when > begin + period:
                high += level * (when - at)
                at = when
            level = value
        high += level * (begin + 10 * period - at)
        assert high == 9 * period * cc // 10, f"pin {pin}"
    assert chip.call("pwm_duty", 3, 0) == pytest.approx(a / 10)


def test_phase_correct_pulses_are_centred_on_the_wrap(chip: PeriphChip) -> None:
    chip.select(0, FUNC_PWM)
    chip.call("record", 1)
    begin = start(chip, 0, 9, 3, csr=3)
    chip.run(100)
    times = [(when - begin, level) for when, _, level in chip.edges() if when > begin + 1]
    assert times[:5] == [(3, 0), (17, 1), (23, 0), (37, 1), (43, 0)]


def test_compare_and_top_are_taken_over_at_the_wrap(chip: PeriphChip) -> None:
    chip.select(0, FUNC_PWM)
    chip.call("record", 1)
    begin = start(chip, 0, 99, 50)
    chip.run(20)
    chip.write(PWM + CC, 10)
    chip.write(PWM + TOP, 39)
    chip.run(150)
    times = [(when - begin, level) for when, _, level in chip.edges() if when > begin + 1]
    assert times == [(50, 0), (100, 1), (110, 0), (140, 1), (150, 0)]


def test_inversion(chip: PeriphChip) -> None:
    chip.select(1, FUNC_PWM)
    start(chip, 0, 9, 0, 10, csr=1 | 1 << 3)
    chip.run(10)
    assert chip.read(SIO + 4) >> 1 & 1 == 0 and chip.call("pwm_duty", 0, 1) == 0
    chip.write(PWM + CLR + CSR, 1 << 3)
    chip.run(10)
    assert chip.read(SIO + 4) >> 1 & 1 == 1 and chip.call("pwm_duty", 0, 1) == 1


def test_slices_start_together_through_en(chip: PeriphChip) -> None:
    for index in (1, 4):
        start(chip, index, 999, 0, csr=0)
    chip.write(PWM + EN, 1 << 1 | 1 << 4)
    chip.run(123)
    assert chip.read(PWM + 0x14 + CTR) == chip.read(PWM + 0x50 + CTR) == 123
    assert chip.read(PWM + EN) == 0x12


def test_phase_advance_and_retard(chip: PeriphChip) -> None:
    start(chip, 0, 999, 0, div=0x40)
    chip.run(400)
    assert chip.read(PWM + CTR) == 100
    chip.write(PWM + SET + CSR, 1 << 7)
    assert chip.read(PWM + CTR) == 101 and chip.read(PWM + CSR) == 1
    chip.write(PWM + SET + CSR, 1 << 6)
    chip.run(400)
    assert chip.read(PWM + CTR) == 200


def test_wrap_interrupt_is_sticky_and_forced(chip: PeriphChip) -> None:
    start(chip, 5, 9, 0)
    chip.run(25)
    assert chip.read(PWM + INTR) == 1 << 5 and not chip.irq(IRQ)
    chip.write(PWM + CLR + INTR, 1 << 5)
    assert chip.read(PWM + INTR) == 0
    chip.write(PWM + INTF, 1)
    assert chip.irq(IRQ) and chip.read(PWM + INTS) == 1


def test_one_dma_request_per_wrap(chip: PeriphChip) -> None:
    chip.call("watch_wraps", 1 << 2)
    start(chip, 2, 49, 0)
    chip.run(1000)
    assert chip.call("dreq_calls", DREQ_WRAP0 + 2) == 20


@pytest.mark.parametrize(("mode", "expected"), [(1, 300), (2, 3), (3, 3)])
def test_counting_input_b(chip: PeriphChip, mode: int, expected: int) -> None:
    chip.select(3, FUNC_PWM)
    start(chip, 1, 0xFFFF, 0, csr=1 | mode << 4)
    for _ in range(3):
        chip.call("drive", 3, True)
        chip.run(100)
        chip.call("drive", 3, False)
        chip.run(57)
    assert chip.read(PWM + 0x14 + CTR) == expected


def test_input_b_divider_counts_edges(chip: PeriphChip) -> None:
    chip.select(3, FUNC_PWM)
    start(chip, 1, 0xFFFF, 0, div=0x28, csr=1 | 2 << 4)
    for _ in range(10):
        chip.call("drive", 3, True)
        chip.run(5)
        chip.call("drive", 3, False)
        chip.run(5)
    assert chip.read(PWM + 0x14 + CTR) == 4  # ten edges over 2.5


def test_disabled_slice_keeps_its_counter_and_level(chip: PeriphChip) -> None:
    chip.select(0, FUNC_PWM)
    begin = start(chip, 0, 99, 50)
    chip.run_to(begin + 30)
    chip.write(PWM + CLR + CSR, 1)
    chip.run(1000)
    assert chip.read(PWM + CTR) == 30 and chip.read(SIO + 4) & 1 == 1


def test_pin_of_another_function_is_not_driven(chip: PeriphChip) -> None:
    chip.select(0, FUNC_SIO)
    chip.call("record", 1)
    start(chip, 0, 9, 5)
    chip.run(100)
    assert chip.edges() == []


def test_snapshot(chip: PeriphChip) -> None:
    chip.select(0, FUNC_PWM)
    chip.call("record", 1)
    start(chip, 0, 99, 33, div=0x1B)
    chip.run(500)
    chip.edges()
    chip.call("save")
    chip.run(1000)
    first = chip.edges(), chip.read(PWM + CTR)
    chip.call("restore")
    chip.run(1000)
    assert (chip.edges(), chip.read(PWM + CTR)) == first


def test_a_smaller_divisor_than_what_was_counted_counts_in_the_next_cycle(chip: PeriphChip) -> None:
    chip.select(4, FUNC_PWM)
    begin = start(chip, 2, 9, 5, div=0xFF0)
    chip.run_to(begin + 200)  # of 255 cycles
    assert chip.read(PWM + 0x28 + CTR) == 0
    chip.write(PWM + 0x28 + DIV, 0x10)
    counts = []
    for _ in range(3):
        chip.run(1)
        counts.append(chip.read(PWM + 0x28 + CTR))
    assert counts == [1, 2, 3]
