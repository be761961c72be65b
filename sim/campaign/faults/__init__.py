"""Faults of hardware put into a running program, and what became of them.

`Targets` is what a program and its board offer, `draw` chooses a fault by number, `apply` makes it, `classify` says
what came of it, `Bench` does all of that for the detector again and again from one set of snapshots.
"""

from emberwatch.campaign.faults.bench import Bench
from emberwatch.campaign.faults.draw import Choice, draw
from emberwatch.campaign.faults.fault import KINDS, Fault
from emberwatch.campaign.faults.inject import Change, apply, apply_all
from emberwatch.campaign.faults.outcome import MEANINGS, classify, signs
from emberwatch.campaign.faults.places import Targets

__all__ = [
    "KINDS",
    "MEANINGS",
    "Bench",
    "Change",
    "Choice",
    "Fault",
    "Targets",
    "apply",
    "apply_all",
    "classify",
    "draw",
    "signs",
]
