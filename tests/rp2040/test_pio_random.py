"""Random programs on random configurations: the lazy, batching PIO against one that computes every cycle."""

from __future__ import annotations

import random

import pytest
from pio_reference import ReferencePio
from unit import (
    ADDR,
    CLKDIV,
    CTRL,
    DBG_PADOE,
    DBG_PADOUT,
    EXECCTRL,
    FDEBUG,
    FLEVEL,
    FUNC_PIO0,
    INSTR,
    INSTR_MEM,
    IRQ,
    IRQ0_INTE,
    IRQ_FORCE,
    PIN_COUNT,
    PINCTRL,
    PIO0,
    PIO_INTR,
    RXF,
    SHIFTCTRL,
    SYNC_BYPASS,
    TXF,
    UnitChip,
)

PIO0_IRQ0 = 7


def instruction(rng: random.Random) -> int:
    """A valid instruction; jumps and waits are common enough to make programs interesting, delays mostly short."""
    delay = rng.choice((0, 0, 0, rng.randrange(4), rng.randrange(32))) << 8
    op = rng.choice((0, 0, 1, 2, 2, 3, 3, 4, 5, 6, 7, 7))
    if op == 1:
        body = rng.randrange(2) << 7 | rng.choice((0, 1, 2)) << 5 | rng.randrange(PIN_COUNT)
        if body >> 5 & 3 == 2:
            body = body & ~31 | rng.choice((0, 1, 2, 3, 7, 0x10, 0x13, 0x16))
    elif op == 2:
        body = rng.choice((0, 1, 2, 3, 6, 7)) << 5 | rng.randrange(32)
    elif op == 4:
        body = rng.randrange(8) << 5
    elif op == 5:
        body = rng.choice((0, 1, 2, 4, 5, 6, 7)) << 5 | rng.randrange(3) << 3 | rng.choice((0, 1, 2, 3, 5, 6, 7))
    elif op == 6:
        body = rng.randrange(4) << 5 | rng.choice((0, 1, 2, 3, 7, 0x10, 0x13, 0x16))
    elif op == 7:
        body = rng.choice((0, 1, 2, 4)) << 5 | rng.randrange(32)
    else:
        body = rng.randrange(256)
    return op << 13 | delay | body


def configure(rng: random.Random, chip: UnitChip, ref: ReferencePio) -> None:
    chip.function(FUNC_PIO0, *range(30))
    for n in range(32):
        ref.memory[n] = instruction(rng)
        chip.write(PIO0 + INSTR_MEM + 4 * n, ref.memory[n])
    ref.bypass = rng.choice((0, 0, rng.randrange(1 << PIN_COUNT)))
    chip.write(PIO0 + SYNC_BYPASS, ref.bypass)
    for index, m in enumerate(ref.sm):
        base = PIO0 + 0x18 * index
        m.clkdiv = rng.choice((1 << 16, 1 << 16, 2 << 16, rng.randrange(0x10000, 0x80000) & ~0xFF))
        bottom = rng.randrange(28)
        top = rng.randrange(bottom, 32)
        m.execctrl = rng.randrange(16) | rng.randrange(2) << 4 | bottom << 7 | top << 12
        m.execctrl |= rng.randrange(PIN_COUNT) << 24 | rng.choice((0, 1, 2, 3)) << 29
        m.shiftctrl = rng.randrange(16) << 16 | rng.choice((0, 0, 1, 2)) << 30
        m.shiftctrl |= rng.choice((0, 0, 8, rng.randrange(32))) << 20 | rng.choice((0, 0, 8, rng.randrange(32))) << 25
        m.pinctrl = rng.randrange(PIN_COUNT) | rng.randrange(PIN_COUNT) << 5 | rng.randrange(32) << 10
        m.pinctrl |= rng.randrange(PIN_COUNT) << 15 | rng.randrange(6) << 20 | rng.randrange(6) << 26
        m.pinctrl |= rng.choice((0, 1, 2, 3)) << 29
        for offset, value in (
            (CLKDIV, m.clkdiv),
            (EXECCTRL, m.execctrl),
            (SHIFTCTRL, m.shiftctrl),
            (PINCTRL, m.pinctrl),
        ):
            chip.write(base + offset, value)


def settled(edges: list[tuple[int, int, int]]) -> list[tuple[int, int, int]]:
    """Levels at the ends of cycles: changes of several causes in one cycle may come in any order."""
    last = {(when, pin): level for when, pin, level in edges}
    levels = dict.fromkeys(range(30), 0)
    result = []
    for (when, pin), level in sorted(last.items()):
        if levels[pin] != level:
            levels[pin] = level
            result.append((when, pin, level))
    return result


