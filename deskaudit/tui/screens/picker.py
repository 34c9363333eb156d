"""One of a list."""

from collections.abc import Sequence
from typing import Any, ClassVar

from textual.binding import Binding, BindingType

from deskaudit.i18n import _
from deskaudit.model.verdicts import Audit
from deskaudit.tui import words
from deskaudit.tui.screens.room import Room
from deskaudit.tui.table import Column, Table
from deskaudit.tui.theme import Spans
from deskaudit.tui.widgets.lines import Lines

_AUDITS = Table(
    Column(_("AUDIT"), 6, right=True),
    Column(_("KIND"), 7),
    Column(_("PERIOD"), 24),
    Column(_("FINISHED"), 16),
    Column(_("STATE")),
)


class Picker(Room):
    """Closes with the chosen value, or with None."""

    TITLE = _("Choose")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "pick", _("choose"), id="picker.choose", tooltip=_("Choose the line under the cursor")),
        Binding("escape", "leave", _("leave"), id="picker.leave", tooltip=_("Leave; nothing changes")),
    ]

    def __init__(self, question: str, lines: Sequence[tuple[Spans, Any]], present: Any = None) -> None:
        super().__init__()
        self._question = question
        self._choices = lines
        self._present = present

    @classmethod
    def of_audits(cls, question: str, audits: Sequence[Audit], zone: str) -> "Picker":
        """Audits, newest first."""
        lines = []
        for audit in audits:
            name = words.audit_state(audit) + (_(", baseline") if audit.is_baseline else "")
            span = words.period(audit.period_start, audit.period_end, zone)
            cells = [str(audit.id), audit.kind, span, words.moment(audit.finished_at, zone), name]
            lines.append((_AUDITS.row(cells, 80), audit))
        return cls(question, [(_AUDITS.header(80), None), *lines])

    def heading(self) -> Spans:
        return [(self._question, "strong")]

    def reload(self) -> None:
        values = [value for _spans, value in self._choices]
        at = values.index(self._present) if self._present is not None and self._present in values else 0
        self.lines.show(Lines(self._choices), at)
        self.lines.focus()

    def chosen(self, value: Any) -> None:
        self.dismiss(value)

    def action_pick(self) -> None:
        self.lines.action_choose()

    def action_leave(self) -> None:
        self.dismiss(None)
