"""What rows need to know besides themselves, and what was odd about them."""

from deskaudit.connectors import Context
from deskaudit.connectors.fields import FieldNames, Unknown
from deskaudit.connectors.liveagent import codes
from deskaudit.connectors.liveagent.options import Options
from deskaudit.connectors.mapping import Mapper
from deskaudit.connectors.phones import Numbers
from deskaudit.model.batches import Problem


class Desk:
    """The keys of this source, the names behind ids, and the codes and numbers that nobody could read."""

    def __init__(self, context: Context, options: Options) -> None:
        self.context = context
        self.root = options.root
        self.numbers = Numbers(context, options.region)
        self.mapper = Mapper(options.mapping)
        self.unknown = Unknown()
        self.departments: dict[str, str] = {}
        self.tags: dict[str, str] = {}
        self.companies: dict[str, str] = {}
        self.agents: set[str] = set()
        self.agent_of_email: dict[str, str] = {}  # keyed hash → agent id
        self.homes: dict[str, list[str]] = {}  # agent id → departments
        self.field_names = FieldNames()

    def key(self, entity: str, ext_id: str | None) -> int | None:
        return None if ext_id is None else self.context.key(entity, ext_id)

    def agent(self, ext_id: str | None) -> int | None:
        """The key of an agent; None for nobody and for LiveAgent's own user."""
        return None if ext_id is None or ext_id in codes.NOBODY else self.context.key("agent", ext_id)

    def problems(self) -> list[Problem]:
        """Warnings about what was met in the rows."""
        found = self.unknown.problems()
        found += self.mapper.problems(self.context.source)
        found += self.field_names.problems(self.mapper.fields)
        found += self.numbers.problems()
        return found
