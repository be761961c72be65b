"""Reference of ``firmware/dsp/pdm.c``: PDM words to PCM, equal to the bit.

The FIR is written as what it is, a convolution with 128 integer taps; the firmware's lookup table is one way of doing
that sum. The recursive part runs sample by sample in Python's integers, which suits tests, not data sets (use
`emberwatch.training.dsp.native` for those).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from emberwatch.training.dsp import tables

WORDS_PER_SAMPLE = 2
BLOCK_SAMPLES = 512
FRACTION_BITS = 3
DC_SHIFT = 9
SILENCE = 0x55555555


class _AllPass:
    """``(c + z^-1) / (1 + c z^-1)`` with c in Q8 and the product rounded down."""

    def __init__(self, c: int) -> None:
        self.c = c
        self.last_input = 0
        self.last_output = 0

    def step(self, value: int) -> int:
        self.last_output = self.last_input + ((self.c * (value - self.last_output)) >> 8)
        self.last_input = value
        return self.last_output


class PdmDecimator:
    """One stream of PDM bits turned into PCM; state carries over from call to call.

    It starts as if the bits had alternated for ever, which is silence.
    """

    def __init__(self) -> None:
        self._past_bits = _bits(np.full(3, SILENCE, dtype=np.uint32))
        self._newer = [_AllPass(c) for c in tables.HALFBAND_A]
        self._older = [_AllPass(c) for c in tables.HALFBAND_B]
        self._droop = 0
        self._dc = 0

    def fir(self, words: npt.NDArray[np.uint32]) -> npt.NDArray[np.int64]:
        """The first stage alone: one 32 kHz sample a word, exact in Q15 (-32767 .. 32767)."""
        bits = np.concatenate([self._past_bits, _bits(words)])
        self._past_bits = bits[-96:]
        windows = np.lib.stride_tricks.sliding_window_view(bits, 128)[::32]
        taps = tables.fir_taps()
        return np.asarray(windows @ taps - int(taps.sum()) // 2, dtype=np.int64)

    def decimate(self, words: npt.NDArray[np.uint32]) -> npt.NDArray[np.int16]:
        """Converts ``words`` (uint32, two a sample, oldest bit lowest) to PCM in Q15.

        Raises:
            ValueError: the number of words is odd.
        """
        if words.size % WORDS_PER_SAMPLE:
            raise ValueError(f"words: {words.size} is odd, PDM comes in {WORDS_PER_SAMPLE} words a sample")
        narrow = (self.fir(words) << FRACTION_BITS).tolist() if words.size else []
        pcm = np.empty(words.size // WORDS_PER_SAMPLE, dtype=np.int16)
        for i in range(pcm.size):
            older, newer = narrow[2 * i], narrow[2 * i + 1]
            for section in self._older:
                older = section.step(older)
            for section in self._newer:
                newer = section.step(newer)
            flat = (older + newer) >> 1
            self._droop = flat + ((tables.DROOP_B * (flat - self._droop)) >> 8)
            ac = self._droop - (self._dc >> DC_SHIFT)
            self._dc += ac
            rounded = (ac + (1 << (FRACTION_BITS - 1))) >> FRACTION_BITS
            pcm[i] = max(-32768, min(32767, rounded))
        return pcm


def _bits(words: npt.NDArray[np.uint32]) -> npt.NDArray[np.int64]:
    stream = np.ascontiguousarray(words, dtype="<u4").view(np.uint8)
    return np.unpackbits(stream, bitorder="little").astype(np.int64)
