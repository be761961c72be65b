"""The campaign of injected faults: what it changes, how it judges, and that each injection can be repeated."""

from __future__ import annotations

import pytest
from paths import ROOT

pytest.importorskip("emberwatch._native", reason="the emulator core is not built; run: make setup")

from emberwatch.detector.faults import KINDS, OUTCOMES, Bench, Injection, registers, table

FIRMWARE = ROOT / "build/firmware/pico/emberwatch.elf"


@pytest.fixture(scope="module")
def bench() -> Bench:
    if not FIRMWARE.is_file():
        pytest.skip("no firmware; run: make firmware")
    return Bench(FIRMWARE)


def test_no_alarm_is_lost_without_a_word(bench: Bench) -> None:
    found = [bench.inject(number) for number in range(20)]
    assert {one.outcome for one in found} <= {"raised", "raised, told", "lost, told"}, found
    assert len({one.kind for one in found}) >= 4
    assert any(one.signs for one in found), "twenty faults and the firmware saw none"


def test_an_injection_is_a_function_of_its_number(bench: Bench) -> None:
    number = 7
    once = bench.inject(number)
    bench.inject(number + 1)
    assert bench.inject(number) == once


def test_the_table_counts_every_outcome() -> None:
    made = [Injection(0, "sram", "", 1.0, "raised"), Injection(1, "sram", "", 1.0, "SILENT")]
    counts = table(made)
    assert set(counts) == {*KINDS, "all"} and set(counts["all"]) == set(OUTCOMES)
    assert counts["sram"]["SILENT"] == counts["all"]["raised"] == 1


def test_registers_are_those_of_the_board() -> None:
    names = dict(registers("pico"))
    assert names["PIO0.SM0_CLKDIV"] == 0x5020_00C8 and names["UART0.UARTIBRD"] == 0x4003_4024
    assert len(set(names.values())) == len(names)
