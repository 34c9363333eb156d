"""Pulling: every source into the snapshot, each on its own feet."""

import time
from collections.abc import Callable, Iterator, Sequence

from deskaudit import connectors
from deskaudit.config import Config, Source
from deskaudit.errors import Cancelled, ConfigError, SourceError
from deskaudit.i18n import _
from deskaudit.model.batches import Want
from deskaudit.model.events import (
    AuditEvent,
    PullEstimated,
    PullFinished,
    PullProgressed,
    PullStarted,
    PullWarned,
    SnapshotDerived,
)
from deskaudit.model.periods import last_second
from deskaudit.snapshot import Landing, Snapshot
from deskaudit.snapshot.hours import read_calendars

HISTORY_DAYS = 460  # fifteen months: five quarters, so that a year can be compared with itself
BEHIND_S = 3600  # a pull that began longer ago has missed more than its next one is used to look back for


def pull(
    snapshot: Snapshot,
    sources: Sequence[Source],
    build: Callable[[Source], connectors.Connector],
    config: Config,
    *,
    now: Callable[[], int],
    cancelled: Callable[[], bool],
) -> Iterator[AuditEvent]:
    """Pulls the sources one after the other and publishes one new generation of the snapshot.

    A source that fails leaves the others alone and its last good rows visible; it is marked, and goes on next time
    where it stopped. One that goes on with a pull of long ago ends with what there was then, and is pulled once more.
    """
    read_calendars(config)  # configuration errors come before the first request
    built = [(source, build(source)) for source in sources]
    landings: list[Landing] = []
    try:
        for source, connector in built:
            reading = source.reading(config.desk.zone)
            landing = snapshot.landing(source.name, source.type, now(), account=source.account, reading=reading)
            landings.append(landing)
            yield PullStarted(source.name, source.type, landing.resumed)
            yield from _land(landing, source, connector, config.desk.zone, now, cancelled)
        started = time.monotonic()
        before = snapshot.manifest()
        manifest = snapshot.publish(landings, config, now())
        for name in before.sources if before else ():
            if name not in manifest.sources:
                yield PullWarned(name, _("it is in the config no more: its rows are gone from the snapshot"))
        for landing in landings:
            for problem in manifest.sources[landing.source].problems:
                if problem not in landing.state.problems:  # found by publishing: of a sweep, of backups
                    yield PullWarned(landing.source, f"{problem.resource}: {problem.message}")
            yield PullFinished(landing.source, manifest.sources[landing.source])
        yield SnapshotDerived(manifest.generation, time.monotonic() - started)
    finally:
        for landing in landings:
            landing.close()
    behind = [source for source, landing in zip(sources, landings, strict=True) if _is_behind(landing, now())]
    if behind:
        yield from pull(snapshot, behind, build, config, now=now, cancelled=cancelled)


def _is_behind(landing: Landing, now: int) -> bool:
    return landing.resumed and landing.state.error is None and now - landing.state.started_at > BEHIND_S


def _land(
    landing: Landing,
    source: Source,
    connector: connectors.Connector,
    zone: str,
    now: Callable[[], int],
    cancelled: Callable[[], bool],
) -> Iterator[AuditEvent]:
    want = Want(entities=connector.fills, since_at=now() - HISTORY_DAYS * 86400)
    error = None
    try:
        for batch in connector.pull(landing.cursor, want):
            landing.land(batch)
            if batch.estimate is not None and batch.estimate.requests is not None:
                yield PullEstimated(source.name, batch.estimate.requests, batch.estimate.seconds)
            for problem in batch.problems:
                yield PullWarned(source.name, f"{problem.resource}: {problem.message}")
            yield PullProgressed(source.name, batch.resource, landing.rows, batch.done, batch.total)
            _heed(cancelled, source)
        _heed(cancelled, source)  # a connector that was told to stop just ends: what it gave is not the whole
    except (SourceError, ConfigError) as fault:  # a secret, a file or a server that is not there: the others go on
        error = str(fault)
        yield PullWarned(source.name, error)
    archive_at = last_second(source.archive, zone) if source.archive else None
    landing.finish(cadence_s=source.cadence_s, archive_at=archive_at, error=error)


def _heed(cancelled: Callable[[], bool], source: Source) -> None:
    if cancelled():
        raise Cancelled(_("Stopped while pulling {source}.").format(source=source.name))
