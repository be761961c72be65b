"""What rp2040.h promises whatever a host gives: no exception, no wild pointer, every call comes back."""

from __future__ import annotations

import ctypes

import pytest
from renode_rig import MIC_CLOCK, MIC_DATA, power_up

from emberwatch.engines.renode.library import INVALID, NEVER

pytestmark = pytest.mark.usefixtures("librp2040")
OK = 0


def test_advancing_to_the_next_event_of_a_quiet_chip_returns() -> None:
    chip, _ = power_up()
    library, handle, before = chip._library, chip._chip, chip.now
    assert library.rp2040_advance(handle, NEVER) == OK and chip.now == before
    assert library.rp2040_advance(handle, before + (1 << 41)) == INVALID and chip.now == before
    value = ctypes.c_uint32()
    assert library.rp2040_read(handle, 0, NEVER, 0x4005_4000, 4, ctypes.byref(value)) == INVALID


def test_a_destroyed_chip_is_a_status() -> None:
    chip, _ = power_up()
    library, handle = chip._library, chip._chip
    library.rp2040_destroy(handle)
    library.rp2040_destroy(handle)
    assert library.rp2040_advance(handle, 1) == INVALID
    assert library.rp2040_now(handle) == 0 and library.rp2040_next_event(handle) == NEVER
    assert b"destroyed" in library.rp2040_error(handle)
    assert library.rp2040_advance(None, 1) == INVALID and library.rp2040_error(None)
    chip._chip = None


def test_arrays_that_no_host_can_mean_are_refused() -> None:
    chip, _ = power_up()
    library, handle = chip._library, chip._chip
    assert library.rp2040_mic_attach(handle, MIC_CLOCK, MIC_DATA, 0, 1) == OK
    samples = (ctypes.c_int32 * 4)()
    assert library.rp2040_mic_push(handle, samples, 1 << 62) == INVALID
    assert library.rp2040_mic_push(handle, None, 4) == INVALID
    assert library.rp2040_trace(handle, None, 0xFFFF_FFFF) == INVALID
    assert library.rp2040_load(handle, 0, b"abcd", 4) == INVALID
    assert library.rp2040_load(handle, 0x2000_0000, b"abcd", 4) == INVALID


def test_a_microphone_that_cannot_be_attached_leaves_the_old_one() -> None:
    chip, _ = power_up()
    library, handle = chip._library, chip._chip
    assert library.rp2040_mic_attach(handle, MIC_CLOCK, MIC_DATA, 0, 1) == OK
    samples = (ctypes.c_int32 * 4)()
    assert library.rp2040_mic_push(handle, samples, 4) == OK
    assert library.rp2040_mic_attach(handle, 99, MIC_DATA, 0, 1) == INVALID
    assert library.rp2040_mic_supplied(handle) == 4
    assert library.rp2040_mic_attach(handle, MIC_CLOCK, MIC_DATA, 0, 1) == OK
    assert library.rp2040_mic_supplied(handle) == 0
