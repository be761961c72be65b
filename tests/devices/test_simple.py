"""Buttons, lights, knobs, contacts, serial lines and microphones."""

from __future__ import annotations

import numpy as np
import pytest
from bench import Bench

from emberwatch.devices.button import Button
from emberwatch.devices.jumper import Jumper
from emberwatch.devices.led import Led
from emberwatch.devices.microphones import I2sMicrophone, PdmMicrophone
from emberwatch.devices.potentiometer import Potentiometer
from emberwatch.devices.relay import Relay
from emberwatch.devices.uart_peer import UartPeer
from emberwatch.devices.ws2812 import Ws2812


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_button_pulls_low_and_bounces(bench: Bench) -> None:
    button = Button(bounce_us=400)
    bench.machine.attach(button, pin=10)
    assert bench.do("pin_in", 10, 1) == 1
    chip = bench.machine.engine.chip  # type: ignore[attr-defined]
    chip.record_pins(1 << 10)
    began = bench.ps
    button.press()
    bench.sleep(0.001)
    edges = chip.take_edges()
    assert [level for _, _, level in edges] == [False, True] * 4 + [False]
    times = [chip.picoseconds_at(cycle) - began for cycle, _, _ in edges]
    assert times == pytest.approx([n * 50e6 for n in range(9)], abs=1e5)
    assert bench.do("pin_in", 10, 1) == 0
    button.release()
    bench.sleep(0.001)
    assert bench.do("pin_in", 10, 1) == 1


def test_button_to_the_supply_with_its_own_resistor(bench: Bench) -> None:
    button = Button(active="high", pull=True)
    bench.machine.attach(button, pin=10)
    assert bench.do("pin_in", 10, 1) == 0, "the board's resistor is stronger than the pad's pull-up"
    button.press()
    assert bench.do("pin_in", 10) == 1


def test_led_brightness_whoever_drives_it(bench: Bench) -> None:
    led = Led(window_ms=5)
    dark = Led(active="low")
    dark.name = "dark"
    bench.machine.attach(led, pin=11)
    bench.machine.attach(dark, pin=12)
    bench.do("pin_out", 11, 1)
    bench.do("pin_out", 12, 1)
    bench.sleep(0.01)
    assert (led.lit, led.brightness, dark.lit, dark.brightness) == (True, 1.0, False, pytest.approx(0, abs=0.7))
    bench.sleep(0.03)
    assert dark.brightness == 0.0
    bench.do("pwm_out", 11, 999 << 16 | 300)
    bench.sleep(0.02)
    assert led.brightness == pytest.approx(0.3, abs=0.001)
    bench.do("pwm_out", 11, 999 << 16 | 1000)  # the level stays above TOP: always on
    bench.sleep(0.02)
    assert led.brightness == 1.0


def test_potentiometer_and_a_wave(bench: Bench) -> None:
    knob = Potentiometer(0.25)
    bench.machine.attach(knob, adc=26)
    assert bench.do("adc_read", 0) == 1024
    knob.turn(1.0)
    assert bench.do("adc_read", 0) == 4095
    assert bench.do("adc_read", 1) == 0, "another input is not touched"
    knob.wave([0.0, 3.3, 0.0], rate=10)
    bench.sleep(0.1)
    assert bench.do("adc_read", 0) == pytest.approx(4095, abs=45)
    bench.sleep(0.05)
    assert bench.do("adc_read", 0) == pytest.approx(2048, abs=45)
    bench.sleep(0.1)
    assert bench.do("adc_read", 0) == 0


def test_relay_joins_two_pins_a_while_after_its_coil(bench: Bench) -> None:
    relay = Relay(operate_ms=8, release_ms=3)
    bench.machine.attach(relay, coil=13, common=14, contact=15)
    bench.do("pin_out", 14, 1)
    assert bench.do("pin_in", 15, 2) == 0
    bench.do("pin_out", 13, 1)
    bench.sleep(0.007)
    assert bench.do("pin_in", 15, 2) == 0
    bench.sleep(0.002)
    assert (relay.closed, bench.do("pin_in", 15, 2)) == (True, 1)
    bench.do("pin_out", 14, 0)
    assert bench.do("pin_in", 15, 2) == 0
    bench.do("pin_out", 14, 1)
    bench.do("pin_out", 13, 0)
    bench.sleep(0.004)
    assert (relay.closed, relay.switched, bench.do("pin_in", 15, 2)) == (False, 2, 0)


