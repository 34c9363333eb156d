"""The headers of one mail, which anybody can have written: what is odd in them is left out, and nothing raises."""

import binascii
import hashlib
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from email import message_from_bytes
from email.errors import MessageError
from email.header import decode_header
from email.message import Message
from email.utils import getaddresses, parsedate_to_datetime

import msgspec

from deskaudit.text import one_line

HEADER_BYTES = 65536
"""So much of a mail's headers is looked at; honest ones are a tenth of it."""
FIELDS = (
    "From", "Sender", "To", "Cc", "Date", "Received", "Subject", "Message-ID", "In-Reply-To", "References", "Return-Path",
    "Auto-Submitted", "Precedence", "List-Id", "List-Unsubscribe", "List-Post", "X-Auto-Response-Suppress", "X-Autoreply",
    "X-Autorespond", "X-Spam-Flag", "X-Spam-Status", "Content-Type",
)  # fmt: skip
_OLDEST = datetime(1995, 1, 1, tzinfo=UTC).timestamp()
_MOST_ADDRESSES = 50
_LONGEST = 4000  # of one header, where it is searched
_ADDRESS = re.compile(r"[^\s@<>\"(),;:\\]{1,200}@[^\s@<>\"(),;:\\]{1,250}")
_MACHINES = frozenset({"mailer-daemon", "postmaster", "noreply-dmarc-support", "double-bounce"})


class Mail(msgspec.Struct, frozen=True, kw_only=True):
    """`kind` is "" for what a human wrote to humans, else bounce, auto, list or spam. Addresses are small letters."""

    key: str  # the same mail in two folders has one key
    at: int | None  # epoch seconds: when the last server took it, else when it was written
    sender: str | None
    recipients: tuple[str, ...]
    subject: str
    references: str
    kind: str


def read_mail(raw: bytes, arrived_at: int | None = None) -> Mail:
    """A mail of its headers. `arrived_at`: when the mailbox got it, for mails that do not say."""
    message = message_from_bytes(raw[:HEADER_BYTES])
    senders = _addresses(message, "From") or _addresses(message, "Sender")
    subject = _text(message, "Subject")
    return Mail(
        key=_key(message, raw),
        at=_received_at(message) or _date(_raw(message, "Date")) or arrived_at,
        sender=senders[0] if senders else None,
        recipients=tuple(_addresses(message, "To") + _addresses(message, "Cc")),
        subject=subject,
        references=" ".join(_raw(message, name) for name in ("In-Reply-To", "References"))[:_LONGEST],
        kind=_kind(message, senders),
    )


def _values(message: Message, name: str) -> list[str]:
    """All that stand under a name, unfolded. Bytes that are no ASCII are UTF-8, or replacement characters."""
    wanted = name.casefold()
    found = (str(value) for key, value in message.raw_items() if str(key).casefold() == wanted)
    texts = (text.encode("utf-8", "surrogateescape").decode("utf-8", "replace") for text in found)
    return [re.sub(r"[\r\n]+[ \t]*", " ", text[:_LONGEST]) for text in texts]


def _raw(message: Message, name: str) -> str:
    return next(iter(_values(message, name)), "").strip()


def _text(message: Message, name: str) -> str:
    """A header as people see it: encoded words are decoded, where that can be done."""
    value = _raw(message, name)
    try:
        parts = decode_header(value)
        words = "".join(_decode(part, charset) for part, charset in parts)
    except (MessageError, binascii.Error, ValueError, LookupError, TypeError, IndexError):
        words = value
    return one_line(words, 500)


def _decode(part: bytes | str, charset: str | None) -> str:
    if isinstance(part, str):
        return part
    try:
        return part.decode(charset or "ascii", errors="replace")
    except (LookupError, ValueError, TypeError):
        return part.decode("latin-1")


def _addresses(message: Message, name: str) -> list[str]:
    """The addresses of a header, small letters. A display name that looks like an address is none."""
    values = _values(message, name)
    try:
        pairs = getaddresses(values)[:_MOST_ADDRESSES]
    except (ValueError, TypeError, IndexError, AttributeError, RecursionError):
        pairs = []
    found = [address.casefold() for _name, address in pairs if _ADDRESS.fullmatch(address)]
    if found:
        return found
    # What the library takes apart to nothing may still have an address in angle brackets.
    return [one.casefold() for value in values for one in re.findall(rf"<({_ADDRESS.pattern})>", value)][
        :_MOST_ADDRESSES
    ]


def _received_at(message: Message) -> int | None:
    """When the last server on the way took it: after the semicolon of the topmost Received."""
    top = _raw(message, "Received")
    return _date(top.rpartition(";")[2]) if ";" in top else None


def _date(text: str) -> int | None:
    """Epoch seconds of a mail's date; one without a zone is UTC (-0000 means that nobody knows it)."""
    try:
        when = parsedate_to_datetime(text.strip()[:100])
        seconds = (when if when.tzinfo is not None else when.replace(tzinfo=UTC)).timestamp()
    except (ValueError, TypeError, IndexError, OverflowError, AttributeError):
        return None
    return int(seconds) if seconds >= _OLDEST else None


def _key(message: Message, raw: bytes) -> str:
    said = _raw(message, "Message-ID").strip("<> \t")
    if said:
        return said[:300]
    parts = [_raw(message, name) for name in ("Date", "From", "To", "Subject")]
    text = "\x1f".join(parts) if any(parts) else repr(raw[:2000])
    return "none:" + hashlib.blake2b(text.encode(errors="replace"), digest_size=12).hexdigest()


def _kind(message: Message, senders: Iterable[str]) -> str:
    """What no human wrote to humans (ruling: bulk, bounces and automatic mail are no contacts)."""

    def word(name: str) -> str:
        return re.split(r"[\s;,(]", _raw(message, name).casefold().strip(), maxsplit=1)[0]

    local = {address.partition("@")[0] for address in senders}
    if word("Return-Path") == "<>" or local & _MACHINES or word("Content-Type") == "multipart/report":
        return "bounce"
    if word("Auto-Submitted") not in {"", "no"} or word("Precedence") == "auto_reply":
        return "auto"
    if any(word(name) for name in ("X-Autoreply", "X-Autorespond")):
        return "auto"
    if word("X-Auto-Response-Suppress") in {"all", "oof", "autoreply", "dr"}:
        return "auto"
    if word("Precedence") in {"bulk", "list", "junk"} or any(
        _raw(message, one) for one in ("List-Id", "List-Post", "List-Unsubscribe")
    ):
        return "list"
    if word("X-Spam-Flag") in {"yes", "true"} or word("X-Spam-Status") == "yes":
        return "spam"
    return ""
