"""Programs: ELF, UF2, DWARF, disassembly, unwinding, and the Arm toolchain that makes them."""
