"""The packet layer alone, and that nothing a debugger sends can hurt the server."""

from __future__ import annotations

import os
import socket
import threading
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

pytest.importorskip("emberwatch._native", reason="the emulator core is not built; run: make setup")

import itertools

from debugging import Program

from emberwatch import Machine
from emberwatch.inspect.gdb.description import REGISTERS, memory_map_xml, target_xml
from emberwatch.inspect.gdb.packets import MAX_PAYLOAD, Mark, NotGdb, Packet, PacketReader, frame
from emberwatch.inspect.gdb.server import Session, _Finished, _Gone


def test_frame_is_what_the_manual_says() -> None:
    assert frame(b"OK") == b"$OK#9a"
    assert frame(b"") == b"$#00"
    assert frame(b"a#b") == b"$a}\x03b#%02x" % ((0x61 + 0x7D + 0x03 + 0x62) & 0xFF)


@given(st.lists(st.binary(max_size=200), max_size=5), st.integers(1, 7))
def test_frames_come_back_however_they_are_cut(payloads: list[bytes], size: int) -> None:
    stream = b"+".join(frame(payload) for payload in payloads)
    reader = PacketReader()
    items = [item for at in range(0, len(stream), size) for item in reader.feed(stream[at : at + size])]
    assert [item.payload for item in items if isinstance(item, Packet)] == payloads
    assert Mark.DAMAGED not in items


def test_damaged_packets_are_noticed_and_the_next_one_is_read() -> None:
    reader = PacketReader()
    assert reader.feed(b"$OK#00$g#67") == [Mark.DAMAGED, Packet(b"g")]
    assert reader.feed(b"$OK#zz") == [Mark.DAMAGED]
    assert reader.feed(b"$cut$g#67") == [Mark.DAMAGED, Packet(b"g")]
    assert reader.feed(b"\x03+-") == [Mark.INTERRUPT, Mark.ACK, Mark.NACK]
    assert reader.feed(b"$" + b"x" * (3 * MAX_PAYLOAD)) == []
    assert reader.feed(b"#00") == [Mark.DAMAGED]
    assert reader.feed(b"$g#67") == [Packet(b"g")]


@given(st.binary(max_size=300))
def test_reader_takes_packets_or_ends_at_once(data: bytes) -> None:
    """Whatever comes within a packet, the next one is read; the first byte between them that is not GDB's ends it."""
    reader = PacketReader()
    try:
        reader.feed(data)
    except NotGdb:
        return
    assert set(data[:1]) <= set(b"+-$\x03")


@given(st.binary(max_size=300).map(lambda data: data.replace(b"#", b"")))
def test_the_packet_after_a_damaged_one_is_read(data: bytes) -> None:
    reader = PacketReader()
    reader.feed(b"$" + data)
    assert reader.feed(frame(b"m0,4"))[-1] == Packet(b"m0,4")


def test_a_web_page_is_sent_away_before_its_packets_are_read() -> None:
    post = b"POST / HTTP/1.1\r\nContent-Type: text/plain\r\n\r\n" + frame(b"M20000000,2:bebe")
    with pytest.raises(NotGdb, match="POST / HTTP"):
        PacketReader().feed(post)
    with pytest.raises(NotGdb):
        PacketReader().feed(b"+$g#67\n")


def test_descriptions_are_well_formed() -> None:
    registers = [entry.get("name") for entry in ET.fromstring(target_xml()).iter("reg")]
    assert tuple(registers) == REGISTERS
    regions = sorted(
        (int(region.get("start", "0"), 16), int(region.get("length", "0"), 16), region.get("type"))
        for region in ET.fromstring(memory_map_xml(2 << 20)).iter("memory")
    )
    assert (0x1000_0000, 2 << 20, "flash") in regions
    assert all(first[0] + first[1] <= second[0] for first, second in itertools.pairwise(regions))


@pytest.fixture(scope="module")
def session(program: Program, tmp_path_factory: pytest.TempPathFactory) -> Session:
    return Session(Machine(program("two_cores")), tmp_path_factory.mktemp("files"))


def test_answers(session: Session) -> None:
    def ask(packet: bytes) -> bytes:
        answer = session.answer(packet)
        assert answer is not None
        return answer

    assert ask(b"qSupported:multiprocess+").startswith(b"PacketSize=4000;")
    assert ask(b"unknown") == b""
    assert ask(b"vMustReplyEmpty") == b""
    assert len(ask(b"g")) == 8 * len(REGISTERS)
    assert ask(b"p10") == ask(b"g")[16 * 8 : 17 * 8]
    assert ask(b"pff") == b"E01"
    assert ask(b"m20000000,4") != b"E01"
    assert ask(b"m30000000,4") == b"E01"
    assert ask(b"mzz,4") == b"E01"
    assert ask(b"X20010000,0:") == b"OK"
    assert ask(b"X20010000,3:abc") == b"OK"
    assert ask(b"m20010000,3") == b"616263"
    assert ask(b"M20010000,2:41") == b"E01"
    assert ask(b"qfThreadInfo") == b"m1,2"
    assert ask(b"T2") == b"OK"
    assert ask(b"T3") == b"E01"
    assert ask(b"Hg7") == b"E01"
    assert ask(b"Z9,0,0") == b""
    assert ask(b"Z2,20000000,0") == b""
    assert ask(b"vFlashErase:10000001,1000") == b"E01"
    assert ask(b"qXfer:features:read:nothing.xml:0,100") == b"E00"
    assert ask(b"qXfer:features:read:target.xml:0,10")[:1] == b"m"
    assert ask(b"qXfer:features:read:target.xml:0,4000")[:1] == b"l"
    assert ask(b"qCRC:20010000,3").startswith(b"C")
    assert ask(b"qSearch:memory:20010000;10;bc") == b"1,20010001"
    assert bytes.fromhex(ask(b"qRcmd," + b"cycles".hex().encode()).decode()) == b"0\n"
    assert ask(b"?").startswith(b"T05")


