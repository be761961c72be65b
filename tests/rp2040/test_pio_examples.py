"""The interfaces of datasheet 3.6 as PIO programs of our own, checked by levels per cycle and FIFO levels."""

from __future__ import annotations

import itertools

import pytest
from unit import (
    AUTOPULL,
    AUTOPUSH,
    FUNC_PIO0,
    FUNC_PIO1,
    IN_RIGHT,
    JOIN_TX,
    OUT_RIGHT,
    PIO0,
    PIO1,
    StateMachine,
    UnitChip,
    in_,
    irq,
    jmp,
    mov,
    nop,
    out,
    pull,
    push,
    set_,
    wait,
)


@pytest.fixture
def chip() -> UnitChip:
    return UnitChip()


# One start bit, eight data bits, one stop bit, eight cycles each; side-set is optional and idles high.
UART_TX = [pull(ds=0x18 | 7), set_("x", 7, ds=0x10 | 7), out("pins", 1), jmp(2, "x--", ds=6)]


def uart_tx(chip: UnitChip, pin: int, **options: int | float) -> StateMachine:
    chip.function(FUNC_PIO0, pin)
    return StateMachine(chip, UART_TX, out=(pin, 1), side=(pin, 2), execctrl=1 << 30, pindirs=1 << pin,
                        shift=OUT_RIGHT | JOIN_TX, **options)  # type: ignore[arg-type]  # fmt: skip


def test_uart_transmitter(chip: UnitChip) -> None:
    chip.watch(0)
    sm = uart_tx(chip, 0)
    chip.run(20)
    text = b"PIO UART"
    for byte in text:
        sm.put(byte)
    assert sm.tx_level == 8
    start = chip.now
    chip.run(8 * 80 + 20)
    assert sm.tx_level == 0
    levels = chip.levels(0, start, 8 * 80 + 20, initial=1)
    first = levels.index(0)
    # The PULL that waited takes the word in the cycle after the write and holds the stop bit for eight more.
    assert first == 1 + 8 + 1
    got = bytearray()
    for n in range(8):
        bits = levels[first + 80 * n : first + 80 * n + 80]
        # Start bit, data, stop bit: each level is held for exactly eight cycles.
        assert all(len(set(bits[k : k + 8])) == 1 for k in range(0, 80, 8))
        assert (bits[0], bits[72]) == (0, 1)
        got.append(sum(bits[8 * k] << (k - 1) for k in range(1, 9)))
    assert bytes(got) == text


# Waits for the start bit, samples in the middle of each bit, checks the stop bit, flags framing errors.
UART_RX = [
    wait(0, "pin", 0),
    set_("x", 7, ds=10),
    in_("pins", 1),
    jmp(2, "x--", ds=6),
    jmp(8, "pin"),
    irq(0x14),
    wait(1, "pin", 0),
    jmp(0),
    push(),
]


