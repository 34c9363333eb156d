"""Who changed what, when: an entry is written in the transaction of the change itself and never altered."""

from typing import TYPE_CHECKING, Any

import msgspec

from deskaudit.store import encoding

if TYPE_CHECKING:
    import sqlite_utils


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One change. `old` and `new` are the rows before and after; None where there was, or is, nothing."""

    audit_id: int | None
    happened_at: int
    by: str
    action: str  # answer, unanswer, baseline
    thing: str  # the question; for a baseline the audit
    old: dict[str, Any] | None = None
    new: dict[str, Any] | None = None


def write(db: "sqlite_utils.Database", entry: Entry) -> None:
    db.table("journal").insert(
        {
            "audit_id": entry.audit_id,
            "happened_at": entry.happened_at,
            "made_by": encoding.text(entry.by),
            "action": entry.action,
            "thing": encoding.text(entry.thing),
            "old_json": None if entry.old is None else encoding.to_json(entry.old),
            "new_json": None if entry.new is None else encoding.to_json(entry.new),
        }
    )


def row_to_entry(row: dict[str, Any]) -> Entry:
    return Entry(
        audit_id=row["audit_id"],
        happened_at=row["happened_at"],
        by=row["made_by"],
        action=row["action"],
        thing=row["thing"],
        old=None if row["old_json"] is None else encoding.from_json(row["old_json"]),
        new=None if row["new_json"] is None else encoding.from_json(row["new_json"]),
    )
