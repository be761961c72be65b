"""USB: a minimal CDC-ACM device, driven from Python as firmware would, against the built-in host."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from periph_chip import CLR, SET, USB, USB_DPRAM, PeriphChip, Unmodelled

ADDR_ENDP, MAIN_CTRL, SOF_RD, SIE_CTRL, SIE_STATUS, BUFF_STATUS = 0x00, 0x40, 0x48, 0x4C, 0x50, 0x58
SHOULD_HANDLE = 0x5C
EP_ABORT, ABORT_DONE, STALL_ARM, MUXING, PWR, INTE, INTS = 0x60, 0x64, 0x68, 0x74, 0x78, 0x90, 0x98
FULL, LAST, PID, STALL, AVAILABLE = 1 << 15, 1 << 14, 1 << 13, 1 << 11, 1 << 10
IRQ = 5
FRAME = 125_000
EP_IN, EP_OUT = 2, 3

DEVICE = bytes.fromhex("12 01 0002 02 00 00 40 8a2e 0a00 0001 01 02 03 01")
CONFIGURATION = bytes.fromhex(
    "09 02 4300 02 01 00 80 32"  # two interfaces
    "09 04 00 00 01 02 02 01 00  05 24 00 1001  05 24 01 00 01  04 24 02 02  05 24 06 00 01"
    "07 05 81 03 0800 10"
    "09 04 01 00 02 0a 00 00 00  07 05 82 02 4000 00  07 05 03 02 4000 00"
)


REPORTS = bytes(64)
LANGUAGES, TEXT = bytes.fromhex("04 03 0904"), bytes.fromhex("06 03 5000 5100")
STRINGS = [6] * 4  # languages, product, manufacturer, serial number


class CdcDevice:
    """Answers control requests, echoes nothing by itself; tests fill and drain the bulk buffers."""

    def __init__(self, chip: PeriphChip) -> None:
        self.chip = chip
        self.address = 0
        self.pending = b""
        self.requests: list[bytes] = []
        self.configuration = CONFIGURATION
        self.line_state: int | None = None
        self.received = b""
        self.double = False
        self.stall_requests: set[int] = set()
        for offset in range(0, 0x9C, 4):  # the SDK clears the block with memset
            chip.write(USB + offset, 0)
        chip.write(USB + MUXING, 9)
        chip.write(USB + PWR, 0xC)
        chip.write(USB + MAIN_CTRL, 1)
        chip.write(USB + SIE_CTRL, 1 << 29)
        chip.write(USB + INTE, 1 << 4 | 1 << 12 | 1 << 16)
        chip.write(USB + SET + SIE_CTRL, 1 << 16)

    def buffer(self, endpoint: int, is_in: bool) -> int:
        return USB_DPRAM + 0x80 + 8 * endpoint + (0 if is_in else 4)

    def send0(self, data: bytes) -> None:
        self.put(0x100, data)
        self.chip.write(self.buffer(0, True), FULL | LAST | PID | AVAILABLE | len(data))

    def put(self, offset: int, data: bytes) -> None:
        for i in range(0, len(data), 4):
            self.chip.write(USB_DPRAM + offset + i, int.from_bytes(data[i : i + 4], "little"))

    def get(self, offset: int, size: int) -> bytes:
        words = b"".join(self.chip.read(USB_DPRAM + offset + i).to_bytes(4, "little") for i in range(0, size, 4))
        return words[:size]

    def arm_out(self) -> None:
        self.chip.write(self.buffer(EP_OUT, False), LAST | AVAILABLE | 64)

    def send_bulk(self, data: bytes) -> None:
        self.put(0x200, data)
        self.chip.write(self.buffer(EP_IN, True), FULL | LAST | PID | AVAILABLE | len(data))

    def service(self) -> None:
        """One pass of the interrupt handler."""
        chip = self.chip
        status = chip.read(USB + INTS)
        if status & 1 << 12:
            chip.write(USB + ADDR_ENDP, 0)
            chip.write(USB + CLR + SIE_STATUS, 1 << 19)
        if status & 1 << 16:
            chip.write(USB + CLR + SIE_STATUS, 1 << 17)
            self.on_setup(self.get(0, 8))
        if status & 1 << 4:
            done = chip.read(USB + BUFF_STATUS)
            chip.write(USB + CLR + BUFF_STATUS, done)
            if done & 1:  # EP0 IN: more data, or a status stage that ends SET_ADDRESS
                if self.address and not chip.read(USB + ADDR_ENDP):
                    chip.write(USB + ADDR_ENDP, self.address)
                if self.pending:
                    part, self.pending = self.pending[:64], self.pending[64:]
                    self.send0(part)
            if done & 2 and chip.read(self.buffer(0, False)) & 0x3FF == 7:  # line coding arrived
                self.send0(b"")
            if done & 1 << (2 * EP_OUT + 1):
                size = chip.read(self.buffer(EP_OUT, False)) & 0x3FF
                self.received += self.get(0x240, size)
                self.arm_out()

    def on_setup(self, packet: bytes) -> None:
        chip = self.chip
        self.requests.append(packet)
        code, value, length = packet[1], packet[2] | packet[3] << 8, packet[6] | packet[7] << 8
        if code in self.stall_requests:
            chip.write(USB + STALL_ARM, 3)
            chip.write(self.buffer(0, True), STALL)
            chip.write(self.buffer(0, False), STALL)
        elif code == 6:
            known = {1: DEVICE, 2: self.configuration, 3: TEXT if value & 0xFF else LANGUAGES, 0x22: REPORTS}
            data = known[value >> 8][:length]
            self.pending = data[64:]
            self.send0(data[:64])
            chip.write(self.buffer(0, False), LAST | PID | AVAILABLE | 64)  # status stage
        elif code == 0x20:
            chip.write(self.buffer(0, False), LAST | PID | AVAILABLE | 64)
        else:
            if code == 5:
                self.address = value
            elif code == 9:
                chip.write(USB_DPRAM + 0x08 + 8 * (EP_IN - 1), 1 << 31 | 1 << 29 | 2 << 26 | 0x200)
                chip.write(USB_DPRAM + 0x0C + 8 * (EP_OUT - 1), 1 << 31 | 1 << 29 | 2 << 26 | 0x240)
                self.arm_out()
            elif code == 0x22:
                self.line_state = value
            self.send0(b"")

    def run(self, until: Callable[[], bool], frames: int = 300) -> None:
        """Runs the interrupt handler on every interrupt until a condition holds."""
        for _ in range(frames * 16):
            if until():
                return
            self.chip.run(FRAME // 16)
            if self.chip.irq(IRQ):
                self.service()
        raise AssertionError("condition not met in time")


@pytest.fixture
def device() -> CdcDevice:
    chip = PeriphChip()
    chip.boot()
    return CdcDevice(chip)


def test_enumeration_opens_the_port(device: CdcDevice) -> None:
    device.run(lambda: bool(device.chip.call("usb_open")))
    assert [r[1] for r in device.requests] == [6, 5, 6, 6, 6, *STRINGS, 9, 0x20, 0x22]
    assert device.line_state == 3 and device.chip.read(USB + ADDR_ENDP) == 1
    assert device.get(0x100, 7) == bytes.fromhex("00c20100000008")  # 115200 8N1


def test_the_host_takes_its_time_and_resets_twice(device: CdcDevice) -> None:
    """100 ms of debounce; a reset, a look at the device descriptor, another reset (USB 2.0 section 7.1.7)."""
    resets: list[int] = []
    start = device.chip.now
    service = device.service

    def watch() -> None:
        if device.chip.read(USB + INTS) & 1 << 12:
            resets.append(device.chip.now)
            device.address = 0
        service()

    device.service = watch  # type: ignore[method-assign]
    device.run(lambda: bool(device.chip.call("usb_open")))
    assert len(resets) == 2
    assert resets[0] - start == pytest.approx(100 * FRAME, abs=2 * FRAME)
    assert resets[1] - resets[0] >= 20 * FRAME
    assert device.requests[0] == bytes.fromhex("80 06 0001 0000 4000")


def test_a_device_that_does_not_answer_is_reset_and_tried_again(device: CdcDevice) -> None:
    """It has 500 ms for a packet (USB 2.0 section 9.2.6.4); here it is busy for the first two of them."""
    device.run(lambda: bool(device.requests))  # the first request has arrived
    device.chip.write(device.buffer(0, True), 0)  # and its answer is withdrawn: NAK
    device.chip.run(520 * FRAME)
    device.run(lambda: bool(device.chip.call("usb_open")))
    assert [r[1] for r in device.requests][:3] == [6, 6, 5]


def test_a_device_that_never_answers_is_left_alone(device: CdcDevice) -> None:
    resets = 0
    for _ in range(2500):
        device.chip.run(FRAME)
        if device.chip.read(USB + SIE_STATUS) & 1 << 19:
            resets += 1
            device.chip.write(USB + CLR + SIE_STATUS, 1 << 19)
    assert resets == 4, "as often as Linux: PORT_INIT_TRIES of drivers/usb/core/hub.c"
    assert not device.chip.call("usb_open")


def test_the_serial_port_of_a_composite_device_is_found(device: CdcDevice) -> None:
    """A keyboard and a network function (CDC NCM, with bulk endpoints of its own) come before it."""
    before = bytes.fromhex(
        "09 04 00 00 01 03 01 01 00  09 21 1101 00 01 22 4000  07 05 85 03 0800 0a"
        "09 04 01 00 01 02 0d 00 00  05 24 00 1001  07 05 86 03 0800 10"
        "09 04 02 00 00 0a 00 01 00  09 04 02 01 02 0a 00 01 00  07 05 84 02 4000 00  07 05 04 02 4000 00"
    )
    serial = bytearray(CONFIGURATION[9:])
    serial[2], serial[9 + 5 + 5 + 4 + 5 + 7 + 2] = 3, 4  # their numbers
    size = 9 + len(before) + len(serial)
    device.configuration = bytes([9, 2, size & 0xFF, size >> 8, 5, 1, 0, 0x80, 0x32]) + before + bytes(serial)
    device.run(lambda: bool(device.chip.call("usb_open")))
    assert bytes.fromhex("21 22 0300 0300 0000") in device.requests
    device.chip.call("usb_send", b"to the port", 11)
    device.run(lambda: device.received == b"to the port")


def test_nothing_happens_without_the_pull_up() -> None:
    chip = PeriphChip()
    chip.boot()
    chip.write(USB + MAIN_CTRL, 1)
    chip.run(100 * FRAME)
    assert chip.read(USB + SIE_STATUS) >> 16 == 0 and chip.read(USB + SOF_RD) == 0


def test_frames_are_one_millisecond(device: CdcDevice) -> None:
    device.chip.write(USB + INTE, 1 << 17)
    while not device.chip.irq(IRQ):
        device.chip.run(1)
    first, number = device.chip.now, device.chip.read(USB + SOF_RD)
    device.chip.run_to(first + 5 * FRAME - 1)
    assert device.chip.read(USB + SOF_RD) == number + 4
    device.chip.run(1)
    assert device.chip.read(USB + SOF_RD) == number + 5


def test_bytes_in_both_directions(device: CdcDevice) -> None:
    chip = device.chip
    device.run(lambda: bool(chip.call("usb_open")))
    message = bytes(range(200))
    for at in range(0, 200, 64):
        device.send_bulk(message[at : at + 64])
        device.run(lambda: not chip.read(device.buffer(EP_IN, True)) & AVAILABLE)
    data, cycles = chip.usb_take()
    assert data == message and cycles == sorted(cycles)
    chip.call("usb_send", message, len(message))
    device.run(lambda: len(device.received) == 200)
    assert device.received == message


def test_a_full_device_makes_the_host_wait(device: CdcDevice) -> None:
    chip = device.chip
    device.run(lambda: bool(chip.call("usb_open")))
    chip.write(device.buffer(EP_OUT, False), 0)
    chip.call("usb_send", b"later", 5)
    chip.run(20 * FRAME)
    assert device.received == b""
    device.arm_out()
    device.run(lambda: device.received == b"later")


def test_stalled_line_coding_is_tolerated_and_a_stalled_descriptor_is_not(device: CdcDevice) -> None:
    device.stall_requests = {0x20}
    device.run(lambda: bool(device.chip.call("usb_open")))
    chip = PeriphChip()
    chip.boot()
    other = CdcDevice(chip)
    other.stall_requests = {6}
    with pytest.raises(AssertionError, match="not met"):
        other.run(lambda: bool(chip.call("usb_open")))
    assert [r[1] for r in other.requests] == [6] * 3 * 4, "thrice, and again after a reset, as Linux does"


def test_a_device_that_could_not_answer_at_first_is_reset_and_asked_again(device: CdcDevice) -> None:
    """Keyboards that erase flash with interrupts masked lose the first request to the reset that came before it."""
    device.stall_requests = {6}
    device.run(lambda: len(device.requests) == 1)
    device.stall_requests = set()
    device.run(lambda: bool(device.chip.call("usb_open")))


def test_a_descriptor_refused_once_is_asked_for_again(device: CdcDevice) -> None:
    """usb_get_descriptor of Linux's drivers/usb/core/message.c asks three times."""
    device.run(lambda: bool(device.address))
    asked = len(device.requests)
    device.stall_requests = {6}
    device.run(lambda: len(device.requests) == asked + 2)
    device.stall_requests = set()
    device.run(lambda: bool(device.chip.call("usb_open")))
    assert [r[1] for r in device.requests].count(5) == 1, "without another reset"
    assert device.requests[asked : asked + 3] == [device.requests[asked]] * 3


