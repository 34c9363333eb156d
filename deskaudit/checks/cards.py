"""Evidence: the worst rows of a leg, each with the card that names its subject."""

from collections.abc import Sequence
from typing import Any

import duckdb
import msgspec

from deskaudit.model.entities import ENTITIES, columns
from deskaudit.model.verdicts import Evidence
from deskaudit.text import clean, one_line

_REF = {
    "ticket": "COALESCE(code, ext_id)",
    "asset": "COALESCE(name, fqdn, ip, serial, mac, ext_id)",
    "contact": "ext_id",
    "document": "COALESCE(title, ext_id)",
    "ticket_tag": "tag",
    "record": "COALESCE(about, ext_id)",
    "rating": "ext_id",
    "slot": "ext_id",
    "event": "ext_id",
    "interaction": "ext_id",
}
"""What people call an entity's rows; elsewhere its name, else the source's own id."""

_TITLE = {
    "agent": "COALESCE(position, role)",
    "asset": "os",
    "document": "kind",
    "interaction": "channel",
    "event": "kind",
    "slot": "kind",
    "record": "kind",
    "policy": "kind",
    "component": "value",
    "backup_job": "target",
    "backup_run": "message",
}
_OWN = ("ref", "title", "url")
"""Display columns that make a row its own card: for subjects that are no entity, as a category or a metric."""


def make_evidence(
    connection: duckdb.DuckDBPyConnection, of: str, rows: dict[str, list[dict[str, Any]]]
) -> dict[str, list[Evidence]]:
    """The evidence of each leg; all its subjects are looked up in one query."""
    cards = _look_up(connection, of, sorted({row["subject"] for worst in rows.values() for row in worst}))
    return {
        leg: [_evidence(rank, of, row, cards.get(row["subject"], ("", "", ""))) for rank, row in enumerate(worst, 1)]
        for leg, worst in rows.items()
    }


def _evidence(rank: int, of: str, row: dict[str, Any], card: tuple[str, str, str]) -> Evidence:
    shown: dict[str, Any] = msgspec.json.decode(row["columns"]) if row["columns"] else {}
    own = [shown.pop(name, None) for name in _OWN]
    ref, title, url = (mine if mine is not None else looked_up for mine, looked_up in zip(own, card, strict=True))
    return Evidence(
        rank=rank,
        of=of,
        subject=row["subject"],
        ref=one_line(ref or row["subject"]),
        title=one_line(title or ""),
        url=clean(url or ""),
        segment=row["segment"],
        good=row["good"],
        value=row["value"],
        badness=row["badness"],
        columns={name: one_line(value) if isinstance(value, str) else value for name, value in shown.items()},
    )


def reference_of(entity: str) -> str:
    """SQL over an entity's columns: what people call one of its rows."""
    return _REF.get(entity) or ("COALESCE(name, ext_id)" if "name" in columns(entity) else "ext_id")


def _look_up(
    connection: duckdb.DuckDBPyConnection, of: str, subjects: Sequence[int]
) -> dict[int, tuple[str, str, str]]:
    if of not in ENTITIES or not subjects:
        return {}
    table, ref, title, url = _card(of)
    ids = ", ".join(str(subject) for subject in subjects if subject is not None)
    found = connection.execute(f"SELECT id, {ref}, {title}, {url} FROM {table} WHERE id IN ({ids})").fetchall()
    return {row[0]: (row[1] or "", row[2] or "", row[3] or "") for row in found}


def _card(of: str) -> tuple[str, str, str, str]:
    """Where the cards of an entity are, and in which columns (SQL): its name, title and address."""
    if of == "ticket":
        return "ticket_card", "ref", "title", "url"
    known = columns(of)
    title = _TITLE.get(of) or ("title" if "title" in known else "NULL")
    return of, reference_of(of), title, "url" if "url" in known else "NULL"
