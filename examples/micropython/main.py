"""A script for MicroPython: fades the LED, and measures its own PWM.

emberwatch micropython main.py --firmware RPI_PICO.uf2
"""

import sys

from machine import PWM, Pin

led = PWM(Pin(25))
led.freq(1000)
for percent in range(0, 101, 25):
    led.duty_u16(percent * 65535 // 100)
    print("duty", percent)
if led.freq() != 1000:
    sys.exit("the PWM runs at {} Hz".format(led.freq()))  # noqa: UP032 - older MicroPythons have no f-strings
