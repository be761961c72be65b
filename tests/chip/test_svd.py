"""The SVD file says what the description says, in the form that front ends read."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from emberwatch.chip import load
from emberwatch.chip.svd import render_svd
from emberwatch.cli.main import main

DEVICE = ET.fromstring(render_svd(load()))


def peripheral(name: str) -> ET.Element:
    return next(each for each in DEVICE.iter("peripheral") if each.findtext("name") == name)


def register(block: str, name: str) -> ET.Element:
    return next(each for each in peripheral(block).iter("register") if each.findtext("name") == name)


def test_blocks_registers_and_fields() -> None:
    assert peripheral("PWM").findtext("baseAddress") == "0x40050000"
    assert peripheral("UART1").get("derivedFrom") == "UART0"
    csr = register("PWM", "CH3_CSR")
    assert csr.findtext("addressOffset") == "0x3c"
    fields = {each.findtext("name"): each.findtext("bitRange") for each in csr.iter("field")}
    assert fields["DIVMODE"] == "[5:4]"
    assert register("PWM", "CH0_TOP").findtext("resetValue") == "0x0000ffff"


def test_interrupts_have_their_numbers() -> None:
    lines = {each.findtext("name"): each.findtext("value") for each in DEVICE.iter("interrupt")}
    assert lines["UART1_IRQ"] == "21" and lines["ADC_IRQ_FIFO"] == "22" and len(lines) == 26


def test_debuggers_are_warned_of_registers_that_reading_changes() -> None:
    assert register("UART0", "UARTDR").findtext("readAction") == "modify"
    assert register("UART0", "UARTFR").find("readAction") is None


def test_names_are_unique_where_they_must_be() -> None:
    for block in DEVICE.iter("peripheral"):
        names = [each.findtext("name") for each in block.iter("register")]
        offsets = [each.findtext("addressOffset") for each in block.iter("register")]
        assert len(set(names)) == len(names) and len(set(offsets)) == len(offsets)
        for each in block.iter("register"):
            fields = [entry.findtext("name") for entry in each.iter("field")]
            assert len(set(fields)) == len(fields), each.findtext("name")


def test_command_writes_the_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["svd", "--out", str(tmp_path / "deep" / "rp2040.svd")])
    assert end.value.code in (0, None)
    assert (tmp_path / "deep" / "rp2040.svd").read_text(encoding="utf-8") == render_svd(load())
    with pytest.raises(SystemExit) as end:
        main(["svd", "--out", str(tmp_path)])
    assert end.value.code == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_it_agrees_with_the_manufacturers_where_there_is_one() -> None:
    """A second opinion: PICO_SDK_PATH holds the manufacturer's file; names that it does not have are not compared."""
    import os

    theirs = Path(os.environ.get("PICO_SDK_PATH", "/nowhere")) / "src/rp2040/hardware_regs/RP2040.svd"
    if not theirs.is_file():
        pytest.skip("PICO_SDK_PATH names no pico-sdk")
    other = ET.parse(theirs).getroot()
    names = {"SSI": "XIP_SSI", "USB": "USBCTRL"}
    compared = 0
    for block in other.iter("peripheral"):
        name = block.findtext("name") or ""
        try:
            ours = peripheral(names.get(name, name))
        except StopIteration:
            continue
        assert int(ours.findtext("baseAddress") or "", 0) == int(block.findtext("baseAddress") or "", 0)
        mine = {each.findtext("name"): each for each in ours.iter("register")}
        for theirs_register in block.iter("register"):
            found = mine.get(theirs_register.findtext("name"))
            if found is None:
                continue
            at = int(theirs_register.findtext("addressOffset") or "", 0)
            assert int(found.findtext("addressOffset") or "", 0) == at, (name, found.findtext("name"))
            bits = {each.findtext("name"): each.findtext("bitRange") for each in found.iter("field")}
            for each in theirs_register.iter("field"):
                if each.findtext("name") in bits:
                    assert bits[each.findtext("name")] == each.findtext("bitRange"), (name, found.findtext("name"))
                    compared += 1
    assert compared > 1000
