"""Runs a loop on rp2040py (PyPI), an RP2040 emulator that we did not write; a process of its own runs this file.

Usage: python rp2040py_run.py LOOP_HEX TURNS, with rp2040py on PYTHONPATH. Prints processor seconds per turn of the
loop, which lies in SRAM, counts r4 down to zero and then goes round on the spot.
"""

import sys
import time

LOOP, DATA = 0x2002_0000, 0x2003_0000


def main(loop: bytes, turns: int) -> None:
    """Times (processor time) whole batches of the simulator until the loop has been left."""
    from rp2040py import Simulator  # type: ignore[import-not-found]  # a peer, only where the bench has installed it

    simulator = Simulator()
    chip = simulator.rp2040
    for at in range(0, len(loop), 2):
        chip.write_uint16(LOOP + at, int.from_bytes(loop[at : at + 2], "little"))
    core = chip.core
    for register, value in ((0, DATA), (1, 0x1234567), (2, 2654435761), (4, turns)):
        core.registers[register] = value
    core.pc = LOOP
    simulator.stopped = False
    began = time.process_time()
    while core.registers[4]:
        simulator._execute_batch()
    print((time.process_time() - began) / turns)


if __name__ == "__main__":
    main(bytes.fromhex(sys.argv[1]), int(sys.argv[2]))
