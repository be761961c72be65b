"""What I2C's registers accept and when, ABORT, transfers without RESTART (datasheet 4.3.10, 4.3.17)."""

import pytest
from audit import Bench
from periph_chip import I2C0, PADS_BANK0, SIO, PeriphChip
from scenes.i2c import join_blocks

CON, TAR, SAR, DATA_CMD, SS_HCNT, SS_LCNT, FS_HCNT, FS_LCNT = 0x00, 0x04, 0x08, 0x10, 0x14, 0x18, 0x1C, 0x20
RAW, ENABLE, STATUS, RXFLR, SDA_HOLD, ABRT_SOURCE = 0x34, 0x6C, 0x70, 0x78, 0x7C, 0x80
NACK_ONLY, SDA_SETUP, ENABLE_STATUS, SPKLEN = 0x84, 0x94, 0x9C, 0xA0
READ, STOP, RESTART = 1 << 8, 1 << 9, 1 << 10
RD_REQ, TX_ABRT, RX_DONE, STOP_DET = 1 << 5, 1 << 6, 1 << 7, 1 << 9
MASTER, RESTART_EN, TEN_BIT = 0x45, 0x20, 0x10
BYTE = 2500
"""Cycles that suffice for a byte at the counts below."""


@pytest.fixture
def chip() -> PeriphChip:
    chip = PeriphChip()
    chip.boot()
    return chip


def master(chip: PeriphChip, con: int = MASTER | RESTART_EN, target: int = 0x50) -> None:
    """Pulled-up lines with an EEPROM at 0x50."""
    chip.call("connect")
    for pin in (4, 5):
        chip.select(pin, 3)
        chip.write(PADS_BANK0 + 4 + 4 * pin, 0x5A)
    chip.write(I2C0 + CON, con)
    chip.write(I2C0 + FS_HCNT, 60)
    chip.write(I2C0 + FS_LCNT, 130)
    chip.write(I2C0 + TAR, target)
    chip.write(I2C0 + ENABLE, 1)


@pytest.mark.parametrize(("offset", "least"), [(SS_HCNT, 6), (FS_HCNT, 6), (SS_LCNT, 8), (FS_LCNT, 8), (SPKLEN, 1)])
def test_smaller_counts_than_the_least_become_it(chip: PeriphChip, offset: int, least: int) -> None:
    """ "Hardware prevents values less than this being written, and if attempted results in 6 being set"."""
    for written, found in ((0, least), (least - 1, least), (least, least), (least + 1, least + 1)):
        chip.write(I2C0 + offset, written)
        assert chip.read(I2C0 + offset) == found


@pytest.mark.parametrize(
    "offset", [CON, TAR, SAR, SS_HCNT, SS_LCNT, FS_HCNT, FS_LCNT, SPKLEN, SDA_HOLD, SDA_SETUP, NACK_ONLY]
)
def test_settings_are_fixed_while_enabled(chip: PeriphChip, offset: int) -> None:
    """ "Can be written only when IC_ENABLE[0] is 0. Writes at other times have no effect"."""
    before = chip.read(I2C0 + offset)
    chip.write(I2C0 + ENABLE, 1)
    chip.write(I2C0 + offset, before ^ 1)
    assert chip.read(I2C0 + offset) == before
    chip.write(I2C0 + ENABLE, 0)
    chip.write(I2C0 + offset, before ^ 1)
    assert chip.read(I2C0 + offset) == before ^ 1


@pytest.mark.parametrize("speed", [0, 3])
def test_a_speed_that_it_does_not_have_becomes_the_fastest(chip: PeriphChip, speed: int) -> None:
    """ "Otherwise hardware updates this register with the value of IC_MAX_SPEED_MODE", which is fast mode (4.3.2)."""
    chip.write(I2C0 + CON, 0x61 | speed << 1)
    assert chip.read(I2C0 + CON) == 0x65


