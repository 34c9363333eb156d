"""The ways through LiveAgent's lists. A walk is a position (JSON, so that it can be resumed) and the pages behind it.

`at` is already the position after a page when that page is handed out: whoever keeps the rows keeps `at` with them.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from typing import Any, Protocol

from deskaudit.connectors.fields import Clock
from deskaudit.connectors.http import HttpError
from deskaudit.connectors.liveagent.api import Api, Filters, Page
from deskaudit.connectors.liveagent.zones import Zones
from deskaudit.i18n import _

Found = tuple[Page, Clock]
EMPTY_PAGES = 3  # a list with a next cursor may have an empty page; so many in a row are its end
MOST_PAGES = 200_000


class Walk(Protocol):
    lost: list[str]  # why rows may be missing, in words for the user

    @property
    def at(self) -> dict[str, Any]: ...

    def pages(self) -> Iterator[Found]: ...


def utc_text(at: int) -> str:
    """A time as filters take it: UTC, without an offset."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S")


def row_id(row: Any) -> str:
    """What tells one row from another, for noticing pages that come twice."""
    if not isinstance(row, dict):
        return repr(row)[:200]
    for name in ("id", "department_id", "conversationid", "kb_entry_id"):
        if row.get(name):
            return str(row[name])[:80]
    return repr(sorted(row.items(), key=repr))[:500]


class NumberedWalk:
    """`_page` = 1, 2, 3 … until a page is empty or brings nothing new.

    A short page is no end: a server may cap `_perPage` as it likes. `whole`: a list that may ignore paging and always
    come as a whole, so that the same page twice is no loss.
    """

    def __init__(
        self,
        api: Api,
        zones: Zones,
        path: str,
        at: dict[str, Any],
        *,
        size: int,
        filters: Filters | None = None,
        whole: bool = False,
        kind: str = "",
    ) -> None:
        self.at = {"page": at["page"] if isinstance(at.get("page"), int) else 1}
        self.lost: list[str] = []
        self._api, self._zones, self._path = api, zones, path
        self._size, self._filters, self._whole = size, filters, whole
        self._kind = kind or path  # paths of one kind have one clock

    def pages(self) -> Iterator[Found]:
        first: set[str] = set()
        before: set[str] = set()
        while self.at["page"] < MOST_PAGES:
            number = self.at["page"]

            try:
                page = self._fetch(number)
            except HttpError as fault:
                if fault.status not in {400, 422} or not self._filters or number > 1:
                    raise
                self._filters = None  # the server refuses the filter: all rows are read
                continue
            if not page.rows:
                return
            ids = {row_id(row) for row in page.rows}
            if ids <= before or ids <= first:
                if len(page.rows) == self._size and not self._whole:
                    self.lost.append(_("the server gives the same page again and again"))
                return
            first, before = first or ids, ids
            self.at = {"page": number + 1}
            yield page, self._zones.clock(self._kind, page, partial(self._fetch, number, shifted=False))

    def _fetch(self, number: int, *, shifted: bool = True) -> Page:
        asked = {"_page": number, "_perPage": self._size}
        return self._api.page(self._path, asked, self._filters, shifted=shifted)


class CursorWalk:
    """`_cursor`, from the `next_page_cursor` header of the page before; a page without it is the last.

    A cursor that is kept over a long pause may have gone stale; the list is then read from its filter's start again.
    """

    def __init__(
        self, api: Api, zones: Zones, path: str, at: dict[str, Any], *, size: int, filters: Filters | None = None
    ) -> None:
        cursor = at.get("cursor")
        self.at: dict[str, Any] = {
            "cursor": cursor if isinstance(cursor, str) else None,
            "end": at.get("end") is True,
            "plain": at.get("plain") is True,  # the server refused the filter: all rows are read
        }
        self.lost: list[str] = []
        self._api, self._zones, self._path = api, zones, path
        self._size, self._filters = size, filters

    def pages(self) -> Iterator[Found]:
        seen: set[str] = set()
        before: set[str] = set()
        kept = self.at["cursor"]
        empty = 0
        while not self.at["end"]:
            cursor = self.at["cursor"]
            try:
                page = self._fetch(cursor)
            except HttpError as fault:
                if fault.status not in {400, 404, 410, 422}:
                    raise
                if cursor is not None and cursor == kept:
                    self.at["cursor"] = kept = None
                elif cursor is None and self._filters and not self.at["plain"]:
                    self.at["plain"] = True
                else:
                    raise
                continue
            after = page.next
            if after is not None and (after == cursor or after in seen):
                self.lost.append(_("the server's cursor runs in a circle"))
                after = None
            ids = {row_id(row) for row in page.rows}
            if after is not None and ids and ids == before:
                self.lost.append(_("the server gives the same page again and again"))
                after = None
            if after is not None:
                seen = seen if len(seen) < 10_000 else set()
                seen.add(after)
            before = ids
            empty = 0 if page.rows else empty + 1
            self.at = {**self.at, "cursor": after, "end": after is None or empty >= EMPTY_PAGES}
            if page.rows:
                yield page, self._zones.clock(self._path, page, partial(self._fetch, cursor, shifted=False))

    def _fetch(self, cursor: str | None, *, shifted: bool = True) -> Page:
        asked: dict[str, str | int] = {"_perPage": self._size}
        if cursor is not None:
            asked["_cursor"] = cursor
        return self._api.page(self._path, asked, None if self.at["plain"] else self._filters, shifted=shifted)
