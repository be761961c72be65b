"""GDB's remote serial protocol for an emulated board: `emberwatch gdb`, `Machine.gdb()`."""
