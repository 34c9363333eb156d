"""The first and the last line of every screen: where one can go, and which keys do something here."""

from collections.abc import Sequence

from rich.cells import cell_len

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

    def show_keys(self, hints: Sequence[KeyHint]) -> None:
        """As many as fit, in their order; the last place always says where all the keys are."""
        tail: Spans = [("?", "strong"), (" help ", "")]
        room = (self.size.width or self.app.size.width) - 8
        spans: Spans = []
        for hint in hints:
            pieces: Spans = (
                [(f" ({hint.key} {hint.label})", "dim")]
                if hint.refusal
                else [(f" {hint.key}", "strong"), (f" {hint.label}", "")]
            )
            length = sum(cell_len(text) for text, _style in pieces) + 1
            if length > room:
                break
            spans.extend([*pieces, (" ", "")])
            room -= length
        self.show(spans, tail)


class NavBar(OneLine):
    """The screens and their keys; the present one stands out in reverse."""

    def show_places(self, places: Sequence[tuple[str, str, bool]]) -> None:
        """`places`: key, title, is it here. Where they do not fit, blanks go first, then the titles' ends."""
        width = self.size.width or self.app.size.width
        longest = max((cell_len(title) for _key, title, _here in places), default=0)
        gap = " " if sum(cell_len(key + title) + 3 for key, title, _here in places) <= width else ""
        while not gap and longest > 3 and _places_length(places, longest) > width:
            longest -= 1
        spans: Spans = []
        for key, title, here in places:
            lead = " " if gap or spans else ""
            if here:
                spans.append((f"{lead}{key} {title} ", "bar"))
            else:
                spans.extend([(f"{lead}{key}", "head"), (f" {title[:longest]}{gap}", "")])
        self.show(spans)


def _places_length(places: Sequence[tuple[str, str, bool]], longest: int) -> int:
    """Cells of the first line without a blank at its head, titles cut to `longest`; the present one stays whole."""
    return sum(cell_len(key) + cell_len(title if here else title[:longest]) + 2 for key, title, here in places)
