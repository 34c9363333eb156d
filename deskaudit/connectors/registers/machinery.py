"""Registers of what runs: rules and their runs, integrations, monitors, keys, and how devices shall be set and linked."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any, ClassVar, Literal

import msgspec

from deskaudit.connectors.registers.entries import Entry, Links, Table, Test, check_filled, check_spans, proofs, span
from deskaudit.i18n import _
from deskaudit.model.entities import Component, Policy, Row, Stat
from deskaudit.text import one_line


class Runs(Table, frozen=True, kw_only=True, forbid_unknown_fields=True):
    on: date
    runs: int
    failures: int = 0

    help: ClassVar[dict[str, str]] = {
        "on": "The last day of the time that is counted.",
        "runs": "How often it ran in that time.",
        "failures": "How many of these runs failed.",
    }

    def __post_init__(self) -> None:
        if not 0 <= self.failures <= self.runs < 2**53:
            raise ValueError(_("failures lies between 0 and runs"))


class AutomationRule(Entry, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: str
    owner: str = ""
    active: bool = True
    version: str = ""
    last_ok: datetime | None = None
    runs: list[Runs] = msgspec.field(default_factory=list)
    tests: list[Test] = msgspec.field(default_factory=list)

    help: ClassVar[dict[str, str]] = {
        "name": "What the rule is called in the help desk software.",
        "owner": "Who answers for it: address or name.",
        "active": "false: it is switched off.",
        "version": "Its version.",
        "last_ok": "When it last ran well.",
        "runs": "How often it ran and failed, as you read it off now and then.",
        "tests": "How it was tried before and after it went live.",
    }
    example: ClassVar[dict[str, Any]] = {
        "name": "Route printer tickets",
        "owner": "kari@example.com",
        "active": True,
        "version": "2",
        "last_ok": datetime(2026, 3, 31, 16, 5),  # noqa: DTZ001 - as it stands in a file, in the desk's zone
        "runs": [{"on": date(2026, 3, 31), "runs": 412, "failures": 3}],
        "tests": [{"on": date(2026, 1, 20), "by": "ola@example.com", "result": "passed"}],
    }

    def __post_init__(self) -> None:
        check_filled(name=self.name)

    def rows(self, links: Links) -> Iterator[Row]:
        """The rule with its sums, and each reading as stats rule_runs and rule_failures about its name."""
        about = links.id("policy", "rule", self.name)
        yield Policy(
            id=about,
            kind="rule",
            name=one_line(self.name, 120),
            owner_id=links.agent(self.owner),
            active=self.active,
            version=self.version or None,
            last_ok_at=links.at(self.last_ok),
            runs=sum(one.runs for one in self.runs) if self.runs else None,
            failures=sum(one.failures for one in self.runs) if self.runs else None,
        )
        for one in self.runs:
            for name, value in (("rule_runs", one.runs), ("rule_failures", one.failures)):
                yield Stat(
                    id=links.id("stat", name, self.name, one.on),
                    name=name,
                    about=one_line(self.name, 120),
                    happened_at=links.at(one.on, ends=True),
                    value=float(value),
                )
        yield from proofs(links, "tested", self.name, about, self.tests)


class Integration(Entry, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: str
    owner: str = ""
    active: bool = True
    required: bool = False
    version: str = ""
    supported: bool | None = None
    every: str = ""
    last_ok: datetime | None = None
    runs: int | None = None
    failures: int | None = None
    credentials_expire: date | None = None

    may_lie_ahead: ClassVar[frozenset[str]] = frozenset({"credentials_expire"})
    help: ClassVar[dict[str, str]] = {
        "name": "What is connected, as CRM to help desk.",
        "owner": "Who answers for it: address or name.",
        "active": "false: it is switched off.",
        "required": "Whether the desk needs it.",
        "version": "The version in use.",
        "supported": "Whether both makers support that version; left out: nobody knows.",
        "every": "How often it should run: 15m, 1d.",
        "last_ok": "When it last ran well.",
        "runs": "How often it ran since it was last looked at.",
        "failures": "How many of these runs failed.",
        "credentials_expire": "When its key or password runs out.",
    }
    example: ClassVar[dict[str, Any]] = {
        "name": "CRM contacts",
        "owner": "kari@example.com",
        "active": True,
        "required": True,
        "version": "4.2",
        "supported": True,
        "every": "1d",
        "last_ok": datetime(2026, 3, 31, 2, 0),  # noqa: DTZ001 - as it stands in a file, in the desk's zone
        "runs": 90,
        "failures": 1,
        "credentials_expire": date(2026, 12, 31),
    }

    def __post_init__(self) -> None:
        check_filled(name=self.name)
        check_spans(every=self.every)

    def rows(self, links: Links) -> Iterator[Row]:
        yield Policy(
            id=links.id("policy", "integration", self.name),
            kind="integration",
            name=one_line(self.name, 120),
            owner_id=links.agent(self.owner),
            active=self.active,
            required=self.required,
            version=self.version or None,
            supported=self.supported,
            every_s=span(self.every),
            last_ok_at=links.at(self.last_ok),
            runs=self.runs,
            failures=self.failures,
            expires_at=links.at(self.credentials_expire, ends=True),
        )


class Monitor(Entry, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: str
    every: str
    owner: str = ""
    active: bool = True
    last_ok: datetime | None = None

    help: ClassVar[dict[str, str]] = {
        "name": "What is watched, and by what.",
        "every": "How often it should report: 5m, 1d.",
        "owner": "Who answers for it: address or name.",
        "active": "false: it is switched off.",
        "last_ok": "When it last reported.",
    }
    example: ClassVar[dict[str, Any]] = {
        "name": "Mail gateway, by the monitoring server",
        "every": "5m",
        "owner": "kari@example.com",
        "active": True,
        "last_ok": datetime(2026, 3, 31, 16, 0),  # noqa: DTZ001 - as it stands in a file, in the desk's zone
    }

    def __post_init__(self) -> None:
        check_filled(name=self.name)
        check_spans(every=self.every)

    def rows(self, links: Links) -> Iterator[Row]:
        yield Policy(
            id=links.id("policy", "monitor", self.name),
            kind="monitor",
            name=one_line(self.name, 120),
            owner_id=links.agent(self.owner),
            active=self.active,
            every_s=span(self.every),
            last_ok_at=links.at(self.last_ok),
        )


class Key(Entry, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: str
    scope: Literal["read", "write"]
    owner: str = ""
    needs_write: bool = False
    active: bool = True
    last_used: date | None = None
    expires: date | None = None

    may_lie_ahead: ClassVar[frozenset[str]] = frozenset({"expires"})
    help: ClassVar[dict[str, str]] = {
        "name": "What the API key is called; never the key itself.",
        "scope": "read or write: what it may do.",
        "owner": "Who answers for it: address or name.",
        "needs_write": "Whether its purpose needs writing.",
        "active": "false: it was revoked.",
        "last_used": "When it was last used.",
        "expires": "When it runs out.",
    }
    example: ClassVar[dict[str, Any]] = {
        "name": "deskaudit",
        "scope": "read",
        "owner": "kari@example.com",
        "needs_write": False,
        "active": True,
        "last_used": date(2026, 3, 31),
        "expires": date(2026, 12, 31),
    }

    def __post_init__(self) -> None:
        check_filled(name=self.name)

    def rows(self, links: Links) -> Iterator[Row]:
        """The key; `required` says whether its scope is needed."""
        yield Policy(
            id=links.id("policy", "api_key", self.name),
            kind="api_key",
            name=one_line(self.name, 120),
            scope=self.scope,
            owner_id=links.agent(self.owner),
            active=self.active,
            required=self.scope == "read" or self.needs_write,
            last_ok_at=links.at(self.last_used),
            expires_at=links.at(self.expires, ends=True),
        )


class Setting(Entry, frozen=True, kw_only=True, forbid_unknown_fields=True):
    device: str
    key: str
    wanted: str
    critical: bool = False
    approved: bool = True

    help: ClassVar[dict[str, str]] = {
        "device": "The machine, by the name, serial number or tag that the asset list tells it by.",
        "key": "The setting.",
        "wanted": "What it shall be.",
        "critical": "Whether the audit fails where it differs.",
        "approved": "Whether somebody has approved this value.",
    }
    example: ClassVar[dict[str, Any]] = {
        "device": "fw-1",
        "key": "ssh.permit_root_login",
        "wanted": "no",
        "critical": True,
        "approved": True,
    }

    def __post_init__(self) -> None:
        check_filled(device=self.device, key=self.key)

    def rows(self, links: Links) -> Iterator[Row]:
        yield Component(
            id=links.id("component", "setting", self.device, self.key),
            asset_id=links.asset(self.device),
            device=one_line(self.device, 120),
            kind="setting",
            name=one_line(self.key, 120),
            wanted=one_line(self.wanted),
            critical=self.critical,
            approved=self.approved,
        )


class Ports(Entry, frozen=True, kw_only=True, forbid_unknown_fields=True):
    device: str
    open: list[str]

    help: ClassVar[dict[str, str]] = {
        "device": "The machine, by the name, serial number or tag that the asset list tells it by.",
        "open": "The ports that may be open, as 443/tcp; all others are findings.",
    }
    example: ClassVar[dict[str, Any]] = {"device": "web-1", "open": ["22/tcp", "443/tcp"]}

    def __post_init__(self) -> None:
        check_filled(device=self.device)
        for port in self.open:
            check_port(port)

    def rows(self, links: Links) -> Iterator[Row]:
        for port in dict.fromkeys(self.open):
            yield Component(
                id=links.id("component", "allowed", self.device, port),
                asset_id=links.asset(self.device),
                device=one_line(self.device, 120),
                kind="service",
                name=port,
                wanted="open",
                approved=True,
            )


class Link(Entry, frozen=True, kw_only=True, forbid_unknown_fields=True):
    origin: str = msgspec.field(name="from")
    to: str
    port: str
    critical: bool = False

    help: ClassVar[dict[str, str]] = {
        "origin": "The machine that connects.",
        "to": "The machine that it shall reach, by the name, serial number or tag that the asset list tells it by.",
        "port": "The port there, as 443/tcp.",
        "critical": "Whether the audit fails where it is closed.",
    }
    example: ClassVar[dict[str, Any]] = {"from": "app-1", "to": "db-1", "port": "5432/tcp", "critical": True}

    def __post_init__(self) -> None:
        check_filled(to=self.to, **{"from": self.origin})
        check_port(self.port)

    def rows(self, links: Links) -> Iterator[Row]:
        """A component of the machine that is reached: `name` the port, `value` the machine that connects."""
        yield Component(
            id=links.id("component", "link", self.origin, self.to, self.port),
            asset_id=links.asset(self.to),
            device=one_line(self.to, 120),
            kind="link",
            name=self.port,
            value=one_line(self.origin, 120),
            wanted="open",
            critical=self.critical,
        )


def check_port(text: str) -> None:
    """Raises ValueError for what is no port, as scans name them."""
    number, _slash, protocol = text.partition("/")
    if protocol not in {"tcp", "udp", "sctp"} or not (
        number.isascii() and number.isdigit() and 0 < int(number[:6]) < 65536
    ):
        raise ValueError(_('"{text}" is no port; write it as 443/tcp').format(text=text[:40]))
