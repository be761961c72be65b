"""Quantities that several rooms count in."""

PICO = 10**12
"""Picoseconds in a second."""

BLOCK_SECONDS = 0.032
"""A block of the firmware: 512 samples at 16 kHz, one probability."""
