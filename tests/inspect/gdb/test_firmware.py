"""The shipped firmware under the real GDB."""

from __future__ import annotations

import re
from pathlib import Path

from debugging import Debug, Session

from emberwatch import DetectorMachine, Scenario
from emberwatch.detector.log import DetectorLog
from emberwatch.inspect.calls import CallTracer


def reference(firmware: Path, alarm: Scenario, seconds: float) -> DetectorMachine:
    machine = DetectorMachine(firmware, alarm)
    machine.run(seconds)
    return machine


def cycles(text: str) -> list[int]:
    """Answers to `monitor cycles`: lines that are a number."""
    return [int(line) for line in text.splitlines() if line.isdigit()]


def test_alarm_is_detected_with_the_same_cycles(debug: Debug, firmware: Path, alarm: Scenario) -> None:
    """Breakpoints, steps, a watchpoint, printed tensors, going back: the firmware does not notice."""
    session = debug(firmware, alarm)
    text = session.gdb(
        """
        break app_process_block
        continue
        tbreak model_stream_push
        continue
        backtrace
        print frames[0]@32
        print/d output[0]
        stepi
        stepi
        next
        watch events
        continue
        reverse-stepi
        delete
        tbreak events_update if probability > 200
        continue
        finish
        monitor goto 600000000
        monitor cycles
        kill
        """
    )
    assert session.finished.wait(60)
    assert re.search(r"hit Temporary breakpoint 2, model_stream_push \(frames=", text), text
    assert re.search(r"#1 .*\n(#\d .*\n)*#\d+ .* in main \(\) at firmware/apps/detector/main.c", text), text
    assert re.search(r"^\$1 = \"", text, re.M), text
    assert re.search(r"^\$2 = -?\d+$", text, re.M), text
    assert re.search(r"hit Temporary breakpoint \d, events_update \(.*probability=(probability@entry=)?2\d\d", text), (
        text
    )

    plain = reference(firmware, alarm, 5.0)
    assert plain.log.first_alarm is not None
    seen = session.machine
    assert len(seen.lines) > 100
    assert seen.lines == plain.lines[: len(seen.lines)]
    assert DetectorLog(seen).log.alarms
    # `goto` lands on the same instruction boundary as a run to that cycle without a debugger.
    for _ in plain.stops_until(600_000_000):
        pass
    assert cycles(text)[-1] == session.machine.cycles


def test_cycle_of_every_call_is_that_of_a_plain_run(debug: Debug, firmware: Path, alarm: Scenario) -> None:
    with DetectorMachine(firmware, alarm) as machine:
        starts: list[int] = []
        CallTracer(machine).on_return("app_process_block", lambda call, cycle: starts.append(call.start))
        machine.run(0.25)
    session = debug(firmware, alarm)
    text = session.gdb(
        """
        break app_process_block
        continue
        monitor cycles
        continue
        monitor cycles
        stepi 40
        next
        continue
        monitor cycles
        kill
        """
    )
    assert cycles(text) == starts[:3]


def test_registers_threads_and_memory(debug: Debug, firmware: Path) -> None:
    session = debug(firmware)
    text = session.gdb(
        """
        break main
        continue
        info registers
        info threads
        thread 2
        info registers pc
        thread 1
        print/x *(unsigned *)0xe000ed00
        set var *(unsigned *)0x4000f000 = 0x80000
        print/x *(unsigned *)0x40000000
        set var $r7 = 0x1234
        print/x $r7
        set var *(unsigned *)0x20030000 = 0xcafe
        print/x *(unsigned *)0x20030000
        set var *(unsigned *)0xd0000014 = 0
        x/2i $pc
        info mem
        print *(int *)0x30000000
        find /w 0x20030000, +16, 0xcafe
        monitor frobnicate
        kill
        """
    )
    for name in ("r0", "sp", "pc", "xpsr", "msp", "psp", "primask", "control"):
        assert re.search(rf"^{name} +0x", text, re.M), text
    assert re.search(r"^\* 1 .*core 0 in main", text, re.M), text
    assert re.search(r"^  2 .*core 1 in .*asleep", text, re.M), text
    assert "= 0x410cc601" in text, "CPUID of the Cortex-M0+"
    assert "= 0x20002927" in text or "= 0x10002927" in text, "CHIP_ID, SYSINFO taken out of reset"
    assert "= 0x1234" in text
    assert "= 0xcafe" in text
    assert re.search(r"0x10000000 0x10200000 flash blocksize 0x1000", text), text
    assert "Cannot access memory at address 0x30000000" in text
    assert "0x20030000" in text
    assert "error: monitor command 'frobnicate' is not known" in text


def test_watchpoints_name_old_and_new_value(debug: Debug, firmware: Path) -> None:
    session = debug(firmware)
    stats = session.machine.image.symbols["stats"].address
    text = session.gdb(
        f"""
        break app_process_block
        continue
        delete
        rwatch *(unsigned *){stats:#x}
        continue
        backtrace 1
        delete
        awatch *(unsigned *){stats:#x}
        continue
        continue
        delete
        watch *(unsigned *){stats:#x}
        continue
        info watchpoints
        kill
        """
    )
    assert re.search(r"hit Hardware read watchpoint 2: .*\n\nValue = ", text), text
    assert re.search(r"hit Hardware access \(read/write\) watchpoint 3: .*\n\nValue = (\d+)", text), text
    changed = re.search(r"hit Hardware watchpoint 4: .*\n\nOld value = (\d+)\nNew value = (\d+)", text)
    assert changed, text
    assert changed[1] != changed[2]
    assert "breakpoint already hit 1 time" in text


