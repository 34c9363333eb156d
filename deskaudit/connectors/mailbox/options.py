"""What every mailbox has to say about itself."""

import re
from typing import ClassVar

import msgspec

from deskaudit.connectors.patterns import compile_pattern
from deskaudit.connectors.records.options import check_source
from deskaudit.i18n import _


class MailOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The options that all kinds of mailboxes share."""

    own: list[str]
    tickets_of: str = ""
    subject_pattern: str = ""
    reference_pattern: str = ""

    help: ClassVar[dict[str, str]] = {
        "own": 'The desk\'s own addresses, as "support@example.org", or "@example.org" for all of a domain: they tell what'
        " came in and what went out.",
        "tickets_of": "The source whose tickets the patterns name.",
        "subject_pattern": 'A regular expression whose one group is a ticket\'s id in a subject, as "\\\\[#(\\\\d+)\\\\]".',
        "reference_pattern": "The same for In-Reply-To and References, where the ticket system writes its ids into message ids.",
    }

    def __post_init__(self) -> None:
        if not self.own:
            raise ValueError(_("own names no address: nothing would tell what came in and what went out"))
        for one in self.own:
            if not re.fullmatch(r"[^\s@<>]*@[^\s@<>]+", one):
                raise ValueError(
                    _('own: "{text}" is neither an address nor a domain as "@example.org"').format(text=one)
                )
        check_source(self.tickets_of, "tickets_of")
        for name in ("subject_pattern", "reference_pattern"):
            pattern = getattr(self, name)
            if not pattern:
                continue
            try:
                groups = compile_pattern(pattern).groups
            except ValueError as fault:
                raise ValueError(f"{name} {fault}") from None
            if groups != 1:
                raise ValueError(_("{name} needs one group, in brackets, around the ticket's id").format(name=name))
            if not self.tickets_of:
                raise ValueError(_("{name} needs tickets_of: the source whose tickets it names").format(name=name))
