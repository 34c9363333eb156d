"""`type = "snipeit"`: the assets of a Snipe-IT server, page by page, the archived ones too.

The list has an order that stands (by id), because the usual one (newest first) moves while it is read. Errors come
with HTTP 200 as {"status": "error"}; texts come as HTML; dates come as objects. Custom fields hold what Snipe-IT has
no field for (MAC, IP, host name, operating system): `fields` says which.
"""

import re
from collections.abc import Iterator
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

import msgspec

from deskaudit.connectors import Context, knocking
from deskaudit.connectors.access import HELP, check_range, check_url, find_key, open_client
from deskaudit.connectors.faults import Fault
from deskaudit.connectors.http import Answer, Client, HttpError
from deskaudit.connectors.lists import losses
from deskaudit.connectors.machines.hosts import mac_vendor, os_family
from deskaudit.connectors.machines.keys import Keys, full_name, host_of, own_addresses, split_addresses
from deskaudit.connectors.machines.machinewords import os_version
from deskaudit.connectors.machines.places import Place
from deskaudit.connectors.machines.states import StateWords, check_states, name_owner
from deskaudit.connectors.machines.webtext import told
from deskaudit.connectors.pace import RateLimit, Timing
from deskaudit.connectors.tabular.cells import Words
from deskaudit.connectors.tabular.dates import DateReader, check_zone
from deskaudit.connectors.tabular.headers import fold
from deskaudit.i18n import _
from deskaudit.model.batches import Batch, Cursor, Estimate, Probe, Problem, Reject, Want
from deskaudit.model.entities import Asset, Component
from deskaudit.secrets import Secret, SecretRef
from deskaudit.text import one_line

LARGEST = 500
ALL = frozenset({"asset", "component"})
LISTS = ("", "Archived")
MOST_ROWS = 2_000_000
FIELDS = {  # model field → usual names of the custom field, folded
    "name": ("hostname", "computername", "devicename"),
    "fqdn": ("fqdn", "dnsname"),
    "ip": ("ipaddress", "ip", "ipv4"),
    "mac": ("macaddress", "mac", "ethernetmac", "lanmac", "wifimac"),
    "uuid": ("uuid", "systemuuid"),
    "os": ("operatingsystem", "os"),
    "os_version": ("osversion", "operatingsystemversion"),
    "encrypted": ("encrypted", "diskencryption", "encryption"),
    "critical": ("critical",),
    "personal_data": ("personaldata",),
    "approved": ("approved",),
}

