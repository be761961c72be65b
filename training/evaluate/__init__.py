"""Evaluation of a detector on recordings, with the firmware's arithmetic from PCM to events."""
