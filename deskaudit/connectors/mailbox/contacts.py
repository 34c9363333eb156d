"""Mails as contacts: which way they went, with whom, and which ticket they belong to."""

import re
from collections import Counter

from deskaudit.connectors import Context
from deskaudit.connectors.mailbox.headers import Mail, read_mail
from deskaudit.connectors.mailbox.options import MailOptions
from deskaudit.i18n import _, ngettext
from deskaudit.model.batches import Problem, Reject
from deskaudit.model.entities import Contact, Interaction
from deskaudit.model.keys import row_key
from deskaudit.text import one_line

FILLS = frozenset({"interaction", "contact"})
SLACK_S = 86400
_REMEMBERED = 500_000  # contacts that need no second row in one pull


class Sorter:
    """Makes rows of mails, and counts what is left out. Give each mail once; the same one in two folders is one row."""

    def __init__(self, options: MailOptions, context: Context, entities: frozenset[str], since_at: int = 0) -> None:
        self._context = context
        self._entities = entities
        self._since = since_at
        self._latest = context.now() + SLACK_S
        self._own = frozenset(one.casefold() for one in options.own if not one.startswith("@"))
        self._domains = frozenset(one.casefold() for one in options.own if one.startswith("@"))
        self._tickets_of = options.tickets_of
        self._patterns = [
            (pattern, field)
            for text, field in ((options.subject_pattern, "subject"), (options.reference_pattern, "references"))
            if text and (pattern := re.compile(text))
        ]
        self._met: set[int] = set()
        self.read = self.bad = self.old = self.lost = 0
        self._left_out: Counter[str] = Counter()

    def take(
        self, raw: bytes, place: str, queue: str, arrived_at: int | None = None
    ) -> list[Interaction | Contact] | Reject:
        """The rows of one mail (none where it is no contact), or why it is none."""
        self.read += 1
        mail = read_mail(raw, arrived_at)
        if mail.at is None or mail.at > self._latest:
            self.bad += 1
            return Reject(
                place, _("it has no date that can be used") if mail.at is None else _("its date lies in the future")
            )
        if mail.at < self._since:
            self.old += 1
            return []
        if mail.kind:
            self._left_out[mail.kind] += 1
            return []
        return self._rows(mail, queue)

    def lose(self, place: str) -> Reject:
        """Counts a mail that is there and could not be had."""
        self.read += 1
        self.lost += 1
        return Reject(place, _("the server lists it, and does not deliver it"))

    def problems(self, resource: str) -> list[Problem]:
        """What was left out, as a warning; and that the mailbox is not whole, where many mails could not be used."""
        found = []
        kinds = {
            "bounce": _("bounces"),
            "auto": _("automatic mails"),
            "list": _("mails of lists"),
            "spam": _("spam"),
        }
        said = [f"{self._left_out[kind]} {name}" for kind, name in kinds.items() if self._left_out[kind]]
        if said:
            message = _("Of {n} mails, {kinds} are left out: they are no contacts.")
            found.append(Problem(resource, message.format(n=self.read, kinds=", ".join(said))))
        if self.bad * 5 > self.read:
            message = ngettext(
                "{bad} of {n} mails has no usable date.", "{bad} of {n} mails have no usable date.", self.bad
            ).format(bad=self.bad, n=self.read)
            found.append(Problem(resource, message, ("interaction",)))
        if self.lost * 5 > self.read:
            message = ngettext(
                "{bad} of {n} mails was listed by the server, and not delivered.",
                "{bad} of {n} mails were listed by the server, and not delivered.",
                self.lost,
            )
            found.append(Problem(resource, message.format(bad=self.lost, n=self.read), ("interaction",)))
        return found

    def _rows(self, mail: Mail, queue: str) -> list[Interaction | Contact]:
        others = [one for one in mail.recipients if not self._is_own(one)]
        outward = mail.sender is not None and self._is_own(mail.sender)
        direction = "in" if not outward else "out" if others else "internal"
        other = mail.sender if direction == "in" else others[0] if others else None
        email = self._context.person(other)
        contact = None if email is None else self._context.key("contact", email)
        interaction = Interaction(
            id=self._context.key("interaction", f"email:{mail.key}"),
            channel="email",
            direction=direction,
            started_at=mail.at,
            queue=one_line(queue, 60) or None,
            contact_id=contact,
            ticket_id=self._ticket(mail),
        )
        rows: list[Interaction | Contact] = [interaction] if "interaction" in self._entities else []
        if contact is not None and contact not in self._met and "contact" in self._entities:
            if len(self._met) < _REMEMBERED:
                self._met.add(contact)
            rows.append(Contact(id=contact, email_hash=email))
        return rows

    def _is_own(self, address: str) -> bool:
        return address in self._own or f"@{address.rpartition('@')[2]}" in self._domains

    def _ticket(self, mail: Mail) -> int | None:
        for pattern, field in self._patterns:
            found = pattern.search(getattr(mail, field))
            if found is not None and found[1]:
                return row_key(self._tickets_of, "ticket", found[1].strip())
        return None
