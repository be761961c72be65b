"""`emberwatch gdb`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from sim.cli.run import DEFAULT_LEAD_IN_S, duration, make_scenario
from sim.errors import EmulationError, FirmwareCrash, UsageError
from sim.gdb.server import serve
from sim.machine import Machine


def gdb(
    firmware: Annotated[Path, typer.Argument(help="ELF, UF2, HEX or BIN file.", metavar="FIRMWARE")],
    audio: Annotated[Path | None, typer.Option(help="WAV or FLAC file of any rate that the microphone hears.")] = None,
    scenario_file: Annotated[
        Path | None, typer.Option("--scenario", help="TOML file with several sounds on one time line.")
    ] = None,
    port: Annotated[int, typer.Option(help="TCP port on 127.0.0.1; 0 takes a free one.")] = 3333,
    board: Annotated[str, typer.Option(help="Board name or TOML file.")] = "pico",
    gain_db: Annotated[float, typer.Option(help="Gain on --audio.", metavar="DB")] = 0.0,
    level_dbfs: Annotated[
        float | None, typer.Option(help="RMS that the loudest second of --audio gets, instead of a gain.", metavar="DB")
    ] = None,
    lead_in: Annotated[
        float, typer.Option(help="Silence before --audio, so that the chip has booted.", metavar="S")
    ] = DEFAULT_LEAD_IN_S,
    bootrom: Annotated[
        Path | None, typer.Option(help="Boot ROM image to boot through, instead of the built-in boot.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of the microphone's dither.")] = 1,
    uart: Annotated[bool, typer.Option("--uart", help="Print the firmware's console as it comes, with times.")] = False,
    at_cycle: Annotated[
        int | None, typer.Option(help="Run to this cycle before GDB can connect.", metavar="N", min=0)
    ] = None,
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
    heard = make_scenario(audio, scenario_file, lead_in, gain_db, level_dbfs)
    seconds = duration(heard, seconds)
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
    except EmulationError as error:
        raise UsageError(f"--stop-before-crash: {error}") from None
    site = machine.crashes[0] if machine.crashes else failure
    assert site is not None
    report = site.report()
    print(f"emberwatch: {report.title}", file=sys.stderr)
    return report.cycle
