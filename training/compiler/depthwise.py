"""The inner loop of a depthwise convolution as ARMv6-M code: one channel's weights stay in registers.

Activations are unsigned bytes of one channel's plane, so that they load with an immediate offset of up to 31; where the
window reaches further, the pointer moves on between its rows. Weights that find no low register are in high registers,
and the last ones on the stack.
"""

from __future__ import annotations

from dataclasses import dataclass

_POINTER, _WEIGHTS, _SUMS = "r0", "r1", "r2"  # arguments; the number of rows is in r3
_X, _TOTAL, _OUT, _SPARE = "r1", "r2", "r3", "r4"  # in the loop
_LOW = ("r5", "r6", "r7")
_HIGH = ("r8", "r9", "r10", "r11", "r12", "lr")
_MAX_TAPS = 31  # loads of weights reach 124 bytes
_SHORT_BRANCH = 18  # taps up to which a conditional branch reaches back over the loop


@dataclass(frozen=True)
class Window:
    """A sliding window over a plane of bytes.

    Attributes:
        offsets: distance of every element from the window's first, ascending.
        step: bytes from one window to the next in a row.
        skip: bytes from the end of a row of windows to the start of the next.
        width: windows in a row.
    """

    offsets: tuple[int, ...]
    step: int
    skip: int
    width: int


def _add(register: str, value: int) -> list[str]:
    """Add a constant to a low register."""
    if value == 0:
        return []
    if abs(value) <= 255:
        return [f"adds {register}, #{value}" if value > 0 else f"subs {register}, #{-value}"]
    return [f"ldr {_X}, ={value}", f"add {register}, {_X}"]


def _load_weights(homes: list[str]) -> list[str]:
    lines = []
    for i, home in enumerate(homes):
        if home in _LOW:
            continue
        lines += [f"ldr r4, [{_WEIGHTS}, #{4 * i}]", f"str r4, {home}" if home.startswith("[") else f"mov {home}, r4"]
    return lines + [f"ldr {home}, [{_WEIGHTS}, #{4 * i}]" for i, home in enumerate(homes) if home in _LOW]


def _sum(window: Window, homes: list[str]) -> list[str]:
    """One window's sum, with the pointer moved on to the next window."""
    lines, base = [], 0
    for i, (offset, home) in enumerate(zip(window.offsets, homes, strict=True)):
        if offset - base > 31:
            lines += _add(_POINTER, offset - base)
            base = offset
        to = _X if i else _TOTAL
        lines.append(f"ldrb {to}, [{_POINTER}, #{offset - base}]")
        if home not in _LOW:
            lines.append(f"ldr {_SPARE}, {home}" if home.startswith("[") else f"mov {_SPARE}, {home}")
        lines.append(f"muls {to}, {home if home in _LOW else _SPARE}, {to}")
        if i:
            lines.append(f"adds {_TOTAL}, {_TOTAL}, {_X}")
    return [*lines, f"stm {_OUT}!, {{{_TOTAL}}}", *_add(_POINTER, window.step - base)]


def window_code(symbol: str, window: Window) -> list[str] | None:
    """Code of `void symbol(const uint8_t *plane, const int32_t *weights, int32_t *sums, int rows)`.

    Returns None where the window has too many elements.
    """
    taps = len(window.offsets)
    if taps > _MAX_TAPS:
        return None
    stacked = max(0, taps - len(_LOW) - len(_HIGH))
    homes = [*_LOW, *_HIGH][:taps] + [f"[sp, #{8 + 4 * i}]" for i in range(stacked)]
    next_row = _add(_SPARE, 4 * window.width)
    again = f"bne .L{symbol}_next"
    if taps > _SHORT_BRANCH:
        again = f"beq 1f; b .L{symbol}_next; 1:"
    return [
        *("push {r4-r7, lr}", "mov r4, r8", "mov r5, r9", "mov r6, r10", "mov r7, r11", "push {r4-r7}"),
        f"sub sp, #{8 + 4 * stacked}",  # [sp] end of the row's sums, [sp, 4] rows left, then weights
        "str r3, [sp, #4]",
        f"mov {_OUT}, {_SUMS}",
        *_load_weights(homes),
        *(f"mov {_SPARE}, {_OUT}", *next_row, f"str {_SPARE}, [sp]"),
        f".L{symbol}_next:",
        *_sum(window, homes),
        *(f"ldr {_SPARE}, [sp]", f"cmp {_OUT}, {_SPARE}", again),
        *_add(_POINTER, window.skip),
        *(*next_row, f"str {_SPARE}, [sp]"),
        *(f"ldr {_SPARE}, [sp, #4]", f"subs {_SPARE}, #1", f"str {_SPARE}, [sp, #4]", again),
        f"add sp, #{8 + 4 * stacked}",
        *("pop {r4-r7}", "mov r8, r4", "mov r9, r5", "mov r10, r6", "mov r11, r7", "pop {r4-r7, pc}", ".ltorg"),
    ]
