"""A step with its arguments, from whatever names them: a table of TOML, words of a keyword, a JSON object."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, get_type_hints

from emberwatch.audio import Scenario
from emberwatch.base import toml
from emberwatch.base.errors import EmberwatchError, UsageError
from emberwatch.machine.steps import STEPS

if TYPE_CHECKING:
    from emberwatch.machine.machine import Machine

_LEAST_S = 1e-6
"""What a step that waits gets when its time is up already: enough to see what is there."""


@dataclass(frozen=True)
class Call:
    """A step to take.

    Attributes:
        step: one of `STEPS`.
        arguments: by name, of the types that the step wants.
        title: how people know it.
        deadline_s: emulated time since power-on until which it may wait; None: its own timeout.
    """

    step: str
    arguments: Mapping[str, Any]
    title: str
    deadline_s: float | None = None

    def __call__(self, machine: Machine) -> object:
        """Takes the step.

        Raises:
            EmberwatchError: it cannot be taken, or shows what it should not.
        """
        arguments = dict(self.arguments)
        if self.deadline_s is not None:
            for name in ("timeout", "within"):
                if name in parameters(self.step):
                    arguments[name] = max(self.deadline_s - machine.time_s, _LEAST_S)
        return STEPS[self.step](machine, **arguments)


def parameters(step: str) -> dict[str, inspect.Parameter]:
    """The parameters of a step but `self`, in order.

    Raises:
        UsageError: there is no such step.
    """
    if step not in STEPS:
        raise UsageError(f"step {step!r} is not known{toml.suggest(step, STEPS)}")
    return dict(list(inspect.signature(STEPS[step]).parameters.items())[1:])


def call(step: str, arguments: Mapping[str, Any], *, text: bool = False, title: str = "") -> Call:
    """A step with arguments by name.

    Args:
        step: one of `STEPS`.
        arguments: as TOML and JSON write them.
        text: whether numbers may come as text, as keywords have them.
        title: how people know it; made of the arguments if empty.

    Raises:
        UsageError: there is no such step, or an argument is missing, unknown or wrong.
    """
    wanted = parameters(step)
    hints = get_type_hints(STEPS[step], include_extras=True)
    for name in arguments:
        if name not in wanted:
            raise UsageError(f"step {step!r} has no argument {name!r}{toml.suggest(name, wanted)}")
    for name, parameter in wanted.items():
        if parameter.default is parameter.empty and name not in arguments:
            raise UsageError(f"step {step!r} needs {name!r}")
    converted = {
        name: toml.convert(hints[name], _number(value, hints[name]) if text else value, name, UsageError)
        for name, value in arguments.items()
    }
    return Call(step, converted, title or " ".join([step, *(str(value) for value in arguments.values())]))


def of_words(step: str, words: Sequence[Any], named: Mapping[str, Any]) -> Call:
    """A step with arguments in order and by name, as keywords and command lines give them.

    Raises:
        UsageError: as `call`; too many of them.
    """
    names = list(parameters(step))
    if len(words) > len(names):
        raise UsageError(f"step {step!r} takes at most {len(names)} arguments, not {len(words)}")
    return call(step, {**dict(zip(names, words, strict=False)), **named}, text=True)


def of_table(table: Mapping[str, Any]) -> Call:
    """A step as scenario files write it: its name with the first argument, the others beside it.

    ``true`` for an argument that has a default is the default.

    Raises:
        UsageError: no step or several in one table, or wrong arguments.
    """
    steps = [key for key in table if key in STEPS]
    if len(steps) != 1:
        if not steps and table:
            first = next(iter(table))
            raise UsageError(f"step {first!r} is not known{toml.suggest(first, STEPS)}")
        raise UsageError(f"a step's table holds one step, not {', '.join(steps) or 'nothing'}")
    (step,) = steps
    first, parameter = next(iter(parameters(step).items()))
    arguments = {key: value for key, value in table.items() if key != step}
    if not (table[step] is True and parameter.default is not parameter.empty):
        arguments = {first: table[step], **arguments}
    return call(step, arguments, title=" ".join(f"{key} {value}" for key, value in table.items()))


def of_scenario(scenario: Scenario, error: type[EmberwatchError] = UsageError) -> list[Call]:
    """All steps of a scenario.

    Raises:
        EmberwatchError: of class `error`, with the number of the step that is wrong, and the line of its file.
    """
    found = []
    for number, table in enumerate(scenario.steps):
        try:
            found.append(of_table(table))
        except UsageError as refusal:
            wrong = toml.about(f"step[{number}]", error(f"step {number + 1}: {refusal}"))
            raise (toml.located(wrong, scenario.origin, "scenario") if scenario.origin else wrong) from None
    return found


def _number(value: Any, hint: Any) -> Any:
    """Text as the number that it says, where a number is wanted or anything may be."""
    if not isinstance(value, str) or not (hint in (float, int, float | None) or hint is Any):
        return value
    for kind in (int, float):
        try:
            return kind(value)
        except ValueError:
            continue
    return value
