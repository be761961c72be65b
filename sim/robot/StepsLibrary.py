"""Keywords for any RP2040 program: power it, do something to it, expect something of it.

Every step of `emberwatch.machine.steps` is a keyword; `docs/steps.md` has their list.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

from robot.api import logger
from robot.api.deco import keyword, library

from emberwatch.audio import Scenario
from emberwatch.audio import scenario as scenarios
from emberwatch.base.errors import EmberwatchError, ExpectationError
from emberwatch.machine.bench import Bench
from emberwatch.machine.machine import Machine
from emberwatch.machine.steps import STEPS
from emberwatch.machine.values import gpio
from emberwatch.robot.session import output_folder, session
from emberwatch.steps.calls import of_scenario, of_words

_DEFAULT = "board"


def _keyword_of(step: str) -> Callable[..., Any]:
    def run(self: StepsLibrary, *words: Any, **named: Any) -> Any:
        machine = self.machine
        try:
            return of_words(step, words, named)(machine)
        except ExpectationError as error:
            for name, port in machine.ports.items():
                if port.data:
                    logger.info(f"{name}:\n{port.text[-4000:]}")
            raise AssertionError(str(error)) from None
        except EmberwatchError as error:
            raise RuntimeError(str(error)) from None

    signature = inspect.signature(STEPS[step])
    parameters = [p.replace(annotation=inspect.Parameter.empty) for p in signature.parameters.values()]
    functools.update_wrapper(run, STEPS[step], assigned=("__doc__", "__name__"), updated=())
    del run.__wrapped__  # type: ignore[attr-defined]
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    decorated: Callable[..., Any] = keyword(step.replace("_", " ").title(), types=None)(run)
    return decorated


@library(scope="TEST", doc_format="TEXT")
class StepsLibrary:
    """Times are emulated and may have units: ``0.5``, ``200 ms``. Pins are ``25`` or ``GP25``.

    Example:
    | Power On | ${CURDIR}/blink.elf |
    | Expect   | ready |
    | Click    | GP10 | held=50 ms |
    | Expect   | /pressed (\\\\d+) times/ |

    Without `Power On` the keywords act on the board that the board library has powered.
    """

    def __init__(self) -> None:
        self._machines: dict[str, Machine] = {}
        self._chosen = _DEFAULT
        self._bench: Bench | None = None

    @property
    def machine(self) -> Machine:
        """The board that keywords act on."""
        found = self._machines.get(self._chosen) or session.machine
        if found is None:
            raise AssertionError("no board is powered; use 'Power On' first")
        return found

    @keyword
    def power_on(
        self,
        firmware: Path,
        board: str | None = None,
        scenario: Path | None = None,
        seed: int = 1,
        name: str = _DEFAULT,
    ) -> None:
        """Powers a board with this program; ``name`` for several boards, of which `Use Board` chooses one.

        The steps of a scenario file are taken by `Take Steps`, its sounds heard from now on.
        """
        heard = scenarios.load(scenario) if scenario is not None else Scenario()
        self._machines[name] = Machine(firmware, heard, board=board, seed=seed)
        self._machines[name].folder = scenario.parent if scenario is not None else output_folder()
        self._chosen = name

    @keyword
    def use_board(self, name: str) -> None:
        """Which of several boards the keywords act on from now on."""
        if name not in self._machines:
            raise AssertionError(f"there is no board {name!r}; powered are: {', '.join(self._machines) or 'none'}")
        self._chosen = name

    @keyword
    def wire_pins(self, board: str, pin: str, other_board: str, other_pin: str) -> None:
        """Wires a pin of one board to a pin of another; all boards then share one clock."""
        if self._bench is None:
            self._bench = Bench(*self._machines.values())
        one, other = self._machines[board], self._machines[other_board]
        self._bench.wire(one, gpio(pin), other, gpio(other_pin))

    @keyword
    def take_steps(self) -> None:
        """Takes the steps of the scenario file that the board was powered with."""
        for call in of_scenario(self.machine.scenario):
            try:
                call(self.machine)
            except ExpectationError as error:
                raise AssertionError(f"{call.title}: {error}") from None

    @keyword
    def exit_code(self) -> int | None:
        """The exit code that the program gave by semihosting; None while it runs."""
        return self.machine.exit.code if self.machine.exit is not None else None

    @keyword
    def picture_of(self, device: str) -> str:
        """Writes what a display shows into the log, and returns the file's name."""
        path = output_folder() / f"{device}.png"
        self.machine.folder = output_folder()
        self.machine.save_picture(device, path.name)
        logger.info(f'<img src="{path.name}">', html=True)
        return str(path)


for _step in STEPS:
    setattr(StepsLibrary, _step, _keyword_of(_step))
