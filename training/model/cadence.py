"""What a train of bursts is by the standards: the reference of firmware/apps/detector/cadence.c, equal to the bit."""

from __future__ import annotations

from emberwatch.training.model.bursts import Band, Bursts

NONE, T3, T4, CONTINUOUS, PULSED, HI_LO = range(6)
NAMES = ("unknown", "t3", "t4", "continuous", "pulsed", "hi-lo")

_BEAT = range(24, 39)
_BEAT_JITTER = 3
_T3_BURST = range(9, 24)
_T3_DECIDED = 4
_T3_ALIKE = 2
_BEEP = range(1, 7)
_BEEP_PERIOD = range(4, 10)
_GROUP_GAP = 12
_GROUP_PERIOD = range(136, 201)
_BETWEEN_GROUPS = 100
_CONTINUOUS_MIN = 125
_CONTINUOUS_AGAIN = 31
_CONTINUOUS_RISE = 24
_PULSE = range(3, 37)
_PULSE_FAST_MAX = 20
_PULSE_LASTING = 80
_PULSE_COUNT = 4
_PULSE_DENSE_COUNT = 5
_EVEN_BEAT = range(28, 36)
_PULSE_EVEN_COUNT = 6
_CLEAR_PERIOD = range(13, 19)
_CLEAR_SKEW = 4
_CLEAR_LASTING = 110
_CLEAR_TONALITY = 80
_CLEAR_DRIFT = 2


def _is_pause(period: int, beat: int) -> bool:
    return beat in _BEAT and abs(4 * (period - 2 * beat)) <= beat


def _are_beats(newer: int, older: int) -> bool:
    return newer in _BEAT and older in _BEAT and abs(newer - older) <= _BEAT_JITTER


def _are_alike(lengths: list[int], most: int) -> bool:
    return max(lengths) - min(lengths) <= most


def _is_t3(band: Band) -> bool:
    if not band.on or band.length != _T3_DECIDED or any(length not in _T3_BURST for length in band.lengths[:3]):
        return False
    if not _are_alike(band.lengths[:3], _T3_ALIKE):
        return False
    newest, second, third, before = band.periods
    if _are_beats(second, third) and _is_pause(newest, second):
        return before not in _BEAT
    if _are_beats(newest, third) and _is_pause(second, newest):
        return not _is_pause(before, newest)
    return _are_beats(newest, second) and _is_pause(third, newest) and not _is_pause(before, newest)


def _is_group_of_four(band: Band) -> bool:
    if band.on or band.since_end != _GROUP_GAP or band.length not in _BEEP:
        return False
    regular = all(period in _BEEP_PERIOD for period in band.periods[:3])
    short = all(length in _BEEP for length in band.lengths[:3])
    return regular and short and (band.periods[3] == 0 or band.periods[3] >= _BETWEEN_GROUPS)


def _is_t4(band: Band) -> bool:
    if not _is_group_of_four(band):
        return False
    apart, band.since_group = band.since_group, 0
    return apart in _GROUP_PERIOD


def _is_continuous(band: Band) -> bool:
    if not band.on or band.length < _CONTINUOUS_MIN or band.rise < _CONTINUOUS_RISE:
        return False
    return (band.length - _CONTINUOUS_MIN) % _CONTINUOUS_AGAIN == 0


def _is_pulsed(band: Band) -> bool:
    if not band.on or band.length != 1:
        return False
    period, on, regular = band.periods[0], band.lengths[0], band.regular
    if period not in _PULSE or regular < _PULSE_COUNT or not _are_alike(band.lengths, 1 + period // 12):
        return False
    if period <= _PULSE_FAST_MAX:
        return regular * period >= _PULSE_LASTING and 10 * on >= 3 * period
    if 8 * on >= 5 * period:
        return regular >= _PULSE_DENSE_COUNT
    return period in _EVEN_BEAT and 8 * on >= 3 * period and regular >= _PULSE_EVEN_COUNT


def _is_hi_lo(bursts: Bursts, index: int) -> bool:
    band = bursts.bands[index]
    period = band.periods[0]
    for i, other in enumerate(bursts.bands):
        if abs(i - index) <= 1:
            continue
        half = 3 * period <= 8 * other.since_onset <= 5 * period
        alike = abs(period - other.periods[0]) <= 1 and 2 * other.tonality >= band.tonality
        if other.regular >= _PULSE_COUNT and alike and -1 <= other.since_onset - other.length <= 2 and half:
            return True
    return False


def is_clear(band: Band) -> bool:
    """Whether a train of pulses is so even, lasting and tonal that the network need believe it only half."""
    period = band.periods[0]
    even = abs(2 * band.lengths[0] - period) <= _CLEAR_SKEW
    lasting = band.regular * period >= _CLEAR_LASTING
    steady = band.tonality >= _CLEAR_TONALITY and band.drift <= _CLEAR_DRIFT
    return period in _CLEAR_PERIOD and even and lasting and steady


def cadence_of(bursts: Bursts, index: int) -> int:
    """The cadence that the newest block makes certain in a band, by timing alone; call it once a block and band."""
    band = bursts.bands[index]
    if _is_t4(band):
        return T4
    if _is_t3(band):
        return T3
    if _is_pulsed(band):
        return HI_LO if _is_hi_lo(bursts, index) else PULSED
    return CONTINUOUS if _is_continuous(band) else NONE
