"""LiveAgent's two APIs over one rate limit: v3 with its key in a header, v1 with another key in the address."""

import json
import re
from collections.abc import Mapping
from typing import Any, Self

import msgspec

from deskaudit.connectors import Context
from deskaudit.connectors.access import find_key, open_client
from deskaudit.connectors.http import Answer, Client, HttpError
from deskaudit.connectors.lists import Failures, complain
from deskaudit.connectors.liveagent.options import Options
from deskaudit.connectors.pace import RateLimit, Timing
from deskaudit.errors import ConfigError
from deskaudit.i18n import _
from deskaudit.secrets import Secret
from deskaudit.text import one_line

Filters = list[list[str]]
ANNOUNCED_MOST = 100_000


class Page(msgspec.Struct, frozen=True):
    """One page of a list. `next`: the cursor of the next one; `total`: rows of the whole list, where it was said."""

    rows: list[Any]
    next: str | None = None
    total: int | None = None


class Api:
    """Both APIs of one account. Every failure is an HttpError, a SecretError or Cancelled."""

    def __init__(self, options: Options, context: Context, timing: Timing) -> None:
        self._options = options
        key = find_key(options.apikey, "apikey", context)
        self._key_v1 = None if options.apikey_v1 is None else find_key(options.apikey_v1, "apikey_v1", context)
        self.limit = RateLimit(
            options.requests_per_minute, timing=timing, cancelled=context.cancelled, waiting=context.waiting
        )
        secrets = [key] if self._key_v1 is None else [key, self._key_v1]

        def client(base: str, headers: Mapping[str, str | Secret]) -> Client:
            return open_client(
                base, options, context, limit=self.limit, timing=timing, headers=headers, secrets=secrets
            )

        self._v3 = client(f"{options.root}/api/v3", {"apikey": key})
        self._v1 = client(f"{options.root}/api", {})
        self.failures = Failures(self._v3, self._v1)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_fault: object) -> None:
        self._v3.close()
        self._v1.close()

    def page(
        self,
        path: str,
        params: Mapping[str, str | int] | None = None,
        filters: Filters | None = None,
        *,
        shifted: bool = True,
        retries: int | None = None,
    ) -> Page:
        """One page of a v3 list. `shifted`: with the header that asks for UTC."""
        asked: dict[str, str | int | Secret] = dict(params or {})
        if filters:
            asked["_filters"] = json.dumps(filters)
        answer = self._v3.get(
            path,
            asked,
            headers={"Timezone-Offset": "0"} if shifted else {},
            accept=lambda answer: complain(answer, list),
            retries=retries,
        )
        self._follow(answer)
        cursor = answer.headers.get("next_page_cursor", "").strip()
        return Page(answer.json(), cursor or None, answer.number("X-Total-Count"))

    def one(
        self, path: str, *, filters: Filters | None = None, shifted: bool = True, retries: int | None = None
    ) -> dict[str, Any]:
        """One object of v3."""
        answer = self._v3.get(
            path,
            {"_filters": json.dumps(filters)} if filters else {},
            headers={"Timezone-Offset": "0"} if shifted else {},
            accept=complain,
            retries=retries,
        )
        self._follow(answer)
        found: dict[str, Any] = answer.json()
        return found

    @property
    def answered(self) -> int:
        """Good answers so far: after one, a refusal is about a resource and not about the key."""
        return self.failures.answered

    @property
    def has_v1(self) -> bool:
        return self._key_v1 is not None

    def v1(self, path: str, key: str, params: Mapping[str, str | int], *, retries: int | None = None) -> Any:
        """What v1 wraps as {"response": {key: …}}. An error that comes with HTTP 200 is an error."""
        if self._key_v1 is None:
            raise ConfigError(_("apikey_v1 is not set."), hint=_("Ratings and articles need a v1 key in the config."))
        asked: dict[str, str | int | Secret] = {**params, "apikey": self._key_v1}
        answer = self._v1.get(path, asked, accept=complain, retries=retries)
        self._follow(answer)
        body = answer.json().get("response")
        if isinstance(body, dict) and "errormessage" in body:
            said = one_line(self._v1.redact(str(body["errormessage"])), 160)
            refused = re.search(r"key|auth|permission|privilege|denied", said, re.IGNORECASE)
            raise HttpError(
                f"{self._v1.host}/api{path}: " + _("the v1 API says: {said}").format(said=said),
                kind="auth" if refused else "bad_answer",
                hint=_("Check apikey_v1: v1 has keys of its own.") if refused else _("Pull again later."),
                status=answer.status,
            )
        found = body.get(key) if isinstance(body, dict) else None
        if found is None:
            raise HttpError(
                f"{self._v1.host}/api{path}: " + _("the answer has no {key}.").format(key=key),
                kind="bad_answer",
                hint=_("Check that url is that of a LiveAgent account."),
                status=answer.status,
            )
        return found

    def _follow(self, answer: Answer) -> None:
        announced = answer.number("X-RateLimit-Limit")
        if self._options.rate == "announced" and announced is not None and 1 <= announced <= ANNOUNCED_MOST:
            self.limit.follow(announced)
