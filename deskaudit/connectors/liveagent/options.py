"""What the config may say about a LiveAgent source."""

import re
from typing import ClassVar, Literal

import msgspec

from deskaudit.config import seconds
from deskaudit.connectors.access import HELP, check_duration, check_range, check_url
from deskaudit.connectors.mapping import TicketMapping
from deskaudit.connectors.phones import check_region
from deskaudit.connectors.tabular.dates import check_zone
from deskaudit.i18n import _
from deskaudit.secrets import SecretRef

LIMIT = 180
"""Requests a minute that LiveAgent grants an API key (its page "Request rate limits")."""
LARGEST_PAGE = 500
"""The largest page known to be in use; the real maximum is not documented."""


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The options of a source of type `liveagent`."""

    url: str
    apikey: SecretRef
    apikey_v1: SecretRef | None = None
    requests_per_minute: int = LIMIT
    rate: Literal["fixed", "announced"] = "fixed"
    page_size: int = 100
    messages: Literal["needed", "all", "none"] = "needed"
    message_limit: int = 2000
    sla_limit: int = 1000
    api_keys: bool = False
    overlap: str = "15m"
    sweep_days: int = 7
    zone: str = ""
    region: str = ""
    timeout_s: int = 30
    ca_file: str | None = None
    mapping: TicketMapping = msgspec.field(default_factory=TicketMapping)

    help: ClassVar[dict[str, str]] = {
        "url": "The address of the account, as https://ACCOUNT.ladesk.com; only this machine itself may be spoken to without TLS.",
        "apikey": "The API v3 key, with read privileges alone; it goes in a header.",
        "apikey_v1": "The API v1 key, for ratings and the knowledge base; LiveAgent wants it in the address, so give it the fewest rights.",
        "requests_per_minute": "Never more than this in any 60 seconds; LiveAgent grants 180 to a key.",
        "rate": "fixed, or announced: then a limit that the server announces (X-RateLimit-Limit) is followed, above 180 too.",
        "page_size": "Rows asked for at once, 1 to 500.",
        "messages": "needed: only to see whether low ratings were followed up; all: replies and notes of every changed ticket, "
        "one request each; none: never. Their text is not kept.",
        "message_limit": "With needed: for how many low ratings a pull looks for a follow-up.",
        "sla_limit": "For how many open tickets a pull asks when their promises are due; the rest waits for the next pull.",
        "api_keys": "true lists the account's API keys (name, owner, expiry), to find forgotten ones; the keys are dropped.",
        "sweep_days": "After how many days all ids of tickets are read, to see which were deleted; 0: never.",
        "zone": "The account's time zone, as Europe/Oslo; left out: the account is asked.",
        "region": "The country of telephone numbers without a country code: NO, ES, …; without it only numbers with + are told apart.",
        **{name: HELP[name] for name in ("overlap", "timeout_s", "ca_file")},
        "mapping": "Which field, tag or department tells priority, category, type, service and waiting states.",
    }

    def __post_init__(self) -> None:
        check_url(self.root, "https://ACCOUNT.ladesk.com")
        if not 1 <= self.requests_per_minute <= LIMIT:
            raise ValueError(_('requests_per_minute lies between 1 and 180; rate = "announced" may go above'))
        check_range(self, "page_size", 1, LARGEST_PAGE)
        if self.message_limit < 0 or self.sla_limit < 0:
            raise ValueError(_("message_limit and sla_limit are 0 or more"))
        check_range(self, "sweep_days", 0, 3650)
        check_range(self, "timeout_s", 1, 600)
        check_duration(self.overlap, "overlap")
        check_zone(self.zone)
        check_region(self.region)

    @property
    def root(self) -> str:
        """The account's address without the path of an API or of the agent panel."""
        return re.sub(r"(/api(/v\d+|/index\.php)?|/agent|/docs/api/v\d+)?/*(#.*|\?.*)?$", "", self.url.strip())

    @property
    def overlap_s(self) -> int:
        return seconds(self.overlap)
