"""How the decimation filter's coefficients were found.

``python -m emberwatch.training.dsp.design`` (needs SciPy) prints them.

Two stages share the work so that the device does little of it. The FIR runs on bits through a lookup table, whose cost
does not depend on the taps, but 128 of them cannot be flat to 7 kHz and reject from 25 kHz: so it may droop by 3 dB.
The half-band IIR then needs only five multiplications, because its stop-band error is weighted with the FIR's slope,
and a one-pole filter lifts the droop.
"""

from __future__ import annotations

import itertools

import numpy as np
import numpy.typing as npt
from scipy.optimize import linprog, minimize

from emberwatch.training.dsp import tables

FloatArray = npt.NDArray[np.float64]

PDM_RATE, NARROW_RATE, PCM_RATE = 1_024_000, 32_000, 16_000
TAPS = 128
PASS_HZ, STOP_HZ = 7_000, 9_000
FIRST_ALIAS_DB, OTHER_ALIAS_DB = -70, -84
"""FIR gain allowed 7 kHz to either side of 32 kHz, and of its multiples where the modulator's noise is stronger."""


def design_fir() -> tuple[int, ...]:
    """First half of the FIR: least droop at 7 kHz among filters without negative taps and with the alias bands down.

    A linear program in the taps; rounded so that all taps together make 65534.
    """
    distance = (TAPS - 1) / 2 - np.arange(TAPS // 2)

    def response(frequency: FloatArray) -> FloatArray:
        return np.asarray(2 * np.cos(2 * np.pi * np.outer(frequency, distance) / PDM_RATE), dtype=np.float64)

    rows, limits = [], []
    for multiple in range(NARROW_RATE, PDM_RATE // 2 + 1, NARROW_RATE):
        band = np.linspace(multiple - PASS_HZ, min(multiple + PASS_HZ, PDM_RATE // 2), 40)
        rows.append(response(band))
        limits.append(np.full(40, 10 ** ((FIRST_ALIAS_DB if multiple == NARROW_RATE else OTHER_ALIAS_DB) / 20)))
    stop, limit = np.concatenate(rows), np.concatenate(limits)
    solution = linprog(
        -response(np.array([PASS_HZ]))[0],
        A_ub=np.concatenate([stop, -stop]),
        b_ub=np.concatenate([limit, limit]),
        A_eq=response(np.zeros(1)),
        b_eq=[1],
        bounds=[(0, None)] * (TAPS // 2),
        method="highs",
    )
    if solution.status != 0:
        raise RuntimeError(f"FIR design: {solution.message}")
    exact = solution.x / solution.x.sum() * 32767
    taps = np.rint(exact).astype(np.int64)
    missing = 32767 - int(taps.sum())
    most_rounded = np.argsort((exact - taps) * np.sign(missing))[::-1]
    taps[most_rounded[: abs(missing)]] += np.sign(missing)
    return tuple(int(tap) for tap in taps)


def fir_gain(half: tuple[int, ...], frequency: FloatArray) -> FloatArray:
    """Magnitude of the FIR's response, 1 at zero frequency."""
    distance = (TAPS - 1) / 2 - np.arange(TAPS // 2)
    gain = np.cos(2 * np.pi * np.outer(frequency, distance) / PDM_RATE) @ np.array(half, dtype=np.float64)
    return np.asarray(np.abs(gain) / sum(half), dtype=np.float64)


def droop_gain(b: float, frequency: FloatArray) -> FloatArray:
    """Magnitude of ``(1 + b) / (1 + b z^-1)`` at 16 kHz."""
    return np.asarray((1 + b) / np.abs(1 + b * np.exp(-2j * np.pi * frequency / PCM_RATE)), dtype=np.float64)


def half_band_gain(coefficients: FloatArray, frequency: FloatArray) -> FloatArray:
    """Magnitude of the two-branch all-pass half-band at 32 kHz; coefficients ascending, branches taking turns."""
    z2 = np.exp(-2j * np.pi * frequency / PCM_RATE)
    branches = [np.ones_like(z2), np.exp(-2j * np.pi * frequency / NARROW_RATE)]
    for i, c in enumerate(coefficients):
        branches[i % 2] = branches[i % 2] * (c + z2) / (1 + c * z2)
    return np.asarray(np.abs(branches[0] + branches[1]) / 2, dtype=np.float64)


def design_droop(half: tuple[int, ...]) -> int:
    """Corrector coefficient in Q8 with the least ripple from 20 Hz to 7 kHz."""
    frequency = np.linspace(20, PASS_HZ, 500)
    fir = fir_gain(half, frequency)

    def ripple(b: int) -> float:
        gain = fir * droop_gain(b / 256, frequency)
        return float(gain.max() / gain.min())

    return min(range(128), key=ripple)


def design_half_band(half: tuple[int, ...], droop: int) -> tuple[int, ...]:
    """Five coefficients in Q8 with the least worst alias from 9 to 16 kHz, weighted with the other stages' gains."""
    frequency = np.linspace(STOP_HZ, PCM_RATE, 1500)
    weight = fir_gain(half, frequency) * droop_gain(droop / 256, PCM_RATE - frequency)

    def worst(coefficients: FloatArray) -> float:
        return float(20 * np.log10((half_band_gain(coefficients, frequency) * weight).max()))

    best = np.array([0.106, 0.349, 0.598, 0.791, 0.935])  # elliptic half-band, transition 7 to 9 kHz
    for _ in range(6):
        best = minimize(worst, best, method="Nelder-Mead", options={"maxiter": 4000, "xatol": 1e-9, "fatol": 1e-6}).x
    around = np.rint(best * 256).astype(np.int64)
    steps = itertools.product(range(-3, 4), range(-2, 4), range(-2, 3), (-1, 0, 1), (-1, 0, 1))
    candidates = (around + np.array(step) for step in steps)
    return tuple(int(c) for c in min(candidates, key=lambda c: worst(c / 256)))


def main() -> None:
    """Designs all stages and compares with what `emberwatch.training.dsp.tables` holds."""
    half = design_fir()
    droop = design_droop(half)
    coefficients = design_half_band(half, droop)
    print(f"FIR_HALF = {half}")
    print(f"HALFBAND_A = {coefficients[0::2]}, HALFBAND_B = {coefficients[1::2]}, DROOP_B = {droop}")
    held = (tables.FIR_HALF, tables.HALFBAND_A, tables.HALFBAND_B, tables.DROOP_B)
    same = held == (half, coefficients[0::2], coefficients[1::2], droop)
    print("the tables hold these" if same else "the tables hold other values")


if __name__ == "__main__":
    main()
