"""What flows from a connector into the snapshot."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import msgspec

from deskaudit.model.entities import Row

Cursor = dict[str, Any]
"""Where a pull goes on: JSON values only, written by the connector, kept by the snapshot, opaque to both others."""


class Want(msgspec.Struct, frozen=True, kw_only=True):
    """What the audit asks a connector for."""

    entities: frozenset[str]
    since_at: int  # nothing older is needed (epoch seconds)


class Reject(msgspec.Struct, frozen=True):
    """A row that was kept out: where it stood and why."""

    place: str  # "row 17", "ticket abc123", "host 10.0.0.7"
    reason: str


class Problem(msgspec.Struct, frozen=True):
    """Something that makes what was pulled less than whole, or that the user should know."""

    resource: str  # an entity's name where one is meant, else the source's own word ("/grid/tickets/sla")
    message: str
    entities: tuple[str, ...] = ()  # these are incomplete because of it; () for a warning only


class Estimate(msgspec.Struct, frozen=True):
    """What a pull is about to cost, said before it starts. None: could not be told."""

    requests: int | None
    seconds: float | None  # by the pace of the source's limit; answers may take longer


class Batch(msgspec.Struct, kw_only=True):
    """One page of a pull. The cursor is saved after its rows are on disk.

    `replaces` names entities of which this pull delivers every row there is: what is not in it is gone from the
    source (files). Others are upserts by `id` (APIs), and what was deleted there shows in a sweep alone: `present`
    gives ids that still exist, page by page, and `swept` says that they were all. A sweep that named nothing counts only
    where the batch that says `swept` has `total` 0: the source itself says that it has none.
    """

    rows: Sequence[Row] = ()
    cursor: Cursor | None = None
    replaces: frozenset[str] = frozenset()
    resource: str = ""
    done: int | None = None  # progress within the resource, in rows
    total: int | None = None
    rejects: Sequence[Reject] = ()
    problems: Sequence[Problem] = ()
    present: Mapping[str, Sequence[int]] = msgspec.field(default_factory=dict)  # entity → ids that a sweep found
    swept: frozenset[str] = frozenset()  # the sweep of these entities is whole: what it did not name is gone
    estimate: Estimate | None = None  # in the first batch of a pull, where the source tells how much there is


class Probe(msgspec.Struct, frozen=True, kw_only=True):
    """What a connector finds when it knocks. None: could not be told."""

    reachable: bool
    asked: bool = True  # False: it could not be tried; a secret or a file that the config names is not there
    authorised: bool | None = None
    version: str | None = None
    modules: dict[str, str] = msgspec.field(default_factory=dict)  # module → "ok", or why not
    message: str = ""
    hint: str = ""


class PulledEntity(msgspec.Struct, kw_only=True):
    """One entity of one source in a generation of the snapshot. `rows` are those of the file, `deleted` ones among them."""

    file: str
    rows: int
    complete: bool
    swept_at: int | None = None
    deleted: int = 0  # tickets that the source no longer has: their history is kept

    @property
    def present(self) -> int:
        """How many there are at the source, as far as is known."""
        return self.rows - self.deleted


class PulledSource(msgspec.Struct, kw_only=True):
    """One source in a generation of the snapshot: the provenance of its rows."""

    name: str
    type: str
    state: Literal["complete", "incomplete", "failed"]
    first_fetched_at: int
    fetched_at: int
    entities: dict[str, PulledEntity] = msgspec.field(default_factory=dict)
    cursor: Cursor | None = None
    rejects: int = 0
    reject_sample: list[Reject] = msgspec.field(default_factory=list)
    problems: list[Problem] = msgspec.field(default_factory=list)
    error: str | None = None
    cadence_s: int = 86400
    archive_at: int | None = None  # an archive: the last second that it is said to reach
    account: str = ""  # hash of the server and login that the rows came from; "": unknown, or files
    reading: str = ""  # hash of the options by which the rows were read; "": unknown
