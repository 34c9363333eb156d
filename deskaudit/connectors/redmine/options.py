"""What the config may say about a Redmine source."""

import re
from typing import ClassVar

import msgspec

from deskaudit.config import seconds
from deskaudit.connectors.access import FASTEST, HELP, check_duration, check_range, check_url
from deskaudit.connectors.mapping import TicketMapping
from deskaudit.connectors.tabular.dates import check_zone
from deskaudit.secrets import SecretRef

PAGE = 100
"""The largest page; Redmine cuts what is above it without a word."""


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The options of a source of type `redmine`."""

    url: str
    apikey: SecretRef
    projects: list[str] = msgspec.field(default_factory=list)
    agent_roles: list[str] = msgspec.field(default_factory=list)
    requests_per_minute: int = 240
    overlap: str = "15m"
    sweep: str = "7d"
    zone: str = ""
    timeout_s: int = 30
    ca_file: str | None = None
    mapping: TicketMapping = msgspec.field(default_factory=TicketMapping)

    help: ClassVar[dict[str, str]] = {
        "url": "The address of the site, as https://redmine.example.org or https://example.org/redmine; only this machine "
        "itself may be spoken to without TLS.",
        "apikey": "The API access key of a user (My account); it goes in a header. Its user needs a role with view_issues, "
        "view_private_notes and view_time_entries in each project. Who uses which sign-in is told to administrators alone.",
        "projects": "The identifiers of the desk's projects; left out: all that the key sees. Tickets of a project that is not "
        "among them any more count as deleted from the next sweep on.",
        "agent_roles": "Who answers: the names of roles; left out: every role that may edit issues. Administrators count too.",
        "requests_per_minute": "Never more than this in any 60 seconds; each changed ticket costs one for its history.",
        "sweep": "How often all numbers of tickets and time entries are listed, to find what was deleted, as 1d or 7d.",
        "zone": "The time zone of days without a time (due dates, time entries), as Europe/Oslo; left out: the desk's.",
        **{name: HELP[name] for name in ("overlap", "timeout_s", "ca_file")},
        "mapping": "Which field tells priority (field = priority), type, category, service and waiting states; type and "
        "category are the tracker and the category of the ticket unless it says otherwise.",
    }

    def __post_init__(self) -> None:
        check_url(self.root, "https://redmine.example.org")
        check_range(self, "requests_per_minute", 1, FASTEST)
        check_range(self, "timeout_s", 1, 600)
        check_duration(self.overlap, "overlap")
        check_duration(self.sweep, "sweep")
        check_zone(self.zone)

    @property
    def root(self) -> str:
        """The site's address without a page of it."""
        return re.sub(r"(/(my/account|projects|issues|login)\S*)?/*(#.*|\?.*)?$", "", self.url.strip())

    @property
    def overlap_s(self) -> int:
        return seconds(self.overlap)

    @property
    def sweep_s(self) -> int:
        return seconds(self.sweep)
