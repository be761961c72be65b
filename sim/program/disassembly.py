"""Armv6-M instructions as text."""

from __future__ import annotations

from collections.abc import Callable

from emberwatch.program.symbols import SymbolTable


class Disassembler:
    """Disassembles Thumb code one instruction at a time; branch targets get their symbol."""

    def __init__(self, symbols: SymbolTable, read: Callable[[int, int], bytes]) -> None:
        # Imported where it is needed: every command that runs firmware could explain a crash, few have to.
        import capstone  # type: ignore[import-untyped]

        self._symbols = symbols
        self._read = read
        self._engine = capstone.Cs(capstone.CS_ARCH_ARM, capstone.CS_MODE_THUMB | capstone.CS_MODE_MCLASS)

    def at(self, address: int) -> str:
        """One line: code bytes, mnemonic, operands, symbol of a branch target."""
        try:
            first = int.from_bytes(self._read(address, 2), "little")
            size = 4 if first >> 11 in (0b11101, 0b11110, 0b11111) else 2
            code = self._read(address, size)
        except ValueError:
            return "--------   (no memory)"
        halfwords = " ".join(f"{int.from_bytes(code[n : n + 2], 'little'):04x}" for n in range(0, size, 2))
        decoded = next(iter(self._engine.disasm_lite(code, address, 1)), None)
        if decoded is None:
            return f"{halfwords:<10} (undefined)"
        _, _, mnemonic, operands = decoded
        text = f"{halfwords:<10} {mnemonic:<6} {operands}".rstrip()
        if mnemonic.startswith("b") and operands.startswith("#0x"):
            target = self._symbols.at(int(operands[1:], 16))
            if target is not None:
                text += f"  <{target}>"
        return text
