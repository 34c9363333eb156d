"""What is known of the exports of known programs: one TOML file each. A preset fills what the user did not set.

A preset is data: columns with the names they were seen under, words, marks of absence. A column that a file does not
have is left out; a column that the user names must be there. Zones and the order of day and month are no preset's affair.
"""

import difflib
import functools
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, ClassVar, Literal

import msgspec

from deskaudit import tomltables
from deskaudit.connectors.csvfile.options import CHANNELS, MAPPED, Columns, CsvOptions, Log, Ratings
from deskaudit.connectors.mapping import Presence, Rule, TicketMapping
from deskaudit.connectors.tabular.headers import Wish, fold
from deskaudit.errors import ConfigError
from deskaudit.i18n import _

FOLDER = Path(__file__).parent
PAIRS = {"first_response_at": "first_response_after", "resolved_at": "resolved_after"}
"""The same in two ways: the time itself goes before the time it took."""


class Preset(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One program's export. The keys from `columns` on are those of a csv source."""

    title: str
    tested: str
    notes: str
    marks: list[str]  # column names by which this export is known, written exactly so
    columns: dict[str, list[str]]  # model field → names of its column, the usual one first
    also: dict[str, list[str]] = {}  # other names of columns that rules and fields speak of
    shape: Literal["tickets", "events"] = "tickets"
    mapping: TicketMapping = TicketMapping()
    channels: dict[str, str] = {}
    flags: dict[str, bool] = {}
    nobody: list[str] = []
    fields: list[str] = []
    missing: list[str] = []
    label_separator: str = ""
    duration_unit: Literal["", "s", "m", "h", "d"] = ""
    ratings: Ratings = Ratings()
    log: Log = Log()
    dates: str | list[str] = "auto"
    delimiter: str = "auto"
    quote: str = '"'

    help: ClassVar[dict[str, str]] = {}

    def __post_init__(self) -> None:
        for field, names in self.columns.items():
            if field not in Columns.__struct_fields__:
                raise ValueError(_('"{name}" is none of the columns').format(name=field))
            if not names:
                raise ValueError(_("columns.{name} has no name").format(name=field))
        for needed in ("key", "created_at" if self.shape == "tickets" else "happened_at"):
            if needed not in self.columns:
                raise ValueError(_("columns.{name} is needed").format(name=needed))
        for channel in self.channels.values():
            if channel not in CHANNELS:
                raise ValueError(_('"{value}" is no channel').format(value=channel))

    def names(self, column: str) -> tuple[str, ...]:
        """A column of a rule, with its other names."""
        return (column, *self.also.get(column, ()))


@functools.cache
def load() -> Mapping[str, Preset]:
    """Name → preset, all checked. Raises ConfigError that names file and key."""
    return {file.stem: read(file) for file in sorted(FOLDER.glob("*.toml"))}


def read(file: Path) -> Preset:
    """One preset, checked like a config."""
    try:
        raw = tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as fault:
        raise ConfigError(_("{file} is not valid TOML: {fault}").format(file=file, fault=fault)) from None
    return tomltables.read(Preset, raw, file, "")


def check_name(name: str) -> None:
    """Raises ValueError for a name that no preset has."""
    known = [file.stem for file in sorted(FOLDER.glob("*.toml"))]
    if name not in known:
        near = difflib.get_close_matches(name, known, n=1)
        raise ValueError(
            _('no preset is called "{name}"').format(name=name)
            + (_("; did you mean {near}?").format(near=near[0]) if near else "")
            + _(" Known: {names}.").format(names=", ".join(known))
        )


def settle_text(options: CsvOptions, preset: Preset) -> CsvOptions:
    """The options with the preset's delimiter and quote, where the user set none: they are needed before the header."""
    delimiter = preset.delimiter if options.delimiter == "auto" else options.delimiter
    return msgspec.structs.replace(
        options, delimiter=delimiter, quote=preset.quote if options.quote == '"' else options.quote
    )


def wishes(options: CsvOptions, preset: Preset) -> list[Wish]:
    """The columns to look for: the user's, which must be there, and the preset's, which may."""
    own = set(options.all_fields().values())
    found = [Wish(name) for name in own]
    time = "created_at" if _shape(options, preset) == "tickets" else "happened_at"
    for field, names in preset.columns.items():
        if getattr(options.columns, field) is None and names[0] not in own:
            found.append(Wish(names[0], tuple(names[1:]), needed=field in {"key", time}))
    ruled = [column for column in [*_rule_columns(preset.mapping), *preset.fields] if column not in own]
    return [*found, *(Wish(column, tuple(preset.also.get(column, ())), needed=False) for column in ruled)]


def fill(options: CsvOptions, preset: Preset, present: Iterable[str]) -> CsvOptions:
    """The options with the preset's values where the user set none; of its columns only those that are `present`."""
    there = set(present)
    columns = _columns(options, preset, there)
    mapping = _mapping(options, preset, columns, there)
    changes: dict[str, Any] = {
        "preset": "",
        "columns": Columns(**columns),
        "mapping": mapping,
        "shape": _shape(options, preset),
        "fields": list(dict.fromkeys([*options.fields, *(name for name in preset.fields if name in there)])),
        "channels": {**preset.channels, **options.channels},
        "flags": {**preset.flags, **options.flags},
        "nobody": list(dict.fromkeys([*options.nobody, *preset.nobody])),
        "missing": list(dict.fromkeys([*options.missing, *preset.missing])),
    }
    plain = msgspec.structs.replace(options, preset="", columns=Columns(**columns), shape=changes["shape"])
    for name in ("label_separator", "duration_unit", "ratings", "log", "dates"):
        if getattr(options, name) == getattr(CsvOptions(path="x", columns=plain.columns, shape=plain.shape), name):
            changes[name] = getattr(preset, name)
    return msgspec.structs.replace(options, **changes)


def _columns(options: CsvOptions, preset: Preset, there: set[str]) -> dict[str, str]:
    own = {name: column for name in Columns.__struct_fields__ if (column := getattr(options.columns, name)) is not None}
    mapped = {name for name in MAPPED if getattr(options.mapping, name) is not None}
    found = {
        field: names[0] for field, names in preset.columns.items() if names[0] in there and field not in {*own, *mapped}
    }
    for time, lasted in PAIRS.items():
        if time in own or lasted in own:
            found.pop(time, None)
            found.pop(lasted, None)
        elif time in found:
            found.pop(lasted, None)
    return {**found, **own}


def _mapping(options: CsvOptions, preset: Preset, columns: dict[str, str], there: set[str]) -> TicketMapping:
    """Rule by rule: the user's, else the preset's where its column is there. Status words are joined."""
    rules: dict[str, Any] = {"statuses": {**preset.mapping.statuses, **options.mapping.statuses}}
    for name in TicketMapping.__struct_fields__:
        own, ours = getattr(options.mapping, name), getattr(preset.mapping, name)
        if name == "statuses":
            continue
        usable = isinstance(ours, Rule | Presence) and (ours.field is None or ours.field in there)
        rules[name] = own if own is not None else ours if usable and not getattr(options.columns, name, None) else None
        if name in MAPPED and rules[name] is not None and own is None:
            columns.pop(name, None)
    return TicketMapping(**rules)


def _shape(options: CsvOptions, preset: Preset) -> Literal["tickets", "events"]:
    return preset.shape if options.shape == "tickets" else options.shape


def _rule_columns(mapping: TicketMapping) -> list[str]:
    rules = (getattr(mapping, name) for name in TicketMapping.__struct_fields__)
    return [rule.field for rule in rules if isinstance(rule, Rule | Presence) and rule.field is not None]


def known_columns(preset: Preset) -> set[str]:
    """All names that a preset knows, folded."""
    ruled = [name for column in [*_rule_columns(preset.mapping), *preset.fields] for name in preset.names(column)]
    return {fold(name) for names in preset.columns.values() for name in names} | {fold(name) for name in ruled}
