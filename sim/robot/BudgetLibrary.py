"""Keywords about cycles, memory and deadlines, against one file of budgets."""

from __future__ import annotations

from pathlib import Path

from robot.api import SkipExecution, logger
from robot.api.deco import keyword, library

from emberwatch.audio import Clip, Scenario, generate
from emberwatch.base.errors import EmberwatchError, UsageError
from emberwatch.base.paths import build_folder
from emberwatch.detector.build import build_firmware
from emberwatch.detector.machine import DetectorMachine
from emberwatch.inspect.budgets import Budgets, compare, load, measure
from emberwatch.inspect.budgets.compare import same_compiler
from emberwatch.program.firmware_image import measure as measure_sizes
from emberwatch.robot.arguments import number, some
from emberwatch.robot.session import metric, session


@library(scope="GLOBAL")
class BudgetLibrary:
    """One file holds limits and a measured baseline: see `emberwatch.inspect.budgets.file` and docs/profiling.md."""

    def __init__(self) -> None:
        self._budgets = Budgets(Path())

    @keyword
    def use_budgets(self, path: Path) -> None:
        """Reads the budget file."""
        try:
            self._budgets = load(path)
        except UsageError as error:
            raise AssertionError(str(error)) from None

    @keyword
    def cycles_should_be_within_budget(self, function: str) -> None:
        """No call so far took more cycles than its budget."""
        budget = self._budgets.limits.get("cycles", {}).get(function)
        if budget is None:
            raise AssertionError(f"The budget file has no [cycles.{function}]")
        measured = session.board().functions.get(function)
        if measured is None:
            raise AssertionError(f"The firmware never called {function}")
        metric(
            "cycles",
            function=function,
            mean=measured.mean,
            max=measured.max,
            budget=budget,
            calls=measured.calls,
        )
        message = f"{function}: {measured.calls} calls, mean {measured.mean:.0f}, max {measured.max}, budget {budget}"
        logger.info(message)
        if measured.max > budget:
            raise AssertionError(f"Over budget by {measured.max - budget} cycles: {message}")

    @keyword
    def baseline_should_hold(self, elf: Path, board: str = "pico") -> None:
        """Profiles a firmware in the budget file's own run: no limit is exceeded, no figure is worse than the baseline.

        Skips when there is no baseline by this compiler version.
        """
        budgets = self._budgets
        measured = measure(elf, budgets.heard(), budgets.seconds, board)
        findings = compare(budgets, measured)
        for finding in findings:
            logger.info(str(finding))
        if failed := [str(finding) for finding in findings if finding.fails]:
            raise AssertionError("Worse than the budget:\n" + "\n".join(failed))
        if not same_compiler(budgets, measured):
            raise SkipExecution(
                f"The baseline is by {budgets.compiler or 'nobody'}, the firmware by {measured.compiler}"
            )

    @keyword
    def network_should_be_within_budget(self) -> None:
        """As 'Cycles Should Be Within Budget' for whichever form of the network the firmware uses."""
        functions = session.board().functions
        name = "model_stream_push" if "model_stream_push" in functions else "model_invoke"
        self.cycles_should_be_within_budget(name)

    @keyword
    def memory_should_be_within_budget(self, elf: Path) -> None:
        """Flash and SRAM of the linked firmware, the reserved stack included."""
        sizes = measure_sizes(elf)
        for name, used in (("flash", sizes.flash), ("ram", sizes.ram)):
            budget = self._budgets.limits["memory"][name]
            metric("memory", memory=name, used=used, budget=budget)
            if used > budget:
                raise AssertionError(f"The firmware takes {used} bytes of {name}, {used - budget} more than its budget")

    @keyword
    def processor_load_should_be_below(self, percent: float) -> None:
        """Share of cycles in which core 0 was awake, since power-on."""
        number(percent, "The load in percent", 0.01, 100)
        result = session.board().result()
        if not result.windows:
            raise AssertionError("Judged nothing: the firmware has judged no window")
        load = 100.0 * result.busy_cycles / result.total_cycles
        logger.info(f"Load {load:.2f} %")
        metric("load", percent=load, budget=percent)
        if load >= percent:
            raise AssertionError(f"Core 0 was awake {load:.1f} % of the time, allowed are {percent:g} %")

    @keyword
    def no_block_should_be_missed(self) -> None:
        """By the firmware's counters, by its window numbers and by the bits that it clocked out of the microphone."""
        machine = session.board()
        result = machine.result()
        statistics = machine.log.statistics
        if statistics is None:
            raise AssertionError("The firmware printed no statistics line")
        if result.missed_blocks or statistics.missed:
            raise AssertionError(f"{result.missed_blocks} blocks of sound were missed")
        clocked = machine.engine.microphone_bits // 32768
        judged = len(result.windows)
        if not judged <= clocked <= judged + 2:
            raise AssertionError(f"{clocked} blocks were clocked out of the microphone, but {judged} were judged")

    @keyword
    def missed_blocks_should_be_counted(self, least: int, most: int) -> None:
        """The firmware counted a late block and missed ones, within these bounds and no fewer than its windows show."""
        machine = session.board()
        number(least, "The least count", 0, 1e9)
        number(most, "The greatest count", least, 1e9)
        statistics = machine.log.statistics
        if statistics is None:
            raise AssertionError("The firmware printed no statistics line")
        numbers = [window.number for window in machine.log.windows]
        gaps = max(numbers) + 1 - len(numbers)
        if not least <= statistics.missed <= most or statistics.missed < gaps or statistics.late < 1:
            raise AssertionError(
                f"Counted {statistics.missed} missed and {statistics.late} late blocks; the window numbers have {gaps} "
                f"gaps, expected are {least} to {most}"
            )

    @keyword
    def no_deadline_should_be_missed(self) -> None:
        """By the firmware's counter, and by the emulator's: no block's work took 32 ms."""
        machine = session.board()
        statistics = machine.log.statistics
        if statistics is None or statistics.late:
            raise AssertionError(f"Deadlines missed: {statistics.late if statistics else 'no statistics line came'}")
        work = machine.functions["app_process_block"]
        banner = machine.log.banner
        limit = (banner.clk_hz if banner else machine.board.clock.clk_sys_hz) * 32 // 1000
        if work.max >= limit:
            raise AssertionError(f"A block took {work.max} cycles; there are {limit} until the next")

    @keyword
    def stack_should_have_unused(self, minimum: int) -> None:
        """Bytes of stack that the firmware never touched."""
        number(minimum, "The bytes of stack", 1, 4096)
        statistics = session.board().log.statistics
        if statistics is None or statistics.stack < minimum:
            raise AssertionError(f"Only {statistics.stack if statistics else '?'} bytes of stack were never used")

    @keyword
    def record_speed(self) -> None:
        """Notes the real-time factor for the summary; it is never judged."""
        machine = session.board()
        metric("speed", real_time_factor=machine.real_time_factor, seconds=machine.time_s)

    @keyword
    def slowest_clock_that_keeps_up(self, board: str, *candidates: int) -> int:
        """Tries system clocks from fast to slow until one cannot be made or loses sound; returns the last good one.

        Each is given eight seconds of an alarm, which is when the firmware works hardest, and has to hear it.

        Fails if none of them keeps up.
        """
        some(candidates, "clocks to try")
        for hertz in candidates:
            number(hertz, "The clock in hertz", 1e6, 133e6)
        slowest = 0
        for hertz in candidates:
            out = build_folder() / "firmware" / f"{board}-{hertz // 1_000_000}mhz"
            try:
                elf = build_firmware(board, out=out, clk_sys_hz=hertz).elf
            except EmberwatchError as error:
                logger.info(f"{hertz} Hz cannot be made: {error}")
                break
            with DetectorMachine(
                elf, Scenario([Clip(generate("t3"), seconds=8.0)], seconds=9.0), board=board
            ) as machine:
                machine.run(8.2)
                result = machine.result()
                load = 100.0 * result.busy_cycles / result.total_cycles
                logger.info(
                    f"{hertz} Hz: load {load:.1f} %, {result.missed_blocks} missed, {result.deadline_misses} late, "
                    f"alarm {result.alarm}"
                )
                if result.missed_blocks or result.deadline_misses or not result.alarm:
                    break
            slowest = hertz
        if not slowest:
            raise AssertionError(f"{candidates[0]} Hz, the first clock to try, does not keep up")
        metric("clock", slowest_hz=slowest)
        return slowest
