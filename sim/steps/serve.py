"""A board driven by another program: requests and answers as JSON, one a line; docs/serve.md has the protocol."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Iterable
from dataclasses import asdict, is_dataclass
from typing import IO, Any, get_type_hints

from emberwatch import __version__
from emberwatch.base.errors import EmberwatchError, UsageError
from emberwatch.base.toml import suggest
from emberwatch.machine.machine import Machine, Snapshot
from emberwatch.machine.steps import STEPS
from emberwatch.steps.calls import call, parameters

PROTOCOL = 1
_MAX_READ = 1 << 20
_MAX_LINE = 1 << 20


class Server:
    """Answers requests about one machine.

    Args:
        make: powers a machine, given the arguments of the request ``start``.
        machine: one that is powered already, or None.

    Attributes:
        requests: what it answers beside the steps, by name.
    """

    def __init__(self, make: Callable[..., Machine], machine: Machine | None = None) -> None:
        self._make = make
        self._machine = machine
        self._snapshots: dict[str, Snapshot] = {}
        self._told: dict[str, int] = {}
        self.stopped = False
        self.requests: dict[str, Callable[..., Any]] = {
            "start": self._start,
            "state": self._state,
            "steps": self._steps,
            "run": lambda seconds: self._board.wait(seconds),
            "read": self._read,
            "pins": lambda: {str(pin): self._board.pin(pin) for pin in range(30)},
            "save": self._save,
            "restore": self._restore,
            "stop": self._stop,
        }

    def serve(self, requests: Iterable[str], answers: IO[str]) -> None:
        """Answers line by line until there are no more, or one was ``stop``."""
        for line in requests:
            if line.strip():
                answers.write(json.dumps(self.answer(line)) + "\n")
                answers.flush()
            if self.stopped:
                break

    def answer(self, line: str) -> dict[str, Any]:
        """The answer to one request; never raises for what the request is to blame for."""
        number: object = None
        try:
            if len(line) > _MAX_LINE:
                raise UsageError(f"a request of {len(line)} characters is too long; {_MAX_LINE} at most")
            try:
                request = json.loads(line)
            except (ValueError, RecursionError) as error:
                raise UsageError(f"the request is not JSON: {error}") from None
            if not isinstance(request, dict) or not isinstance(request.get("do"), str):
                raise UsageError('a request is an object with "do", as in {"id": 1, "do": "run", "seconds": 0.1}')
            number = request.pop("id", None)
            result = self._do(request.pop("do"), request)
            answer = {"id": number, "ok": True, "result": _plain(result)}
        except EmberwatchError as error:
            answer = {"id": number, "ok": False, "error": {"kind": type(error).__name__, "message": str(error)}}
        if self._machine is not None:
            answer["t_s"] = round(self._machine.time_s, 9)
            answer["output"] = self._output(self._machine)
        return answer

    def _do(self, name: str, arguments: dict[str, Any]) -> Any:
        if name in STEPS and name not in self.requests:
            return call(name, arguments)(self._board)
        if name not in self.requests:
            raise UsageError(f"request {name!r} is not known{suggest(name, [*self.requests, *STEPS])}")
        handler = self.requests[name]
        try:
            inspect.signature(handler).bind(**arguments)
        except TypeError as error:
            raise UsageError(f"request {name!r}: {error}") from None
        if name == "run":
            return call("wait", arguments)(self._board)
        return handler(**arguments)

    @property
    def _board(self) -> Machine:
        if self._machine is None:
            raise UsageError('no program runs yet; begin with {"do": "start", "firmware": "app.elf"}')
        return self._machine

    def _start(
        self, firmware: str, board: str | None = None, scenario: str | None = None, seed: int = 1
    ) -> dict[str, Any]:
        for key, value in (("firmware", firmware), ("board", board or ""), ("scenario", scenario or "")):
            if not isinstance(value, str):
                raise UsageError(f"{key} = {value!r} must be text")
        if type(seed) is not int:
            raise UsageError(f"seed = {seed!r} must be a whole number")
        made = self._make(firmware, board=board, scenario=scenario, seed=seed)
        if self._machine is not None:
            self._machine.close()
        self._machine = made
        self._snapshots.clear()
        self._told.clear()
        return self._state()

    def _state(self) -> dict[str, Any]:
        machine = self._machine
        if machine is None:
            return {"protocol": PROTOCOL, "emberwatch": __version__, "firmware": None}
        ended = machine.exit
        return {
            "protocol": PROTOCOL,
            "emberwatch": __version__,
            "firmware": str(machine.image.path),
            "board": machine.board.name,
            "cycles": machine.cycles,
            "where": [machine.where(core) for core in (0, 1)],
            "devices": {name: type(device).__name__ for name, device in machine.devices.items()},
            "exit": None if ended is None else {"how": ended.how, "code": ended.code, "t_s": ended.t_s},
        }

    def _steps(self) -> dict[str, Any]:
        described = {}
        for name, method in STEPS.items():
            hints = get_type_hints(method)
            described[name] = {
                "doc": (inspect.getdoc(method) or "").partition("\n")[0],
                "arguments": {
                    argument: {
                        "type": getattr(hints[argument], "__name__", str(hints[argument])),
                        **({} if p.default is p.empty else {"default": p.default}),
                    }
                    for argument, p in parameters(name).items()
                },
            }
        return described

    def _read(self, where: str | int, size: int | None = None) -> str:
        """Memory as hexadecimal digits."""
        if size is not None and (type(size) is not int or not 0 < size <= _MAX_READ):
            raise UsageError(f"size = {size!r} must be 1 to {_MAX_READ}")
        try:
            address = int(where, 16) if isinstance(where, str) and where.lower().startswith("0x") else where
            return self._board.read(address, size).hex()
        except (ValueError, TypeError) as error:
            raise UsageError(f"where = {where!r}: {error}") from None

    def _save(self, name: str) -> None:
        self._snapshots[str(name)] = self._board.save()

    def _restore(self, name: str) -> None:
        if name not in self._snapshots:
            raise UsageError(f"there is no snapshot {name!r}; saved are: {', '.join(self._snapshots) or 'none'}")
        self._board.restore(self._snapshots[name])
        self._told = {port: len(p.data) for port, p in self._board.ports.items()}

    def _stop(self) -> None:
        self.stopped = True

    def _output(self, machine: Machine) -> dict[str, str]:
        """What has come on each port since the last answer."""
        new = {}
        for name, port in machine.ports.items():
            if fresh := port.data[self._told.get(name, 0) :]:
                new[name] = fresh.decode("utf-8", errors="backslashreplace")
            self._told[name] = len(port.data)
        return new


def _plain(value: Any) -> Any:
    return asdict(value) if is_dataclass(value) and not isinstance(value, type) else value
