"""Rows in, a snapshot out."""

from collections.abc import Iterable
from itertools import groupby
from pathlib import Path

from deskaudit.config import Config
from deskaudit.model.batches import Batch
from deskaudit.model.entities import ENTITIES, Row, entity_of
from deskaudit.snapshot import Reader, Snapshot


def snapshot_of(
    folder: Path,
    rows: Iterable[Row],
    *,
    config: Config | None = None,
    now: int,
    source: str = "desk",
    type_: str = "csv",
    replaces: Iterable[str] = (),
) -> Reader:
    """Lands rows, publishes them and opens the snapshot.

    `now`: epoch seconds, the time of the pull. `replaces`: entities of which these rows are all there are; one without
    any row counts as delivered. Call it again with another `source` and the same folder for a desk of several.
    """
    unknown = set(replaces := frozenset(replaces)) - set(ENTITIES)
    if unknown:
        raise ValueError(f"no entity is called {', '.join(sorted(unknown))}")
    snapshot = Snapshot(folder)
    with snapshot.landing(source, type_, now) as landing:
        landing.land(Batch(replaces=replaces))
        for _entity, group in groupby(rows, entity_of):
            landing.land(Batch(rows=list(group)))
        if landing.state.rejects:
            raise ValueError(f"these rows do not fit: {landing.state.reject_sample}")
        landing.finish(cadence_s=86400)
        snapshot.publish([landing], config or Config(), now)
    return snapshot.open()
