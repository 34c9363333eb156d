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
    "slot": "ext_id",
    "event": "ext_id",
    "interaction": "ext_id",
}
"""What people call an entity's rows; elsewhere its name, else the source's own id."""

_TICKETS_OWN = {"rating"}
"""Entities whose rows are called what their ticket is called."""

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


def names_of(entity: str) -> str:
    """SELECT of what people call the rows of an entity: subject_id, called."""
    if entity in _TICKETS_OWN:
        return (
            f"SELECT own.id AS subject_id, COALESCE(card.ref, own.ext_id) AS called FROM {entity} AS own"
            " LEFT JOIN ticket_card AS card ON card.id = own.ticket_id"
        )
    table, ref, _title, _url = _card(entity)
    return f"SELECT id AS subject_id, CAST({ref} AS VARCHAR) AS called FROM {table}"


def _look_up(
    connection: duckdb.DuckDBPyConnection, of: str, subjects: Sequence[int]
) -> dict[int, tuple[str, str, str]]:
    """(name, title, address) of each row with such an id."""
    if of not in ENTITIES or not subjects:
        return {}
    table, ref, title, url = _card(of)
    if of not in _TICKETS_OWN:
        found = _pick(connection, table, (ref, title, url), subjects)
        return {row[0]: (row[1] or "", row[2] or "", row[3] or "") for row in found}
    own = _pick(connection, table, ("ext_id", "ticket_id"), subjects)
    tickets = _look_up(connection, "ticket", sorted({row[2] for row in own if row[2] is not None}))
    return {row[0]: tickets.get(row[2], (row[1] or "", "", "")) for row in own}


def _pick(
    connection: duckdb.DuckDBPyConnection, table: str, fields: Sequence[str], ids: Sequence[int]
) -> list[tuple[Any, ...]]:
    """(id, fields) of a table's rows with such an id. A join with the list reads half of what IN reads."""
    listed = ", ".join(str(one) for one in ids if one is not None)
    return connection.execute(
        f"SELECT id, {', '.join(fields)} FROM {table} JOIN (SELECT unnest(CAST([{listed}] AS BIGINT[])) AS wanted) AS list"
        " ON list.wanted = id"
    ).fetchall()


def _card(of: str) -> tuple[str, str, str, str]:
    """Where the cards of an entity are, and in which columns (SQL): its name, title and address."""
    if of == "ticket":
        return "ticket_card", "ref", "title", "url"
    known = columns(of)
    title = _TITLE.get(of) or ("title" if "title" in known else "NULL")
    ref = _REF.get(of) or ("COALESCE(name, ext_id)" if "name" in known else "ext_id")
    return of, ref, title, "url" if "url" in known else "NULL"
