"""The seam itself: attaching, time, errors, snapshots, board files, and what devices of one's own look like."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from bench import Bench, I2c, Spi

from emberwatch.base.errors import BoardError, DeviceError, EngineError
from emberwatch.board.board import boards_folder, load_board
from emberwatch.devices import Device, Edge
from emberwatch.devices.catalogue import TYPES
from emberwatch.devices.potentiometer import Potentiometer
from emberwatch.machine.machine import Machine


class Weather(Device):
    """The example of docs/devices.md."""

    name, i2c_addresses = "weather", frozenset({0x76})

    def power_on(self) -> None:
        self.reg, self.at = bytearray(256), 0
        self.reg[0xD0] = 0x60

    def i2c_write(self, data: bytes, ps: int) -> int | None:
        self.at = data[0] if data else self.at
        for register, value in zip(data[0::2], data[1::2], strict=False):
            if 0xF2 <= register <= 0xF5:
                self.reg[register] = value
            if register == 0xF4 and value & 3 == 1:
                self.reg[0xF3] |= 8
                return ps + 8_000_000_000
        return None

    def i2c_read(self, ps: int) -> bytes:
        return bytes(self.reg[self.at :])

    def wake(self, ps: int) -> None:
        self.reg[0xF7:0xFF] = bytes.fromhex("65a9c07f12306c12")
        self.reg[0xF3] &= 0xF7


class Echo(Device):
    """Repeats a level on another line, without being asked for promptness."""

    lines, watched, driven = ("a", "b"), ("a",), ("b",)

    def edges(self, changes: list[Edge]) -> None:
        for _, level, ps in changes:
            self.port.drive("b", level, ps)


class Recorder(Device):
    """Keeps what it is told, with the moment of the telling."""

    lines = watched = ("pin",)

    def power_on(self) -> None:
        self.seen: list[Edge] = []
        self.calls = 0

    def edges(self, changes: list[Edge]) -> None:
        self.seen += changes
        self.calls += 1


class Faulty(Device):
    """Fails where it is told to."""

    lines = ("pin",)

    def __init__(self, where: str, ms: int = 1) -> None:
        self.where, self.ms = where, ms

    def power_on(self) -> int:
        if self.where == "power_on":
            raise RuntimeError("no current")
        return self.port.now + self.ms * 10**9

    def wake(self, ps: int) -> int:
        if self.where == "wake":
            return 1 // 0
        return "soon"  # type: ignore[return-value]


@pytest.mark.parametrize("soft", [False, True], ids=["block", "by hand"])
def test_the_example_works_as_written(soft: bool) -> None:
    bench = Bench()
    bench.machine.attach(Weather(), sda=4, scl=5)
    i2c = I2c(bench, soft)
    assert i2c.readfrom_mem(0x76, 0xD0, 1) == b"\x60"
    i2c.writeto(0x76, b"\xf2\x01\xf4\x25")
    started = bench.ps
    assert i2c.readfrom_mem(0x76, 0xF3, 1) == b"\x08"
    while i2c.readfrom_mem(0x76, 0xF3, 1)[0]:
        pass
    assert 7.9e9 < bench.ps - started < 9e9
    assert i2c.readfrom_mem(0x76, 0xF7, 8).hex() == "65a9c07f12306c12"


def test_two_devices_on_one_bus_and_nobody_on_the_other_pins() -> None:
    bench = Bench()
    other = Weather()
    other.name, other.i2c_addresses = "other", frozenset({0x77})
    bench.machine.attach(Weather(), sda=4, scl=5)
    bench.machine.attach(other, sda=4, scl=5)
    elsewhere = Weather()
    elsewhere.name, elsewhere.i2c_addresses = "elsewhere", frozenset({0x10})
    bench.machine.attach(elsewhere, sda=8, scl=9)
    i2c = I2c(bench)
    other.reg[0xD0] = 0x61
    assert [i2c.readfrom_mem(a, 0xD0, 1) for a in (0x76, 0x77)] == [b"\x60", b"\x61"]
    with pytest.raises(OSError, match="EIO"):
        i2c.readfrom(0x10, 1)


def test_answers_on_levels_need_no_promptness_and_edges_come_in_batches() -> None:
    bench = Bench()
    bench.machine.attach(Echo(), a=12, b=13)
    recorder = Recorder()
    bench.machine.attach(recorder, pin=14)
    bench.do("pin_in", 13)
    for level in (1, 0, 1):
        bench.do("pin_out", 12, level)
        assert bench.do("pin_in", 13) == level
    recorder.power_on()
    bench.do("pwm_out", 14, 124 << 16 | 25)  # 1 us, a fifth high
    bench.sleep(0.01)
    recorder.settle()
    assert 19_900 < len(recorder.seen) < 21_000
    assert recorder.calls < 10
    highs = [b[2] - a[2] for a, b in zip(recorder.seen, recorder.seen[1:], strict=False) if a[1]]
    assert set(highs[1:]) == {200_000}


def test_spi_device_that_answers_ahead() -> None:
    class Adder(Device):
        name, lines = "adder", ("sck", "mosi", "miso", "cs")
        asked: list[bytes]

        def power_on(self) -> None:
            self.asked = []

        def spi(self, received: bytes, ps: int) -> bytes:
            self.asked.append(received)
            return b"\xaa\xbb" if not received else bytes([sum(received) & 0xFF]) * 4 if len(received) == 2 else b""

        def spi_end(self, received: bytes, ps: int) -> None:
            self.asked.append(b"end " + received)

    for soft, mode in ((False, 0), (True, 0), (True, 1), (True, 2), (True, 3)):
        bench = Bench()
        adder = Adder()
        adder.spi_mode = mode
        bench.machine.attach(adder, sck=18, mosi=19, miso=16, cs=17)
        spi = Spi(bench, soft, mode)
        if soft:
            spi.transfer(b"\0")  # the clock to its level of rest
        assert spi.exchange(bytes([1, 2, 3, 4, 5, 6, 7, 8])) == b"\xaa\xbb\3\3\3\3\xff\xff", (soft, mode)
        assert adder.asked == [b"", b"\1\2", b"\3\4\5\6", b"end \7\x08"]


@pytest.mark.parametrize(
    ("where", "error", "text"),
    [("wake", ZeroDivisionError, "ZeroDivisionError"), ("type", TypeError, "TypeError")],
)
def test_what_a_device_raises_is_its_error(where: str, error: type[Exception], text: str) -> None:
    bench = Bench()
    bench.machine.attach(Faulty(where), pin=10)
    before = bench.ps
    with pytest.raises(DeviceError, match=f"^device 'faulty': {text}") as caught:
        bench.sleep(0.1)
    assert isinstance(caught.value.__cause__, error)
    assert bench.ps - before < 1.1e9, "at the moment of the failure"
    bench.sleep(0.01)


def test_a_device_that_fails_to_start_is_not_attached() -> None:
    bench = Bench()
    with pytest.raises(DeviceError, match=r"^device 'faulty': RuntimeError: no current"):
        bench.machine.attach(Faulty("power_on"), pin=10)
    assert bench.machine.devices == {}
    bench.sleep(0.01)


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ({"sda": 4}, "its line 'scl' is not connected"),
        ({"sda": 4, "scl": 4}, "line 'scl' is on pin 4, where another of its lines is"),
        ({"sda": 30, "scl": 4}, "line 'sda' is on pin 30; the RP2040 has GPIO 0 to 29"),
        ({"sda": -1, "scl": 4}, "line 'sda' is on pin -1; the RP2040 has GPIO 0 to 29"),
        ({"sda": 4, "scl": 5, "int": 6}, "it has no line 'int'; it has sda, scl"),
    ],
)
def test_wrong_lines(lines: dict[str, int], message: str) -> None:
    bench = Bench()
    with pytest.raises(DeviceError) as caught:
        bench.machine.attach(Weather(), **lines)
    assert str(caught.value) == f"device 'weather': {message}"
    with pytest.raises(DeviceError, match=r"'adc' is on pin 4; the ADC's inputs are GPIO 26 to 29"):
        bench.machine.attach(Potentiometer(), adc=4)
    bench.machine.attach(Weather(), sda=4, scl=5)
    with pytest.raises(DeviceError, match="one of this name is attached already"):
        bench.machine.attach(Weather(), sda=8, scl=9)


def test_snapshots_hold_devices_and_name_those_that_differ() -> None:
    bench = Bench()
    weather = Weather()
    without = bench.machine.save()
    bench.machine.attach(weather, sda=4, scl=5)
    i2c = I2c(bench)
    i2c.writeto(0x76, b"\xf4\x25")
    saved = bench.machine.save()
    bench.sleep(0.01)
    assert weather.reg[0xF3] == 0
    bench.machine.restore(saved)
    assert (weather.reg[0xF3], weather.reg[0xF4], weather.at) == (8, 0x25, 0xF4)
    bench.sleep(0.01)
    assert weather.reg[0xF3] == 0, "its waking is part of the snapshot"
    with pytest.raises(EngineError, match="the snapshot was made without 'weather'"):
        bench.machine.restore(without)
    with pytest.raises(EngineError, match="the snapshot has 'weather', which is not attached here"):
        Bench().machine.restore(saved)


def test_a_device_that_refuses_its_state_leaves_all_as_it_was() -> None:
    class Stubborn(Weather):
        name = "stubborn"

        def restore(self, state: bytes) -> None:
            if self.reg[0xF5] == 1:
                raise ValueError("not now")
            super().restore(state)

    bench = Bench()
    first, second = Weather(), Stubborn()
    bench.machine.attach(first, sda=4, scl=5)
    bench.machine.attach(second, sda=8, scl=9)
    saved = bench.machine.save()
    bench.sleep(0.01)
    first.at, second.reg[0xF5] = 77, 1
    now = bench.machine.cycles
    with pytest.raises(EngineError, match="not now"):
        bench.machine.restore(saved)
    assert (first.at, bench.machine.cycles) == (77, now)


def test_state_that_cannot_be_written_down_is_named() -> None:
    bench = Bench()
    weather = Weather()
    bench.machine.attach(weather, sda=4, scl=5)
    weather.file = object()  # type: ignore[attr-defined]
    with pytest.raises(DeviceError, match="device 'weather': attribute 'file' is a object, which cannot be saved"):
        bench.machine.save()


def test_damaged_snapshots_are_refused() -> None:
    bench = Bench()
    bench.machine.attach(Weather(), sda=4, scl=5)
    engine = bench.machine.engine
    whole = engine.save()
    rng = random.Random(20)
    for _ in range(300):
        damaged = bytearray(whole)
        match rng.randrange(4):
            case 0:
                del damaged[rng.randrange(len(damaged)) :]
            case 1:
                damaged += rng.randbytes(rng.randrange(1, 100))
            case _:
                at = rng.randrange(len(damaged)) if rng.random() < 0.5 else rng.randrange(200)
                damaged[at : at + 4] = rng.choice([b"\xff" * 4, bytes(4), rng.randbytes(4), b"\x7f\xff\xff\xff"])
        if damaged == whole:
            continue
        with pytest.raises(EngineError, match="snapshot"):
            engine.restore(bytes(damaged))
    engine.restore(whole)
    bench.sleep(0.01)


def test_flash_that_a_debugger_wrote_is_put_back() -> None:
    bench = Bench()
    engine = bench.machine.engine
    saved = bench.machine.save()
    before = engine.read_memory(0x1000_8000, 4)
    engine.write_memory(0x1000_8000, b"\xaa\xbb\xcc\xdd")
    bench.machine.restore(saved)
    assert engine.read_memory(0x1000_8000, 4) == before


def test_power_off_and_on_reaches_devices() -> None:
    bench = Bench()
    weather = Weather()
    bench.machine.attach(weather, sda=4, scl=5)
    weather.reg[0xF4] = 0x27
    bench.machine.reset()
    assert (weather.reg[0xF4], weather.reg[0xD0], bench.machine.cycles) == (0, 0x60, 0)
    bench.sleep(0.02)
    assert I2c(bench).readfrom_mem(0x76, 0xD0, 1) == b"\x60"


def board_with(folder: Path, tables: str) -> Path:
    path = folder / "mine.toml"
    path.write_text((boards_folder() / "pico.toml").read_text() + tables)
    return path


def test_board_files_attach_devices(tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text(
        "from emberwatch.devices import Device\n\n\nclass Own(Device):\n    i2c_addresses = frozenset({0x20})\n\n"
        "    def i2c_read(self, ps: int) -> bytes:\n        return b'own'\n"
    )
    bench = Bench.with_devices(
        tmp_path,
        '[devices.air]\ntype = "Bme280"\nsda = 4\nscl = 5\naddress = 0x77\n'
        '[devices.mine]\ntype = "own.py:Own"\nsda = 4\nscl = 5\n',
    )
    assert list(bench.machine.devices) == ["air", "mine"]
    i2c = I2c(bench)
    assert i2c.readfrom_mem(0x77, 0xD0, 1) == b"\x60"
    assert i2c.readfrom(0x20, 3) == b"own"


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("sda = 4", "missing key 'devices.x.type'"),
        ('type = "Bmp280"', "devices.x.type: 'Bmp280' is no device; known: Bme280, Button"),
        ('type = "none.py:Own"', "devices.x.type: there is no Python file"),
        ('type = "Bme280"\nsda = 4', "missing key 'devices.x.scl': the GPIO of that line"),
        ('type = "Bme280"\nsda = 4\nscl = 31', "devices.x.scl = 31; the RP2040 has GPIO 0 to 29"),
        ('type = "Bme280"\nsda = 4\nscl = 5\ncolour = 1', "unknown key 'devices.x.colour'; Bme280 has sda, scl"),
        ('type = "Bme280"\nsda = 4\nscl = 5\naddress = 1', "devices.x: address is 0x1; a BME280 has 0x76 or 0x77"),
        ('type = "Bme280"\nsda = 4\nscl = 5\ncelsius = "hot"', "devices.x.celsius = 'hot'; it must be a number"),
        ('type = "SdCard"\nsck = 2\nmosi = 3\nmiso = 4\ncs = 5\nfile = "none"', "devices.x: [Errno 2]"),
        ('type = 5', "devices.x.type = 5 is not a string"),
    ],
)  # fmt: skip
def test_board_files_are_checked(tmp_path: Path, table: str, message: str) -> None:
    path = board_with(tmp_path, f"[devices.x]\n{table}\n")
    with pytest.raises(BoardError) as caught:
        Machine(Bench().machine.image, board=path)
    assert str(caught.value).startswith("mine.toml: " + message)
    assert "\n" not in str(caught.value)


def test_devices_table_itself(tmp_path: Path) -> None:
    with pytest.raises(BoardError, match=r"devices\.my-led: the name may hold only letters, digits and '_'"):
        load_board(board_with(tmp_path, '[devices.my-led]\ntype = "Led"\npin = 4\n'))
    with pytest.raises(BoardError, match=r"devices\.x = 5 is not a table; write \[devices.x\]"):
        load_board(board_with(tmp_path, "[devices]\nx = 5\n"))


def test_the_table_in_the_docs_names_what_there_is() -> None:
    text = (boards_folder().parents[1] / "docs/devices.md").read_text()
    rows = {row.split("|")[1].strip(" `"): row for row in text.splitlines() if row.startswith("| `")}
    assert rows.keys() == TYPES.keys()
    for name, kind in TYPES.items():
        for line in kind.line_names():
            assert (f"({line})" if line in kind.optional_lines else line) in rows[name]
