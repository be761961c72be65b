"""Board files: every fault is named with its value and its remedy."""

from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path

import pytest

from emberwatch.base.errors import BoardError
from emberwatch.board.board import boards_folder, known_boards, load_board
from emberwatch.board.clocktree import solve_pdm, solve_pll, solve_uart


def test_shipped_boards_load() -> None:
    assert {"pico", "sparkfun_micromod"} <= set(known_boards())
    for name in known_boards():
        assert load_board(name).name == name


def test_pico_pins() -> None:
    board = load_board("pico")
    assert (board.microphone.data, board.microphone.clock, board.led.pin, board.uart.tx) == (2, 3, 25, 0)


def test_unknown_board_lists_the_known_ones() -> None:
    with pytest.raises(BoardError, match=r"unknown board 'picoo'; known boards: .*pico, sparkfun_micromod"):
        load_board("picoo")


def edited(tmp_path: Path, old: str, new: str) -> Path:
    text = (boards_folder() / "pico.toml").read_text()
    assert old in text
    path = tmp_path / "edited.toml"
    path.write_text(text.replace(old, new, 1))
    return path


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("clkdiv = 2", "clkdiv = 3", "flash.clkdiv = 3; it must be an even number"),
        ("pin = 25", "pin = 30", "led.pin = 30; the RP2040 has GPIO 0 to 29"),
        ("pin = 25", "pin = 2", "microphone.data and led.pin both use GPIO 2"),
        ("pin = 25", 'pin = "25"', "led.pin = '25' must be a whole number"),
        ("pin = 25", "pin = true", "led.pin = True must be a whole number"),
        ("pin = 25", "pin = 25\ncolour = 1", "unknown key 'led.colour'; known are: led.pin, led.active"),
        ("tx = 0", "tx = 4", "uart.tx = 4 has no UART0 function; choose from 0, 12, 16, 28"),
        ("instance = 0", "instance = 2", "uart.instance = 2"),
        ("pin = 25", "", "missing key 'led.pin'"),
        ("baud = 115_200", "baud = 0", "uart.baud = 0; it must be positive"),
        ('channel = "left"', 'channel = "top"', "microphone.channel = 'top' must be one of 'left', 'right'"),
        ("pdm_hz = 1_024_000", "pdm_hz = 1_000_000", "the decimator works at 1024000 only"),
        ("clk_sys_hz = 125_000_000", "clk_sys_hz = 200_000_000", "above the RP2040's limit of 133000000 Hz"),
        ("clk_sys_hz = 125_000_000", "clk_sys_hz = 122_880_000", "cannot be made from a 12000000 Hz crystal"),
        ("size = 0x200000", "size = 1000", "flash.size = 1000"),
        ("[led]", "[lamp]", "unknown key 'lamp'"),
        ("[clock]", "wires = [[4, 30]]\n[clock]", "wires has [4, 30]; a jumper connects two of GPIO 0 to 29"),
        ("[clock]", "wires = [[4, 4]]\n[clock]", "wires has [4, 4]; a jumper connects two of GPIO 0 to 29"),
        ("[clock]", "wires = [4, 5]\n[clock]", "wires = [4, 5] must be pairs of pins, as in [[4, 6], [5, 7]]"),
        ("[clock]", "wires = 4\n[clock]", "wires = 4 must be pairs of pins"),
        ("vsys = 29", "vsys = 23", "supply.vsys = 23; the ADC has GPIO 26 to 29"),
        ("vbus = 24", "vbus = 2", "supply.vbus and microphone.data both use GPIO 2"),
        ("vbus = 24", "vsys_volts = 9.0", "supply.vsys_volts = 9.0; a Pico takes up to 5.5"),
        ("vbus = 24", "vsys_divider = 0.5", "supply.vsys_divider = 0.5; it must be from 1 to 100"),
        ("[clock]", "[clock", "not valid TOML"),
        ('description = "', 'description = "a\\n', "it must be one line without backslashes"),
        ('description = "', 'description = "a \\\\ ', "it must be one line without backslashes"),
    ],
)
def test_faults_are_named(tmp_path: Path, old: str, new: str, message: str) -> None:
    with pytest.raises(BoardError, match=re.escape(message)) as caught:
        load_board(edited(tmp_path, old, new))
    assert "edited.toml" in str(caught.value) and "\n" not in str(caught.value)


def test_wires_are_optional(tmp_path: Path) -> None:
    assert load_board("pico").wires == ()
    assert load_board(edited(tmp_path, "[clock]", "wires = [[4, 6], [5, 7]]\n[clock]")).wires == ((4, 6), (5, 7))


def test_pll_of_the_default_clock() -> None:
    pll = solve_pll(12_000_000, 125_000_000)
    assert (pll.fbdiv, pll.postdiv1, pll.postdiv2, pll.vco_hz) == (125, 6, 2, 1_500_000_000)


@pytest.mark.parametrize("hz", [125_000_000, 133_000_000, 100_000_000, 64_000_000, 48_000_000, 24_000_000])
def test_pdm_clock_is_exact_on_average(hz: int) -> None:
    pll = solve_pll(12_000_000, hz)
    assert 12_000_000 * pll.fbdiv == hz * pll.postdiv1 * pll.postdiv2
    assert solve_pdm(hz, 1_024_000).hz == Fraction(1_024_000)


def test_pdm_divider_of_the_default_clock() -> None:
    assert solve_pdm(125_000_000, 1_024_000).clkdiv_256 == 61 * 256 + 9


def test_uart_divisors() -> None:
    ibrd, fbrd = solve_uart(125_000_000, 115_200)
    assert (ibrd, fbrd) == (67, 52)
    with pytest.raises(BoardError, match=r"uart\.baud = 50 cannot be made from 125000000 Hz"):
        solve_uart(125_000_000, 50)
