"""The firmware says the same on rp2040js as on our engine, given the same PDM bits."""

from __future__ import annotations

import re

import pytest
from paths import ROOT

pytest.importorskip("emberwatch._native", reason="the emulator core is not built; run: make setup")

from emberwatch import Clip, Machine, Scenario
from emberwatch.audio import generate
from emberwatch.bench import peer

FIRMWARE = ROOT / "build/firmware/pico/emberwatch.elf"
SECONDS = 1.5


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[str], list[str]]:
    """UART lines of our engine and of rp2040js."""
    if not FIRMWARE.is_file():
        pytest.skip("no firmware; run: make firmware")
    if reason := peer.why_not():
        pytest.skip(reason)
    with Machine(FIRMWARE, Scenario([Clip(generate("t3"), seconds=SECONDS)])) as machine:
        bits = peer.record_bits(machine, SECONDS)
        ours = machine.uart
    theirs = peer.run_peer(FIRMWARE, bits, SECONDS, tmp_path_factory.mktemp("rp2040js")).uart
    return ours.split("\r\n")[:-1], theirs.split("\r\n")[:-1]


def windows(lines: list[str]) -> list[str]:
    return [line for line in lines if line.startswith("W ")]


def test_banner_is_the_same(both: tuple[list[str], list[str]]) -> None:
    ours, theirs = both
    assert ours[0].startswith("emberwatch ")
    assert ours[0] == theirs[0]


def test_every_window_is_the_same(both: tuple[list[str], list[str]]) -> None:
    ours, theirs = map(windows, both)
    # The peer ends with the last recorded bit, so its last block may still be in the making.
    common = min(len(ours), len(theirs))
    assert common >= int(SECONDS / 0.032) - 4
    assert ours[:common] == theirs[:common]


def test_nothing_was_missed_on_either(both: tuple[list[str], list[str]]) -> None:
    for lines in both:
        statistics = [line for line in lines if line.startswith("S ")]
        assert statistics
        assert all(re.search(r"missed=0 late=0", line) for line in statistics)
