"""Reports of keyboards, mice and other human interface devices as text, and reports to them."""

from __future__ import annotations

from dataclasses import dataclass, field

from emberwatch.base.errors import UsageError
from emberwatch.machine.usb.keys import CAPS_LOCK, CONSUMER, MODIFIERS, typed
from emberwatch.machine.usb.report_descriptor import Field, ReportDescriptor, parse_report_descriptor

_MOUSE = 0x1_0002
_KEYS, _LEDS, _BUTTONS, _CONSUMER = 0x07, 0x08, 0x09, 0x0C
_AXES = {0x1_0030: "x", 0x1_0031: "y", 0x1_0038: "wheel", 0xC_0238: "pan"}
_BUTTON_NAMES = {1: "left", 2: "right", 3: "middle", 4: "backward", 5: "forward"}
LED_NAMES = {1: "num_lock", 2: "caps_lock", 3: "scroll_lock", 4: "compose", 5: "kana"}
"""Usages of page 8 that are a keyboard's LEDs."""


@dataclass
class HidDecoder:
    """Reads the reports of one interface.

    Attributes:
        descriptor: what its reports hold.
        down: usages that are on, by report ID.
        caps_lock: whether Caps Lock is on, as the host keeps it.
    """

    descriptor: ReportDescriptor
    down: dict[int, list[int]] = field(default_factory=dict)
    caps_lock: bool = False

    @classmethod
    def of(cls, report_descriptor: bytes) -> HidDecoder:
        """For a device with this report descriptor."""
        return cls(parse_report_descriptor(report_descriptor))

    @property
    def is_keyboard(self) -> bool:
        """Whether it has keys."""
        return any(usage >> 16 == _KEYS for f in self.descriptor.inputs for usage in f.usages)

    def decode(self, data: bytes) -> list[tuple[str, str]]:
        """What a report says: (port, text), port `keyboard`, `mouse` or `hid`, lines ended but for typed text."""
        numbered = self.descriptor.numbered
        report, body = (data[0], data[1:]) if numbered and data else (0, data)
        fields = [f for f in self.descriptor.inputs if f.report == report]
        now = [usage for f in fields if f.bits == 1 or not f.variable for usage in f.pressed(body)]
        before = self.down.get(report, [])
        self.down[report] = now
        pages = {usage >> 16 for f in fields for usage in f.usages}
        if any(f.application == _MOUSE for f in fields):
            return [("mouse", line) for line in self._mouse(fields, body, before, now)]
        if _KEYS in pages:
            return [("keyboard", text) for text in self._keyboard(before, now)]
        lines = [f"report {report}: {body.hex(' ')}\n" if numbered else f"report: {body.hex(' ')}\n"]
        for word, usages, others in (("press", now, before), ("release", before, now)):
            for usage in usages:
                if usage >> 16 == _CONSUMER and usage not in others:
                    lines.append(f"{word} {CONSUMER.get(usage & 0xFFFF, hex(usage & 0xFFFF))}\n")
        return [("hid", line) for line in lines]

    def _keyboard(self, before: list[int], now: list[int]) -> list[str]:
        held = {MODIFIERS[usage & 0xFFFF] for usage in now if usage & 0xFFFF in MODIFIERS}
        found = []
        for usage in now:
            if usage in before or usage >> 16 != _KEYS or usage & 0xFFFF in MODIFIERS or usage & 0xFFFF < 4:
                continue
            if usage & 0xFFFF == CAPS_LOCK:
                self.caps_lock = not self.caps_lock
            else:
                found.append(typed(usage & 0xFFFF, held, self.caps_lock))
        return found

    @staticmethod
    def _mouse(fields: list[Field], body: bytes, before: list[int], now: list[int]) -> list[str]:
        moved: dict[str, int] = {}
        for f in fields:
            for usage, value in zip(f.usages, f.values(body), strict=False):
                if usage in _AXES:
                    moved[_AXES[usage]] = value
        lines = []
        if moved.get("x") or moved.get("y"):
            lines.append(f"move {moved.get('x', 0)} {moved.get('y', 0)}\n")
        lines += [f"{name} {moved[name]}\n" for name in ("wheel", "pan") if moved.get(name)]
        for word, usages, others in (("press", now, before), ("release", before, now)):
            for usage in usages:
                if usage >> 16 == _BUTTONS and usage not in others:
                    number = usage & 0xFFFF
                    lines.append(f"{word} {_BUTTON_NAMES.get(number, f'button {number}')}\n")
        return lines

    def led_report(self, names: set[str]) -> bytes | None:
        """The output report that lights these LEDs and no others, its ID first; None without LEDs.

        Raises:
            UsageError: a name is none of `LED_NAMES`.
        """
        for name in names:
            if name not in LED_NAMES.values():
                raise UsageError(f"LED {name!r} is not known; there are: {', '.join(LED_NAMES.values())}")
        fields = [f for f in self.descriptor.outputs if any(usage >> 16 == _LEDS for usage in f.usages)]
        if not fields:
            return None
        report, bits = fields[0].report, 0
        for f in fields:
            for n, usage in enumerate(f.usages[: f.count]):
                if f.report == report and usage >> 16 == _LEDS and LED_NAMES.get(usage & 0xFFFF) in names:
                    bits |= 1 << f.offset + n * f.bits
        body = bits.to_bytes(self.descriptor.output_bytes(report), "little")
        return bytes([report]) + body if self.descriptor.numbered else body