@pytest.mark.parametrize("command", [0, READ])
def test_abort_ends_the_transfer_after_the_byte_in_progress(chip: PeriphChip, command: int) -> None:
    """ "The controller issues a STOP and flushes the Tx FIFO after completing the current transfer, then sets TX_ABORT;
    the software cannot clear the ABORT bit once set; it is cleared automatically after the abort operation"."""
    master(chip)
    for value in range(8):
        chip.write(I2C0 + DATA_CMD, command | (0 if command else value))
    chip.run(BYTE + BYTE // 2)  # in the first byte of data
    chip.write(I2C0 + ENABLE, 3)
    chip.write(I2C0 + ENABLE, 1)
    assert chip.read(I2C0 + ENABLE) == 3
    chip.run(2 * BYTE)
    assert chip.read(I2C0 + ENABLE) == 1
    source = chip.read(I2C0 + ABRT_SOURCE)
    assert source & 0x1FFFF == 1 << 16 and 4 <= source >> 23 <= 7  # ABRT_USER_ABRT, commands that were flushed
    assert chip.read(I2C0 + RAW) & (STOP_DET | TX_ABRT) == STOP_DET | TX_ABRT
    assert chip.read(I2C0 + STATUS) & 0x21 == 0
    assert chip.read(I2C0 + RXFLR) == (8 - (source >> 23) if command else 0)


def test_abort_needs_the_block_enabled_and_a_transfer(chip: PeriphChip) -> None:
    """ "The software can set this bit only when ENABLE is already set; otherwise the controller ignores any write"."""
    chip.write(I2C0 + ENABLE, 0)
    chip.write(I2C0 + ENABLE, 2)
    assert chip.read(I2C0 + ENABLE) == 0
    chip.write(I2C0 + ENABLE, 3)
    assert chip.read(I2C0 + ENABLE) == 1
    chip.write(I2C0 + ENABLE, 3)
    assert chip.read(I2C0 + ENABLE) == 1 and chip.read(I2C0 + RAW) & TX_ABRT == 0


def test_without_restart_a_stop_and_a_start_take_its_place(chip: PeriphChip) -> None:
    """IC_DATA_CMD.RESTART: "if IC_RESTART_EN is 0, a STOP followed by a START is issued instead"."""
    master(chip)
    for command in (0x10, 0xA7 | STOP):
        chip.write(I2C0 + DATA_CMD, command)
    chip.run(6 * BYTE)
    chip.write(I2C0 + ENABLE, 0)
    master(chip, MASTER)
    stopped = chip.call("i2c_stopped")
    for command in (0x10, READ | STOP):  # sets the EEPROM's address, then reads there
        chip.write(I2C0 + DATA_CMD, command)
    chip.run(2 * BYTE)
    assert stopped < chip.call("i2c_stopped") < chip.now, "a STOP before the read"
    chip.run(6 * BYTE)
    assert chip.read(I2C0 + RXFLR) == 1 and chip.read(I2C0 + DATA_CMD) & 0xFF == 0xA7
    assert chip.read(I2C0 + ABRT_SOURCE) == 0


def test_ten_bit_reads_need_restart(chip: PeriphChip) -> None:
    """ABRT_10B_RD_NORSTRT: "restart is disabled and the master sends a read command in 10-bit addressing mode"."""
    master(chip, MASTER | TEN_BIT)
    chip.write(I2C0 + DATA_CMD, READ | STOP)
    chip.run(10)
    assert chip.read(I2C0 + ABRT_SOURCE) == 1 << 10 and chip.read(I2C0 + RAW) & TX_ABRT
    assert chip.read(I2C0 + STATUS) & 0x20 == 0, "nothing was sent"


def joined() -> Bench:
    """I2C0 as master and I2C1 as slave at 0x2A, on wires."""
    bench = Bench()
    bench.start()
    join_blocks(bench)
    for name, con in (("I2C0", 0x65), ("I2C1", 0x04)):
        bench.put(f"{name}.IC_ENABLE", 0)
        bench.put(f"{name}.IC_CON", con)
        bench.put(f"{name}.IC_FS_SCL_HCNT", 60)
        bench.put(f"{name}.IC_FS_SCL_LCNT", 130)
    bench.put("I2C1.IC_SAR", 0x2A)
    bench.put("I2C0.IC_TAR", 0x2A)
    bench.put("I2C1.IC_ENABLE", 1)
    bench.put("I2C0.IC_ENABLE", 1)
    return bench


@pytest.mark.parametrize(("bytes_sent", "expected"), [(0, 0), (0.5, 2), (1.5, 2), (3.5, 6)])
def test_a_slave_tells_that_it_was_disabled_too_early(bytes_sent: float, expected: int) -> None:
    """IC_ENABLE_STATUS: SLV_DISABLED_WHILE_BUSY in an address or data that come in, SLV_RX_DATA_LOST after a byte."""
    bench = joined()
    if bytes_sent:
        for value in range(8):
            bench.put("I2C0.IC_DATA_CMD", value)
        bit = 60 + 7 + 7 + 131
        bench.run(bit + int(9 * bit * bytes_sent))
    bench.put("I2C1.IC_ENABLE", 0)
    assert bench.get("I2C1.IC_ENABLE_STATUS") == expected
    bench.put("I2C1.IC_ENABLE", 1)
    assert bench.get("I2C1.IC_ENABLE_STATUS") == 1


def test_a_transfer_without_stop_stays_open_while_disabled(chip: PeriphChip) -> None:
    """4.3.10.3: disabled "while processing a command without the STOP bit set", the master "continues to remain active,
    holding the SCL line low"; the pico-sdk's write with `nostop` and the read after it are one transfer."""
    master(chip)
    stopped = chip.call("i2c_stopped")
    chip.write(I2C0 + DATA_CMD, 0x10)
    chip.run(3 * BYTE)
    chip.write(I2C0 + ENABLE, 0)
    assert chip.read(I2C0 + ENABLE_STATUS) == 1 and chip.read(I2C0 + STATUS) & 0x20
    chip.run(3 * BYTE)
    assert chip.read(SIO + 4) >> 5 & 1 == 0, "SCL is low"
    chip.write(I2C0 + TAR, 0x50)
    chip.write(I2C0 + ENABLE, 1)
    chip.write(I2C0 + DATA_CMD, READ | RESTART)
    chip.run(4 * BYTE)
    assert chip.call("i2c_stopped") == stopped and chip.read(I2C0 + RAW) & STOP_DET == 0
    chip.write(I2C0 + DATA_CMD, READ | STOP)
    chip.run(3 * BYTE)
    assert chip.call("i2c_stopped") != stopped and chip.read(I2C0 + RXFLR) == 2
    chip.write(I2C0 + ENABLE, 0)
    assert chip.read(I2C0 + ENABLE_STATUS) == 0


def test_bytes_that_the_master_does_not_want_are_flushed() -> None:
    """4.3.10.1.4: more bytes than were asked for are cleared at the master's NACK, which TX_ABRT tells."""
    bench = joined()
    bench.put("I2C0.IC_DATA_CMD", READ | STOP)
    bench.run(2 * BYTE)
    assert bench.get("I2C1.IC_RAW_INTR_STAT") & RD_REQ
    for value in (0x11, 0x22, 0x33):
        bench.put("I2C1.IC_DATA_CMD", value)
    bench.run(2 * BYTE)
    assert bench.get("I2C0.IC_RXFLR") == 1 and bench.get("I2C1.IC_TXFLR") == 0
    assert bench.get("I2C1.IC_RAW_INTR_STAT") & (TX_ABRT | RX_DONE) == TX_ABRT | RX_DONE
    assert bench.get("I2C1.IC_TX_ABRT_SOURCE") == 1 << 13 | 2 << 23
