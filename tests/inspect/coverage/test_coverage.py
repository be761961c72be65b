"""Coverage of a program whose lines and branches are known, of the firmware, and merged over runs."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from paths import ROOT
from programs import build, needs_firmware

from emberwatch.base.errors import UsageError
from emberwatch.detector.machine import DetectorMachine
from emberwatch.inspect import coverage
from emberwatch.inspect.coverage import html, lcov, report
from emberwatch.inspect.coverage.program import is_conditional_branch, read_program

SOURCE = """
volatile unsigned input = 3, sink;
__attribute__((noinline, noclone, used)) unsigned classify(unsigned n) {
    if (n > 100) {
        sink = 1; /* never */
        return 7;
    }
    while (n) {
        sink = n; /* three times */
        --n;
    }
    return 2;
}
__attribute__((noinline, noclone, used)) unsigned unused(void) {
    return sink * 3; /* not called */
}
void start(void) {
    sink = classify(input);
    for (;;) __asm volatile("wfi");
}
__attribute__((naked)) void entry(void) { __asm volatile("ldr r0, =0x20040000\\n msr msp, r0\\n bl start\\n"); }
"""


def line_of(text: str) -> int:
    return next(n for n, line in enumerate(SOURCE.splitlines(), 1) if text in line)


@pytest.fixture(scope="module")
def elf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("coverage"), SOURCE, "branches", "-O1")


@pytest.fixture
def gathering(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    coverage.flush()
    monkeypatch.setenv(coverage.VARIABLE, str(tmp_path / "gathered"))
    coverage.start()
    yield tmp_path / "gathered"
    coverage.flush()


def run(elf: Path, value: int | None = None) -> DetectorMachine:
    machine = DetectorMachine(elf, engine="embedded")
    if value is not None:
        machine.engine.write_memory(machine.image.symbols["input"].address, value.to_bytes(4, "little"))
    machine.run(0.001)
    return machine


def test_lines_and_branches_of_one_run(elf: Path, gathering: Path) -> None:
    run(elf)
    assert coverage.flush() is not None
    result = report.load(gathering)
    file = next(f for f in result.files if f.name.endswith("branches.c"))
    assert result.runs == 1
    assert file.lines[line_of("/* never */")] == 0
    assert file.lines[line_of("/* three times */")] == 1
    assert file.lines[line_of("return sink * 3")] == 0
    assert file.lines[line_of("sink = classify")] == 1
    guard = file.branches[line_of("n > 100")]
    assert [(b.reached, bool(b.taken) != bool(b.not_taken)) for b in guard] == [(1, True)], "always the same way"
    loop = [b for b in file.branches[line_of("while (n)")] + file.branches.get(line_of("--n"), []) if b.reached]
    assert any(b.taken and b.not_taken for b in loop), "the loop went round and ended"
    assert file.functions["classify"][1] == 1
    assert file.functions["unused"][1] == 0


def test_runs_are_merged(elf: Path, gathering: Path) -> None:
    run(elf)
    run(elf, 200)
    coverage.flush()
    run(elf, 200)
    coverage.flush()
    assert len(list(gathering.glob("*.coverage.json"))) == 2
    file = report.load(gathering).files[0]
    assert file.lines[line_of("/* never */")] == 2
    assert file.lines[line_of("/* three times */")] == 1
    guard = file.branches[line_of("n > 100")][0]
    assert guard.reached == 3 and {guard.taken, guard.not_taken} == {1, 2}


def test_a_strangers_project_names_its_sources_from_its_build_folder(
    gathering: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = tmp_path / "project"
    for name in ("src", "build"):
        (project / name).mkdir(parents=True)
    (project / "src/secrets.env").write_text("KEY=1\n")
    named = '#line 1 "../src/secrets.env"\n__attribute__((used)) int named(void) { return 1; }\n'
    (project / "src/app.c").write_text(f"{SOURCE}\n{named}")
    monkeypatch.chdir(project / "build")
    run(build(Path(), '#include "../src/app.c"\n', "all", "-O1").resolve())
    coverage.flush()
    monkeypatch.chdir(project)
    assert [file.name for file in report.load(gathering).files] == ["src/app.c"]
    assert report.load(gathering, include=["src/*"]).files[0].lines_hit
    assert report.load(gathering, exclude=["app.c"]).files == []


def test_an_unmet_folder_and_changed_firmware_are_refused(elf: Path, gathering: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no coverage in"):
        report.load(tmp_path)
    copy = tmp_path / "copy.elf"
    shutil.copy(elf, copy)
    run(copy)
    coverage.flush()
    copy.write_bytes(copy.read_bytes() + b"\0")
    with pytest.raises(UsageError, match="has changed since"):
        report.load(gathering)


def test_off_by_default(elf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(coverage.VARIABLE, raising=False)
    run(elf)
    assert coverage.flush() is None


def test_cycles_are_the_same_with_coverage(gathering: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    firmware = needs_firmware()
    covered = DetectorMachine(firmware, engine="embedded")
    monkeypatch.delenv(coverage.VARIABLE)
    plain = DetectorMachine(firmware, engine="embedded")
    for machine in (covered, plain):
        machine.run(0.3)
    assert covered.cycles == plain.cycles
    assert covered.lines == plain.lines
    assert covered.functions == plain.functions
    monkeypatch.setenv(coverage.VARIABLE, str(gathering))
    coverage.flush()  # or the next test would find this run among its own


def test_breakpoints_and_coverage_share_an_instruction(elf: Path, gathering: Path) -> None:
    program = read_program(elf)
    classify = program.functions["classify"]
    branch = min(address for address in program.branches if address > classify)
    machine = DetectorMachine(elf, engine="embedded")
    machine.engine.add_breakpoint(branch)
    stop, _ = next(machine.stops_until(10_000))
    assert stop.pc == branch
    machine.engine.remove_breakpoint(branch)
    machine.run(0.001)
    coverage.flush()
    guard = report.load(gathering).files[0].branches[line_of("n > 100")][0]
    assert (guard.reached, guard.taken + guard.not_taken) == (1, 1)


def test_lcov_is_consistent_and_genhtml_takes_it(elf: Path, gathering: Path, tmp_path: Path) -> None:
    run(elf)
    coverage.flush()
    result = report.load(gathering)
    text = lcov.write(result)
    records = [line.partition(":") for line in text.splitlines()]
    lines = [value.split(",") for key, _, value in records if key == "DA"]
    assert [int(value) for key, _, value in records if key == "LF"] == [len(lines)]
    assert [int(value) for key, _, value in records if key == "LH"] == [sum(hits != "0" for _, hits in lines)]
    branches = [value.split(",") for key, _, value in records if key == "BRDA"]
    assert [int(value) for key, _, value in records if key == "BRF"] == [len(branches)]
    assert [int(value) for key, _, value in records if key == "BRH"] == [sum(b[3] not in "0-" for b in branches)]
    assert len({tuple(b[:3]) for b in branches}) == len(branches)
    assert text.endswith("end_of_record\n")
    if (tool := shutil.which("genhtml")) is None:
        pytest.skip("genhtml is missing; apt-get install lcov")
    (tmp_path / "coverage.info").write_text(text)
    command = [tool, "--branch-coverage", "-o", tmp_path / "html", tmp_path / "coverage.info"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    hit, count = result.lines
    assert f"({hit} of {count} lines)" in done.stdout


def test_own_page_marks_lines(elf: Path, gathering: Path) -> None:
    run(elf)
    coverage.flush()
    page = html.write(report.load(gathering))
    marked = {
        kind: [text for text in page.split("<span ") if text.startswith(f'class="{kind}"')]
        for kind in ("hit", "part", "miss")
    }
    assert any("/* never */" in text for text in marked["miss"])
    assert any("/* three times */" in text for text in marked["hit"])
    assert any("n &gt; 100" in text for text in marked["part"])
    assert "http" not in page.replace("http-equiv", "")


def test_conditional_branches_are_told_from_others() -> None:
    assert is_conditional_branch(0xD0FE) and is_conditional_branch(0xDDFE)
    assert not is_conditional_branch(0xDE00), "UDF"
    assert not is_conditional_branch(0xDF00), "SVC"
    assert not is_conditional_branch(0xE7FE), "B T2"


def test_literal_pools_are_no_code() -> None:
    program = read_program(needs_firmware())
    decoded = subprocess.run(
        ["arm-none-eabi-objdump", "-d", program.path], capture_output=True, text=True, check=True
    ).stdout
    words = (line.split("\t") for line in decoded.splitlines())
    conditional = {
        int(w[0].strip(" :"), 16)
        for w in words
        if len(w) > 3
        and w[2].strip().removesuffix(".n")
        in {"beq", "bne", "bcs", "bcc", "bmi", "bpl", "bvs", "bvc", "bhi", "bls", "bge", "blt", "bgt", "ble"}
    }
    assert program.branches == conditional


def test_a_robot_run_gathers_over_all_its_boards(tmp_path: Path) -> None:
    needs_firmware()
    (tmp_path / "two.robot").write_text(
        f"*** Settings ***\nResource    {ROOT}/robot/resources/emberwatch.resource\nTest Setup    Forget Board\n"
        "*** Test Cases ***\n"
        "One\n    Power On Board\n    Run For    100 ms\n"
        "Two\n    Power On Board\n    Run For    200 ms\n"
    )
    folder = tmp_path / "gathered"
    command = [
        sys.executable,
        "-m",
        "robot",
        "--pythonpath",
        ROOT,
        "--outputdir",
        tmp_path / "out",
        "--console",
        "none",
    ]
    environment = {name: value for name, value in os.environ.items() if name != coverage.VARIABLE}
    done = subprocess.run([*command, "--variable", f"COVERAGE:{folder}", tmp_path / "two.robot"], env=environment,
                          capture_output=True, text=True, check=False)  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    result = report.load(folder)
    assert result.runs == 2
    main = next(f for f in result.files if f.name == "firmware/apps/detector/main.c")
    assert max(main.lines.values()) == 2
    command = [sys.executable, "-m", "emberwatch.cli.main", "coverage", folder, "--html", "own"]
    done = subprocess.run([*command, "--minimum", "20"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert (folder / "coverage.info").is_file() and (folder / "coverage.html").is_file()
    done = subprocess.run([*command, "--minimum", "99.9"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "at least 99.9 %" in done.stderr
