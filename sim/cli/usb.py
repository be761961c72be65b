"""`emberwatch usb`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from emberwatch.base.errors import UsageError
from emberwatch.base.output import check_outputs, write_file
from emberwatch.base.regular import read_regular
from emberwatch.base.text import printable
from emberwatch.cli.options import RunOptions, with_run_options
from emberwatch.machine.machine import Machine
from emberwatch.machine.usb import Drive, UsbDevice
from emberwatch.steps.run import StepRun


@with_run_options()
def usb(
    run_options: RunOptions,
    drive: Annotated[int, typer.Option(help="Which of its drives the options below are about.", metavar="N")] = 0,
    load_drive: Annotated[
        Path | None, typer.Option(help="Write this image onto the drive, before all else.", metavar="FILE")
    ] = None,
    put: Annotated[
        list[str] | None,
        typer.Option(help="Copy a file onto the drive, as FILE or FILE=NAME.", metavar="FILE"),
    ] = None,
    get: Annotated[
        list[str] | None,
        typer.Option(help="Copy a file from the drive, as NAME or NAME=FILE.", metavar="NAME"),
    ] = None,
    save_drive: Annotated[
        Path | None, typer.Option(help="Read the drive into this image file, in the end.", metavar="FILE")
    ] = None,
    bootsel: Annotated[
        bool, typer.Option("--bootsel", help="Hold BOOTSEL at power-on: the chip's own USB boot is the device.")
    ] = False,
    ls: Annotated[bool, typer.Option("--ls", help="List the files on the drive.")] = False,
    record: Annotated[
        Path | None, typer.Option(help="Record the device's microphone into this WAV file.", metavar="FILE")
    ] = None,
    record_seconds: Annotated[float, typer.Option(help="How long.", metavar="S")] = 1.0,
    rate: Annotated[
        int | None, typer.Option(help="Sampling rate to ask for; default: the device's.", metavar="HZ")
    ] = None,
) -> int:
    """Show what USB device a program is, and use its drive and microphone.

    The program runs until the host has configured its device, then --seconds longer if given; steps of --scenario come
    before that. What it types, its serial ports and MIDI are those of `emberwatch run`.

    Examples:

    \b
    emberwatch usb firmware.uf2
    emberwatch usb logger.uf2 --ls --get LOG.TXT --save-drive drive.img
    emberwatch usb circuitpython.uf2 --seconds 8 --put code.py --flash-file board.bin
    emberwatch usb old.uf2 --bootsel --put new.uf2 --flash-file board.bin
    emberwatch usb microphone.uf2 --record heard.wav --record-seconds 5
    """
    if not 0 < record_seconds <= 3600:
        raise UsageError(f"--record-seconds {record_seconds:g} must be more than 0 and at most 3600")
    copies = [_pair(text, "--get") for text in get or ()]
    outputs = {"--save-drive": save_drive, "--record": record, **{f"--get {n}": f for n, f in copies}}
    check_outputs(outputs, [*run_options.inputs, *([load_drive] if load_drive else [])])
    with run_options.machine("embedded") as machine:
        if bootsel:
            machine.press("bootsel")
            machine.brown_out()
            machine.release("bootsel")
        steps = StepRun(machine, run_options.steps)
        steps.run(None if run_options.steps else 0.0)
        if steps.error is not None:
            raise steps.error
        device = machine.usb_device
        device.wait()
        if run_options.seconds is not None:
            machine.run(run_options.duration)
        machine.wait(0.1)  # for the functions' opening
        _describe(machine, device)
        if load_drive or put or copies or save_drive or ls:
            _use(device.drive(drive), load_drive, put or [], copies, save_drive, ls)
        if record is not None:
            microphones = device.microphones
            if not microphones:
                raise UsageError("--record: the device has no microphone")
            recording = microphones[0].record(record_seconds, rate)
            write_file(record, recording.wav(), "--record")
            print(f"recorded         {recording.seconds:.3f} s at {recording.rate} Hz, {recording.channels} channels")
        run_options.keep_flash(machine)
    return 0


def _pair(text: str, option: str) -> tuple[str, Path]:
    """NAME=FILE, or NAME alone for a file of its last part."""
    name, equals, file = text.partition("=")
    if not name or (equals and not file):
        raise UsageError(f"{option} {text!r} must be NAME or NAME=FILE")
    return name, Path(file or Path(name).name)


def _describe(machine: Machine, device: UsbDevice) -> None:
    names = " ".join(part for part in (device.manufacturer, device.product) if part)
    print(f"device           {device.vendor_id:04x}:{device.product_id:04x} {printable(names)}".rstrip())
    if device.serial:
        print(f"serial number    {printable(device.serial)}")
    for i in device.interfaces:
        if i.alternate == 0:
            ends = ", ".join(f"{e.type} {'in' if e.is_in else 'out'} {e.address & 0xF}" for e in i.endpoints)
            print(f"interface {i.number:<6} {i.name}{': ' if ends else ''}{ends}")
    ports = [name for name, port in machine.ports.items() if name.startswith("usb") and (name != "usb" or port.data)]
    if device.host.serial_open():
        print(f"serial ports     {', '.join(dict.fromkeys(['usb', *ports]))}")


def _use(
    drive: Drive,
    load: Path | None,
    put: list[str],
    get: list[tuple[str, Path]],
    save: Path | None,
    ls: bool,
) -> None:
    about = drive.inquiry()
    blocks, size = drive.geometry
    protected = ", write-protected" if drive.write_protected else ""
    name = printable(f"{about.vendor} {about.product}".strip())
    print(f"drive            {name}, {blocks} blocks of {size}{protected}")
    if load is not None:
        drive.load(read_regular(load, "image", UsageError))
    for text in put:
        file, _, name = text.partition("=")
        drive.put(name or Path(file).name, read_regular(Path(file), "file", UsageError))
    for name, path in get:
        write_file(path, drive.get(name), "--get")
    if ls:
        for name in drive.names():
            print(f"file             {printable(name)}, {len(drive.get(name))} bytes")
    if save is not None:
        write_file(save, drive.image(), "--save-drive")
