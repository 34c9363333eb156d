"""The first rows of a source that is being set up, as deskaudit would see them. Nothing of it is kept."""

from typing import Any, ClassVar

import msgspec
from rich.cells import cell_len
from textual.binding import Binding, BindingType

from deskaudit.audit.setup import Sample
from deskaudit.configfile import inline
from deskaudit.i18n import _, ngettext
from deskaudit.model.entities import Row
from deskaudit.text import one_line
from deskaudit.tui import theme, words
from deskaudit.tui.screens.room import Room
from deskaudit.tui.table import Column, Table
from deskaudit.tui.theme import Spans
from deskaudit.tui.widgets.lines import Lines

WIDEST = 24
FIRST = ("code", "title", "status", "priority", "category", "type", "created_at")
"""Columns that tell most of a ticket."""
HIDDEN = frozenset({"id", "ext_id", "url"})
"""They stand in the whole row."""
LABEL = 22


class SampleRows(Room):
    """Closes with the mapping to take over, or with None."""

    TITLE = _("First rows of a source")
    PLACE = "sources"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", _("whole row"), id="sample.open", tooltip=_("Every column of the row under the cursor")),
        Binding("m", "take", _("take the mapping"), id="sample.take", tooltip=_("Take the proposed mapping over into the form")),
        Binding("escape", "leave", _("back"), id="sample.back", tooltip=_("Back to the form")),
    ]  # fmt: skip

    def __init__(self, source: str, sample: Sample, *, can_map: bool = False) -> None:
        super().__init__()
        self._source_name = source
        self._sample = sample
        self._can_map = can_map

    def heading(self) -> Spans:
        counts = self._sample.counts
        entity = "ticket" if counts.get("ticket") else max(counts, key=lambda name: counts[name], default="")
        n = counts.get(entity, 0)
        told = f"{ngettext('{n} row', '{n} rows', n)} {entity}"
        if entity == "ticket":
            told = ngettext("{n} ticket", "{n} tickets", n)
        text = _(" · all of it: {told}") if self._sample.whole else _(" · looked at: {told}; nothing is saved")
        return [(self._source_name, "strong"), (text.format(told=told.format(n=words.figure(n, "count"))), "dim")]

    def why_not(self, action: str) -> str:
        if action == "take" and not (self._can_map and self._sample.mapping):
            return _("There is no mapping to take over.")
        if action == "open" and not isinstance(self.lines.value, msgspec.Struct):
            return _("Put the cursor on a row.")
        return ""

    def reload(self) -> None:
        rows: list[tuple[Spans, Any]] = []
        for problem in self._sample.problems:
            rows += _wrapped(f"{problem.resource}: {problem.message}", "WARN", self.size.width)
        for reject in self._sample.rejects:
            rows += _wrapped(
                _("kept out: {place}: {reason}").format(place=reject.place, reason=reject.reason),
                "WARN",
                self.size.width,
            )
        for entity, found in sorted(self._sample.rows.items(), key=lambda pair: pair[0] != "ticket"):
            count = words.rows_count(self._sample.counts[entity])
            rows.append(([(f" {entity.upper()}", "head"), (_(" {rows} looked at").format(rows=count), "dim")], None))
            rows += _table_of(found, self.size.width, self.zone)
            if entity == "ticket":
                rows += self._mapping_lines()
        if not self._sample.rows:
            rows.append(([(_(" It gave no row."), "WARN")], "none"))
        self.lines.show(Lines(rows))
        self.lines.focus()

    def _mapping_lines(self) -> list[tuple[Spans, Any]]:
        """What is proposed, why, and what it would make of a few tickets."""
        sample, width = self._sample, self.size.width
        if not (self._can_map and sample.reasons):
            return []
        hint = _(" m takes it over") if sample.mapping else _(" nothing to propose")
        rows: list[tuple[Spans, Any]] = [([(_(" PROPOSED MAPPING"), "head"), (hint, "dim")], "mapping")]
        for key, rule in sample.mapping.items():
            rows += _wrapped(f"{key} = {inline(rule)}", "", width)
        for reason in sample.reasons:
            rows += _wrapped(reason, "dim", width)
        if sample.mapping and sample.preview:
            names = list(sample.preview[0])
            table = Table(*(Column(name.upper(), 0 if name == names[-1] else 13) for name in names), gap=1)
            rows += [([(_(" WITH IT"), "head")], None), (table.header(width), None)]
            rows += [(table.row(list(one.values()), width), f"preview {n}") for n, one in enumerate(sample.preview)]
        return rows

    def moved(self) -> None:
        self.show_keys()

    def chosen(self, value: Any) -> None:
        if isinstance(value, msgspec.Struct):
            self.app.push_screen(RowFacts(value))
        else:
            self.say(self.why_not("open"))

    def action_open(self) -> None:
        self.lines.action_choose()

    def action_take(self) -> None:
        self.dismiss(self._sample.mapping)

    def action_leave(self) -> None:
        self.dismiss(None)


class RowFacts(Room):
    """One row, column by column."""

    TITLE = _("One row of a source")
    PLACE = "sources"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", _("back"), id="facts.back", tooltip=_("Back to the rows")),
    ]

    def __init__(self, row: Any) -> None:
        super().__init__()
        self._row = row

    def reload(self) -> None:
        rows: list[tuple[Spans, Any]] = []
        for name in self._row.__struct_fields__:
            value = getattr(self._row, name)
            style = "dim" if value is None else ""
            first, *rest = theme.wrap(_shown(name, value, self.zone) or "-", max(self.size.width - LABEL - 2, 10))
            rows.append(([(f" {theme.fit(name, LABEL)}", "dim"), (first, style)], name))
            rows += [([(" " * (LABEL + 1), ""), (line, style)], f"{name} {n}") for n, line in enumerate(rest)]
        self.lines.show(Lines(rows), 0)
        self.lines.focus()

    def action_leave(self) -> None:
        self.dismiss(None)


def _wrapped(text: str, style: str, width: int) -> list[tuple[Spans, Any]]:
    return [([(f" {line}", style)], line or " ") for line in theme.wrap(one_line(text, 600), max(width - 2, 20))]


def _table_of(found: list[Row], width: int, zone: str) -> list[tuple[Spans, Any]]:
    """Rows under as many of their columns as fit: those that say something, keys of other rows left aside."""
    said = [
        name for name in found[0].__struct_fields__ if any(getattr(row, name, None) not in {None, ""} for row in found)
    ]
    names = [
        name for name in (*FIRST, *said) if name in said and name not in HIDDEN and not name.endswith(("_id", "_hash"))
    ]
    columns, chosen, room = [], [], width - 2
    for name in dict.fromkeys(names):
        wide = min(
            max(cell_len(text) for text in [name, *(_shown(name, getattr(row, name, None), zone) for row in found)]),
            WIDEST,
        )
        if wide + 2 > room:
            continue
        columns.append(Column(name.upper(), wide))
        chosen.append(name)
        room -= wide + 2
    if not chosen:
        return [([(f" {row.id}", "")], row) for row in found]
    table = Table(*columns)
    rows: list[tuple[Spans, Any]] = [(table.header(width), None)]
    return rows + [
        (table.row([_shown(name, getattr(row, name, None), zone) for name in chosen], width), row) for row in found
    ]


def _shown(name: str, value: Any, zone: str) -> str:
    if value is None:
        return ""
    if name.endswith("_at") and isinstance(value, int):
        return words.moment(value, zone)
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return one_line(value, 400)
