"""config.toml: what can stand in it, and what it says of the sources."""

import hashlib
import json
import re
import tomllib
from datetime import date
from pathlib import Path
from typing import Any, ClassVar, Literal
from zoneinfo import ZoneInfo

import msgspec

from deskaudit.errors import ConfigError
from deskaudit.i18n import _
from deskaudit.secrets import SecretRef
from deskaudit.tomltables import OptionError, Options, in_words, place, read

ACCOUNT = ("url", "host", "port", "user", "portal", "portal_id", "data_centre")
READING = ("mapping", "levels", "tags", "zone", "region", "agent_roles")
"""Options that say which server and login a source's rows come from."""
USUAL_PORTS = {"http": ":80", "https": ":443"}
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
USUAL_HOURS = {"mon-fri": ["08:00-17:00"]}
"""What a calendar that states no hours is taken to keep."""
UNITS = {"m": 60, "h": 3600, "d": 86400, "w": 604800}
LONGEST_S = 100 * 366 * 86400
MOST_THREADS = 256
LEAST_MEMORY = 100_000_000  # bytes: with less the analysis breaks off


class _Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Root of all tables of the config. `help` has one sentence per key: config.example.toml is made from it."""

    help: ClassVar[dict[str, str]] = {}


class Desk(_Table, frozen=True, kw_only=True, forbid_unknown_fields=True):
    help: ClassVar[dict[str, str]] = {
        "name": "What the desk is called in reports.",
        "profile": "internal, or provider where customers pay: it changes what is expected of time and money.",
        "zone": "The desk's time zone; periods begin and end at its midnight.",
        "hash_key": "The key of the hashes that stand for people; left out: a file made once in the data folder.",
    }
    name: str = "Help desk"
    profile: Literal["internal", "provider"] = "internal"
    zone: str = "UTC"
    hash_key: SecretRef | None = None

    def __post_init__(self) -> None:
        _check_zone(self.zone)


class Calendar(_Table, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Opening hours. `hours` names days (mon … sun, or a span as "mon-fri") and their spans ("08:00-16:00")."""

    help: ClassVar[dict[str, str]] = {
        "zone": "The calendar's own zone, where it is not the desk's.",
        "hours": "Opening hours: days or spans of days, each with its spans of time, on quarter hours. Left out: mon-fri 08:00-17:00 are assumed, and business times say so.",
        "holidays": "Public holidays of a country or region, as NO, DE-BY; empty: none.",
        "closed": "Further closed days.",
        "departments": "Names of the departments that keep this calendar; all others keep the default one.",
    }

    zone: str | None = None  # default: the desk's
    hours: dict[str, list[str]] | None = None  # None: nobody has said them; USUAL_HOURS are assumed
    holidays: str = ""  # country, or country-region: "NO", "DE-BY"
    closed: list[str] = msgspec.field(default_factory=list)  # dates: "2026-12-24"
    departments: list[str] = msgspec.field(default_factory=list)  # names; the calendar `default` has all others

    def __post_init__(self) -> None:
        if self.zone is not None:
            _check_zone(self.zone)


class AuditOptions(_Table, frozen=True, kw_only=True, forbid_unknown_fields=True):
    help: ClassVar[dict[str, str]] = {
        "memory_limit": "How much memory the analysis may take; it goes to disk beyond that.",
        "threads": "How many processor cores it may take.",
        "check_seconds": "How long a check of your own (checks.d, or of a package) may take, in seconds.",
        "item_cap": "The most that one checklist item may weigh in the headline figures.",
        "fail_on": "What makes a scan end with exit code 1: warn, fail or never.",
    }
    memory_limit: str = "400MB"
    threads: int = 2
    check_seconds: int = 60
    item_cap: int = 24
    fail_on: Literal["warn", "fail", "never"] = "fail"

    def __post_init__(self) -> None:
        if not 1 <= self.threads <= MOST_THREADS:
            raise ValueError(_("threads is a number from 1 to {most}").format(most=MOST_THREADS))
        found = re.fullmatch(r"(\d+(?:\.\d+)?) ?([KMGT])i?B", self.memory_limit, re.IGNORECASE)
        if not found or float(found[1]) * 1000 ** ("KMGT".index(found[2].upper()) + 1) < LEAST_MEMORY:
            raise ValueError(
                _('memory_limit is "{text}"; write 100MB or more, as 400MB or 2GB').format(text=self.memory_limit)
            )
        if self.check_seconds < 1:
            raise ValueError(_("check_seconds is 1 or more"))
        if self.item_cap < 1:
            raise ValueError(_("item_cap is 1 or more"))


