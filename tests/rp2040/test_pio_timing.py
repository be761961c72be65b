"""When things happen in a PIO block, cycle by cycle (datasheet 3.5)."""

from __future__ import annotations

import itertools

import pytest
from unit import (
    AUTOPULL,
    AUTOPUSH,
    CLKDIV,
    CTRL,
    DBG_PADOUT,
    FDEBUG,
    FUNC_PIO0,
    FUNC_PIO1,
    IN_RIGHT,
    IRQ0_INTE,
    JOIN_RX,
    JOIN_TX,
    OUT_RIGHT,
    PIO0,
    PIO1,
    SYNC_BYPASS,
    StateMachine,
    UnitChip,
    in_,
    irq,
    jmp,
    nop,
    out,
    pull,
    push,
    set_,
    wait,
)

PIO0_IRQ0 = 7


@pytest.fixture
def chip() -> UnitChip:
    return UnitChip()


def test_squarewave(chip: UnitChip) -> None:
    chip.function(FUNC_PIO0, 0)
    chip.watch(0)
    sm = StateMachine(chip, [set_("pins", 1, ds=1), set_("pins", 0), jmp(0)], set_pins=(0, 1), pindirs=1)
    chip.run(41)
    # High for two cycles, low for two; the pad follows the instruction by one cycle.
    assert chip.levels(0, sm.start + 1, 40) == [1, 1, 0, 0] * 10


@pytest.mark.parametrize("divider", [1.5, 2.25, 1 + 255 / 256, 61.03515625, 3.0, 1.00390625])
def test_fractional_divider_is_a_first_order_accumulator(chip: UnitChip, divider: float) -> None:
    chip.function(FUNC_PIO0, 0)
    chip.watch(0)
    sm = StateMachine(chip, [set_("pins", 1), set_("pins", 0)], set_pins=(0, 1), pindirs=1, divider=divider)
    chip.run(round(600 * divider))
    step = round(divider * 256)
    expected = [sm.start + 1 + (n * step >> 8) for n in range(500)]
    assert [when for when, _, _ in chip.edges(0)][:500] == expected


def test_largest_divider(chip: UnitChip) -> None:
    sm = StateMachine(chip, [set_("x", 1), jmp(1)])
    chip.write(sm.base + CLKDIV, 0)  # INT = 0 stands for 65536
    sm.execute(jmp(0))
    chip.write(PIO0 + CTRL, 0)
    start = sm.enable()
    chip.run(start - chip.now + 65536)
    assert sm.pc == 1
    sm.execute(jmp(0))
    chip.run(65536)
    assert sm.pc == 1


def test_side_set_happens_even_when_the_instruction_stalls(chip: UnitChip) -> None:
    chip.function(FUNC_PIO0, 3)
    chip.watch(3)
    # One side-set pin, not optional: the delay field keeps four bits.
    sm = StateMachine(chip, [nop(ds=0x00), pull(ds=0x10 | 2), nop(ds=0x00), jmp(3)], side=(3, 1), pindirs=1 << 3)
    chip.run(20)
    assert chip.edges(3) == [(sm.start + 2, 3, 1)]
    put = chip.now
    sm.put(1)
    chip.run(20)
    # The word is taken in the cycle after the write; two delay cycles follow.
    assert chip.edges(3)[1:] == [(put + 1 + 3 + 1, 3, 0)]


def test_optional_side_set_on_pin_directions(chip: UnitChip) -> None:
    chip.function(FUNC_PIO0, 3)
    chip.drive(3, 1)
    chip.watch(3)
    # SIDE_EN and SIDE_PINDIR: bit 4 of the field enables, bit 3 is the direction.
    sm = StateMachine(chip, [nop(ds=0x18), nop(), nop(ds=0x10), jmp(3)], side=(3, 2), execctrl=3 << 29)
    chip.run(10)
    assert chip.edges(3) == [(sm.start + 1, 3, 0), (sm.start + 3, 3, 1)]


def test_input_synchroniser_is_two_cycles(chip: UnitChip) -> None:
    sm = StateMachine(chip, [wait(1, "gpio", 9), irq(0), jmp(2)])
    chip.write(PIO0 + IRQ0_INTE, 1 << 8)
    chip.run(50)
    change = chip.now
    chip.drive(9, 1)
    # The pad is high in `change`; WAIT sees it two cycles later, IRQ runs in the third, the flag is there after it.
    chip.run(3)
    assert chip.irq(PIO0_IRQ0) == 0
    assert sm.pc == 1
    chip.run(1)
    assert chip.irq(PIO0_IRQ0) == 1
    assert chip.now == change + 4


