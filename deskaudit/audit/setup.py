"""Setting a desk up: a source is drafted, knocked at, looked into, and only then written to config.toml.

The command line and the app both work through these. A secret is held in memory until the draft is saved, then it
goes into the keyring; the file only ever names where it is.
"""

import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import msgspec

from deskaudit import configfile, connectors, secrets, tomltables
from deskaudit.audit import opening
from deskaudit.audit.desk import knock
from deskaudit.config import USUAL_HOURS, Source
from deskaudit.errors import Cancelled, ConfigError, DeskauditError
from deskaudit.i18n import _
from deskaudit.model.batches import Probe, Problem, Reject, Want
from deskaudit.model.entities import Row, entity_of

if TYPE_CHECKING:
    from deskaudit.audit.desk import Desk
    from deskaudit.connectors.recognition import Specimen
    from deskaudit.connectors.registers.entries import Clock

SAMPLE_ROWS = 400  # a look is over with so many rows
SHOWN_ROWS = 10  # of each entity
SAMPLE_TICKETS = 200  # a mapping is proposed from so many


class ConnectorLine(msgspec.Struct, frozen=True, kw_only=True):
    """An installed connector. `fault`: why it cannot be used; "" where it can."""

    name: str
    title: str = ""
    fills: tuple[str, ...] = ()
    tested: str = ""
    options: type[msgspec.Struct] | None = None
    fault: str = ""


class Draft:
    """A source as it is being set up. `was`: what the config says of it now; None: it is new."""

    def __init__(self, name: str, table: dict[str, Any], was: Mapping[str, Any] | None = None) -> None:
        self.name = name
        self.table = table
        self.was = was
        self.secrets: dict[str, secrets.Secret] = {}  # name in the keyring → what will be stored there

    def source(self, file: Path) -> Source:
        """Raises ConfigError for a name or a shared key that is wrong."""
        return Source(self.name, self.table, file)


class Sample(msgspec.Struct, kw_only=True):
    """What a source gave when it was looked into; nothing of it is kept."""

    rows: dict[str, list[Row]] = msgspec.field(default_factory=dict)  # entity → its first rows
    counts: dict[str, int] = msgspec.field(default_factory=dict)  # entity → rows that were looked at
    problems: list[Problem] = msgspec.field(default_factory=list)
    rejects: list[Reject] = msgspec.field(default_factory=list)
    whole: bool = False  # the source has no more than that
    mapping: dict[str, Any] = msgspec.field(default_factory=dict)  # what the tickets let one propose
    reasons: list[str] = msgspec.field(default_factory=list)  # why, in words
    preview: list[dict[str, str]] = msgspec.field(default_factory=list)  # what it would make of some tickets


def known_connectors() -> list[ConnectorLine]:
    """Every installed connector by name; one that is broken says so and leaves the rest alone."""
    return [known_connector(name) for name in sorted(connectors.available())]


def known_connector(name: str) -> ConnectorLine:
    """One connector; a line with its fault where it is not there or broken."""
    try:
        one = connectors.load(name)
        fills = tuple(sorted(one.fills))
        return ConnectorLine(name=name, title=one.title, fills=fills, tested=one.tested, options=one.options)
    except Exception as fault:  # noqa: BLE001 - whatever a plugin does
        return ConnectorLine(name=name, title=name, fault=str(fault))


def new_name(kind: str, taken: Mapping[str, Any]) -> str:
    """A name for a source of a type: the type, with a number where it is taken."""
    if kind not in taken:
        return kind
    return next(f"{kind}-{n}" for n in range(2, len(taken) + 3) if f"{kind}-{n}" not in taken)


def probe(desk: "Desk", draft: Draft, cancelled: Callable[[], bool]) -> Probe:
    """Knocks. What is wrong with the draft is told as a Probe too."""
    return knock(lambda: _build(desk, draft, cancelled))


def look(desk: "Desk", draft: Draft, cancelled: Callable[[], bool]) -> Sample:
    """The first rows as deskaudit would see them, and for ticket sources a mapping. Raises DeskauditError."""
    from deskaudit.audit.pull import HISTORY_DAYS

    connector = _build(desk, draft, cancelled)
    sample = Sample(whole=True)
    want = Want(entities=connector.fills, since_at=desk.now() - HISTORY_DAYS * 86400)
    pulling = connector.pull(None, want)
    known: dict[str, dict[int, Row]] = {}  # entity → id → the last row of it, as a snapshot keeps them
    looked_at = 0
    try:
        for batch in pulling:
            for row in batch.rows:
                known.setdefault(entity_of(row), {})[row.id] = row
            looked_at += len(batch.rows)
            sample.problems += list(batch.problems)[:SHOWN_ROWS]
            sample.rejects += list(batch.rejects)[:SHOWN_ROWS]
            if cancelled():
                raise Cancelled(_("Stopped while looking at {source}.").format(source=draft.name))
            if looked_at >= SAMPLE_ROWS:
                sample.whole = False
                break
    finally:
        getattr(pulling, "close", lambda: None)()
    sample.counts = {entity: len(rows) for entity, rows in known.items()}
    sample.rows = {entity: list(rows.values())[:SHOWN_ROWS] for entity, rows in known.items()}
    _propose(desk, draft, connector, sample)
    return sample


