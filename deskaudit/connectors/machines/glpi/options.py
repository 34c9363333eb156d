"""What the config may say about a GLPI source."""

import re
from typing import ClassVar

import msgspec

from deskaudit.connectors.access import HELP, check_range, check_url
from deskaudit.connectors.machines.states import check_states
from deskaudit.connectors.tabular.dates import check_zone
from deskaudit.i18n import _
from deskaudit.secrets import SecretRef

LARGEST = 990
"""GLPI's own Accept-Range."""


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The options of a source of type `glpi`."""

    help: ClassVar[dict[str, str]] = {
        "url": "The address of the server, as https://glpi.example.org; its REST API (Setup, General, API) must be on.",
        "user_token": "The API token of a user whose profile may read assets in all entities, and nothing else.",
        "app_token": "The application token, where the server wants one.",
        "itemtypes": "The kinds of things to read: Computer, NetworkEquipment, Printer, Phone, Peripheral, Monitor.",
        "states": "The desk's statuses for a state = active, spare, retired or lost.",
        "zone": "The server's time zone, as Europe/Oslo; left out: the desk's.",
        "page_size": "Rows asked for at once, 1 to 990.",
        **{name: HELP[name] for name in ("requests_per_minute", "timeout_s", "ca_file")},
    }

    url: str
    user_token: SecretRef
    app_token: SecretRef | None = None
    itemtypes: list[str] = msgspec.field(default_factory=lambda: ["Computer", "NetworkEquipment", "Printer", "Phone"])
    states: dict[str, str] = msgspec.field(default_factory=dict)
    zone: str = ""
    requests_per_minute: int = 120
    page_size: int = 200
    timeout_s: int = 60
    ca_file: str | None = None

    def __post_init__(self) -> None:
        check_url(self.url, "https://glpi.example.org")
        check_range(self, "requests_per_minute", 1, 600)
        check_range(self, "page_size", 1, LARGEST)
        check_range(self, "timeout_s", 1, 600)
        check_states(self.states)
        check_zone(self.zone)
        if not self.itemtypes:
            raise ValueError(_("itemtypes names nothing"))
        for name in self.itemtypes:
            if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]{1,60}", name):
                raise ValueError(_('"{name}" is no itemtype; write Computer, Printer, …').format(name=name))

    @property
    def root(self) -> str:
        return re.sub(r"(/(apirest|api)\.php.*)?/*$", "", self.url.strip()) + "/apirest.php"
