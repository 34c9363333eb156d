"""The one way API connectors speak HTTP: read-only, at the source's pace, stoppable, and without ever naming a secret.

A source is asked with GET alone. `post_form` is for the accounts server of a product that gives out access tokens.

Every failure leaves as a SourceError of one kind (dns, unreachable, tls, timeout, auth, forbidden, expired,
rate_limit, bad_answer) that names the source, the path and the next step.
"""

import ipaddress
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from email.utils import parsedate_to_datetime
from typing import Any, Literal, Self
from urllib.parse import urlsplit

import msgspec

from deskaudit.connectors.faults import Fault, explain
from deskaudit.connectors.jsontext import read_json
from deskaudit.connectors.pace import RateLimit, Timing
from deskaudit.connectors.redaction import Redactor
from deskaudit.connectors.wire import BODY_BYTES, CONNECT_S, READ_S, WHOLE_S, open_session
from deskaudit.errors import SourceError
from deskaudit.i18n import _
from deskaudit.secrets import Secret
from deskaudit.text import one_line

PATIENCE_S = 15.0
"""So long a source that has not answered once is tried again; after that each request has one try."""
LIMITED_TRIES = 5  # how often a 429 is waited out for one request
LIMITED_LONGEST_S = 900.0  # a longer Retry-After ends the pull, which can be resumed
KNOCK_S = 120.0  # all such waits of a request with few retries: somebody may be waiting for its answer
LOOK_S = 0.1


class HttpError(SourceError):
    """A SourceError of a request: `status` is the HTTP status, None where there was no answer."""

    def __init__(self, message: str, *, kind: str, hint: str = "", status: int | None = None) -> None:
        super().__init__(message, kind=kind, hint=hint)
        self.status = status


class Answer(msgspec.Struct, frozen=True):
    """A whole answer. `headers` takes names in any case."""

    status: int
    body: bytes
    headers: Mapping[str, str]

    def number(self, header: str) -> int | None:
        """A header that is a whole number; None where it is not there or is something else."""
        text = self.headers.get(header, "").strip()
        return int(text) if text.isascii() and text.isdigit() and len(text) <= 15 else None

    def json(self) -> Any:
        """The body as JSON. Raises ValueError with a short reason."""
        return read_json(self.body)


Judge = Callable[[Answer], Fault | None]
"""What a product's own error words mean; None leaves the answer to its HTTP status."""


