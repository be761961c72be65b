"""DMA transfers, pacing, chaining and checksums (datasheet 2.5)."""

from __future__ import annotations

import itertools
import random
from fractions import Fraction

import pytest
from dma_rig import (
    ABORT,
    AHB_ERROR,
    BSWAP,
    BUSY,
    BYTE,
    DMA_IRQ_0,
    DMA_IRQ_1,
    EN,
    HALF,
    HIGH,
    INCR_READ,
    INCR_WRITE,
    INTE0,
    INTE1,
    INTF0,
    INTR,
    INTS0,
    INTS1,
    MULTI,
    N_CHANNELS,
    PERMANENT,
    QUIET,
    READ_ERROR,
    RING_WRITE,
    TIMER,
    TIMER0,
    WORD,
    WRITE_ERROR,
    ring,
    setup,
)
from unit import (
    AUTOPULL,
    AUTOPUSH,
    DMA,
    FDEBUG,
    FUNC_PIO0,
    IN_RIGHT,
    OUT_RIGHT,
    PIO0,
    RXF,
    SET,
    SRAM,
    TXF,
    StateMachine,
    UnitChip,
    in_,
    nop,
    out,
)


@pytest.fixture
def chip() -> UnitChip:
    return UnitChip()


def busy(chip: UnitChip, channel: int) -> bool:
    return bool(chip.read(DMA + 0x40 * channel + 0x10) & BUSY)


def words(count: int, seed: int = 1) -> list[int]:
    return [random.Random(seed * 1000 + n).getrandbits(32) for n in range(count)]


def test_reset_values(chip: UnitChip) -> None:
    assert chip.read(DMA + N_CHANNELS) == 12
    for channel in range(12):
        assert chip.read(DMA + 0x40 * channel + 0xC) == channel << 11
    with pytest.raises(LookupError, match="not modelled"):
        chip.read(DMA + 0x44C)


def test_word_copy_sustains_one_word_per_cycle(chip: UnitChip) -> None:
    data = words(500)
    chip.write_words(SRAM, data)
    started = chip.now
    setup(chip, 3, SRAM, SRAM + 0x1000, 500, WORD | INCR_READ | INCR_WRITE)
    # Address and data of the first read, address and data of its write; the others follow cycle by cycle.
    chip.run(500 + 2)
    assert busy(chip, 3)
    chip.run(1)
    assert not busy(chip, 3)
    assert chip.now == started + 503
    assert chip.read_words(SRAM + 0x1000, 500) == data
    assert chip.read(DMA + INTR) == 1 << 3
    assert chip.read(DMA + 0xC0) == SRAM + 2000
    assert chip.read(DMA + 0xC4) == SRAM + 0x1000 + 2000
    assert chip.read(DMA + 0xC8) == 0
    assert chip.read(DMA + 0x800 + 0xC4) == 500  # DBG_TCR keeps the reload value


def test_a_slow_write_is_done_when_its_time_is_over(chip: UnitChip) -> None:
    """To a register behind the APB bridge (4 cycles, datasheet 2.1.3): its effect, the count and the interrupt."""
    chip.write(DMA + INTE0, 1)
    setup(chip, 0, SRAM, 0x4001C004, 1, WORD)
    # Read address and data, write address, then four cycles of the bridge.
    chip.run(3 + 3)
    assert busy(chip, 0)
    assert chip.irq(DMA_IRQ_0) == 0
    chip.run(1)
    assert not busy(chip, 0)
    assert chip.irq(DMA_IRQ_0) == 1


def test_chained_channels_start_with_the_cycle_after_the_last_write(chip: UnitChip) -> None:
    chip.log_accesses()
    setup(chip, 1, SRAM + 0x40, SRAM + 0x100, 1, WORD, start=False)
    setup(chip, 0, SRAM, SRAM + 0x104, 2, WORD, chain=1)
    start = chip.now
    chip.run(20)
    assert [(cycle - start, is_write) for cycle, _, is_write in chip.accesses()] == [
        (2, 0), (3, 0), (4, 1), (5, 1), (7, 0), (9, 1),
    ]  # fmt: skip


