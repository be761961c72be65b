"""Tasks of FreeRTOS: by a program of our own that keeps its lists as the kernel does, and by the kernel itself.

EMBERWATCH_FREERTOS names a folder with the sources of FreeRTOS-Kernel.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from debugging import Debug, Program, debug, program
from paths import ROOT

from emberwatch import Machine
from emberwatch.base.errors import FirmwareCrash
from emberwatch.engines.embedded import chip_of
from emberwatch.inspect.crash import CrashReport, CrashWatch
from emberwatch.inspect.freertos import FreeRtos, Task
from emberwatch.inspect.profiling import Profile, ProfileRecorder
from emberwatch.program.toolchain import COMPILER

__all__ = ["debug", "program"]
SUPPORT = ROOT / "examples" / "support"
ROUNDS = 7


def kernel_of(machine: Machine) -> FreeRtos:
    kernel = FreeRtos.of(machine.image, chip_of(machine.engine).read_memory)
    assert kernel is not None
    return kernel


def crash_of(machine: Machine) -> CrashReport:
    crashes = CrashWatch(machine)
    with contextlib.suppress(FirmwareCrash):
        machine.run(1)
    assert crashes.first is not None
    return crashes.first.report()


def roots(profile: Profile) -> set[str]:
    nodes = profile.cores[0].nodes
    return {node.name for node in nodes if node.parent is None and node.is_function and node.total.cycles}


def test_tasks_are_read_out_of_the_lists(program: Program) -> None:
    with Machine(program("tasks")) as machine:
        kernel = kernel_of(machine)
        assert kernel.tasks() == [], "the scheduler does not run yet"
        machine.run_until_function("work", 1)
        tasks = {task.name: task for task in kernel.tasks()}
        assert [(t.name, t.state, t.priority, t.core) for t in tasks.values()] == [
            ("waits", "blocked", 2, None),
            ("ping", "running", 1, 0),
            ("pong", "ready", 1, None),
        ]
        machine.run_until_function("choose", 1)
        machine.run_until_function("work", 1)
        assert kernel.running(0) == Task(tasks["pong"].address, "pong", 1, "running", 0, tasks["pong"].top)


@pytest.mark.parametrize("port", ["tasks", "mpu_tasks"])
def test_registers_of_a_task_are_those_that_are_kept_for_it(program: Program, port: str) -> None:
    with Machine(program(port)) as machine:
        machine.run_until_function("work", 1)
        kernel = kernel_of(machine)
        waits, _, pong = kernel.tasks()
        for number, task, function in ((2, waits, "waits"), (1, pong, "pong")):
            registers = kernel.registers(task)
            assert [registers[f"r{n}"] for n in range(4, 12)] == list(range(4, 12))
            assert registers["r0"] == 100 + number
            assert machine.image.symbols.at(registers["pc"]) == function
            assert registers["sp"] == machine.image.symbols["stacks"].address + 4 * 128 * (number + 1)


def test_a_crash_names_its_task_and_says_where_the_others_are(program: Program) -> None:
    with Machine(program("tasks")) as machine:
        address = machine.image.symbols["last_round"].address
        machine.engine.write_memory(address, ROUNDS.to_bytes(4, "little"))
        report = crash_of(machine)
    assert report.task is not None and report.task.name == "ping"
    assert report.backtrace[0].function.startswith("ping")
    assert {task.name: [f.function.partition("+")[0] for f in frames] for task, frames in report.others} == {
        "waits": ["waits"],
        "pong": ["yield", "pong"],
    }
    text = report.text("")
    assert "Backtrace of task 'ping', running, priority 1" in text
    assert re.search(r"pong +ready +priority 1  yield\+\w+ < pong\+\w+", text), text


def test_tasks_are_threads_of_gdb(debug: Debug, program: Program) -> None:
    text = debug(program("tasks")).gdb(
        """
        break work
        continue
        continue
        info threads
        delete
        finish
        next
        next
        info symbol $pc
        thread find ping
        thread apply all -s backtrace 3
        kill
        """
    )
    assert "(task 'pong', running, priority 1, core 0 in work)" in text
    assert "(task 'ping', ready, priority 1 in yield" in text
    assert "(core 1 in " in text
    assert "\npong + 2 in section .text" in text, "next over yield() stays with its task"
    assert re.search(r"#0 +yield \(\).*\n#1 +\S+ in ping \(\)", text), text


def test_a_sleeping_task_steps_when_its_turn_comes(debug: Debug, program: Program) -> None:
    text = debug(program("tasks")).gdb(
        """
        break work
        continue
        continue
        delete
        thread 2
        thread 3
        set $r4 = 77
        stepi
        info registers r4
        info threads
        kill
        """
    )
    assert re.search(r"^r4 +0x4d ", text, re.M), text
    assert "(task 'ping', running, priority 1, core 0" in text


def test_each_task_is_the_root_of_its_calls(program: Program) -> None:
    with Machine(program("tasks")) as machine:
        recorder = ProfileRecorder(machine)
        machine.run(0.0005)
        recorder.begin()
        machine.run(0.0005)
        profile = recorder.profile()
    assert roots(profile) == {"ping", "pong"}
    nodes = profile.cores[0].nodes
    callers = {nodes[n.parent].name for n in nodes if n.name == "work" and n.parent is not None}
    assert callers == {"ping", "pong"}


# The kernel itself


def kernel_sources() -> Path:
    folder = os.environ.get("EMBERWATCH_FREERTOS")
    if not folder:
        pytest.skip("set EMBERWATCH_FREERTOS to the sources of FreeRTOS-Kernel")
    if shutil.which(COMPILER) is None:
        pytest.skip(f"{COMPILER} is not installed")
    return Path(folder)


@pytest.fixture(scope="module")
def freertos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three tasks on FreeRTOS' own port for the Cortex-M0."""
    kernel = kernel_sources()
    port = kernel / "portable/GCC/ARM_CM0"
    folder = Path(__file__).parent / "freertos"
    sources = [SUPPORT / name for name in ("start.S", "boot2.S", "sdk.c")] + [folder / "main.c"]
    sources += [kernel / name for name in ("tasks.c", "list.c", "queue.c", "portable/MemMang/heap_4.c")]
    sources += list(port.glob("port*.c"))
    elf = tmp_path_factory.mktemp("freertos") / "freertos.elf"
    command = [COMPILER, "-mcpu=cortex-m0plus", "-mthumb", "-O2", "-g", "-ffreestanding", "-nostdlib"]
    command += ["-fno-tree-loop-distribute-patterns", "-Wl,--no-warn-rwx-segments", "-T", SUPPORT / "no_flash.ld"]
    command += [f"-I{path}" for path in (folder, SUPPORT, kernel / "include", port)]
    done = subprocess.run(
        [*map(str, command), *map(str, sources), "-lgcc", "-o", str(elf)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return elf


def test_a_crash_of_freertos_names_its_task(freertos: Path) -> None:
    with Machine(freertos) as machine:
        report = crash_of(machine)
    assert report.task is not None and report.task.name == "counter"
    assert [frame.function.partition("+")[0] for frame in report.backtrace] == ["fails", "counter"]
    others = {task.name: (task.state, [f.function.partition("+")[0] for f in frames]) for task, frames in report.others}
    assert others["logger"][0] == "blocked" and others["logger"][1][-2:] == ["xQueueReceive", "logger"]
    assert others["sleeper"][0] == "blocked" and others["sleeper"][1][-2:] == ["vTaskDelay", "sleeper"]
    assert others["IDLE"][0] == "ready"


def test_profiles_of_freertos_have_tasks_as_roots(freertos: Path) -> None:
    with Machine(freertos) as machine:
        recorder = ProfileRecorder(machine)
        machine.run(0.03)
        recorder.begin()
        machine.run(0.03)
        profile = recorder.profile()
    assert roots(profile) == {"counter", "logger", "sleeper", "prvIdleTask"}
