"""The fixtures of `debugging`, for every test here."""

from debugging import alarm, debug, firmware, program

__all__ = ["alarm", "debug", "firmware", "program"]
