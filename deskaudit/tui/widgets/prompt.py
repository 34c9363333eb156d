"""The line above the keys: it says what just happened, and asks for a word when one is needed."""

from collections.abc import Callable
from typing import Any

from rich.cells import cell_len
from textual.events import Key, Paste
from textual.geometry import Offset
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from deskaudit.text import one_line
from deskaudit.tui import theme
from deskaudit.tui.theme import Spans
from deskaudit.tui.widgets.lines import Canvas, LineList

MOST_LINES = 4
LIMIT = 2000  # characters of one answer: a note, not a report


class MessageLine(Canvas, can_focus=False):
    """A message, or a small editor of one line: `ask` turns the one into the other without a new layout."""

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
        self._label = ""
        self.typed = ""
        self._caret = 0
        self._hidden = False
        self._along: LineList | None = None
        self._done: Callable[[str | None], Any] | None = None
        self._focus_before: Widget | None = None

    @property
    def asking(self) -> bool:
        return self._done is not None

    @property
    def text(self) -> str:
        return f"{self._label}{self._shown}" if self.asking else "".join(text for text, _style in self._spans)

    @property
    def _shown(self) -> str:
        return "*" * len(self.typed) if self._hidden else self.typed

    def show(self, spans: Spans, *, whole: bool = False) -> None:
        """Says something, unless an answer is just being typed. `whole`: on as many lines as it needs, up to four."""
        lines = self._wrap(spans) if whole and len(spans) == 1 else 1
        if self.styles.height is None or self.styles.height.value != lines:
            self.styles.height = lines
        if spans != self._spans:
            self._spans = spans
            if not self.asking:
                self.refresh()

    def _wrap(self, spans: Spans) -> int:
        return min(len(theme.wrap(spans[0][0], max(self.size.width - 2, 20))), MOST_LINES)

    def ask(
        self,
        label: str,
        text: str,
        done: Callable[[str | None], Any],
        *,
        hidden: bool = False,
        along: LineList | None = None,
    ) -> None:
        """Asks for a line. `done` gets it, or None after escape; `typed` then still holds what was typed.

        `hidden`: a secret, painted as stars and forgotten at the end. `along`: the list in which up and down move.
        """
        self._hidden, self._along = hidden, along
        self._label, self.typed, self._caret, self._done = f"{label} ", text, len(text), done
        self.show([])
        if self.screen.focused is not self:  # asked again at once: what had the focus before is still known
            self._focus_before = self.screen.focused
        self.can_focus = True
        self.focus()
        self.refresh()

    def on_key(self, event: Key) -> None:
        if not self.asking:
            return
        event.stop()
        event.prevent_default()
        match event.key:
            case "enter":
                self._finish(self.typed)
            case "escape" | "ctrl+c":
                self._finish(None)
            case "backspace":
                self._edit(self._caret - 1, self._caret, "")
            case "delete":
                self._edit(self._caret, self._caret + 1, "")
            case "left" | "right" | "home" | "end":
                self._go(event.key)
            case "up" | "down" | "pageup" | "pagedown" if self._along is not None:
                way = 1 if event.key.endswith("down") else -1
                (self._along.action_leaf if event.key.startswith("page") else self._along.action_step)(way)
            case "ctrl+u":
                self._edit(0, self._caret, "")
            case _ if event.is_printable and event.character:
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
            self.refresh()
            if not self._hidden:
                self.post_message(self.Typed(self.typed))

    def _go(self, key: str) -> None:
        places = {"left": self._caret - 1, "right": self._caret + 1, "home": 0, "end": len(self.typed)}
        self._caret = min(max(places[key], 0), len(self.typed))
        self.refresh()

    def _finish(self, text: str | None) -> None:
        done, self._done = self._done, None
        before = self._focus_before
        if before is not None and before.is_attached:
            before.focus()
        else:
            self.screen.set_focus(None)
        self.can_focus = False
        if self._hidden:
            self._hidden, self.typed = False, ""
        self.refresh()
        if done is not None:
            done(text)

    def render_line(self, y: int) -> Strip:
        if not self.asking and self._spans and self.size.height > 1:
            (text, style), *_rest = self._spans
            lines = theme.wrap(text, max(self.size.width - 2, 20))
            last = " ".join(lines[MOST_LINES - 1 :])
            shown = [*lines[: MOST_LINES - 1], last] if len(lines) >= MOST_LINES else lines
            return self.paint([(f" {shown[y]}", style)] if y < len(shown) else ())
        if y:
            return self.paint(())
        if not self.asking:
            return self.paint([(" ", ""), *self._spans] if self._spans else ())
        return self.paint(self._editor())

    def _editor(self) -> Spans:
        """Label, then as much of the text as fits with the caret in it."""
        width = max(self.size.width, 20)
        label = theme.fit(self._label, min(cell_len(self._label), width // 2))
        room = width - cell_len(label) - 2
        start = 0
        typed = self._shown
        while cell_len(typed[start : self._caret]) > room:
            start += 1
        head, tail = typed[start : self._caret], typed[self._caret + 1 :]
        here = typed[self._caret : self._caret + 1] or " "
        self.app.cursor_position = Offset(self.region.x + 1 + cell_len(label) + cell_len(head), self.region.y)
        return [(" ", ""), (label, "head"), (head, ""), (here, "cursor"), (tail, "")]
