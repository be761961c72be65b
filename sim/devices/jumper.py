"""A wire between two pins."""

from __future__ import annotations

from emberwatch import _native
from emberwatch.devices.base import NativeDevice


class Jumper(NativeDevice):
    """Joins `a` and `b`: they have one level."""

    lines = ("a", "b")

    def plug(self) -> _native.Device:
        """See `Device.plug`."""
        self._plugged = _native.Jumper(self.title)
        return self._plugged