def test_a_device_that_masks_interrupts_for_a_frame_sees_one_request_after_the_other(device: CdcDevice) -> None:
    """The next request comes in the frame after the next (UHCI Design Guide 1.1, 3.2.2: a completed transfer
    interrupts the host when its frame ends): keyboards that program their flash meanwhile mask for 0.6 ms."""
    chip = device.chip
    for _ in range(500):
        if chip.call("usb_open"):
            break
        chip.run(FRAME)
        status_stage = chip.read(USB + BUFF_STATUS) & 1 << 1
        assert not (status_stage and chip.read(USB + SIE_STATUS) & 1 << 17), "a request's end and the next one at once"
        if chip.irq(IRQ):
            device.service()
    assert chip.call("usb_open")
    assert len({bytes(r) for r in device.requests if r[1] != 6}) == len([r for r in device.requests if r[1] != 6])


def test_double_buffered_endpoint_alternates(device: CdcDevice) -> None:
    chip = device.chip
    device.run(lambda: bool(chip.call("usb_open")))
    chip.write(USB_DPRAM + 0x08 + 8 * (EP_IN - 1), 1 << 31 | 1 << 30 | 1 << 28 | 2 << 26 | 0x300)
    device.put(0x300, b"A" * 64)
    device.put(0x340, b"B" * 10 + b"\0\0")
    control = (FULL | AVAILABLE | 64) | (FULL | LAST | AVAILABLE | PID | 10) << 16
    chip.write(device.buffer(EP_IN, True), control)
    chip.run(2 * FRAME)
    assert chip.usb_take()[0] == b"A" * 64 + b"B" * 10
    assert chip.read(USB + BUFF_STATUS) == 1 << (2 * EP_IN)  # one notice for the pair
    assert chip.read(device.buffer(EP_IN, True)) & (FULL | AVAILABLE | (FULL | AVAILABLE) << 16) == 0