@pytest.mark.parametrize(("size", "bits"), [(BYTE, 8), (HALF, 16), (WORD, 32)])
@pytest.mark.parametrize("swap", [0, BSWAP])
def test_sizes_and_byte_swap(chip: UnitChip, size: int, bits: int, swap: int) -> None:
    chip.write_words(SRAM, [0x44332211, 0x88776655])
    setup(chip, 0, SRAM, SRAM + 0x100, 64 // bits, size | INCR_READ | INCR_WRITE | swap)
    chip.run(30)
    memory = bytes(range(0x11, 0x99, 0x11))
    step = bits // 8
    expected = b"".join(memory[n : n + step][:: -1 if swap else 1] for n in range(0, 8, step))
    got = b"".join(w.to_bytes(4, "little") for w in chip.read_words(SRAM + 0x100, 2))
    assert got == expected


def test_rings_on_either_side(chip: UnitChip) -> None:
    chip.write_words(SRAM + 0x40, words(4))
    setup(chip, 0, SRAM + 0x48, SRAM + 0x200, 8, WORD | INCR_READ | INCR_WRITE | ring(4))
    chip.run(20)
    four = words(4)
    assert chip.read_words(SRAM + 0x200, 8) == (four[2:] + four[:2]) * 2
    setup(chip, 0, SRAM + 0x200, SRAM + 0x404, 5, WORD | INCR_READ | INCR_WRITE | ring(3) | RING_WRITE)
    chip.run(20)
    source = chip.read_words(SRAM + 0x200, 5)
    assert chip.read_words(SRAM + 0x400, 2) == [source[3], source[4]]
    assert chip.read(DMA + 4) == SRAM + 0x400 + 4 * ((1 + 5) % 2)


def test_aliases_trigger_with_their_last_register(chip: UnitChip) -> None:
    chip.write_words(SRAM, words(4))
    control = EN | WORD | INCR_READ | INCR_WRITE | PERMANENT << 15
    layouts = ((0x10, "ctrl read write count"), (0x20, "ctrl count read write"), (0x30, "ctrl write count read"))
    for n, (offset, names) in enumerate(layouts):
        target = SRAM + 0x100 * (n + 1)
        values = {"ctrl": control, "read": SRAM, "write": target, "count": 4}
        for k, name in enumerate(names.split()):
            assert not busy(chip, 0)
            chip.write(DMA + offset + 4 * k, values[name])
        assert busy(chip, 0)
        chip.run(10)
        assert chip.read_words(target, 4) == words(4)


def test_null_trigger_and_quiet_interrupts(chip: UnitChip) -> None:
    chip.write(DMA + INTE0, 1)
    chip.write(DMA + INTE1, 1)
    setup(chip, 0, SRAM, SRAM + 0x100, 2, WORD | QUIET)
    chip.run(10)
    assert chip.read(DMA + INTR) == 0
    chip.write(DMA + 0x3C, 0)  # AL3 READ_ADDR_TRIG
    assert not busy(chip, 0)
    assert chip.read(DMA + INTR) == chip.read(DMA + INTS0) == chip.read(DMA + INTS1) == 1
    assert chip.irq(DMA_IRQ_0) == chip.irq(DMA_IRQ_1) == 1
    chip.write(DMA + INTS0, 1)
    assert chip.irq(DMA_IRQ_0) == chip.irq(DMA_IRQ_1) == 0
    chip.write(DMA + INTF0, 1 << 5)
    assert chip.irq(DMA_IRQ_0) == 1
    assert chip.read(DMA + INTS0) == 1 << 5


def test_disabled_channels_ignore_triggers_and_clearing_en_pauses(chip: UnitChip) -> None:
    chip.write_words(SRAM, words(100))
    setup(chip, 0, SRAM, SRAM + 0x1000, 100, WORD | INCR_READ | INCR_WRITE, start=False)
    control = chip.read(DMA + 0x10)
    chip.write(DMA + 0x10, control & ~EN)
    chip.write(DMA + MULTI, 1)
    assert not busy(chip, 0)
    chip.write(DMA + 0x10, control)
    chip.write(DMA + MULTI, 1)
    chip.run(20)
    chip.write(DMA + 0x10, control & ~EN)
    chip.run(50)
    left = chip.read(DMA + 8)
    assert busy(chip, 0)
    assert 75 <= left <= 82
    chip.write(DMA + 0x10, control)
    chip.run(left + 5)
    assert not busy(chip, 0)
    assert chip.read_words(SRAM + 0x1000, 100) == words(100)


def test_abort(chip: UnitChip) -> None:
    setup(chip, 4, SRAM, SRAM + 0x1000, 1000, WORD | INCR_WRITE, chain=5)
    chip.run(10)
    chip.write(DMA + ABORT, 1 << 4)
    assert not busy(chip, 4)
    assert chip.read(DMA + ABORT) == 0
    chip.run(50)
    assert chip.read(DMA + INTR) == 1 << 4  # erratum RP2040-E13: it was making progress
    assert chip.read(DMA + 0x104) <= SRAM + 0x1000 + 40


def test_bus_errors_halt_the_channel(chip: UnitChip) -> None:
    setup(chip, 0, 0x60000000, SRAM, 4, WORD | QUIET)
    chip.run(10)
    control = chip.read(DMA + 0x10)
    assert control & (AHB_ERROR | READ_ERROR | WRITE_ERROR | BUSY) == AHB_ERROR | READ_ERROR
    assert chip.read(DMA + INTR) == 1  # also in quiet mode
    chip.write(DMA + 0x10, control)  # write one to clear
    assert chip.read(DMA + 0x10) & (AHB_ERROR | READ_ERROR) == 0
    setup(chip, 1, SRAM, 0x60000000, 4, WORD)
    chip.run(10)
    assert chip.read(DMA + 0x50) & (AHB_ERROR | READ_ERROR | WRITE_ERROR) == AHB_ERROR | WRITE_ERROR


def test_high_priority_channels_take_turns_with_one_low_channel(chip: UnitChip) -> None:
    chip.log_accesses()
    for channel, flags in ((0, 0), (1, HIGH), (2, HIGH), (3, 0)):
        setup(chip, channel, SRAM + 0x100 * channel, SRAM + 0x1000, 8, WORD | flags, start=False)
    chip.write(DMA + MULTI, 0b1111)
    chip.run(60)
    reads = [(cycle, (address - SRAM) >> 8) for cycle, address, is_write in chip.accesses() if not is_write]
    # A round is both high-priority channels and then one low-priority one.
    assert [channel for _, channel in reads[:12]] == [1, 2, 0, 1, 2, 3] * 2
    cycles = [cycle for cycle, _ in reads]
    assert cycles == list(range(cycles[0], cycles[0] + 32))


def test_narrow_writes_replicate(chip: UnitChip) -> None:
    sm = StateMachine(chip, [nop()], enable=False)
    chip.write(SRAM, 0x12345678)
    setup(chip, 0, SRAM, PIO0 + TXF, 1, BYTE)
    chip.run(10)
    assert sm.tx_level == 1
    sm.execute(0x80A0)  # pull
    sm.execute(0xA0C7)  # mov isr, osr
    sm.execute(0x8020)  # push
    assert sm.get() == 0x78787878


@pytest.mark.parametrize(("x", "y"), [(1, 1), (1, 4), (3, 7), (1, 1000), (65535, 65535), (2, 65535)])
def test_pacing_timers(chip: UnitChip, x: int, y: int) -> None:
    chip.write(DMA + TIMER, x << 16 | y)
    chip.log_accesses()
    count = 40
    setup(chip, 0, SRAM, SRAM + 0x100, count, WORD, treq=TIMER0)
    start = chip.now
    chip.run(count * y // x + 10)
    assert not busy(chip, 0)
    reads = [cycle for cycle, _, is_write in chip.accesses() if not is_write]
    rate = Fraction(x, y)
    # The n-th request comes when the accumulator has passed n: the address of its read, the data in the next cycle.
    assert [int((cycle - 1 - start) * rate) for cycle in reads] == list(range(1, count + 1))
    assert all(int((cycle - 2 - start) * rate) == n for n, cycle in enumerate(reads))


def test_a_pacing_timer_gives_nothing_for_the_time_before_the_start(chip: UnitChip) -> None:
    chip.write(DMA + TIMER, 1 << 16 | 12)
    chip.run(1000)
    chip.log_accesses()
    setup(chip, 0, SRAM, SRAM + 0x100, 5, WORD, treq=TIMER0)
    chip.run(100)
    reads = [cycle for cycle, _, is_write in chip.accesses() if not is_write]
    assert [after - before for before, after in itertools.pairwise(reads)] == [12] * 4


def test_dreq_counts_are_respected(chip: UnitChip) -> None:
    """A TX FIFO that reports free slots is never written more often, however late it reports."""
    setup(chip, 0, SRAM, SRAM + 0x100, 10, WORD | INCR_WRITE, treq=16)
    chip.run(20)
    assert chip.read(DMA + 4) == SRAM + 0x100
    chip.dreq(16, 0)
    chip.dreq(16, 1)
    chip.run(2)  # read, write under way: the slot is taken although nobody has said so yet
    chip.dreq(16, 0)
    chip.run(20)
    assert chip.read(DMA + 4) == SRAM + 0x104


def test_pwm_wraps_are_single_requests(chip: UnitChip) -> None:
    setup(chip, 0, SRAM, SRAM + 0x100, 10, WORD | INCR_WRITE, treq=24)
    chip.dreq(24, 1)
    chip.dreq(24, 1)
    chip.run(20)
    assert chip.read(DMA + 4) == SRAM + 0x108
    chip.dreq(24, 1)
    chip.run(20)
    assert chip.read(DMA + 4) == SRAM + 0x10C


def test_control_blocks(chip: UnitChip) -> None:
    """Channel 1 loads channel 0's registers from a list that ends with a null trigger."""
    chip.write_words(SRAM, words(16))
    blocks = [4, SRAM, 8, SRAM + 16, 0, 0]  # TRANS_COUNT, READ_ADDR_TRIG
    chip.write_words(SRAM + 0x800, blocks)
    setup(chip, 0, 0, SRAM + 0x1000, 0, WORD | INCR_READ | INCR_WRITE | QUIET, chain=1, start=False)
    setup(chip, 1, SRAM + 0x800, DMA + 0x38, 2, WORD | INCR_READ | INCR_WRITE | ring(3) | RING_WRITE)
    chip.run(60)
    assert chip.read_words(SRAM + 0x1000, 13) == [*words(12), 0]
    assert chip.read(DMA + INTR) & 1 == 1
    assert not busy(chip, 0)
    assert not busy(chip, 1)


def pdm_bits(count: int) -> list[int]:
    """What the BitSource device puts on its pin: bit 0 of a Galois LFSR after each falling edge."""
    lfsr, bits = 1, []
    for _ in range(count):
        lfsr = lfsr >> 1 ^ (0xEDB88320 if lfsr & 1 else 0)
        bits.append(lfsr & 1)
    return bits


@pytest.mark.parametrize("divider", [1, 125e6 / 2.048e6])
def test_ping_pong_at_pdm_rate_loses_no_bit(chip: UnitChip, divider: float) -> None:
    clock, data = 2, 3
    chip.function(FUNC_PIO0, clock)
    chip.bit_source(clock, data)
    buffers = (SRAM + 0x1000, SRAM + 0x2000)
    for channel in (0, 1):
        setup(chip, channel, PIO0 + RXF, buffers[channel], 32, WORD | INCR_WRITE | ring(7) | RING_WRITE, treq=4,
              chain=1 - channel, start=False)  # fmt: skip
    chip.write(DMA + INTE0, 3)
    chip.write(DMA + MULTI, 1)
    # Sample while the clock is high, the device changes its bit when it falls.
    program = [in_("pins", 1, ds=0x10), nop(ds=0x03 if divider == 1 else 0)]
    sm = StateMachine(chip, program, side=(clock, 1), in_base=data,
                      pindirs=1 << clock, divider=divider, shift=IN_RIGHT | AUTOPUSH)  # fmt: skip
    bits: list[int] = []
    for block in range(20):
        channel = block % 2
        while not chip.irq(DMA_IRQ_0):
            chip.run(97)
        assert chip.read(DMA + INTS0) == 1 << channel
        chip.write(DMA + INTS0, 1 << channel)
        for word in chip.read_words(buffers[channel], 32):
            bits += [word >> n & 1 for n in range(32)]
    assert chip.read(PIO0 + FDEBUG) == 0
    # The first IN runs before the first falling edge.
    assert bits[1:] == pdm_bits(len(bits) - 1)
    assert sm.rx_level <= 1


def test_transmit_without_underrun_at_full_rate(chip: UnitChip) -> None:
    """A machine that eats a word every second cycle is kept fed from memory, and never overfed."""
    data = words(300)
    chip.write_words(SRAM, data)
    chip.write_words(SRAM + 0x4000, [0] * 300)
    sm = StateMachine(
        chip, [out("x", 16), in_("x", 16)], shift=OUT_RIGHT | IN_RIGHT | AUTOPULL | AUTOPUSH, enable=False
    )
    setup(chip, 0, SRAM, PIO0 + TXF, 300, WORD | INCR_READ, treq=0)
    setup(chip, 1, PIO0 + RXF, SRAM + 0x4000, 300, WORD | INCR_WRITE, treq=4)
    chip.run(50)
    assert sm.tx_level == 4
    sm.enable()
    chip.run(1300)
    assert not busy(chip, 0)
    assert not busy(chip, 1)
    assert chip.read_words(SRAM + 0x4000, 300) == data
    assert chip.read(PIO0 + FDEBUG) & 0x00FFFFFF == 0


def test_set_alias_on_ctrl_does_not_disturb_other_bits(chip: UnitChip) -> None:
    setup(chip, 0, SRAM, SRAM + 0x100, 4, WORD, start=False)
    control = chip.read(DMA + 0x10)
    chip.write(DMA + SET + 0x10, HIGH)
    assert chip.read(DMA + 0x10) == control | HIGH
    assert not busy(chip, 0)


@pytest.mark.parametrize("divider", [1.5, 2, 2.5])
def test_a_request_in_the_cycle_of_a_write_does_not_hold_it_up(chip: UnitChip, divider: float) -> None:
    """Each word is written two cycles after it was read, whenever the next one comes into the FIFO."""
    chip.log_accesses()
    setup(chip, 0, PIO0 + RXF, SRAM, 40, WORD | INCR_WRITE, treq=4)
    StateMachine(chip, [in_("null", 32)], shift=AUTOPUSH, divider=divider)
    chip.run(200)
    assert not busy(chip, 0)
    accesses = chip.accesses()
    reads, writes = ([cycle for cycle, _, is_write in accesses if is_write == kind] for kind in (0, 1))
    assert len(reads) == len(writes) == 40
    assert [write - read for read, write in zip(reads, writes, strict=True)] == [2] * 40
