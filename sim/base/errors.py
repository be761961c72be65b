"""The errors that a user of Emberwatch can cause and can put right.

Every class derives from `EmberwatchError`. A message is one line that names the thing, the offending value and the
remedy; the command line prints it after ``emberwatch:`` and exits with code 2. Those of an emulated program
are `EmulationError`.

::

    EmberwatchError
        UsageError  AudioError  ScenarioError  BoardError  ImageError  BuildError  ModelError
        EngineError (NotPossibleError)  ProtocolError  MissingDependencyError
        EmulationError
            FirmwareCrash
            ExpectationError
                EmulationTimeout
"""

from __future__ import annotations


class EmberwatchError(Exception):
    """Root of all errors that are the input's fault and not a defect of Emberwatch.

    Args:
        message: one line naming the thing, its value and the remedy; line breaks are folded into spaces.
    """

    key: str = ""
    """Of a configuration file, if the error is about one: ``led.pin``, ``sound[1].at_s``."""

    def __init__(self, message: str) -> None:
        super().__init__(" ".join(message.split()))


class UsageError(EmberwatchError):
    """A command-line or function argument is outside what is accepted."""


class AudioError(EmberwatchError):
    """A sound file cannot be read, is empty, or is of a kind that is refused."""


class ScenarioError(EmberwatchError):
    """A scenario (time line of sounds) is malformed."""


class BoardError(EmberwatchError):
    """A board is unknown or its description is malformed."""


class ImageError(EmberwatchError):
    """A firmware image (ELF, UF2, BIN, HEX) is malformed or does not fit the board."""


class BuildError(EmberwatchError):
    """The firmware cannot be built: a tool is missing or reported an error."""


class ModelError(EmberwatchError):
    """A neural network file is malformed or uses an operator that is not supported."""


class EngineError(EmberwatchError):
    """The requested engine is missing or cannot do what was asked."""


class NotPossibleError(EngineError):
    """This engine cannot do what was asked, another one can: what a suite asks of it is skipped, not failed."""

    ROBOT_SKIP_EXECUTION = True  # Robot Framework's sign on exceptions


class DeviceError(EmberwatchError):
    """A device cannot be attached, or its own code failed; the message begins with the device's name."""


class ProtocolError(EmberwatchError):
    """The firmware printed a line that does not follow the line protocol."""


class EmulationError(EmberwatchError):
    """The emulated program did something the chip cannot do: lockup, or access to something not modelled."""


class FirmwareCrash(EmulationError):
    """The firmware crashed.

    Attributes:
        core: which core.
        pc: address of its instruction.
        cycle: when, in clk_sys cycles since power-on. `emberwatch.inspect.crash.CrashWatch` can tell more.
    """

    def __init__(self, message: str, core: int, pc: int, cycle: int) -> None:
        super().__init__(message)
        self.core = core
        self.pc = pc
        self.cycle = cycle


class ExpectationError(EmulationError):
    """What was expected of a board is not so, or what was not to come has come."""


class EmulationTimeout(ExpectationError):
    """A condition did not come true within the allowed emulated time."""


class MissingDependencyError(EmberwatchError):
    """An optional package or tool is not installed; the message says how to get it."""
