"""What only a real Renode shows: the bridge in its monitor. Skipped without one (docs/renode.md says how to get it)."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from paths import ROOT
from scipy.io import wavfile

from emberwatch.base.errors import EmberwatchError, EngineError, FirmwareCrash
from emberwatch.board.board import load_board
from emberwatch.engines.renode import install, worker
from emberwatch.machine.machine import Machine

pytestmark = pytest.mark.usefixtures("real_renode")


class Monitor:
    """A board in Renode, without the engine's ways of running it."""

    def __init__(self) -> None:
        self.worker = worker.acquire(install.environment())
        self.worker.call("open", load_board("pico"), 1)

    def __call__(self, command: str) -> str:
        return str(self.worker.call("command", command))

    def load(self, elf: Path) -> None:
        self(f"sysbus LoadELF @{elf}")
        self("chip Boot")

    def run(self, seconds: float) -> None:
        self(f'emulation RunFor "{seconds}"')

    def number(self, command: str) -> int:
        return int(self(command).split()[0], 0)

    def console(self) -> str:
        return bytes(byte for _, byte in self.worker.call("take_uart")).decode()


@pytest.fixture
def monitor() -> Iterator[Monitor]:
    board = Monitor()
    yield board
    worker.release(board.worker)


@pytest.fixture(scope="module", autouse=True)
def end_processes() -> Iterator[None]:
    yield
    worker.end_all()


def tone(path: Path, seconds: float) -> Path:
    t = np.arange(int(16000 * seconds)) / 16000
    wavfile.write(path, 16000, np.round(20000 * np.sin(2 * np.pi * 3100 * t)).astype(np.int16))
    return path


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("chip SkipGranularity -5", "SkipGranularity = -5 is outside 1 to 1000000"),
        ("mic Timebase -1", "rate = -1 is outside 0 to"),
        ("mic Analog 1 2.5", "offset = 2.5 is outside -1 to 1"),
        ("gpio Brightness -1", "pin = -1 is outside 0 to 29"),
        ("gpio Brightness 99", "pin = 99 is outside 0 to 29"),
        ("gpio OnGPIO 99 true", "pin = 99 is outside 0 to 29"),
        ("uart0 Peek -4", "offset = -4 is outside 0 to"),
        ("mic PlayWav @/nonexistent/a.wav", "there is no such file"),
        ("mic PlayBits @/nonexistent/a.bits", "there is no such file"),
        (f"mic PlayWav @{ROOT}/README.md", "no WAV file"),
        ('mic Break "loose"', "none, missing, stuck_low, stuck_high"),
    ],
)
def test_bad_input_is_answered_with_its_reason(shared: Monitor, command: str, answer: str) -> None:
    with pytest.raises(EngineError, match=re.escape(answer)):
        shared(command)


@pytest.fixture(scope="module")
def shared() -> Iterator[Monitor]:
    """One board for tests that leave no trace."""
    board = Monitor()
    board("using sysbus")
    yield board
    worker.release(board.worker)


def test_a_saved_board_goes_on_where_it_was(monitor: Monitor, firmware: Path, tmp_path: Path) -> None:
    monitor.load(firmware)
    monitor(f"sysbus.mic PlayWav @{tone(tmp_path / 'tone.wav', 2)}")
    monitor.run(0.5)
    at = monitor.number("sysbus.chip CpuCycles")
    monitor(f"Save @{tmp_path / 'snapshot'}")

    def goes_on() -> tuple[int, int]:
        monitor.run(0.5)
        return monitor.number("sysbus.chip CpuCycles"), monitor.number("sysbus.chip Cycle")

    first = goes_on()
    monitor(f"Load @{tmp_path / 'snapshot'}")
    monitor('mach set "emberwatch"')
    assert monitor.number("sysbus.chip CpuCycles") == at
    assert goes_on() == first


def test_after_machine_reset_the_board_hears_at_once(monitor: Monitor, firmware: Path, tmp_path: Path) -> None:
    monitor.load(firmware)
    monitor(f"sysbus.mic PlayWav @{tone(tmp_path / 'tone.wav', 6)}")
    monitor.run(1.5)
    monitor.console()
    monitor("machine Reset")
    monitor.load(firmware)
    monitor.run(1.2)
    lines = monitor.console().splitlines()
    assert any(line.startswith("emberwatch") and "crc=ok" in line for line in lines), lines
    levels = [int(level) for line in lines for level in re.findall(r"\bl=(\d+)", line)]
    assert levels and min(levels) < 30, f"a tone at -4 dBFS in {lines}"


