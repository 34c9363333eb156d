"""The ways through ServiceDesk Plus's lists. A walk is a position (JSON, so that it can be resumed) and the pages behind it.

`at` is already the position after a page when that page is handed out: whoever keeps the rows keeps `at` with them.
"""

import itertools
from collections.abc import Iterator, Sequence
from typing import Any

from deskaudit.connectors.fields import RowError
from deskaudit.connectors.servicedeskplus.answers import SdpError
from deskaudit.connectors.servicedeskplus.api import Api, Ask, Criterion, Page
from deskaudit.connectors.servicedeskplus.fields import Entry
from deskaudit.i18n import _

MOST_PAGES = 100_000
SLACK = 10  # rows that pages overlap where rows may move from under them
SWEEP_TRIES = 3

CHANGED = "last_updated_time"


def changed_ms(row: Any) -> int | None:
    """When a row last changed; None where it does not say."""
    try:
        return Entry(row).ms(CHANGED, "created_time") if isinstance(row, dict) else None
    except RowError:
        return None


def ids_of(rows: Sequence[Any]) -> list[str]:
    """What tells rows from one another, for noticing pages that come twice."""
    return [(Entry(row).id("id") if isinstance(row, dict) else None) or repr(row)[:200] for row in rows]


class ListWalk:
    """A short list, whole: start_index 1, 1 + rows … until has_more_rows says no.

    A server may give fewer rows than were asked for: the next page begins after those that came. One that refuses the
    fields or the order is asked without them.
    """

    def __init__(
        self, api: Api, path: str, key: str, *, size: int, sort: str | None = "id", fields: Sequence[str] = ()
    ) -> None:
        self.lost: list[str] = []
        self._api, self._path, self._key, self._size = api, path, key, size
        self._sort, self._fields = sort, fields

    def pages(self) -> Iterator[Page]:
        start, before = 1, [""]
        for _number in range(MOST_PAGES):
            ask = Ask(rows=self._size, start=start, sort=self._sort, fields=self._fields)
            try:
                page = self._api.page(self._path, self._key, ask)
            except SdpError as fault:
                if not fault.refuses or start > 1 or (self._sort is None and not self._fields):
                    raise
                if self._fields:
                    self._fields = ()
                else:
                    self._sort = None
                continue
            ids = ids_of(page.rows)
            if page.rows and ids == before:
                self.lost.append(_("the server gives the same page again and again"))
                return
            if not page.rows:
                if page.more:
                    self.lost.append(_("the server promises more rows and gives none"))
                return
            yield page
            if not page.more:
                return
            start, before = start + len(page.rows), ids


