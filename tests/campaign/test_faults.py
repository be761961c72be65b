"""Injected faults: what each kind changes, how it is judged, and that each can be made again."""

from __future__ import annotations

from dataclasses import replace

import pytest
from paths import ROOT

pytest.importorskip("emberwatch._native", reason="the emulator core is not built; run: make setup")

from foreign import build

from emberwatch.base.errors import UsageError
from emberwatch.board.board import load_board
from emberwatch.campaign.faults import KINDS, Bench, Choice, Fault, apply, classify, draw, signs
from emberwatch.campaign.faults.draw import WEIGHTS
from emberwatch.campaign.faults.outcome import MEANINGS
from emberwatch.campaign.faults.places import dma_registers, peripherals
from emberwatch.campaign.rows import OUTCOMES
from emberwatch.engines.embedded import chip_of

FIRMWARE = ROOT / "build/firmware/pico/emberwatch.elf"
T3_S = 6.1
"""When the detector is certain of the bench's alarm."""


@pytest.fixture(scope="module")
def bench() -> Bench:
    if not FIRMWARE.is_file():
        pytest.skip("no firmware; run: make firmware")
    return Bench(FIRMWARE)


def test_no_alarm_is_lost_without_a_word(bench: Bench) -> None:
    rows = [bench.inject(number) for number in range(16)]
    assert not {row.outcome for row in rows} & {"silent", "hang"}, rows  # 'model' depends on where a build has its code
    assert len({row.fault_kind for row in rows}) >= 5
    assert any(row.outcome == "recovered" for row in rows), "sixteen faults and the firmware saw none"


def test_an_injection_is_a_function_of_its_number(bench: Bench) -> None:
    once = bench.inject(16)
    bench.inject(17)
    assert bench.inject(16) == once


def test_what_converges_ends_as_if_it_had_run_on(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = [n for n in range(60) if draw(bench.targets, bench.choice, 1, n)[0].kind in ("sram", "register")][:6]
    short = [bench.inject(number) for number in numbers]
    monkeypatch.setattr(Bench, "_converges", lambda self, since_s: False)
    assert [bench.inject(number) for number in numbers] == short


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        (Fault("microphone", 3.0, "missing"), "halted"),
        (Fault("microphone", 3.0, "stuck_high"), "halted"),
        (Fault("pin_stuck", 3.0, "GPIO2", amount=1), "halted"),  # the microphone's clock
        (Fault("brown_out", 3.0, seconds=1e-3), "recovered"),
        (Fault("power_cut", 3.0, seconds=0.1, busy_s=0.001), "recovered"),
        (Fault("uart_break", 3.0, "tx", seconds=0.05), "masked"),
        (Fault("drift", 1.5, amount=100.0), "masked"),
        (Fault("usb", 3.0, seconds=0.2), "masked"),
        (Fault("register", 3.0, "sp", bit=31, busy_s=0.001), "recovered"),
        (Fault("glitch", 3.0, amount=1, function="app_process_block", steps=7), "masked"),
    ],
    ids=lambda value: value.kind + value.place if isinstance(value, Fault) else value,
)
def test_what_becomes_of_it(bench: Bench, fault: Fault, outcome: str) -> None:
    row = bench.run((fault,))
    assert row.outcome == outcome, row
    assert row.fault_kind == fault.kind and row.alarm == (outcome != "halted")
    if outcome == "masked":
        assert row.latency_s == pytest.approx(T3_S - 2.0, abs=0.1)


def test_a_stuck_pin_overrides_whoever_drives_it(bench: Bench) -> None:
    machine = bench.machine
    led = machine.board.needed_led.pin
    for level in (True, False):
        bench.run((Fault("pin_stuck", 3.0, f"GPIO{led}", amount=level),))
        assert machine.log.alarm_on and machine.pin(led) == level, "the alarm has the LED on"
    bench.run(())
    assert machine.pin(led), "mended by the snapshot"


def test_a_crystal_that_drifts_changes_time_itself(bench: Bench) -> None:
    machine = bench.machine
    hz = chip_of(machine.engine).clock_hz("sys")
    bench.run((Fault("drift", 1.5, amount=10_000.0),))
    assert chip_of(machine.engine).clock_hz("sys") == pytest.approx(1.01 * hz, rel=1e-6)


def test_a_glitch_leaves_out_one_instruction(bench: Bench) -> None:
    change = None
    machine = bench.machine
    bench.run(())
    machine.restore(bench.moment(3.0))
    fault = Fault("glitch", 3.0, amount=1, function="events_update", steps=5)
    change = apply(machine, fault)
    assert change.function == "events_update" and change.address is not None
    after = chip_of(machine.engine).registers(0)["pc"]
    assert after - change.address in (2, 4)


def test_faults_at_a_rate_come_in_order_and_as_often(bench: Bench) -> None:
    choice = Choice({"register": 1}, rate_per_s=2.0)
    runs = [draw(bench.targets, choice, 7, number) for number in range(200)]
    assert all(list(run) == sorted(run, key=lambda fault: fault.at_s) for run in runs)
    assert sum(map(len, runs)) == pytest.approx(200 * 2.0 * 5.0, rel=0.1)
    assert bench.run(runs[0]).fault_kind == "register"


