"""The line protocol: every documented line, and what is not accepted."""

from __future__ import annotations

import pytest

from emberwatch.base.errors import ProtocolError
from emberwatch.detector.log import Log
from emberwatch.detector.protocol import Alarm, Banner, Fault, Other, Statistics, Window, parse_line


def test_documented_lines() -> None:
    banner = "emberwatch 0.1.0 board=pico model=0123456789ab clk=125000000 pdm=1024000 rate=16000 block=512 crc=ok"
    assert parse_line(banner) == Banner("0.1.0", "pico", "0123456789ab", 125_000_000, 1_024_000, 16_000, 512)
    damaged = parse_line(banner.replace("crc=ok", "crc=bad"))
    assert isinstance(damaged, Banner) and not damaged.image_intact
    assert parse_line("W 17 p=128 l=43 a=1") == Window(17, 0.5, -43.0, True)
    assert parse_line("ALARM on t=4.500 kind=t3") == Alarm(4.5, "on", "t3")
    assert parse_line("ALARM kind t=8.500 kind=pulsed") == Alarm(8.5, "kind", "pulsed")
    assert parse_line("ALARM kind t=8.500 kind=hi-lo") == Alarm(8.5, "kind", "hi-lo")
    assert parse_line("ALARM off t=14.032") == Alarm(14.032, "off")
    assert parse_line("ALARM possible t=0.941") == Alarm(0.941, "possible")
    assert parse_line("ALARM clear t=7.032") == Alarm(7.032, "clear")
    statistics = parse_line("S blocks=31 missed=0 late=1 busy=1000 max=2000 stack=300 dropped=7")
    assert statistics == Statistics(31, 0, 1, 1000, 2000, 300, 7)
    assert parse_line("FAULT mic-stuck-low t=1.024") == Fault(1.024, "mic-stuck-low")
    assert parse_line("Hello, world!") == Other("Hello, world!")


@pytest.mark.parametrize(
    "line",
    [
        "emberwatch",
        "emberwatch 0.1.0 board=pico",
        "emberwatch 0.1.0 board=pico model=0 clk=fast pdm=1 rate=1 block=1",
        "W",
        "W 1",
        "W x p=1 l=2 a=0",
        "W 1 p=256 l=2 a=0",
        "W 1 p=1 l=2 a=2",
        "ALARM",
        "ALARM maybe t=1.000 kind=t3",
        "ALARM on t=1 kind=t3",
        "ALARM on t=1.000 kind=t5",
        "ALARM on t=1.000",
        "S blocks=31",
        "FAULT x",
    ],
)
def test_garbled_lines_are_noticed(line: str) -> None:
    with pytest.raises(ProtocolError):
        parse_line(line)


def test_log_sorts_messages() -> None:
    log = Log()
    lines = ["boot", "W 0 p=0 l=90 a=0", "W 1 p=255 l=20 a=1", "ALARM on t=0.064 kind=unknown", "W 2 p=1"]
    log.take((float(t), line) for t, line in enumerate(lines))
    assert [window.number for window in log.windows] == [0, 1]
    assert log.alarms == [Alarm(0.064, "on", "unknown")]
    assert log.banner is None
    assert log.statistics is None
    assert log.errors == ["console line 'W 2 p=1' lacks l="]
    assert log.alarm_on and log.first_alarm == log.alarms[0]
    log.take([(5.0, "ALARM off t=0.128")])
    assert not log.alarm_on


def test_the_log_tells_an_alarm_that_is_on_from_one_that_is_possible() -> None:
    log = Log()
    seen = []
    for line in (
        "ALARM possible t=1.000",
        "ALARM on t=2.000 kind=pulsed",
        "ALARM kind t=3.000 kind=t3",
        "ALARM off t=9.000",
        "ALARM possible t=10.000",
        "ALARM clear t=17.000",
    ):
        log.take([(0.0, line)])
        seen.append(log.alarm_on)
    assert seen == [False, True, True, False, False, False]
    assert log.first_alarm == Alarm(2.0, "on", "pulsed")
    assert log.kinds == ["pulsed", "t3"]
    assert [event.label for event in log.alarms[:3]] == ["possible", "on pulsed", "kind t3"]
