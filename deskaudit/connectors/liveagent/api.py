"""LiveAgent's two APIs over one rate limit: v3 with its key in a header, v1 with another key in the address."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import msgspec

from deskaudit.connectors import Context
from deskaudit.connectors.http import Answer, Client, HttpError
from deskaudit.connectors.liveagent.options import Options
from deskaudit.connectors.pace import RateLimit, Timing
from deskaudit.errors import ConfigError, SecretError
from deskaudit.i18n import _
from deskaudit.secrets import Secret, SecretRef
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
        self.answered = 0  # good answers so far: after one, a refusal is about a resource and not about the key
        key = _resolve(options.apikey, "apikey", context)
        self._key_v1 = None if options.apikey_v1 is None else _resolve(options.apikey_v1, "apikey_v1", context)
        self.limit = RateLimit(options.requests_per_minute, timing=timing, cancelled=context.cancelled)
        ca_file = _find_ca(options, context)

        def client(base: str, headers: Mapping[str, str | Secret]) -> Client:
            return Client(
                base,
                source=context.source,
                limit=self.limit,
                headers=headers,
                timing=timing,
                secrets=[key] if self._key_v1 is None else [key, self._key_v1],
                ca_file=ca_file,
                read_s=float(options.timeout_s),
            )

        self._v3 = client(f"{options.root}/api/v3", {"apikey": key})
        self._v1 = client(f"{options.root}/api", {})

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
            accept=lambda answer: _complain(answer, list),
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
            accept=lambda answer: _complain(answer, dict),
            retries=retries,
        )
        self._follow(answer)
        found: dict[str, Any] = answer.json()
        return found

    @property
    def has_v1(self) -> bool:
        return self._key_v1 is not None

    def v1(self, path: str, key: str, params: Mapping[str, str | int], *, retries: int | None = None) -> Any:
        """What v1 wraps as {"response": {key: …}}. An error that comes with HTTP 200 is an error."""
        if self._key_v1 is None:
            raise ConfigError(_("apikey_v1 is not set."), hint=_("Ratings need a v1 key in the config."))
        asked: dict[str, str | int | Secret] = {**params, "apikey": self._key_v1}
        answer = self._v1.get(path, asked, accept=lambda answer: _complain(answer, dict), retries=retries)
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
        self.answered += 1
        announced = answer.number("X-RateLimit-Limit")
        if self._options.rate == "announced" and announced is not None and 1 <= announced <= ANNOUNCED_MOST:
            self.limit.follow(announced)


def _complain(answer: Answer, kind: type) -> str | None:
    """What is wrong with the body of an answer that came with a good status."""
    try:
        body = answer.json()
    except ValueError as fault:
        return _("the answer cannot be used: {fault}.").format(fault=fault)
    if isinstance(body, kind):
        return None
    if isinstance(body, dict) and isinstance(body.get("message"), str):
        return _("instead of a list came: {said}").format(said=one_line(body["message"], 160))
    return _("the answer cannot be used: it is {kind}.").format(kind=type(body).__name__)


def _resolve(ref: SecretRef, option: str, context: Context) -> Secret:
    secret = context.secret(ref)
    if not re.fullmatch(r"[\x21-\x7e]+", secret.reveal()):
        raise SecretError(
            _("sources.{source}.{option}: the secret holds blanks or other characters that no key has.").format(
                source=context.source, option=option
            ),
            hint=_("Store the key alone, without quotes and line ends."),
        )
    return secret


def _find_ca(options: Options, context: Context) -> str | None:
    if options.ca_file is None:
        return None
    found: Path = context.path(options.ca_file)
    if not found.is_file():
        raise ConfigError(
            _("sources.{source}.ca_file: there is no file {file}.").format(source=context.source, file=found),
            hint=_("Name a file with certificates in PEM form."),
        )
    return str(found)
