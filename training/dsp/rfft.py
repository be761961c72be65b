"""Reference of ``firmware/dsp/rfft.c``: the windowed 256-point real FFT in block floating point.

Written from the definition in ``rfft.h`` for any number of frames at once: arrays of int64 that hold what the firmware
holds in int32.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from emberwatch.training.dsp import log2, tables

IntArray = npt.NDArray[np.int64]
Complex = tuple[IntArray, IntArray]

SIZE = 256
POINTS = SIZE // 2
BANDS = 32


def scale(value: IntArray, shift: int | IntArray) -> IntArray:
    """``value / 2^shift`` rounded half up."""
    return np.asarray((value + (1 << (np.asarray(shift) - 1))) >> shift, dtype=np.int64)


def _rotate(a: Complex, cosine: IntArray, sine: IntArray, shift: int) -> Complex:
    return scale(a[0] * cosine + a[1] * sine, shift), scale(a[1] * cosine - a[0] * sine, shift)


def _butterfly4(legs: list[Complex]) -> list[Complex]:
    (a, ai), (b, bi), (c, ci), (d, di) = legs
    return [
        (a + c + b + d, ai + ci + bi + di),
        (a - c + bi - di, ai - ci - b + d),
        (a + c - b - d, ai + ci - bi - di),
        (a - c - bi + di, ai - ci + b - d),
    ]


def _radix4_stage(z: Complex, span: int) -> Complex:
    """Groups of four transforms of ``span`` points on the last axis become one of ``4 span``, scaled by 1/4."""
    frames = z[0].shape[0]
    parts = [part.reshape(frames, POINTS // (4 * span), 4, span) for part in z]
    k = np.arange(span)
    legs = []
    for leg in range(4):
        cosine, sine = tables.twiddle_q15(leg * k, 4 * span)  # exactly 1.0 where the firmware skips the product
        legs.append(_rotate((parts[0][:, :, leg], parts[1][:, :, leg]), cosine, sine, 17))
    out = _butterfly4(legs)
    re, im = (np.stack([leg[part] for leg in out], axis=2).reshape(frames, POINTS) for part in (0, 1))
    return re, im


def _transform(frames: IntArray, window: IntArray) -> tuple[Complex, IntArray]:
    """The complex transform before its last stage, and the exponent, both per frame."""
    magnitude = np.bitwise_or.reduce(np.where(frames < 0, ~frames, frames), axis=1)
    shift = log2.bit_length(magnitude) + 1
    v = frames * window >> shift[:, np.newaxis]
    # First stage: point n = b + 32 i; b's bits from the lowest are the digits p, r (two bits), r2 (two bits).
    b = np.arange(32)
    order = np.argsort(64 * (b & 1) + 16 * (b >> 1 & 3) + 4 * (b >> 3))
    legs = [(v[:, 0::2][:, 32 * i + order], v[:, 1::2][:, 32 * i + order]) for i in range(4)]
    out = _butterfly4(legs)
    z: Complex = (
        np.stack([leg[0] for leg in out], axis=2).reshape(-1, POINTS),
        np.stack([leg[1] for leg in out], axis=2).reshape(-1, POINTS),
    )
    for span in (4, 16):
        z = _radix4_stage(z, span)
    return z, shift - 9


def rfft_bins(
    frames: npt.NDArray[np.int16], window: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], IntArray]:
    """Spectra of ``frames * window`` before saturation to 16 bits.

    Args:
        frames: int16, shape (n, 256).
        window: Q15 unsigned, shape (256,), obeying the bound given in ``rfft.h``.

    Returns:
        Real parts and imaginary parts, shape (n, 129), and the exponents e, shape (n,): the unscaled transform is
        ``(re + 1j * im) * 2.0**e``.
    """
    z, exponent = _transform(frames.astype(np.int64), window.astype(np.int64))
    even = (scale(z[0][:, :64], 1), scale(z[1][:, :64], 1))
    # Points k = 0 .. 63; the firmware mirrors the first quarter for the second and skips products with 1.0.
    odd = _rotate((z[0][:, 64:], z[1][:, 64:]), *tables.twiddle_q15(np.arange(64), 128), 16)
    point = [np.concatenate([e + o, e - o], axis=1) for e, o in zip(even, odd, strict=True)]

    k = np.arange(1, 64)
    mirror = POINTS - k
    total = (point[0][:, k] + point[0][:, mirror], point[1][:, k] - point[1][:, mirror])
    difference = (point[0][:, k] - point[0][:, mirror], point[1][:, k] + point[1][:, mirror])
    turned = _rotate(difference, *tables.twiddle_q15(k, 256), 15)
    re = np.zeros((len(frames), POINTS + 1), dtype=np.int64)
    im = np.zeros_like(re)
    re[:, k], im[:, k] = scale(total[0] + turned[1], 2), scale(total[1] - turned[0], 2)
    re[:, mirror], im[:, mirror] = scale(total[0] - turned[1], 2), -scale(total[1] + turned[0], 2)
    re[:, 0], re[:, POINTS] = scale(point[0][:, 0] + point[1][:, 0], 1), scale(point[0][:, 0] - point[1][:, 0], 1)
    re[:, 64], im[:, 64] = scale(point[0][:, 64], 1), -scale(point[1][:, 64], 1)
    return re, im, exponent


def rfft_q15_256(
    frames: npt.NDArray[np.int16], window: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int16], IntArray]:
    """What the C function of this name stores: int16 of shape (n, 256) in its packing, and the exponents."""
    re, im, exponent = rfft_bins(frames, window)
    out = np.empty((len(frames), SIZE), dtype=np.int64)
    out[:, 0::2], out[:, 1::2] = re[:, :POINTS], im[:, :POINTS]
    out[:, 1] = re[:, POINTS]
    return np.clip(out, -32768, 32767).astype(np.int16), exponent


def rfft_q15_256_power(frames: npt.NDArray[np.int16], window: npt.NDArray[np.int64]) -> tuple[IntArray, IntArray]:
    """Power of each band of four bins, shape (n, 32), and the exponents; see ``rfft.h``."""
    re, im, exponent = rfft_bins(frames, window)
    power = (re * re + im * im)[:, :POINTS]
    return power.reshape(-1, BANDS, POINTS // BANDS).sum(axis=2), exponent