class Client:
    """GET requests to one base address.

    `headers` go with every request; a Secret among them is revealed on the wire only. `secrets` are others that the
    server may know and repeat. TLS is always verified, against
    `ca_file` where one is given. Redirects are not followed: they would carry the key to another host.
    """

    def __init__(
        self,
        base: str,
        *,
        source: str,
        limit: RateLimit,
        headers: Mapping[str, str | Secret] | None = None,
        timing: Timing | None = None,
        secrets: Iterable[Secret] = (),
        ca_file: str | None = None,
        read_s: float = READ_S,
    ) -> None:
        self.base = base.rstrip("/")
        self.limit = limit
        self.host = urlsplit(self.base).hostname or ""
        self._source = source
        self._headers = dict(headers or {})
        self._timing = timing or Timing()
        self._read_s = read_s
        self.answered = 0  # good answers so far: after one, a refusal is about a resource and not about the key
        self._failing_since: float | None = None  # by the timing's clock
        self._redactor = Redactor(secrets)
        self._hide(self._headers)
        self._verify = ca_file or True
        self._session = open_session(local=is_loopback(self.host))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_fault: object) -> None:
        self.close()

    def close(self) -> None:
        self._session.close()
        self._redactor.close()

    def get(
        self,
        path: str,
        params: Mapping[str, str | int | Secret] | None = None,
        *,
        headers: Mapping[str, str | Secret] | None = None,
        accept: Callable[[Answer], str | None] = lambda _answer: None,
        judge: Judge = lambda _answer: None,
        retries: int | None = None,
    ) -> Answer:
        """The answer to GET base + path, with status 200 to 299.

        `judge` sees every answer first and may say what fault it is, whatever its status. `accept` says what is wrong
        with an answer that came with a good status, or None; that is tried again like a 5xx. Faults that may pass are
        tried again `retries` times (default: each of the timing's back-offs), a rate limit after its Retry-After, or
        else a minute. Raises HttpError, or Cancelled.
        """
        asked = _Asked("GET", path, params or {}, headers or {})
        self._hide(asked.params)
        self._hide(asked.headers)
        longest = LIMITED_LONGEST_S if retries is None else KNOCK_S
        tries = len(self._timing.backoff_s) if retries is None else retries
        failed = limited = 0
        while True:
            self.limit.check()
            self.limit.take()
            fault = self._judge(answer := self._send(asked), accept, judge)
            if isinstance(fault, Answer):
                self.answered += 1
                return fault
            if fault.kind == "rate_limit":
                limited += 1
                wait = self._limited_s(answer)
                if limited >= LIMITED_TRIES or wait > longest or retries == 0:
                    raise self._error(path, fault, answer)
                longest -= 0.0 if retries is None else wait
                self.limit.hold(wait)
                continue
            if self._failing_since is None:
                self._failing_since = self._timing.clock()
            speaks = self.answered or fault.kind != "tls"  # what never spoke TLS is not asked to again
            if not fault.may_pass or not speaks or failed >= tries:
                raise self._error(path, fault, answer)
            backoff = self._timing.backoff_s[min(failed, len(self._timing.backoff_s) - 1)]
            backoff = max(backoff, min(_asked_s(answer, self._timing.wall) or 0.0, longest))
            if self._is_too_late(backoff):
                raise self._error(path, fault, answer)
            failed += 1
            self.limit.pause(backoff)

    def post_form(self, path: str, form: Mapping[str, str | Secret], *, judge: Judge = lambda _answer: None) -> Answer:
        """The answer to a form, sent once and never again by itself: for access tokens, and nothing else.

        Raises HttpError, or Cancelled.
        """
        self._hide(form)
        self.limit.take()
        fault = self._judge(answer := self._send(_Asked("POST", path, form, {})), lambda _answer: None, judge)
        if isinstance(fault, Answer):
            self.answered += 1
            return fault
        raise self._error(path, fault, answer)

    def knock(self) -> bool:
        """Whether the server answers at all, whatever it says. Raises Cancelled."""
        self.limit.take()
        return isinstance(self._send(_Asked("GET", "", {}, {})), Answer)

    @property
    def is_hopeless(self) -> bool:
        """Whether nothing has answered well so far, and it was tried for long enough."""
        return self._is_too_late(self._timing.backoff_s[-1] if self._timing.backoff_s else 0.0)

    def _is_too_late(self, wait: float) -> bool:
        """Whether a new try after `wait` seconds would come too late for a source that has not answered once."""
        since = self._failing_since
        return not self.answered and since is not None and self._timing.clock() + wait - since > PATIENCE_S

    def _hide(self, values: Mapping[str, str | int | Secret]) -> None:
        """Keeps what is sent out of all that is said; of "Bearer KEY" the server may repeat the key alone."""
        for value in values.values():
            if isinstance(value, Secret):
                self._redactor.add(value)
                self._redactor.add(Secret(value.reveal().rpartition(" ")[2]))

    def redact(self, text: str) -> str:
        return self._redactor(text)

    def _limited_s(self, answer: "Answer | Fault") -> float:
        asked = _asked_s(answer, self._timing.wall)
        return self._timing.limited_s if asked is None else max(asked, 0.0)

    def _judge(
        self, answer: "Answer | Fault", accept: Callable[[Answer], str | None], judge: Judge
    ) -> "Answer | Fault":
        """The answer, or what is wrong with it."""
        if isinstance(answer, Fault):
            return answer
        own = judge(answer)
        if own is not None:
            return msgspec.structs.replace(own, message=self._redactor(own.message))
        if 200 <= answer.status < 300:
            complaint = accept(answer)
            return answer if complaint is None else _unusable(self._redactor(complaint))
        fault = _judge_status(answer, _said(answer))
        return msgspec.structs.replace(fault, message=self._redactor(fault.message))

    def _error(self, path: str, fault: Fault, answer: "Answer | Fault") -> HttpError:
        status = answer.status if isinstance(answer, Answer) else None
        place = f"{self._source}: {self.host}{urlsplit(self.base).path}{path}"
        return HttpError(f"{place}: {fault.message}", kind=fault.kind, hint=fault.hint, status=status)

    def _send(self, asked: "_Asked") -> "Answer | Fault":
        """One request on a thread of its own, so that waiting for a server that hangs can be given up.

        Whatever the libraries raise is said in our words: their messages have the address with its key in them.
        """
        outcome: list[Answer | Fault] = []
        done, given_up = threading.Event(), threading.Event()

        def work() -> None:
            try:
                outcome.append(self._exchange(asked, given_up))
            except Exception as fault:  # noqa: BLE001 - it is explained, and what it holds of the answer let go
                outcome.append(explain(fault, self.host))
            finally:
                done.set()

        threading.Thread(target=work, name="deskaudit-http", daemon=True).start()
        until = time.monotonic() + WHOLE_S
        try:
            while not done.wait(LOOK_S):
                self.limit.check()
                if time.monotonic() > until:
                    return explain(None, self.host)
        finally:
            given_up.set()
        return outcome[0]

    def _exchange(self, asked: "_Asked", given_up: threading.Event) -> Answer:
        values = {name: _reveal(value) for name, value in asked.params.items()}
        with self._session.request(
            asked.method,
            self.base + asked.path,
            params=values if asked.method == "GET" else None,
            data=values if asked.method == "POST" else None,
            headers={name: _reveal(value) for name, value in {**self._headers, **asked.headers}.items()},
            timeout=(CONNECT_S, self._read_s),
            verify=self._verify,  # said here, because an environment's own bundle goes before a session's
            allow_redirects=False,
            stream=True,
        ) as response:
            body = bytearray()
            for chunk in response.iter_content(65536):
                body += chunk
                if given_up.is_set():
                    raise TimeoutError
                if len(body) > BODY_BYTES:
                    raise OverflowError(BODY_BYTES)
            return Answer(response.status_code, bytes(body), response.headers)


