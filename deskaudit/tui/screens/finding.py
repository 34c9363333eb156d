"""One result, down to its evidence: value, threshold, formula in words, n, interval, history, segments, rows."""

from typing import Any, ClassVar

from textual.binding import Binding, BindingType

from deskaudit.checks.spec import Check
from deskaudit.errors import ConfigError
from deskaudit.i18n import _
from deskaudit.model.verdicts import Audit, Evidence, Result
from deskaudit.text import one_line
from deskaudit.tui import theme, words
from deskaudit.tui.screens.room import Room
from deskaudit.tui.screens.rows import Rows, evidence_spans
from deskaudit.tui.table import Cell, Column, Table
from deskaudit.tui.theme import Spans
from deskaudit.tui.widgets.lines import Lines

Row = tuple[Spans, Any]

_SEGMENTS = Table(
    Column(_("SEGMENT")), Column(_("STATUS"), 8), Column(_("VALUE"), 12, right=True), Column(_("n"), 8, right=True)
)
_HISTORY = Table(
    Column(_("AUDIT"), 6, right=True), Column(_("PERIOD"), 24), Column(_("STATUS"), 8),
    Column(_("VALUE"), 12, right=True), Column(_("n"), 8, right=True), Column(""),
)  # fmt: skip
SHOWN_AUDITS = 12
LABEL = 11


