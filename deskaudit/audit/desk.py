"""A desk that is open: its config, its sources, its snapshot and its results, behind one object for both fronts."""

import time
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from deskaudit import config as configuration
from deskaudit import connectors, secrets
from deskaudit.audit import lock, plan, provenance
from deskaudit.audit.fields import PATHS
from deskaudit.audit.plan import Plan
from deskaudit.checks import catalogue
from deskaudit.config import Config, Source
from deskaudit.errors import Cancelled, ConfigError, DeskauditError
from deskaudit.i18n import _
from deskaudit.model.batches import Probe, PulledSource
from deskaudit.model.events import AuditEvent, PullWaited
from deskaudit.paths import Paths
from deskaudit.store import Store
from deskaudit.tomltables import OptionError

if TYPE_CHECKING:
    from deskaudit.snapshot import Snapshot


def knock(build: Callable[[], connectors.Connector]) -> Probe:
    """What a source says when it is built and asked; what keeps it from being asked at all is told as a Probe too.

    Raises Cancelled.
    """
    try:
        connector = build()
        found = connector.probe()
    except Cancelled:
        raise
    except DeskauditError as fault:
        return Probe(reachable=False, asked=False, message=fault.message, hint=fault.hint)
    names = {field.encode_name for field in msgspec.structs.fields(type(connector).options)}
    is_file = bool(PATHS & names) and "url" not in names
    return msgspec.structs.replace(found, asked=False) if is_file and not found.reachable else found


def _never() -> bool:
    return False


def _unheard(_event: AuditEvent) -> None:
    """Nobody listens to what cannot wait for its turn."""


def _state_of(file: Path) -> tuple[int, int]:
    """What tells that a file was written anew; of none, what no file has."""
    try:
        facts = file.stat()
    except OSError:
        return (0, -1)
    return facts.st_mtime_ns, facts.st_size


class Desk:
    """Everything a front needs. Parts open when they are first used."""

    def __init__(self, paths: Paths, *, now: Callable[[], int] = lambda: int(time.time())) -> None:
        self.paths = paths
        self.now = now
        self._config_state: tuple[int, int] | None = None

    @cached_property
    def config(self) -> Config:
        return configuration.load(self.paths.config)

    @cached_property
    def sources(self) -> list[Source]:
        return configuration.sources(self.config, self.paths.config)

    @cached_property
    def catalogue(self) -> catalogue.Catalogue:
        return catalogue.load(self.paths.config.parent / "checks.d")

    @cached_property
    def store(self) -> Store:
        self.paths.make()
        return Store.open(self.paths.database)

    @cached_property
    def records(self) -> Store:
        """The results to look at: nothing is made, and where nothing may be written they are read all the same."""
        return self.store if "store" in self.__dict__ else Store.open(self.paths.database, reading=True)

    @cached_property
    def snapshot(self) -> "Snapshot":
        from deskaudit.snapshot import Snapshot

        self.paths.make()
        options = self.config.audit
        return Snapshot(self.paths.snapshot, memory_limit=options.memory_limit, threads=options.threads)

    def close(self) -> None:
        for name in ("store", "records"):
            if name in self.__dict__:
                self.__dict__[name].close()

    def source(self, name: str) -> Source:
        found = next((source for source in self.sources if source.name == name), None)
        if found is None:
            raise ConfigError(
                _("There is no source {name}.").format(name=name),
                hint=_("Configured: {names}.").format(names=", ".join(s.name for s in self.sources) or _("none")),
            )
        return found

    def forget_config(self) -> None:
        """The file has changed: it is read again when it is next asked for."""
        for name in ("config", "sources"):
            self.__dict__.pop(name, None)
        self._config_state = _state_of(self.paths.config)

    def notice_config(self) -> bool:
        """Whether the file is another one than when this was last asked: then it is read anew.

        Raises ConfigError, once, where it is wrong by now: what was read before still counts.
        """
        before, self._config_state = self._config_state, _state_of(self.paths.config)
        if before is None or before == self._config_state:
            return False
        fresh = configuration.load(self.paths.config)
        configuration.sources(fresh, self.paths.config)
        self.forget_config()
        return True

    def build(
        self,
        source: Source,
        cancelled: Callable[[], bool] = _never,
        *,
        heard: Callable[[AuditEvent], None] = _unheard,
        held: Mapping[str, secrets.Secret] | None = None,
    ) -> connectors.Connector:
        """The connector of a source. `held`: secrets that are not in the keyring yet, by their names there."""
        self.paths.make()
        context = connectors.Context(
            source.name,
            self.paths.config.parent,
            now=self.now,
            hash_key=secrets.hash_key(self.config.desk.hash_key, self.paths.hash_key),
            cancelled=cancelled,
            waiting=lambda seconds: heard(PullWaited(source.name, seconds)),
            zone=self.config.desk.zone,
            held=held,
        )
        return connectors.build(source, context)

    def check_calendars(self) -> None:
        """Raises ConfigError, with file and line, for opening hours that cannot be understood."""
        from deskaudit.snapshot.hours import read_calendars

        try:
            read_calendars(self.config)
        except OptionError as fault:
            raise fault.at(self.paths.config) from None

    def plan(self, **words: Any) -> Plan:
        """See `deskaudit.audit.plan.make`."""
        return plan.make(self.config, now=self.now(), **words)

    def run(
        self, what: Plan, cancelled: Callable[[], bool] = _never, heard: Callable[[AuditEvent], None] = _unheard
    ) -> Iterator[AuditEvent]:
        """The main job. Each result is committed before its event is yielded.

        `heard` is given what is true only before the next event comes: that a source makes the pull wait.
        """
        plan.checks_of(what, self.catalogue)  # an unknown name is told before anything is pulled
        from deskaudit.audit import run

        with lock.hold(self._lock(), "an audit"):
            if what.pull:
                yield from self._pull(what.sources, cancelled, heard)
            yield from run.run(self, what, cancelled)

    def pull(
        self,
        names: tuple[str, ...] = (),
        cancelled: Callable[[], bool] = _never,
        heard: Callable[[AuditEvent], None] = _unheard,
    ) -> Iterator[AuditEvent]:
        """The sources of these names, or all. `heard`: as in `run`."""
        with lock.hold(self._lock(), "a pull"):
            yield from self._pull(names or None, cancelled, heard)

    def test_source(self, name: str, cancelled: Callable[[], bool] = _never) -> Probe:
        """Knocks at one source. What is wrong with its configuration is told as a Probe too."""
        return knock(lambda: self.build(self.source(name), cancelled))

    def pulled(self) -> dict[str, PulledSource]:
        """What the snapshot holds of each source, those too that the config names no more; {} before the first pull."""
        manifest = self.snapshot.manifest()
        known = {} if manifest is None else manifest.sources
        return provenance.as_configured(known, self.config, self.paths.config)

    def frozen_file(self, audit_id: int) -> Path:
        return self.paths.judged / f"audit-{audit_id}.parquet"

    def _lock(self) -> Path:
        self.paths.make()
        return self.paths.lock

    def _pull(
        self, names: tuple[str, ...] | None, cancelled: Callable[[], bool], heard: Callable[[AuditEvent], None]
    ) -> Iterator[AuditEvent]:
        from deskaudit.audit import pull

        self.check_calendars()
        chosen = self.sources if names is None else [self.source(name) for name in names]
        yield from pull.pull(
            self.snapshot,
            chosen,
            lambda source: self.build(source, cancelled, heard=heard),
            self.config,
            now=self.now,
            cancelled=cancelled,
        )
