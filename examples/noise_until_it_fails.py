"""Raise the noise under a smoke alarm until the firmware no longer hears it.

Usage: python examples/noise_until_it_fails.py [FIRMWARE]
"""

from __future__ import annotations

import sys

from emberwatch import Clip, DetectorMachine, Scenario
from emberwatch.audio import generate
from emberwatch.base.errors import EmulationTimeout

ALARM_DBFS = -30.0


def hears_alarm(firmware: str, noise_dbfs: float) -> bool:
    """Whether a T3 alarm at 3.1 kHz is reported within two of its cycles."""
    alarm = Clip(generate("t3", frequency_hz=3100.0), at_s=0.2, level_dbfs=ALARM_DBFS)
    noise = Clip(generate("pink_noise", seed=1), level_dbfs=noise_dbfs)
    with DetectorMachine(firmware, Scenario([alarm, noise], seconds=9.0)) as machine:
        try:
            machine.run_until(lambda m: m.log.first_alarm is not None, timeout_s=8.5)
        except EmulationTimeout:
            return False
        return True


def main(firmware: str = "build/firmware/pico/emberwatch.elf") -> None:
    """Lowers the signal-to-noise ratio in steps of 5 dB."""
    for snr in range(20, -25, -5):
        heard = hears_alarm(firmware, ALARM_DBFS - snr)
        print(f"{snr:4d} dB SNR: {'heard' if heard else 'MISSED'}")
        if not heard:
            return


if __name__ == "__main__":
    main(*sys.argv[1:])
