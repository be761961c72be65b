"""The description is read strictly, and everything rendered from it is fresh."""

from __future__ import annotations

import tomllib

import pytest

from emberwatch.chip import Access, Verdict, facts, irq_names, load, memory
from emberwatch.chip.facts import _field
from emberwatch.chip.parts import DescriptionError
from emberwatch.chip.render import stale

CHIP = load()


def test_rendered_files_are_fresh() -> None:
    assert stale() == [], "run: make chip"


def test_every_block_is_where_the_datasheet_has_it() -> None:  # 2.2, from memory of the datasheet, not from the files
    bases = {instance: base for block in CHIP.blocks for instance, base in block.bases.items()}
    assert bases["UART1"] == 0x40038000 and bases["I2C0"] == 0x40044000 and bases["PWM"] == 0x40050000
    assert bases["PIO1"] == 0x50300000 and bases["XIP_SSI"] == 0x18000000 and bases["SIO"] == 0xD0000000
    assert memory("sram").size == 264 * 1024
    assert (irq_names()[11], irq_names()[25], len(irq_names())) == ("DMA_IRQ_0", "RTC_IRQ", 26)
    assert (CHIP.dreqs.index("UART1_TX"), CHIP.dreqs.index("XIP_SSIRX")) == (22, 39)


def test_names_of_repeated_registers_and_fields_count_on() -> None:
    io = CHIP.block("IO_BANK0")
    names = {name: fields for name, _, fields in io.register("INTR3").instances()}
    assert [field.name for field in names["INTR3"]][:2] == ["GPIO24_EDGE_HIGH", "GPIO25_EDGE_HIGH"]
    assert len(names["INTR3"]) == 4 * 6  # pins 24 to 29
    assert io.offset("PROC1_INTF2") == 0x148
    dma = CHIP.block("DMA")
    assert dma.register("CH5_CTRL_TRIG").reset(5) == 5 << 11  # CHAIN_TO: itself
    usb = CHIP.block("USBCTRL")
    assert usb.offset("ADDR_ENDP1") == 4 and usb.offset("ADDR_ENDP") == 0


def test_stored_and_refused_fields_say_why() -> None:
    for block in CHIP.blocks:
        for register in block.registers:
            for field in register.fields:
                assert field.verdict is Verdict.FULL or block.note(register.name, field.name)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("EN 0", "is no field"),
        ("EN 0 rw maybe", "is no field"),
        ("EN 32 rw", "bits above 31"),
        ("EN 3:4 rw", "no bits"),
        ("EN 1:0 rw 4", "resets to more"),
        ("EN 0 ro stored", "read-only"),
    ],
)
def test_malformed_fields_are_refused(text: str, complaint: str) -> None:
    with pytest.raises(DescriptionError, match=complaint):
        _field("x.toml: CTRL", text)


TIMER = (facts.folder() / "timer.toml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("at = 0x20", "at = 0x1c", "taken by ALARM3"),
        ("at = 0x20", "at = 0x22", "no whole word"),
        ("DBG0 1 rw 1", "DBG0 2 rw 1", "overlaps"),
        ("[notes]", "[remarks]", "unknown 'remarks'"),
        ('DBGPAUSE = "a', 'DBGPAUSE2 = "a', "no register|say why"),
        ("count = 4", "number = 4", "unknown 'number'"),
        ("count = 4", "count = 1", "goes with %"),
    ],
)
def test_contradictions_are_refused(monkeypatch: pytest.MonkeyPatch, old: str, new: str, complaint: str) -> None:
    text = TIMER.replace(old, new, 1)
    assert old in TIMER
    monkeypatch.setattr(facts, "_toml", lambda _: tomllib.loads(text))
    with pytest.raises(DescriptionError, match=complaint):
        facts._block("timer.toml")


def test_kinds_of_access_are_told_apart() -> None:
    timer = CHIP.block("TIMER")
    assert timer.register("INTR").mask(Access.WC) == 0xF
    assert timer.register("INTE").mask(Access.RW) == 0xF
    assert timer.register("INTS").mask(Access.RO) == 0xF
