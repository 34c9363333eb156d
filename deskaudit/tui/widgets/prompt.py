"""The line above the keys: it says what just happened, and asks for a word when one is needed."""

from collections.abc import Callable
from typing import Any

import msgspec
from rich.cells import cell_len
from textual.events import Key, Paste
from textual.geometry import Offset
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from deskaudit.i18n import _
from deskaudit.text import one_line
from deskaudit.tui import theme
from deskaudit.tui.theme import Spans
from deskaudit.tui.widgets.bars import KeyHint
from deskaudit.tui.widgets.lines import Canvas, LineList

MOST_LINES = 4
LIMIT = 2000  # characters of one answer: a note, not a report


class Question(msgspec.Struct, frozen=True):
    """What is asked for. `done` gets the line, or None after escape; a sentence from it refuses the line.

    `enter`: what Enter does, for the keys below. `hidden`: a secret, painted as stars and forgotten at the end.
    `along`: the list in which up and down move meanwhile. `skip`: a character that begins no answer: the key that
    opens this question, pressed though it is open. `closed`: called when nothing is asked any more.
    """

    label: str
    done: Callable[[str | None], str | None]
    enter: str = ""
    hidden: bool = False
    along: LineList | None = None
    skip: str = ""
    closed: Callable[[], Any] = lambda: None

    def hints(self) -> list[KeyHint]:
        """The keys that do something while it is open; all others are text."""
        moves = [KeyHint("↑ ↓", _("move"))] if self.along is not None else []
        return [
            KeyHint("Enter", self.enter or _("take it")),
            *moves,
            KeyHint("Esc", _("leave it")),
            KeyHint("Ctrl+U", _("clear")),
        ]


