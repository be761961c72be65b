"""A strip of WS2812B lights: one data line, 24 bits a light, each light passing on what comes after its own."""

from __future__ import annotations

from emberwatch.devices.base import Device, Edge


class Ws2812(Device):
    """Decodes by the data sheet: a pulse above 0.6 us is a one, a pause above 50 us shows the colours (WS2812B: a one
    is high for 0.8 us, a zero for 0.4 us, each +-0.15 us; RESET above 50 us).

    Args:
        count: number of lights.
    """

    lines = ("din",)
    watched = ("din",)
    parameters = ("count",)
    LONGEST_ZERO_PS, LATCH_PS = 600_000, 50_000_000

    def __init__(self, count: int = 8) -> None:
        if not 1 <= count <= 4096:
            raise ValueError(f"count is {count}; it must be 1 to 4096")
        self.count = count
        self.power_on()

    def power_on(self) -> None:
        """See `Device.power_on`."""
        self.shown: list[tuple[int, int, int]] = [(0, 0, 0)] * self.count
        self.bits: list[int] = []
        self.rose = self.fell = 0

    def edges(self, changes: list[Edge]) -> None:
        """See `Device.edges`."""
        for _, level, ps in changes:
            if level:
                self._latch(ps)
                self.rose = ps
            else:
                self.bits.append(int(ps - self.rose > self.LONGEST_ZERO_PS))
                self.fell = ps

    def _latch(self, ps: int) -> None:
        if ps - self.fell <= self.LATCH_PS or not self.bits:
            return
        for light in range(min(self.count, len(self.bits) // 24)):
            word = int("".join(map(str, self.bits[24 * light : 24 * light + 24])), 2)
            self.shown[light] = (word >> 8 & 0xFF, word >> 16, word & 0xFF)  # green comes first
        self.bits.clear()

    @property
    def colours(self) -> list[tuple[int, int, int]]:
        """Red, green and blue of each light, 0..255."""
        self.settle()
        self._latch(self.port.now)
        return list(self.shown)
