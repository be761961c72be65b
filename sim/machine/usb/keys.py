"""What keys of a keyboard type: usages of page 7 of the HID usage tables 1.5, on a US keyboard."""

from __future__ import annotations

_SHIFTED = dict(zip("1234567890-=[]\\;'`,./", '!@#$%^&*()_+{}|:"~<>?', strict=True))
_PLAIN = (
    dict(zip(range(0x04, 0x1E), "abcdefghijklmnopqrstuvwxyz", strict=True))
    | dict(zip(range(0x1E, 0x28), "1234567890", strict=True))
    | dict(zip(range(0x2D, 0x32), "-=[]\\", strict=True))
    | dict(zip(range(0x33, 0x39), ";'`,./", strict=True))
    | {0x28: "\n", 0x2A: "\b", 0x2B: "\t", 0x2C: " ", 0x32: "\\"}
    | dict(zip(range(0x54, 0x58), "/*-+", strict=True))
    | {0x58: "\n", 0x63: "."}
    | dict(zip(range(0x59, 0x63), "1234567890", strict=True))
)
_NAMED = (
    {0x29: "Esc", 0x39: "CapsLock", 0x46: "PrintScreen", 0x47: "ScrollLock", 0x48: "Pause", 0x49: "Insert"}
    | {0x4A: "Home", 0x4B: "PageUp", 0x4C: "Delete", 0x4D: "End", 0x4E: "PageDown", 0x4F: "Right", 0x50: "Left"}
    | {0x51: "Down", 0x52: "Up", 0x53: "NumLock", 0x65: "Menu"}
    | {0x3A + n: f"F{n + 1}" for n in range(12)}
    | {0x68 + n: f"F{n + 13}" for n in range(12)}
)
_SPELLED = {" ": "Space", "\n": "Enter", "\t": "Tab", "\b": "Backspace"}
MODIFIERS = {
    0xE0: "Ctrl",
    0xE1: "Shift",
    0xE2: "Alt",
    0xE3: "Gui",
    0xE4: "Ctrl",
    0xE5: "Shift",
    0xE6: "AltGr",
    0xE7: "Gui",
}
CAPS_LOCK = 0x39
CONSUMER = {
    0x30: "Power",
    0x6F: "Brightness Up",
    0x70: "Brightness Down",
    0xB0: "Play",
    0xB1: "Pause",
    0xB5: "Next Track",
    0xB6: "Previous Track",
    0xB7: "Stop",
    0xCD: "Play/Pause",
    0xE2: "Mute",
    0xE9: "Volume Up",
    0xEA: "Volume Down",
}
"""Names of usages of page 12, consumer controls."""


def typed(usage: int, held: set[str], caps_lock: bool) -> str:
    """What pressing a key types: a character, or the key's name as in ``<Ctrl+c>`` and ``<F1>``.

    Args:
        usage: of page 7.
        held: names of modifiers that are down, as in `MODIFIERS`.
        caps_lock: whether Caps Lock is on.
    """
    plain = _PLAIN.get(usage)
    others = [name for name in ("Ctrl", "Alt", "AltGr", "Gui") if name in held]
    if plain is None or others:
        name = _SPELLED.get(plain, plain) if plain else None
        named = name or _NAMED.get(usage) or f"key {usage:#04x}"
        shift = ["Shift"] if "Shift" in held else []
        return f"<{'+'.join([*others, *shift, named])}>"
    shifted = "Shift" in held
    if plain.isalpha():
        return plain.upper() if shifted != caps_lock else plain
    return _SHIFTED.get(plain, plain) if shifted else plain
