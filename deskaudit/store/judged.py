"""The rows an audit judged, frozen in one Parquet file whose hash stands in the audit (rulings 5 and 15)."""

import difflib
import hashlib
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import msgspec

from deskaudit.errors import ConfigError, StoreError
from deskaudit.i18n import _
from deskaudit.model.verdicts import Audit
from deskaudit.store import encoding
from deskaudit.text import one_line

if TYPE_CHECKING:
    import duckdb

    from deskaudit.store.store import Store

FOLDER = "judged"
MEMORY_LIMIT = "200MB"
PAGE = 500
NO_SEGMENT = "–"
"""What rows without a segment are called among the segments of a check."""


def locate(store: "Store", audit: Audit) -> Path:
    """Where the file lies: its name counts from the folder `judged` beside the database. StoreError if there is none."""
    if not audit.judged_file:
        raise StoreError(
            _("Audit {id} has no judged rows: it did not reach its end.").format(id=audit.id),
            hint=_("Resume it, or open another audit."),
        )
    return store.path.parent / FOLDER / audit.judged_file


def verify(store: "Store", audit: Audit, file: Path | None = None) -> Path:
    """The file, after its bytes have been held against the audit's hash. StoreError if it is gone or altered."""
    file = file or locate(store, audit)
    try:
        with file.open("rb") as stream:
            found = hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as fault:
        raise StoreError(
            _("The judged rows of audit {id} cannot be read: {file}: {fault}.").format(
                id=audit.id, file=file, fault=fault.strerror
            ),
            hint=_("Restore the file from a backup. The results and their top rows are still in the database."),
        ) from fault
    if found != audit.judged_sha256:
        raise StoreError(
            _("{file} is not what audit {id} judged: its SHA-256 is {found}, the audit says {wanted}.").format(
                file=file, id=audit.id, found=found[:16] + "…", wanted=(audit.judged_sha256 or "-")[:16] + "…"
            ),
            hint=_("The file was changed or damaged after the audit. Restore it from a backup."),
        )
    return file


_NO_BAR = "SET enable_progress_bar = false"  # it would be drawn into the data on stdout


class JudgedRow(msgspec.Struct, frozen=True):
    """One row as a check judged it. `reference` 1: of the period that a drift compares with."""

    leg: str
    reference: int
    subject: int
    segment: str | None
    good: int | None
    value: float | None
    badness: float | None
    columns: dict[str, Any]
    ref: str = ""  # what people call the subject


class JudgedRows:
    """The judged rows of one check, worst first, a page at a time; memory stays bounded whatever the check listed.

    A context manager. `leg`, `segment` None: all. `only_bad`: rows judged bad. Rows of a drift's reference period are
    left out, and they alone come, with `reference`. `file`: where it lies, if not in its usual place.
    """

    def __init__(
        self,
        store: "Store",
        audit: Audit,
        check: str,
        *,
        leg: str | None = None,
        segment: str | None = None,
        only_bad: bool = False,
        reference: bool = False,
        file: Path | None = None,
    ) -> None:
        self.check = find_check(store, audit, check)
        where = ['"check" = $check', "reference = $reference"]
        self._values: dict[str, Any] = {"check": self.check, "reference": int(reference)}
        if leg is not None:
            where.append("leg = $leg")
            self._values["leg"] = leg
        if segment is not None:
            where.append(f"COALESCE(segment, '{NO_SEGMENT}') = $segment")
            self._values["segment"] = segment
        if only_bad:
            where.append("good = 0")
        self._from = f"judged WHERE {' AND '.join(where)}"
        self._file = verify(store, audit, file)
        self._connection = connect(self._file)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()

    def count(self) -> int:
        row = self._ask("SELECT COUNT(*)").fetchone()
        return int(row[0]) if row else 0

    def subjects(self) -> set[int]:
        return {int(row[0]) for row in self._ask("SELECT DISTINCT subject").fetchall()}

    def columns(self) -> list[str]:
        """The display columns, in the order of the check's text; those of several legs one after the other."""
        rows = self._ask("SELECT json_keys(columns) AS names, MIN(leg) AS first", "GROUP BY 1 ORDER BY 2, 1").fetchall()
        return list(dict.fromkeys(name for names, _first in rows for name in names or ()))

    def pages(self, *, limit: int | None = None, offset: int = 0, size: int = PAGE) -> Iterator[list[JudgedRow]]:
        """Rows from `offset` on, at most `limit`, in pages of `size`."""
        many = "" if limit is None else f" LIMIT {int(limit)}"
        found = self._ask(
            "SELECT leg, reference, subject, segment, good, value, badness, columns, ref",
            f"ORDER BY badness DESC NULLS LAST, subject, leg{many} OFFSET {int(offset)}",
            self._connection.cursor(),  # other questions may be asked between two pages
        )
        while rows := found.fetchmany(size):
            yield [_to_row(row) for row in rows]

    def _ask(
        self, select: str, rest: str = "", connection: "duckdb.DuckDBPyConnection | None" = None
    ) -> "duckdb.DuckDBPyConnection":
        import duckdb

        asked = connection or self._connection
        try:
            asked.execute(_NO_BAR)
            return asked.execute(f"{select} FROM {self._from} {rest}", self._values)
        except duckdb.Error as fault:
            raise _unreadable(self._file, fault) from fault


def _to_row(row: tuple[Any, ...]) -> JudgedRow:
    leg, reference, subject, segment, good, value, badness, columns, ref = row
    shown = encoding.clean_strings(msgspec.json.decode(columns)) if columns else {}
    part = None if segment is None else encoding.text(segment)
    return JudgedRow(leg, reference, subject, part, good, value, badness, shown, one_line(ref or ""))


def find_check(store: "Store", audit: Audit, check: str) -> str:
    """The id of a check of this audit from its id or name; ConfigError with the nearest one."""
    results = store.results(audit.id, item=check, segments=True, limit=1)
    if results and check.lower() in {results[0].check.lower(), results[0].name.lower()}:
        return results[0].check
    known = {name: one.check for one in store.results(audit.id, sort="check") for name in (one.check, one.name)}
    near = difflib.get_close_matches(check, known, n=1)
    raise ConfigError(
        _('Audit {id} has no check "{check}".').format(id=audit.id, check=one_line(check, 60)),
        hint=_("Did you mean {near}?").format(near=near[0]) if near else _("List them: deskaudit checks."),
    )


def connect(file: Path) -> "duckdb.DuckDBPyConnection":
    """A DuckDB in memory with one view, `judged`, over the verified file."""
    import duckdb

    connection = duckdb.connect(":memory:", config={"memory_limit": MEMORY_LIMIT, "threads": 1})
    # What does not fit into memory goes beside the file, where only its owner looks, and not into the current folder.
    connection.execute("SET temp_directory = ?", [str(file.parent / "spill")])
    # Brackets, stars and question marks in a folder's name would be a pattern: each stands for itself in a class.
    name = "".join(f"[{letter}]" if letter in "*?[" else letter for letter in str(file)).replace("'", "''")
    try:
        connection.execute(f"CREATE VIEW judged AS SELECT * FROM read_parquet('{name}')")
    except duckdb.Error as fault:
        connection.close()
        raise _unreadable(file, fault) from fault
    return connection


def _unreadable(file: Path, fault: Exception) -> StoreError:
    return StoreError(
        _("{file} cannot be read as judged rows: {fault}.").format(file=file, fault=str(fault).splitlines()[0]),
        hint=_("Please report this together with the output of: deskaudit --version"),
    )