class ChangedWalk:
    """Requests by the time of their last change, oldest first.

    Whatever changes meanwhile moves to the end of such a list and would draw unread rows past a page's edge. So each
    page begins at the last row's time and not at a number; only rows of one same millisecond are counted through. A
    server that does not filter or sort is read by number, with overlapping pages.

    `forms` are what to ask for: the first that the server does not refuse.
    """

    def __init__(
        self,
        api: Api,
        at: dict[str, Any],
        *,
        low: int,
        size: int,
        forms: Sequence[Sequence[str]],
        extra: Sequence[Criterion] = (),
        high: int | None = None,
    ) -> None:
        def whole(name: str, default: int) -> int:
            found = at.get(name)
            return found if isinstance(found, int) and not isinstance(found, bool) and found >= 0 else default

        self.at: dict[str, Any] = {
            "low": whole("low", low),
            "start": max(whole("start", 1), 1),
            "plain": at.get("plain") is True,
            "form": min(whole("form", 0), len(forms) - 1),
            "end": at.get("end") is True,
        }
        self.lost: list[str] = []
        self._api, self._size, self._forms = api, size, forms
        self._extra, self._high = list(extra), high

    @property
    def fields(self) -> Sequence[str]:
        """The fields that are asked for."""
        return self._forms[self.at["form"]]

    def pages(self) -> Iterator[Page]:
        before: set[str] = set()
        stale = 0  # pages in a row without a new row: one may come where a page begins anew at its last row
        for _number in range(MOST_PAGES):
            if self.at["end"]:
                return
            try:
                page = self._api.page("/requests", "requests", self._ask())
            except SdpError as fault:
                self._ask_for_less(fault)
                continue
            if not self.at["plain"] and not self._obeys(page.rows):
                self.at |= {"plain": True, "start": 1}
                continue
            if not page.rows:
                if page.more:
                    self.lost.append(_("the server promises more rows and gives none"))
                self.at["end"] = True
                return
            ids = ids_of(page.rows)
            fresh = [row for row, name in zip(page.rows, ids, strict=True) if name not in before]
            stale = 0 if fresh else stale + 1
            if stale > 1 and page.more:
                self.lost.append(_("the server gives the same page again and again"))
                page = Page(page.rows, more=False, total=page.total)
            self._step(page)
            before = set(ids)
            yield Page(fresh, page.more, page.total)

    def _ask(self) -> Ask:
        criteria: list[Criterion] = [(CHANGED, "greater or equal", str(self.at["low"]))]
        if self._high is not None:
            criteria.append((CHANGED, "lesser than", str(self._high)))
        return Ask(
            rows=self._size,
            start=self.at["start"],
            sort=CHANGED,
            fields=self.fields,
            criteria=() if self.at["plain"] else [*criteria, *self._extra],
        )

    def _ask_for_less(self, fault: SdpError) -> None:
        """What to leave out after a refusal: the extra filter, then fields, then all filters. Raises where nothing is left."""
        if not fault.refuses:
            raise fault
        if self._extra:
            self._extra = []
        elif self.at["form"] < len(self._forms) - 1:
            self.at["form"] += 1
        elif not self.at["plain"]:
            self.at |= {"plain": True, "start": 1}
        else:
            raise fault

    def _obeys(self, rows: Sequence[Any]) -> bool:
        """Whether the rows lie where they were asked for, in the order they were asked for."""
        times = [changed_ms(row) for row in rows]
        known = [at for at in times if at is not None]
        if len(known) < len(times):
            return False
        ordered = all(a <= b for a, b in itertools.pairwise(known))
        return ordered and (not known or known[0] >= self.at["low"])

    def _step(self, page: Page) -> None:
        last = changed_ms(page.rows[-1])
        end = not page.more
        if self.at["plain"] or last is None:
            step = len(page.rows) - SLACK if len(page.rows) > 2 * SLACK else len(page.rows)
            self.at = {**self.at, "start": self.at["start"] + step, "end": end}
        elif last > self.at["low"]:
            self.at = {**self.at, "low": last, "start": 1, "end": end}
        else:
            self.at = {**self.at, "start": self.at["start"] + len(page.rows), "end": end}


class SweepWalk:
    """All ids, to know which are gone. Each page begins with the last id of the one before: if another stands there, a
    row has gone meanwhile, others may have slipped by, and all is read anew. Where the server counts them all, fewer ids
    than it counted prove nothing.
    """

    def __init__(self, api: Api, at: dict[str, Any], *, size: int) -> None:
        start, last, tries, total = (at.get(name) for name in ("start", "last", "tries", "total"))
        self.at: dict[str, Any] = {
            "start": start if isinstance(start, int) and start > 0 else 1,
            "last": last if isinstance(last, str) else "",
            "tries": tries if isinstance(tries, int) else 0,
            "total": total if isinstance(total, int) else 0,
        }
        self.whole = False
        self.lost = _("the list of all ids did not hold still")  # why, where it is not whole
        self._api, self._size = api, max(size, 2)

    def pages(self) -> Iterator[Page]:
        for _number in range(MOST_PAGES):
            first = not self.at["last"]
            ask = Ask(rows=self._size, start=self.at["start"], sort="id", fields=("id",), count=first)
            page = self._api.page("/requests", "requests", ask)
            ids = ids_of(page.rows)
            if first:
                self.at = {**self.at, "total": page.total or 0}
            if self.at["last"] and ids[:1] != [self.at["last"]]:
                if self.at["tries"] + 1 >= SWEEP_TRIES:
                    return
                self.at = {**self.at, "start": 1, "last": "", "tries": self.at["tries"] + 1}
                continue
            if not ids:
                return  # a desk without any request is more likely a key that sees none
            stuck = len(ids) == 1 and page.more
            seen = self.at["start"] + len(ids) - 1
            if not stuck:
                self.at = {**self.at, "start": self.at["start"] + len(ids) - 1, "last": ids[-1]}
            yield page
            if stuck or not page.more:
                self.whole = not page.more and seen >= self.at["total"]
                if seen < self.at["total"]:
                    self.lost = _("the server counts {total} and shows {n}").format(total=self.at["total"], n=seen)
                return