def test_places_can_be_limited(bench: Bench) -> None:
    symbol = bench.targets.symbols["events_update"]
    own = range(symbol.address & ~1, (symbol.address & ~1) + symbol.size)
    by_function = [draw(bench.targets, Choice({"code": 1}, function="events_update"), 1, n)[0] for n in range(50)]
    assert all(fault.address in own for fault in by_function)
    low = range(0x1000_0000, 0x1000_0100)
    by_range = [draw(bench.targets, Choice({"flash": 1}, addresses=low), 1, n)[0] for n in range(50)]
    assert all(fault.address in low for fault in by_range)
    with pytest.raises(UsageError, match=r"no address of sram lies in 0x10000000 to 0x10000100"):
        draw(bench.targets, Choice({"sram": 1}, addresses=low), 1, 0)


def test_a_draw_depends_on_program_seed_and_number_alone(bench: Bench) -> None:
    choice = Choice()
    faults = [draw(bench.targets, choice, 1, number) for number in range(400)]
    assert faults == [draw(bench.targets, choice, 1, number) for number in range(400)]
    assert faults != [draw(bench.targets, choice, 2, number) for number in range(400)]
    assert faults != [draw(replace(bench.targets, sha256="0"), choice, 1, number) for number in range(400)]
    assert {fault.kind for (fault,) in faults} == set(KINDS) == set(WEIGHTS)


def test_a_power_cut_in_the_middle_of_a_flash_write_is_repeatable() -> None:
    """Our firmware writes no flash; a program that erases a sector does."""
    from emberwatch.machine.machine import Machine

    def cut() -> tuple[str, bytes]:
        with Machine(build("bystep")) as machine:
            chip_of(machine.engine).write_memory(0x1010_0000, bytes(4096))
            machine.expect("ready")
            machine.write("erase\n")
            machine.expect("erasing")
            change = apply(machine, Fault("power_cut", machine.time_s + 0.02, seconds=0.1))
            machine.expect("ready")
            return change.what, machine.read(0x1010_0000, 4096)

    what, sector = cut()
    assert 0.2 < sum(byte.bit_count() for byte in sector) / 32768 < 0.8, "an erase is half done"
    assert cut() == (what, sector)


def test_outcomes_are_told_apart() -> None:
    def outcome(served: bool, told: bool, stopped: bool = False, spoke_s: float = 10.0) -> str:
        return classify(served=served, told=told, stopped=stopped, spoke_s=spoke_s, end_s=10.0)

    assert (outcome(True, False), outcome(True, True)) == ("masked", "recovered")
    assert (outcome(False, True), outcome(False, False)) == ("halted", "silent")
    assert outcome(False, False, spoke_s=8.0) == "hang" and outcome(True, True, stopped=True) == "model"
    assert set(MEANINGS) == set(OUTCOMES) - {""}


def test_a_banner_counts_though_it_cut_a_line_short() -> None:
    lines = [(1.0, "FAULT config t=1.0"), (2.0, "W 61 p=emberwatch 0.2.0 board=pico"), (3.0, "FAULT none t=3.0")]
    assert signs(lines, 0.5) == lines[:2] and signs(lines, 1.5) == lines[1:2]


def test_registers_are_those_of_the_board() -> None:
    names = peripherals(load_board("pico")) | dma_registers()
    assert names["PIO0.SM0_CLKDIV"] == 0x5020_00C8 and names["UART0.UARTIBRD"] == 0x4003_4024
    assert names["DMA.CH0_READ_ADDR"] == 0x5000_0000 and len(set(names.values())) == len(names)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Fault("melt", 1.0), "fault kind 'melt' is not known"),
        (lambda: Choice({"melt": 1}), "fault kind 'melt' is not known"),
        (lambda: Choice({"sram": -1}), "weight of sram = -1"),
        (lambda: Choice({"sram": 0}), "no kind of fault has a weight"),
        (lambda: Choice(first_s=2, last_s=1), "the second must be the later"),
        (lambda: Choice(rate_per_s=float("nan")), "rate_per_s = nan"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(make: object, message: str) -> None:
    assert callable(make)
    with pytest.raises(UsageError, match=message):
        make()


@pytest.mark.parametrize(
    "fault",
    [
        Fault("register", 3.0, "r99"),
        Fault("pin_stuck", 3.0, "GPIO77"),
        Fault("microphone", 3.0, "sad"),
        Fault("uart_break", 3.0, "usb"),
        Fault("sram", 3.0),
        Fault("peripheral", 3.0, "UART0.UARTCR"),
        Fault("sram", 0.1, address=0x2000_0000),
    ],
    ids=lambda fault: fault.kind + fault.place,
)
def test_a_place_that_does_not_exist_is_refused(bench: Bench, fault: Fault) -> None:
    with pytest.raises(UsageError):
        bench.run((fault,))


def test_the_document_names_every_kind_and_outcome() -> None:
    text = (ROOT / "docs" / "faults.md").read_text()
    for name in (*KINDS, *MEANINGS):
        assert f"| `{name}` |" in text, f"docs/faults.md does not tell of {name}"
