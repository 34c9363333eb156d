"""The two widgets that paint every screen: a line, and a list of lines with a cursor.

Both paint by `render_line` and repaint only what changed: over a slow line each byte is waited for.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from typing import Any, ClassVar, Protocol

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.binding import Binding, BindingType
from textual.geometry import Offset, Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from deskaudit.i18n import _
from deskaudit.text import clean
from deskaudit.tui import theme
from deskaudit.tui.theme import Span, Spans

LONGEST = 4000  # characters of one painted piece


class Canvas(Widget, inherit_bindings=False):
    """A widget that is painted in spans: pieces of text with the name of a style."""

    DEFAULT_CSS = "Canvas { width: 1fr; background: $background; color: $foreground; }"

    def palette(self) -> dict[str, Style]:
        now = self.app.current_theme
        return theme.palette(ansi=now.ansi, dark=now.dark)

    def paint(self, spans: Iterable[Span], fill: str = "") -> Strip:
        """One line of the widget's width; what is too long is cut. `fill`: one style for the whole line."""
        styles, ascii_only = self.palette(), getattr(self.app, "ascii", False)
        base = self.rich_style
        room = self.size.width
        pieces: list[Segment] = []
        for text, name in spans:
            harmless = _harmless(text)
            shown = theme.to_ascii(harmless) if ascii_only else harmless
            length = cell_len(shown)
            if length > room:
                shown = theme.fit(shown, room)
                shown, length = (theme.to_ascii(shown) if ascii_only else shown), room
            if shown:
                pieces.append(Segment(shown, base + styles[fill or name]))
            room -= length
            if room <= 0:
                break
        if room > 0:
            pieces.append(Segment(" " * room, base + styles[fill]))
        return Strip(_join(pieces), self.size.width)


def _harmless(text: str) -> str:
    """The last gate before the terminal: nothing that is painted holds a control, escape or bidi character."""
    if text.isascii() and text.isprintable():
        return text
    return clean(text, LONGEST).replace("\n", " ").replace("\t", " ")


def _join(pieces: list[Segment]) -> list[Segment]:
    """Neighbours of one style made one."""
    joined: list[Segment] = []
    for piece in pieces:
        if joined and joined[-1].style == piece.style:
            joined[-1] = Segment(joined[-1].text + piece.text, piece.style)
        else:
            joined.append(piece)
    return joined


class OneLine(Canvas):
    """One line of text, left and right. Painted again only when it has changed, and only from where it has."""

    DEFAULT_CSS = "OneLine { height: 1; }"

    def __init__(self, *, id: str, fill: str = "") -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)
        self._left: Spans = []
        self._right: Spans = []
        self._fill = fill

    @property
    def text(self) -> str:
        """What stands there, for tests and screen readers."""
        return "".join(text for text, _style in [*self._left, *self._right])

    def show(self, left: Sequence[Span], right: Sequence[Span] = ()) -> None:
        """Puts `left` at the beginning and `right` at the end of the line."""
        if (list(left), list(right)) == (self._left, self._right):
            return
        before = self._painted()
        self._left, self._right = list(left), list(right)
        after = self._painted()
        same = 0
        for old, new in zip(before, after, strict=False):
            if old != new:
                break
            same += cell_len(new.text)
        self.refresh(Region(same, 0, max(self.size.width - same, 1), 1))

    def _painted(self) -> list[Segment]:
        return list(self.render_line(0)) if self.size.width else []

    def render_line(self, y: int) -> Strip:
        if y:
            return self.paint(())
        tail = sum(cell_len(text) for text, _style in self._right)
        room = self.size.width - tail - (1 if tail else 0)
        spans: Spans = []
        for text, style in self._left:
            if room <= 0:
                break
            length = cell_len(text)
            spans.append((text if length <= room else theme.fit(text, room), style))
            room -= min(length, room)
        if tail:
            spans.append((" " * (room + 1), ""))
            spans.extend(self._right)
        return self.paint(spans, self._fill)


class Source(Protocol):
    """Where a list gets its lines."""

    def __len__(self) -> int: ...

    def spans(self, index: int, width: int) -> Spans:
        """The line in columns for `width` cells."""
        ...

    def value(self, index: int) -> Any:
        """What the line stands for; None where the cursor does not rest (headings, blank lines)."""
        ...

    def place(self, index: int) -> tuple[int, int]:
        """Which of the lines on which the cursor rests this is, counted from 1, and how many there are."""
        ...


