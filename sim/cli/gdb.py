"""`emberwatch gdb`."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from emberwatch.base.errors import EmulationTimeout, FirmwareCrash, UsageError
from emberwatch.base.output import say
from emberwatch.cli.console import ConsolePrinter
from emberwatch.cli.options import RunOptions, Uart, with_run_options
from emberwatch.inspect.crash import CrashWatch
from emberwatch.inspect.gdb.listen import serve
from emberwatch.inspect.gdb.target import MAX_CYCLES
from emberwatch.machine.machine import Machine


@with_run_options("seconds")
def gdb(
    run_options: RunOptions,
    port: Annotated[int, typer.Option(help="TCP port on 127.0.0.1; 0 takes a free one.", metavar="N")] = 3333,
    unix_socket: Annotated[
        Path | None,
        typer.Option("--socket", help="Unix socket to listen on instead, for this user alone.", metavar="PATH"),
    ] = None,
    uart: Uart = False,
    at_cycle: Annotated[int | None, typer.Option(help="Run to this cycle before GDB can connect.", metavar="N")] = None,
    stop_before_crash: Annotated[
        bool, typer.Option("--stop-before-crash", help="Run until the firmware crashes, then go back to just before.")
    ] = False,
    patience: Annotated[
        float, typer.Option("--seconds", help="How long --stop-before-crash waits for a crash.", metavar="S")
    ] = 60.0,
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
    if stop_before_crash:
        at_cycle = _crash_cycle(run_options, patience)
    with run_options.machine() as machine:
        firmware = run_options.firmware
        console = ConsolePrinter(machine) if uart else None

        def announce(target: str) -> None:
            if console is not None:
                console.show()
            print(
                f"emberwatch: {firmware} stopped at {machine.where()}, {machine.time_s:.6f} s; connect with: "
                f"gdb-multiarch {firmware} -ex 'target remote {target}'",
                flush=True,
            )

        on_console = console.show if console is not None else None
        code = serve(
            machine,
            port,
            unix_socket=unix_socket,
            at_cycle=at_cycle or 0,
            on_listening=announce,
            on_console=on_console,
            semihosting_dir=run_options.semihosting_dir,
        )
        return code or 0


def _crash_cycle(run_options: RunOptions, seconds: float) -> int:
    """Start of the instruction that makes the firmware crash first."""
    say(f"waiting for a crash within {seconds:g} s of emulated time")
    with run_options.machine() as machine:
        crashes = CrashWatch(machine)

        def crashed(_: Machine) -> bool:
            return crashes.first is not None

        try:
            with suppress(FirmwareCrash):
                machine.run_until(crashed, seconds, "a crash")
        except EmulationTimeout:
            raise UsageError(
                f"--stop-before-crash: the firmware did not crash within {seconds:g} s of emulated time; "
                "wait longer with --seconds, or leave the option out"
            ) from None
        assert crashes.first is not None
        report = crashes.first.report()
    say(report.title)
    return report.cycle