def test_both_buffers_done_are_handled_one_after_the_other(device: CdcDevice) -> None:
    """Clearing BUFF_STATUS sets the bit again at once for the second buffer (datasheet table 406)."""
    chip, bit = device.chip, 1 << (2 * EP_IN)
    device.run(lambda: bool(chip.call("usb_open")))
    chip.write(USB_DPRAM + 0x08 + 8 * (EP_IN - 1), 1 << 31 | 1 << 30 | 1 << 29 | 2 << 26 | 0x300)
    control = (FULL | AVAILABLE | 64) | (FULL | AVAILABLE | PID | 64) << 16
    chip.write(device.buffer(EP_IN, True), control)
    chip.run(2 * FRAME)
    seen = []
    for _ in range(3):
        seen.append((chip.read(USB + BUFF_STATUS) & bit, chip.read(USB + SHOULD_HANDLE) & bit))
        chip.write(USB + CLR + BUFF_STATUS, bit)
    assert seen == [(bit, 0), (bit, bit), (0, bit)]


def test_abort_withholds_a_buffer(device: CdcDevice) -> None:
    chip = device.chip
    device.run(lambda: bool(chip.call("usb_open")))
    chip.write(USB + SET + EP_ABORT, 1 << (2 * EP_IN))
    assert chip.read(USB + ABORT_DONE) == 1 << (2 * EP_IN)
    device.send_bulk(b"never")
    chip.run(5 * FRAME)
    assert chip.usb_take()[0] == b""
    chip.write(USB + CLR + ABORT_DONE, 1 << (2 * EP_IN))
    chip.write(USB + CLR + EP_ABORT, 1 << (2 * EP_IN))
    chip.run(2 * FRAME)
    assert chip.usb_take()[0] == b"never"


