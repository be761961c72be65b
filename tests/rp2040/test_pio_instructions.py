"""PIO instructions one by one, by what they leave in registers, FIFOs and pins (datasheet 3.4)."""

from __future__ import annotations

import pytest
from unit import (
    AUTOPULL,
    AUTOPUSH,
    CTRL,
    EXECCTRL,
    FDEBUG,
    FUNC_PIO0,
    IN_RIGHT,
    INSTR,
    IRQ,
    IRQ_FORCE,
    OUT_RIGHT,
    PIO0,
    SET,
    StateMachine,
    UnitChip,
    in_,
    irq,
    jmp,
    mov,
    nop,
    out,
    pull,
    push,
    set_,
    wait,
)


@pytest.fixture
def chip() -> UnitChip:
    return UnitChip()


def results(
    chip: UnitChip, program: list[int], words: tuple[int, ...] = (), count: int = 1, **options: int
) -> list[int]:
    """Runs a program that ends by jumping to itself and returns what it pushed."""
    sm = StateMachine(chip, [*program, jmp(len(program))], enable=False, **options)
    for word in words:
        sm.put(word)
    sm.enable()
    chip.run(200)
    assert sm.rx_level == count
    return [sm.get() for _ in range(count)]


@pytest.mark.parametrize(
    ("condition", "x", "y", "taken"),
    [
        ("!x", 0, 0, True), ("!x", 1, 0, False), ("x--", 0, 0, False), ("x--", 1, 0, True),
        ("!y", 0, 0, True), ("!y", 0, 1, False), ("y--", 0, 0, False), ("y--", 0, 5, True),
        ("x!=y", 3, 3, False), ("x!=y", 3, 2, True), ("", 0, 0, True),
    ],
)  # fmt: skip
def test_jmp_conditions(chip: UnitChip, condition: str, x: int, y: int, taken: bool) -> None:
    program = [mov("osr", "null"), set_("x", x), set_("y", y), jmp(5, condition), mov("osr", "null", 1),
               in_("x", 8), in_("y", 8), in_("osr", 1), push()]  # fmt: skip
    (word,) = results(chip, program, shift=0)
    assert word >> 9 & 0xFF == (x - (condition == "x--")) & 0xFF
    assert word >> 1 & 0xFF == (y - (condition == "y--")) & 0xFF
    assert word & 1 == (not taken), "only falling through inverts the OSR"


def test_jmp_pin_and_wait_gpio(chip: UnitChip) -> None:
    program = [jmp(2, "pin"), jmp(0), set_("x", 7), wait(1, "pin", 3), wait(0, "gpio", 8), in_("x", 32), push(), jmp(7)]
    sm = StateMachine(chip, program,
                      execctrl=5 << 24, in_base=10)  # fmt: skip
    chip.run(20)
    assert sm.pc in (0, 1)
    chip.drive(5, 1)
    chip.run(20)
    assert sm.pc == 3
    chip.drive(8, 1)
    chip.drive(13, 1)
    chip.run(20)
    assert sm.pc == 4
    chip.drive(8, 0)
    chip.run(20)
    assert sm.get() == 7


@pytest.mark.parametrize(("operation", "expected"), [(0, 0x12345678), (1, 0xEDCBA987), (2, 0x1E6A2C48)])
def test_mov_operations(chip: UnitChip, operation: int, expected: int) -> None:
    program = [pull(), mov("x", "osr", operation), mov("isr", "x"), push()]
    assert results(chip, program, (0x12345678,)) == [expected]


def test_mov_resets_the_shift_counters(chip: UnitChip) -> None:
    # MOV to the OSR makes it full, so !OSRE is taken; MOV to the ISR makes it empty, so PUSH IFFULL does nothing.
    program = [pull(), out("null", 32), mov("osr", "x"), jmp(5, "!osre"), jmp(4),
               in_("null", 32), mov("isr", "y"), push(iffull=1), set_("x", 9), mov("isr", "x"), push()]  # fmt: skip
    assert results(chip, program, (5,), shift=IN_RIGHT | OUT_RIGHT) == [9]


@pytest.mark.parametrize(("right", "expected"), [(True, 0x4321), (False, 0x1234)])
def test_shift_directions(chip: UnitChip, right: bool, expected: int) -> None:
    # The nibbles of the OSR go to X one at a time and back into the ISR.
    shift = OUT_RIGHT if right else 0
    program = [pull()]
    for _ in range(4):
        program += [out("x", 4), in_("x", 4)]
    program += [push()]
    word = 0x00001234 if right else 0x12340000
    (got,) = results(chip, program, (word,), shift=shift)
    assert got == expected


def test_out_of_32_bits_and_saturation(chip: UnitChip) -> None:
    program = [pull(), out("x", 32), jmp(3, "!osre"), in_("x", 32), in_("null", 0), push(), jmp(6)]
    assert results(chip, program, (0xCAFEF00D,)) == [0]
    assert results(UnitChip(), [pull(), out("isr", 7), push()], (0xFF,)) == [0x7F]