def test_input_synchroniser_bypass(chip: UnitChip) -> None:
    StateMachine(chip, [wait(1, "gpio", 9), irq(0), jmp(2)])
    chip.write(PIO0 + IRQ0_INTE, 1 << 8)
    chip.write(PIO0 + SYNC_BYPASS, 1 << 9)
    chip.run(50)
    chip.drive(9, 1)
    chip.run(1)
    assert chip.irq(PIO0_IRQ0) == 0
    chip.run(1)
    assert chip.irq(PIO0_IRQ0) == 1


def test_a_pulse_shorter_than_the_divider_can_be_missed_or_caught(chip: UnitChip) -> None:
    sm = StateMachine(chip, [wait(1, "gpio", 9), jmp(1)], divider=100)
    chip.run(50 - (chip.now - sm.start))
    chip.drive(9, 1)
    chip.drive(9, 0, delay=20)  # over before the next tick
    chip.run(300)
    assert sm.pc == 0
    phase = (chip.now - sm.start) % 100
    chip.run(90 - phase)
    chip.drive(9, 1)
    chip.drive(9, 0, delay=20)
    chip.run(30)
    assert sm.pc == 1


def test_loop_back_through_a_pad_takes_three_cycles(chip: UnitChip) -> None:
    chip.function(FUNC_PIO0, 5)
    # SET in c, pad in c + 1, seen in c + 3: the third NOP-free sample.
    program = [set_("pins", 1), in_("pins", 1), in_("pins", 1), in_("pins", 1), in_("pins", 1), push(), jmp(6)]
    sm = StateMachine(chip, program, set_pins=(5, 1), in_base=5, pindirs=1 << 5, shift=OUT_RIGHT)
    chip.run(20)
    assert sm.get() == 0b0011


def test_autopush_in_the_cycle_of_the_last_in(chip: UnitChip) -> None:
    sm = StateMachine(chip, [in_("null", 1)], shift=IN_RIGHT | AUTOPUSH, enable=False)
    start = sm.enable()
    chip.run(start + 31 - chip.now)
    assert sm.rx_level == 0  # IN number 32 runs in this very cycle
    chip.run(1)
    assert sm.rx_level == 1
    chip.run(32 * 3)
    assert sm.rx_level == 4
    assert chip.read(PIO0 + FDEBUG) & 1 == 0
    chip.run(32)
    assert chip.read(PIO0 + FDEBUG) & 1 == 1  # stalled on the full FIFO
    assert sm.rx_level == 4
    taken = chip.now
    sm.get()
    chip.run(1)
    assert sm.rx_level == 3
    chip.run(1)
    assert (sm.rx_level, chip.now) == (4, taken + 2)  # the waiting IN completes in the cycle after the read


def test_autopull_refills_while_shifting_and_costs_a_cycle_when_late(chip: UnitChip) -> None:
    chip.function(FUNC_PIO0, 0)
    chip.watch(0)
    options = {"shift": OUT_RIGHT | AUTOPULL, "out": (0, 1), "pindirs": 1}
    sm = StateMachine(chip, [out("pins", 1)], enable=False, **options)
    for word in (0x55555555, 0x55555555):
        sm.put(word)
    start = sm.enable()
    chip.run(100)
    # The first OUT finds the OSR empty and fills it (one cycle); 64 bits then follow without a gap.
    edges = [when for when, _, _ in chip.edges(0)]
    assert edges == [start + 2 + n for n in range(64)]
    assert chip.read(PIO0 + FDEBUG) >> 24 == 1  # TXSTALL
    put = chip.now
    sm.put(1)
    chip.run(10)
    assert chip.edges(0)[-1] == (put + 1 + 1 + 1, 0, 0) or chip.level(0) in (0, 1)
    rises = [when for when, _, level in chip.edges(0) if level and when > put]
    assert rises == [put + 1 + 1 + 1]  # filled in the cycle after the write, shifted in the next, pad one later


def test_the_osr_fills_during_a_delay(chip: UnitChip) -> None:
    sm = StateMachine(chip, [nop(ds=31), nop(ds=31)], shift=OUT_RIGHT | AUTOPULL)
    chip.run(10)
    sm.put(1)
    sm.put(2)
    assert sm.tx_level == 2 or sm.tx_level == 1
    chip.run(2)
    assert sm.tx_level == 1  # taken at the next tick, in the middle of the delay
    chip.run(200)
    assert sm.tx_level == 1


def test_joined_fifos(chip: UnitChip) -> None:
    sm = StateMachine(chip, [pull(), jmp(0)], shift=JOIN_TX, enable=False)
    for n in range(9):
        sm.put(n)
    assert sm.tx_level == 8
    assert chip.read(PIO0 + FDEBUG) >> 16 & 0xF == 1  # the ninth was lost
    rx = StateMachine(UnitChip(), [in_("null", 32)], shift=JOIN_RX | AUTOPUSH)
    rx.chip.run(20)
    assert rx.rx_level == 8


