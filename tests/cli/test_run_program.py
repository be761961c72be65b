"""`emberwatch run` with a stranger's program: expectations, exit codes, what is written on every outcome."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
from command_line import emberwatch, should_refuse
from paths import ROOT

sys.path.insert(0, str(ROOT / "tests" / "foreign"))
from foreign import build

jsonschema = pytest.importorskip("jsonschema")


@pytest.fixture(scope="module")
def program() -> Path:
    return build("bystep")


def outcome(*arguments: object) -> dict[str, object]:
    """The JSON object, which fits its schema and tells the exit code."""
    done = emberwatch("run", *arguments, "--json")
    result = json.loads(done.stdout)
    jsonschema.validate(result, json.loads(emberwatch("schema").stdout))
    assert result["exit_code"] == done.returncode, done.stderr
    return result


def steps(folder: Path, text: str) -> Path:
    path = folder / "steps.toml"
    path.write_text(text)
    return path


def test_expectations_that_hold(program: Path, tmp_path: Path) -> None:
    result = outcome(
        program, "--expect", "ready", "--expect", "/^> $/", "--fail", "FAIL", "--junit", tmp_path / "j.xml"
    )
    assert (result["outcome"], result["exit_code"]) == ("passed", 0)
    assert float(str(result["seconds"])) < 0.1
    suite = ElementTree.parse(tmp_path / "j.xml").getroot()[0]
    assert (suite.get("tests"), suite.get("failures")) == ("4", "0")
    assert "ready" in (suite.findtext("system-out") or "")


def test_an_expectation_that_does_not_hold(program: Path, tmp_path: Path) -> None:
    result = outcome(
        program, "--expect", "never", "--until", "nor this", "--timeout", "20 ms", "--junit", tmp_path / "j.xml"
    )
    assert (result["outcome"], result["exit_code"]) == ("failed", 1)
    assert "text 'never' did not come within 0.02 s" in str(result["message"])
    states = [step["result"] for step in result["steps"]]  # type: ignore[index, union-attr]
    assert states == ["failed", "skipped"]
    suite = ElementTree.parse(tmp_path / "j.xml").getroot()[0]
    assert (suite.get("tests"), suite.get("failures"), suite.get("skipped")) == ("3", "1", "1")


def test_what_must_not_come_ends_the_run(program: Path) -> None:
    result = outcome(program, "--fail", "/re.dy/", "--seconds", "1")
    assert (result["outcome"], result["exit_code"]) == ("failed", 1)
    assert float(str(result["seconds"])) < 0.1


def test_what_did_not_come_in_the_time_given_ends_the_run_well(program: Path) -> None:
    result = outcome(program, "--fail", "never", "--timeout", "70 ms")
    assert (result["outcome"], result["exit_code"]) == ("passed", 0)
    assert result["seconds"] == pytest.approx(0.07, abs=0.002)


def test_a_program_ends_with_its_own_code(program: Path, tmp_path: Path) -> None:
    scenario = steps(tmp_path, '[[step]]\nexpect = "ready"\n[[step]]\nwrite = "exit\\n"\n[[step]]\nwait = 1\n')
    result = outcome(program, "--scenario", scenario)
    assert (result["outcome"], result["exit_code"]) == ("ended", 7)
    assert result["exit"]["how"] == "semihosting"  # type: ignore[index]
    assert result["ports"]["semihosting"]["text"] == "bye\n"  # type: ignore[index]


def test_a_crash_tells_all(program: Path, tmp_path: Path) -> None:
    scenario = steps(tmp_path, '[[step]]\nexpect = "ready"\n[[step]]\nwrite = "crash\\n"\n[[step]]\nexpect = "never"\n')
    result = outcome(program, "--scenario", scenario)
    assert (result["outcome"], result["exit_code"]) == ("crashed", 1)
    crash = result["crash"]
    assert "undefined instruction" in crash["title"]  # type: ignore[index]
    assert crash["registers"]["pc"] == crash["instructions"][-1]["pc"]  # type: ignore[index]
    assert any("main" in frame for frame in crash["backtrace"])  # type: ignore[index]


def test_a_reset_ends_the_run_if_asked(program: Path, tmp_path: Path) -> None:
    scenario = steps(tmp_path, '[[step]]\nexpect = "ready"\n[[step]]\nwrite = "reset\\n"\n[[step]]\nwait = "50 ms"\n')
    assert outcome(program, "--scenario", scenario)["outcome"] == "passed"
    result = outcome(program, "--scenario", scenario, "--until-reset")
    assert result["exit"]["how"] == "reset"  # type: ignore[index]
    assert result["ports"]["uart0"]["text"].count("ready") == 1, "it ends before the program is up again"  # type: ignore[index]


def test_what_main_returns_is_the_exit_code(program: Path, tmp_path: Path) -> None:
    scenario = steps(tmp_path, '[[step]]\nexpect = "> "\n[[step]]\nwrite = "return\\n"\n[[step]]\nwait = "50 ms"\n')
    result = outcome(program, "--scenario", scenario)
    assert (result["outcome"], result["exit_code"]) == ("ended", 3)
    assert result["exit"]["how"] == "main"  # type: ignore[index]


def test_a_wrong_input_is_told_in_json_too(program: Path, tmp_path: Path) -> None:
    scenario = steps(tmp_path, '[[step]]\nexpct = "ready"\n')
    result = outcome(program, "--scenario", scenario)
    assert (result["outcome"], result["exit_code"]) == ("error", 2)
    assert "step 1: step 'expct' is not known; did you mean 'expect'?" in str(result["message"])


@pytest.mark.parametrize(
    ("arguments", "fragment"),
    [
        (("--expect", ""), "the text to expect is empty"),
        (("--expect", "/(/"), "/(/ is no regular expression"),
        (("--timeout", "soon", "--expect", "x"), "--timeout = 'soon' must be a time"),
        (("--timeout", "5"), "--timeout is for --expect"),
        (("--flash", "x.bin"), "'x.bin' must be FILE@OFFSET"),
        (("--flash", "absent.bin@0x1000"), "absent.bin cannot be read"),
        (("--tcp", "usb"), "--tcp 'usb' must be PORT=NUMBER"),
        (("--pty", "lpt"), "--pty 'lpt' is no serial port"),
        (("--interactive", "--json"), "excludes"),
    ],
)
def test_refusals(program: Path, arguments: tuple[str, ...], fragment: str) -> None:
    done = emberwatch("run", program, *arguments)
    assert done.returncode == 2
    assert fragment in done.stderr
    assert "Traceback" not in done.stderr


def test_the_terminal_gets_no_control_characters(program: Path, tmp_path: Path) -> None:
    scenario = steps(tmp_path, '[[step]]\nexpect = "ready"\n[[step]]\nwrite = "escape\\n"\n[[step]]\nexpect = "red"\n')
    done = emberwatch("run", program, "--scenario", scenario, "--uart", "--serial-log", tmp_path / "log.txt")
    assert done.returncode == 0
    assert r"\x1b[31mred" in done.stdout
    assert "\x1b" not in done.stdout + (tmp_path / "log.txt").read_text()


def test_flash_images_and_what_is_kept(program: Path, tmp_path: Path) -> None:
    (tmp_path / "settings.bin").write_bytes(b"settings")
    kept = tmp_path / "flash.bin"
    run = ("run", program, "--expect", "ready", "--flash-file", kept)
    assert emberwatch(*run, "--flash", f"{tmp_path}/settings.bin@0x180000").returncode == 0
    assert kept.read_bytes()[0x180000:0x180008] == b"settings"
    assert emberwatch(*run).returncode == 0
    assert kept.read_bytes()[0x180000:0x180008] == b"settings"
    should_refuse(emberwatch(*run, "--flash", f"{tmp_path}/settings.bin@0x200"), "overlaps the program")


def test_nothing_sits_on_the_pins_of_a_stranger(program: Path) -> None:
    assert outcome(program, "--expect", "ready")["devices"] == {}
    bare = ROOT / "tests/cli/bare.toml"
    assert outcome(program, "--board", bare, "--expect", "ready")["board"] == "bare"
