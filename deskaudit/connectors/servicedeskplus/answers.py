"""What ServiceDesk Plus says in `response_status`, and what fault that is.

It is an object in answers about one thing and a list in lists, and a failure may well come with HTTP 200.
"""

import re
from collections.abc import Iterator
from typing import Any

import msgspec

from deskaudit.connectors.faults import Fault
from deskaudit.connectors.http import Answer, HttpError
from deskaudit.i18n import _
from deskaudit.text import one_line

FAILED = 4000  # this code and all above mean failure
INTERNAL, NOT_FOUND, LIMITED, BAD_KEY, FORBIDDEN, LICENCE = 4004, 4007, 4015, 4022, 4002, 7001
REFUSALS = frozenset({4000, 4001, 4012, 4014, 4021})
"""The question was not understood or is not allowed so: another question may be."""


class SdpError(HttpError):
    """An HttpError with the product's own code; None where it gave none."""

    def __init__(self, fault: HttpError, code: int | None) -> None:
        super().__init__(fault.message, kind=fault.kind, hint=fault.hint, status=fault.status)
        self.code = code

    @property
    def refuses(self) -> bool:
        """Whether the question is at fault, so that asking for less may help."""
        return self.kind == "bad_answer" and not self.absent and (self.status == 400 or self.code in REFUSALS)

    @property
    def absent(self) -> bool:
        """Whether this server or edition has no such module."""
        return self.code in {LICENCE, NOT_FOUND} or self.status in {404, 405}


class Said(msgspec.Struct, frozen=True):
    """A failure in the product's words: its code (0: none) and text."""

    code: int
    text: str


def find_failure(body: Any) -> Said | None:
    """The failure that an answer's body reports; None where it reports none."""
    if not isinstance(body, dict):
        return None
    given = body.get("response_status")
    for status in given if isinstance(given, list) else [given]:
        if isinstance(status, dict):
            code = _number(status.get("status_code"))
            if code >= FAILED or str(status.get("status")).casefold() in {"failed", "failure"}:
                return _detail(status, code)
    operation = body.get("operation")  # the format before v3's own
    result = operation.get("result") if isinstance(operation, dict) else None
    if isinstance(result, dict) and str(result.get("status")).casefold() in {"failed", "failure"}:
        return Said(_number(result.get("statuscode")), one_line(result.get("message") or "", 160))
    return None


def judge(answer: Answer) -> Fault | None:
    """The fault that an answer reports in its body; None where only its HTTP status counts."""
    said = read_failure(answer)
    if said is None:
        return None
    tail = f" {said.code}" if said.code else ""
    words = _("the server says{code}: {text}").format(code=tail, text=said.text or "?")
    if re.search(r"expired", said.text, re.IGNORECASE) and (answer.status == 401 or said.code == BAD_KEY):
        return Fault("expired", words, hint=_("Make a new key and store it where the config says."))
    known = _fault_of(said.code, words)
    if known is not None:
        return known
    if answer.status in {401, 403, 429} or answer.status >= 500:
        return None
    return Fault("bad_answer", words, hint=_("Check url, portal and portal_id in the config."))


def _fault_of(code: int, words: str) -> Fault | None:
    """The fault that a code means by itself."""
    if code == FORBIDDEN:
        return Fault("forbidden", words, hint=_("Give this technician, or this token, the right to read it."))
    if code == LICENCE:
        return Fault("forbidden", words, hint=_("This edition or licence does not have that module."))
    if code == INTERNAL:
        return Fault("bad_answer", words, hint=_("Pull again later; tell the vendor if it stays so."), may_pass=True)
    if code == LIMITED:
        hint = _("Lower requests_per_minute, or pull again later: it goes on where it stopped.")
        return Fault("rate_limit", words, hint=hint)
    if code == BAD_KEY:
        hint = _("Make the technician's key anew; it dies when the technician's login is switched off.")
        return Fault("auth", words, hint=hint)
    return None


def read_failure(answer: Answer) -> Said | None:
    """The failure that an answer reports in its body."""
    try:
        return find_failure(answer.json())
    except ValueError:
        return None


def _detail(status: dict[str, Any], code: int) -> Said:
    """The most exact code and all messages of one status."""
    found = [
        (_number(one.get("status_code")), one_line(one.get("message") or "", 160), one_line(one.get("field") or "", 60))
        for one in _dicts(status.get("messages"))
    ]
    exact = next((number for number, _text, _field in found if number >= FAILED), code)
    text = "; ".join(f"{field}: {text}" if field else text for _number_, text, field in found[:3] if text or field)
    return Said(exact, one_line(text, 200))


def _dicts(value: Any) -> Iterator[dict[str, Any]]:
    for one in value if isinstance(value, list) else [value]:
        if isinstance(one, dict):
            yield one


def _number(value: Any) -> int:
    """A code, from a number or a text; 0 where it is neither."""
    if isinstance(value, bool):
        return 0
    if isinstance(value, int):
        return value if abs(value) < 10**9 else 0
    text = value.strip() if isinstance(value, str) else ""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