class _Asked(msgspec.Struct, frozen=True):
    """One request. `params` go into the address of a GET and into the body of a POST."""

    method: Literal["GET", "POST"]
    path: str
    params: Mapping[str, str | int | Secret]
    headers: Mapping[str, str | Secret]


def is_loopback(host: str) -> bool:
    """Whether a host is this machine: such traffic may go without TLS, and never through a proxy."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _reveal(value: str | int | Secret) -> str:
    return value.reveal() if isinstance(value, Secret) else str(value)


def _said(answer: Answer) -> str:
    """What the server says about an error, in one short line; "" if that cannot be read."""
    try:
        body = answer.json()
    except ValueError:
        return ""
    if not isinstance(body, dict):
        return ""
    inner = body.get("response")
    said = body.get("message") or (inner.get("errormessage") if isinstance(inner, dict) else None)
    return one_line(said, 160) if isinstance(said, str) else ""


def _unusable(complaint: str) -> Fault:
    hint = _("Check that the address in the config is that of the product's API; if it is, pull again later.")
    return Fault("bad_answer", complaint, hint=hint, may_pass=True)


def _judge_status(answer: Answer, said: str) -> Fault:
    """The fault that a status of 300 or more means."""
    status = answer.status
    tail = f": {said}" if said else "."
    if status in {401, 403} and "expire" in said.casefold():
        return Fault(
            "expired",
            _("the key has expired (HTTP {status})").format(status=status) + tail,
            hint=_("Make a new API key and store it where the config says."),
        )
    if status == 401:
        return Fault(
            "auth",
            _("the key is not accepted (HTTP 401)") + tail,
            hint=_("Check which key the config names, and that it is one for this version of the API."),
        )
    if status == 403:
        return Fault(
            "forbidden",
            _("the key may not read this (HTTP 403)") + tail,
            hint=_("Give the key this privilege, or this machine's address a place on the key's whitelist."),
        )
    if status == 429:
        return Fault(
            "rate_limit",
            _("too many requests (HTTP 429)") + tail,
            hint=_("Lower requests_per_minute, or pull again later: it goes on where it stopped."),
        )
    if status >= 500:
        return Fault(
            "bad_answer",
            _("the server failed (HTTP {status})").format(status=status) + tail,
            hint=_("Pull again later; tell the vendor if it stays so."),
            may_pass=True,
        )
    if status in {300, 301, 302, 303, 307, 308}:
        where = one_line(_host(answer.headers.get("Location", "")), 80)
        return Fault(
            "bad_answer",
            _("the server sends us on to {where} (HTTP {status}).").format(where=where, status=status),
            hint=_("If that is the right address, write it into the config: a key is never sent on."),
        )
    return Fault(
        "bad_answer",
        _("the server refused the request (HTTP {status})").format(status=status) + tail,
        hint=_("Check the address in the config, and whether this account has that part of the product."),
    )


def _host(address: str) -> str:
    """The host of an address that may be none, or its path where it is of the same host; the rest may hold secrets."""
    try:
        return urlsplit(address).hostname or urlsplit(address).path or "?"
    except ValueError:
        return "?"


def _asked_s(answer: "Answer | Fault", wall: Callable[[], float]) -> float | None:
    """Seconds that a Retry-After header asks for; None where there is none that can be read."""
    if not isinstance(answer, Answer):
        return None
    seconds = answer.number("Retry-After")
    if seconds is not None:
        return float(seconds)
    try:
        until = parsedate_to_datetime(answer.headers.get("Retry-After", "")).timestamp()
    except (ValueError, TypeError, OverflowError):
        return None
    try:
        now = parsedate_to_datetime(answer.headers.get("Date", "")).timestamp()
    except (ValueError, TypeError, OverflowError):
        now = wall()
    return max(until - now, 0.0)
