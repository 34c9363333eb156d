"""Keeps secrets out of everything that is read: messages, exceptions, and the log lines of the HTTP library."""

import json
import logging
import re
from collections.abc import Iterable
from urllib.parse import quote, quote_plus

from deskaudit.secrets import Secret
from deskaudit.text import CUT

_NAMED = re.compile(
    r"(?i)\b(api_?key|access_token|refresh_token|client_secret|authtoken|authorization|password)(=|%3D|[\"']?:\s*[\"']?)[^&\s\"'<>]+"
)
_SHORTEST = 4  # a shorter "secret" would blot out ordinary text; the names above still cover it
_TELLING = 8  # so many characters of the beginning of a secret are told by no accident
_CHATTY = ("urllib3.connectionpool", "requests")


class Redactor(logging.Filter):
    """`redactor(text)` is the text with every known secret, and whatever stands behind `apikey=`, as `***`.

    A secret that a cut of `deskaudit.text`, or a server that shortens what it repeats, left the beginning of is one too.

    While it is open it also filters the HTTP library's own logger, which writes whole addresses.
    """

    def __init__(self, secrets: Iterable[Secret] = ()) -> None:
        super().__init__()
        self._forms: set[str] = set()
        self._words: set[str] = set()  # those of secrets that are one word
        for secret in secrets:
            self.add(secret)
        for name in _CHATTY:
            logging.getLogger(name).addFilter(self)

    def add(self, secret: Secret) -> None:
        value = secret.reveal()
        if len(value) >= _SHORTEST:
            forms = {value, quote(value, safe=""), quote(value), quote_plus(value)}
            forms.add(" ".join(value.split()))  # as it stands on one line
            forms |= {json.dumps(value)[1:-1], repr(value)[1:-1], repr(value.encode())[2:-1]}
            self._forms |= forms
            self._words |= forms if len(value.split()) == 1 else set()

    def __call__(self, text: str) -> str:
        for form in sorted(self._forms, key=len, reverse=True):
            text = text.replace(form, "***")
        text = self._hide_begun(text)
        if CUT in text:
            *cut, rest = text.split(CUT)
            text = CUT.join([*map(self._hide_beginning, cut), rest])
        return _NAMED.sub(r"\1\2***", text)

    def _hide_begun(self, text: str) -> str:
        """The text without longer beginnings of secrets that are one word; other words begin with what is none."""
        for begun in {form[:_TELLING] for form in self._words if len(form) > _TELLING}:
            start = text.find(begun)
            while start >= 0:
                end = start + max(_alike(form, text[start:]) for form in self._words)
                text = f"{text[:start]}***{text[end:]}"
                start = text.find(begun, start)
        return text

    def _hide_beginning(self, text: str) -> str:
        """The text without the beginning of a secret that it ends with."""
        longest = max((len(form) for form in self._forms), default=0)
        for n in range(min(longest, len(text)), _SHORTEST - 1, -1):
            if any(form.startswith(text[-n:]) for form in self._forms):
                return f"{text[:-n]}***"
        return text

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = self(record.getMessage()), None
        return True

    def close(self) -> None:
        for name in _CHATTY:
            logging.getLogger(name).removeFilter(self)


def _alike(form: str, text: str) -> int:
    """How many characters two texts have in common from their beginning on."""
    return next(
        (n for n, (one, other) in enumerate(zip(form, text, strict=False)) if one != other), min(len(form), len(text))
    )
