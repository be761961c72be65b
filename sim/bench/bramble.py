"""The compute loop on Bramble, an RP2040 emulator in C that we did not write; who has built one names it."""

from __future__ import annotations

import os
import resource
import subprocess
import tempfile
from pathlib import Path

from emberwatch.chip import memory
from emberwatch.program.uf2 import write_uf2

VARIABLE = "EMBERWATCH_BRAMBLE"
"""Environment variable with the path of a Bramble executable."""
FLASH, SRAM = memory("flash").base, memory("sram").base
_START = FLASH + 0x200
_LIMIT_S = 60

# start: ldr r0,=SRAM+0x20000; adr r1,payload; movs r2,#28
# copy:  subs r2,#4; ldr r3,[r1,r2]; str r3,[r0,r2]; bne copy
#        adds r5,r0,#1; adr r6,values; ldmia r6!,{r0,r1,r2,r4}; bx r5
_COPY = bytes.fromhex("1048 05a1 1c22 043a 8b58 8350 fbd1 451c 08a6 17ce 2847 c046".replace(" ", ""))
# What follows the loop in the payload ends the run by semihosting: movs r0,#0x18; ldr r1,=0x20026; bkpt 0xab; b .
_EXIT = bytes.fromhex("1820 0149 abbe fee7 2600 0200".replace(" ", ""))


def loop_image(loop: bytes, turns: int) -> bytes:
    """A UF2 file that runs `loop`, 16 bytes that count r4 down from `turns`, in SRAM and ends by semihosting.

    It has vectors at 0x10000100 and no second stage: flash must be readable without one.
    """
    values = (SRAM + 0x30000, 0x1234567, 2654435761, turns)
    words = b"".join(value.to_bytes(4, "little") for value in (*values, SRAM + 0x20000))
    vectors = (SRAM + 0x42000).to_bytes(4, "little") + (_START | 1).to_bytes(4, "little")
    return write_uf2({FLASH: bytes(256) + vectors + bytes(248) + _COPY + loop + _EXIT + words})


def turn_seconds(loop: bytes, turns: int) -> tuple[float | None, str]:
    """Processor seconds that Bramble takes for a turn of a compute loop; None with the reason if it cannot run.

    Two runs whose turns differ by `turns` leave its start-up out.

    Args:
        loop: machine code of 16 bytes that counts r4 down to zero.
        turns: at least some hundred thousand, or start-up's chance is all that is seen.
    """
    program = os.environ.get(VARIABLE, "")
    if not program:
        return None, f"no Bramble; set {VARIABLE} to the path of its executable"
    try:
        few, many = (_seconds(Path(program), loop_image(loop, n)) for n in (turns // 10, turns // 10 + turns))
    except (OSError, subprocess.SubprocessError) as error:
        return None, f"{VARIABLE}={program}: {error}"
    return (many - few) / turns, ""


def _seconds(program: Path, image: bytes) -> float:
    """Processor seconds of one run."""
    with tempfile.TemporaryDirectory() as scratch:
        file = Path(scratch) / "loop.uf2"
        file.write_bytes(image)
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        command = [str(program.resolve()), str(file), "-no-boot2", "-semihosting", "-cores", "1"]
        command += ["-thread-quantum", "1000000"]  # by default its threads hand over every 64 instructions
        subprocess.run(command, cwd=scratch, capture_output=True, check=True, timeout=_LIMIT_S)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
