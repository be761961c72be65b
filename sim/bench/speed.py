"""How fast the embedded engine runs on this host: real-time factor, instructions per second, and a peer beside it."""

from __future__ import annotations

import statistics
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from emberwatch.audio import generate
from emberwatch.audio.scenario import Clip, Scenario
from emberwatch.base.errors import EmberwatchError
from emberwatch.bench import bramble, peer
from emberwatch.engines.embedded import chip_of
from emberwatch.machine.machine import Machine

RUNS = 5
SECONDS = 10.0
PEER_SECONDS = 1.0

# A compute loop as compilers make them, eight instructions with a load, a store and a taken branch:
#   loop: ldr r3,[r0]; adds r3,r1; muls r3,r2; eors r3,r1; str r3,[r0]; lsrs r1,r3,#5; subs r4,#1; bne loop
_LOOP = bytes.fromhex("0368 5b18 5343 4b40 0360 5909 013c f7d1 fee7".replace(" ", ""))
_LOOP_INSTRUCTIONS = 8
_LOOP_CYCLES = 11  # two memory accesses of two cycles, a taken branch of two (Cortex-M0+ TRM table 3-1)
_LOOP_TURNS = 10_000_000
_PAIR_TURNS = 1_000_000
_PEER_TURNS = 50_000
_BRAMBLE_TURNS = 2_000_000
_SEV = bytes.fromhex("40bf")
_BOOT_SECONDS = 0.005  # long enough for the crystal and boot2, short of the first block


@dataclass(frozen=True)
class Speed:
    """Medians over runs in one process on one core of this host, in the processor time that it takes.

    Attributes:
        real_time_factor: emulated seconds of the shipped firmware, microphone on, per host second.
        mips_sram: million instructions per host second in a compute loop in SRAM.
        mips_flash: the same loop fetched through the XIP cache.
        pair_slowdown: host time of a cycle in which both cores run the loop in SRAM, over that with one.
        peer_ratio: our emulated cycles per host second over rp2040js's, same ELF, same bits, its PIO stepped every
            cycle; None without the peer.
        peer_ratio_asleep: the same when the peer takes eight cycles at a time while its processor sleeps.
        peer_note: why there is no peer.
        loop_ratio: turns of the compute loop in SRAM per host second over rp2040py's; None without it.
        loop_note: why there is no rp2040py.
        bramble_ratio: the same over Bramble's; None without it.
        bramble_note: why there is no Bramble.
    """

    real_time_factor: float
    mips_sram: float
    mips_flash: float
    pair_slowdown: float
    peer_ratio: float | None
    peer_ratio_asleep: float | None
    peer_note: str
    loop_ratio: float | None
    loop_note: str
    bramble_ratio: float | None
    bramble_note: str


def measure_speed(elf: Path) -> Speed:
    """Measures everything, the peer included where node and npm are there.

    Raises:
        EmberwatchError: the ELF does not run.
    """
    scenario = Scenario([Clip(generate("t3"), seconds=SECONDS)])
    factors = []
    for _ in range(RUNS):
        with Machine(elf, scenario) as machine:
            began = time.process_time()
            machine.run(SECONDS)
            factors.append(SECONDS / (time.process_time() - began))
    factor = statistics.median(factors)
    note = peer.why_not() or ""
    exact, quick = (None, None) if note else (factor / _peer_factor(elf, step) for step in (1, 8))
    one, both = _cycles_per_second(elf, 0x20020000), _cycles_per_second(elf, 0x20020000, both=True)
    flash = _cycles_per_second(elf, 0x10100000)
    per_cycle = _LOOP_INSTRUCTIONS / _LOOP_CYCLES / 1e6
    rp2040py = peer.rp2040py_turn_seconds(_LOOP, _PEER_TURNS)
    in_c = bramble.turn_seconds(_LOOP[:-2], _BRAMBLE_TURNS)  # without the branch to itself
    loop, beside_c = (None if turn is None else one / _LOOP_CYCLES * turn for turn in (rp2040py[0], in_c[0]))
    return Speed(
        factor, one * per_cycle, flash * per_cycle, one / both, exact, quick, note, loop, rp2040py[1], beside_c, in_c[1]
    )


def _peer_factor(elf: Path, sleep_cycles: int) -> float:
    with Machine(elf, Scenario([Clip(generate("t3"), seconds=PEER_SECONDS)])) as machine:
        bits = peer.record_bits(machine, PEER_SECONDS)
        hertz = machine.board.clock.clk_sys_hz
    with tempfile.TemporaryDirectory() as scratch:
        run = peer.run_peer(elf, bits, PEER_SECONDS, Path(scratch), sleep_cycles)
    return run.cycles / hertz / run.host_seconds


def _cycles_per_second(elf: Path, address: int, *, both: bool = False) -> float:
    """Emulated cycles per host second of the loop at `address`.

    It runs on a chip that the firmware has brought up, so that flash is readable and clocks run. `both`: on core 1 too,
    which waits for an event in the boot ROM until core 0 sends one.
    """
    turns = _PAIR_TURNS if both else _LOOP_TURNS
    rates = []
    for _ in range(RUNS):
        with Machine(elf, Scenario.silence(1.0), engine="embedded") as machine:
            machine.run(_BOOT_SECONDS)
            chip = chip_of(machine.engine)
            chip.write_memory(address, _LOOP + _SEV + _LOOP if both else _LOOP)
            for core, start in enumerate((len(_LOOP), 0) if both else (0,)):
                registers = {"r0": 0x20030000 + 64 * core, "r1": 0x1234567, "r2": 2654435761, "r4": turns}
                for name, value in (registers | {"pc": address + start, "primask": 1}).items():
                    chip.set_register(core, name, value)
            first, began = chip.cycles, time.process_time()
            chip.run_until(first + _LOOP_CYCLES * turns)
            rates.append((chip.cycles - first) / (time.process_time() - began))
            if any(chip.registers(core)["r4"] > turns // 2 for core in range(2 if both else 1)):
                raise EmberwatchError("the compute loop does not run on every core; take the firmware that was built")
    return statistics.median(rates)
