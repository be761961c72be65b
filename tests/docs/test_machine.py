"""The machine in the page, in a real browser: the bytes and the cycles of the native engine, an alarm by ear, refusals.

Needs `make wasm firmware`, Chromium with its driver, and Selenium; without them these tests are skipped and say so.
"""

from __future__ import annotations

import http.server
import importlib.util
import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from paths import ROOT

pytest.importorskip("emberwatch._native", reason="the emulator core is not built; run: make setup")
webdriver = pytest.importorskip("selenium.webdriver", reason="Selenium is not installed; run: make setup-dev")

from selenium.webdriver.common.by import By  # noqa: E402

from emberwatch import Machine, Scenario  # noqa: E402

_spec = importlib.util.spec_from_file_location("site_machine", ROOT / "scripts/site/machine.py")
assert _spec is not None and _spec.loader is not None
site = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(site)

PAGE = """<!doctype html><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<div id="emberwatch-machine"></div><script type="module" src="machine/machine.js"></script>"""
TYPES = {".js": "text/javascript", ".css": "text/css", ".wasm": "application/wasm", ".html": "text/html"}
HOST_SECONDS = 240  # far more than a busy host takes for what is waited for here

Browser = Any


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """The page as it stands in the documentation, served to this host alone."""
    for path, command in ((site.EMULATOR, "make wasm"), (site.PROGRAM, "make firmware")):
        if not path.is_file():
            pytest.skip(f"{path.relative_to(ROOT)} is not built; run: {command}")
    files = {path.name: path.read_bytes() for path in (ROOT / "docs/machine").iterdir()} | site.assets()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            name = self.path.partition("?")[0].removeprefix("/").removeprefix("machine/") or "index.html"
            data = PAGE.encode() if name == "index.html" else files.get(name)
            self.send_response(200 if data is not None else 404)
            self.send_header("Content-Type", TYPES.get(Path(name).suffix, "application/octet-stream"))
            self.end_headers()
            self.wfile.write(data or b"")

        def log_message(self, *_: object) -> None:
            return

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def alarm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path: Path = tmp_path_factory.mktemp("sound") / "alarm.wav"
    path.write_bytes(site.alarm())
    return path


@pytest.fixture
def browser(address: str, alarm: Path) -> Iterator[Browser]:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    driver = shutil.which("chromedriver")
    if chromium is None or driver is None:
        pytest.skip("Chromium or its driver is missing; run: apt-get install chromium chromium-driver")
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for argument in (
        "--headless=new",
        "--no-sandbox",
        "--disable-dev-shm-usage",
        "--use-fake-ui-for-media-stream",  # the visitor says yes
        "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-audio-capture={alarm}",
    ):
        options.add_argument(argument)
    with webdriver.Chrome(options=options, service=webdriver.ChromeService(driver)) as chrome:
        chrome.get(address)
        wait(chrome, lambda: chrome.execute_script("return !!document.querySelector('.ew')?.machine"))
        yield chrome


def wait(browser: Browser, condition: Any) -> None:
    deadline = time.monotonic() + HOST_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            pytest.fail(f"the page hangs: {browser.find_element(By.CSS_SELECTOR, '.ew').text}")
        time.sleep(0.1)


def state(browser: Browser) -> str:
    return str(browser.execute_script("return document.querySelector('.ew').dataset.state"))


def part(browser: Browser, name: str) -> Any:
    return browser.find_element(By.CLASS_NAME, f"ew-{name}")


def test_bytes_and_cycles_are_those_of_the_native_engine(browser: Browser, alarm: Path) -> None:
    part(browser, "fast").click()
    part(browser, "sound").send_keys(str(alarm))
    wait(browser, lambda: state(browser) in ("finished", "failed", "stopped"))
    assert state(browser) == "finished", part(browser, "error").text
    page = browser.execute_script(
        "const m = document.querySelector('.ew').machine, {bytes, cycles} = m.console.transcript(0);"
        "return {bytes, cycles: cycles.map(Number), end: Number(m.report.cycles), seconds: m.report.seconds,"
        " speed: m.speed}"
    )
    sound = Scenario.from_file(alarm)
    sent: list[tuple[int, int]] = []
    with Machine(site.PROGRAM, sound, board="pico", seed=1) as machine:
        take = machine.engine.take_uart

        def recorded() -> list[tuple[int, int]]:
            taken = take()
            sent.extend(taken)
            return taken

        machine.engine.take_uart = recorded  # type: ignore[method-assign]
        machine.run(sound.seconds + 1)
        assert any(line.startswith("ALARM on") and "kind=t3" in line for _, line in machine.lines)
        assert bytes(page["bytes"]) == bytes(byte for _, byte in sent)
        assert page["cycles"] == [cycle for cycle, _ in sent]
        assert page["end"] == machine.cycles
    assert part(browser, "alarm").text.startswith("ALARM t3")
    print(f"in the page: {page['speed']:.1f} x real time; native: {machine.real_time_factor:.1f} x")


def test_a_microphone_is_heard_and_its_sound_is_the_clock(browser: Browser) -> None:
    part(browser, "listen").click()
    wait(browser, lambda: "ALARM" in part(browser, "alarm").text)
    supplied, emulated = browser.execute_script(
        "const m = document.querySelector('.ew').machine; return [m.heardSeconds, m.report.seconds]"
    )
    assert 0 < emulated <= supplied + 1e-6  # an instruction is not split


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("notes.elf", b"these are notes", "neither ELF nor UF2"),
        ("pc.elf", b"\x7fELF\x02\x01\x01" + bytes(11) + b"\x3e\x00" + bytes(44), "needs 32-bit Arm"),
        ("cut.elf", b"\x7fELF\x01\x01\x01" + bytes(11) + b"\x28\x00", "cut off"),
    ],
)
def test_a_file_that_is_no_program_is_refused_in_one_line(
    browser: Browser, tmp_path: Path, name: str, data: bytes, message: str
) -> None:
    (tmp_path / name).write_bytes(data)
    part(browser, "program").send_keys(str(tmp_path / name))
    wait(browser, lambda: part(browser, "error").text)
    assert message in part(browser, "error").text
    assert name in part(browser, "error").text


def test_nothing_is_wider_than_a_phone(browser: Browser) -> None:
    browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride", {"width": 360, "height": 740, "deviceScaleFactor": 1, "mobile": True}
    )
    wide = browser.execute_script("return [document.documentElement.scrollWidth, window.innerWidth]")
    assert wide[0] <= wide[1]
