"""What rows need to know besides themselves, and what was odd about them."""

import re

from deskaudit.connectors import Context
from deskaudit.connectors.fields import FieldNames, Unknown
from deskaudit.connectors.liveagent import codes
from deskaudit.connectors.liveagent.options import Options
from deskaudit.connectors.mapping import Mapper
from deskaudit.connectors.phones import e164
from deskaudit.i18n import _
from deskaudit.model.batches import Problem

SHORTEST = 7  # digits that a customer's number has at least
MOST_HOMELESS = 1000


class Desk:
    """The keys of this source, the names behind ids, and the codes and numbers that nobody could read."""

    def __init__(self, context: Context, options: Options) -> None:
        self.context = context
        self.root = options.root
        self.region = options.region
        self.mapper = Mapper(options.mapping)
        self.unknown = Unknown()
        self.departments: dict[str, str] = {}
        self.tags: dict[str, str] = {}
        self.companies: dict[str, str] = {}
        self.agents: set[str] = set()
        self.agent_of_email: dict[str, str] = {}  # keyed hash → agent id
        self.homes: dict[str, list[str]] = {}  # agent id → departments
        self.field_names = FieldNames()
        self._homeless: set[str] = set()  # numbers without a country code

    def key(self, entity: str, ext_id: str | None) -> int | None:
        return None if ext_id is None else self.context.key(entity, ext_id)

    def agent(self, ext_id: str | None) -> int | None:
        """The key of an agent; None for nobody and for LiveAgent's own user."""
        return None if ext_id is None or ext_id in codes.NOBODY else self.context.key("agent", ext_id)

    def phone(self, number: str | None) -> str | None:
        """The keyed hash of a telephone number in its E.164 form; None where it is withheld, or no caller's."""
        found = e164(number or "", self.region)
        digits = re.sub(r"\D", "", number or "")
        if found is None and not self.region and len(digits) >= SHORTEST and len(self._homeless) < MOST_HOMELESS:
            self._homeless.add(digits)
        return self.context.person(found)

    def problems(self) -> list[Problem]:
        """Warnings about what was met in the rows."""
        found = self.unknown.problems()
        found += self.mapper.problems(self.context.source)
        found += self.field_names.problems(self.mapper.fields)
        if self._homeless:
            message = _("{n} telephone numbers have no country code and are not told apart; set region, as NO.")
            found.append(Problem(resource="region", message=message.format(n=len(self._homeless))))
        return found