def _propose(desk: "Desk", draft: Draft, connector: connectors.Connector, sample: Sample) -> None:
    """The latest tickets, and a mapping from what they hold, where the source can show some."""
    from deskaudit.connectors import proposals

    configured = getattr(draft.source(desk.paths.config).read_options(type(connector).options), "mapping", None)
    if not isinstance(connector, proposals.Samples):
        sample.reasons.append(proposals.why_none(connector, configured, source=draft.name))
        return
    try:
        seen = connector.sample(SAMPLE_TICKETS)
    except Cancelled:
        raise
    except DeskauditError as fault:  # the rows stand all the same
        sample.problems.append(Problem("mapping", fault.message))
        return
    if seen:
        sample.rows["ticket"] = [one.ticket for one in seen[:SHOWN_ROWS]]
        sample.counts["ticket"] = len(seen)
    proposal = proposals.propose(seen, configured, source=draft.name)
    sample.mapping = proposal.proposed()
    sample.reasons = [f"{part.name}: {part.why}" for part in proposal.parts]
    sample.preview = proposals.preview(seen, proposal.mapping)
    if said := opening.doubt((one.ticket for one in seen), desk.config):
        sample.reasons.append(said)


def desk_table(desk: "Desk") -> dict[str, Any]:
    """What `opening.DeskSetup` reads, as far as the config says it, with the usual hours and this machine's zone."""
    tables = configfile.read_tables(desk.paths.config)
    own = tables.get("desk", {})
    own = own if isinstance(own, dict) else {}
    if isinstance(tables.get("calendars"), dict):
        return dict(own)  # the hours are said already, in a way that one line may not have
    usual = {"zone": opening.local_zone(), "hours": opening.show_hours(USUAL_HOURS)}
    return {**usual, **own}


def save_desk(desk: "Desk", table: Mapping[str, Any]) -> None:
    """Writes `[desk]`, and its hours where the table says them. Raises ConfigError."""
    file = desk.paths.config
    own = {key: value for key, value in table.items() if key not in {"hours", "holidays"}}
    if own.keys() != table.keys():
        calendar = tomltables.read(opening.DeskSetup, dict(table), file, "desk").calendar()
        configfile.put_table(file, ("calendars", "default"), calendar, was=None)
    was = configfile.read_tables(file).get("desk")
    configfile.put_table(file, ("desk",), own, was=was)
    desk.forget_config()


def save(desk: "Desk", draft: Draft) -> None:
    """Secrets into the keyring, then the table into config.toml. Raises ConfigError; then nothing is in the file."""
    file = desk.paths.config
    source = draft.source(file)
    source.read_options(connectors.load(source.type).options)
    named = set(_keyring_names(draft.table))
    for name, value in draft.secrets.items():
        if name in named:
            secrets.store_in_keyring(name, value)
    configfile.put_table(file, ("sources", draft.name), draft.table, was=draft.was)
    draft.secrets.clear()
    draft.was = dict(draft.table)
    desk.forget_config()


def register_folders(desk: "Desk") -> dict[str, Path]:
    """Source → the folder of its registers, for every source of that type. A wrong one is skipped: its test says why."""
    found = {}
    for name, table in desk.config.sources.items():
        folder = table.get("folder", "registers")
        if table.get("type") == "registers" and isinstance(folder, str) and "\0" not in folder:
            found[name] = desk.paths.config.parent / Path(folder).expanduser()
    return found


def register_clock(desk: "Desk", source: str) -> "Clock":
    """By which the days of a source's registers are told from those that lie ahead, as its pull tells them."""
    from deskaudit.connectors.registers.entries import Clock

    zone = desk.config.sources[source].get("zone")
    try:
        return Clock(ZoneInfo(zone or desk.config.desk.zone), desk.now())
    except (KeyError, ValueError, TypeError, OSError):  # a zone that its test refuses
        return Clock(ZoneInfo(desk.config.desk.zone), desk.now())


