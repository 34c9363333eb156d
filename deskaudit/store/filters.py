"""Which results are asked for, as SQL: filtered, sorted and paged in the database, never in a widget."""

from collections.abc import Sequence
from typing import Any

import msgspec

from deskaudit.errors import ConfigError
from deskaudit.i18n import _
from deskaudit.model.verdicts import SEVERITY_WEIGHT, Status

JOINED = "result r JOIN check_text t ON t.id = r.check_text_id"
COLUMNS = "r.*, t.item_id, t.check_name, t.title, t.kind, t.unit, t.better, t.pass_at, t.warn_at, t.severity, t.population, t.clock, t.advice, t.check_hash"

# 2.1 stands before 15.1, and the desk before its segments.
_BY_CHECK = (
    "CAST(r.check_id AS INTEGER), CAST(substr(r.check_id, instr(r.check_id, '.') + 1) AS INTEGER), r.check_id, r.leg,"
    " r.segment IS NOT NULL, r.segment"
)
_BADNESS = "CASE r.status " + " ".join(f"WHEN '{status}' THEN {status.badness}" for status in Status) + " ELSE 99 END"
_SEVERITY = "CASE t.severity " + " ".join(f"WHEN '{name}' THEN {weight}" for name, weight in SEVERITY_WEIGHT.items())
SORTS = {
    "badness": f"{_BADNESS} DESC, {_SEVERITY} ELSE 0 END DESC, {_BY_CHECK}",
    "check": _BY_CHECK,
    "title": f"fold(t.title), {_BY_CHECK}",
    "value": f"r.value IS NULL, r.value DESC, {_BY_CHECK}",
    "n": f"r.n DESC, {_BY_CHECK}",
    "severity": f"{_SEVERITY} ELSE 0 END DESC, {_BADNESS} DESC, {_BY_CHECK}",
}


class Filter(msgspec.Struct, kw_only=True):
    """Which results of one audit.

    status: any of these. item: an item's id, a check's id or its name. search: words that all occur in id, name,
    title, leg, segment or reason, in any case. segments: those of segments beside those of the whole desk.
    """

    status: Sequence[Status | str] = ()
    item: str = ""
    search: str = ""
    segments: bool = False

    def to_where(self, audit_id: int) -> tuple[str, list[Any]]:
        where, values = ["r.audit_id = ?"], [audit_id]
        bound: list[Any] = list(values)
        if not self.segments:
            where.append("r.segment IS NULL")
        if self.status:
            where.append(f"r.status IN ({', '.join('?' * len(self.status))})")
            bound += [str(status).upper() for status in self.status]
        if self.item:
            where.append("(t.item_id = ? OR r.check_id = ? OR t.check_name = ?)")
            bound += [self.item.upper(), self.item, self.item.lower()]
        for word in self.search.split():
            where.append(
                "instr(fold(t.item_id || ' ' || r.check_id || ' ' || t.check_name || ' ' || t.title || ' ' || r.leg"
                " || ' ' || ifnull(r.segment, '') || ' ' || r.reason), ?)"
            )
            bound.append(word.casefold())
        return " AND ".join(where), bound


def order(sort: str) -> str:
    """The ORDER BY of a sort's name; a leading minus turns it round. ConfigError for an unknown name."""
    name = sort.removeprefix("-")
    if name not in SORTS:
        raise ConfigError(
            _('Results cannot be sorted by "{name}".').format(name=name),
            hint=_("Sorts: {names}.").format(names=", ".join(SORTS)),
        )
    if not sort.startswith("-"):
        return SORTS[name]
    first, comma, rest = SORTS[name].partition(", CAST(" if name == "check" else ", ")
    turned = first.removesuffix(" DESC") if first.endswith(" DESC") else f"{first} DESC"
    return turned + comma + rest