def test_push_and_pull_do_not_block_when_told_so(chip: UnitChip) -> None:
    program = [set_("x", 21), pull(block=0), mov("isr", "osr"), push(block=0), in_("x", 5), push(block=0), jmp(6)]
    sm = StateMachine(chip, [*program, jmp(7)], shift=0)
    chip.run(30)
    assert [sm.get(), sm.get()] == [21, 21]
    # A full FIFO drops the word, clears the ISR and reports the stall.
    sm = StateMachine(UnitChip(), [in_("x", 32), push(block=0)])
    sm.chip.run(40)
    assert sm.rx_level == 4
    assert sm.chip.read(PIO0 + FDEBUG) & 0xF == 1


def test_irq_flags_relative_wait_and_clear(chip: UnitChip) -> None:
    sm = StateMachine(chip, [irq(0x10), irq(0x13, wait=1), irq(5), jmp(3)], index=2)
    chip.run(20)
    assert chip.read(PIO0 + IRQ) == 1 << 2 | 1 << 1  # 0 + 2 and (3 + 2) mod 4
    assert sm.pc == 1
    chip.write(PIO0 + IRQ, 1 << 1)
    chip.run(20)
    assert chip.read(PIO0 + IRQ) == 1 << 2 | 1 << 5
    assert sm.pc == 3
    waiter = StateMachine(chip, [wait(1, "irq", 7), irq(5, clear=1), jmp(6)], origin=4, index=0)
    chip.run(10)
    assert waiter.pc == 4
    chip.write(PIO0 + IRQ_FORCE, 1 << 7)
    chip.run(10)
    assert waiter.pc == 6
    assert chip.read(PIO0 + IRQ) == 1 << 2  # WAIT 1 IRQ has cleared flag 7


def test_two_machines_see_one_flag_in_the_same_cycle(chip: UnitChip) -> None:
    chip.write(PIO0 + IRQ, 0xFF)
    first = StateMachine(chip, [wait(1, "irq", 0), jmp(1)], index=0, enable=False)
    second = StateMachine(chip, [wait(1, "irq", 0), jmp(1)], index=1, enable=False)
    chip.write(PIO0 + CTRL, 0x303)
    chip.run(10)
    chip.write(PIO0 + IRQ_FORCE, 1)
    chip.run(4)
    assert (first.pc, second.pc) == (1, 1)


def test_out_exec_and_mov_exec(chip: UnitChip) -> None:
    # OUT EXEC's own delay is ignored; the executed SET takes the next cycle and its delay counts.
    program = [pull(), out("exec", 16, ds=31), mov("isr", "x"), push(), mov("exec", "osr"), mov("isr", "x"), push()]
    word = set_("x", 17, ds=3) | set_("x", 30) << 16
    sm = StateMachine(chip, [*program, jmp(7)], enable=False)
    sm.put(word)
    start = sm.enable()
    # pull, out exec, set + 3 delay cycles, mov, push: pushed by the seventh cycle after the first.
    chip.run(start + 7 - chip.now)
    assert sm.rx_level == 0
    chip.run(1)
    assert sm.rx_level == 1
    chip.run(20)
    assert [sm.get(), sm.get()] == [17, 30]


def test_jumps_by_mov_and_out_pc(chip: UnitChip) -> None:
    program = [
        set_("x", 3),
        mov("pc", "x"),
        jmp(2),
        pull(),
        out("pc", 5),
        jmp(5),
        set_("x", 12),
        mov("isr", "x"),
        push(),
    ]
    assert results(chip, program, (6,)) == [12]


def test_forced_instructions(chip: UnitChip) -> None:
    sm = StateMachine(chip, [wait(1, "gpio", 20), jmp(1)], divider=1000)
    chip.run(5)
    assert chip.read(sm.base + INSTR) == wait(1, "gpio", 20)
    sm.execute(set_("x", 11))  # in the next cycle, whatever the divider; the program's wait goes on
    sm.execute(mov("isr", "x"))
    sm.execute(push())
    assert sm.get() == 11
    assert sm.pc == 0
    sm.execute(jmp(1))  # breaks the wait
    assert sm.pc == 1


def test_forced_instructions_of_one_cycle_all_run(chip: UnitChip) -> None:
    """A core's writes share a cycle of the chip where the other core's access had to wait. On the bus they do not: the
    cycle counter of arduino-pico under FreeRTOS forces eight in a row and waits for the four words that they push.
    """
    sm = StateMachine(chip, [jmp(0)])
    for code in (set_("x", 11), mov("isr", "x"), push(), set_("x", 12), mov("isr", "x"), push()):
        chip.write(sm.base + INSTR, code)
    chip.run(2)
    assert sm.rx_level == 2
    assert [sm.get(), sm.get()] == [11, 12]


