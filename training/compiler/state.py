"""The C of what a network keeps from one inference to the next."""

from __future__ import annotations

from emberwatch.training.compiler import emit
from emberwatch.training.compiler.ir import Constant, Program


def state_text(program: Program) -> str:
    """Memory and reset function of a program's states; an empty text when it has none.

    First values that are not all one byte become constants of the program.
    """
    if not program.states:
        return ""
    pieces: list[tuple[int, int, str | int]] = []
    offset = 0
    for tensor, state in program.states.items():
        value: str | int
        if len(set(state.initial)) <= 1:
            byte = state.initial[0] if state.initial else 0
            value = byte - 256 if byte > 127 else byte
        else:
            value = f"{program.prefix}_initial{tensor}"
            words = tuple(b - 256 if b > 127 else b for b in state.initial)
            program.constants[value] = Constant(value, "int8_t", words, "first values of a state")
            program.kept.add(value)
        pieces.append((offset, state.size, value))
        offset += (state.size + 7) // 8 * 8
    return emit.render("state.c.j2", prefix=program.prefix, size=offset, pieces=pieces)


def state_bytes(program: Program) -> int:
    """Bytes of all states, each on a multiple of 8."""
    return sum((state.size + 7) // 8 * 8 for state in program.states.values())
