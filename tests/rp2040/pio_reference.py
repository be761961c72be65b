"""A PIO block that does everything in every cycle: slow, obvious, and written apart from the C++ one.

Conventions (datasheet 3.5): what executes in cycle c reads the state at the start of c; its pins are at the pads in
c + 1; inputs are the pads of c - 2 (of c itself where the synchroniser is bypassed).
"""

from __future__ import annotations

from dataclasses import dataclass, field

PINS = (1 << 30) - 1
WORD = 0xFFFFFFFF


def field_of(word: int, low: int, bits: int) -> int:
    return word >> low & (1 << bits) - 1


def threshold(value: int) -> int:
    return value or 32


def place(value: int, count: int, base: int) -> tuple[int, int]:
    """Mask and value of `count` pins from `base` on, wrapping after pin 31."""
    mask = data = 0
    for n in range(count):
        pin = (base + n) % 32
        mask |= 1 << pin
        data |= (value >> n & 1) << pin
    return mask & PINS, data & PINS


@dataclass
class Machine:
    clkdiv: int = 0x00010000
    execctrl: int = 0x0001F000
    shiftctrl: int = 0x000C0000
    pinctrl: int = 0x14000000
    x: int = 0
    y: int = 0
    isr: int = 0
    osr: int = 0
    isr_count: int = 0
    osr_count: int = 32
    pc: int = 0
    enabled: bool = False
    delay: int = 0
    irq_raised: bool = False
    exec: int | None = None
    forced: int | None = None
    forced_raised: bool = False
    begun: bool = False  # the instruction has stalled before; side-set happens when it begins
    forced_begun: bool = False
    origin: int = 0
    tx: list[int] = field(default_factory=list)
    rx: list[int] = field(default_factory=list)

    @property
    def divider(self) -> int:
        return (field_of(self.clkdiv, 16, 16) or 65536) * 256 + field_of(self.clkdiv, 8, 8)

    def ticks_in(self, cycle: int) -> bool:
        """First-order accumulator: tick k falls at origin + floor(k * divider / 256)."""
        elapsed = cycle - self.origin
        if elapsed < 0:
            return False
        k = -(-elapsed * 256 // self.divider)
        return k * self.divider // 256 == elapsed

    @property
    def tx_depth(self) -> int:
        return 0 if self.shiftctrl >> 31 else 8 if self.shiftctrl >> 30 & 1 else 4

    @property
    def rx_depth(self) -> int:
        return 0 if self.shiftctrl >> 30 & 1 else 8 if self.shiftctrl >> 31 else 4


class ReferencePio:
    def __init__(self) -> None:
        self.sm = [Machine() for _ in range(4)]
        self.memory = [0] * 32
        self.irq = self.fdebug = self.bypass = 0
        self.out = self.oe = 0
        self.external: dict[int, int] = {}
        self.pads: list[int] = [0, 0, 0]  # of cycles c - 2, c - 1, c
        self.edges: list[tuple[int, int, int]] = []

    def begin(self, cycle: int) -> None:
        """Pads of `cycle`: what earlier cycles put out, or the outside."""
        outside = sum(level << pin for pin, level in self.external.items())
        level = (self.out & self.oe | outside & ~self.oe) & PINS
        for pin in range(30):
            if (level ^ self.pads[2]) >> pin & 1:
                self.edges.append((cycle, pin, level >> pin & 1))
        self.pads = [self.pads[1], self.pads[2], level]

    def inputs(self) -> int:
        return self.pads[0] & ~self.bypass | self.pads[2] & self.bypass

    def execute(self, cycle: int) -> None:
        """The machines' work in `cycle`; effects on shared state land at its end."""
        self.new_out, self.new_oe = self.out, self.oe
        self.irq_set = self.irq_clear = 0
        for index, m in enumerate(self.sm):
            if m.forced is not None:
                self.run_forced(m, index)
                if m.enabled and m.delay and m.ticks_in(cycle):
                    m.delay -= 1
            elif m.enabled and m.ticks_in(cycle):
                self.tick(m, index)
        self.out, self.oe = self.new_out, self.new_oe
        self.irq = self.irq & ~self.irq_clear | self.irq_set

    def run_forced(self, m: Machine, index: int) -> None:
        assert m.forced is not None
        pc = m.pc
        program_raised, m.irq_raised = m.irq_raised, m.forced_raised
        done = self.instruction(m, index, m.forced, False)
        m.forced_raised, m.irq_raised = m.irq_raised, program_raised
        if m.forced >> 13 == 0 or m.pc != pc:
            m.irq_raised = m.begun = False
        if not m.forced_begun:
            self.side_set(m, m.forced)
        m.forced_begun = not done
        if done:
            m.forced = None

    def tick(self, m: Machine, index: int) -> None:
        if m.delay:
            m.delay -= 1
            self.background_refill(m)
            return
        from_exec = m.exec is not None
        code = m.exec if m.exec is not None else self.memory[m.pc]
        m.exec = None
        done = self.instruction(m, index, code, not from_exec)
        if not m.begun:
            self.side_set(m, code)
        m.begun = not done
        if code >> 13 != 3:
            self.background_refill(m)
        if not done:
            if from_exec:
                m.exec = code
        elif m.exec is None:
            side_bits = min(field_of(m.pinctrl, 29, 3), 5)
            m.delay = field_of(code, 8, 5) & (1 << 5 - side_bits) - 1

    def background_refill(self, m: Machine) -> None:
        if m.shiftctrl >> 17 & 1 and m.osr_count >= threshold(field_of(m.shiftctrl, 25, 5)) and m.tx:
            m.osr, m.osr_count = m.tx.pop(0), 0

    def side_set(self, m: Machine, code: int) -> None:
        count = min(field_of(m.pinctrl, 29, 3), 5)
        if count == 0:
            return
        data = field_of(code, 8, 5) >> 5 - count
        if m.execctrl >> 30 & 1:
            count -= 1
            if not data >> count:
                return
        mask, value = place(data, count, field_of(m.pinctrl, 10, 5))
        self.write(mask, value, bool(m.execctrl >> 29 & 1))

    def write(self, mask: int, value: int, directions: bool) -> None:
        if directions:
            self.new_oe = self.new_oe & ~mask | value
        else:
            self.new_out = self.new_out & ~mask | value

    def instruction(self, m: Machine, index: int, code: int, advance: bool) -> bool:
        """Executes `code`; False when it stalls."""
        op, arg, low = code >> 13, field_of(code, 5, 3), code & 31
        following = field_of(m.execctrl, 7, 5) if m.pc == field_of(m.execctrl, 12, 5) else (m.pc + 1) % 32
        target: int | None = None
        autopull = m.shiftctrl >> 17 & 1
        pull_at, push_at = threshold(field_of(m.shiftctrl, 25, 5)), threshold(field_of(m.shiftctrl, 20, 5))
        flag = low & 4 | (low + index) & 3 if low & 16 else low & 7
        if op == 0:  # JMP
            x, y = m.x, m.y
            if arg == 2:
                m.x = m.x - 1 & WORD
            if arg == 4:
                m.y = m.y - 1 & WORD
            pin = self.inputs() >> field_of(m.execctrl, 24, 5) & 1
            if (True, x == 0, x != 0, y == 0, y != 0, x != y, pin == 1, m.osr_count < pull_at)[arg]:
                target = low
        elif op == 1:  # WAIT
            polarity, source = code >> 7 & 1, arg & 3
            if source == 2:
                if self.irq >> flag & 1 != polarity:
                    return False
                if polarity:
                    self.irq_clear |= 1 << flag
            elif source < 2:
                pin = (low + (field_of(m.pinctrl, 15, 5) if source == 1 else 0)) % 32
                if self.inputs() >> pin & 1 != polarity:
                    return False
        elif op == 2:  # IN
            bits = low or 32
            data = self.source(m, arg) & (1 << bits) - 1
            if arg in (4, 5):
                pass
            else:
                isr = (m.isr | data << 32) >> bits & WORD if m.shiftctrl >> 18 & 1 else (m.isr << bits | data) & WORD
                count = min(32, m.isr_count + bits)
                if m.shiftctrl >> 16 & 1 and count >= push_at:
                    if len(m.rx) >= m.rx_depth:
                        self.fdebug |= 1 << index
                        return False
                    m.rx.append(isr)
                    isr = count = 0
                m.isr, m.isr_count = isr, count
        elif op == 3:  # OUT
            if autopull and m.osr_count >= pull_at:
                if m.tx:
                    m.osr, m.osr_count = m.tx.pop(0), 0
                else:
                    self.fdebug |= 1 << 24 + index
                return False
            bits = low or 32
            if m.shiftctrl >> 19 & 1:
                data, m.osr = m.osr & (1 << bits) - 1, m.osr >> bits
            else:
                data, m.osr = m.osr >> 32 - bits, m.osr << bits & WORD
            m.osr_count = min(32, m.osr_count + bits)
            self.background_refill(m)
            if arg in (0, 4):
                mask, value = place(data, field_of(m.pinctrl, 20, 6), field_of(m.pinctrl, 0, 5))
                self.write(mask, value, arg == 4)
            elif arg == 1:
                m.x = data
            elif arg == 2:
                m.y = data
            elif arg == 5:
                target = data & 31
            elif arg == 6:
                m.isr, m.isr_count = data, bits
            elif arg == 7:
                m.exec = data & 0xFFFF
        elif op == 4 and code >> 7 & 1:  # PULL
            empty = m.osr_count >= pull_at
            if empty or not (autopull or code >> 6 & 1):
                if m.tx:
                    m.osr = m.tx.pop(0)
                elif code >> 5 & 1:
                    self.fdebug |= 1 << 24 + index
                    return False
                else:
                    m.osr = m.x
                m.osr_count = 0
        elif op == 4:  # PUSH
            if not code >> 6 & 1 or m.isr_count >= push_at:
                if len(m.rx) < m.rx_depth:
                    m.rx.append(m.isr)
                else:
                    self.fdebug |= 1 << index
                    if code >> 5 & 1:
                        return False
                m.isr = m.isr_count = 0
        elif op == 5 and arg != 3 and low & 7 != 4:  # MOV
            data = self.source(m, low & 7)
            if low >> 3 == 1:
                data ^= WORD
            elif low >> 3 == 2:
                data = int(f"{data:032b}"[::-1], 2)
            if arg == 0:
                self.write(*place(data, field_of(m.pinctrl, 20, 6), field_of(m.pinctrl, 0, 5)), False)
            elif arg == 1:
                m.x = data
            elif arg == 2:
                m.y = data
            elif arg == 4:
                m.exec = data & 0xFFFF
            elif arg == 5:
                target = data & 31
            elif arg == 6:
                m.isr, m.isr_count = data, 0
            elif arg == 7:
                m.osr, m.osr_count = data, 0
        elif op == 6:  # IRQ
            if code >> 6 & 1:
                self.irq_clear |= 1 << flag
            elif not m.irq_raised:
                self.irq_set |= 1 << flag
                if code >> 5 & 1:
                    m.irq_raised = True
                    return False
            elif self.irq >> flag & 1:
                return False
            m.irq_raised = False
        elif op == 7:  # SET
            if arg in (0, 4):
                self.write(*place(low, field_of(m.pinctrl, 26, 3), field_of(m.pinctrl, 5, 5)), arg == 4)
            elif arg == 1:
                m.x = low
            elif arg == 2:
                m.y = low
        if target is not None:
            m.pc = target
        elif advance:
            m.pc = following
        return True

    def source(self, m: Machine, select: int) -> int:
        pins, base = self.inputs(), field_of(m.pinctrl, 15, 5)
        if select == 0:
            return (pins >> base | pins << 32 - base) & WORD
        if select == 5:
            level = len(m.rx) if m.execctrl >> 4 & 1 else len(m.tx)
            return WORD if level < field_of(m.execctrl, 0, 4) else 0
        return {1: m.x, 2: m.y, 6: m.isr, 7: m.osr}.get(select, 0)

    # What the CPU sees and does.
    def put(self, index: int, word: int) -> None:
        m = self.sm[index]
        if len(m.tx) >= m.tx_depth:
            self.fdebug |= 1 << 16 + index
        else:
            m.tx.append(word)

    def flevel(self) -> int:
        return sum((len(m.tx) | len(m.rx) << 4) << 8 * n for n, m in enumerate(self.sm))

    def intr(self) -> int:
        word = (self.irq & 0xF) << 8
        for n, m in enumerate(self.sm):
            word |= bool(m.rx) << n | (len(m.tx) < m.tx_depth) << 4 + n
        return word
