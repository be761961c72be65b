"""Report descriptors of human interface devices (HID 1.11, section 6.2.2): which bits of a report mean what."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

_MAIN, _GLOBAL, _LOCAL = range(3)
_INPUT, _OUTPUT, _COLLECTION, _FEATURE, _END = 8, 9, 10, 11, 12
_APPLICATION = 1
_CONSTANT, _VARIABLE = 1, 2
_MOST_VALUES = 4096
"""More values in one field than any report of 64 bytes has bits for are no report."""


@dataclass(frozen=True)
class Field:
    """Values of one main item.

    Attributes:
        report: report ID; 0 where the device uses none.
        offset: first bit, after the ID's byte.
        bits: of each value.
        count: number of values.
        variable: whether each value is of one usage; else each is the number of a usage.
        usages: (page << 16 | usage) of the values of a variable field, or of the numbers of an array.
        minimum: what the lowest number stands for, which is signed where it is negative.
        application: (page << 16 | usage) of the collection around it.
    """

    report: int
    offset: int
    bits: int
    count: int
    variable: bool
    usages: tuple[int, ...]
    minimum: int
    application: int

    def values(self, data: bytes) -> list[int]:
        """The values in a report without its ID; 0 beyond its end."""
        whole = int.from_bytes(data, "little")
        found = []
        for n in range(self.count):
            value = whole >> self.offset + n * self.bits & (1 << self.bits) - 1
            signed = self.minimum < 0 and value >> self.bits - 1
            found.append(value - (1 << self.bits) if signed else value)
        return found

    def pressed(self, data: bytes) -> list[int]:
        """Usages that are on in a report, in its order: of buttons, keys, controls."""
        if self.variable:
            return [usage for usage, value in zip(self._all_usages(), self.values(data), strict=False) if value]
        found = []
        for value in self.values(data):
            index = value - self.minimum
            if 0 <= index < len(self.usages) and self.usages[index] & 0xFFFF:
                found.append(self.usages[index])
        return found

    def _all_usages(self) -> tuple[int, ...]:
        """One for each value: the last one stands for those that are missing."""
        missing = self.count - len(self.usages)
        return self.usages + self.usages[-1:] * missing if missing > 0 else self.usages


@dataclass
class ReportDescriptor:
    """All fields of a device's reports; constant ones are left out."""

    inputs: list[Field] = field(default_factory=list)
    outputs: list[Field] = field(default_factory=list)
    sizes: dict[tuple[int, int], int] = field(default_factory=dict)
    """Bits of each report without its ID, by main item and report ID."""
    numbered: bool = False
    """Whether reports begin with their ID."""

    def output_bytes(self, report: int) -> int:
        """Length of an output report without its ID."""
        return (self.sizes.get((_OUTPUT, report), 0) + 7) // 8


@dataclass
class _Globals:
    page: int = 0
    minimum: int = 0
    size: int = 0
    count: int = 0
    report: int = 0


def _items(descriptor: bytes) -> Iterator[tuple[int, int, bytes]]:
    """(type, tag, data) of each short item."""
    at = 0
    while at < len(descriptor):
        prefix = descriptor[at]
        if prefix == 0xFE:  # a long item, which nobody has defined
            at += 3 + (descriptor[at + 1] if at + 1 < len(descriptor) else 0)
            continue
        size = (0, 1, 2, 4)[prefix & 3]
        yield prefix >> 2 & 3, prefix >> 4, descriptor[at + 1 : at + 1 + size]
        at += 1 + size


def parse_report_descriptor(descriptor: bytes) -> ReportDescriptor:
    """The fields that a report descriptor lists; what is damaged ends it."""
    found = ReportDescriptor()
    now = _Globals()
    stack: list[_Globals] = []
    usages: list[int] = []
    first = 0
    applications: list[int] = []
    for kind, tag, data in _items(descriptor):
        number = int.from_bytes(data, "little")
        if kind == _GLOBAL:
            if tag == 1:
                now.minimum = int.from_bytes(data, "little", signed=True)
            elif tag == 8:
                now.report, found.numbered = number, True
            elif tag == 10:
                stack.append(replace(now))
            elif tag == 11 and stack:
                now = stack.pop()
            elif (name := {0: "page", 7: "size", 9: "count"}.get(tag)) is not None:
                setattr(now, name, number)
        elif kind == _LOCAL:
            usage = number if len(data) == 4 else now.page << 16 | number
            if tag == 0:
                usages.append(usage)
            elif tag == 1:
                first = usage
            elif tag == 2:
                usages += range(first, min(usage + 1, first + _MOST_VALUES))
        else:
            if tag == _COLLECTION:
                outer = applications[-1] if applications else 0
                applications.append(usages[0] if number == _APPLICATION and usages else outer)
            elif tag == _END and applications:
                applications.pop()
            elif tag in (_INPUT, _OUTPUT, _FEATURE):
                key = tag, now.report
                offset = found.sizes.get(key, 0)
                count = min(now.count, _MOST_VALUES)
                found.sizes[key] = offset + now.size * count
                if not number & _CONSTANT and 0 < now.size <= 32 and tag != _FEATURE:
                    made = Field(
                        now.report,
                        offset,
                        now.size,
                        count,
                        bool(number & _VARIABLE),
                        tuple(usages),
                        now.minimum,
                        applications[-1] if applications else 0,
                    )
                    (found.inputs if tag == _INPUT else found.outputs).append(made)
            usages, first = [], 0
    return found
