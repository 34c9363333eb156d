"""Telephone numbers: one number, however it was written or dialled, is one caller."""

import re
from functools import lru_cache

import phonenumbers

from deskaudit.i18n import _

WITHHELD = frozenset(
    {"anonymous", "unknown", "restricted", "private", "withheld", "unavailable", "asterisk", "s", "blocked", "nobody"}
)
"""What exchanges write in the place of a number that the caller keeps to himself."""


def check_region(region: str) -> None:
    """Raises ValueError for what is no country code; "" is allowed."""
    if region and region not in phonenumbers.SUPPORTED_REGIONS:
        raise ValueError(
            _('no country is called "{name}"; write its two capital letters, as NO').format(name=region[:20])
        )


@lru_cache(maxsize=50_000)
def e164(text: str, region: str) -> str | None:
    """The number as +4722334455; None where it is withheld, or too short or strange to be one.

    `region` (NO, ES, …; "" for none) is where a number without a country code lies.
    """
    plain = text.strip()[:60]
    if not re.search(r"\d{3}", re.sub(r"[\s()./-]", "", plain)) or plain.casefold() in WITHHELD:
        return None
    try:
        number = phonenumbers.parse(plain, region or None)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
