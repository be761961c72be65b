"""What the firmware checks of itself at run time: each fault is reported, and repaired or ends in a restart."""

from __future__ import annotations

from collections.abc import Callable

import pytest

pytest.importorskip("emberwatch._native", reason="the emulator core is not built; run: make setup")

from emberwatch import _native
from emberwatch.board.board import load_board
from emberwatch.campaign.faults.places import configuration, dma_registers, pio_program
from emberwatch.chip import block
from emberwatch.detector.build import BuildResult
from emberwatch.detector.machine import DetectorMachine
from emberwatch.detector.protocol import Fault
from emberwatch.engines.embedded import chip_of
from emberwatch.machine.machine import Snapshot

FLASH = 0x1000_0000

CHANGING = ("WATCHDOG.LOAD", *(f"DMA.CH{n}_TRANS_COUNT" for n in range(3)))
"""Not configuration: they count, or a write alone does not stay."""
REGISTERS = configuration(load_board("pico")) | dma_registers()
CONFIGURATION = [(name, address) for name, address in REGISTERS.items() if name not in CHANGING]
BITS = {
    "PIO0.SM0_CLKDIV": 16,
    "PIO0.SM0_SHIFTCTRL": 16,
    "CLOCKS.CLK_PERI_CTRL": 11,
    "PLL_SYS.PRIM": 16,
    "PLL_SYS.PWR": 2,
    "WATCHDOG.CTRL": 30,
}
"""Bits that mean something where bit 0 does not."""


class Board:
    """The firmware a second after power-on, again and again."""

    def __init__(self, machine: DetectorMachine) -> None:
        self.machine = machine
        self.chip: _native.Chip = chip_of(machine.engine)
        machine.run(1.0)
        self._moment: Snapshot = machine.save()

    def after(self, fault: Callable[[], object], seconds: float) -> tuple[int, list[str]]:
        """Restarts and faults reported within `seconds` of a fault."""
        self.machine.restore(self._moment)
        fault()
        self.machine.run(seconds)
        log = self.machine.log
        faults = [message.what for _, message in log.messages if isinstance(message, Fault)]
        return len(log.banners) - 1, faults

    def flip(self, address: int, bit: int = 0) -> None:
        before = self.chip.read_memory(address, 1)[0]
        self.chip.write_memory(address, bytes([before ^ 1 << bit]))

    def symbol(self, name: str) -> int:
        return self.machine.image.symbols[name].address


@pytest.fixture(scope="module")
def board(small_build: BuildResult) -> Board:
    return Board(DetectorMachine(small_build.elf))


def test_an_undisturbed_board_reports_nothing(board: Board) -> None:
    assert board.after(lambda: None, 6.0) == (0, [])


def test_code_in_sram_is_copied_anew_by_a_restart(board: Board) -> None:
    # A function that the running program does not call: only the check can find it.
    restarts, faults = board.after(lambda: board.flip(board.symbol("console_init") & ~1), 4.0)
    assert (restarts, faults) == (1, ["code"])
    assert board.machine.log.windows[-1].number > 30, "the restarted program listens"


def test_flash_is_reported_and_the_program_goes_on(board: Board) -> None:
    size = board.machine.image.symbols["image_crc"].address - FLASH
    restarts, faults = board.after(lambda: board.flip(FLASH + size - 10), 9.0)
    assert (restarts, faults) == (0, ["flash"])


def test_the_image_of_the_code_is_not_copied_when_it_is_the_flash_that_has_changed(board: Board) -> None:
    restarts, faults = board.after(lambda: board.flip(board.symbol("__ram_text_load") + 100), 9.0)
    assert (restarts, faults) == (0, ["flash"])


