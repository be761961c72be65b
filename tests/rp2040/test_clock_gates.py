"""Clock gates: a block without its clock stands still, keeps its state, and must not be accessed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

pytest.importorskip("emberwatch._native", reason="the native module is not built (make setup)")
from audit import Bench
from thumb import RAM

from emberwatch.chip import load


@pytest.fixture
def bench() -> Iterator[Bench]:
    bench = Bench()
    bench.start()
    yield bench


def gate(bench: Bench, clock: str, on: bool, kind: str = "WAKE") -> None:
    for word in (0, 1):
        register = load().block("CLOCKS").register(f"{kind}_EN{word}")
        for field in register.fields:
            if field.name == clock:
                path = f"CLOCKS.{kind}_EN{word}"
                value = bench.get(path)
                bench.put(path, value | 1 << field.lsb if on else value & ~(1 << field.lsb))
                return
    raise AssertionError(clock)


def free_running_pwm(bench: Bench) -> None:
    bench.put("PWM.CH0_TOP", 0xFFFF)
    bench.put("PWM.CH0_DIV", 0x10)
    bench.put("PWM.CH0_CSR", 1)


def test_a_pwm_counter_goes_on_where_it_was(bench: Bench) -> None:
    free_running_pwm(bench)
    bench.run(1000)
    before = bench.get("PWM.CH0_CTR")
    gate(bench, "CLK_SYS_PWM", False)
    assert not bench.get("CLOCKS.ENABLED0") >> 17 & 1
    bench.run(12_345)
    gate(bench, "CLK_SYS_PWM", True)
    bench.run(100)
    assert bench.get("PWM.CH0_CTR") - before == 100


def test_an_access_to_a_block_without_clock_stops_the_run(bench: Bench) -> None:
    gate(bench, "CLK_SYS_PWM", False)
    with pytest.raises(RuntimeError, match=r"PWM.CH0_TOP .*a clock of this block is off, by WAKE_EN0 or WAKE_EN1"):
        bench.put("PWM.CH0_TOP", 1)


def test_a_memory_is_not_switched_off_while_awake(bench: Bench) -> None:
    with pytest.raises(RuntimeError, match="CLK_SYS_SRAM0: memories"):
        gate(bench, "CLK_SYS_SRAM0", False)


@pytest.mark.parametrize("clock", ["CLK_SYS_UART0", "CLK_PERI_UART0"])
def test_a_frame_of_the_uart_waits(bench: Bench, clock: str) -> None:
    for register, value in (("IBRD", 67), ("FBRD", 52), ("LCR_H", 0x70), ("CR", 0x301)):
        bench.put(f"UART0.UART{register}", value)
    bench.function(2, 0)
    begin = bench.chip.cycles
    bench.put("UART0.UARTDR", 0x55)
    bench.run(5000)
    gate(bench, clock, False)
    bench.run(70_000)
    gate(bench, clock, True)
    bench.run(8000)
    data, cycles = bench.chip.uart_take(0)
    assert data == b"U" and cycles[0] - begin == pytest.approx(10_850 + 70_000, abs=5)


def test_a_state_machine_goes_on_where_it_was(bench: Bench) -> None:
    bench.put("PIO0.SM0_CLKDIV", 100 << 16)
    for n in range(32):
        bench.put(f"PIO0.INSTR_MEM{n}", 0xA042)  # nop
    bench.put("PIO0.CTRL", 1)
    bench.run(1000)
    before = bench.get("PIO0.SM0_ADDR")
    gate(bench, "CLK_SYS_PIO0", False)
    bench.run(55_555)
    gate(bench, "CLK_SYS_PIO0", True)
    bench.run(500)
    assert (bench.get("PIO0.SM0_ADDR") - before) % 32 == 5


def test_the_dma_waits(bench: Bench) -> None:
    bench.put("DMA.TIMER0", 1 << 16 | 100)
    bench.dma(0, RAM + 0x1000, RAM + 0x2000, 100, 0x3B << 15 | 2 << 2)
    bench.trigger(0)
    bench.run(1050)
    before = bench.get("DMA.CH0_TRANS_COUNT")
    gate(bench, "CLK_SYS_DMA", False)
    bench.run(5000)
    assert bench.get("DMA.CH0_TRANS_COUNT") == before
    gate(bench, "CLK_SYS_DMA", True)
    bench.run(1000)
    assert before - bench.get("DMA.CH0_TRANS_COUNT") == 10


def test_the_timer_stands_still(bench: Bench) -> None:
    before = bench.get("TIMER.TIMERAWL")
    gate(bench, "CLK_SYS_TIMER", False)
    bench.run(125_000)
    gate(bench, "CLK_SYS_TIMER", True)
    bench.run(1250)
    assert bench.get("TIMER.TIMERAWL") - before in (10, 11)


@pytest.mark.parametrize("dma", [False, True])
def test_sleep_gates_count_while_both_cores_sleep_and_the_dma_has_nothing_to_do(bench: Bench, dma: bool) -> None:
    free_running_pwm(bench)
    gate(bench, "CLK_SYS_PWM", False, "SLEEP")
    bench.run(100)
    before = bench.get("PWM.CH0_CTR")
    bench.run(100)
    assert bench.get("PWM.CH0_CTR") - before == 100  # core 0 is awake
    if dma:
        bench.dma(0, RAM + 0x1000, RAM + 0x2000, 100, 4 << 15 | 2 << 2)  # for a word of PIO0 that never comes
        bench.trigger(0)
    bench.chip.load(RAM + 0x4020, bytes.fromhex("30bffde7"))  # wfi, and again
    bench.chip.set_register(0, "pc", RAM + 0x4020)
    bench.run(100)
    before = bench.get("PWM.CH0_CTR")
    bench.run(1000)
    assert bench.get("PWM.CH0_CTR") - before == (1000 if dma else 0)


def test_a_snapshot_keeps_what_stands_still(bench: Bench) -> None:
    free_running_pwm(bench)
    gate(bench, "CLK_SYS_PWM", False)
    bench.run(500)
    saved = bench.chip.save()
    bench.run(500)
    before = bench.get("PWM.CH0_CTR")
    other = Bench()
    other.start()
    other.chip.restore(saved)
    other.run(500)
    assert other.get("PWM.CH0_CTR") == before
    gate(other, "CLK_SYS_PWM", True)
    other.run(50)
    assert other.get("PWM.CH0_CTR") == before + 50
