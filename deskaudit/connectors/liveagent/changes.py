"""The way through /tickets by their last change.

A plain walk by page numbers has two holes: /tickets may be cut at 10,000 rows (it stands on Elasticsearch), and a
ticket that changes during the pull leaves its place, so that another slips from the next page onto one already read.
So the walk asks for tickets sorted by `date_changed` and, page after page, for those changed since the last one seen.
That needs a server that sorts as it is asked, which not every version does: three pages are read plainly and watched
first, and every later page must be in order too. Where the order is broken the walk goes by numbered pages inside
spans of time, which are halved until they hold fewer rows than the window.
"""

from collections.abc import Iterator
from functools import partial
from typing import Any

import msgspec

from deskaudit.connectors.fields import Clock, RowError
from deskaudit.connectors.liveagent.api import Api, Filters, Page
from deskaudit.connectors.liveagent.walks import Found, row_id, utc_text
from deskaudit.connectors.liveagent.zones import Zones
from deskaudit.i18n import _

WINDOW = 10_000
WATCHED_PAGES = 3
STEP_BACK_S = 7200  # where the order breaks late (the hour that comes twice), the last two hours are read again
MOST_CROWDS = 10  # seconds of more than WINDOW changes, before the walk gives up
TAIL = 5  # rows at the end of the first page that must show again when the walk goes over it
REMEMBERED = 4  # pages whose rows are known when they come again


class Place(msgspec.Struct):
    """Where the walk stands. `mode`: watch, sorted, numbered; `low` and `high` are epoch seconds, `high` None: open."""

    low: int
    mode: str = "watch"
    page: int = 1
    high: int | None = None
    base: int | None = None  # where to begin anew if the order turns out to be broken
    last: int | None = None  # the newest change seen, in the order of the pages
    first_last: int | None = None  # the last change on the first page
    tail: list[str] = msgspec.field(default_factory=list)  # rows that the first page after the watch must show again


