"""The capture application's other end: its frame stream, recordings, and whole data sets through the PDM chain."""
