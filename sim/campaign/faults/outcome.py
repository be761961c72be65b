"""What became of a fault, in the classes of published fault injection.

Masked, detected and recovered, detected and halted, silent data corruption, hang: as in R. Leveugle et al.,
"Statistical fault injection: quantified error and confidence" (DATE 2009), and H. Cho et al., "Quantitative
evaluation of soft error injection techniques for robust system design" (DAC 2013). One class more is ours: the model
refuses to go on where a chip would do something that is not modelled.
"""

from __future__ import annotations

from collections.abc import Iterable

MEANINGS = {
    "masked": "the program did its work and saw nothing",
    "recovered": "the program told of it (a FAULT line, a restart) and did its work",
    "halted": "the program told of it and did not do its work",
    "silent": "the work was not done, or wrongly, and the console looked healthy",
    "hang": "the console fell silent and no restart came",
    "model": "the program asked for what the emulator refuses",
}
"""Every outcome with what it means here; the work is to raise the alarm in time, and only then."""
FAILURES = ("silent", "hang", "model")
"""What a campaign that wants all faults caught fails for; what the model refuses is to be looked at."""
_SILENCE_S = 1.0
"""The detector speaks every 32 ms; any program that is to be judged so must speak more often than this."""
_CLEARED = "FAULT none "
_FAULT, _BANNER = "FAULT ", "emberwatch "
"""How our firmware tells: lines of faults, and the banner after a restart, which may have cut a line short."""


def signs(lines: Iterable[tuple[float, str]], since_s: float) -> list[tuple[float, str]]:
    """FAULT lines and banners of restarts since a moment, with their times."""
    return [
        (t, line)
        for t, line in lines
        if t > since_s and (_BANNER in line or (line.startswith(_FAULT) and not line.startswith(_CLEARED)))
    ]


def classify(*, served: bool, told: bool, stopped: bool, spoke_s: float, end_s: float) -> str:
    """The outcome of a run.

    Args:
        served: whether the work was done.
        told: whether there was a sign.
        stopped: whether the model refused to go on.
        spoke_s: when the last line came.
        end_s: when the run ended.
    """
    if stopped:
        return "model"
    if served:
        return "recovered" if told else "masked"
    if told:
        return "halted"
    return "hang" if spoke_s < end_s - _SILENCE_S else "silent"