def test_a_forced_instruction_that_stalls_is_latched(chip: UnitChip) -> None:
    sm = StateMachine(chip, [set_("y", 1), jmp(0)])
    sm.execute(pull())
    assert chip.read(sm.base + EXECCTRL) >> 31 == 1
    before = sm.pc
    chip.run(50)
    assert sm.pc == before  # the program stands still meanwhile
    sm.put(0x55)
    chip.run(3)
    assert chip.read(sm.base + EXECCTRL) >> 31 == 0
    sm.execute(mov("isr", "osr"))
    sm.execute(push())
    assert sm.get() == 0x55


def test_forced_instructions_on_a_disabled_machine(chip: UnitChip) -> None:
    sm = StateMachine(chip, [nop()], enable=False)
    sm.put(0xABCD)
    for code in (pull(), out("y", 8), mov("isr", "y"), push()):
        sm.execute(code)
    assert sm.get() == 0xCD


def test_pull_with_autopull_is_a_fence(chip: UnitChip) -> None:
    program = [pull(), pull(), out("x", 32), mov("isr", "x"), push()]
    sm = StateMachine(chip, [*program, jmp(5)], shift=OUT_RIGHT | IN_RIGHT | AUTOPULL, enable=False)
    sm.put(1)
    sm.put(2)
    sm.enable()
    chip.run(30)
    assert sm.get() == 1
    assert sm.tx_level == 0  # the second word went to the OSR when OUT emptied it


def test_status_source(chip: UnitChip) -> None:
    sm = StateMachine(chip, [mov("x", "status"), in_("x", 32), push(), jmp(3)], execctrl=2, enable=False)
    sm.put(0)
    sm.enable()
    chip.run(20)
    assert sm.get() == 0xFFFFFFFF  # one word is less than STATUS_N = 2
    chip = UnitChip()
    sm = StateMachine(chip, [mov("x", "status"), in_("x", 32), push(), jmp(3)], execctrl=2, enable=False)
    sm.put(0)
    sm.put(0)
    sm.enable()
    chip.run(20)
    assert sm.get() == 0


def test_pin_mapping_wraps_around(chip: UnitChip) -> None:
    pins = (27, 28, 29, 0, 1)  # 30 and 31 do not exist
    chip.function(FUNC_PIO0, *pins)
    sm = StateMachine(chip, [pull(), out("pins", 32), mov("isr", "pins"), push(), jmp(4)], out=(27, 7), in_base=27,
                      pindirs=sum(1 << pin for pin in pins), enable=False)  # fmt: skip
    sm.put(0b1111111)
    sm.enable()
    chip.run(20)
    assert [chip.level(pin) for pin in pins] == [1] * 5
    assert chip.level(26) == chip.level(2) == 0
    chip2_word = sm.get()
    assert chip2_word == 0  # sampled one cycle after OUT: the pads are not through the synchroniser yet
    sm.execute(mov("isr", "pins"))
    sm.execute(push())
    assert sm.get() & 0x7F == 0b1100111


def test_inline_out_enable_and_sticky_output(chip: UnitChip) -> None:
    chip.function(FUNC_PIO0, 4)
    # SM1 writes 1 once; sticky SM0 keeps asserting 0 and takes the pin back a cycle later.
    StateMachine(chip, [set_("pins", 0), jmp(1)], index=0, set_pins=(4, 1), execctrl=1 << 17, pindirs=1 << 4)
    chip.run(20)
    chip.watch(4)
    StateMachine(chip, [set_("pins", 1), jmp(3)], index=1, origin=2, set_pins=(4, 1))
    chip.run(20)
    rise, fall = (when for when, _, _ in chip.edges(4))
    assert fall - rise == 1
    # With INLINE_OUT_EN the top bit of the data decides whether OUT writes at all.
    chip = UnitChip()
    chip.function(FUNC_PIO0, 6)
    sm = StateMachine(chip, [pull(), out("pins", 32), jmp(0)], out=(6, 1), execctrl=1 << 18 | 31 << 19, pindirs=1 << 6)
    sm.put(0x80000001)
    chip.run(20)
    assert chip.level(6) == 1
    sm.put(0)
    chip.run(20)
    assert chip.level(6) == 1
    sm.put(0x80000000)
    chip.run(20)
    assert chip.level(6) == 0


def test_restart_clears_hidden_state(chip: UnitChip) -> None:
    sm = StateMachine(chip, [in_("null", 3), irq(1, wait=1), jmp(2)], shift=AUTOPUSH | 4 << 20)
    chip.run(10)
    chip.write(PIO0 + IRQ, 0xFF)
    chip.write(PIO0 + CTRL, 0)
    chip.write(PIO0 + CTRL + SET, 0x10)
    sm.execute(jmp(0))
    sm.enable()
    chip.run(10)
    assert sm.rx_level == 0  # three bits again, not six
    assert chip.read(PIO0 + IRQ) == 2
