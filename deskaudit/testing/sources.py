"""What the author of a connector gives to its contract: sources of all kinds, and facts about them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar

from deskaudit.config import Source
from deskaudit.connectors import Connector, Context
from deskaudit.model.batches import Want
from deskaudit.testing import pulls, texts
from deskaudit.testing.demands import demand, skip
from deskaudit.testing.pulls import SOURCE, Pulled

DAY = 86400
HOUR = 3600


class Sources:
    """Derive from it; give `connector` and `source`, and as many of the other sources as your connector can have.

    A rule whose source is not given is skipped, and says so. All sources are made in `folder`, an empty folder of the
    test's own, and return the options as they would stand in config.toml (without `type`).
    """

    connector: ClassVar[type[Connector]]
    now: ClassVar[int] = 1_772_452_800  # 2026-03-02 12:00 UTC; what the source tells lies before it
    history_days: ClassVar[int] = 460
    hidden: ClassVar[Sequence[str]] = ()  # secrets, and people's addresses and numbers, that your source has in it
    hostile_texts: ClassVar[Sequence[str]] = texts.HOSTILE  # fewer, where your source cannot carry them all
    large_rows: ClassVar[tuple[int, int]] = (6_000, 12_000)
    bytes_per_row: ClassVar[int] = 600  # a list of all rows takes more; a set of their keys, less
    lacks: ClassVar[frozenset[str]] = frozenset()  # entities that it fills, and that `source` has no row of
    time_field: ClassVar[str] = "ticket.created_at"  # where the times of `times` arrive

    def source(self, folder: Path) -> dict[str, Any]:
        """A small source in which all is well, with rows of each entity that the connector fills."""
        raise NotImplementedError(f"{type(self).__name__} needs a method source(folder) that gives options")

    def later(self, folder: Path) -> dict[str, Any]:
        """The source of `source(folder)`, in the same folder, an hour later: with something new and something changed.

        Let one of the new things bear the time that the newest had before: a cursor that stands one too far loses it.
        """
        del folder
        skip("later(folder): the same source an hour later, with something new, and something changed")

    def broken(self, folder: Path) -> Mapping[str, dict[str, Any]]:
        """Sources that are missing, cut off, empty, or something else altogether, by what is wrong with each."""
        del folder
        skip("broken(folder): sources with something wrong, by what it is")

    def hostile(self, folder: Path, hostile: Sequence[str]) -> dict[str, Any]:
        """The source with each of these texts in some row, wherever a person could write it."""
        del folder, hostile
        skip("hostile(folder, texts): the source with these texts in it")

    def large(self, folder: Path, rows: int) -> dict[str, Any]:
        """A source of about so many rows."""
        del folder, rows
        skip("large(folder, rows): a source of so many rows")

    def times(self, folder: Path, local: Sequence[datetime]) -> dict[str, Any]:
        """A source whose things have these times, one each, written without an offset. Options that name no zone."""
        del folder, local
        skip("times(folder, local): needed where the source writes times without an offset")

    def hanging(self, folder: Path) -> dict[str, Any]:
        """A source that takes the question and never answers."""
        del folder
        skip("hanging(folder): needed where the source is a server or a program")

    def make(self, options: Any, context: Context) -> Connector:
        """The connector itself, for those that take more than that in their tests (a faster clock)."""
        return self.connector(options, context)

    def want(self, entities: Iterable[str] | None = None) -> Want:
        chosen = self.connector.fills if entities is None else frozenset(entities)
        return Want(entities=chosen, since_at=self.now - self.history_days * DAY)

    def build(
        self,
        folder: Path,
        options: dict[str, Any],
        *,
        name: str = SOURCE,
        zone: str = "UTC",
        cancelled: Callable[[], bool] = lambda: False,
        now: int | None = None,
    ) -> Connector:
        """The connector on options that are read as those of config.toml are. `now`: other than that of the class."""
        source = Source(name, {"type": self.connector.name, **options}, folder / "config.toml")
        read = source.read_options(self.connector.options)
        at = self.now if now is None else now
        context = Context(name, folder, now=lambda: at, hash_key=b"contract" * 4, cancelled=cancelled, zone=zone)
        return self.make(read, context)

    def _land(
        self, snapshot: Path, folder: Path, options: dict[str, Any], *, now: int | None = None, **how: Any
    ) -> pulls.Tables:
        """The snapshot's rows after one more pull of the source in `folder`; see `pulls.land`."""
        at = self.now if now is None else now
        pulls.land(snapshot, lambda: self.build(folder, options, now=at), self.want(), at, **how)
        stopped = how.get("stop") is not None or not how.get("publishes", True)
        return {} if stopped else pulls.tables(snapshot, self.connector.fills)

    def pull(self, folder: Path, options: dict[str, Any], want: Want | None = None) -> Pulled:
        """A whole pull that has to succeed."""
        connector = self.build(folder, options)
        pulled = pulls.gather(connector, None, want or self.want())
        demand(pulled.fault is None, f"pull() raises {pulled.told}")
        return pulled
