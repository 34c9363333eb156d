"""Telephone numbers: one number, however it was written or dialled, is one caller."""

import re
from functools import lru_cache

import phonenumbers

from deskaudit.connectors import Context
from deskaudit.i18n import _, ngettext
from deskaudit.model.batches import Problem

SHORTEST = 7  # digits that a customer's number has at least
MOST_HOMELESS = 1000

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


class Numbers:
    """The telephone numbers of a source as keyed hashes. Those without a country code are told where `region` is ""."""

    def __init__(self, context: Context, region: str) -> None:
        self._context = context
        self._region = region
        self._homeless: set[str] = set()

    def hash(self, number: str | None) -> str | None:
        """The keyed hash of a number in its E.164 form; None where it is withheld, or no caller's."""
        found = e164(number or "", self._region)
        digits = re.sub(r"\D", "", number or "")
        if found is None and not self._region and len(digits) >= SHORTEST and len(self._homeless) < MOST_HOMELESS:
            self._homeless.add(digits)
        return self._context.person(found)

    def problems(self) -> list[Problem]:
        """A warning where numbers could not be told apart."""
        n = len(self._homeless)
        message = ngettext(
            "{n} telephone number has no country code and is matched with no caller; set region, as NO.",
            "{n} telephone numbers have no country code and are matched with no caller; set region, as NO.",
            n,
        )
        return [Problem(resource="region", message=message.format(n=n))] if n else []
