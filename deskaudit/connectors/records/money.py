"""Amounts of money, as spreadsheets and bookkeeping write them, and the periods they belong to."""

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from deskaudit.i18n import _

LONGEST = 60
MOST = Decimal(10) ** 15
SYMBOLS = {"€": "EUR", "$": "USD", "£": "GBP", "¥": "JPY", "kr": "", "kr.": "", ",-": ""}
"""What stands beside an amount → its code; "" where several currencies use it."""
_MONTHS = (
    ("jan", "ene", "jän", "ιαν"),
    ("feb", "fév", "fev", "φεβ"),
    ("mar", "mär", "μαρ", "μάρ"),
    ("apr", "abr", "avr", "απρ"),
    ("may", "mai", "μαι", "μαΐ", "μάι"),
    ("jun", "juin", "ιουν"),
    ("jul", "juil", "ιουλ"),
    ("aug", "ago", "aoû", "aou", "αυγ"),
    ("sep", "σεπ"),
    ("oct", "okt", "οκτ"),
    ("nov", "νοε", "νοέ"),
    ("dec", "dic", "des", "déc", "dez", "δεκ"),
)
_WORD = r"([^\d.,'’+-]*?)"
_AMOUNT = re.compile(_WORD + r"\s*([+-]?)\s*" + _WORD + r"\s*(\d[\d., '’]*?|[.,]\d+)\s*(-?)\s*([^\d+-]*)")
_GROUPS = {".": r"[ ',’]", ",": r"[ '.’]"}


def read_amount(text: str, decimal: str) -> tuple[Decimal, str]:
    """(amount, currency or "") of "1.234,56 €", "NOK 1 234,50", "(1,234.00)", "-12,-". Raises ValueError.

    `decimal` is the decimal mark; the other mark, blanks and apostrophes set groups of three apart. Brackets and a
    minus at either end make it negative.
    """
    plain = re.sub(r"[\u00a0\u202f\u2009]", " ", text.strip())[:LONGEST].replace("\u2212", "-")
    plain = plain.removesuffix(",-")
    in_brackets = plain.startswith("(") and plain.endswith(")")
    if in_brackets:
        plain = plain[1:-1].strip()
    found = _AMOUNT.fullmatch(plain)
    if not found or "(" in plain or ")" in plain:
        raise ValueError(text)
    before, sign, between, digits, last, after = found.groups()
    words = [word.strip() for word in (before, between, after) if word.strip()]
    if len(words) > 1 or bool(sign) + bool(last) + in_brackets > 1:
        raise ValueError(text)
    amount = Decimal(_plain_digits(digits.strip(), decimal, text))
    if amount >= MOST:
        raise ValueError(text)
    is_negative = sign == "-" or bool(last) or in_brackets
    return (-amount if is_negative else amount), _currency(words[0] if words else "", text)


def _plain_digits(digits: str, decimal: str, text: str) -> str:
    whole, mark, part = digits.partition(decimal)
    group = _GROUPS[decimal]
    if re.search(group, whole):
        marks = set(re.findall(group, whole))
        if len(marks) > 1 or not re.fullmatch(rf"\d{{1,3}}({group}\d{{3}})+", whole):
            raise ValueError(text)
        whole = re.sub(group, "", whole)
    if not re.fullmatch(r"\d*", whole) or not re.fullmatch(r"\d*", part) or not whole + part:
        raise ValueError(text)
    return f"{whole or 0}.{part or 0}" if mark else whole


def _currency(word: str, text: str) -> str:
    if not word:
        return ""
    if word.casefold() in SYMBOLS:
        return SYMBOLS[word.casefold()]
    if re.fullmatch(r"[A-Z]{3}", word):
        return word
    raise ValueError(text)


def read_period(text: str, zone: ZoneInfo) -> tuple[int, int] | None:
    """(start, end) in epoch seconds, the end not in it, of 2026, 2026-03, 03/2026, March 2026, 2026-Q1, Q1 2026.

    None for what is none of these.
    """
    plain = " ".join(text.casefold().split())[:LONGEST]
    first: date | None = None
    months = 1
    try:
        if found := re.fullmatch(r"(\d{4})", plain):
            first, months = date(int(found[1]), 1, 1), 12
        elif found := re.fullmatch(r"(\d{4})[-/. ]?[qtk]\.?([1-4])", plain):
            first, months = date(int(found[1]), 3 * int(found[2]) - 2, 1), 3
        elif found := re.fullmatch(r"[qtk]\.?([1-4])[-/. ]?(\d{4})", plain):
            first, months = date(int(found[2]), 3 * int(found[1]) - 2, 1), 3
        elif found := re.fullmatch(r"(\d{4})[-/. ]?(\d{2})|(\d{1,2})[-/. ](\d{4})", plain):
            first = date(int(found[1] or found[4]), int(found[2] or found[3]), 1)
        elif found := re.fullmatch(r"([^\W\d]+)\.?[-/, ]*(?:de )?(\d{4})", plain):
            first = date(int(found[2]), _month(found[1]), 1)
        if first is None:
            return None
        after = first.year * 12 + first.month - 1 + months
        return midnight(first, zone), midnight(date(after // 12, after % 12 + 1, 1), zone)
    except (ValueError, OverflowError):
        return None


def _month(name: str) -> int:
    for number, starts in enumerate(_MONTHS, start=1):
        if name.startswith(starts):
            return number
    raise ValueError(name)


def midnight(day: date, zone: ZoneInfo) -> int:
    """The first second of a day, in epoch seconds."""
    return int((datetime(day.year, day.month, day.day, tzinfo=zone) - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds())


def day_after(seconds: int, zone: ZoneInfo) -> int:
    """The midnight that ends the day of a time. Raises ValueError or OverflowError at the end of all days."""
    return midnight(datetime.fromtimestamp(seconds, zone).date() + timedelta(days=1), zone)


def check_currency(code: str) -> None:
    """Raises ValueError for what is no currency code; "" is allowed."""
    if code and not re.fullmatch(r"[A-Z]{3}", code):
        raise ValueError(_('currency is three capital letters, as "NOK"'))
