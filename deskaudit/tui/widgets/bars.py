"""The first and the last line of every screen: where one can go, and which keys do something here."""

from collections.abc import Sequence

from rich.cells import cell_len

from deskaudit.i18n import _
from deskaudit.tui.theme import Spans
from deskaudit.tui.widgets.lines import OneLine


class KeyHint:
    """A key as the footer names it. `refusal` says why it cannot be used now; "" where it can."""

    __slots__ = ("key", "label", "refusal")

    def __init__(self, key: str, label: str, refusal: str = "") -> None:
        self.key = key
        self.label = label
        self.refusal = refusal


class KeyBar(OneLine):
    """The keys of this screen; what cannot be done now stands dim in brackets."""

    def show_keys(self, hints: Sequence[KeyHint], *, can_help: bool = True) -> None:
        """As many as fit, in their order; the last place says where all the keys are, unless "?" is text now.

        Where there is no room for all, those that can be used now go first.
        """
        tail: Spans = [("?", "strong"), (_(" help "), "")] if can_help else []
        room = (self.size.width or self.app.size.width) - sum(cell_len(text) for text, _style in tail) - 1
        kept: list[KeyHint] = []
        for hint in sorted(hints, key=lambda hint: bool(hint.refusal)):
            length = _length(_pieces(hint))
            if length > room:
                break
            kept.append(hint)
            room -= length
        self.show([span for hint in hints if hint in kept for span in _pieces(hint)], tail)


def _pieces(hint: KeyHint) -> Spans:
    if hint.refusal:
        return [(f" ({hint.key} {hint.label})", "dim"), (" ", "")]
    return [(f" {hint.key}", "strong"), (f" {hint.label}", ""), (" ", "")]


class NavBar(OneLine):
    """The screens and their keys; the present one stands out in reverse."""

    def show_places(self, places: Sequence[tuple[str, str, bool]]) -> None:
        """`places`: key, title, is it here. Where they do not fit, blanks go first, then the titles' ends."""
        width = self.size.width or self.app.size.width
        longest = max((cell_len(title) for _key, title, _here in places), default=0)
        line = _places(places, longest, gap=" ", tail=" ")
        for tail in (" ", ""):
            if _length(line) > width:
                line = _places(places, longest, gap="", tail=tail)
        while _length(line) > width and longest > 3:
            longest -= 1
            line = _places(places, longest, gap="", tail="")
        self.show(line)


def _places(places: Sequence[tuple[str, str, bool]], longest: int, *, gap: str, tail: str) -> Spans:
    """The first line, titles cut to `longest`; the present one stays whole, with `tail` after it."""
    spans: Spans = []
    for key, title, here in places:
        lead = " " if gap or spans else ""
        if here:
            spans.append((f"{lead}{key} {title}{tail}", "bar"))
        else:
            spans.extend([(f"{lead}{key}", "head"), (f" {title[:longest]}{gap}", "")])
    return spans


def _length(spans: Spans) -> int:
    return sum(cell_len(text) for text, _style in spans)
