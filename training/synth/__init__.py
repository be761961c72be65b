"""Synthetic sound for training and tests: standard alarms, things that are mistaken for them, rooms and microphones.

Everything is NumPy, 16 kHz mono float32, full scale 1.0, and a pure function of the ``numpy.random.Generator`` given.
"""

from emberwatch.training.synth.alarms import ALARM_KINDS, AlarmSound, make_alarm, standard_t3
from emberwatch.training.synth.negatives import NEGATIVE_KINDS, make_negative

__all__ = ["ALARM_KINDS", "NEGATIVE_KINDS", "AlarmSound", "make_alarm", "make_negative", "standard_t3"]
