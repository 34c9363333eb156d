"""The ways through Redmine's long lists. A walk is a position (JSON, so that it can be resumed) and the rows behind it.

Lists are walked by a key that rows keep (the number) or move away from (the last change), and never by counting alone:
what changes or is deleted meanwhile would push others over the edge of a page.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from deskaudit.connectors.fields import Clock, Fields, RowError
from deskaudit.connectors.redmine.api import Api
from deskaudit.i18n import _

CLOCK = Clock(UTC)
MOST_PAGES = 200_000
MOST_ANEW = 50


def utc_text(at: int) -> str:
    """A time as filters take it."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def read_key(row: Any) -> tuple[int, int]:
    """(number, last change) of an issue. Raises RowError."""
    fields = Fields(row, CLOCK)
    number = fields.need_id("id")
    if not (number.isascii() and number.isdigit()) or len(number) > 18:
        raise RowError(_("{value} is no number of a ticket").format(value=number[:40]))
    return int(number), fields.at("updated_on") or fields.need_at("created_on")


class ChangedWalk:
    """Issues by their last change, from `at["from"]` on; `at["seen"]` are those of that very second already given.

    Times are told in seconds and kept in microseconds by some databases, so that within a second no order is known.
    """

    def __init__(self, api: Api, at: dict[str, Any], low: int) -> None:
        self._api = api
        start, seen = at.get("from"), at.get("seen")
        self._from = start if isinstance(start, int) else low
        self._seen = {one for one in seen if isinstance(one, int)} if isinstance(seen, list) else set()
        self.total: int | None = None
        self.lost: list[str] = []

    @property
    def at(self) -> dict[str, Any]:
        return {"from": self._from, "seen": sorted(self._seen)}

    @property
    def reached(self) -> int:
        return self._from

    def rows(self) -> Iterator[tuple[Any, RowError | None]]:
        """(row, None), or (row, what is wrong with it). `at` includes the row when it is handed out."""
        offset, last, anew = 0, None, 0
        for _page in range(MOST_PAGES):
            start = self._from
            page = self._api.page(
                "/issues.json",
                "issues",
                {
                    "status_id": "*",  # else closed ones are left out
                    "sort": "updated_on:asc,id:asc",
                    "updated_on": f">={utc_text(start)}",
                    "offset": offset,
                },
            )
            if self.total is None:
                self.total = page.total
            if offset and page.rows[:1] != [last]:  # something moved away before this place: count anew
                offset, last, anew = 0, None, anew + 1
                if anew > MOST_ANEW:
                    break
                continue
            yield from self._fresh(page.rows)
            if page.total is None:
                self.lost.append(_no_total())
            if not page.rows or page.total is None or offset + len(page.rows) >= page.total:
                return
            # Only a second that fills a page is counted through, the last row of a page being the first of the next.
            last = page.rows[-1]
            offset = 0 if self._from > start else offset + max(len(page.rows) - 1, 1)
        self.lost.append(_("the list changes faster than it can be read, or has no end"))

    def _fresh(self, rows: list[Any]) -> Iterator[tuple[Any, RowError | None]]:
        for row in rows:
            try:
                number, changed = read_key(row)
            except RowError as fault:
                yield row, fault
                continue
            if changed < self._from or (changed == self._from and number in self._seen):
                continue
            if changed > self._from:
                self._from, self._seen = changed, set()
            self._seen.add(number)
            yield row, None


class NumberWalk:
    """Issues by their number, from `at["id"]` on."""

    def __init__(self, api: Api, at: dict[str, Any], params: Mapping[str, str]) -> None:
        self._api, self._params = api, params
        start = at.get("id")
        self._next = start if isinstance(start, int) else 1
        self.total: int | None = None
        self.lost: list[str] = []

    @property
    def at(self) -> dict[str, Any]:
        return {"id": self._next}

    def rows(self) -> Iterator[tuple[Any, RowError | None]]:
        for _page in range(MOST_PAGES):
            start = self._next
            page = self._api.page(
                "/issues.json", "issues", {**self._params, "sort": "id:asc", "issue_id": f">={start}"}
            )
            if self.total is None:
                self.total = page.total
            for row in page.rows:
                try:
                    number, _changed = read_key(row)
                except RowError as fault:
                    yield row, fault
                    continue
                if number >= self._next:
                    self._next = number + 1
                    yield row, None
            if page.total is None:
                self.lost.append(_no_total())
            if not page.rows or page.total is None or len(page.rows) >= page.total:
                return
            if self._next == start:
                break
        self.lost.append(_("the server does not list tickets by their number"))


def _no_total() -> str:
    return _("the server does not say how many tickets there are, so that more may follow")