def test_txstall_sets_again_after_being_cleared(chip: UnitChip) -> None:
    StateMachine(chip, [pull(), jmp(0)])
    chip.run(5)
    assert chip.read(PIO0 + FDEBUG) >> 24 == 1
    chip.write(PIO0 + FDEBUG, 1 << 24)
    assert chip.read(PIO0 + FDEBUG) >> 24 == 0
    chip.run(2)
    assert chip.read(PIO0 + FDEBUG) >> 24 == 1


def test_higher_machine_wins_and_side_set_wins_over_set(chip: UnitChip) -> None:
    chip.function(FUNC_PIO0, 0, 1)
    first = StateMachine(chip, [set_("pins", 0b01), jmp(1)], index=0, set_pins=(0, 2), pindirs=3, enable=False)
    StateMachine(chip, [set_("pins", 0b10), jmp(3)], index=1, origin=2, set_pins=(0, 2), enable=False)
    chip.write(PIO0 + CTRL, 0x303)
    chip.run(5)
    assert chip.read(PIO0 + DBG_PADOUT) & 3 == 0b10
    del first
    chip = UnitChip()
    chip.function(FUNC_PIO0, 0)
    StateMachine(chip, [set_("pins", 1, ds=0x00), jmp(1)], set_pins=(0, 1), side=(0, 1), pindirs=1)
    chip.run(5)
    assert chip.level(0) == 0


def test_machines_with_equal_dividers_stay_in_lock_step(chip: UnitChip) -> None:
    chip.function(FUNC_PIO0, 0, 1)
    chip.watch(0, 1)
    for index in (0, 1):
        StateMachine(chip, [set_("pins", 1), set_("pins", 0)], index=index, origin=2 * index, set_pins=(index, 1),
                     pindirs=1 << index, divider=3.7, enable=False)  # fmt: skip
    chip.write(PIO0 + CTRL, 0x303)
    chip.run(500)
    assert [e[0] for e in chip.edges(0)] == [e[0] for e in chip.edges(1)]
    assert len(chip.edges(0)) > 100


def test_two_blocks_talk_through_a_pin(chip: UnitChip) -> None:
    """PIO0 raises a pin, PIO1 waits for it and answers on another, for which PIO0 waits."""
    chip.function(FUNC_PIO0, 0)
    chip.function(FUNC_PIO1, 1)
    chip.watch(0, 1)
    StateMachine(
        chip, [set_("pins", 1), wait(1, "gpio", 1), set_("pins", 0), wait(0, "gpio", 1)], set_pins=(0, 1), pindirs=1
    )
    answer = [wait(1, "gpio", 0), set_("pins", 1), wait(0, "gpio", 0), set_("pins", 0)]
    StateMachine(chip, answer, pio=PIO1, set_pins=(1, 1),
                 pindirs=2)  # fmt: skip
    chip.run(200)
    whens = [when for when, _, _ in chip.edges()]
    pins = [pin for _, pin, _ in chip.edges()]
    assert pins[:20] == [0, 1] * 10
    # Pad, two cycles of synchroniser, WAIT, SET, pad: four cycles from edge to edge.
    assert {b - a for a, b in itertools.pairwise(whens[1:])} == {4}


def test_sio_and_wire_reach_a_waiting_machine(chip: UnitChip) -> None:
    chip.write(0x40014000 + 8 * 2 + 4, 5)  # GPIO2 to SIO
    chip.wire(2, 7, delay=3)
    sm = StateMachine(chip, [wait(1, "gpio", 7), push(), jmp(2)])
    chip.write(PIO0 + IRQ0_INTE, 1)
    chip.run(20)
    written = chip.now
    chip.sio(1 << 2, 1 << 2, 1 << 2)
    while chip.irq(PIO0_IRQ0) == 0 and chip.now < written + 50:
        chip.run(1)
    # Pad one cycle after the store, wire three, synchroniser two, WAIT, PUSH; the level is there a cycle later.
    assert chip.now == written + 1 + 3 + 2 + 1 + 1
    assert sm.rx_level == 1 or sm.pc == 2


def test_interrupts_rise_after_the_cycle_of_the_push_without_anyone_looking(chip: UnitChip) -> None:
    sm = StateMachine(
        chip, [in_("null", 1, ds=6), nop(ds=2)], shift=IN_RIGHT | AUTOPUSH | 5 << 20, divider=2.5, enable=False
    )
    chip.write(PIO0 + IRQ0_INTE, 1)
    start = sm.enable()
    push_tick = 4 * 10
    expected = start + (push_tick * 640 >> 8)
    while chip.irq(PIO0_IRQ0) == 0 and chip.now < expected + 100:
        chip.run(1)
    assert chip.now == expected + 1
    sm.get()
    assert chip.irq(PIO0_IRQ0) == 0
