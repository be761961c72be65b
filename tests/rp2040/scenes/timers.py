"""Scenes in which the fields of TIMER, PWM, RTC, WATCHDOG can be seen to act."""

from __future__ import annotations

from audit import Bench, Scene


def timer(bench: Bench) -> None:
    bench.put("TIMER.INTE", 0b0101)
    bench.put("TIMER.ALARM0", bench.get("TIMER.TIMERAWL") + 50)
    bench.put("TIMER.ALARM1", bench.get("TIMER.TIMERAWL") + 1)
    bench.put("TIMER.ALARM2", bench.get("TIMER.TIMERAWL") + 100)
    bench.put("TIMER.ALARM3", bench.get("TIMER.TIMERAWL") + 2)
    bench.run(1000)  # INTR: 1 and 3


def pwm(bench: Bench) -> None:
    bench.function(4, 0, 1, 2, 3)
    for number in (0, 1):
        bench.put(f"PWM.CH{number}_TOP", 99)
        bench.put(f"PWM.CH{number}_CC", 30 << 16 | 60)
        bench.put(f"PWM.CH{number}_DIV", 0x18)
        bench.put(f"PWM.CH{number}_CSR", 1)
    bench.put("PWM.INTE", 2)
    bench.run(1000)


def watchdog(bench: Bench) -> None:
    bench.put("WATCHDOG.LOAD", 200)
    bench.put("PSM.WDSEL", 0x1FFFF & ~3)


def set_time(bench: Bench) -> None:
    bench.put("TIMER.TIMEHW", 1)


def rtc(bench: Bench) -> None:
    bench.put("RTC.CLKDIV_M1", 20)
    bench.put("RTC.SETUP_0", 2024 << 12 | 2 << 8 | 28)
    bench.put("RTC.SETUP_1", 3 << 24 | 23 << 16 | 59 << 8 | 58)
    bench.put("RTC.CTRL", 0x11)
    bench.put("RTC.IRQ_SETUP_0", 1 << 28)
    bench.put("RTC.IRQ_SETUP_1", 1 << 28 | 59)
    bench.put("RTC.INTE", 1)


def rtc_later(bench: Bench) -> None:
    rtc(bench)
    bench.run(200_000)


def rtc_february(bench: Bench) -> None:
    rtc(bench)
    bench.put("RTC.IRQ_SETUP_0", 0x17 << 24 | 2024 << 12 | 2 << 8 | 29)
    bench.put("RTC.IRQ_SETUP_1", 0xF << 28 | 4 << 24)
    bench.put("RTC.SETUP_0", 2024 << 12 | 2 << 8 | 28)


def rtc_stir(bench: Bench) -> None:
    bench.put("RTC.CTRL", bench.get("RTC.CTRL") | 0x10)


BLOCKS: dict[str, tuple[Scene, ...]] = {
    "TIMER": (Scene(timer, values={"ALARM%.ALARM%": (0, 100, 200)}), Scene(timer, set_time)),
    "PWM": (Scene(pwm),),
    "RTC": (Scene(rtc_later), Scene(rtc, rtc_stir, 200_000), Scene(rtc_february, rtc_stir, 200_000)),
    "WATCHDOG": (Scene(watchdog),),
}