class Lines:
    """A `Source` of prepared lines."""

    def __init__(self, lines: Sequence[tuple[Spans, Any]] = ()) -> None:
        self._lines = list(lines)
        self._resting = [place for place, (_spans, value) in enumerate(self._lines) if value is not None]

    def __len__(self) -> int:
        return len(self._lines)

    def spans(self, index: int, width: int) -> Spans:
        return self._lines[index][0]

    def value(self, index: int) -> Any:
        return self._lines[index][1]

    def place(self, index: int) -> tuple[int, int]:
        return bisect_right(self._resting, index), len(self._resting)


class Pages:
    """A `Source` that asks for its values page by page and keeps the last few pages: 500 rows from SQL at a time."""

    SIZE = 500
    KEPT = 5

    def __init__(
        self, total: int, fetch: Callable[[int, int], Sequence[Any]], line: Callable[[Any, int], Spans]
    ) -> None:
        self._total = total
        self._fetch = fetch  # (offset, limit) → values
        self._line = line  # (value, width) → spans
        self._pages: dict[int, Sequence[Any]] = {}

    def __len__(self) -> int:
        return self._total

    def spans(self, index: int, width: int) -> Spans:
        value = self.value(index)
        return [] if value is None else self._line(value, width)

    def value(self, index: int) -> Any:
        number = index // self.SIZE
        if number not in self._pages:
            if len(self._pages) >= self.KEPT:
                del self._pages[next(iter(self._pages))]
            self._pages[number] = self._fetch(number * self.SIZE, self.SIZE)
        page = self._pages[number]
        place = index % self.SIZE
        return page[place] if place < len(page) else None

    def place(self, index: int) -> tuple[int, int]:
        return min(index + 1, self._total), self._total


