"""Alerts of a monitoring system that stand in a table: what rang, when, until when, and the ticket it became.

A monitoring log tells a trouble in several rows: it begins, it is told again, it gets worse, it is over. With a column
`state` they are one alert; without it every row is one.
"""

from collections.abc import Iterable
from typing import ClassVar

import msgspec

from deskaudit.connectors.records.options import Columns, RecordOptions
from deskaudit.connectors.records.tables import Cells, Reading, RecordTable
from deskaudit.connectors.tabular.cells import fold_set, fold_text
from deskaudit.i18n import _, ngettext
from deskaudit.model.batches import Problem
from deskaudit.model.entities import Interaction, Row
from deskaudit.text import one_line


class AlertColumns(Columns, frozen=True, kw_only=True, forbid_unknown_fields=True):
    started_at: str | None = None
    ended_at: str | None = None
    host: str | None = None
    service: str | None = None
    severity: str | None = None
    state: str | None = None
    key: str | None = None
    department: str | None = None
    agent: str | None = None
    ticket: str | None = None

    help: ClassVar[dict[str, str]] = {
        "started_at": "When it rang.",
        "ended_at": "When it was over.",
        "host": "The machine.",
        "service": "What of it: the service, monitor or check.",
        "severity": "How bad it is; left_out says which severities are no alerts.",
        "state": "Whether the row tells of a trouble or of its end; ended says which words mean the end.",
        "key": "The alert's own number; rows with the same one are bad. Left out: the row's cells tell it.",
        "department": "The department that it belongs to.",
        "agent": "Who took it.",
        "ticket": "The ticket it became, by its id in the source that tickets_of names.",
    }


class AlertOptions(RecordOptions, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The options of `type = "alerts"`."""

    columns: AlertColumns
    left_out: list[str] = msgspec.field(default_factory=lambda: ["info", "information", "informational", "debug", "ok"])
    ended: list[str] = msgspec.field(
        default_factory=lambda: ["ok", "up", "recovery", "recovered", "resolved", "cleared", "closed", "normal", "end"]
    )

    help: ClassVar[dict[str, str]] = {
        **RecordOptions.help,
        "columns": "Model field = column name; started_at is needed, and one of host, service and key.",
        "left_out": "Severities that call for nobody: their rows are left out, and counted.",
        "ended": "Words of the column state that mean the trouble is over.",
    }

    def __post_init__(self) -> None:
        super().__post_init__()
        self.columns.need("started_at")
        self.columns.need("host", "service", "key")
        if self.columns.state and self.columns.key:
            raise ValueError(
                _("columns.state joins rows by host and service, columns.key takes each for itself: keep one")
            )


class _Told(msgspec.Struct):
    """A row of a log with states."""

    at: int
    is_end: bool
    rows: list[Interaction]  # the alert that it is, if it begins one


class _Alerts(Reading):
    entity = "interaction"
    times = ("started_at", "ended_at")
    fills: ClassVar = {"interaction": (), "agent": ("agent",), "department": ("department",)}
    options: AlertOptions

    def begin(self) -> None:
        self._left_out = fold_set(self.options.left_out)
        self._ended = fold_set(self.options.ended)
        self._told: dict[str, list[_Told]] = {}  # host and service → its rows
        self._dropped = self._ends = 0

    def take(self, row: Cells) -> Iterable[Row]:
        started = row.need_time("started_at")
        is_end = fold_text(row.raw("state")) in self._ended
        if not is_end and fold_text(row.raw("severity")) in self._left_out:
            self._dropped += 1
            return
        identity = self.identify(row, row.raw("key"))
        if identity is None:
            return
        ended = row.time("ended_at", up=True)
        if ended is not None and ended < started:
            row.fault("ended_at", _("it lies before the beginning"))
            ended = None
        parts = [part for part in (row.raw("host"), row.raw("service")) if part]
        alert = Interaction(
            id=self.context.key("interaction", f"alert:{identity}"),
            ext_id=one_line(row.raw("key"), 80) or None,
            channel="alert",
            direction="in",
            started_at=started,
            ended_at=ended,
            queue=one_line(" / ".join(parts), 120) or None,
            department_id=row.department("department"),
            agent_id=row.agent("agent"),
            ticket_id=row.ticket(),
        )
        if "state" not in self.names:
            yield alert
            return
        found = self._told.setdefault("\x1f".join(map(fold_text, parts)), [])
        found.append(_Told(started, is_end, [] if is_end else [alert]))

    def last(self) -> Iterable[Row]:
        """One alert for each trouble: from its first row to the one that ends it. A ticket of any row is its ticket."""
        for told in self._told.values():
            open_alert: Interaction | None = None
            for one in sorted(told, key=lambda each: (each.at, each.is_end)):
                if one.is_end:
                    if open_alert is None:
                        self._ends += 1
                        continue
                    yield msgspec.structs.replace(open_alert, ended_at=open_alert.ended_at or one.at)
                    open_alert = None
                elif open_alert is None:
                    open_alert = one.rows[0]
                elif open_alert.ticket_id is None:
                    open_alert = msgspec.structs.replace(open_alert, ticket_id=one.rows[0].ticket_id)
            if open_alert is not None:
                yield open_alert

    def notes(self) -> list[Problem]:
        found = []
        if self._dropped:
            message = ngettext(
                "{n} row is left out by its severity (sources.{source}.left_out).",
                "{n} rows are left out by their severity (sources.{source}.left_out).",
                self._dropped,
            )
            found.append(Problem("interaction", message.format(n=self._dropped, source=self.context.source)))
        if self._ends:
            message = ngettext(
                "{n} row tells the end of a trouble whose beginning the file does not have.",
                "{n} rows tell the end of a trouble whose beginning the file does not have.",
                self._ends,
            )
            found.append(Problem("interaction", message.format(n=self._ends)))
        return found


class Alerts(RecordTable):
    """`type = "alerts"`: files are read whole each time."""

    name = "alerts"
    title = "Monitoring alerts (CSV)"
    options = AlertOptions
    reading = _Alerts
    tested = "fixture: made from the shapes of monitoring logs"
