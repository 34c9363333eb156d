"""The options of an event log: those of a ticket table that make sense without one."""

from collections.abc import Collection
from typing import Any, ClassVar, Literal

import msgspec

from deskaudit.connectors.csvfile.options import Columns, CsvOptions, Log, Ratings
from deskaudit.connectors.mapping import TicketMapping
from deskaudit.connectors.tabular.dates import check_zone
from deskaudit.connectors.tabular.options import MISSING

USUAL = {
    "key": "case:concept:name",
    "happened_at": "time:timestamp",
    "status": "concept:name",
    "agent": "org:resource",
    "department": "org:group",
}
"""What the standard's extensions call them. The attributes of a trace go by "case:" and their key."""


class XesOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The options of `type = "xes"`."""

    path: str | list[str]
    columns: Columns = msgspec.field(default_factory=Columns)
    mapping: TicketMapping = msgspec.field(default_factory=TicketMapping)
    log: Log = msgspec.field(default_factory=Log)
    channels: dict[str, str] = msgspec.field(default_factory=dict)
    flags: dict[str, bool] = msgspec.field(default_factory=dict)
    nobody: list[str] = msgspec.field(default_factory=lambda: ["Unassigned", "Nobody", "No agent"])
    fields: list[str] = msgspec.field(default_factory=list)
    label_separator: str = ""
    duration_unit: Literal["", "s", "m", "h", "d"] = ""
    ratings: Ratings = msgspec.field(default_factory=Ratings)
    missing: list[str] = msgspec.field(default_factory=lambda: list(MISSING))
    zone: str = ""
    max_bad_share: float = 0.02

    help: ClassVar[dict[str, str]] = {
        **{name: CsvOptions.help[name] for name in ("mapping", "log", "channels", "flags", "nobody", "fields")},
        **{name: CsvOptions.help[name] for name in ("label_separator", "duration_unit", "ratings", "missing", "zone")},
        "path": "The log, a list of logs, or a pattern as logs/*.xes; .xes.gz is read too. It starts at the config's folder.",
        "columns": 'Model field = attribute key; "case:" before a key means the trace\'s. Left out: case:concept:name,'
        " time:timestamp, concept:name (status), org:resource (agent) and org:group (department).",
        "max_bad_share": "A larger share of bad events than this makes the import incomplete, and its checks say so.",
    }

    def __post_init__(self) -> None:
        check_zone(self.zone)
        as_table(self, None)  # it checks all else


def as_table(options: XesOptions, keys: Collection[str] | None) -> CsvOptions:
    """The same as the options of a table of events. Of the usual columns only those among `keys` (None: all)."""
    columns: dict[str, str] = {
        field: column
        for field, column in USUAL.items()
        if keys is None or column in keys or field in {"key", "happened_at"}
    }
    columns |= {name: own for name in Columns.__struct_fields__ if (own := getattr(options.columns, name)) is not None}
    same: dict[str, Any] = {name: getattr(options, name) for name in XesOptions.__struct_fields__ if name != "columns"}
    return CsvOptions(columns=Columns(**columns), shape="events", **same)
