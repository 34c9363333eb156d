"""A few lines of text of a fixed height: what goes with the line under the cursor. Nothing around it ever moves."""

from textual.strip import Strip

from deskaudit.tui import theme
from deskaudit.tui.theme import Span
from deskaudit.tui.widgets.lines import Canvas


class Note(Canvas):
    """Paragraphs, wrapped; the last line is cut where there is more."""

    DEFAULT_CSS = "Note { height: 3; }"

    def __init__(self, *, id: str) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)
        self._paragraphs: list[Span] = []

    @property
    def text(self) -> str:
        return "\n".join(text for text, _style in self._paragraphs)

    def show(self, *paragraphs: Span) -> None:
        shown = [(text, style) for text, style in paragraphs if text]
        if shown != self._paragraphs:
            self._paragraphs = shown
            self.refresh()

    def render_line(self, y: int) -> Strip:
        width = max(self.size.width - 2, 10)
        lines = [(line, style) for text, style in self._paragraphs for line in theme.wrap(text, width)]
        if y >= len(lines):
            return self.paint(())
        text, style = lines[y]
        if y == self.size.height - 1 and len(lines) > self.size.height:
            text = theme.fit(f"{text} …", width) if len(text) < width - 1 else theme.fit(f"{text}…", width)
        return self.paint([(f" {text}", style)])
