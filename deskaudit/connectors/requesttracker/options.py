"""What the config may say about a source of Request Tracker."""

import re
from typing import ClassVar

import msgspec

from deskaudit.config import seconds
from deskaudit.connectors.access import FASTEST, HELP, check_duration, check_range, check_url
from deskaudit.connectors.mapping import TicketMapping
from deskaudit.i18n import _
from deskaudit.secrets import SecretRef

LEAST_OVERLAP_S = 26 * 3600
"""RT reads a query's times in the zone of the login: from UTC-12 to UTC+14."""


class Level(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A service level as RT's own configuration has it."""

    response: str | None = None
    resolve: str | None = None
    hours: bool | None = None
    escalation: bool | None = None

    help: ClassVar[dict[str, str]] = {
        "response": "The time for the first answer, as 60m or 4h.",
        "resolve": "The time for the solution, as 2d.",
        "hours": "Whether the level counts business hours.",
        "escalation": "Whether something happens when it is about to be missed.",
    }

    def __post_init__(self) -> None:
        check_duration(self.response, "response")
        check_duration(self.resolve, "resolve")

    @property
    def response_s(self) -> int | None:
        return None if self.response is None else seconds(self.response)

    @property
    def resolve_s(self) -> int | None:
        return None if self.resolve is None else seconds(self.resolve)


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The options of a source of type `rt`."""

    url: str
    token: SecretRef | None = None
    user: str = ""
    password: SecretRef | None = None
    queues: list[str] = msgspec.field(default_factory=list)
    tags: str = ""
    levels: dict[str, Level] = msgspec.field(default_factory=dict)
    overlap: str = "26h"
    sweep_days: int = 7
    user_limit: int = 500
    requests_per_minute: int = 240
    timeout_s: int = 60
    ca_file: str | None = None
    mapping: TicketMapping = msgspec.field(default_factory=TicketMapping)

    ways: ClassVar[tuple[tuple[str, ...], ...]] = (("token",), ("user", "password"))
    help: ClassVar[dict[str, str]] = {
        "url": "The address of RT, as https://rt.example.org; only this machine itself may be spoken to without TLS.",
        "token": "An authentication token (RT: Settings, Auth Tokens). It needs SeeQueue, ShowTicket and ShowTicketComments on "
        "the queues, and SeeCustomField, ShowAsset and ShowArticle for what these are about; none that changes anything.",
        "user": "Instead of a token: the name to log in with.",
        "password": "Instead of a token: the password of user.",
        "queues": "The names of the queues that are the desk's; left out: all that the login sees. A ticket that moves out of them counts as "
        "deleted from the next sweep on.",
        "tags": "The name of a custom field whose values are tags.",
        "levels": "RT does not tell what its service levels promise: level = { response = '4h', resolve = '2d' }. Where a level "
        "has a response, the due date of a ticket that nobody answered is that of the answer.",
        "overlap": "How far before the newest known change a pull asks again, 26h or more: RT reads times in the zone of the "
        "login, whatever that is.",
        "sweep_days": "After how many days the numbers of all tickets are read, to see which were deleted; 0: never.",
        "user_limit": "How many accounts a pull asks one by one whether they are staff; only logins that may see the members of "
        "the group Privileged are told at once.",
        **{name: HELP[name] for name in ("requests_per_minute", "timeout_s", "ca_file")},
        "mapping": "Which field tells priority (field = 'Priority'), category, type, service and waiting states: custom fields by "
        "their names, Priority, SLA, Type, Queue, Organization.",
    }

    def __post_init__(self) -> None:
        check_url(self.root, "https://rt.example.org")
        if (self.token is None) == (self.password is None) or bool(self.user) != (self.password is not None):
            raise ValueError(_("say token, or user and password"))
        if ":" in self.user or not self.user.isprintable():
            raise ValueError(_("user is no name to log in with"))
        check_range(self, "requests_per_minute", 1, FASTEST)
        check_range(self, "sweep_days", 0, 3650)
        if self.user_limit < 0:
            raise ValueError(_("user_limit is 0 or more"))
        check_range(self, "timeout_s", 1, 600)
        check_duration(self.overlap, "overlap")
        if self.overlap_s < LEAST_OVERLAP_S:
            raise ValueError(_("overlap is 26h or more: RT reads times in the zone of the login"))
        if any(not name.strip() or not name.isprintable() for name in self.queues):
            raise ValueError(_("queues has a name that is none"))

    @property
    def root(self) -> str:
        """The address of RT without the path of its interface or of a page."""
        return re.sub(r"(/REST(/[\d.]*)?(/.*)?)?/*(#.*|\?.*)?$", "", self.url.strip())

    @property
    def overlap_s(self) -> int:
        return seconds(self.overlap)
