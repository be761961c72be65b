"""Dividers of the RP2040 clock tree, solved at build time so that the firmware holds constants only.

Sources: RP2040 datasheet 2.18 (PLL limits), 3.5.5 (PIO clock divider), 4.2.7.1 (UART divider).
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from emberwatch.base.errors import BoardError

PLL_VCO_MIN_HZ = 750_000_000
PLL_VCO_MAX_HZ = 1_600_000_000
CLK_SYS_MAX_HZ = 133_000_000
#: Instructions of the PDM program per bit; see firmware/drivers/pdm_mic.h.
PDM_CYCLES_PER_BIT = 2


@dataclass(frozen=True)
class PllSettings:
    """clk = xosc * fbdiv / (postdiv1 * postdiv2); the reference divider stays 1."""

    fbdiv: int
    postdiv1: int
    postdiv2: int
    vco_hz: int


def solve_pll(xosc_hz: int, clk_sys_hz: int) -> PllSettings:
    """Settings that give exactly `clk_sys_hz`; of several, the one with the highest VCO (lowest
    jitter), then the largest first divider (datasheet 2.18.2).

    Raises:
        BoardError: no setting within the PLL's limits gives that frequency.
    """
    if clk_sys_hz > CLK_SYS_MAX_HZ:
        raise BoardError(f"clock.clk_sys_hz = {clk_sys_hz} is above the RP2040's limit of {CLK_SYS_MAX_HZ} Hz")
    best: PllSettings | None = None
    for postdiv1 in range(1, 8):
        for postdiv2 in range(1, postdiv1 + 1):  # the datasheet asks for postdiv1 >= postdiv2
            vco_hz = clk_sys_hz * postdiv1 * postdiv2
            fbdiv, remainder = divmod(vco_hz, xosc_hz)
            legal = PLL_VCO_MIN_HZ <= vco_hz <= PLL_VCO_MAX_HZ and 16 <= fbdiv <= 320 and remainder == 0
            if legal and (best is None or vco_hz >= best.vco_hz):
                best = PllSettings(fbdiv, postdiv1, postdiv2, vco_hz)
    if best is None:
        raise BoardError(
            f"clock.clk_sys_hz = {clk_sys_hz} cannot be made from a {xosc_hz} Hz crystal;"
            " choose a frequency such as 125000000, 100000000, 64000000 or 48000000"
        )
    return best


@dataclass(frozen=True)
class PdmClock:
    """PIO CLKDIV of the PDM state machine in 1/256 (8 fractional bits) and the mean rate it gives."""

    clkdiv_256: int
    hz: Fraction

    @property
    def is_integer(self) -> bool:
        """Whether every PDM period has the same length (no fractional-divider jitter)."""
        return self.clkdiv_256 % 256 == 0


def solve_pdm(clk_sys_hz: int, pdm_hz: int) -> PdmClock:
    """The nearest PIO divider for a PDM clock of `pdm_hz`.

    Raises:
        BoardError: the divider is out of range, or the nearest rate is more than 0.1 % off.
    """
    clkdiv_256 = round(Fraction(clk_sys_hz * 256, pdm_hz * PDM_CYCLES_PER_BIT))
    # Below 4 the input synchroniser (2 cycles) would blur which phase of the PDM clock a sample belongs to.
    if not 4 * 256 <= clkdiv_256 < 65536 * 256:
        raise BoardError(f"microphone.pdm_hz = {pdm_hz} cannot be divided from clk_sys = {clk_sys_hz} Hz")
    actual = Fraction(clk_sys_hz * 256, clkdiv_256 * PDM_CYCLES_PER_BIT)
    if abs(actual / pdm_hz - 1) > Fraction(1, 1000):
        raise BoardError(f"microphone.pdm_hz = {pdm_hz} can only be met as {float(actual):.0f} Hz from {clk_sys_hz} Hz")
    return PdmClock(clkdiv_256, actual)


def solve_uart(clk_peri_hz: int, baud: int) -> tuple[int, int]:
    """PL011 divisors (IBRD, FBRD) nearest to `baud`.

    Raises:
        BoardError: the divisor is out of range or more than 2 % off.
    """
    divisor_64 = round(Fraction(clk_peri_hz * 4, baud))  # 64 * clk / (16 * baud)
    if not 64 <= divisor_64 <= 65535 * 64 or abs(Fraction(clk_peri_hz * 4, divisor_64 * baud) - 1) > Fraction(2, 100):
        raise BoardError(f"uart.baud = {baud} cannot be made from {clk_peri_hz} Hz; 115200 is always possible")
    return divisor_64 // 64, divisor_64 % 64
