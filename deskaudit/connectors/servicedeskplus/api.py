"""API v3 of one portal: list questions in, rows out, whichever way the account lets itself be known."""

import json
from collections.abc import Sequence
from typing import Any, Self

import msgspec

from deskaudit.connectors import Context
from deskaudit.connectors.access import find_ca, find_key, open_client
from deskaudit.connectors.http import Answer, HttpError
from deskaudit.connectors.lists import Failures, complain
from deskaudit.connectors.pace import RateLimit, Timing
from deskaudit.connectors.servicedeskplus.accounts import Tokens
from deskaudit.connectors.servicedeskplus.answers import SdpError, judge, read_failure
from deskaudit.connectors.servicedeskplus.options import Options
from deskaudit.i18n import _
from deskaudit.secrets import Secret

ACCEPT = "application/vnd.manageengine.sdp.v3+json"
"""Without it a server on-premises answers in an older format, with other names."""
LIMITED_S = 90.0  # after a refusal for haste that does not say how long; recovery was seen to take 60 to 90 seconds


Criterion = tuple[str, str, str | Sequence[str]]
"""Field, condition, and the value or the values of which one must be met."""


class Ask(msgspec.Struct, frozen=True, kw_only=True):
    """What a list is asked for: the `list_info` of the API. `criteria` are joined by AND."""

    rows: int
    start: int = 1  # the first row is 1
    sort: str | None = None
    descending: bool = False
    fields: Sequence[str] = ()
    criteria: Sequence[Criterion] = ()
    count: bool = False

    def input_data(self) -> str:
        info: dict[str, Any] = {"row_count": self.rows, "start_index": self.start}
        if self.sort is not None:
            info |= {"sort_field": self.sort, "sort_order": "desc" if self.descending else "asc"}
        if self.fields:
            info["fields_required"] = list(self.fields)
        if self.criteria:
            info["search_criteria"] = [
                {
                    "field": field,
                    "condition": condition,
                    **({"value": value} if isinstance(value, str) else {"values": list(value)}),
                    **({"logical_operator": "AND"} if n else {}),
                }
                for n, (field, condition, value) in enumerate(self.criteria)
            ]
        if self.count:
            info["get_total_count"] = True
        return json.dumps({"list_info": info}, separators=(",", ":"))


class Page(msgspec.Struct, frozen=True):
    """One page of a list. `more`: whether rows follow it; `total`: rows of the whole list, where it was said."""

    rows: list[Any]
    more: bool
    total: int | None = None


class Api:
    """Every failure is an SdpError, an HttpError of the accounts server, a SecretError, a ConfigError or Cancelled."""

    def __init__(self, options: Options, context: Context, timing: Timing, tokens: Tokens | None) -> None:
        self._tokens = tokens
        headers: dict[str, str | Secret] = {"Accept": ACCEPT}
        if options.authtoken is not None:
            headers[options.key_header] = find_key(options.authtoken, "authtoken", context)
        if options.portal_id:
            headers["PORTALID"] = options.portal_id
        self.limit = RateLimit(options.per_minute, timing=timing, cancelled=context.cancelled, waiting=context.waiting)
        self._client = open_client(
            f"{options.desk}/api/v3",
            options,
            context,
            limit=self.limit,
            timing=timing,
            headers=headers,
            secrets=() if tokens is None else tokens.secrets,
        )
        self.failures = Failures(self._client)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_fault: object) -> None:
        self._client.close()

    def page(self, path: str, key: str, ask: Ask, *, retries: int | None = None) -> Page:
        """One page of a list whose rows stand under `key`."""
        body = self._get(path, key, ask, retries).json()
        rows, info = body.get(key), body.get("list_info")
        rows = rows if isinstance(rows, list) else []
        info = info if isinstance(info, dict) else {}
        more = info.get("has_more_rows")
        total = info.get("total_count")
        return Page(
            rows,
            more if isinstance(more, bool) else len(rows) >= ask.rows,
            total if isinstance(total, int) and 0 <= total < 10**9 else None,
        )

    def _get(self, path: str, key: str, ask: Ask, retries: int | None) -> Answer:
        """A refused token is replaced once, if it was old; a refused key is never tried again."""
        try:
            return self._try(path, key, ask, retries)
        except SdpError as fault:
            if fault.kind not in {"auth", "expired"} or self._tokens is None or not self._tokens.forget():
                raise
        return self._try(path, key, ask, retries)

    def _try(self, path: str, key: str, ask: Ask, retries: int | None) -> Answer:
        headers: dict[str, str | Secret] = {}
        if self._tokens is not None:
            headers["Authorization"] = Secret(f"Zoho-oauthtoken {self._tokens.current().reveal()}")
        last: list[Answer] = []

        def look(answer: Answer) -> Any:
            last[:] = [answer]
            return judge(answer)

        try:
            answer = self._client.get(
                path,
                {"input_data": ask.input_data()},
                headers=headers,
                accept=lambda answer: _complain(answer, key),
                judge=look,
                retries=retries,
            )
        except HttpError as fault:
            said = read_failure(last[0]) if last and fault.status is not None else None
            if self._tokens is not None and fault.kind in {"auth", "expired"}:
                fault.hint = _(
                    "Make a new refresh token, with the scopes that docs/sources.md names and of this data centre."
                )
            raise SdpError(fault, said.code if said else None) from None
        return answer


def make_tokens(options: Options, context: Context, timing: Timing) -> Tokens | None:
    """The cloud's tokens; None for a server on-premises."""
    if options.client_secret is None or options.refresh_token is None:
        return None
    return Tokens(
        options.accounts,
        options.client_id,
        find_key(options.client_secret, "client_secret", context),
        find_key(options.refresh_token, "refresh_token", context),
        source=context.source,
        timing=timing,
        cancelled=context.cancelled,
        ca_file=find_ca(options.ca_file, context),
    )


def _complain(answer: Answer, key: str) -> str | None:
    """What is wrong with the body of an answer that reports no failure."""
    said = complain(answer) or complain(answer, dict, key)
    if said is None or complain(answer, dict, "list_info", dict):
        return said
    body = answer.json()
    info = body["list_info"]
    # An empty list may come without its key.
    return said if key in body or info.get("row_count") or info.get("has_more_rows") else None
