"""What all screens have in common: places above, keys below, one line for messages and questions."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import ComposeResult
from textual.screen import Screen
from textual.widget import Widget

from deskaudit.errors import Cancelled, DeskauditError
from deskaudit.i18n import _
from deskaudit.text import one_line
from deskaudit.tui import keys, words
from deskaudit.tui.job import Job
from deskaudit.tui.theme import Spans
from deskaudit.tui.widgets.bars import KeyBar, KeyHint, NavBar
from deskaudit.tui.widgets.lines import LineList, OneLine
from deskaudit.tui.widgets.prompt import MessageLine

if TYPE_CHECKING:
    from deskaudit.tui.app import DeskauditApp


class Room(Screen[Any], inherit_bindings=False):
    """One screen. Subclasses give `body`, `reload` and their bindings; `why_not` says what cannot be done now."""

    CSS_PATH = "room.tcss"
    TITLE: ClassVar[str | None] = ""
    AUTO_FOCUS = ""  # each screen says what has the focus
    PLACE: ClassVar[str] = ""  # which entry of the first line this screen belongs to

    def __init__(self) -> None:
        super().__init__()
        self._seen_revision = -1
        self._seen_width = 0

    @property
    def desk(self) -> "DeskauditApp":
        return self.app  # type: ignore[return-value]

    @property
    def zone(self) -> str:
        config = self.desk.session.config
        return config.desk.zone if config is not None else "UTC"

    @property
    def lines(self) -> LineList:
        """The screen's main list."""
        return self.query_one("#list", LineList)

    @property
    def message(self) -> MessageLine:
        return self.query_one("#message", MessageLine)

    def compose(self) -> ComposeResult:
        yield NavBar(id="nav")
        yield OneLine(id="heading")
        yield from self.body()
        yield MessageLine(id="message")
        yield KeyBar(id="keys")

    def body(self) -> Iterable[Widget]:
        yield LineList(id="list")

    def reload(self) -> None:
        """Reads what is shown again: at the start, and when something has changed."""

    def heading(self) -> Spans:
        return [(self.TITLE or "", "strong")]

    def why_not(self, action: str) -> str:
        """Why an action cannot be done now; "" where it can."""
        return ""

    def on_mount(self) -> None:
        self.refresh_all()

    def on_screen_resume(self) -> None:
        if self._seen_revision >= 0 and self._seen_revision != self.desk.revision:
            self.refresh_all()

    def on_resize(self) -> None:
        if self._seen_revision >= 0 and self.size.width != self._seen_width:
            self.call_after_refresh(self.refresh_all)

    def refresh_all(self) -> None:
        self._seen_revision, self._seen_width = self.desk.revision, self.size.width
        try:
            self.reload()
        except DeskauditError as fault:
            self.say(str(fault), "FAIL")
        self.redraw()

    def redraw(self) -> None:
        """Heading, places and keys."""
        self.query_one("#nav", NavBar).show_places(self.desk.places(self.PLACE))
        self.show_heading()
        self.show_keys()

    def show_heading(self) -> None:
        position = self.lines.position if len(self.lines.source) else ""
        self.query_one("#heading", OneLine).show([(" ", ""), *self.heading()], [(f"{position} ", "dim")])

    def show_keys(self) -> None:
        hints = []
        for binding in self.live_bindings():
            if binding.show and binding.description:
                name = binding.action.partition("(")[0].rpartition(".")[2]
                hints.append(KeyHint(keys.displays(binding.key), binding.description, self.why_not(name)))
        self.query_one("#keys", KeyBar).show_keys(hints)

    def live_bindings(self) -> list[Any]:
        """This screen's bindings with the user's own keys in place of ours; one entry for each name."""
        wanted = self.desk.keymap
        own = keys.as_bindings(type(self).__dict__.get("BINDINGS", []))
        return [
            binding.with_key(wanted[binding.id]) if binding.id and binding.id in wanted else binding for binding in own
        ]

    def say(self, text: str, style: str = "") -> None:
        """Puts a sentence on the message line, which grows for a long one; it stays until the next."""
        self.message.show([(one_line(text, 400), style)] if text else [], whole=True)

    def remark(self, text: str) -> None:
        """What goes with the line under the cursor: never more than one line, so that nothing moves."""
        self.message.show([(one_line(text, 400), "dim")] if text else [])

    def ask(
        self,
        label: str,
        done: Callable[[str | None], Any],
        text: str = "",
        *,
        hidden: bool = False,
        along: bool = False,
    ) -> None:
        """Asks for a line of text at the message line; `done` gets None after escape.

        `hidden`: a secret, never painted. `along`: up and down move in the screen's list meanwhile.
        """
        self.message.ask(label, text, done, hidden=hidden, along=self.lines if along else None)

    def unsaved(self) -> str:
        """What would be lost if this screen were closed, as a sentence; "" where nothing would."""
        return ""

    def show_progress(self) -> None:
        """Work beside the screen has told something."""

    def job_ended(self, event: Job.Ended) -> None:
        """Work beside the screen is over."""
        self.refresh_all()
        if event.what == "test" and event.answer is not None:
            self.say(*words.probe_sentence(*event.answer))
        elif event.fault is not None:
            self.say(event.fault.message, "" if isinstance(event.fault, Cancelled) else "FAIL")
        elif event.what in {"run", "pull"}:
            self.say(_("Finished: all screens show the new data."))

    def on_line_list_moved(self, event: LineList.Moved) -> None:
        event.stop()
        if event.lines is self.lines:
            self.show_heading()
        self.moved()

    def on_line_list_chosen(self, event: LineList.Chosen) -> None:
        event.stop()
        self.chosen(event.value)

    def moved(self) -> None:
        """The cursor went to another line."""

    def chosen(self, value: Any) -> None:
        """Enter was pressed on a line."""
