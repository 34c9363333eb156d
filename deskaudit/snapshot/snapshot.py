"""The snapshot: a copy of the sources' rows that every check reads, published one generation at a time."""

import contextlib
import hashlib
import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import duckdb
import msgspec

from deskaudit.config import Config
from deskaudit.errors import SnapshotError
from deskaudit.i18n import _
from deskaudit.model.batches import PulledSource
from deskaudit.snapshot import leases, manifest
from deskaudit.snapshot.compaction import compact, keep_failed
from deskaudit.snapshot.derive import derive
from deskaudit.snapshot.hours import read_calendars
from deskaudit.snapshot.landing import Landing
from deskaudit.snapshot.leases import Lock
from deskaudit.snapshot.manifest import Manifest
from deskaudit.snapshot.reader import Reader
from deskaudit.snapshot.schema import connect


class Snapshot:
    """One folder with landed and published rows. It can be removed and pulled again."""

    def __init__(self, folder: Path, *, memory_limit: str = "400MB", threads: int = 2) -> None:
        self.folder = folder
        self._memory_limit = memory_limit
        self._threads = threads

    def manifest(self) -> Manifest | None:
        """What is published; None where nothing is."""
        return manifest.read(self.folder)

    def landing(self, source: str, type_: str, now: int, *, account: str = "", reading: str = "") -> Landing:
        """Begins the pull of a source, or goes on with the interrupted one. LockedError where another pulls it.

        `account`: which server and login it is (PulledSource.account); another one than before is pulled anew.
        `reading`: how its rows are read (PulledSource.reading); read another way, all come again.
        """
        published = self.manifest()
        known = published.sources.get(source) if published else None
        same = known is not None and known.type == type_ and known.account in {"", account}
        same = same and known is not None and known.reading in {"", reading}
        return Landing(
            self.folder / "landing" / source,
            source,
            type_,
            now,
            account=account,
            reading=reading,
            published=published.landings.get(source, "") if published else "",
            cursor=known.cursor if known and same else None,
        )

    def is_interrupted(self, source: str) -> bool:
        """Whether a pull of the source that did not end lies here: the next one goes on with it."""
        return self.interrupted_at(source) is not None

    def interrupted_at(self, source: str) -> int | None:
        """When the pull that lies interrupted here got as far as it did (epoch seconds); None: there is none."""
        folder = self.folder / "landing" / source
        try:
            moment = int((folder / "state.json").stat().st_mtime)
        except OSError:
            return None
        return None if leases.is_held(folder.with_suffix(".lock")) else moment  # held: it runs

    def publish(self, landings: Sequence[Landing], config: Config, now: int) -> Manifest:
        """Makes what has landed, and all that is derived from it, the generation that readers see.

        Sources that failed, or whose landing was never finished, keep the rows published last, marked as failed.
        A source that the config names no more goes. Where anything breaks, the last generation stays as it was.
        """
        with _whole_or_not(self.folder):
            manifest.make_folder(self.folder)
            lock = Lock(self.folder / "publish.lock", _("The snapshot {folder}").format(folder=self.folder), now)
        try:
            for landing in landings:
                landing.lock(now)
            with _whole_or_not(self.folder):
                return self._publish(landings, config, now)
        finally:
            lock.release()

    def open(self) -> Reader:
        """The generation in force. SnapshotError where there is none."""
        return Reader(self.folder, memory_limit=self._memory_limit, threads=self._threads)

    def _publish(self, landings: Sequence[Landing], config: Config, now: int) -> Manifest:
        read_calendars(config)  # a wrong calendar is said before anything is written
        before = self.manifest()
        leases.remove_strays(self.folder, before)
        fresh = Manifest(
            generation=before.generation + 1 if before else 1, made_at=now, config_hash=hash_config(config)
        )
        done = [landing for landing in landings if landing.state.finished and not landing.state.error]
        fresh.landings = (before.landings if before else {}) | {one.source: one.state.landing for one in done}
        connection = connect(
            memory_limit=self._memory_limit, threads=self._threads, spill=leases.spill_folder(self.folder)
        )
        try:
            fresh.sources = self._compact(connection, landings, before, fresh.generation, config, now)
            derive(connection, self.folder, fresh, config, now)
            manifest.retire(before, fresh, now)
            fresh.retired = leases.remove_old(self.folder, fresh, now)
            leases.create_lease(self.folder, fresh.generation)
            manifest.write(self.folder, fresh)
        except BaseException:
            leases.remove_strays(self.folder, self.manifest())
            raise
        finally:
            connection.close()
        for landing in done:
            landing.clear()
        return fresh

    def _compact(
        self,
        connection: duckdb.DuckDBPyConnection,
        landings: Sequence[Landing],
        before: Manifest | None,
        generation: int,
        config: Config,
        now: int,
    ) -> dict[str, PulledSource]:
        known = dict(before.sources) if before else {}
        if config.sources:
            landed = {landing.source for landing in landings}
            known = {name: source for name, source in known.items() if name in config.sources or name in landed}
        for landing in landings:
            earlier = known.get(landing.source)
            if landing.state.error or not landing.state.finished:
                error = landing.state.error or _("the pull was interrupted")
                known[landing.source] = keep_failed(landing, earlier, error)
            else:
                known[landing.source] = compact(connection, self.folder, landing, earlier, generation, now)
        return known


def hash_config(config: Config) -> str:
    """Of what the derived tables depend on."""
    return hashlib.blake2b(
        msgspec.json.encode([config.desk.zone, config.calendars], order="deterministic"), digest_size=16
    ).hexdigest()


def _errno(fault: OSError | duckdb.Error) -> int | None:
    """The system's own number of a fault; None where the engine found it in the files."""
    if isinstance(fault, OSError):
        return fault.errno
    number = re.search(r'"errno":"(\d{1,4})"', str(fault))
    return int(number[1]) if number else None


@contextlib.contextmanager
def _whole_or_not(folder: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, duckdb.Error) as fault:
        number = _errno(fault)
        reason = os.strerror(number) if number is not None else str(fault).splitlines()[0]
        if number is None and not isinstance(fault, duckdb.OutOfMemoryException):
            raise SnapshotError(
                _("The rows of earlier pulls in {folder} cannot be read: {reason}").format(
                    folder=folder, reason=reason
                ),
                hint=_("Remove the folder and pull again: it is a copy of your sources."),
            ) from fault
        remedy = _("Make room or choose another --data-dir.")
        if isinstance(fault, duckdb.OutOfMemoryException):
            remedy = _("Raise memory_limit under [audit] in the config.")
        raise SnapshotError(
            _("The snapshot in {folder} cannot be written: {reason}").format(folder=folder, reason=reason),
            hint=_("{remedy} The last published rows are untouched, what was pulled waits.").format(remedy=remedy),
        ) from fault
