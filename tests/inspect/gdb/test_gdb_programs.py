"""Small programs under the real GDB: semihosting, faults, two cores; and the command line."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
from pathlib import Path

from debugging import GDB, PATIENT, ROOT, Debug, Program

from emberwatch import Machine


def test_semihosting_prints_reads_writes_and_exits(debug: Debug, program: Program, tmp_path: Path) -> None:
    session = debug(program("semihosting"))
    text = session.gdb(
        """
        break call
        continue
        continue
        reverse-continue
        delete
        continue
        """
    )
    assert session.finished.wait(60)
    assert text.count("hello from the firmware") == 2, "once, and once more after going back; replays are silent"
    assert "written" in text
    assert "exited with code 07" in text
    assert session.exit_code == 7
    assert (tmp_path / "note.txt").read_bytes() == b"written"
    with Machine(program("semihosting")) as machine:
        answer = machine.image.symbols["answer"].address
    assert session.machine.read(answer, 4) == b"\xff\xff\xff\xff", "files outside the folder are refused"


def test_hardfault_stops_with_its_cause(debug: Debug, program: Program) -> None:
    text = debug(program("crash")).gdb(
        """
        continue
        backtrace
        reverse-stepi
        backtrace
        print where
        kill
        """
    )
    assert re.search(r"HardFault on core 0: read of 0x\w+, which is not aligned", text), text
    assert "received signal SIGSEGV" in text
    assert re.search(r"#0 +fault \(\) .*\n#1 +<signal handler called>\n#2 .*read_word \(where=.*\n#3 .*middle", text), (
        text
    )
    assert re.search(r"^#0 .*read_word \(where=.*\n#1 .*middle \(.*\n#2 .*main", text, re.M), text


def test_both_cores_are_threads(debug: Debug, program: Program) -> None:
    text = debug(program("two_cores")).gdb(
        """
        break work1
        continue
        info threads
        backtrace
        thread 1
        delete
        break work0
        continue
        print count0 > 0 || count1 > 0
        watch count1 if count1 == 20
        delete 2
        continue
        info threads
        thread 2
        stepi
        reverse-stepi
        kill
        """
    )
    assert re.search(r"Thread 2 hit Breakpoint 1, work1 \(\)", text), text
    assert re.search(r"^\* 2 +Thread 2 \(core 1 in work1\)", text, re.M), text
    assert re.search(r"#0 +work1 \(\).*\n#1 .*core1 \(\)", text), text
    assert re.search(r"Thread 1 hit Breakpoint 2, work0 \(\)", text), text
    assert re.search(r"Thread 2 hit Hardware watchpoint 3: count1\n\nOld value = 19\nNew value = 20", text), text


def test_stepping_goes_over_interrupts_and_costs_nothing(program: Program) -> None:
    """Single steps all the way give the state that an uninterrupted run gives."""
    plain, stepped = Machine(program("two_cores")), Machine(program("two_cores"))
    for _ in stepped.stops(lambda: 1 << 62 if stepped.cycles < 5000 else None, step=0):
        pass
    end = stepped.cycles + 100  # a step ends with its own instruction; the other core's last one may be yet to come
    for machine in (plain, stepped):
        for _ in machine.stops_until(end):
            pass
    for core in (0, 1):
        assert plain.engine.register(15, core) == stepped.engine.register(15, core)
    assert plain.cycles == stepped.cycles
    assert plain.read(0x2000_0000, 0x1000) == stepped.read(0x2000_0000, 0x1000)


def emberwatch(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "emberwatch.cli.main", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_port_in_use_is_one_line(program: Program) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        result = emberwatch("gdb", program("crash"), "--port", port)
    assert result.returncode == 2
    assert result.stderr == f"emberwatch: port {port} on 127.0.0.1 is in use; give another one with --port\n"


def serve_and_debug(arguments: list[object], script: list[str], elf: Path, folder: Path) -> tuple[int, str, str]:
    """`emberwatch gdb` as a process of its own in `folder`, and GDB on it: exit code, server's output, GDB's output."""
    command = [sys.executable, "-m", "emberwatch.cli.main", "gdb", *map(str, arguments), "--port", "0"]
    server = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert server.stdout is not None
    said = ""
    for line in server.stdout:
        said += line
        if "connect with" in line:
            break
    found = re.search(r"target remote (127\.0\.0\.1:\d+)", said)
    assert found, said
    words = [str(GDB), "-q", "-nx", "-batch", "-ex", PATIENT, "-ex", f"target remote {found[1]}"]
    for line in script:
        words += ["-ex", line]
    done = subprocess.run([*words, str(elf)], capture_output=True, text=True, check=False)
    rest, _ = server.communicate()
    return server.returncode, said + rest, done.stdout + done.stderr


def test_command_line_returns_the_exit_code(debug: Debug, program: Program, tmp_path: Path) -> None:
    elf = program("semihosting")
    code, said, text = serve_and_debug([elf, "--semihosting-dir", str(tmp_path)], ["continue"], elf, tmp_path)
    assert (tmp_path / "note.txt").read_bytes() == b"written"
    assert "stopped at" in said
    assert "exited with code 07" in text
    assert code == 7


def test_crash_report_leads_to_the_moment_before(debug: Debug, program: Program, tmp_path: Path) -> None:
    elf = program("crash")
    result = emberwatch("run", elf, "--seconds", "0.1")
    assert result.returncode == 1
    report = result.stderr
    assert re.search(r"^CRASH  HardFault: read of 0x\w+, which is not aligned.*, in read_word", report), report
    assert re.search(r"#0 .*read_word.*crash\.c:\d+\n +#1 .*middle.*crash\.c:\d+\n +#2 .*main.*crash\.c:\d+", report)
    assert re.search(r"ldr +r0, \[r0", report), report
    assert re.search(r"read +4 bytes at 0x\w+\n", report), report
    at_cycle = re.search(r"GDB: emberwatch gdb \S+ (--at-cycle \d+)\n$", report)
    assert at_cycle, report
    _, _, there = serve_and_debug([elf, *at_cycle[1].split()], ["x/i $pc", "kill"], elf, tmp_path)
    _, said, same = serve_and_debug([elf, "--stop-before-crash"], ["x/i $pc", "stepi", "kill"], elf, tmp_path)
    assert re.search(r"=> 0x\w+ <read_word\+\d+>:\s+ldr\s+r0, \[r0", there), there
    assert re.findall(r"=> .*", there) == re.findall(r"=> .*", same)[:1]
    assert "HardFault: read of" in said


def test_machine_interface_as_editors_use_it(debug: Debug, program: Program) -> None:
    """VS Code speaks GDB/MI: run in the background, pause, look, go on."""
    session = debug(program("two_cores"))
    commands = [
        "-gdb-set mi-async on",
        f"-gdb-{PATIENT}",
        f"-file-exec-and-symbols {program('two_cores')}",
        f"-target-select remote 127.0.0.1:{session.port}",
        "-break-insert work0",
        "-exec-continue",
    ]
    assert GDB is not None
    words = [GDB, "-q", "-nx", "--interpreter=mi3"]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None

        def until(text: str) -> str:
            assert process.stdout is not None
            for line in process.stdout:
                if text in line:
                    return line
            raise AssertionError(f"GDB never said {text}")

        def tell(command: str) -> None:
            assert process.stdin is not None
            process.stdin.write(command + "\n")
            process.stdin.flush()

        for command in commands:
            tell(command)
        assert 'reason="breakpoint-hit"' in until("*stopped,reason")
        tell("-break-delete")
        tell("-exec-continue")
        until("*running")
        tell("-exec-interrupt --all")
        assert 'signal-name="SIGINT"' in until("*stopped,reason")
        tell("-thread-info")
        assert "core 1 in " in until("threads=")
        tell("-data-evaluate-expression count1>0")
        assert 'value="1"' in until("^done,value")
        tell('-interpreter-exec console "kill"')
        until("^done")
        tell("-gdb-exit")
    assert session.finished.wait(60)
