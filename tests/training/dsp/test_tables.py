"""The committed tables are what the generator makes, and have the properties that the code relies on."""

from __future__ import annotations

import numpy as np

from emberwatch.training.dsp import tables


def test_generated_files_are_up_to_date() -> None:
    for name, text in tables.render().items():
        assert (tables.FIRMWARE_DSP / name).read_text() == text, f"{name}: run python -m emberwatch.training.dsp.tables"


def test_fir_taps_fit_the_lanes() -> None:
    taps = tables.fir_taps()
    assert (taps == taps[::-1]).all()
    assert taps.min() >= 0
    assert taps.sum() == 65534  # below 2^16: no carry from lane to lane; half of it is FIR_HALF_GAIN


def test_half_band_cannot_overflow() -> None:
    """Worst case of any input, by the sum of the magnitudes of the impulse responses, in Q18 and Q27."""

    def largest(coefficients: tuple[int, ...]) -> float:
        return float(np.prod([1 + 2 * c / 256 for c in coefficients]))

    full_scale = 32768 * 8
    a, b = largest(tables.HALFBAND_A), largest(tables.HALFBAND_B)
    for coefficients in (tables.HALFBAND_A, tables.HALFBAND_B):
        for section in range(len(coefficients)):
            difference = full_scale * (largest(coefficients[:section]) + largest(coefficients[: section + 1]))
            assert difference * coefficients[section] < 2**31
    droop = tables.DROOP_B / 256
    output = full_scale * ((a + b) / 2 * (1 + droop) / (1 - droop) + 1)  # + 1: the offset by half the range
    assert output < 2**22
    assert output * 2**9 < 2**31


def test_hann_window_adds_up() -> None:
    window = tables.hann_q15()
    assert window.min() == 0 and window.max() == 32768
    assert (np.abs(window.reshape(4, 64).sum(axis=0) - 65536) <= 2).all()
    assert window.reshape(4, 64).sum(axis=0).max() <= 65536 + 2


def test_twiddles_are_on_the_unit_circle() -> None:
    cosine, sine = tables.twiddle_q15(np.arange(256), 256)
    assert np.abs(np.hypot(cosine, sine) - 32768).max() < 1