def test_reverse_execution(debug: Debug, firmware: Path) -> None:
    session = debug(firmware)
    text = session.gdb(
        """
        break app_process_block
        continue
        monitor cycles
        continue
        monitor cycles
        continue
        monitor cycles
        reverse-continue
        monitor cycles
        reverse-continue
        monitor cycles
        stepi
        stepi
        monitor cycles
        reverse-stepi
        monitor cycles
        reverse-stepi
        monitor cycles
        reverse-stepi
        monitor cycles
        stepi
        monitor cycles
        continue
        monitor cycles
        reverse-continue
        reverse-continue
        reverse-continue
        monitor cycles
        kill
        """
    )
    first, second, third, back2, back1, two_on, one_on, at, before, again, forward, begin = cycles(text)
    assert first < second < third
    assert (back2, back1) == (second, first)
    assert first < one_on < two_on
    assert (at, again) == (first, first)
    assert before < first
    assert forward == second
    assert "No more reverse-execution history" in text
    assert begin == 0


def test_reverse_to_the_write_of_a_variable(debug: Debug, firmware: Path) -> None:
    """Who wrote this? Go back from where the value is seen."""
    session = debug(firmware)
    stats = session.machine.image.symbols["stats"].address
    text = session.gdb(
        f"""
        tbreak app_process_block
        continue
        tbreak app_process_block
        continue
        watch *(unsigned *){stats:#x}
        continue
        monitor cycles
        reverse-continue
        monitor cycles
        continue
        monitor cycles
        kill
        """
    )
    forward, back, again = cycles(text)
    assert back < forward
    assert back + 16 >= forward, "the instruction that writes"
    assert again == forward
    values = re.findall(r"(?:Old|New) value = (\d+)", text)
    assert values[:2] == values[3:1:-1], "backwards the write is undone"
    assert values[:2] == values[4:6]


def test_ctrl_c_and_monitor_commands(debug: Debug, firmware: Path) -> None:
    session = debug(firmware)
    text = session.gdb_interrupted(
        """
        monitor goto 25000000
        echo ready\\n
        continue
        monitor time
        monitor time
        monitor pins
        monitor uart 2
        monitor interrupts
        monitor save here
        monitor mic fault stuck_low
        monitor cycles
        stepi 100
        monitor restore here
        monitor cycles
        monitor mic play no_such_file.wav
        monitor mic fault purple
        monitor goto 1000000
        monitor help
        monitor reset halt
        monitor cycles
        kill
        """,
        after="ready",
    )
    assert "received signal SIGINT" in text
    times = re.findall(r"^(\d+\.\d{9}) s$", text, re.M)
    assert len(times) == 2
    assert times[0] == times[1], "time stands still"
    assert float(times[0]) >= 0.2
    assert re.search(r"GPIO0 +[01] UART", text), text
    assert re.search(r"^ +\d+\.\d{6}  (W|S|emberwatch) ?", text, re.M), text
    before, after, start = cycles(text)
    assert before == after
    assert start == 0
    assert re.search(r"at cycle 1000\d{3};", text), text
    assert "core 0 enabled: " in text
    assert "error: " in text
    assert "catch hardfault on|off" in text


def test_microphone_hears_a_file_played_by_the_monitor(debug: Debug, firmware: Path, tmp_path: Path) -> None:
    from emberwatch.audio import files, generate

    sound = tmp_path / "alarm.wav"
    files.save(sound, 0.3 * generate("t3", frequency_hz=3100).read(0, 16000 * 6))
    session: Session = debug(firmware)
    text = session.gdb(
        f"""
        monitor goto 60000000
        monitor mic play {sound}
        monitor goto 900000000
        monitor uart 1000
        kill
        """
    )
    assert re.search(r"sounds from \d\.\d+ s to \d\.\d+ s", text), text
    assert "ALARM on" in text


def test_load_programs_flash(debug: Debug, firmware: Path, program) -> None:  # type: ignore[no-untyped-def]
    """A board with another program gets this one by `load` and then runs it."""
    session = debug(program("crash"))
    text = session.gdb(
        """
        load
        compare-sections
        monitor reset halt
        maintenance flush register-cache
        break main
        continue
        backtrace
        monitor goto 40000000
        monitor uart 100
        kill
        """,
        firmware,
    )
    assert re.search(r"Loading section \.\S+, size", text), text
    assert "MIS-MATCHED" not in text
    assert "matched." in text
    assert re.search(r"hit Breakpoint 1(\.\d)?, main \(\)", text), text
    assert "emberwatch " in text


def test_detach_and_connect_again(debug: Debug, firmware: Path) -> None:
    session = debug(firmware)
    first = session.gdb(
        """
        break app_process_block
        continue
        monitor cycles
        detach
        """
    )
    assert "detached" in first
    second = session.gdb(
        """
        monitor cycles
        kill
        """
    )
    assert cycles(first) == cycles(second)
    assert session.finished.wait(60)
