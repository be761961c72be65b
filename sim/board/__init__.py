"""Boards: one TOML file each, and the clock tree that follows from it."""