class Pair:
    """Both models in the same cycle: a read sees the state before the cycle's work, a write acts after it."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.chip = UnitChip()
        self.ref = ReferencePio()
        self.chip.run(3)
        configure(rng, self.chip, self.ref)
        self.chip.watch(*range(30))
        self.inte = rng.choice((0, rng.randrange(1 << 12)))
        self.chip.write(PIO0 + IRQ0_INTE, self.inte)
        self.enabled = 0
        self.advance([])

    def advance(self, writes: list[tuple[str, int, int]]) -> None:
        """Ends the current cycle, with the given writes, and begins the next."""
        cycle = self.chip.now
        self.ref.execute(cycle)
        for kind, index, value in writes:
            self.apply(kind, index, value, cycle)
        self.chip.run(1)
        self.ref.begin(self.chip.now)

    def skip(self, cycles: int) -> None:
        """Time passes without anybody looking at the C++ block."""
        for cycle in range(self.chip.now, self.chip.now + cycles):
            self.ref.execute(cycle)
            self.ref.begin(cycle + 1)
        self.chip.run(cycles)

    def apply(self, kind: str, index: int, value: int, cycle: int) -> None:
        chip, ref = self.chip, self.ref
        m = ref.sm[index]
        if kind == "put":
            chip.write(PIO0 + TXF + 4 * index, value)
            ref.put(index, value)
        elif kind == "irq":
            chip.write(PIO0 + IRQ, value & 0xFF)
            ref.irq &= ~value
        elif kind == "force":
            chip.write(PIO0 + IRQ_FORCE, value & 0xFF)
            ref.irq |= value & 0xFF
        elif kind == "fdebug":
            chip.write(PIO0 + FDEBUG, 0x0F0F0F0F)
            ref.fdebug = 0
        elif kind == "exec":
            code = instruction(random.Random(value))
            chip.write(PIO0 + 0x18 * index + INSTR, code)
            m.forced, m.forced_raised, m.forced_begun = code, False, False
        elif kind == "enable":
            restart = value & 0xF & ~self.enabled
            self.enabled = value & 0xF
            chip.write(PIO0 + CTRL, self.enabled | restart << 8)
            for n, machine in enumerate(ref.sm):
                machine.enabled = bool(self.enabled >> n & 1)
                if restart >> n & 1:
                    machine.origin = cycle + 1

    def compare(self) -> None:
        chip, ref = self.chip, self.ref
        assert chip.read(PIO0 + FLEVEL) == ref.flevel()
        assert chip.read(PIO0 + FDEBUG) == ref.fdebug
        assert chip.read(PIO0 + IRQ) == ref.irq
        assert chip.read(PIO0 + DBG_PADOUT) == ref.out
        assert chip.read(PIO0 + DBG_PADOE) == ref.oe
        assert chip.read(PIO0 + PIO_INTR) == ref.intr()
        for index, m in enumerate(ref.sm):
            assert chip.read(PIO0 + 0x18 * index + ADDR) == m.pc, f"SM{index}"


@pytest.mark.parametrize("seed", range(150))
def test_random_programs(seed: int) -> None:
    rng = random.Random(seed)
    pair = Pair(rng)
    chip, ref = pair.chip, pair.ref
    pair.advance([("enable", 0, rng.randrange(1, 16))])
    for _ in range(rng.choice((30, 120))):
        action = rng.randrange(10)
        if action < 4:
            pair.skip(rng.choice((1, 2, 3, 10, 40, 150)))
        elif action < 6:
            kind = rng.choice(("put", "put", "put", "put", "irq", "force", "fdebug", "exec", "exec", "enable"))
            pair.advance([(kind, rng.randrange(4), rng.getrandbits(32))])
        elif action == 6:
            index = rng.randrange(4)
            m = ref.sm[index]
            if m.rx:
                # The read takes the word that was there at the start of the cycle.
                expected = m.rx[0]
                assert chip.read(PIO0 + RXF + 4 * index) == expected
                full = len(m.rx) == m.rx_depth
                ref.execute(chip.now)
                m.rx.pop(0)
                assert len(m.rx) < m.rx_depth or not full
                chip.run(1)
                ref.begin(chip.now)
        elif action == 7:
            pin, level = rng.randrange(PIN_COUNT), rng.randrange(2)
            # Driven from the next cycle on.
            chip.drive(pin, level, delay=1)
            ref.execute(chip.now)
            ref.external[pin] = level
            chip.run(1)
            ref.begin(chip.now)
        elif action == 8:
            pair.compare()
        assert chip.irq(PIO0_IRQ0) == bool(ref.intr() & pair.inte), f"cycle {chip.now}"
    pair.skip(5)
    pair.compare()
    assert settled(chip.edges()) == settled(ref.edges)


@pytest.mark.parametrize("seed", range(20))
def test_a_restored_snapshot_goes_on_identically(seed: int) -> None:
    rng = random.Random(1000 + seed)
    pair = Pair(rng)
    chip = pair.chip
    chip.wire(0, 1, delay=7)
    pair.advance([("enable", 0, rng.randrange(1, 16))])
    for index in range(4):
        pair.apply("put", index, rng.getrandbits(32), chip.now)

    def play() -> list[int]:
        seen = []
        for n in range(40):
            chip.run(13)
            seen += [chip.read(PIO0 + offset) for offset in (FLEVEL, FDEBUG, IRQ, DBG_PADOUT, DBG_PADOE)]
            seen += [chip.read(PIO0 + 0x18 * index + ADDR) for index in range(4)]
            seen.append(chip.irq(PIO0_IRQ0))
            if n % 5 == 0:
                seen.append(chip.read(PIO0 + RXF + 4 * (n // 5 % 4)))
            if n % 7 == 0:
                chip.write(PIO0 + TXF + 4 * (n // 7 % 4), n)
        return seen

    chip.run(rng.randrange(1, 200))
    chip.save()
    start = chip.now
    first = play()
    chip.restore()
    assert chip.now == start
    assert play() == first
