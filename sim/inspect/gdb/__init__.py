"""GDB's remote serial protocol for an emulated board: `emberwatch gdb`, `server.serve`."""
