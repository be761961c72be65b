"""Stands in for pyrenode3 where Renode is not installed: see `wrappers`."""
