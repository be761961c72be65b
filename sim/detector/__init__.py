"""The host's side of our own firmware: protocol, build, taps, result, recordings."""
