"""Sound for the emulated microphone: files, generated sounds, scenarios, and the microphone's bit-exact reference."""

from __future__ import annotations

from emberwatch.audio.files import SAMPLE_RATE
from emberwatch.audio.scenario import GENERATORS, Clip, Scenario, generate
from emberwatch.audio.sounds import Recording, Sound

__all__ = ["GENERATORS", "SAMPLE_RATE", "Clip", "Recording", "Scenario", "Sound", "generate"]