@pytest.mark.parametrize("end", ["Begin", "End"])
def test_hooks_of_others_at_blocks_leave_the_clock_alone(monitor: Monitor, firmware: Path, end: str) -> None:
    monitor.load(firmware)
    monitor.run(0.3)

    def cycles() -> int:
        before = monitor.number("sysbus.chip CpuCycles")
        monitor.run(0.32)  # ten blocks of the firmware
        return monitor.number("sysbus.chip CpuCycles") - before

    alone = cycles()
    monitor(f'sysbus.cpu SetHookAtBlock{end} "pass"')
    assert cycles() == pytest.approx(alone, rel=0.02)


def compiled(tmp_path: Path, source: str) -> Path:
    """A program of C in SRAM."""
    (tmp_path / "program.c").write_text(source)
    elf = tmp_path / "program.elf"
    options = ["-mcpu=cortex-m0plus", "-mthumb", "-Os", "-nostdlib", "-Wl,-Ttext=0x20000000", "-Wl,-e,start"]
    done = subprocess.run(
        ["arm-none-eabi-gcc", *options, "-o", elf, tmp_path / "program.c"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return elf


THERMOMETER = """
#define R(a) (*(volatile unsigned*)(a))
__attribute__((noreturn)) void start(void) {
    R(0x4000F000) = 1u << 3 | 1u << 5 | 1u << 8;  /* I2C0, IO_BANK0 and PADS_BANK0 out of reset */
    R(0x40014024) = 3; R(0x4001402c) = 3;         /* GP4 and GP5 */
    R(0x40044000) = 0x65; R(0x4004401c) = 20; R(0x40044020) = 20;
    R(0x40044004) = 0x70; R(0x4004406c) = 1;
    R(0x40044010) = 0;                            /* register 0, a repeated start, one byte, stop */
    R(0x40044010) = 0x700;
    while (!R(0x40044078)) {}
    R(0x20001000) = 0x100 | (R(0x40044010) & 0xff);
    for (;;) {}
}
"""


def test_a_sensor_of_renodes_library_answers_over_i2c(monitor: Monitor, tmp_path: Path) -> None:
    elf = compiled(tmp_path, THERMOMETER)
    description = "thermometer: Sensors.TMP103 @ i2c0 0x70"
    monitor(f'machine LoadPlatformDescriptionFromString "{description}"')
    monitor("sysbus.i2c0.thermometer Temperature 21")
    monitor(f"sysbus LoadELF @{elf}")
    monitor("sysbus.chip Start 0x20000000 0x20040000")
    monitor.run(0.01)
    assert monitor.number("sysbus ReadDoubleWord 0x20001000") == 0x100 | 21


SPI_THERMOMETER = """
#define R(a) (*(volatile unsigned*)(a))
__attribute__((noreturn)) void start(void) {
    R(0x4000F000) = 1u << 16 | 1u << 5 | 1u << 8;  /* SPI0, IO_BANK0 and PADS_BANK0 out of reset */
    R(0x40008048) = 0x800;
    for (int pin = 16; pin < 20; ++pin) R(0x40014004 + 8 * pin) = 1;
    R(0x4003c010) = 2; R(0x4003c000) = 3 << 6 | 7; R(0x4003c004) = 2;  /* mode 3: CSn stays low */
    R(0x4003c008) = 0; R(0x4003c008) = 0;
    unsigned value = 0;
    for (int n = 0; n < 2; ++n) {
        while (!(R(0x4003c00c) & 4)) {}
        value = value << 8 | R(0x4003c008);
    }
    R(0x20001000) = value;
    for (;;) {}
}
"""


def test_a_sensor_of_renodes_library_answers_over_spi(monitor: Monitor, tmp_path: Path) -> None:
    monitor('machine LoadPlatformDescriptionFromString "thermometer: Sensors.TI_LM74 @ spi0"')
    monitor("sysbus.spi0.thermometer Temperature 21")
    monitor(f"sysbus LoadELF @{compiled(tmp_path, SPI_THERMOMETER)}")
    monitor("sysbus.chip Start 0x20000000 0x20040000")
    monitor.run(0.01)
    assert monitor.number("sysbus ReadDoubleWord 0x20001000") == int(21 / 0.0625) << 3 | 7


NMI = """
#define R(a) (*(volatile unsigned*)(a))
__attribute__((aligned(256))) unsigned vectors[16];
void handler(void) { R(0x40054034) = 1; ++R(0x20001000); }
__attribute__((noreturn)) void start(void) {
    __asm__ volatile("cpsid i");
    R(0x20001000) = 0;
    R(0x4000F000) = 1u << 21 | 1u << 19;  /* TIMER and SYSCFG out of reset */
    vectors[2] = (unsigned)&handler | 1;
    R(0xe000ed08) = (unsigned)vectors;
    R(0x40004000) = 1;                     /* TIMER_IRQ_0 is core 0's NMI */
    R(0x4005802c) = 1 << 9 | 12;
    R(0x40054038) = 1;
    R(0x40054010) = R(0x40054028) + 100;
    for (;;) {}
}
"""


def test_a_line_that_syscfg_makes_the_nmi_arrives_as_one(monitor: Monitor, tmp_path: Path) -> None:
    monitor(f"sysbus LoadELF @{compiled(tmp_path, NMI)}")
    monitor("sysbus.chip Start 0x20000000 0x20040000")
    monitor.run(0.01)
    assert monitor.number("sysbus ReadDoubleWord 0x20001000") == 1


def test_a_log_of_accesses_has_them_all(monitor: Monitor, firmware: Path) -> None:
    monitor.load(firmware)
    monitor.run(0.3)
    assert monitor("sysbus.chip NativeAccess") == "True"
    monitor("sysbus LogPeripheralAccess sysbus.watchdog")
    monitor.run(0.5)
    assert monitor("sysbus.chip NativeAccess") == "False"
    logged = str(monitor.worker.call("command", "sysbus.watchdog Size"))  # the monitor is still there
    assert logged
    monitor("sysbus LogPeripheralAccess sysbus.watchdog false")
    monitor.run(0.1)
    assert monitor("sysbus.chip NativeAccess") == "True"


ENDS = """
#define R(a) (*(volatile unsigned*)(a))
__attribute__((naked)) void bkpt(void) { __asm__("bkpt #0\\n b .-2"); }
__attribute__((aligned(256))) unsigned vectors[16];
__attribute__((noreturn)) void start(void) {
    R(0x4000F000) = 1u << 22 | 1u << 5 | 1u << 8;  /* UART0, IO_BANK0 and PADS_BANK0 out of reset */
    R(0x40008048) = 0x800 | 4u << 5;               /* clk_peri from the crystal */
    R(0x40024000) = 0xaa0; R(0x4002400c) = 47; R(0x40026000) = 0xfab000;
    while (!(R(0x40024004) >> 31)) {}
    R(0x40014004) = 2;
    R(0x40034024) = 6; R(0x40034028) = 33; R(0x4003402c) = 0x70; R(0x40034030) = 0x301;
    vectors[3] = (unsigned)&bkpt | 1;
    R(0xe000ed08) = (unsigned)vectors;
    for (const char *c = "goodbye\\n"; *c; ++c) R(0x40034000) = *c;
    __asm__ volatile("movs r0, #0\\n bkpt #0\\n b .-2");
    __builtin_unreachable();
}
"""


def test_a_program_that_returns_from_main_ends_and_its_last_words_are_sent(tmp_path: Path) -> None:
    elf = compiled(tmp_path, ENDS)
    consoles = {}
    for engine in ("embedded", "renode"):
        with Machine(elf, engine=engine) as machine:
            machine.run(0.02)
            consoles[engine] = [line for _, line in machine.lines]
            assert machine.ended_s, engine
    assert consoles["renode"] == consoles["embedded"] == ["goodbye"]


STORES_TO_THE_ROM = """
#define R(a) (*(volatile unsigned*)(a))
#define B(a) (*(volatile unsigned char*)(a))
__attribute__((noreturn)) void start(void) {
    volatile unsigned *out = (volatile unsigned*)0x20001000;
    for (unsigned at = 0; at < 0x4000; at += 0xffc) {
        unsigned before = R(at);
        R(at) = ~before; B(at + 1) = 0x5a;
        *out++ = R(at) == before ? 0x600d : 0xbad;
    }
    *out = R(0x10) & 0xffffff;
    for (;;) {}
}
"""


def test_stores_to_the_boot_rom_do_nothing(monitor: Monitor, tmp_path: Path) -> None:
    monitor(f"sysbus LoadELF @{compiled(tmp_path, STORES_TO_THE_ROM)}")
    monitor("sysbus.chip Start 0x20000000 0x20040000")
    monitor.run(0.01)
    found = [monitor.number(f"sysbus ReadDoubleWord {0x20001000 + 4 * n}") for n in range(6)]
    assert found == [0x600D] * 5 + [0x01754D]  # and the ROM begins with the version that programs look for


RESETS_ITSELF = """
#define R(a) (*(volatile unsigned*)(a))
__attribute__((noreturn)) void start(void) {
    if (R(0x20001000)++ < 2) {
        for (volatile int n = 0; n < 1000; ++n) {}
        R(0xe000ed0c) = 0x05fa0004;
    }
    for (;;) R(0x20001004)++;
}
"""


def test_a_reset_by_aircr_is_the_boards_and_the_macro_boots_it_again(monitor: Monitor, tmp_path: Path) -> None:
    elf = compiled(tmp_path, RESETS_ITSELF)
    script = tmp_path / "board.resc"
    boot = f"    sysbus LoadELF @{elf}\n    sysbus.chip Start 0x20000000 0x20040000\n"
    script.write_text(f'macro reset\n"""\n{boot}"""\nrunMacro $reset\n')
    monitor(f"include @{script}")
    monitor.run(0.05)
    assert monitor.number("sysbus ReadDoubleWord 0x20001000") == 3
    assert monitor.number("sysbus ReadDoubleWord 0x20001004") > 1000, "and the third goes on"


def test_the_engine_names_a_reset_by_aircr(tmp_path: Path) -> None:
    elf = compiled(tmp_path, RESETS_ITSELF)
    with pytest.raises(FirmwareCrash, match="reset itself through AIRCR"), Machine(elf, engine="renode") as machine:
        machine.run(0.05)


TALKS = """
#define R(a) (*(volatile unsigned*)(a))
static unsigned hear(void) {
    while (R(0x40034018) & 0x10) {}
    return R(0x40034000) & 0xff;
}
__attribute__((noreturn)) void start(void) {
    R(0x4000F000) = 1u << 22 | 1u << 5 | 1u << 8;  /* UART0, IO_BANK0 and PADS_BANK0 out of reset */
    R(0x40008048) = 0x800 | 4u << 5;               /* clk_peri from the crystal */
    R(0x40024000) = 0xaa0; R(0x4002400c) = 47; R(0x40026000) = 0xfab000;
    while (!(R(0x40024004) >> 31)) {}
    R(0x40014004) = 2; R(0x4001400c) = 2;
    R(0x40034024) = 6; R(0x40034028) = 33; R(0x4003402c) = 0x70; R(0x40034030) = 0x301;
    if (R(0x20002000)) {                           /* the board that asks */
        for (const char *c = "ping"; *c; ++c) R(0x40034000) = *c;
        for (int n = 0; n < 4; ++n) R(0x20001000) = R(0x20001000) << 8 | hear();
    }
    for (;;) {
        unsigned c = hear();
        R(0x20001000) = R(0x20001000) << 8 | c;
        R(0x40034000) = c & ~0x20;
    }
}
"""


def test_two_boards_talk_over_a_uart_hub(monitor: Monitor, tmp_path: Path) -> None:
    elf = compiled(tmp_path, TALKS)
    monitor('mach create "other"')
    monitor(f"machine LoadPlatformDescription @{ROOT}/platforms/renode/pico.repl")
    monitor('emulation CreateUARTHub "hub"')
    for name, asks in (("other", 0), ("emberwatch", 1)):
        monitor(f'mach set "{name}"')
        monitor("sysbus.uart0 Listening true")
        monitor("connector Connect sysbus.uart0 hub")
        monitor(f"sysbus LoadELF @{elf}")
        monitor(f"sysbus WriteDoubleWord 0x20002000 {asks}")
        monitor("sysbus.chip Start 0x20000000 0x20040000")
    monitor.run(0.05)
    assert monitor.number("sysbus ReadDoubleWord 0x20001000") == int.from_bytes(b"PING", "big")
    monitor('mach set "other"')
    assert monitor.number("sysbus ReadDoubleWord 0x20001000") == int.from_bytes(b"ping", "big")


def test_a_program_that_crashes_is_no_program_that_ends(tmp_path: Path) -> None:
    elf = compiled(tmp_path, ENDS.replace("movs r0, #0\\n bkpt #0", "movs r0, #0\\n udf #0"))
    with pytest.raises(EmberwatchError, match=r"[Ll]ockup"), Machine(elf, engine="renode") as machine:
        machine.run(0.02)