class Finding(Room):
    """Pushed over the list it came from; esc goes back there."""

    TITLE = _("Finding")
    PLACE = "findings"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", _("open"), id="finding.open", tooltip=_("Open the segment, the audit's value or the rows under the cursor")),
        Binding("o", "rows", _("all rows"), id="finding.rows", tooltip=_("All judged rows, from the audit's frozen file")),
        Binding("l", "link", _("link"), id="finding.link", tooltip=_("Show the link of the evidence under the cursor")),
        Binding("escape", "app.back", _("back"), id="finding.back", tooltip=_("Back to the list")),
    ]  # fmt: skip

    def __init__(self, audit: Audit, result: Result) -> None:
        super().__init__()
        self._audit = audit
        self._result = result

    def heading(self) -> Spans:
        result = self._result
        segment = f" · {result.segment}" if result.segment is not None else ""
        return [
            *theme.status_spans(result.status, 9),
            (f"{result.check} · {words.severity(result.severity)}", "strong"),
            (f"{segment} · {words.audit_name(self._audit, self.zone)}", "dim"),
        ]

    def why_not(self, action: str) -> str:
        if action == "rows" and not self._result.n_rows:
            return _("This check has judged no rows.")
        if action == "rows" and not self._audit.judged_file:
            return _("The rows of this audit are not kept: it did not reach its end.")
        if action == "link" and not (isinstance(self.lines.value, Evidence) and self.lines.value.url):
            return _("Put the cursor on evidence that has a link.")
        return ""

    def reload(self) -> None:
        found = self.desk.session.store.result(
            self._audit.id, self._result.check, self._result.leg, self._result.segment
        )
        self._result = found or self._result
        width = self.size.width
        rows = [
            *self._facts(width),
            *self._history(width),
            *self._segments(width),
            *self._evidence(width),
            *self._about(width),
        ]
        self.lines.show(Lines(rows))
        self.lines.focus()

    def _facts(self, width: int) -> list[Row]:
        result = self._result
        check = self._check()
        title = self.title_of(result)
        rows: list[Row] = [([(f" {text}", "strong")], "title") for text in theme.wrap(title, width - 2)]
        rows += self._fact(_("Because"), result.reason, width)
        rows.append(([], None))
        rows += self._fact(_("Value"), words.value_of(result), width, "strong")
        rows += self._fact(_("Threshold"), words.limits(result, check), width)
        rows += self._fact("", words.fails_also(result, check), width)
        rows += self._fact(_("Formula"), words.formula(result, check), width)
        rows += self._fact(_("n"), words.judged(result), width)
        rows += self._fact(_("Interval"), words.interval(result), width)
        rows += self._fact(_("Spread"), words.spread(result), width)
        rows += self._fact(_("Beside"), words.beside(result), width)
        rows += self._fact(_("Advice"), result.advice, width)
        return [*rows, ([], None)]

    def _about(self, width: int) -> list[Row]:
        """What the catalogue says of the check: seldom read, so it stands last."""
        result, check = self._result, self._check()
        rows: list[Row] = [([], None), ([(_(" ABOUT THIS CHECK"), "dim")], None)]
        weight = _("{severity}, weighs {weight}").format(severity=words.severity(result.severity), weight=result.weight)
        rows += self._fact(_("Severity"), weight, width)
        rows += self._fact(_("Name"), result.name, width)
        if check is not None:
            rows += self._fact(_("Why"), check.text("why"), width)
            rows += self._fact(_("Rows"), check.text("cohort"), width)
            rows += self._fact(_("Source"), check.source, width)
        return rows

    def _check(self) -> Check | None:
        """The check as the catalogue has it now; an old audit may know one that is gone."""
        try:
            return self.desk.session.catalogue.check(self._result.check)[1]
        except ConfigError:
            return None

    def _fact(self, label: str, text: str, width: int, style: str = "") -> list[Row]:
        if not text:
            return []
        first, *rest = theme.wrap(text, max(width - LABEL - 2, 10))
        rows: list[Row] = [
            ([(f" {theme.fit(label, LABEL)}", "dim"), (first, style)], f"fact {label}" if label else None)
        ]
        return [*rows, *(([(" " * (LABEL + 1), ""), (line, style)], None) for line in rest)]

    def _history(self, width: int) -> list[Row]:
        result = self._result
        from deskaudit.store import references

        store = self.desk.session.store
        audits = references.find_line(store, self._audit, SHOWN_AUDITS)
        past = store.history(audits, result.check, result.leg, result.segment)
        line = theme.sparkline([one.value for _audit, one in past], SHOWN_AUDITS).strip()
        rows: list[Row] = [([(_(" HISTORY "), "dim"), (line, "")], None)]
        for place, (audit, one) in enumerate(reversed(past)):
            older = past[-place - 2][1] if place + 2 <= len(past) else None
            changed = _("check changed") if older is not None and older.check_hash != one.check_hash else ""
            cells: list[Cell] = [
                str(audit.id), words.period(audit.period_start, audit.period_end, self.zone),
                theme.status_spans(one.status)[0], words.value_of(one), words.figure(one.n, "count"),
                (changed, "dim"),
            ]  # fmt: skip
            rows.append((_HISTORY.row(cells, width), (audit, one)))
        return [*rows, ([], None)]

    def _segments(self, width: int) -> list[Row]:
        if self._result.segment is not None:
            return []
        result = self._result
        found = self.desk.session.store.results(self._audit.id, item=result.check, segments=True)
        found = [
            one for one in found if one.segment is not None and one.leg == result.leg and one.check == result.check
        ]
        if not found:
            return []
        rows: list[Row] = [(_SEGMENTS.header(width), None)]
        for one in found:
            value = words.value_of(one)
            n = words.figure(one.n, "count") + ("!" if one.low_n else "")
            cells: list[Cell] = [one.segment or "", theme.status_spans(one.status)[0], value, n]
            rows.append((_SEGMENTS.row(cells, width), one))
        return [*rows, ([], None)]

    def _evidence(self, width: int) -> list[Row]:
        result = self._result
        if not result.evidence:
            return [([(_(" EVIDENCE  none kept"), "dim")], None)]
        of_all = _("the worst {k} of {n} rows; o shows all").format(
            k=len(result.evidence), n=words.figure(result.n_rows, "count")
        )
        rows: list[Row] = [([(_(" EVIDENCE "), "dim"), (of_all, "dim")], None)]
        for one in result.evidence:
            rows.append((evidence_spans(one, result, width, self._audit.zone, self._units()), one))
            if one.title:
                rows.append(([(f"   {one_line(one.title)}", "dim")], None))
        return rows

    def _units(self) -> dict[str, str]:
        check = self._check()
        return dict(check.columns) if check is not None else {}

    def moved(self) -> None:
        self.show_keys()

    def chosen(self, value: Any) -> None:
        match value:
            case Result():
                self.app.push_screen(Finding(self._audit, value))
            case (Audit() as audit, Result() as one) if audit.id != self._audit.id:
                self.app.push_screen(Finding(audit, one))
            case Evidence():
                self.action_link() if value.url else self.say(
                    _("{of} {subject}: it has no link.").format(of=value.of, subject=value.subject)
                )
            case _:
                self.say(_("o shows all rows; enter opens a segment or an earlier audit."))

    def action_open(self) -> None:
        self.lines.action_choose()

    def action_rows(self) -> None:
        self.app.push_screen(Rows(self._audit, self._result, self._units()))

    def action_link(self) -> None:
        value = self.lines.value
        if isinstance(value, Evidence):
            self.say(_("{url} (c copies the line)").format(url=value.url))
