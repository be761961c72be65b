"""Interrupts of XIP_SSI (datasheet 4.10.13): levels of both FIFOs, and what happens beyond them."""

import pytest
from thumb import RAM, assemble, word

from emberwatch import _native

SSI = 0x1800_0000
SSIENR, TXFTLR, RXFTLR, IMR, ISR, RISR = 0x08, 0x18, 0x1C, 0x2C, 0x30, 0x34
TXOICR, RXOICR, RXUICR, ICR, DR0 = 0x38, 0x3C, 0x40, 0x48, 0x60
TXE, TXO, RXU, RXO, RXF = 1, 2, 4, 8, 16
FRAME = 8 * 4  # eight bits at divider 4


class Ssi:
    """The controller in serial mode; core 0 loops in SRAM while time passes."""

    def __init__(self) -> None:
        self.chip = _native.Chip()
        self.chip.load(RAM, assemble("1: ldr r1, [r0]\nb 1b"))
        self.chip.reset(RAM | 1)
        for offset, value in ((SSIENR, 0), (0x14, 4), (0x00, 7 << 16), (0x10, 1), (SSIENR, 1)):
            self.write(offset, value)

    def write(self, offset: int, value: int) -> None:
        self.chip.write_bus(SSI + offset, 4, value)

    def peek(self, offset: int) -> int:
        return word(self.chip, SSI + offset)

    def read(self, offset: int) -> int:
        """As core 0 reads it, with the side effects."""
        self.chip.set_register(0, "r0", SSI + offset)
        self.chip.set_register(0, "pc", RAM)
        self.chip.step(0, self.chip.cycles + 100)
        value: int = self.chip.registers(0)["r1"]
        self.chip.set_register(0, "r0", RAM)
        return value

    def wait(self, cycles: int) -> None:
        self.chip.run_until(self.chip.cycles + cycles)

    @property
    def line(self) -> bool:
        """XIP_IRQ as the NVIC has latched it."""
        return bool(self.chip.read_system(0, 0x200) >> 6 & 1)


@pytest.fixture
def ssi() -> Ssi:
    return Ssi()


def test_masked_by_default(ssi: Ssi) -> None:
    assert (ssi.peek(IMR), ssi.peek(RISR), ssi.peek(ISR)) == (0, TXE, 0)
    assert not ssi.line


def test_receive_threshold(ssi: Ssi) -> None:
    """RXF stands for more than RXFTLR frames, from the cycle in which the last of them has come."""
    ssi.write(RXFTLR, 2)
    ssi.write(IMR, RXF)
    for _ in range(3):
        ssi.write(DR0, 0x9F)
    start = ssi.chip.cycles
    ssi.wait(3 * FRAME - 4)
    assert ssi.peek(ISR) == 0 and not ssi.line
    ssi.wait(3 * FRAME + 8 - (ssi.chip.cycles - start))
    assert ssi.peek(ISR) == RXF and ssi.line
    ssi.read(DR0)
    assert ssi.peek(ISR) == 0


def test_transmit_threshold(ssi: Ssi) -> None:
    ssi.write(TXFTLR, 1)
    for _ in range(4):  # one in the shift register, three waiting
        ssi.write(DR0, 0)
    ssi.write(IMR, TXE)
    assert ssi.peek(ISR) == 0 and not ssi.line
    start = ssi.chip.cycles
    ssi.wait(2 * FRAME - 4)
    assert ssi.peek(ISR) == 0 and not ssi.line
    ssi.wait(2 * FRAME + 8 - (ssi.chip.cycles - start))
    assert ssi.peek(ISR) == TXE and ssi.line


@pytest.mark.parametrize(("cause", "clear"), [(TXO, TXOICR), (RXO, RXOICR), (RXU, RXUICR), (TXO, ICR), (RXU, ICR)])
def test_overflow_and_underflow_stay_until_their_register_is_read(ssi: Ssi, cause: int, clear: int) -> None:
    ssi.write(IMR, cause)
    if cause == RXU:
        assert ssi.read(DR0) == 0
    elif cause == TXO:
        for _ in range(18):
            ssi.write(DR0, 0)
    else:
        for _ in range(17):
            ssi.write(DR0, 0)
            ssi.wait(2 * FRAME)
    assert ssi.peek(ISR) == cause and ssi.line
    assert ssi.read(clear) == 1
    assert ssi.peek(ISR) == 0
    assert ssi.read(clear) == 0