def uart_rx(chip: UnitChip, pin: int, **options: int | float) -> StateMachine:
    return StateMachine(chip, UART_RX, pio=PIO1, index=1, in_base=pin, execctrl=pin << 24, shift=IN_RIGHT, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("divider", [1, 2.5, 135.6])
def test_uart_receiver_hears_the_transmitter(chip: UnitChip, divider: float) -> None:
    chip.wire(0, 9, delay=5)
    tx = uart_tx(chip, 0, divider=divider)
    chip.run(round(20 * divider))  # the line idles high before anyone listens
    rx = uart_rx(chip, 9, divider=divider)
    text = [0x00, 0xFF, 0x55, 0xA5]
    for byte in text:
        tx.put(byte)
    chip.run(round(4 * 82 * divider) + 200)
    assert rx.rx_level == 4
    assert [rx.get() >> 24 for _ in range(4)] == text
    assert chip.read(PIO1 + 0x30) == 0


def test_uart_receiver_reports_a_framing_error(chip: UnitChip) -> None:
    rx = uart_rx(chip, 9)
    chip.drive(9, 1)
    chip.run(20)
    chip.drive(9, 0)
    chip.run(100)
    assert chip.read(PIO1 + 0x30) == 1 << 5  # flag 4 relative to state machine 1
    assert rx.rx_level == 0
    chip.drive(9, 1)
    chip.run(20)
    assert rx.pc == 0


@pytest.mark.parametrize("phase", [0, 1])
def test_spi(chip: UnitChip, phase: int) -> None:
    """Mode 0 and mode 1 with MOSI wired to MISO: every byte comes back."""
    clock, mosi, miso = 2, 3, 4
    chip.function(FUNC_PIO0, clock, mosi)
    chip.wire(mosi, miso)
    chip.watch(clock, mosi)
    high = 0x10
    if phase == 0:
        program = [out("pins", 1, ds=1), in_("pins", 1, ds=high | 1)]
    else:
        program = [out("x", 1), mov("pins", "x", ds=high | 1), in_("pins", 1, ds=0)]
    sm = StateMachine(chip, program, out=(mosi, 1), in_base=miso, side=(clock, 1), divider=4,
                      pindirs=1 << clock | 1 << mosi, shift=AUTOPULL | AUTOPUSH | 8 << 20 | 8 << 25,
                      enable=False)  # fmt: skip
    data = [0x96, 0x0F, 0xA1, 0x7E]
    for byte in data:
        sm.put(byte << 24)
    sm.enable()
    chip.run(4 * 8 * 4 * 4 + 40)
    assert sm.rx_level == 4
    assert [sm.get() & 0xFF for _ in range(4)] == data
    rises = [when for when, _, level in chip.edges(clock) if level]
    assert len(rises) == 32
    # MOSI is stable at the sampling edge: rising in mode 0, falling in mode 1.
    edges = rises if phase == 0 else [when for when, _, level in chip.edges(clock) if not level]
    sent = [chip.levels(mosi, when, 1)[0] for when in edges]
    assert sent == [byte >> (7 - n) & 1 for byte in data for n in range(8)]


def test_ws2812(chip: UnitChip) -> None:
    """Ten cycles a bit: two high, five with the data, three low."""
    pin = 5
    chip.function(FUNC_PIO0, pin)
    chip.watch(pin)
    program = [out("x", 1, ds=2), jmp(3, "!x", ds=0x10 | 1), jmp(0, ds=0x10 | 4), nop(ds=4)]
    sm = StateMachine(chip, program, side=(pin, 1), pindirs=1 << pin, shift=AUTOPULL | 24 << 25 | JOIN_TX, enable=False)
    colours = [0x00FF00, 0x123456, 0xFFFFFF]
    for colour in colours:
        sm.put(colour << 8)
    sm.enable()
    chip.run(3 * 24 * 10 + 30)
    edges = chip.edges(pin)
    highs = [(b[0] - a[0]) for a, b in zip(edges[::2], edges[1::2], strict=True)]
    periods = [b[0] - a[0] for a, b in zip(edges[::2], edges[2::2], strict=False)]
    assert highs == [7 if colour >> (23 - n) & 1 else 2 for colour in colours for n in range(24)]
    assert set(periods) == {10}


def test_i2s_transmitter(chip: UnitChip) -> None:
    """Two 16-bit channels; word select changes one bit before the next channel's first bit."""
    data, clock, select = 10, 11, 12
    chip.function(FUNC_PIO0, data, clock, select)
    chip.watch(data, clock, select)
    ws, bck = 0b10 << 3, 0b01 << 3
    program = [
        out("pins", 1, ds=ws),
        jmp(0, "x--", ds=ws | bck),
        out("pins", 1),
        set_("x", 14, ds=bck),
        out("pins", 1),
        jmp(4, "x--", ds=bck),
        out("pins", 1, ds=ws),
        set_("x", 14, ds=ws | bck),
    ]
    sm = StateMachine(chip, program, out=(data, 1), side=(clock, 2), pindirs=7 << data, shift=AUTOPULL | JOIN_TX,
                      divider=2, enable=False)  # fmt: skip
    frames = [0x8001_5A5A, 0x1234_FEDC, 0xFFFF_0000]
    for frame in frames:
        sm.put(frame)
    sm.execute(set_("x", 14))
    sm.execute(jmp(0))
    sm.enable()
    chip.run(3 * 32 * 2 * 2 + 20)
    rises = [when for when, _, level in chip.edges(clock) if level][:96]
    bits = [chip.levels(data, when, 1)[0] for when in rises]
    words = [chip.levels(select, when, 1)[0] for when in rises]
    assert bits == [frame >> (31 - n) & 1 for frame in frames for n in range(32)]
    assert words == ([1] * 15 + [0] * 16 + [1]) * 3
    assert {b - a for a, b in itertools.pairwise(rises)} == {4}


# Quadrature: the last and the new state of the two inputs form an address, a jump table of sixteen entries at 0
# moves Y up, down or not at all. Decrementing is one instruction; incrementing is inverting, decrementing, inverting.
UPDATE, DECREMENT, INCREMENT = 15, 14, 21
QUADRATURE = [
    jmp(UPDATE), jmp(DECREMENT), jmp(INCREMENT), jmp(UPDATE),
    jmp(INCREMENT), jmp(UPDATE), jmp(UPDATE), jmp(DECREMENT),
    jmp(DECREMENT), jmp(UPDATE), jmp(UPDATE), jmp(INCREMENT),
    jmp(UPDATE), jmp(INCREMENT),
    jmp(UPDATE, "y--"),  # 14: also the table's entry for 10 to 11
    mov("isr", "y"),  # 15: also the table's entry for 11 to 11
    push(block=0),
    out("isr", 2),
    in_("pins", 2),
    mov("osr", "isr"),
    mov("pc", "isr"),
    mov("y", "y", 1),  # 21
    jmp(23, "y--"),
    mov("y", "y", 1),
]  # fmt: skip


def test_quadrature_decoder(chip: UnitChip) -> None:
    sm = StateMachine(chip, QUADRATURE, wrap=(UPDATE, 23), in_base=20, shift=OUT_RIGHT, enable=False)
    sm.execute(set_("y", 0))
    sm.execute(mov("osr", "null"))
    sm.execute(jmp(17))
    sm.enable()
    gray = [0b00, 0b01, 0b11, 0b10]
    position, expected = 0, 0

    def count() -> int:
        while sm.rx_level:
            sm.get()
        chip.run(60)
        while sm.rx_level > 1:
            sm.get()
        value = sm.get()
        return value - (1 << 32) if value >> 31 else value

    chip.run(60)
    assert count() == 0
    for steps in (+9, -14, +3, -30, +41):
        for _ in range(abs(steps)):
            position += 1 if steps > 0 else -1
            state = gray[position % 4]
            chip.drive(20, state & 1)
            chip.drive(21, state >> 1)
            chip.run(40)
        expected -= steps  # this table counts down in Gray-code order
        assert count() == expected


def test_clocked_input(chip: UnitChip) -> None:
    """Samples data at the rising edges of a clock that another block makes (the datasheet's 'clocked input')."""
    clock, data = 14, 15
    chip.function(FUNC_PIO1, clock)
    chip.bit_source(clock, data)
    StateMachine(
        chip, [set_("pins", 1, ds=10), set_("pins", 0, ds=9)], pio=PIO1, set_pins=(clock, 1), pindirs=1 << clock
    )
    sm = StateMachine(
        chip, [wait(0, "pin", 1), wait(1, "pin", 1), in_("pins", 1)], in_base=data, shift=IN_RIGHT | AUTOPUSH
    )
    # IN_BASE is the data pin; the clock is the pin before it, 31 places on.
    sm = StateMachine(chip, [wait(0, "gpio", clock), wait(1, "gpio", clock), in_("pins", 1)], in_base=data,
                      shift=IN_RIGHT | AUTOPUSH)  # fmt: skip
    chip.run(21 * 32 * 4 + 100)
    lfsr, expected = 1, []
    for _ in range(160):
        lfsr = lfsr >> 1 ^ (0xEDB88320 if lfsr & 1 else 0)
        expected.append(lfsr & 1)
    got = []
    while sm.rx_level:
        word = sm.get()
        got += [word >> n & 1 for n in range(32)]
    assert len(got) >= 96
    assert any(expected[k : k + len(got)] == got for k in range(8))


def test_machines_hand_over_by_irq(chip: UnitChip) -> None:
    """Two machines share a pin in turns of three cycles, synchronised by flags only."""
    chip.function(FUNC_PIO0, 1)
    chip.watch(1)
    StateMachine(chip, [set_("pins", 1), irq(1), wait(1, "irq", 0)], index=0, set_pins=(1, 1), pindirs=2)
    StateMachine(chip, [wait(1, "irq", 1), set_("pins", 0), irq(0)], index=1, origin=3, set_pins=(1, 1))
    chip.run(200)
    whens = [when for when, _, _ in chip.edges(1)][4:]
    gaps = {b - a for a, b in itertools.pairwise(whens)}
    # SET; IRQ; the flag is seen the cycle after; WAIT; SET.
    assert gaps == {3}
    assert chip.read(PIO0 + 0x30) & ~3 == 0


def test_jmp_table_by_out_pc(chip: UnitChip) -> None:
    sm = StateMachine(chip, [out("pc", 5), nop(), set_("x", 2), jmp(6), set_("x", 4), jmp(6), in_("x", 8), jmp(0)],
                      shift=OUT_RIGHT | AUTOPULL | AUTOPUSH | 8 << 20 | 5 << 25, enable=False)  # fmt: skip
    for target in (2, 4, 2):
        sm.put(target)
    sm.enable()
    chip.run(100)
    assert [sm.get() for _ in range(3)] == [2, 4, 2]
    assert mov("x", "x") == 0xA021
    assert pull() == 0x80A0