FLAGS = frozenset({"encrypted", "critical", "personal_data", "approved"})


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The options of a source of type `snipeit`."""

    help: ClassVar[dict[str, str]] = {
        "url": "The address of the server, as https://assets.example.org.",
        "token": "A personal access token of a user who may view assets and nothing else.",
        "archived": "false leaves archived assets out; they count as retired, and a scan that sees one says so.",
        "fields": "Model field = the custom field that holds it: name, fqdn, ip, mac, uuid, os, os_version, encrypted, critical, "
        "personal_data, approved. Usual names are known.",
        "states": "The desk's status labels for a state = active, spare, retired or lost.",
        "flags": "Words in yes-or-no custom fields = true or false.",
        "zone": "The server's time zone, as Europe/Oslo; left out: the desk's.",
        "requests_per_minute": "Never more than this in any 60 seconds; Snipe-IT grants 120.",
        "page_size": "Assets asked for at once, 1 to 500.",
        **{name: HELP[name] for name in ("timeout_s", "ca_file")},
    }

    url: str
    token: SecretRef
    archived: bool = True
    fields: dict[str, str] = msgspec.field(default_factory=dict)
    states: dict[str, str] = msgspec.field(default_factory=dict)
    flags: dict[str, bool] = msgspec.field(default_factory=dict)
    zone: str = ""
    requests_per_minute: int = 100
    page_size: int = 200
    timeout_s: int = 60
    ca_file: str | None = None

    def __post_init__(self) -> None:
        check_url(self.url, "https://assets.example.org")
        check_range(self, "requests_per_minute", 1, 600)
        check_range(self, "page_size", 1, LARGEST)
        check_range(self, "timeout_s", 1, 600)
        check_states(self.states)
        check_zone(self.zone)
        for field in self.fields:
            if field not in FIELDS:
                raise ValueError(
                    _('fields knows no "{name}"; write one of {known}').format(name=field, known=", ".join(FIELDS))
                )

    @property
    def root(self) -> str:
        return re.sub(r"(/api(/v\d+)?)?/*$", "", self.url.strip()) + "/api/v1"


class SnipeIt:
    """Assets, and when their warranty ends. Read-only: every request is a GET. `timing` is for tests."""

    name: ClassVar[str] = "snipeit"
    title: ClassVar[str] = "Snipe-IT"
    options: ClassVar[type[Options]] = Options
    fills: ClassVar[frozenset[str]] = ALL
    tested: ClassVar[str] = "fixture: a server made from the published transformer of Snipe-IT 8; no live server"

    def __init__(self, options: Options, context: Context, *, timing: Timing | None = None) -> None:
        self._options = options
        self._context = context
        self._timing = timing or Timing()

    def probe(self) -> Probe:
        """Asks for one asset."""
        try:
            with self._client() as client:
                _rows, total = self._page(client, "", 0, 1, retries=0)
        except HttpError as fault:
            return knocking.refused(fault, {"asset": fault.message})
        return Probe(
            reachable=True,
            authorised=True,
            modules={"asset": "ok"},
            message=_("{n} assets that are not archived.").format(n=total),
        )

    def pull(self, cursor: Cursor | None, want: Want) -> Iterator[Batch]:
        """All assets. A pull that was stopped goes on at its page. Raises SourceError, SecretError or Cancelled."""
        wanted = ALL & want.entities
        lists = LISTS if self._options.archived else LISTS[:1]
        place = Place.resume(cursor, len(lists))
        maker = _Maker(self._options, self._context, place)
        with self._client() as client:
            first, back = place.is_first, 1 if place.start else 0
            before: list[Any] = []
            while place.which < len(lists):
                rows, total = self._page(client, lists[place.which], place.start - back, self._options.page_size)
                if back and not place.is_behind(rows):
                    maker.place = place = Place()
                    back = 0
                    continue
                rows, back = rows[back:], 0
                if place.start and rows == before:  # the server pays no heed to the offset
                    total, rows = max(total, place.start + len(rows)), []
                before = rows
                made, rejects = maker.make(rows, wanted)
                estimate = Estimate(-(-total // self._options.page_size), None) if first else None
                first = False
                place.take(rows)
                if not rows or place.start >= total:
                    maker.judge(place.start, total)
                    place.enter_next()
                done = place.which == len(lists)
                yield Batch(
                    rows=made,
                    cursor={} if done else place.cursor(),
                    resource="asset",
                    done=place.seen,
                    total=max(total, place.seen),
                    rejects=rejects,
                    problems=maker.problems() if done else (),
                    present={entity: ids for entity, ids in maker.ids(made).items() if entity in wanted},
                    swept=wanted if done and maker.is_whole else frozenset(),
                    estimate=estimate,
                )

    def _client(self) -> Client:
        token = find_key(self._options.token, "token", self._context)
        return open_client(
            self._options.root,
            self._options,
            self._context,
            limit=RateLimit(
                self._options.requests_per_minute,
                timing=self._timing,
                cancelled=self._context.cancelled,
                waiting=self._context.waiting,
            ),
            timing=self._timing,
            headers={"Authorization": Secret(f"Bearer {token.reveal()}"), "Accept": "application/json"},
            secrets=(token,),
        )

    def _page(
        self, client: Client, status: str, offset: int, size: int, retries: int | None = None
    ) -> tuple[list[Any], int]:
        """Rows, and how many there are in all."""
        params: dict[str, str | int | Secret] = {"limit": size, "offset": offset, "sort": "id", "order": "asc"}
        if status:
            params["status"] = status
        answer = client.get("/hardware", params, accept=_complain, judge=_judge, retries=retries).json()
        return answer["rows"], min(answer["total"], MOST_ROWS)


def _judge(answer: Answer) -> Fault | None:
    """Errors that come with HTTP 200."""
    if not 200 <= answer.status < 300:
        return None
    try:
        body = answer.json()
    except ValueError:
        return None
    if not isinstance(body, dict) or body.get("status") != "error":
        return None
    message = body.get("messages")
    said = told(message) or one_line(message, 160)
    refused = re.search(r"unauthori|permission|forbidden|insufficient", said.casefold())
    return Fault(
        "forbidden" if refused else "bad_answer",
        _("the server refuses: {said}").format(said=one_line(said, 160)),
        hint=_("Give the token's user the permission to view assets.") if refused else _("See the server's log."),
    )


def _complain(answer: Answer) -> str | None:
    try:
        body = answer.json()
    except ValueError as fault:
        return _("no list of assets: {why}.").format(why=fault)
    if not isinstance(body, dict) or not isinstance(body.get("rows"), list):
        return _("no list of assets: it has no rows.")
    total = body.get("total")
    if type(total) is not int or total < 0:
        return _("no list of assets: it has no total.")
    if total < len(body["rows"]):
        return _("no list of assets: of {total} it has {n}.").format(total=total, n=len(body["rows"]))
    return None


class _Maker:
    """Rows of the API become assets."""

    def __init__(self, options: Options, context: Context, place: Place) -> None:
        self._context = context
        self.place = place
        self._states = StateWords(options.states)
        self._words = Words(options.flags)
        self._keys = Keys()
        self._dates = DateReader("ymd", ZoneInfo(options.zone or context.zone))
        self._latest = context.now() + 86400
        self._own = {field: fold(name) for field, name in options.fields.items()}
        self._ids: set[int] = set()

    def make(self, rows: list[Any], wanted: frozenset[str]) -> tuple[list[Asset | Component], list[Reject]]:
        made: list[Asset | Component] = []
        rejects: list[Reject] = []
        for number, row in enumerate(rows, start=1):
            key = told(row.get("id")) if isinstance(row, dict) else ""
            if not key:
                rejects.append(Reject(_("row {n} of a page").format(n=number), _("it is no asset: it has no id")))
                self.place.bad += 1
                continue
            asset = self._asset(row, key)
            if asset.id in self._ids:  # a server whose list shows archived assets has them in both lists
                continue
            self._ids.add(asset.id)
            self.place.seen += 1
            found: list[Asset | Component] = [asset, *self._warranty(row, asset.id)]
            made += [one for one in found if ("asset" if isinstance(one, Asset) else "component") in wanted]
        return made, rejects

    def ids(self, made: list[Asset | Component]) -> dict[str, list[int]]:
        return {
            "asset": [one.id for one in made if isinstance(one, Asset)],
            "component": [one.id for one in made if isinstance(one, Component)],
        }

    @property
    def is_whole(self) -> bool:
        return not self.place.lost and not self._losses()

    def judge(self, read: int, total: int) -> None:
        if read < total:
            self.place.lost.append(_("{n} of {total} assets came").format(n=read, total=total))

    def problems(self) -> list[Problem]:
        found = [*self._keys.problems(), *self._states.problems(self._context.source)]
        found += [Problem("asset", message, ("asset", "component")) for message in self.place.lost]
        return found + self._losses()

    def _losses(self) -> list[Problem]:
        return losses("asset", ("asset", "component"), (), (self.place.seen + self.place.bad, self.place.bad))

    def _asset(self, row: dict[str, Any], key: str) -> Asset:
        custom = self._custom(row)
        name = host_of(custom["name"] or told(row.get("name")))
        fqdn = full_name(name, custom["fqdn"])
        addresses = own_addresses(split_addresses(custom["ip"]))
        system = one_line(custom["os"], 120) or None
        mac = self._keys.mac(custom["mac"])
        owner = row.get("assigned_to") if isinstance(row.get("assigned_to"), dict) else {}
        is_user = told(owner.get("type")) == "user" if owner else False
        return Asset(
            id=self._context.key("asset", key),
            ext_id=one_line(told(row.get("asset_tag")) or key, 80),
            origin="cmdb",
            name=one_line(name or fqdn.partition(".")[0] or told(row.get("asset_tag")), 120) or None,
            fqdn=one_line(fqdn, 200) or None,
            ip=addresses[0] if addresses else None,
            addresses=" ".join(addresses) or None,
            mac=mac,
            mac_vendor=mac_vendor(mac) if mac else None,
            serial=self._keys.serial(told(row.get("serial"))),
            uuid=self._keys.uuid(custom["uuid"]),
            os=system,
            os_family=os_family(system),
            os_version=one_line(custom["os_version"], 60) or os_version(system),
            owner=name_owner(told(owner.get("email")) or told(owner.get("name")), self._context)
            if is_user and owner
            else None,
            department=self._place(row, owner if not is_user else None),
            approved=self._flag(custom["approved"]),
            critical=self._flag(custom["critical"]),
            personal_data=self._flag(custom["personal_data"]),
            encrypted=self._flag(custom["encrypted"]),
            state=self._state(row),
            updated_at=self._time(row.get("last_audit_date")) or self._time(row.get("updated_at")),
        )

    def _custom(self, row: dict[str, Any]) -> dict[str, str]:
        """Model field → what its custom field says."""
        raw = row.get("custom_fields")
        by_name: dict[str, str] = {}
        for label, one in raw.items() if isinstance(raw, dict) else ():
            value = one.get("value") if isinstance(one, dict) else one
            if isinstance(value, dict):
                value = value.get("date") or value.get("datetime") or value.get("formatted")
            plain = "0" if str(value).strip() == "0" else told(value)  # in a field of yes or no, 0 is no
            plain = re.sub(r"<[^>]*>", " ", plain)  # a field of Markdown comes as HTML
            by_name.setdefault(fold(told(label)), " ".join(plain.split()))
        found = {
            field: next((text for name in self._names(field, usual) if (text := by_name.get(name))), "")
            for field, usual in FIELDS.items()
        }
        return {field: "" if said == "0" and field not in FLAGS else said for field, said in found.items()}

    def _names(self, field: str, usual: tuple[str, ...]) -> tuple[str, ...]:
        return (self._own[field],) if field in self._own else usual

    def _place(self, row: dict[str, Any], holder: dict[str, Any] | None) -> str | None:
        for part in (holder, row.get("location"), row.get("rtd_location"), row.get("company")):
            if isinstance(part, dict) and (text := told(part.get("name"))):
                return one_line(text, 120)
        return None

    def _state(self, row: dict[str, Any]) -> str | None:
        """The label where the desk says what it means or it is a usual word; else what Snipe-IT makes of it."""
        found = (row.get(key) for key in ("status_label", "status"))
        label: dict[str, Any] = next((one for one in found if isinstance(one, dict)), {})
        meta, kind = told(label.get("status_meta")).casefold(), told(label.get("status_type")).casefold()
        if "archived" in {meta, kind}:
            return self._states.known(told(label.get("name"))) or "retired"
        if meta == "deployed":
            return "active"
        return self._states.known(told(label.get("name"))) or self._states.read(meta or kind)

    def _flag(self, text: str) -> bool | None:
        try:
            return self._words.read(text) if text else None
        except ValueError:
            return None

    def _time(self, value: Any) -> int | None:
        """Epoch seconds of a date object, {"datetime": …} or {"date": …} in the server's zone; `formatted` is for people."""
        text = told(value.get("datetime") or value.get("date")) if isinstance(value, dict) else told(value)
        try:
            seconds = self._dates.read(text) if text else None
        except (ValueError, OverflowError):
            return None
        return None if seconds is None or seconds > self._latest else int(seconds)

    def _warranty(self, row: dict[str, Any], asset: int) -> list[Component]:
        """When the warranty ends; 0 months and no months both mean that nobody knows."""
        expires = row.get("warranty_expires")
        months = re.match(r"\d+", told(row.get("warranty_months")))
        if not isinstance(expires, dict) or not months or int(months[0][:4]) == 0:
            return []
        text = told(expires.get("date") or expires.get("datetime"))
        try:
            seconds = self._dates.read(text) if text else None
        except (ValueError, OverflowError):
            return []
        if seconds is None:
            return []
        return [
            Component(
                id=self._context.key("component", f"{asset}\x1fwarranty"),
                asset_id=asset,
                kind="setting",
                name="warranty",
                expires_at=int(seconds),
            )
        ]
