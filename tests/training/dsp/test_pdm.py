"""The firmware's decimator, compiled natively, equals the NumPy reference to the bit."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emberwatch.training.dsp import native
from emberwatch.training.dsp.pdm import PdmDecimator

ALL_ONES, ALL_ZEROS, SILENCE = 0xFFFFFFFF, 0, 0x55555555


def words_of(*values: int, repeat: int = 1) -> np.ndarray:
    return np.tile(np.array(values, dtype=np.uint32), repeat)


@pytest.mark.parametrize(
    "words",
    [
        words_of(ALL_ONES, ALL_ONES, repeat=600),
        words_of(ALL_ZEROS, ALL_ZEROS, repeat=600),
        words_of(SILENCE, SILENCE, repeat=600),
        words_of(ALL_ONES, ALL_ZEROS, repeat=600),  # full scale at 16 kHz
        words_of(*[ALL_ONES] * 4, *[ALL_ZEROS] * 4, repeat=200),  # at 4 kHz
        words_of(*[ALL_ONES] * 40, *[ALL_ZEROS] * 40, repeat=20),  # at 400 Hz, clips
        words_of(*[0xFFFF0000] * 2, repeat=300),
        words_of(1, 0x80000000, repeat=300),
    ],
    ids=["ones", "zeros", "silence", "16 kHz", "4 kHz", "400 Hz", "32 kHz", "corners"],
)
def test_extremes(words: np.ndarray) -> None:
    np.testing.assert_array_equal(native.decimate(words), PdmDecimator().decimate(words))


@given(seed=st.integers(0, 2**32 - 1), density=st.floats(0, 1), samples=st.integers(0, 300))
@settings(max_examples=40)
def test_random_bits(seed: int, density: float, samples: int) -> None:
    bits = np.random.default_rng(seed).random(samples * 64) < density
    words = np.packbits(bits, bitorder="little").view("<u4")
    np.testing.assert_array_equal(native.decimate(words), PdmDecimator().decimate(words))


@given(words=st.lists(st.integers(0, 2**32 - 1), min_size=0, max_size=64).filter(lambda w: len(w) % 2 == 0))
@settings(max_examples=60)
def test_any_words(words: list[int]) -> None:
    array = np.array(words, dtype=np.uint32)
    np.testing.assert_array_equal(native.decimate(array), PdmDecimator().decimate(array))


@given(cuts=st.lists(st.integers(0, 700), max_size=6), seed=st.integers(0, 1000))
@settings(max_examples=25)
def test_any_split_into_calls_gives_the_same_samples(cuts: list[int], seed: int) -> None:
    words = np.random.default_rng(seed).integers(0, 2**32, 1400, dtype=np.uint32)
    edges = [0, *sorted(2 * cut for cut in cuts), words.size]
    pieces = [words[a:b] for a, b in itertools.pairwise(edges)]
    whole = native.decimate(words)
    stream, reference = native.Decimator(), PdmDecimator()
    np.testing.assert_array_equal(np.concatenate([stream.decimate(p) for p in pieces]), whole)
    np.testing.assert_array_equal(np.concatenate([reference.decimate(p) for p in pieces]), whole)


def test_two_streams_do_not_mix() -> None:
    rng = np.random.default_rng(5)
    first, second = rng.integers(0, 2**32, (2, 400), dtype=np.uint32)
    a, b = native.Decimator(), native.Decimator()
    got_a, got_b = a.decimate(first[:200]), b.decimate(second[:200])
    np.testing.assert_array_equal(np.concatenate([got_a, a.decimate(first[200:])]), native.decimate(first))
    np.testing.assert_array_equal(np.concatenate([got_b, b.decimate(second[200:])]), native.decimate(second))


def test_bit_order() -> None:
    """Oldest bit lowest: the impulse response runs backwards through the bits of a word."""
    from emberwatch.training.dsp import tables

    base = PdmDecimator().fir(np.array([SILENCE] * 8, dtype=np.uint32))
    for bit in (0, 2, 30):  # zeros of the silence pattern are at the odd bits
        changed = np.array([SILENCE] * 8, dtype=np.uint32)
        changed[0] ^= np.uint32(1 << bit)
        effect = (base - PdmDecimator().fir(changed))[:4]
        np.testing.assert_array_equal(effect, tables.fir_taps()[[96 + bit, 64 + bit, 32 + bit, bit]])


@pytest.mark.parametrize("decimate", [native.decimate, PdmDecimator().decimate])
def test_odd_number_of_words_is_refused(decimate: object) -> None:
    with pytest.raises(ValueError, match="3 is odd"):
        decimate(np.zeros(3, dtype=np.uint32))  # type: ignore[operator]
