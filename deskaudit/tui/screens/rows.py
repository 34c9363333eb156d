"""All the rows a check judged, worst first, from the audit's frozen file."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from textual.binding import Binding, BindingType

from deskaudit.i18n import _
from deskaudit.model import figures
from deskaudit.model.verdicts import Audit, Evidence, Result
from deskaudit.text import one_line
from deskaudit.tui import theme, words
from deskaudit.tui.screens.room import Room
from deskaudit.tui.theme import Spans
from deskaudit.tui.widgets.lines import Pages


class Rows(Room):
    """500 rows at a time. The line below the list has the whole of the row under the cursor."""

    TITLE = _("Rows")
    PLACE = "findings"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "detail", _("whole row"), id="rows.detail", tooltip=_("The whole row on the message line")),
        Binding("escape", "app.back", _("back"), id="rows.back", tooltip=_("Back to the finding")),
    ]

    def __init__(self, audit: Audit, result: Result, units: Mapping[str, str]) -> None:
        super().__init__()
        self._audit = audit
        self._result = result
        self._units = units

    def heading(self) -> Spans:
        result = self._result
        name = f"{result.check} {result.name}" + (f" · {result.segment}" if result.segment is not None else "")
        return [
            (name, "strong"),
            (_(" · all judged rows · {audit}").format(audit=words.audit_name(self._audit, self.zone)), "dim"),
        ]

    def reload(self) -> None:
        session, result = self.desk.session, self._result
        first = session.rows(self._audit.id, result.check, leg=result.leg, segment=result.segment, limit=Pages.SIZE)

        def fetch(offset: int, limit: int) -> Sequence[Evidence]:
            if offset == 0:
                return first.rows
            page = session.rows(
                self._audit.id, result.check, leg=result.leg, segment=result.segment, offset=offset, limit=limit
            )
            return page.rows

        self.lines.show(Pages(first.total, fetch, self._line), 0)
        self.lines.focus()

    def _line(self, row: Evidence, width: int) -> Spans:
        return evidence_spans(row, self._result, width, self._audit.zone, self._units)

    def chosen(self, value: Any) -> None:
        if isinstance(value, Evidence):
            self.say(
                " · ".join(part for part in evidence_parts(value, self._result, self._audit.zone, self._units) if part)
            )

    def action_detail(self) -> None:
        self.lines.action_choose()


def evidence_parts(row: Evidence, result: Result, zone: str, units: Mapping[str, str]) -> list[str]:
    """Reference, title, outcome, and the display columns in words."""
    name = row.ref or f"{row.of} {row.subject}".strip()
    if row.good is not None:
        outcome = {0: _("fault"), 1: _("good")}.get(row.good, "")
    else:
        outcome = words.figure(row.value, result.unit) if row.value is not None else _("not judged")
    columns = [
        f"{figures.column_title(key)} {shown_column(value, figures.unit_of(key, dict(units)), zone)}"
        for key, value in row.columns.items()
        if value is not None
    ]
    return [one_line(name), outcome, one_line(row.segment or ""), *map(one_line, columns), one_line(row.title)]


def shown_column(value: Any, unit: str, zone: str) -> str:
    """A display column in the unit the catalogue gives it."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        if unit == "at":
            return words.moment(int(value), zone)
        return words.figure(float(value), unit if unit != "text" else "count")
    return str(value)


def evidence_spans(row: Evidence, result: Result, width: int, zone: str, units: Mapping[str, str]) -> Spans:
    """A judged row as one line: reference, outcome, then what there is room for; its title not."""
    name, outcome, *rest = evidence_parts(row, result, zone, units)[:-1]
    style = {0: "FAIL", 1: "PASS"}.get(row.good, "") if row.good is not None else ""
    head = f" {theme.fit(name, 18)}  "
    told = theme.fit(outcome, 12)
    text = theme.fit(" · ".join(part for part in rest if part), max(width - 35, 8))
    return [(head, ""), (told, style), (f"  {text}", "")]