def test_jumper(bench: Bench) -> None:
    jumper = Jumper()
    bench.machine.attach(jumper, a=14, b=15)
    bench.do("pin_out", 14, 1)
    assert bench.do("pin_in", 15, 2) == 1
    bench.machine.engine.detach(jumper)
    assert bench.do("pin_in", 15, 2) == 0


def test_ws2812_strip(bench: Bench) -> None:
    strip = Ws2812(3)
    bench.machine.attach(strip, din=20)
    bench.do("ws2812", 20, 0, bytes([0x10, 0xFF, 0x00, 0x80, 0x01, 0x55]))
    assert strip.colours == [(0xFF, 0x10, 0x00), (0x01, 0x80, 0x55), (0, 0, 0)]
    bench.do("ws2812", 20, 0, bytes(12))
    assert strip.colours == [(0, 0, 0)] * 3


def test_uart_peer_answers_at_its_own_rate(bench: Bench) -> None:
    peer = UartPeer(baud=9600, replies={"AT": "OK", "*": "ERROR"})
    bench.machine.attach(peer, rx=8, tx=9)
    bench.do("uart_init", 813, 51)  # 125 MHz / 16 / 9600 = 813.8
    bench.do("uart_write", data=b"AT\r\n")
    count = bench.do("uart_read", 20_000, length=20)
    assert bench.data[:count] == b"OK\r\n"
    bench.do("uart_write", data=b"what\r\n")
    count = bench.do("uart_read", 20_000, length=20)
    assert bench.data[:count] == b"ERROR\r\n"
    peer.send(b"$GPGGA")
    count = bench.do("uart_read", 20_000, length=20)
    assert bench.data[:count] == b"$GPGGA"
    assert (bytes(peer.received), peer.framing_errors) == (b"AT\r\nwhat\r\n", 0)
    bench.do("uart_init", 203, 29)  # 38400
    bench.do("uart_write", data=b"AT\r\n")
    bench.sleep(0.005)
    assert not peer.received.endswith(b"AT\r\n" * 2)
    assert len(peer.received) + peer.framing_errors - len(b"AT\r\nwhat\r\n") in (1, 2), "four times too fast"


def test_stereo_pair_on_one_line(bench: Bench) -> None:
    left, right = PdmMicrophone("left"), PdmMicrophone("right", seed=2)
    left.name, right.name = "left", "right"
    bench.machine.attach(left, clock=20, data=21)
    bench.machine.attach(right, clock=20, data=21)
    left.push(np.full(16_000, 0.5))
    right.push(np.full(16_000, -0.25))
    bits = np.zeros((0,), np.uint8)
    for _ in range(4):
        bench.do("clocked_in", 20, 21, length=4096)
        bits = np.concatenate([bits, np.frombuffer(bench.data, np.uint8)])
    # The right one puts its bit out while the clock is high, the left one while it is low.
    assert (bits & 1).mean() == pytest.approx((1 - 0.25) / 2, abs=0.02)
    assert (bits >> 1).mean() == pytest.approx((1 + 0.5) / 2, abs=0.02)


def test_i2s_microphone(bench: Bench) -> None:
    microphone = I2sMicrophone("right")
    bench.machine.attach(microphone, bclk=20, ws=22, data=21)
    microphone.push(np.full(16_000, -0.5))
    bench.do("pin_in", 21, 2)
    words = []
    for half in (0, 1, 0, 1):
        bench.do("pin_out", 22, half)
        bench.do("clocked_in", 20, 21, length=32)
        words.append([byte & 1 for byte in bench.data])
    # WS changed while the clock was low, so its first rising edge carries the last bit of the half before.
    for half in (1, 3):
        value = int("".join(map(str, words[half][1:25])), 2)
        assert value - (1 << 24) == pytest.approx(-0.5 * (1 << 23), abs=2)
        assert words[half][25:] == [0] * 7
    assert words[2] == [0] * 32
