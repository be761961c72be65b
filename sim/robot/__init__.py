"""Robot Framework keyword libraries: one class per domain, typed keywords, no logic that `sim` does not have."""