@pytest.mark.parametrize(
    "packet",
    "p+1 p1_0 c100000000 G0 Gzz P0=zz P0=00 Hgzz Z0,zz,2 Z2,20000000,100000000 qRcmd,0 qSearch:memory:zz;1;a "
    "qCRC:30000000,4 qCRC:20000000,2000000 qSearch:memory:2003fff0;400000;a vFlashWrite:zz:a vCont;r1,zz".split(),
)
def test_what_a_packet_asks_wrongly_is_refused(session: Session, packet: str) -> None:
    assert session.answer(packet.encode()) == b"E01"


@pytest.mark.parametrize("error", [KeyError("pc"), RuntimeError("of ours"), TypeError("of ours")])
def test_an_error_of_our_own_is_told_and_survived(
    session: Session, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: Exception
) -> None:
    def fail(core: int, name: str, value: int) -> None:
        raise type(error)(*error.args)  # a parameter that was raised would keep the machine by its traceback

    monkeypatch.setattr(session.target, "set_register", fail)
    with pytest.raises(type(error)):
        session.answer(b"P0=00000000")
    assert session.survive(b"P0=00000000") == b"E01"
    assert "please report it: " + type(error).__name__ in capsys.readouterr().err


_VERBS = (
    b"m M X p P G g Z0, Z2, z0, z3, H T Q q qXfer: qRcmd, qCRC: qSearch:memory: qThreadExtraInfo, "
    b"v vCont; vFlashErase: vFlashWrite:"
).split()

_PACKETS = st.one_of(
    st.binary(max_size=40),
    st.builds(
        lambda verb, text: verb + text,
        st.sampled_from(_VERBS),
        st.text("0123456789abcdef,:;=-zg", max_size=30).map(str.encode),
    ),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(_PACKETS, max_size=8))
def test_no_packet_crashes_the_server(session: Session, packets: list[bytes]) -> None:
    for packet in packets:
        if packet[:1] in b"cCsSb" or packet.startswith((b"vCont;", b"vRun")):
            continue  # would run the program, which needs a debugger to stop it
        try:
            answer = session.answer(packet)
        except (_Gone, _Finished):
            continue
        assert answer is None or isinstance(answer, bytes)
    assert session.answer(b"?") is not None


def semihosting_open(session: Session, name: bytes, mode: int = 0) -> int:
    """SYS_OPEN by the program; returns the handle."""
    chip = session.target.chip
    chip.write_memory(0x2001_1000, name + b"\0")
    block = (0x2001_1000, mode, len(name))
    chip.write_memory(0x2001_1100, b"".join(word.to_bytes(4, "little") for word in block))
    for register, value in (("r0", 1), ("r1", 0x2001_1100), ("pc", 0x2001_1200)):
        chip.set_register(0, register, value)
    session.target.semihosting.call(0)
    assert chip.registers(0)["pc"] == 0x2001_1202
    return chip.registers(0)["r0"]


def test_files_of_semihosting_stay_in_their_folder(program: Program, tmp_path: Path) -> None:
    session = Session(Machine(program("two_cores")), tmp_path)
    assert semihosting_open(session, b"../../../../etc/passwd") == 0xFFFF_FFFF
    (tmp_path / "link").symlink_to("/etc/passwd")
    assert semihosting_open(session, b"link") == 0xFFFF_FFFF
    os.mkfifo(tmp_path / "pipe")
    assert semihosting_open(session, b"pipe") == 0xFFFF_FFFF
    assert semihosting_open(session, b"own", 4) > 3
    assert (tmp_path / "own").is_file()
    handles = [semihosting_open(session, b"own") for _ in range(100)]
    assert handles[-1] == 0xFFFF_FFFF, "the number of open files is limited"
    session.target.detach()


def test_without_a_folder_semihosting_touches_no_file(
    program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    session = Session(Machine(program("two_cores")))
    assert semihosting_open(session, b"made", 4) == 0xFFFF_FFFF
    assert semihosting_open(session, b":tt", 4) == 2, "the console is no file"
    assert list(tmp_path.iterdir()) == []


def test_what_the_firmware_prints_steers_no_terminal(program: Program) -> None:
    session, sent = Session(Machine(program("two_cores"))), list[bytes]()
    session._send = sent.append  # type: ignore[method-assign]
    session._print("a\x1b]52;c;\x07b\n")
    assert bytes.fromhex(sent[0][1:].decode()) == b"a\\x1b]52;c;\\x07b\n"


def test_ctrl_c_in_the_same_breath_as_continue(program: Program, tmp_path: Path) -> None:
    """Both may arrive in one read; a Ctrl-C that crosses a stop reply is not answered."""
    session = Session(Machine(program("two_cores")), tmp_path)
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.settimeout(300)
        server = threading.Thread(target=session.attend, args=(theirs,), daemon=True)
        server.start()
        ours.sendall(frame(b"QStartNoAckMode"))
        greeting = b""
        while len(greeting) < 7:
            greeting += ours.recv(100)
        assert greeting == b"+" + frame(b"OK")
        ours.sendall(frame(b"vCont;c") + b"\x03")
        assert ours.recv(100).startswith(b"$T02")
        ours.sendall(b"\x03" + frame(b"qC"))
        assert ours.recv(100).startswith(b"$QC")
        ours.sendall(frame(b"k"))
        server.join(300)
        assert not server.is_alive()
