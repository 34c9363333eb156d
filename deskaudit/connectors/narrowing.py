"""For sources that are read whole whatever is wanted: what nobody wants is left out."""

from collections.abc import Iterable, Iterator

import msgspec

from deskaudit.model.batches import Batch, Want
from deskaudit.model.entities import entity_of


def narrow(batches: Iterable[Batch], want: Want) -> Iterator[Batch]:
    """The batches without rows of entities that are not wanted. `replaces` names all that the source fills."""
    for batch in batches:
        if batch.replaces <= want.entities:
            yield batch
            continue
        rows = [row for row in batch.rows if entity_of(row) in want.entities]
        yield msgspec.structs.replace(batch, rows=rows, replaces=batch.replaces & want.entities)
