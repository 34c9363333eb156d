"""The knowledge base, from v1: its articles without their texts.

What v1 gives for an article is not documented. Keys that were seen in public: kb_entry_id, title, deleted, and in the
search rtype (A: an article), rstatus (P: published), datechanged, url. All others here are guesses, and what is not
told stays None. Which ticket refers to which article LiveAgent does not tell: message groups of the types A and K say
that a conversation began in the knowledge base, and name no article.
"""

import re
from collections.abc import Iterator
from typing import Any

from deskaudit.connectors.fields import Clock, Fields
from deskaudit.connectors.http import HttpError
from deskaudit.connectors.lists import FATAL, losses, read_rows
from deskaudit.connectors.liveagent.api import Api
from deskaudit.connectors.liveagent.desk import Desk
from deskaudit.connectors.liveagent.walks import row_id
from deskaudit.connectors.liveagent.zones import Zones
from deskaudit.i18n import _
from deskaudit.model.batches import Batch, Problem
from deskaudit.model.entities import Document, Row

COUNT = 1000
MOST_PAGES = 1000
PATH = "/knowledgebase/entries"
_ABSENT = re.compile(
    r"not (?:found|exist|active|installed|enabled|available)|unknown|disabled|no such|licen[cs]e", re.IGNORECASE
)
DOCUMENT = frozenset({"document"})


def is_absent(fault: HttpError) -> bool:
    """Whether this account has no knowledge base."""
    return fault.status in {404, 405, 501} or (fault.kind == "bad_answer" and _ABSENT.search(fault.message) is not None)


def read_articles(api: Api, zones: Zones, desk: Desk) -> Iterator[Batch]:
    """All published articles; they replace what was known. An account without a knowledge base delivers nothing."""
    try:
        bases = _read_bases(api)
        raw, lost = _read_entries(api)
    except HttpError as fault:
        if not is_absent(fault):
            raise
        message = _("not in this edition: {what} ({fault})").format(what=_("knowledge base"), fault=fault.message)
        yield Batch(problems=[Problem("document", message)])
        return
    left_out = [0]
    counts = [0, 0]
    rows, rejects = read_rows(
        raw,
        lambda one: _read(desk, Fields(one, zones.local), bases, left_out),
        lambda number, _one: _("{path} row {number}").format(path=PATH, number=number),
        counts,
        DOCUMENT,
    )
    problems = losses(PATH, ("document",), lost, counts)
    if left_out[0] and not rows:  # drafts and categories are nothing to speak of beside articles
        message = _("None of {n} entries of the knowledge base is an article that is published.")
        problems.append(Problem("document", message.format(n=left_out[0])))
    yield Batch(rows=rows, rejects=rejects, resource="document", done=len(rows), problems=problems, replaces=DOCUMENT)


def _read_bases(api: Api) -> dict[str, Fields]:
    """Knowledge bases by their id: what they are called. {} where only their articles can be read."""
    try:
        found = _rows_of(api.v1("/knowledgebase/knowledgebases", "knowledgebases", {}))
    except HttpError as fault:
        if fault.kind in FATAL or fault.status is None:
            raise
        return {}
    bases = [Fields(one, Clock()) for one in found if isinstance(one, dict)]
    return {ext_id: base for base in bases if (ext_id := base.id("kb_id", "id")) is not None}


def _read_entries(api: Api) -> tuple[list[Any], list[str]]:
    """All entries, by pages where the server has pages, and why some may be missing."""
    found: list[Any] = []
    seen: set[str] = set()
    for _page in range(MOST_PAGES):
        raw = _rows_of(api.v1(PATH, "entries", {"limitfrom": len(found), "limitcount": COUNT}))
        fresh = [row for row in raw if row_id(row) not in seen]
        found += fresh
        seen.update(row_id(row) for row in fresh)
        if not fresh:
            return found, []
    return found, [_("the list has no end")]


def _rows_of(found: Any) -> list[Any]:
    """A list; v1 also writes one as an object of its rows."""
    if isinstance(found, dict):
        found = list(found.values())
    return found if isinstance(found, list) else []


def _read(desk: Desk, row: Fields, bases: dict[str, Fields], left_out: list[int]) -> list[Row]:
    ext_id = row.need_id("kb_entry_id", "entry_id", "id")
    if row.code("deleted") in {"Y", "1"} or row.code("rtype") not in {"", "A"} or row.code("rstatus") not in {"", "P"}:
        left_out[0] += 1
        return []
    only = next(iter(bases.values())) if len(bases) == 1 else None
    base = bases.get(row.id("kb_id", "knowledgebase_id") or "", only)
    url = row.text("url", 500) or ""
    return [
        Document(
            id=desk.context.key("document", ext_id),
            ext_id=ext_id,
            kind="kb",
            title=row.text("title", 300),
            url=url if url.startswith(("http://", "https://")) else None,
            language=row.text("language", 40) or (base.text("language", 40) if base else None),
            category=base.text("name", 100) if base else None,
            updated_at=row.at("datechanged") or row.at("date_changed") or row.at("datecreated"),
            views=_count(row, "views", "views_count", "viewsCount"),
            up=_count(row, "upvotes", "votes_up", "likes"),
            down=_count(row, "downvotes", "votes_down", "dislikes"),
        )
    ]


def _count(row: Fields, *names: str) -> int | None:
    """A whole number, written as one or as text, of the first name that has one."""
    for name in names:
        said = row.text(name, 20) or ""
        if said.isascii() and said.isdigit() and len(said) <= 12:
            return int(said)
    return None
