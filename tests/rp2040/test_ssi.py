"""Interrupts of XIP_SSI (datasheet 4.10.13): levels of both FIFOs, and what happens beyond them."""

import pytest
from test_chip import boot
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


def _exchange(ssi: Ssi, *sent: int) -> list[int]:
    """One transfer with the chip select held low meanwhile; what comes back."""
    ssi.chip.write_bus(0x4001_800C, 4, 2 << 8)  # IO_QSPI GPIO_QSPI_SS_CTRL: output driven low
    received = []
    for byte in sent:
        ssi.write(DR0, byte)
        ssi.wait(2 * FRAME)
        received.append(ssi.read(DR0))
    ssi.chip.write_bus(0x4001_800C, 4, 3 << 8)
    ssi.chip.write_bus(0x4001_800C, 4, 0)
    return received


@pytest.fixture
def flash(ssi: Ssi) -> Ssi:
    """The controller with IO_QSPI out of reset."""
    ssi.chip.write_bus(0x4000_F000, 4, 1 << 6)
    return ssi


def test_the_flash_tells_its_parameters(flash: Ssi) -> None:
    """JESD216: the signature, the pointer to the basic table, in its second word the size in bits, less one."""
    assert bytes(_exchange(flash, 0x5A, 0, 0, 0, *[0] * 5)[5:]) == b"SFDP"
    table = _exchange(flash, 0x5A, 0, 0, 0x0C, *[0] * 4)[5]
    assert table == 0x80
    size = _exchange(flash, 0x5A, 0, 0, table + 4, *[0] * 5)[5:]
    assert int.from_bytes(bytes(size), "little") == 2 * 2**20 * 8 - 1


def test_status_registers_two_and_three(flash: Ssi) -> None:
    assert [_exchange(flash, code, 0)[1] for code in (0x35, 0x15)] == [0x02, 0x60]
    _exchange(flash, 0x11, 0x20)
    assert _exchange(flash, 0x15, 0)[1] == 0x60, "a write without write enable has no effect"
    _exchange(flash, 0x06)
    _exchange(flash, 0x11, 0x20)
    assert _exchange(flash, 0x05, 0)[1] & 1 == 1, "it is busy writing"
    assert _exchange(flash, 0x9F, 0, 0, 0)[1:] == [0xFF] * 3, "and answers nothing else"


def test_security_registers_are_programmed_and_read(flash: Ssi) -> None:
    assert _exchange(flash, 0x48, 0, 0x20, 0, 0, 0)[5] == 0xFF
    _exchange(flash, 0x06)
    _exchange(flash, 0x42, 0, 0x20, 4, 0x5A)
    flash.wait(3_000_000)
    assert _exchange(flash, 0x48, 0, 0x20, 4, 0, 0)[5] == 0x5A
    assert _exchange(flash, 0x48, 0, 0x10, 4, 0, 0)[5] == 0xFF


def test_power_down_leaves_one_instruction(flash: Ssi) -> None:
    _exchange(flash, 0xB9)
    assert _exchange(flash, 0x9F, 0)[1] == 0xFF
    _exchange(flash, 0xAB)
    assert _exchange(flash, 0x9F, 0)[1] == 0xEF


def test_an_instruction_that_no_flash_has_stops_the_run(ssi: Ssi) -> None:
    with pytest.raises(RuntimeError, match="flash instruction 0x77"):
        ssi.write(DR0, 0x77)


def _read_flash_after(set_up: str) -> _native.Stop:
    """The SSI set up anew (r0: its address, r1 free), then a word that the cache has into r4, one that it has not."""
    chip = boot("bkpt #0")
    assert chip.run_until(2_000_000).reason.name == "BKPT"
    chip.write_memory(
        RAM,
        assemble(
            f"ldr r0, =0x18000000\nmovs r1, #0\nstr r1, [r0, #8]\n{set_up}\nmovs r1, #1\n"
            "str r1, [r0, #8]\nldr r2, =0x10000100\nldr r4, [r2]\nldr r2, =0x10008000\nldr r3, [r2]\nbkpt #0\n.ltorg"
        ),
    )
    chip.set_register(0, "pc", RAM)
    stop = chip.run_until(3_000_000)
    assert stop.reason.name == "UNMODELLED"
    registers = chip.registers(0)
    assert registers["r2"] == 0x1000_8000 and registers["r4"] != 0, "the word that the cache has was read"
    return stop


def test_xip_in_command_mode_stops_the_run() -> None:
    """Datasheet 2.8.3.1.3: the SSI, set up for 8-bit frames, serves no words; what the cache has goes on."""
    stop = _read_flash_after("ldr r1, =0x70000\nstr r1, [r0]")
    assert "command mode" in stop.detail and stop.address == SSI
    assert stop.pc == RAM + 20


def test_xip_during_a_bulk_read_stops_the_run() -> None:
    """With frames set in CTRLR1, as for a read by DMA, the SSI would answer a miss with as many words."""
    stop = _read_flash_after("movs r1, #7\nstr r1, [r0, #4]")
    assert "several words" in stop.detail and stop.address == SSI + 4


def test_memory_at_power_on_follows_the_seed() -> None:
    first, again, other = _native.Chip(), _native.Chip(), _native.Chip()
    for chip, seed in ((first, 7), (again, 7), (other, 8)):
        chip.power_on_memory(seed)
        chip.reset(RAM | 1)
    memory = first.read_memory(RAM, 4096)
    assert memory == again.read_memory(RAM, 4096) != other.read_memory(RAM, 4096)
    ones = int.from_bytes(memory, "little").bit_count()
    assert 0.45 < ones / (8 * 4096) < 0.55
    first.write_memory(RAM, b"kept")
    first.reset(RAM | 1)
    assert first.read_memory(RAM, 4) == b"kept", "a reset leaves memory alone"
