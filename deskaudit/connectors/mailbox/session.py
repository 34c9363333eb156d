"""One read-only conversation with an IMAP server: stoppable, bounded, and with every failure in our words."""

import base64
import contextlib
import imaplib
import re
import ssl
import threading
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Self, TypeVar

import msgspec

from deskaudit.connectors import Context
from deskaudit.connectors.faults import explain
from deskaudit.connectors.mailbox.headers import FIELDS, HEADER_BYTES
from deskaudit.connectors.redaction import Redactor
from deskaudit.connectors.wire import WHOLE_S
from deskaudit.errors import Cancelled, SourceError
from deskaudit.i18n import _
from deskaudit.secrets import Secret
from deskaudit.text import one_line

LOOK_S = 0.1
PIECE_BYTES = 4 * HEADER_BYTES  # a longer piece is none that was asked for
ANSWER_BYTES = 64 * 1024 * 1024  # of a whole answer
_BUSY = re.compile(r"\[(UNAVAILABLE|INUSE|LIMIT|SERVERBUG)\b", re.IGNORECASE)
"""Codes of a sign-in that fails whatever the password is (RFC 5530)."""
_UID = re.compile(rb"\bUID (\d{1,10})\b")
_TIME = re.compile(rb'INTERNALDATE "([^"]{10,40})"')
_ASKED = f"(UID INTERNALDATE BODY.PEEK[HEADER.FIELDS ({' '.join(FIELDS).upper()})]<0.{HEADER_BYTES}>)"
T = TypeVar("T")


class Folder(msgspec.Struct, frozen=True):
    validity: int  # uids mean something under the same one only
    next_uid: int
    mails: int


class Header(msgspec.Struct, frozen=True):
    uid: int
    raw: bytes
    arrived_at: int | None


class _Bounded(imaplib.IMAP4):
    """More than what was asked for is not read into memory: no larger piece, and no answer without an end."""

    left = ANSWER_BYTES  # of the answer that is being read

    def read(self, size: int) -> bytes:
        if size > PIECE_BYTES:
            raise self.abort("a piece of the answer is too large")
        return self._count(super().read(size))

    def readline(self) -> bytes:
        return self._count(super().readline())

    def _count(self, part: bytes) -> bytes:
        self.left -= len(part)
        if self.left < 0:
            raise self.abort("the answer is too large")
        return part


class _BoundedTls(_Bounded, imaplib.IMAP4_SSL):
    pass