def make_registers(desk: "Desk", folder: str) -> list[Path]:
    """Writes the commented examples that are not there; where no source reads registers, one is added. ConfigError."""
    from deskaudit.connectors.registers.examples import write_examples

    made = write_examples(desk.paths.config.parent / Path(folder).expanduser())
    if not register_folders(desk):
        name = new_name("registers", desk.config.sources)
        configfile.put_table(desk.paths.config, ("sources", name), {"type": "registers", "folder": folder}, was=None)
        desk.forget_config()
    return made


def remove(desk: "Desk", name: str) -> list[str]:
    """Takes a source out of config.toml. Its rows stay in the snapshot until the next pull, its audits for good.

    Gives the names in the keyring that it alone referred to: what lies there is of no use to this desk any more.
    """
    file = desk.paths.config
    was = configfile.read_tables(file).get("sources", {}).get(name)
    if was is None:
        raise ConfigError(_("There is no source {name} in {file}.").format(name=name, file=file))
    configfile.cut_table(file, ("sources", name), was=was)
    desk.forget_config()
    left = set(_keyring_names(configfile.read_tables(file)))
    return [found for found in dict.fromkeys(_keyring_names(was)) if found not in left]


class Detected(msgspec.Struct, frozen=True, kw_only=True):
    """A source that reads a file.

    `lines`: why, and what else was found; `open`: what only the user knows; `fault`: what has to be filled in first.
    """

    type: str
    title: str
    options: Mapping[str, Any]
    lines: tuple[str, ...]
    open: tuple[str, ...] = ()
    fault: str = ""

    @property
    def table(self) -> dict[str, Any]:
        """The source's table, as the config would read it."""
        found: dict[str, Any] = tomllib.loads(self.section("x"))["sources"]["x"]
        return found

    def section(self, name: str) -> str:
        """`[sources.NAME]` as text, ready to be pasted."""
        import tomlkit
        from tomlkit.items import Table

        table = tomlkit.table()
        table.add("type", self.type)
        if isinstance(self.options, Table):  # it has comments
            for key, item in self.options.value.body:
                table.append(key, item)
        else:
            for name_of, value in self.options.items():
                table.add(name_of, configfile.as_item(value))
        sources, document = tomlkit.table(is_super_table=True), tomlkit.document()
        sources.add(name, table)
        document.add("sources", sources)
        return tomlkit.dumps(document)


def detect(desk: "Desk", file: Path) -> tuple[list[Detected], list[str]]:
    """Who reads a file, and what is to be said where nobody does. Raises SourceError where it cannot be read."""
    from deskaudit.connectors import recognition

    specimen = recognition.Specimen(file, desk.paths.config.parent, now=desk.now())
    found, notes = recognition.recognise(specimen)
    every = [
        Detected(
            type=one.type,
            title=one.title,
            options=one.likeness.options,
            lines=(one.likeness.why, *one.likeness.lines),
            open=one.likeness.open,
            fault=one.fault,
        )
        for one in found
    ]
    return every or _unknown_table(specimen, notes), notes


def _unknown_table(specimen: "Specimen", notes: list[str]) -> list[Detected]:
    """A table that nobody knows, as a source of tickets whose columns the user has to name."""
    from deskaudit.connectors.csvfile import detection, proposal

    finding = detection.examine(specimen) if specimen.looks_like_table else None
    if finding is None:
        return []
    title = connectors.load("csv").title
    lines = (notes[-1], *proposal.describe(finding))
    return [Detected(type="csv", title=title, options=proposal.options(finding), lines=lines, fault=notes[-1])]


def add_detected(desk: "Desk", detected: Detected, name: str) -> None:
    """Adds the section to the config; all that is there stays as it is. Raises ConfigError and writes nothing else."""
    file = desk.paths.config
    if not file.exists():
        raise ConfigError(
            _("There is no configuration at {file}.").format(file=file), hint=_("Make one: deskaudit init.")
        )
    if name in configfile.read_tables(file).get("sources", {}):
        raise ConfigError(
            _("{file} has a source {name} already.").format(file=file, name=name),
            hint=_("Choose another name, or edit that section."),
        )
    source = Source(name, detected.table, file)
    source.read_options(connectors.load(source.type).options)
    configfile.add_section(file, ("sources", name), detected.section(name))
    desk.forget_config()


def _keyring_names(value: Any) -> list[str]:
    """Names of the keyring that a table refers to, however deep."""
    if isinstance(value, dict):
        own = [value["keyring"]] if set(value) == {"keyring"} and isinstance(value["keyring"], str) else []
        return own + [name for part in value.values() for name in _keyring_names(part)]
    return [name for part in value for name in _keyring_names(part)] if isinstance(value, list) else []


def _build(desk: "Desk", draft: Draft, cancelled: Callable[[], bool]) -> connectors.Connector:
    return desk.build(draft.source(desk.paths.config), cancelled, held=draft.secrets)
