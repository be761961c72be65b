"""The C ABI through ctypes: microphone, pins, UART."""

from __future__ import annotations

import numpy as np
import pytest
from renode_rig import (
    DMA,
    IO_BANK0,
    MIC_CLOCK,
    MIC_DATA,
    PWM,
    SIO,
    SRAM,
    UART0,
    capture_pdm,
    power_up,
    run_by_events,
    start_clocks,
)

from emberwatch.audio import reference
from emberwatch.engines.renode import library
from emberwatch.engines.renode.library import ChipError

pytestmark = pytest.mark.usefixtures("librp2040")


def test_sound_goes_through_microphone_pio_and_dma_into_host_memory() -> None:
    chip, memory = power_up()
    t = np.arange(16000) / 16000
    samples = np.round(0.4 * (1 << 23) * np.sin(2 * np.pi * 1000 * t)).astype(np.int32)
    chip.mic_attach(MIC_CLOCK, MIC_DATA, right=False, seed=7)
    chip.mic_timebase(1_024_000)
    chip.mic_push(samples)
    capture_pdm(chip, SRAM + 0x1000, 64)
    memory.writes.clear()
    events = run_by_events(chip, chip.now + 64 * 32 * 122 + 20_000)
    assert 11 in memory.levels  # DMA_IRQ_0
    assert memory.writes == [SRAM + 0x1000 + 4 * n for n in range(64)]
    assert events < 8 * 64, "more events than a few per word"
    assert chip.mic_bits >= 64 * 32
    heard = np.frombuffer(bytes(memory.sram[0x1000:0x1100]), dtype="<u4")
    bits = np.unpackbits(heard.view(np.uint8), bitorder="little")
    edges = [n * 10**12 // 1_024_000 for n in range(64 * 32)]
    expected = reference.pdm_bits(samples, edges, 7)
    # The first samples are taken before the microphone has seen its first falling edge.
    shift = next(s for s in range(4) if np.array_equal(bits[s : s + 200], expected[:200]))
    assert np.array_equal(bits[shift:], expected[: len(bits) - shift])
    chip.write(DMA + 0x40C, 1)
    assert 11 not in memory.levels


def test_after_power_on_the_microphone_goes_on_where_it_was() -> None:
    chip, memory = power_up()
    chip.mic_attach(MIC_CLOCK, MIC_DATA, right=False, seed=1)
    t = np.arange(3 * 16000) / 16000
    quiet_then_loud = np.where(t < 1, 0, 12000 * np.sin(2 * np.pi * 1000 * t))
    chip.mic_play(quiet_then_loud.astype(np.int16), 16000)

    def swing() -> int:
        capture_pdm(chip, SRAM, 256)
        run_by_events(chip, chip.now + 256 * 32 * 122 + 20_000)
        ones = np.unpackbits(np.frombuffer(bytes(memory.sram[256:1024]), np.uint8)).reshape(-1, 64).sum(axis=1)
        return int(ones.max()) - int(ones.min())

    assert swing() < 8, "the sound begins quietly"
    chip.reset(chip.now + 125_000_000)
    start_clocks(chip)
    assert swing() > 16, "a second later it is loud, and heard at once although the chip's time is young"
    assert chip.now < 10_000_000


def test_bits_given_to_the_microphone_come_out_in_order() -> None:
    chip, memory = power_up()
    pattern = bytes(np.random.default_rng(3).integers(0, 256, 40, dtype=np.uint8))
    chip.mic_attach(MIC_CLOCK, MIC_DATA, right=False, seed=1)
    chip.mic_push_bits(pattern, 320)
    capture_pdm(chip, SRAM, 8, divider=4)
    chip.advance(chip.now + 32 * 8 * 8 + 1000)
    bits = "".join(f"{byte:08b}"[::-1] for byte in memory.sram[:32])
    given = "".join(f"{byte:08b}"[::-1] for byte in pattern)
    assert bits[2:] in given


@pytest.mark.parametrize(("rate", "channels"), [(16000, 1), (48000, 2), (44100, 1), (8000, 1)])
def test_recordings_of_any_rate_are_resampled(rate: int, channels: int) -> None:
    chip, memory = power_up()
    t = np.arange(rate // 4) / rate
    tone = np.round(12000 * np.sin(2 * np.pi * 1000 * t)).astype(np.int16)
    chip.mic_attach(MIC_CLOCK, MIC_DATA, right=False, seed=1)
    chip.mic_play(np.stack([tone] * channels, axis=1) if channels > 1 else tone, rate)
    assert abs(chip.mic_supplied - (4000 + chip.picoseconds(chip.now) * 16000 // 10**12)) <= 1
    capture_pdm(chip, SRAM, 3000)
    chip.advance(chip.now + 3000 * 32 * 122 + 1000)
    density = (
        np.unpackbits(np.frombuffer(bytes(memory.sram[:12000]), np.uint8), bitorder="little").astype(float) * 2 - 1
    )
    pcm = density[: len(density) // 64 * 64].reshape(-1, 64).mean(axis=1)[200:1400] * np.hanning(1200)
    spectrum = np.abs(np.fft.rfft(pcm))
    peak = int(np.argmax(spectrum)) * (125e6 / 122 / 64) / 1200
    assert abs(peak - 1000) < 20
    with pytest.raises(ChipError, match="8000 to 192000"):
        chip.mic_play(tone, 4000)


def test_microphone_faults_and_arguments() -> None:
    chip, memory = power_up()
    with pytest.raises(ChipError, match="mic_attach"):
        chip.mic_push(np.zeros(3, np.int32))
    with pytest.raises(ChipError, match="another of its lines is"):
        chip.mic_attach(3, 3, right=False, seed=1)
    chip.mic_attach(MIC_CLOCK, MIC_DATA, right=False, seed=1)
    chip.mic_push(np.zeros(30, np.int32))
    chip.mic_attach(MIC_CLOCK, MIC_DATA, right=False, seed=2)
    assert chip.mic_supplied == 0, "the second microphone takes the place of the first"
    chip.mic_fault("stuck_high")
    capture_pdm(chip, SRAM, 4, divider=4)
    chip.advance(chip.now + 4 * 32 * 8 + 1000)
    assert bytes(memory.sram[:16]) == b"\xff" * 16


def test_pins_are_driven_and_read_back() -> None:
    chip, _ = power_up()
    chip.write(IO_BANK0 + 8 * 25 + 4, 5)
    chip.write(SIO + 0x24, 1 << 25)
    chip.write(SIO + 0x14, 1 << 25)
    chip.advance(chip.now + 4)
    assert chip.pin(25) and chip.pin_share(25) == 1.0
    chip.write(SIO + 0x18, 1 << 25)
    chip.advance(chip.now + 4)
    assert not chip.pin(25) and chip.pin_share(25) == 0.0
    chip.drive_pin(7, 1)
    chip.advance(chip.now + 4)
    assert chip.read(SIO + 0x04) >> 7 & 1
    # PWM slice 4 channel B at one quarter
    chip.write(PWM + 0x14 * 4 + 0x10, 999)
    chip.write(PWM + 0x14 * 4 + 0x0C, 250 << 16)
    chip.write(PWM + 0x14 * 4, 1)
    chip.write(IO_BANK0 + 8 * 25 + 4, 4)
    chip.advance(chip.now + 5000)
    assert chip.pin_share(25) == pytest.approx(0.25, abs=0.001)


def test_uart_bytes_come_out_with_their_cycle_and_go_in() -> None:
    chip, memory = power_up()
    for pin in (0, 1):
        chip.write(IO_BANK0 + 8 * pin + 4, 2)
    chip.write(UART0 + 0x24, 67)
    chip.write(UART0 + 0x28, 52)
    chip.write(UART0 + 0x2C, 0x70)
    chip.write(UART0 + 0x30, 0x301)
    chip.write(UART0 + 0x38, 0x50)
    start = chip.now
    for byte in b"Hi":
        chip.write(UART0, byte)
    run_by_events(chip, start + 40_000)
    sent = chip.serial_take(library.UART0)
    assert bytes(byte for _, byte in sent) == b"Hi"
    frame = sent[1][0] - sent[0][0]
    assert frame == pytest.approx(10 * 125e6 / 115200, rel=0.01)
    assert chip.serial_take(library.UART0) == []
    chip.serial_send(library.UART0, b"x")
    run_by_events(chip, chip.now + 60_000)
    assert 20 in memory.levels
    assert chip.read(UART0) & 0xFF == ord("x")
