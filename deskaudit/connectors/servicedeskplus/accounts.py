"""Access tokens of Zoho's accounts server: asked for with a refresh token, kept in memory for their life."""

import hashlib
import re
from collections.abc import Callable

import msgspec

from deskaudit.connectors.faults import Fault
from deskaudit.connectors.http import Answer, Client
from deskaudit.connectors.pace import RateLimit, Timing
from deskaudit.i18n import _
from deskaudit.secrets import Secret
from deskaudit.text import one_line

TOKEN_S = 3600  # where the server does not say how long
EARLY_S = 60  # a token is renewed so long before its end
YOUNG_S = 300  # a token younger than this is not the reason for a refusal
ASKED_PER_MINUTE = 2
"""The server gives out some ten tokens in ten minutes, then none for a while."""

BUSY = "access denied"
"""What the server calls asking too often; a grant that is no good is an invalid_code or an invalid_client."""


class Given(msgspec.Struct):
    """A token, for how long it serves, and when it was asked for, by both clocks: one stands still while a machine
    sleeps, the other may be set.
    """

    token: Secret
    serves_s: int
    asked_at: float
    asked_wall: float

    def age(self, timing: Timing) -> float:
        return max(timing.clock() - self.asked_at, timing.wall() - self.asked_wall)


GIVEN: dict[bytes, Given] = {}
"""The tokens of this process, by a digest of account and grant: whoever tests a source, looks at a sample and pulls takes
one token and not three. They lie nowhere else.
"""


class Tokens:
    """The access token of one account."""

    secrets: tuple[Secret, ...]

    def __init__(
        self,
        address: str,
        client_id: str,
        client_secret: Secret,
        refresh_token: Secret,
        *,
        source: str,
        timing: Timing,
        cancelled: Callable[[], bool],
        ca_file: str | None,
    ) -> None:
        self.secrets = (client_secret, refresh_token)
        self._form: dict[str, str | Secret] = {
            "grant_type": "refresh_token",
            "client_id": client_id,
            "client_secret": client_secret,
            "refresh_token": refresh_token,
        }
        self._address, self._source, self._timing = address, source, timing
        self._limit = RateLimit(ASKED_PER_MINUTE, timing=timing, cancelled=cancelled)
        self._ca_file = ca_file
        parts = (address, client_id, client_secret.reveal(), refresh_token.reveal())
        self._account = hashlib.sha256("\0".join(parts).encode()).digest()

    def current(self) -> Secret:
        """A token that is good for a minute at least. Raises HttpError."""
        given = GIVEN.get(self._account)
        if given is None or given.age(self._timing) >= given.serves_s:
            given = GIVEN[self._account] = self._ask()
        return given.token

    def forget(self) -> bool:
        """Drops a token that the source refuses; False where it is so young that a new one would fare no better."""
        given = GIVEN.get(self._account)
        if given is None or given.age(self._timing) < YOUNG_S:
            return False
        GIVEN.pop(self._account, None)
        return True

    def _ask(self) -> Given:
        with Client(
            self._address, source=self._source, limit=self._limit, timing=self._timing, ca_file=self._ca_file
        ) as client:
            body = client.post_form("/oauth/v2/token", self._form, judge=_judge).json()
        lasts = body.get("expires_in", TOKEN_S)
        lasts = lasts if isinstance(lasts, int) and 0 < lasts <= 86400 else TOKEN_S
        serves = max(lasts - EARLY_S, EARLY_S)
        return Given(Secret(body["access_token"]), serves, self._timing.clock(), self._timing.wall())


def _judge(answer: Answer) -> Fault | None:
    """What is wrong with an answer of the accounts server, which may well say so with HTTP 200."""
    try:
        body = answer.json()
    except ValueError:
        body = None
    if not isinstance(body, dict):
        return None if answer.status >= 300 else _strange(_("it is no JSON object"))
    token = body.get("access_token")
    if answer.status < 300 and isinstance(token, str) and re.fullmatch(r"[!-~]{0,4000}", token):
        return None if token else _strange(_("its token is empty"))
    error = one_line(body.get("error") or "", 60)
    more = one_line(body.get("error_description") or "", 120)
    said = " ".join(part for part in (error, more) if part)
    if error.casefold() == BUSY or "too many requests" in more.casefold() or answer.status == 429:
        return Fault(
            "rate_limit",
            _("the accounts server gives out no more tokens for now: {said}").format(said=said),
            hint=_("Wait a quarter of an hour, then pull again: it goes on where it stopped."),
        )
    if answer.status >= 500:
        return None
    if error:
        return Fault(
            "auth",
            _("the accounts server refuses the refresh token: {said}").format(said=said),
            hint=_(
                "Check client_id, client_secret, refresh_token and data_centre; make a new refresh token if need be."
            ),
        )
    return _strange(_("it has no access_token")) if answer.status < 300 else None


def _strange(reason: str) -> Fault:
    return Fault(
        "bad_answer",
        _("the accounts server's answer cannot be used: {reason}.").format(reason=reason),
        hint=_("Check data_centre and accounts_host."),
    )