class Terminal(_Table, frozen=True, kw_only=True, forbid_unknown_fields=True):
    help: ClassVar[dict[str, str]] = {
        "theme": "A theme of the app, as ansi-dark; empty: chosen by the terminal.",
        "keys": "Other keys for the app's bindings, by their ids in docs/keys.md.",
    }
    theme: str = ""
    keys: dict[str, str] = msgspec.field(default_factory=dict)


class Config(_Table, frozen=True, kw_only=True, forbid_unknown_fields=True):
    desk: Desk = msgspec.field(default_factory=Desk)
    calendars: dict[str, Calendar] = msgspec.field(default_factory=lambda: {"default": Calendar()})
    audit: AuditOptions = msgspec.field(default_factory=AuditOptions)
    terminal: Terminal = msgspec.field(default_factory=Terminal)
    sources: dict[str, dict[str, Any]] = msgspec.field(default_factory=dict)


class SourceKeys(_Table, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What all sources share, beside the connector's own options."""

    help: ClassVar[dict[str, str]] = {
        "cadence": "How often it is meant to be pulled: 90m, 6h, 1d, 2w.",
        "archive": "For an old export that is kept on purpose: the last day it reaches. Its age is then not judged.",
        "enabled": "false: it stays in the config, and is not pulled.",
    }
    cadence: str = "1d"
    archive: date | None = None
    enabled: bool = True


class Source:
    """One `[sources.NAME]` table: the keys all sources share, and the connector's own options, not yet checked."""

    def __init__(self, name: str, table: dict[str, Any], file: Path) -> None:
        self.name = name
        self._file = file
        self._table = dict(table)
        if not re.fullmatch(r"[a-z][a-z0-9_-]{0,30}", name):
            raise self._error("", _("a source's name is small letters, digits, - and _"))
        self.type = self._take("type", str, "")
        if not self.type:
            raise self._error("type", _("it is missing: it names the connector, as liveagent or csv"))
        self.enabled = self._take("enabled", bool, True)
        try:
            self.cadence_s = seconds(self._take("cadence", str, "1d"), f"sources.{name}.cadence")
        except OptionError as fault:
            raise fault.at(file) from None
        if not self.cadence_s:
            raise self._error("cadence", _("it is no time at all; write 15m, 6h, 1d or 2w"))
        self.archive = self._take_day("archive")

    @property
    def account(self) -> str:
        """Which server and login the rows come from, as a hash: rows and cursors of another one are not mixed with them.

        "" where the table names none, as with files.
        """
        named = {key: _in_one_form(key, str(self._table[key])) for key in ACCOUNT if key in self._table}
        return hashlib.blake2b(json.dumps(named).encode(), digest_size=8).hexdigest() if named else ""

    def reading(self, zone: str) -> str:
        """How its rows are read, as a hash: rows that were read another way are read again. `zone`: the desk's."""
        said = {"zone": zone, **{key: self._table[key] for key in READING if key in self._table}}
        text = json.dumps(said, sort_keys=True, default=str)
        return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()

    def _take(self, key: str, kind: type, default: Any) -> Any:
        value = self._table.pop(key, default)
        if not isinstance(value, kind):
            raise self._error(key, _("expected {kind}").format(kind=kind.__name__))
        return value

    def _take_day(self, key: str) -> date | None:
        if (value := self._table.pop(key, None)) is None:
            return None
        try:
            return msgspec.convert(value, date)
        except msgspec.ValidationError as fault:
            raise self._error(key, in_words(str(fault))) from None

    def _error(self, key: str, what: str) -> ConfigError:
        dotted = f"sources.{self.name}" + (f".{key}" if key else "")
        return ConfigError(f"{place(self._file, dotted)}: {dotted}: {what}", hint=_("Correct it; nothing has run."))

    def read_options(self, struct: type[Options]) -> Options:
        """The connector's options, typed and checked."""
        return read(
            struct, self._table, self._file, f"sources.{self.name}", extra=("type", *SourceKeys.__struct_fields__)
        )


def _in_one_form(key: str, text: str) -> str:
    """An option of ACCOUNT: however an address is written, it is one server."""
    text = text.strip().rstrip("/")
    if key == "host":
        return text.lower()
    found = re.fullmatch(r"(https?)://([^/:@]+|\[[^]@]+\])(:\d+)?(/.*)?", text, re.IGNORECASE) if key == "url" else None
    if found is None:
        return text
    scheme, host, port, path = found[1].lower(), found[2].lower(), found[3] or "", found[4] or ""
    return f"{scheme}://{host}{'' if port == USUAL_PORTS[scheme] else port}{path}"


def seconds(text: str, key: str = "") -> int:
    """A duration: "90m", "15 min", "6h", "1 day", "2w". Raises OptionError."""
    match = re.fullmatch(r"(\d+)\s*(m|h|d|w|mins?|minutes?|hrs?|hours?|days?|weeks?)", text.strip().lower())
    if not match:
        raise OptionError(key, _('"{text}" is no duration; write 90m, 15 min, 6h, 1d or 2w.').format(text=text[:40]))
    found = int(match[1]) * UNITS[match[2][0]] if len(match[1]) <= len(str(LONGEST_S)) else LONGEST_S + 1
    if found > LONGEST_S:
        raise OptionError(key, _("{text} is longer than a hundred years.").format(text=text[:40]))
    return found


def load(file: Path) -> Config:
    """The config of a file. Everything that could be wrong in it is found here, before anything runs."""
    try:
        text = file.read_text(encoding="utf-8-sig")  # some editors begin the file with a byte-order mark
    except FileNotFoundError:
        raise ConfigError(
            _("There is no configuration at {file}.").format(file=file),
            hint=_("Make one: deskaudit init. Or look around first: deskaudit demo."),
        ) from None
    except IsADirectoryError:
        raise ConfigError(
            _("{file} is a folder, and no configuration.").format(file=file),
            hint=_("Name the file in it: --config {file}.").format(file=file / "config.toml"),
        ) from None
    except (OSError, UnicodeDecodeError) as fault:
        raise ConfigError(
            _("{file} cannot be read: {fault}.").format(file=file, fault=getattr(fault, "strerror", None) or fault),
            hint=_("It is a text file in UTF-8 that this user may read."),
        ) from None
    try:
        raw = tomllib.loads(text)
    except (ValueError, RecursionError) as fault:  # a number of thousands of digits, brackets in thousands of brackets
        raise ConfigError(
            _("{file} is not valid TOML: {fault}").format(file=file, fault=str(fault)[:300]),
            hint=_("Compare with: deskaudit init --example."),
        ) from None
    config = read(Config, raw, file, "")
    if "default" not in config.calendars:
        config = msgspec.structs.replace(config, calendars={"default": Calendar(), **config.calendars})
    return config


def sources(config: Config, file: Path) -> list[Source]:
    """The enabled sources, in the order of the file."""
    found = [Source(name, table, file) for name, table in config.sources.items()]
    return [source for source in found if source.enabled]


def _check_zone(name: str) -> None:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError(_('no time zone is called "{name}"; write one as Europe/Oslo').format(name=name)) from None