class Session:
    """Opened with the options of a mailbox: `host`, `port`, `security`, `user`, `auth`, `timeout_s`.

    Every method raises SourceError (dns, unreachable, tls, timeout, auth, bad_answer) or Cancelled.
    """

    def __init__(self, options: Any, context: Context, password: Secret, ca_file: str | None) -> None:
        self._options, self._context = options, context
        self._password = password
        self._ca_file = ca_file
        self._redactor = Redactor([password])
        self._server: _Bounded | None = None

    def __enter__(self) -> Self:
        try:
            self._server = self._call(self._connect)
            self._call(self._sign_in)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_fault: object) -> None:
        if self._server is not None:
            with contextlib.suppress(OSError, imaplib.IMAP4.error):
                self._server.shutdown()  # without a LOGOUT: a server that hangs is not waited for
            self._server = None
        self._redactor.close()

    def examine(self, name: str) -> Folder:
        """Opens a folder, for reading alone."""
        said = self._ask("EXAMINE", lambda server: server.select(_quote(name), readonly=True))
        server = self._open()
        validity = _number(server.response("UIDVALIDITY")[1])
        if validity is None:
            raise self._error("bad_answer", _("the server numbers its mails anew each time (no UIDVALIDITY)."))
        next_uid = _number(server.response("UIDNEXT")[1])
        if next_uid is None:
            last = self._ask("SEARCH", lambda server: server.uid("SEARCH", "UID", "*"))
            next_uid = max(_uids(last), default=0) + 1
        return Folder(validity, next_uid, _number(said) or 0)

    def search(self, first: int, last: int, since: str) -> list[int]:
        """The uids from first to last of mails that arrived on or after a day ("01-Mar-2026"); "" for all."""
        asked = ["UID", f"{first}:{last}"] + (["SINCE", since] if since else [])
        said = self._ask("SEARCH", lambda server: server.uid("SEARCH", *asked))
        return sorted(one for one in _uids(said) if first <= one <= last)

    def headers(self, uids: Sequence[int]) -> list[Header]:
        """The headers of some mails. One that is gone meanwhile, or not delivered, is not among them."""
        said = self._ask("FETCH", lambda server: server.uid("FETCH", ",".join(map(str, uids)), _ASKED))
        found: dict[int, Header] = {}
        for number, part in enumerate(said):
            if not isinstance(part, tuple) or len(part) < 2:
                continue
            after = said[number + 1] if number + 1 < len(said) and isinstance(said[number + 1], bytes) else b""
            told = bytes(part[0]) + b" " + after  # a server may put what it tells before or behind the header
            uid = _UID.search(told)
            if uid is not None:
                found.setdefault(int(uid[1]), Header(int(uid[1]), bytes(part[1]), _arrived(told)))
        return [found[uid] for uid in uids if uid in found]

    def _connect(self) -> _Bounded:
        options = self._options
        timeout = float(options.timeout_s)
        if options.security == "tls":
            return _BoundedTls(options.host, options.port, ssl_context=self._trust(), timeout=timeout)
        server = _Bounded(options.host, options.port, timeout=timeout)
        if options.security == "starttls":
            self._server = server  # so that it is closed if the next step fails
            if server.state != "NONAUTH" or "STARTTLS" not in server.capabilities:
                raise self._error(
                    "tls",
                    _("the server offers no STARTTLS here."),
                    _("Set security = tls and its port, 993; something between here and the server may hide STARTTLS."),
                )
            server.starttls(self._trust())
        return server

    def _trust(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self._ca_file)

    def _sign_in(self) -> None:
        server, user, password = self._open(), self._options.user, self._password.reveal()
        try:
            if self._options.auth == "xoauth2":
                self._authenticate("XOAUTH2", f"user={user}\x01auth=Bearer {password}\x01\x01")
            elif user.isascii() and password.isascii():
                server.login(user, password)
            else:
                self._authenticate("PLAIN", f"\0{user}\0{password}")
        except imaplib.IMAP4.abort:
            raise
        except imaplib.IMAP4.error as fault:
            text = self._said(fault)
            if _BUSY.search(text):
                message, hint = _("the server lets nobody sign in for now: {said}"), _("Pull again later.")
                raise self._error("bad_answer", message.format(said=text), hint) from None
            message = _("the sign-in is refused: {said}")
            hint = _("Check user and password; some providers want an app password, or auth = xoauth2 with a token.")
            raise self._error("auth", message.format(said=text), hint) from None

    def _authenticate(self, mechanism: str, words: str) -> None:
        """Signs in by one answer to the server's first challenge; to any other (an error's details) by none."""
        secret = words.encode()
        self._redactor.add(Secret(base64.b64encode(secret).decode()))
        server, answers = self._open(), [secret]
        server.authenticate(mechanism, lambda _challenge: answers.pop() if answers else b"")

    def _ask(self, command: str, send: Callable[[imaplib.IMAP4], tuple[str, list[Any]]]) -> list[Any]:
        server = self._open()
        status, said = self._call(lambda: send(server))
        if status != "OK":
            text = said[0] if said and isinstance(said[0], bytes) else b""
            raise self._refused(command, text.decode(errors="replace"))
        return said

    def _call(self, work: Callable[[], T]) -> T:
        """Runs a step on a thread of its own, so that waiting for a server that hangs, or drips, can be given up."""
        if self._server is not None:
            self._server.left = ANSWER_BYTES
            self._server.untagged_responses.clear()  # what nobody asked for would stay there for good
        outcome: list[T | Exception] = []
        done = threading.Event()

        def run() -> None:
            try:
                outcome.append(work())
            except Exception as fault:  # noqa: BLE001 - it is explained where the outcome is judged
                outcome.append(fault)
            finally:
                done.set()

        threading.Thread(target=run, name="deskaudit-imap", daemon=True).start()
        until = time.monotonic() + WHOLE_S
        while not done.wait(LOOK_S):
            if self._context.cancelled():
                raise Cancelled(_("Stopped."), hint=_("What was read is kept; the next pull goes on from there."))
            if time.monotonic() > until:
                raise self._explain(TimeoutError())
        found = outcome[0]
        if isinstance(found, Exception):
            raise self._explain(found) from None
        return found

    def _explain(self, raised: Exception) -> SourceError:
        if isinstance(raised, SourceError):
            return raised
        if isinstance(raised, OSError):
            fault = explain(raised, self._options.host)
            return self._error(fault.kind, fault.message, fault.hint)
        said = self._said(raised)
        if said.startswith("* BYE"):
            return self._error("unreachable", _("the server sends us away: {said}").format(said=said[5:].strip()))
        return self._error("bad_answer", _("the answer breaks off or is none: {said}").format(said=said))

    def _said(self, raised: Exception) -> str:
        """What an exception of imaplib says; what the server said is bytes in it."""
        words = raised.args[0] if raised.args else ""
        text = words.decode(errors="replace") if isinstance(words, bytes) else str(words)
        return one_line(self._redactor(text), 160)

    def _refused(self, command: str, said: str) -> SourceError:
        text = one_line(self._redactor(said), 160)
        return self._error("bad_answer", _("{command} is refused: {said}").format(command=command, said=text))

    def _error(self, kind: str, message: str, hint: str = "") -> SourceError:
        place = f"{self._context.source}: {self._options.host}:{self._options.port}"
        return SourceError(f"{place}: {message}", kind=kind, hint=hint or _("Check the server and pull again."))

    def _open(self) -> _Bounded:
        if self._server is None:
            raise self._error("unreachable", _("the connection is closed."))
        return self._server


def encode_name(name: str) -> str:
    """A folder's name as IMAP writes it: modified UTF-7 (RFC 3501, 5.1.3)."""

    def pack(run: re.Match[str]) -> str:
        text = base64.b64encode(run[0].encode("utf-16-be", errors="replace")).decode()
        return f"&{text.rstrip('=').replace('/', ',')}-"

    return re.sub(r"[^\x20-\x7e]+", pack, name.replace("&", "&-"))


def _quote(name: str) -> str:
    return '"' + encode_name(name).replace("\\", "\\\\").replace('"', '\\"') + '"'


def _number(said: list[Any]) -> int | None:
    text = said[-1] if said else None
    return int(text) if isinstance(text, bytes) and text.isdigit() and len(text) <= 10 else None


def _uids(said: list[Any]) -> set[int]:
    words = (one for part in said if isinstance(part, bytes) for one in part.split())
    return {int(one) for one in words if one.isdigit() and len(one) <= 10}


def _arrived(told: bytes) -> int | None:
    """Epoch seconds of INTERNALDATE, as 02-Mar-2026 09:00:00 +0100."""
    found = _TIME.search(told)
    if found is None:
        return None
    try:
        return int(datetime.strptime(found[1].decode().strip(), "%d-%b-%Y %H:%M:%S %z").timestamp())
    except (ValueError, OverflowError, UnicodeDecodeError):
        return None
