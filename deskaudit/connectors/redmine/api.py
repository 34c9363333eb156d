"""Requests to one Redmine."""

from collections.abc import Mapping
from typing import Any, Self

import msgspec

from deskaudit.connectors import Context
from deskaudit.connectors.access import find_key, open_client
from deskaudit.connectors.http import HttpError
from deskaudit.connectors.lists import Failures, complain
from deskaudit.connectors.pace import RateLimit, Timing
from deskaudit.connectors.redmine.options import PAGE, Options
from deskaudit.i18n import _

MOST_ROWS = 100_000  # of a short list: projects, users, members


class Page(msgspec.Struct, frozen=True):
    """Some rows of a list. `total`: rows of the whole list; None where it has no pages, or tells less than it gives."""

    rows: list[Any]
    total: int | None


class Api:
    """Every failure is an HttpError, a SecretError, a ConfigError or Cancelled."""

    def __init__(self, options: Options, context: Context, timing: Timing) -> None:
        self.per_minute = options.requests_per_minute
        self._client = open_client(
            options.root,
            options,
            context,
            limit=RateLimit(
                options.requests_per_minute, timing=timing, cancelled=context.cancelled, waiting=context.waiting
            ),
            timing=timing,
            headers={"X-Redmine-API-Key": find_key(options.apikey, "apikey", context)},
        )
        self.failures = Failures(self._client)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_fault: object) -> None:
        self._client.close()

    def whoami(self, *, retries: int | None = None) -> dict[str, Any]:
        """The key's own user with its memberships: the one request that a wrong key cannot pass.

        On a site that is open to everybody all others answer a wrong key with what everybody may see.
        """
        try:
            return self.one("/users/current.json", "user", {"include": "memberships"}, retries=retries)
        except HttpError as fault:
            if fault.kind not in {"auth", "forbidden"}:
                raise
            raise HttpError(
                fault.message,
                kind=fault.kind,
                hint=_(
                    "Check the key (My account, API access key), and that Administration, Settings, API enables REST."
                ),
                status=fault.status,
            ) from None

    def page(
        self,
        path: str,
        key: str,
        params: Mapping[str, str | int] | None = None,
        *,
        limit: int = PAGE,
        retries: int | None = None,
    ) -> Page:
        """One page of a list. A list without `total_count` comes whole."""
        body = self._get(path, key, list, {**(params or {}), "limit": limit}, retries)
        rows, total = body[key], body.get("total_count")
        return Page(rows, total if type(total) is int and total >= len(rows) else None)

    def every(self, path: str, key: str, params: Mapping[str, str | int] | None = None) -> list[Any]:
        """All rows of a short list. One that has no end is an HttpError."""
        rows: list[Any] = []
        while len(rows) < MOST_ROWS:
            page = self.page(path, key, {**(params or {}), "offset": len(rows)} if rows else params)
            if page.rows and page.rows == rows[-len(page.rows) :]:
                break
            rows += page.rows
            if not page.rows or page.total is None or len(rows) >= page.total:
                return rows
        raise HttpError(
            _("{path}: the list has no end.").format(path=path),
            kind="bad_answer",
            hint=_("Check that url is that of a Redmine."),
        )

    def one(
        self, path: str, key: str, params: Mapping[str, str | int] | None = None, *, retries: int | None = None
    ) -> dict[str, Any]:
        """What an answer has under `key`."""
        found: dict[str, Any] = self._get(path, key, dict, params or {}, retries)[key]
        return found

    def _get(
        self, path: str, key: str, kind: type, params: Mapping[str, str | int], retries: int | None
    ) -> dict[str, Any]:
        answer = self._client.get(
            path, params, accept=lambda answer: complain(answer, dict, key, kind), retries=retries
        )
        found: dict[str, Any] = answer.json()
        return found
