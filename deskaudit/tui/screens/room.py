"""What all screens have in common: places above, keys below, one line for messages and questions."""

from collections.abc import Callable, Iterable
from time import monotonic
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
from deskaudit.tui.widgets.prompt import MessageLine, Question

if TYPE_CHECKING:
    from deskaudit.tui.app import DeskauditApp

READ_S = 4.0


class Room(Screen[Any], inherit_bindings=False):
    """One screen. Subclasses give `body`, `reload` and their bindings; `why_not` says what cannot be done now."""

    CSS_PATH = "room.tcss"
    TITLE: ClassVar[str | None] = ""
    AUTO_FOCUS = ""  # each screen says what has the focus
    PLACE: ClassVar[str] = ""  # which entry of the first line this screen belongs to

    def __init__(self) -> None:
        super().__init__()
        self.message = MessageLine(id="message")
        self._seen_revision = -1
        self._seen_width = 0
        self._said_at = 0.0

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

    def compose(self) -> ComposeResult:
        yield NavBar(id="nav")
        yield OneLine(id="heading")
        yield from self.body()
        yield self.message
        yield KeyBar(id="keys")

    def body(self) -> Iterable[Widget]:
        yield LineList(id="list")

    def title_of(self, thing: words.Titled) -> str:
        """The title of a result or a change, in words."""
        return words.title_of(thing, self.desk.session.catalogue)

    def reload(self) -> None:
        """Reads what is shown again: at the start, and when something has changed."""

    def heading(self) -> Spans:
        return [(self.TITLE or "", "strong")]

    def why_not(self, action: str) -> str:
        """Why an action cannot be done now; "" where it can."""
        return ""

    @property
    def is_free(self) -> bool:
        """Whether it may be told something: it is painted, and nobody is typing a line."""
        return self._seen_revision >= 0 and not self.message.asking

    def on_mount(self) -> None:
        self.refresh_all()
        self.opened()
        self.desk.tell_ended()

    def opened(self) -> None:
        """Painted for the first time."""

    def on_screen_resume(self) -> None:
        if self._seen_revision < 0:
            return
        if self._seen_revision != self.desk.revision:
            self.refresh_all()
        else:
            self.show_places()
            self.moved()

    def on_screen_suspend(self) -> None:
        """What was said belongs to what was done here: whoever comes back later would take it for news."""
        self.say("")

    def on_resize(self) -> None:
        if self._seen_revision >= 0 and self.size.width != self._seen_width:
            self.call_after_refresh(self.refresh_all)

    def set_focus(self, widget: Widget | None, *way: Any, **ways: Any) -> None:
        """While a line is being typed the focus is its own; whoever wants it meanwhile gets it afterwards."""
        if self.message.asking and widget is not self.message:
            self.message.focus_later(widget)
        else:
            super().set_focus(widget, *way, **ways)

    def refresh_all(self) -> None:
        self._seen_revision, self._seen_width = self.desk.revision, self.size.width
        try:
            self.reload()
        except DeskauditError as fault:
            self.say(str(fault), "FAIL")
        self.redraw()

    def redraw(self) -> None:
        """Heading, places and keys."""
        self.show_places()
        self.show_heading()
        self.show_keys()

    def show_places(self) -> None:
        self.query_one("#nav", NavBar).show_places(self.desk.places(self.PLACE))

    def show_heading(self) -> None:
        position = self.lines.position if len(self.lines.source) else ""
        self.query_one("#heading", OneLine).show([(" ", ""), *self.heading()], [(f"{position} ", "dim")])

    def show_keys(self) -> None:
        bar = self.query_one("#keys", KeyBar)
        if self.message.question is not None:
            bar.show_keys(self.message.question.hints(), can_help=False)
            return
        hints = []
        for binding in self.live_bindings():
            if binding.show and binding.description:
                name = binding.action.partition("(")[0].rpartition(".")[2]
                hints.append(KeyHint(keys.displays(binding.key), binding.description, self.why_not(name)))
        bar.show_keys(hints)

    def live_bindings(self) -> list[Any]:
        """This screen's bindings with the user's own keys in place of ours; one entry for each name."""
        wanted = self.desk.keymap
        own = keys.as_bindings(type(self).__dict__.get("BINDINGS", []))
        return [
            binding.with_key(wanted[binding.id]) if binding.id and binding.id in wanted else binding for binding in own
        ]

    def say(self, text: str, style: str = "") -> None:
        """Puts a sentence on the message line, which grows for a long one; it stays until the next."""
        self._said_at = monotonic() if text else 0.0
        self.message.show([(one_line(text, 400), style)] if text else [], whole=True)

    def say_progress(self, text: str) -> None:
        """How far work beside the screen has come: it leaves time to read what was said just before."""
        if monotonic() - self._said_at >= READ_S:
            self.message.show([(one_line(text, 400), "")], whole=True)

    def remark(self, text: str) -> None:
        """What goes with the line under the cursor: never more than one line, so that nothing moves."""
        self.message.show([(one_line(text, 400), "dim")] if text else [])

    def ask(
        self,
        label: str,
        done: Callable[[str | None], str | None],
        text: str = "",
        *,
        enter: str = "",
        hidden: bool = False,
        along: bool = False,
        skip: str = "",
        fault: str = "",
    ) -> None:
        """Asks for a line of text at the message line. `done` gets it, or None after escape.

        What `done` returns is why the line cannot be taken: it is shown beneath, and the text stays to be mended.
        `enter`: what Enter does, in a word. `hidden`: a secret, never painted. `along`: up and down move in the
        screen's list meanwhile. `skip`: a character that begins no answer. `fault`: what is wrong with `text`, where
        that is known only now.
        """
        lines = self.lines if along else None
        question = Question(label, done, enter=enter, hidden=hidden, along=lines, skip=skip, closed=self._asked)
        self.message.ask(question, text, fault)
        self.show_keys()

    def _asked(self) -> None:
        """Nothing is being typed any more: the screen's own keys are back, and what waited is told."""
        if self.is_attached:
            self.show_keys()
        self.desk.tell_ended()

    def confirm(self, question: str, do: Callable[[], Any], *, enter: str, otherwise: str = "") -> None:
        """Asks whether to do what cannot be undone: only a typed yes does it, anything else is no answer."""

        def answered(text: str | None) -> str | None:
            if text is not None and is_yes(text):
                do()
            elif text is None or not text.strip() or text.strip().casefold() in {"no", "n", _("no").casefold()}:
                self.say(otherwise)
            else:
                return _("Type yes, or press Esc to leave it as it is.")
            return None

        what = _("after yes: {what}").format(what=enter)
        self.ask(_("{question} (yes)").format(question=question), answered, enter=what)

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
            failed = [source.name for source in self.desk.job.tally.sources.values() if source.state == "failed"]
            if failed:
                text = _("Finished, without {names}: what was known before stays. Enter on its line says why.")
                self.say(text.format(names=", ".join(failed)), "WARN")
            else:
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


def is_yes(text: str) -> bool:
    """Whether somebody who was asked "(yes)" said so."""
    return text.strip().casefold() in {"yes", "y", _("yes").casefold()}