def test_a_check_that_flash_has_lost_restarts_once_and_is_left_out(board: Board) -> None:
    """The first instruction of a check becomes `movs r0, #0; bx lr`: it says that all is wrong, whatever is."""

    def lie() -> None:
        check = board.symbol("console_in_order")
        assert FLASH <= check < 0x2000_0000
        board.chip.write_memory(check & ~1, bytes.fromhex("00207047"))

    restarts, faults = board.after(lie, 4.0)
    assert (restarts, faults) == (1, ["config", "flash"])
    assert board.machine.log.banner is not None and not board.machine.log.banner.image_intact
    assert board.machine.log.windows[-1].number > 60, "it listens on"


@pytest.mark.parametrize("level", [False, True])
def test_an_led_whose_pin_is_shorted(board: Board, level: bool) -> None:
    """High is seen as long as it is to be dark, low when it is to be lit; either stands from then on."""
    led = board.machine.board.needed_led

    def short() -> None:
        board.chip.short_pin(led.pin, level)
        if not level:  # the alarm, third from the end of events_t, has it lit
            events = board.machine.image.symbols["events"]
            board.chip.write_memory(events.address + events.size - 3, b"\x02")

    restarts, faults = board.after(short, 1.5)
    assert (restarts, faults[:1]) == (0, ["led"]) and "none" not in faults


def test_the_end_of_the_stack(board: Board) -> None:
    end = board.symbol("__stack_bottom")
    assert board.after(lambda: board.chip.write_memory(end + 8, bytes(4)), 1.0) == (1, ["stack"])


def test_a_step_that_is_left_out(board: Board) -> None:
    """BX LR instead of the first instruction of the event logic: the code differs, but the sequence is seen first."""

    def skip() -> None:
        board.chip.write_memory(board.symbol("selftest_step"), bytes.fromhex("7047"))

    restarts, faults = board.after(skip, 1.0)
    assert (restarts, faults) == (1, ["sequence"])


@pytest.mark.parametrize(("name", "address"), CONFIGURATION)
def test_configuration(board: Board, name: str, address: int) -> None:
    """What changes it is noticed by the check, or by the watchdog where the program cannot come so far."""

    def change() -> None:
        before = int.from_bytes(board.chip.read_memory(address, 4), "little")
        board.chip.write_bus(address, 4, before ^ 1 << BITS.get(name, 0))
        assert int.from_bytes(board.chip.read_memory(address, 4), "little") != before

    restarts, faults = board.after(change, 3.0)
    assert restarts >= 1 and set(faults) <= {"config", "watchdog"}, (restarts, faults)


@pytest.mark.parametrize(("bit", "told"), [(0, "pdm-clock"), (4, "pdm-clock"), (12, "mic-stuck-")])
def test_a_capture_that_runs_away_or_stands(board: Board, bit: int, told: str) -> None:
    """PIO's instructions cannot be read back: other numbers of bits and a clock that stands are seen in time."""
    instruction = pio_program(load_board("pico"))["PIO0.INSTR_MEM0"]
    address = block("pio").address("INSTR_MEM0", "PIO0")
    restarts, faults = board.after(lambda: board.chip.write_bus(address, 4, instruction ^ 1 << bit), 0.4)
    assert restarts == 0 and any(fault.startswith(told) for fault in faults), faults


def test_the_ring_oscillator_is_the_second_source_of_time(board: Board) -> None:
    rosc = block("rosc")

    def stop() -> None:
        enable = rosc.field("CTRL.ENABLE")
        control = int.from_bytes(board.chip.read_memory(rosc.address("CTRL"), 4), "little")
        disabled = control & ~enable.mask | rosc.values["CTRL.ENABLE"]["DISABLE"] << enable.lsb
        board.chip.write_bus(rosc.address("CTRL"), 4, disabled)

    assert board.after(stop, 3.0) == (0, ["oscillator"])


def test_a_deaf_microphone_is_noticed_after_a_minute(board: Board) -> None:
    """Digital silence all along: quieter than any microphone."""
    assert board.after(lambda: None, 58.0)[1] == []
    assert board.after(lambda: None, 61.0)[1] == ["mic-deaf"]