def test_snapshot_during_enumeration(device: CdcDevice) -> None:
    chip = device.chip
    device.run(lambda: len(device.requests) == 3)
    chip.call("save")
    state = device.address, device.pending, list(device.requests)
    device.run(lambda: bool(chip.call("usb_open")))
    first, at = list(device.requests), chip.now
    chip.call("restore")
    device.address, device.pending, device.requests = state
    device.run(lambda: bool(chip.call("usb_open")))
    assert (device.requests, chip.now) == (first, at)


def test_a_host_has_nothing_in_its_socket() -> None:
    chip = PeriphChip()
    chip.boot()
    chip.write(USB + INTE, 0xFFFFF)
    chip.write(USB + MAIN_CTRL, 3)
    # As TinyUSB's host does, and with the pull-up of a device, which a host does not have.
    base = 1 << 16 | 1 << 15 | 1 << 11 | 1 << 10 | 1 << 9
    chip.write(USB + SIE_CTRL, base)
    chip.write(USB + SIE_CTRL, base | 1 << 13)  # RESET_BUS
    chip.run(300 * FRAME)
    assert chip.read(USB + SIE_CTRL) == base
    assert chip.read(USB + SIE_STATUS) & ~1 == 0  # no SPEED, no line state, not connected; VBUS is there
    assert chip.read(USB + INTS) == 0
    assert not chip.call("usb_open")
    chip.write(USB + MAIN_CTRL, 1)  # a device after all
    chip.run(120 * FRAME)
    assert chip.read(USB + SIE_STATUS) & 1 << 16


def test_a_transfer_of_a_host_is_refused() -> None:
    chip = PeriphChip()
    chip.boot()
    chip.write(USB + MAIN_CTRL, 3)
    with pytest.raises(Unmodelled, match=r"SIE_CTRL .*START_TRANS: as a host, whose socket is empty here"):
        chip.write(USB + SIE_CTRL, 1 << 15 | 1)
