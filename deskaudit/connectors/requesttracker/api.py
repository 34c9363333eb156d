"""Requests to one RT, and the ways through its lists."""

import base64
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Self

import msgspec

from deskaudit.connectors import Context
from deskaudit.connectors.access import find_key, open_client
from deskaudit.connectors.fields import Clock, Fields, RowError
from deskaudit.connectors.lists import Failures, complain
from deskaudit.connectors.pace import RateLimit, Timing
from deskaudit.connectors.requesttracker.options import Options
from deskaudit.errors import ConfigError
from deskaudit.i18n import _
from deskaudit.secrets import Secret
from deskaudit.text import one_line

PAGE = 100
"""The largest page; RT cuts what is above it without a word."""
CLOCK = Clock(UTC)
"""RT says Z, and leaves it out in what a change was from and to; 1970 stands for never, as everything before 1995."""
EMPTY_PAGES = 3  # an empty page proves no end where rows are hidden; so many in a row are taken for it
MOST_PAGES = 100_000
LONGEST_ID = 15  # digits

Params = Mapping[str, str | int]


class Page(msgspec.Struct, frozen=True):
    """Some rows of a list. `total`: rows of the whole list; None where the login may not see all, or it cannot be true.
    `size`: rows that the page could hold.
    """

    rows: list[Any]
    total: int | None
    size: int

    @property
    def is_short(self) -> bool:
        """Whether rows of it are hidden, or changed while RT counted: it has room for more, and there are more."""
        return self.total is not None and len(self.rows) < min(self.total, self.size)


class Api:
    """Every failure is an HttpError, a SecretError, a ConfigError or Cancelled."""

    def __init__(self, options: Options, context: Context, timing: Timing) -> None:
        self.per_minute = options.requests_per_minute
        login, secrets = _log_in(options, context)
        self._client = open_client(
            f"{options.root}/REST/2.0",
            options,
            context,
            limit=RateLimit(
                options.requests_per_minute, timing=timing, cancelled=context.cancelled, waiting=context.waiting
            ),
            timing=timing,
            headers={"Authorization": login},
            secrets=secrets,
        )
        self.failures = Failures(self._client)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_fault: object) -> None:
        self._client.close()

    def page(self, path: str, params: Params, number: int = 1, *, size: int = PAGE, retries: int | None = None) -> Page:
        """One page of a list, by its number: the address that RT itself gives for the next one is not followed."""
        asked = {"per_page": size, **params, "page": number}
        body = self._get(path, asked, retries, "items")
        rows, total = body["items"], _count(body.get("total"))
        likely = None if total is not None and total < len(rows) else total
        return Page(rows, likely, _count(body.get("per_page")) or size)

    def one(self, path: str, *, retries: int | None = None) -> dict[str, Any]:
        return self._get(path, {}, retries)

    def _get(self, path: str, params: Params, retries: int | None, key: str = "") -> dict[str, Any]:
        answer = self._client.get(path, params, accept=lambda answer: complain(answer, dict, key), retries=retries)
        found: dict[str, Any] = answer.json()
        return found

    def numbered(self, path: str, params: Params, lost: list[str]) -> Iterator[Page]:
        """All pages of a list that keeps its order. `lost` gets what went wrong with it."""
        empty = seen = 0
        before: list[Any] = []
        for number in range(1, MOST_PAGES):
            page = self.page(path, params, number)
            if page.rows and page.rows == before:
                lost.append(_("the server gives the same page again and again"))
                return
            before = page.rows
            seen += len(page.rows)
            empty = 0 if page.rows else empty + 1
            if page.rows:
                yield page
            if page.total is None:
                if empty >= EMPTY_PAGES:
                    return
            elif seen >= page.total:
                return
            elif not page.rows:
                lost.append(_("of {total} rows {n} came").format(total=page.total, n=seen))
                return

    def keyed(self, path: str, query: str, params: Params, after: int, lost: list[str]) -> Iterator[tuple[Page, int]]:
        """All pages of a list in the order of their numbers, each with the highest number in it.

        Every page asks for what lies above the last one: rows that come or go meanwhile move nothing.
        """
        empty = 0
        number = 1
        for _page in range(MOST_PAGES):
            asked: dict[str, str | int] = {**params, "query": f"({query}) AND id > {after}", "orderby": "id"}
            page = self.page(path, asked, number)
            if page.is_short:
                page = self.page(path, asked, number)  # something may have happened while RT counted
            if page.is_short and page.rows:
                told = _("{n} of {total} rows that RT tells of were shown").format(n=len(page.rows), total=page.total)
                lost.append(told)
            highest = max((found for row in page.rows if (found := row_number(row)) is not None), default=after)
            if not page.rows:
                empty += 1
                if page.total is None and empty < EMPTY_PAGES:
                    number += 1
                    continue
                if page.total:
                    lost.append(_("{total} rows are told of, and none of them came").format(total=page.total))
                return
            if highest <= after:
                lost.append(_("the server does not sort by number"))
                return
            after, number, empty = highest, 1, 0
            yield page, highest
            if page.total is not None and len(page.rows) >= page.total:
                return


def row_number(row: Any) -> int | None:
    """The number of a row; None where it has none."""
    text = Fields(row, CLOCK).id("id") if isinstance(row, dict) else None
    return int(text) if text is not None and text.isascii() and text.isdigit() and len(text) <= LONGEST_ID else None


def need_number(fields: Fields, name: str = "id") -> int:
    text = fields.need_id(name)
    if not (text.isascii() and text.isdigit() and len(text) <= LONGEST_ID):
        raise RowError(_("{value} is no number").format(value=one_line(text, 40)))
    return int(text)


def query_time(at: int) -> str:
    """A time as RT's queries take it: with a Z they forget the time of day, and a zone is not read."""
    return datetime.fromtimestamp(max(at, 0), UTC).strftime("%Y-%m-%d %H:%M:%S")


def quote(text: str) -> str:
    """Text as a value in a query."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _log_in(options: Options, context: Context) -> tuple[Secret, list[Secret]]:
    """The Authorization header, and the secrets inside it."""
    if options.token is not None:
        token = find_key(options.token, "token", context)
        return Secret(f"token {token.reveal()}"), [token]
    if options.password is None:
        raise ConfigError(
            _("sources.{source}: there is no login.").format(source=context.source),
            hint=_("Say token, or user and password."),
        )
    password = context.secret(options.password)
    basic = base64.b64encode(f"{options.user}:{password.reveal()}".encode()).decode()
    return Secret(f"Basic {basic}"), [password, Secret(basic)]
