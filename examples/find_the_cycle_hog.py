"""Measure every function of the firmware for a second and print where the cycles go.

Usage: python examples/find_the_cycle_hog.py [FIRMWARE]
"""

from __future__ import annotations

import sys

from emberwatch import Machine
from emberwatch.program.elf import load_image


def main(firmware: str = "build/firmware/pico/emberwatch.elf", rows: int = 15) -> None:
    """Prints the `rows` functions with the most inclusive cycles."""
    image = load_image(firmware)
    names = tuple(symbol.name for symbol in image.symbols.functions() if symbol.size > 0)
    with Machine(image, trace=names) as machine:
        machine.run(1.0)
        hogs = sorted(machine.functions.items(), key=lambda item: -item[1].total)
        print(f"{'function':<28}{'calls':>8}{'mean':>12}{'max':>12}{'of all':>9}")
        for name, cycles in hogs[:rows]:
            share = 100 * cycles.total / machine.cycles
            print(f"{name:<28}{cycles.calls:>8}{cycles.mean:>12.0f}{cycles.max:>12}{share:>8.2f}%")


if __name__ == "__main__":
    main(*sys.argv[1:])
