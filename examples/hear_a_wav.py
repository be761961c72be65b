"""Let the firmware hear a sound file and print when it raised the alarm.

Usage: python examples/hear_a_wav.py SOUND [FIRMWARE]
"""

from __future__ import annotations

import sys

from emberwatch import DetectorMachine, Scenario


def main(sound: str, firmware: str = "build/firmware/pico/emberwatch.elf") -> None:
    """Plays `sound` once, 0.2 s after power-on."""
    heard = Scenario.from_file(sound, lead_in_s=0.2)
    with DetectorMachine(firmware, heard) as machine:
        machine.run(heard.seconds + 2.0)
        print(machine)
        for event in machine.log.alarms:
            print(f"{event.t_s:8.3f} s  alarm {event.label}")
        if not machine.log.alarms:
            highest = max((window.probability for window in machine.log.windows), default=0.0)
            print(f"quiet; highest probability {highest:.2f}")


if __name__ == "__main__":
    main(*sys.argv[1:])