class LineList(Canvas, can_focus=True):
    """Lines with a cursor. A move paints two lines; at the edge the view jumps half a page."""

    DEFAULT_CSS = "LineList { height: 1fr; }"

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j", "step(1)", _("down"), id="list.down", show=False, tooltip=_("One line down")),
        Binding("up,k", "step(-1)", _("up"), id="list.up", show=False, tooltip=_("One line up")),
        Binding("pagedown", "leaf(1)", _("page down"), id="list.page-down", show=False, tooltip=_("One page down")),
        Binding("pageup", "leaf(-1)", _("page up"), id="list.page-up", show=False, tooltip=_("One page up")),
        Binding("g,home", "edge(-1)", _("first"), id="list.first", show=False, tooltip=_("To the first line")),
        Binding("G,end", "edge(1)", _("last"), id="list.last", show=False, tooltip=_("To the last line")),
        Binding("enter", "choose", _("open"), id="list.open", show=False, tooltip=_("Open what the cursor is on")),
    ]

    class Moved(Message):
        """The cursor stands on another line."""

        def __init__(self, lines: "LineList") -> None:
            super().__init__()
            self.lines = lines

        @property
        def control(self) -> "LineList":
            return self.lines

        def can_replace(self, message: Message) -> bool:
            return isinstance(message, LineList.Moved) and message.lines is self.lines

    class Chosen(Message):
        """Enter was pressed on a line."""

        def __init__(self, lines: "LineList", value: Any) -> None:
            super().__init__()
            self.lines = lines
            self.value = value

        @property
        def control(self) -> "LineList":
            return self.lines

    def __init__(self, *, id: str) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)
        self.source: Source = Lines()
        self.cursor = 0
        self.top = 0

    @property
    def value(self) -> Any:
        """What the cursor is on; None in an empty list."""
        return self.source.value(self.cursor) if self.cursor < len(self.source) else None

    @property
    def position(self) -> str:
        """As 12/500."""
        return "{}/{}".format(*self.source.place(self.cursor))

    def show(self, source: Source, cursor: int | None = None) -> None:
        """Other lines. The cursor stays where it was, as far as it can, or goes to `cursor`."""
        before = self._painted()
        self.source = source
        wanted = self.cursor if cursor is None else cursor
        self.cursor = self._rest(min(max(wanted, 0), max(len(source) - 1, 0)), 1)
        if cursor == 0:
            self.top = 0
        self._keep_in_view()
        self._repaint(before)
        self._tell()

    def find(self, value: Any) -> int | None:
        """The line of a value in a short list."""
        return next((index for index in range(len(self.source)) if self.source.value(index) == value), None)

    def move_to(self, index: int) -> None:
        """Puts the cursor on a line, and paints what that changes."""
        if not 0 <= index < len(self.source) or index == self.cursor:
            return
        before, top, painted = self.cursor, self.top, self._painted()
        self.cursor = index
        self._keep_in_view()
        if self.top != top:
            self._repaint(painted)
        else:
            self.refresh_lines(before)
            self.refresh_lines(index)
        self._tell()

    def refresh_lines(self, first: int, last: int | None = None) -> None:
        """Paints the lines first … last again, as far as they are in view."""
        low = max(first - self.top, 0)
        high = min((first if last is None else last) - self.top, self.size.height - 1)
        if low <= high:
            self.refresh(Region(0, low, self.size.width, high - low + 1))

    def _painted(self) -> list[Strip]:
        return [self.render_line(y) for y in range(self.size.height)] if self.is_attached else []

    def _repaint(self, before: Sequence[Strip]) -> None:
        """Paints only the lines that look other than they did."""
        after = self._painted()
        if len(before) != len(after) or not after:
            self.refresh()
            return
        changed = [y for y, (old, new) in enumerate(zip(before, after, strict=True)) if old != new]
        if changed:
            self.refresh(*(Region(0, y, self.size.width, 1) for y in changed))

    def action_step(self, way: int) -> None:
        at = self._rest(self.cursor + way, way)
        if 0 <= at < len(self.source) and self.source.value(at) is not None:
            self.move_to(at)
        else:
            self._show_edge(way)

    def action_leaf(self, way: int) -> None:
        at = min(max(self.cursor + way * max(self.size.height - 1, 1), 0), len(self.source) - 1)
        self.move_to(self._rest(at, way))

    def action_edge(self, way: int) -> None:
        self.move_to(self._rest(0 if way < 0 else len(self.source) - 1, -way))
        self._show_edge(way)

    def action_choose(self) -> None:
        if self.value is not None:
            self.post_message(self.Chosen(self, self.value))

    def on_resize(self) -> None:
        self._keep_in_view()

    def on_focus(self) -> None:
        self.refresh_lines(self.cursor)
        self._place_cursor()

    def on_blur(self) -> None:
        self.refresh_lines(self.cursor)

    def render_line(self, y: int) -> Strip:
        index = self.top + y
        if index >= len(self.source):
            return self.paint(())
        spans = self.source.spans(index, self.size.width)
        if index == self.cursor and self.source.value(index) is not None:
            return self.paint(spans, "cursor" if self.has_focus else "rest")
        return self.paint(spans)

    def _rest(self, index: int, way: int) -> int:
        """The nearest line at or after `index` in the direction `way` on which the cursor may rest."""
        if isinstance(self.source, Pages):
            return min(max(index, 0), max(len(self.source) - 1, 0))
        for step in (way, -way):
            at = index
            while 0 <= at < len(self.source):
                if self.source.value(at) is not None:
                    return at
                at += step
            if not 0 <= index < len(self.source):
                return index
        return index

    def _show_edge(self, way: int) -> None:
        """Headings above the first line, or text below the last, come into view when the cursor can go no further."""
        top = 0 if way < 0 else max(len(self.source) - self.size.height, 0)
        if top != self.top and top <= self.cursor < top + max(self.size.height, 1):
            self.top = top
            self.refresh()
            self._place_cursor()

    def _keep_in_view(self) -> None:
        height = self.size.height
        if not height:
            return  # not laid out yet
        if not self.top <= self.cursor < self.top + height:
            jump = max(height // 2, 1)
            above = self.cursor < self.top
            self.top = self.cursor - (height - jump if above else jump)
        self.top = max(min(self.top, len(self.source) - height), 0)

    def _tell(self) -> None:
        self._place_cursor()
        self.post_message(self.Moved(self))

    def _place_cursor(self) -> None:
        """The terminal's own cursor follows, for screen readers and braille lines."""
        if self.has_focus:
            self.app.cursor_position = Offset(self.region.x, self.region.y + self.cursor - self.top)
