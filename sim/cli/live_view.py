"""The live view of `emberwatch run --live`: a board on the terminal, drawn by Textual."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, Generic, TypeVar

from rich.text import Text
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widgets import Footer, Input, RichLog, Static

from emberwatch.base.text import printable
from emberwatch.cli.live_draw import SoundHistory
from emberwatch.cli.live_feed import INTERRUPT, LINE_END, LiveFeed, Picture
from emberwatch.machine.machine import Machine

T = TypeVar("T")
_COLUMNS, _BANDS, _WAVE_ROWS = 64, 24, 7
_LOADS = 42
_BARS = "▁▂▃▄▅▆▇█"
_MOST_LINES = 5000
_MOST_BUTTONS = 8


class Taken(Message):
    """A picture has come from the machine's thread."""

    def __init__(self, picture: Picture) -> None:
        super().__init__()
        self.picture = picture


class LiveView(App[None], Generic[T]):
    """Runs a machine in a thread of its own, and shows it.

    Args:
        machine: to be shown; nobody else may use it until the view has ended.
        work: runs it, in that thread, until its end or until an observer raises EndRun.

    Attributes:
        result: what `work` has returned.
        error: what it has raised instead.
    """

    CSS = """
    #status { height: 1; background: $primary-background; }
    #above { height: 1fr; }
    #console { width: 2fr; border: round $primary; }
    #side { width: 46; }
    #pins { height: 12; border: round $primary; padding: 0 1; }
    #load { height: 5; border: round $primary; padding: 0 1; }
    #heard { height: 14; }
    #wave { width: 1fr; border: round $primary; }
    #spectrogram { width: 1fr; border: round $primary; }
    #begun { height: 1; color: $text-muted; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+q", "leave", "End", priority=True),
        Binding("f9", "pause", "Pause", priority=True),
        Binding("f10", "interrupt", "Send Ctrl-C", priority=True),
    ]

    def __init__(self, machine: Machine, work: Callable[[], T]) -> None:
        super().__init__()
        self.result: T | None = None
        self.error: BaseException | None = None
        self._work = work
        self._name = f"{printable(machine.image.path.name)} on {printable(machine.board.name)}"
        self._console = next(iter(machine.ports))
        self._hears = machine.engine.sound_supplied is not None
        self._sound = SoundHistory(_COLUMNS, _BANDS)
        self._loads: list[list[float]] = [[0.0] * _LOADS, [0.0] * _LOADS]
        self._feed = LiveFeed(machine, lambda picture: self.post_message(Taken(picture)))
        for number, name in enumerate(self._feed.buttons[:_MOST_BUTTONS], 1):
            self.bind(f"f{number}", f"press({name!r})", description=printable(name))

    def compose(self) -> ComposeResult:
        """The widgets, from above."""
        yield Static(id="status")
        with Horizontal(id="above"):
            yield RichLog(id="console", max_lines=_MOST_LINES, wrap=True)
            with Vertical(id="side"):
                yield Static(id="pins")
                yield Static(id="load")
        if self._hears:
            with Horizontal(id="heard"):
                yield Static(id="wave")
                yield Static(id="spectrogram")
        yield Static(id="begun")
        yield Input(placeholder="type here; Enter sends it to the board's serial port")
        yield Footer()

    def on_mount(self) -> None:
        """Starts the machine."""
        titles = {"console": "console", "pins": "pins", "load": "load of cores 0 and 1"}
        if self._hears:
            titles |= {"wave": "heard, 4 s", "spectrogram": "0 to 8 kHz"}
        for name, title in titles.items():
            self.query_one(f"#{name}").border_title = title
        self.query_one(Input).focus()
        self.run_worker(self._run_machine, thread=True)

    def _run_machine(self) -> None:
        try:
            self.result = self._work()
        except BaseException as error:  # raised again by `run_live`, in the thread that may end the program
            self.error = error
        self.call_from_thread(self.exit)

    def on_taken(self, message: Taken) -> None:
        """Draws a picture."""
        picture = message.picture
        self.query_one("#status", Static).update(self._status(picture))
        console = self.query_one(RichLog)
        for t, port, line in picture.lines:
            named = "" if port == self._console else f"{port}: "
            console.write(Text(f"{t:10.6f}  {named}{printable(line)}"))
        self.query_one("#begun", Static).update(Text(printable(picture.begun)))
        self.query_one("#pins", Static).update(_pins(picture))
        for core, load in enumerate(picture.load):
            self._loads[core] = [*self._loads[core][1:], load]
        self.query_one("#load", Static).update(_bars(self._loads))
        if self._hears and picture.sound is not None:
            self._sound.take(picture.sound)
            self.query_one("#wave", Static).update(self._sound.wave(_WAVE_ROWS))
            self.query_one("#spectrogram", Static).update(self._sound.spectrogram())
        self.call_after_refresh(self._feed.drawn)

    def _status(self, picture: Picture) -> Text:
        text = Text(f" {self._name}  {picture.time_s:9.3f} s  {picture.speed:5.2f} x real time  ")
        for core, load in enumerate(picture.load):
            text.append(f"core {core} {100 * load:3.0f} %  ")
        if picture.led is not None:
            text.append("LED ")
            text.append("● " if picture.led > 0 else "○ ", "bold red" if picture.led > 0 else "")
            text.append(f"{100 * picture.led:3.0f} %  ")
        if picture.alarm is not None:
            text.append(
                f"ALARM {picture.alarm} " if picture.alarm else "quiet ", "bold red" if picture.alarm else "green"
            )
        for name in sorted(picture.pressed):
            text.append(f"[{printable(name)}] ", "bold yellow")
        if picture.paused:
            text.append("PAUSED", "bold yellow")
        return text

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Sends what was typed, with the Enter."""
        self._feed.send(event.value.encode() + LINE_END)
        event.input.clear()

    def action_press(self, button: str) -> None:
        """A function key: presses a button of the board."""
        self._feed.click(button)

    def action_interrupt(self) -> None:
        """F10: Ctrl-C for the board."""
        self._feed.send(INTERRUPT)

    def action_pause(self) -> None:
        """F9: time stands still, or goes on."""
        self._feed.pause()

    def action_leave(self) -> None:
        """Ctrl-Q: ends the run; the view ends with it."""
        self._feed.end()


def _bars(loads: list[list[float]]) -> Text:
    """A line for each core, from idle to busy."""
    lines = ("".join(_BARS[round(load * (len(_BARS) - 1))] for load in core) for core in loads)
    return Text("\n\n".join(lines), style="cyan", no_wrap=True)


def _pins(picture: Picture) -> Text:
    """Thirty pins in three columns: level and function."""
    text = Text()
    for row in range(10):
        for pin in (row, row + 10, row + 20):
            high = picture.levels[pin]
            text.append(f"{pin:>2} ")
            text.append("■" if high else "□", "bold green" if high else "dim")
            text.append(f" {picture.functions[pin]:<8} ")
        text.append("\n")
    return text


def run_live(machine: Machine, work: Callable[[], T]) -> T:
    """Shows a machine on the terminal while `work` runs it, and returns what that returns.

    Raises:
        BaseException: whatever `work` raised.
    """
    view = LiveView(machine, work)
    view.run()
    if view.error is not None:
        raise view.error
    if view.result is None:
        raise KeyboardInterrupt  # the view was ended from outside
    return view.result
