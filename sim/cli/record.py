"""`emberwatch record`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from emberwatch.base.errors import UsageError


def record(
    port: Annotated[str, typer.Option(help="Serial port of the board, such as /dev/ttyACM0 or COM3.", metavar="PORT")],
    out: Annotated[Path, typer.Option(help="WAV file to write.", metavar="FILE")],
    seconds: Annotated[float | None, typer.Option(help="Length; default: until Ctrl-C.", metavar="S")] = None,
    baud: Annotated[int, typer.Option(help="Baud rate of the capture application.", metavar="N")] = 1_000_000,
) -> int:
    """Record what a board's microphone hears, through its own PDM chain; the board runs the capture application.

    Every frame is checked. Lost blocks are replaced by silence, counted and reported; the exit code is then 1.

    Examples:

    \b
    emberwatch build --app capture        # then copy emberwatch-capture.uf2 to the board
    emberwatch record --port /dev/ttyACM0 --out kitchen.wav --seconds 60
    """
    from emberwatch.base.output import check_outputs
    from emberwatch.detector.capture.record import open_port
    from emberwatch.detector.capture.record import record as record_from
    from emberwatch.detector.capture.stream import StreamReport

    if seconds is not None and not 0 < seconds <= 86_400:
        raise UsageError(f"--seconds {seconds:g} must be more than 0 and at most 86400")
    check_outputs({"--out": out})
    opened = open_port(port, baud)

    def progress(done: float, report: StreamReport) -> None:
        if sys.stderr.isatty():
            print(f"\r{done:8.1f} s  {report.lost_blocks} blocks lost", end="", file=sys.stderr, flush=True)

    try:
        report = record_from(opened, out, seconds, progress)
    finally:
        opened.close()
        if sys.stderr.isatty():
            print(file=sys.stderr)
    device = " ".join(f"{name}={report.info[name]}" for name in ("board", "clk", "rate") if name in report.info)
    print(f"{out}: {report.blocks * 0.032:.2f} s received{', ' + device if device else ''}")
    print(
        f"blocks lost {report.lost_blocks}, damaged {report.damaged_blocks}, restarts {report.restarts}, "
        f"bad frames {report.bad_frames}, bytes skipped {report.skipped_bytes}"
    )
    return 0 if report.clean else 1
