"""What the config may say about a ServiceDesk Plus source."""

import re
from typing import ClassVar, Literal

import msgspec

from deskaudit.config import seconds
from deskaudit.connectors.access import HELP, check_duration, check_range, check_url
from deskaudit.connectors.mapping import TicketMapping
from deskaudit.connectors.phones import check_region
from deskaudit.i18n import _
from deskaudit.secrets import SecretRef

LARGEST_PAGE = 100
"""The vendor's limit of row_count."""
CLOUD_LIMIT, HOUSE_LIMIT = 10, 60
"""Requests a minute. The vendor's own numbers are not public; one cloud account was throttled at 20 a minute."""
FASTEST = 600

CENTRES: dict[str, tuple[str, str]] = {
    "us": ("https://sdpondemand.manageengine.com", "https://accounts.zoho.com"),
    "eu": ("https://sdpondemand.manageengine.eu", "https://accounts.zoho.eu"),
    "in": ("https://sdpondemand.manageengine.in", "https://accounts.zoho.in"),
    "au": ("https://servicedeskplus.net.au", "https://accounts.zoho.com.au"),
    "cn": ("https://servicedeskplus.cn", "https://accounts.zoho.com.cn"),
    "jp": ("https://servicedeskplus.jp", "https://accounts.zoho.jp"),
    "ca": ("https://servicedeskplus.ca", "https://accounts.zohocloud.ca"),
    "uk": ("https://servicedeskplus.uk", "https://accounts.zoho.uk"),
    "sa": ("https://servicedeskplus.sa", "https://accounts.zoho.sa"),
    "ae": ("https://servicedeskplus.ae", "https://accounts.zoho.ae"),
}
"""Data centre → address of the product, address of the accounts server."""


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The options of a source of type `servicedeskplus`."""

    url: str = ""
    portal: str = ""
    portal_id: str = ""
    authtoken: SecretRef | None = None
    key_header: Literal["authtoken", "TECHNICIAN_KEY"] = "authtoken"
    data_centre: Literal["", "us", "eu", "in", "au", "cn", "jp", "ca", "uk", "sa", "ae"] = ""
    accounts_host: str = ""
    client_id: str = ""
    client_secret: SecretRef | None = None
    refresh_token: SecretRef | None = None
    requests_per_minute: int = 0
    page_size: int = LARGEST_PAGE
    worklog_limit: int = 500
    worklog_days: int = 190
    overlap: str = "15m"
    sweep: str = "7d"
    region: str = ""
    timeout_s: int = 60
    ca_file: str | None = None
    mapping: TicketMapping = msgspec.field(default_factory=TicketMapping)

    ways: ClassVar[tuple[tuple[str, ...], ...]] = (
        ("url", "authtoken"),
        ("data_centre", "client_id", "client_secret", "refresh_token"),
    )
    help: ClassVar[dict[str, str]] = {
        "url": "On-premises: the server, as https://sdp.example.org:8080. Cloud: an address of your own, if you have one. "
        "Only this machine itself may be spoken to without TLS.",
        "portal": "The name of the portal (instance) in the address, as itdesk in /app/itdesk; left out: the default one.",
        "portal_id": "On-premises with several portals: the number that goes in the header PORTALID.",
        "authtoken": "On-premises: the key of a technician with read rights (Admin, Technicians, Generate API key).",
        "key_header": "The header for the key: authtoken, or TECHNICIAN_KEY for older servers.",
        "data_centre": "Cloud: where the account lies: us, eu, in, au, cn, jp, ca, uk, sa or ae.",
        "accounts_host": "Cloud: the accounts server that gives out tokens, if it is not the data centre's usual one "
        "(Canada has had two: accounts.zohocloud.ca and accounts.zoho.ca).",
        "client_id": "Cloud: the id of the client made in Zoho's API console.",
        "client_secret": "Cloud: that client's secret.",
        "refresh_token": "Cloud: a refresh token with the scopes SDPOnDemand.requests.READ, .setup.READ, .solutions.READ, "
        ".assets.READ, .problems.READ and .changes.READ. Access tokens are kept in memory alone.",
        "requests_per_minute": "Never more than this in any 60 seconds; 0: 10 for the cloud, 60 on-premises.",
        "page_size": "Rows asked for at once, 1 to 100.",
        "worklog_limit": "For about how many changed requests a pull reads the time entries, one request each; the rest waits "
        "for the next pull. 0: none. Read are those of the request itself, not of its tasks, nor of problems and changes.",
        "worklog_days": "How far back the first pull reads time entries: two quarters, if nothing else is said.",
        "sweep": "How often all ids are listed to find deleted requests, as 7d; empty: never.",
        "region": "The country of telephone numbers without a country code: NO, ES, …; without it only numbers with + are told apart.",
        **{name: HELP[name] for name in ("overlap", "timeout_s", "ca_file")},
        "mapping": "Which field tells priority, category, type, service and waiting states.",
    }

    def __post_init__(self) -> None:
        self._check_kind()
        check_url(self.root)
        if self.cloud:
            check_url(self.accounts, name="accounts_host")
        if self.portal and not re.fullmatch(r"[\w.-]+", self.portal):
            raise ValueError(_("portal is the name alone, as itdesk in /app/itdesk"))
        if self.portal_id and not re.fullmatch(r"\d{1,19}", self.portal_id):
            raise ValueError(_("portal_id is a number"))
        check_range(self, "requests_per_minute", 0, FASTEST)
        check_range(self, "page_size", 1, LARGEST_PAGE)
        if self.worklog_limit < 0:
            raise ValueError(_("worklog_limit is 0 or more"))
        check_range(self, "worklog_days", 1, 3660)
        check_range(self, "timeout_s", 1, 600)
        check_region(self.region)
        check_duration(self.overlap, "overlap")
        check_duration(self.sweep or None, "sweep")

    @property
    def cloud(self) -> bool:
        return self.authtoken is None

    @property
    def root(self) -> str:
        """The server's address, without the paths of portal and API."""
        found = self.url.strip() or CENTRES.get(self.data_centre, ("", ""))[0]
        return re.sub(r"(/app/[^/?#]*)?(/api(/v3)?)?/*$", "", found)

    @property
    def desk(self) -> str:
        """The address of the portal, below which the API and the pages lie."""
        named = self.portal or next(iter(re.findall(r"/app/([\w.-]+)", self.url)), "")
        return f"{self.root}/app/{named}" if named else self.root

    @property
    def accounts(self) -> str:
        """The accounts server's address."""
        found = self.accounts_host.strip() or CENTRES.get(self.data_centre, ("", ""))[1]
        return (found if "://" in found else f"https://{found}").rstrip("/")

    @property
    def per_minute(self) -> int:
        return self.requests_per_minute or (CLOUD_LIMIT if self.cloud else HOUSE_LIMIT)

    @property
    def overlap_s(self) -> int:
        return seconds(self.overlap)

    @property
    def sweep_s(self) -> int | None:
        return seconds(self.sweep) if self.sweep else None

    def _check_kind(self) -> None:
        grant = (self.client_id, self.client_secret, self.refresh_token)
        if self.authtoken is not None:
            if any(grant) or self.data_centre or self.accounts_host:
                raise ValueError(
                    _("authtoken is for a server on-premises, client_id and data_centre are for the cloud")
                )
            if not self.url.strip():
                raise ValueError(_("url is missing: the address of the server"))
            return
        if not all(grant):
            raise ValueError(
                _("set authtoken (on-premises), or client_id, client_secret and refresh_token together (cloud)")
            )
        if not self.data_centre and not (self.url.strip() and self.accounts_host.strip()):
            raise ValueError(_("data_centre is missing; or set url and accounts_host"))