class MessageLine(Canvas, can_focus=False):
    """A message, or a small editor: `ask` turns the one into the other, and a refused line stays to be mended."""

    DEFAULT_CSS = "MessageLine { height: 1; }"

    class Typed(Message):
        """The text being asked for has changed (search while typing)."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

        def can_replace(self, message: Message) -> bool:
            return isinstance(message, MessageLine.Typed)

    def __init__(self, *, id: str) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)
        self._spans: Spans = []
        self._whole = False
        self.question: Question | None = None
        self.typed = ""
        self._caret = 0
        self._fault = ""
        self._focus_after: Widget | None = None

    @property
    def asking(self) -> bool:
        return self.question is not None

    @property
    def text(self) -> str:
        if self.question is None:
            return "".join(text for text, _style in self._spans)
        return f"{self.question.label} {self._shown}"

    @property
    def _shown(self) -> str:
        return "*" * len(self.typed) if self.question is not None and self.question.hidden else self.typed

    def show(self, spans: Spans, *, whole: bool = False) -> None:
        """Says something; while a line is being typed it waits. `whole`: on as many lines as it needs, up to four."""
        if (spans, whole) != (self._spans, self._whole):
            self._spans, self._whole = spans, whole
            if not self.asking:
                self._lay_out()

    def ask(self, question: Question, text: str = "", fault: str = "") -> None:
        """Asks for a line; `text` stands there already, and `fault` beneath it."""
        if self.question is None:
            self._focus_after = self.screen.focused
        self.question, self.typed, self._caret, self._fault = question, text, len(text), fault
        self._spans, self._whole = [], False
        self.can_focus = True
        self.screen.set_focus(self)
        self._lay_out()

    def focus_later(self, widget: Widget | None) -> None:
        """What is to have the focus when the line has been typed."""
        self._focus_after = widget or self._focus_after

    def on_key(self, event: Key) -> None:
        question = self.question
        if question is None:
            return
        event.stop()
        event.prevent_default()
        match event.key:
            case "enter":
                self._finish(question, self.typed)
            case "escape" | "ctrl+c":
                self._finish(question, None)
            case "backspace":
                self._edit(self._caret - 1, self._caret, "")
            case "delete":
                self._edit(self._caret, self._caret + 1, "")
            case "left" | "right" | "home" | "end":
                self._go(event.key)
            case "up" | "down" | "pageup" | "pagedown" if question.along is not None:
                way = 1 if event.key.endswith("down") else -1
                (question.along.action_leaf if event.key.startswith("page") else question.along.action_step)(way)
            case "ctrl+u":
                self._edit(0, self._caret, "")
            case _ if event.is_printable and event.character and (self.typed or event.character != question.skip):
                self._edit(self._caret, self._caret, event.character)

    def on_paste(self, event: Paste) -> None:
        if self.asking:
            event.stop()
            self._edit(self._caret, self._caret, one_line(event.text, LIMIT))

    def _edit(self, start: int, end: int, text: str) -> None:
        start = max(start, 0)
        before = self.typed
        self.typed = (before[:start] + text + before[end:])[:LIMIT]
        self._caret = min(start + len(text), len(self.typed))
        if self.typed != before:
            self._fault = ""
            self._lay_out()
            if self.question is not None and not self.question.hidden:
                self.post_message(self.Typed(self.typed))

    def _go(self, key: str) -> None:
        places = {"left": self._caret - 1, "right": self._caret + 1, "home": 0, "end": len(self.typed)}
        self._caret = min(max(places[key], 0), len(self.typed))
        self.refresh()

    def _finish(self, question: Question, text: str | None) -> None:
        """Closes, hands the line over, and opens again with all that was typed where the line is refused."""
        caret = self._caret
        self._close()
        fault = question.done(text)
        if question.hidden and not fault:
            self.typed = ""
        if fault and text is not None and not self.asking:
            self.ask(question, text, fault)
            self._caret = min(caret, len(text))
        elif not self.asking:
            question.closed()

    def _close(self) -> None:
        self.question, self._fault = None, ""
        after = self._focus_after
        self.screen.set_focus(after if after is not None and after.is_attached else None)
        self.can_focus = False
        self._lay_out()

    # How it looks

    def on_resize(self) -> None:
        self._lay_out()

    def _lay_out(self) -> None:
        """As high as what it says, then painted again."""
        height = len(self._rows())
        if self.styles.height is None or self.styles.height.value != height:
            self.styles.height = height
        self.refresh()

    @property
    def _width(self) -> int:
        return max(self.size.width or self.app.size.width, 20)

    def _rows(self) -> list[Spans]:
        """All its lines; never without one."""
        if self.question is not None:
            return [*self._editor(self.question), *self._wrapped(self._fault, "FAIL")]
        if self._whole and len(self._spans) == 1:
            return self._wrapped(*self._spans[0]) or [[]]
        return [[(" ", ""), *self._spans] if self._spans else []]

    def _wrapped(self, text: str, style: str) -> list[Spans]:
        """A text in up to four lines, the last of which is cut where there is more."""
        if not text:
            return []
        lines = theme.wrap(text, self._width - 2)
        lines = [*lines[: MOST_LINES - 1], " ".join(lines[MOST_LINES - 1 :])] if len(lines) > MOST_LINES else lines
        return [[(f" {line}", style)] for line in lines]

    def render_line(self, y: int) -> Strip:
        rows = self._rows()
        if self.question is not None and y == 0:
            self._place_cursor(rows)
        return self.paint(rows[y] if y < len(rows) else ())

    def _editor(self, question: Question) -> list[Spans]:
        """The label, on lines of its own where it is long, then as much of the text as fits with the caret in it."""
        width = self._width
        above = self._wrapped(question.label, "head") if cell_len(question.label) > width // 2 else []
        label = "> " if above else f"{question.label} "
        room = width - cell_len(label) - 2
        start = 0
        typed = self._shown
        while cell_len(typed[start : self._caret]) > room:
            start += 1
        head, tail = typed[start : self._caret], typed[self._caret + 1 :]
        here = typed[self._caret : self._caret + 1] or " "
        return [*above, [(" ", ""), (label, "head"), (head, ""), (here, "cursor"), (tail, "")]]

    def _place_cursor(self, rows: list[Spans]) -> None:
        """The terminal's own cursor stands where the next character goes, for screen readers and braille lines."""
        y, row = next((y, row) for y, row in enumerate(rows) if any(style == "cursor" for _text, style in row))
        before = sum(cell_len(text) for text, _style in row[:3])
        self.app.cursor_position = Offset(self.region.x + before, self.region.y + y)