class ChangedWalk:
    """Tickets changed at or after `low`, and before `end` where one is given; `extra` filters go with each page.

    `moving_at`: tickets changed since then may have changed under our hands.
    """

    def __init__(
        self,
        api: Api,
        zones: Zones,
        at: dict[str, Any],
        *,
        low: int,
        last_moment: int,
        moving_at: int,
        end: int | None = None,
        size: int,
        extra: Filters | None = None,
    ) -> None:
        try:
            self._place = msgspec.convert(at, Place) if at else Place(low=low)
        except msgspec.ValidationError:
            self._place = Place(low=low)
        self.lost: list[str] = []
        self._api, self._zones, self._size = api, zones, size
        self._end = end
        self._last_moment = last_moment if end is None else end  # where halving of spans ends
        self._moving_at = moving_at
        self._extra = extra or []
        self._known: dict[str, None] = {}
        self._before: list[str] = []  # the page before

    @property
    def at(self) -> dict[str, Any]:
        found: dict[str, Any] = msgspec.to_builtins(self._place)
        return found

    def pages(self) -> Iterator[Found]:
        while True:
            filters = self._filters()
            number = self._place.page
            page = self._fetch(filters, number)
            clock = self._zones.clock("/tickets", page, partial(self._fetch, filters, number, shifted=False))
            changes = [_changed(row, clock) for row in page.rows]
            keys = [f"{row_id(row)}@{change}" for row, change in zip(page.rows, changes, strict=True)]
            fresh = [row for row, key in zip(page.rows, keys, strict=True) if key not in self._known]
            self._known.update(dict.fromkeys(keys))
            while len(self._known) > REMEMBERED * max(self._size, len(keys)):
                del self._known[next(iter(self._known))]
            go_on = self._advance(keys, changes, new=bool(fresh))
            self._before = keys
            if fresh:
                yield Page(fresh, total=page.total), clock
            if not go_on:
                return

    def _filters(self) -> Filters:
        place = self._place
        high = place.high if place.high is not None else self._end
        filters = [["date_changed", "D>=", utc_text(place.low)], *self._extra]
        return filters if high is None else [*filters, ["date_changed", "D<", utc_text(high)]]

    def _fetch(self, filters: Filters, number: int, *, shifted: bool = True) -> Page:
        asked: dict[str, str | int] = {"_page": number, "_perPage": self._size}
        return self._api.page(
            "/tickets", {**asked, "_sortField": "date_changed", "_sortDir": "ASC"}, filters, shifted=shifted
        )

    def _advance(self, keys: list[str], changes: list[int | None], *, new: bool) -> bool:
        """Moves the place behind this page; False where the walk has ended."""
        if self._place.mode == "watch":
            return self._watch(keys, changes, new=new)
        if self._place.mode == "sorted":
            return self._go_sorted(keys, changes)
        return self._go_numbered(keys, new=new)

    def _watch(self, keys: list[str], changes: list[int | None], *, new: bool) -> bool:
        place = self._place
        if not keys or not new:
            self._note_repeat(keys, new=new)
            return not keys and self._go_over_again()
        settled = self._settled(changes)
        if not _in_order(settled, place.last):
            return self._number_from(place.low)
        place.last = settled[-1]
        if place.page == 1:
            place.first_last = settled[-TAIL:][0]
            place.tail = keys[-TAIL:]
        place.page += 1
        # Where one time of change fills all watched pages nothing is proved, and the watch goes on.
        if place.page > WATCHED_PAGES and self._go_over_again():
            return True
        if place.page * self._size > WINDOW:
            return self._number_from(place.low)
        return True

    def _go_over_again(self) -> bool:
        """From the watched pages back to the end of the first, and on by times of change: a ticket that changed while
        they were read may have let another slip between two of them. False where there was only one page or time.
        """
        place = self._place
        if place.first_last is None or place.last is None or place.first_last >= place.last:
            return False
        self._place = Place(low=place.first_last, base=place.low, mode="sorted", last=place.first_last, tail=place.tail)
        return True

    def _go_sorted(self, keys: list[str], changes: list[int | None]) -> bool:
        place = self._place
        if not keys:
            return self._number_from(place.base or place.low) if place.page == 1 and place.tail else False
        settled = self._settled(changes)
        if not _in_order(settled, place.low):
            return self._number_from(place.base if place.tail and place.base else place.low - STEP_BACK_S)
        if place.page == 1 and place.tail:
            if not set(place.tail) & set(keys):  # the filter's clock is not the rows' clock: sorting cannot be used
                return self._number_from(place.base or place.low)
            place.tail = []
        last = settled[-1]
        if last is not None and last > place.low:
            self._place = Place(low=last, mode="sorted", last=last)
        elif place.page > 1 and keys == self._before:
            if len(keys) == self._size:
                self.lost.append(_("the server gives the same page again and again"))
            return False
        elif (place.page + 1) * self._size > WINDOW:
            self._place = Place(low=place.low + 1, mode="sorted", last=place.last)
            return self._note_crowd()
        else:
            place.page += 1
        return True

    def _go_numbered(self, keys: list[str], *, new: bool) -> bool:
        place = self._place
        if not keys or not new:
            self._note_repeat(keys, new=new)
            if place.high is None or place.high >= self._last_moment:
                return False
            high = place.high + 2 * (place.high - place.low)
            self._place = Place(low=place.high, mode="numbered", high=high if high < self._last_moment else None)
            self._known.clear()
        elif (place.page + 1) * self._size > WINDOW:
            high = self._last_moment if place.high is None else place.high
            half = (high - place.low) // 2
            if half < 1:
                self._place = Place(low=high, mode="numbered", high=high + 1)
                return high < self._last_moment and self._note_crowd()
            self._place = Place(low=place.low, mode="numbered", high=place.low + half)
            self._known.clear()
        else:
            place.page += 1
        return True

    def _settled(self, changes: list[int | None]) -> list[int | None]:
        """The changes without those from during this pull, which may still stand where the ticket was before."""
        found = [change for change in changes if change is None or change < self._moving_at]
        return found or changes

    def _number_from(self, low: int) -> bool:
        """Begins anew with numbered pages."""
        self._place = Place(low=low, mode="numbered")
        self._known.clear()
        return True

    def _note_crowd(self) -> bool:
        self.lost.append(_("more than 10,000 tickets changed in one second"))
        self._known.clear()
        return len(self.lost) < MOST_CROWDS

    def _note_repeat(self, keys: list[str], *, new: bool) -> None:
        if keys and not new and len(keys) == self._size and self._place.page > 1:
            self.lost.append(_("the server gives the same page again and again"))


def _changed(row: Any, clock: Clock) -> int | None:
    try:
        return clock.read(row.get("date_changed")) if isinstance(row, dict) else None
    except RowError:
        return None


def _in_order(changes: list[int | None], after: int | None) -> bool:
    """Whether the changes never go back. A row without one breaks the order: what follows it is not known."""
    before = after
    for change in changes:
        if change is None or (before is not None and change < before):
            return False
        before = change
    return True
