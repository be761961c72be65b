"""Small programs in SRAM with known calls, interrupts and stacks, built with the Arm compiler."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from paths import ROOT

from emberwatch.base.errors import EmberwatchError
from emberwatch.program.toolchain import find_compiler

FIRMWARE = ROOT / "build/firmware/pico/emberwatch.elf"

CALLS = """
typedef unsigned int u32;
#define REG(a) (*(volatile u32 *)(a))
#define KEEP __attribute__((noinline, noclone, used))
volatile u32 sink, ticks, core1_done;

KEEP void leaf(u32 n) { for (u32 i = 0; i < n; ++i) sink += i; }
KEEP void jumps_to_leaf(u32 n) { sink = n; leaf(n + 1); }             /* a tail call */
KEEP u32 recurse(u32 n) { volatile u32 pad[4]; pad[0] = n; return n ? recurse(n - 1) + pad[0] : 0; }
KEEP u32 choose(u32 n) {                                              /* a table branch through a libgcc helper */
    switch (n) { case 0: return sink + 1; case 1: sink = 5; return 7; case 2: return sink * 3;
                 case 3: leaf(2); return 4; case 4: return sink ^ 9; case 5: sink = 1; return 2; default: return 99; }
}
KEEP void tick(void) { ++ticks; leaf(3); }
KEEP void only_on_core1(void) { leaf(100); core1_done = 1; }
void core1_main(void) { only_on_core1(); for (;;) __asm volatile("wfi"); }
extern void entry(void);
__attribute__((aligned(256))) void *const vectors[48] = {[1] = entry, [15] = tick};
static u32 core1_stack[64];

static u32 exchange(u32 word) {
    while ((REG(0xd0000050) & 2) == 0) {}
    REG(0xd0000054) = word;
    __asm volatile("sev");
    while ((REG(0xd0000050) & 1) == 0) __asm volatile("wfe");
    return REG(0xd0000058);
}
KEEP void launch_core1(void) {
    const u32 words[6] = {0, 0, 1, (u32)vectors, (u32)(core1_stack + 64), (u32)core1_main};
    for (u32 i = 0; i < 6;) {
        if (words[i] == 0) while (REG(0xd0000050) & 1) (void)REG(0xd0000058);
        i = exchange(words[i]) == words[i] ? i + 1 : 0;
    }
    while (!core1_done) {}
}
KEEP void work(void) {
    for (u32 i = 0; i < 5; ++i) leaf(20);
    jumps_to_leaf(6);
    recurse(7);
    for (u32 i = 0; i < 7; ++i) choose(i);
}
void start(void) {
    REG(0xe000ed08) = (u32)vectors;
    launch_core1();
    REG(0xe000e014) = 999;
    REG(0xe000e018) = 0;
    REG(0xe000e010) = 7;
    while (ticks < 3) {}
    REG(0xe000e010) = 0;
    work();
    for (;;) __asm volatile("wfi");
}
/* SRAM holds anything at power-on: .bss first. */
__attribute__((naked)) void entry(void) {
    __asm volatile("ldr r0, =__bss_start__\\n ldr r1, =__bss_end__\\n movs r2, #0\\n"
                   "1: cmp r0, r1\\n bhs 2f\\n stmia r0!, {r2}\\n b 1b\\n"
                   "2: ldr r0, =0x20040000\\n msr msp, r0\\n bl start\\n");
}
"""


def build(folder: Path, source: str, name: str = "program", *options: str) -> Path:
    """An ELF in SRAM; skips the test where there is no Arm compiler."""
    try:
        compiler = find_compiler()
    except EmberwatchError as error:
        pytest.skip(str(error))
    (folder / f"{name}.c").write_text(source)
    elf = folder / f"{name}.elf"
    command = [compiler, "-mcpu=cortex-m0plus", "-mthumb", "-O2", "-g", "-fno-optimize-sibling-calls", "-ffreestanding"]
    if "-foptimize-sibling-calls" in options:
        command.remove("-fno-optimize-sibling-calls")
    link = ["-nostdlib", "-Wl,-Ttext=0x20000000", "-Wl,-eentry", "-lgcc"]
    subprocess.run([*command, *options, folder / f"{name}.c", *link, "-o", elf], check=True, cwd=folder)
    return elf


def needs_firmware() -> Path:
    """The shipped firmware; skips where it was not built."""
    if not FIRMWARE.is_file():
        pytest.skip("the firmware is not built; run: make firmware")
    return FIRMWARE
