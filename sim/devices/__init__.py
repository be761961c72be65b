"""Devices: what is attached to the emulated chip. `docs/devices.md` shows how to write one in 30 lines."""

from __future__ import annotations

from emberwatch.devices.base import Device, Edge, Port

__all__ = ["Device", "Edge", "Port"]
