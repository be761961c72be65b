"""`emberwatch gdb`."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from emberwatch.base.errors import EmulationTimeout, FirmwareCrash, UsageError
from emberwatch.cli import options
from emberwatch.inspect.gdb.server import serve
from emberwatch.inspect.gdb.target import MAX_CYCLES
from emberwatch.machine.machine import Machine


def gdb(
    firmware: options.AnyImage,
    audio: options.Audio = None,
    scenario_file: options.ScenarioFile = None,
    port: Annotated[int, typer.Option(help="TCP port on 127.0.0.1; 0 takes a free one.", metavar="N")] = 3333,
    board: options.BoardName = "pico",
    gain_db: options.GainDb = 0.0,
    level_dbfs: options.LevelDbfs = None,
    lead_in: options.LeadIn = options.DEFAULT_LEAD_IN_S,
    bootrom: options.Bootrom = None,
    seed: options.Seed = 1,
    uart: options.Uart = False,
    at_cycle: Annotated[int | None, typer.Option(help="Run to this cycle before GDB can connect.", metavar="N")] = None,
    stop_before_crash: Annotated[
        bool, typer.Option("--stop-before-crash", help="Run until the firmware crashes, then go back to just before.")
    ] = False,
    seconds: Annotated[float, typer.Option(help="How long --stop-before-crash waits for a crash.", metavar="S")] = 60.0,
) -> int:
    """Serve GDB: the firmware runs on the emulated board when GDB lets it.

    Time stands still while the program is stopped. Both cores are threads. `monitor help` lists what the board
    offers, `reverse-step` and `reverse-continue` go back in time.
    The exit code is the one that the firmware gives by semihosting, else 0.

    Examples:

    \b
    emberwatch gdb emberwatch.elf --audio smoke.wav
    gdb-multiarch emberwatch.elf -ex 'target remote :3333'     (in another terminal)
    emberwatch gdb emberwatch.elf --stop-before-crash
    """
    if at_cycle is not None and stop_before_crash:
        raise UsageError("--at-cycle and --stop-before-crash exclude each other")
    if not 0 <= (at_cycle or 0) <= MAX_CYCLES:
        raise UsageError(f"--at-cycle {at_cycle} is outside 0..{MAX_CYCLES}")
    heard = options.make_scenario(audio, scenario_file, lead_in, gain_db, level_dbfs)
    seconds = options.duration(heard, seconds)
    with Machine(firmware, heard, board=board, seed=seed, bootrom=bootrom, trace=()) as machine:
        if stop_before_crash:
            at_cycle = _crash_cycle(machine, seconds)
            machine.reset()
        printed = 0.0

        def show_console() -> None:
            nonlocal printed
            for t, line in machine.log.lines:
                if t > printed:
                    print(f"{t:10.6f}  {line}", flush=True)
                    printed = t

        def announce(chosen: int) -> None:
            if uart:
                show_console()
            print(
                f"emberwatch: {firmware} stopped at {machine.where()}, {machine.time_s:.6f} s; connect with: "
                f"gdb-multiarch {firmware} -ex 'target remote 127.0.0.1:{chosen}'",
                flush=True,
            )

        console = show_console if uart else None
        code = serve(machine, port, at_cycle=at_cycle or 0, on_listening=announce, on_console=console)
        return code or 0


def _crash_cycle(machine: Machine, seconds: float) -> int:
    """Start of the instruction that makes the firmware crash first."""
    print(f"emberwatch: waiting for a crash within {seconds:g} s of emulated time", file=sys.stderr)
    failure = None
    try:
        machine.run_until(lambda m: bool(m.crashes), seconds, "a crash")
    except FirmwareCrash as error:
        failure = error.site
    except EmulationTimeout:
        raise UsageError(
            f"--stop-before-crash: the firmware did not crash within {seconds:g} s of emulated time; "
            "wait longer with --seconds, or leave the option out"
        ) from None
    site = machine.crashes[0] if machine.crashes else failure
    assert site is not None
    report = site.report()
    print(f"emberwatch: {report.title}", file=sys.stderr)
    return report.cycle
