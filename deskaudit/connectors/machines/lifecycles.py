"""`type = "endoflife"`: the user's own copy of endoflife.date, in place of the end dates that ship with deskaudit.

The file is what https://endoflife.date/api/v1/products/full answers, or /api/v1/products/NAME. deskaudit fetches neither.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any, ClassVar

import msgspec

from deskaudit.connectors import Context
from deskaudit.connectors.ordinary import refuse_special
from deskaudit.connectors.recognition import Likeness, Specimen
from deskaudit.errors import SourceError
from deskaudit.i18n import _, ngettext
from deskaudit.model.batches import Batch, Cursor, Probe, Problem, Reject, Want
from deskaudit.model.entities import Lifecycle
from deskaudit.text import one_line

ALL = frozenset({"lifecycle"})
STALE_S = 180 * 86400
PAGE = 2000


class LifecycleOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    help: ClassVar[dict[str, str]] = {
        "file": "What https://endoflife.date/api/v1/products/full answers, saved; its dates replace those that ship.",
        "max_mb": "A file larger than this is refused.",
    }

    file: str
    max_mb: int = 50


class Lifecycles:
    """Rows of entity lifecycle, one for each release of each product. The file is read whole each time."""

    name: ClassVar[str] = "endoflife"
    title: ClassVar[str] = "End dates of products (endoflife.date file)"
    options: ClassVar[type[msgspec.Struct]] = LifecycleOptions
    fills: ClassVar[frozenset[str]] = ALL
    tested: ClassVar[str] = "fixture: made from the documented shapes"

    def __init__(self, options: LifecycleOptions, context: Context) -> None:
        self._options = options
        self._context = context

    @classmethod
    def recognises(cls, specimen: Specimen) -> Likeness | None:
        """JSON of schema_version and result, as endoflife.date answers."""
        if not specimen.is_json or b'"schema_version"' not in specimen.head or b'"releases"' not in specimen.head:
            return None
        return Likeness(options={"file": specimen.path}, why=_("it is an answer of endoflife.date"))

    def probe(self) -> Probe:
        try:
            products, as_of = self._read()
        except SourceError as fault:
            return Probe(reachable=False, message=fault.message, hint=fault.hint)
        day = _("no date") if as_of is None else datetime.fromtimestamp(as_of, UTC).date().isoformat()
        return Probe(
            reachable=True,
            version=day,
            message=ngettext("{n} product", "{n} products", len(products)).format(n=len(products)),
        )

    def pull(self, cursor: Cursor | None, want: Want) -> Iterator[Batch]:  # noqa: ARG002 - read whole
        """Raises SourceError for what is no such file."""
        products, as_of = self._read()
        rows: list[Lifecycle] = []
        rejects: list[Reject] = []
        for place, product in enumerate(products, start=1):
            rows += self._rows(product, place, as_of, rejects)
        if not rows:
            raise self._other(_("no release of any product is in it"))
        for start in range(0, len(rows), PAGE):
            last = start + PAGE >= len(rows)
            yield Batch(
                rows=rows[start : start + PAGE],
                cursor={"read_at": self._context.now()},
                replaces=ALL,
                resource="lifecycle",
                done=min(start + PAGE, len(rows)),
                total=len(rows),
                rejects=rejects if last else (),
                problems=self._problems(as_of) if last else (),
            )

    def _problems(self, as_of: int | None) -> list[Problem]:
        if as_of is None:
            return [
                Problem("lifecycle", _("The file does not say when it was made: how old its dates are is not known."))
            ]
        if self._context.now() - as_of > STALE_S:
            day = datetime.fromtimestamp(as_of, UTC).date().isoformat()
            return [
                Problem(
                    "lifecycle", _("The file is of {day}, more than 180 days old: save a newer one.").format(day=day)
                )
            ]
        return []

    def _read(self) -> tuple[list[Any], int | None]:
        """The products, and when the file was made."""
        file = self._context.path(self._options.file)
        try:
            refuse_special(file)
            if file.stat().st_size > self._options.max_mb * 1_000_000:
                raise self._other(_("it is larger than max_mb"))
            found = msgspec.json.decode(file.read_bytes())
        except OSError as fault:
            raise SourceError(
                _("{file} cannot be read: {fault}").format(file=file, fault=fault.strerror),
                kind="bad_file",
                hint=_("Check its path and rights."),
            ) from None
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
            raise self._other(str(fault)) from None
        result = found.get("result") if isinstance(found, dict) else None
        if isinstance(result, dict):
            result = [result]
        if not isinstance(result, list):
            raise self._other(_("it has no result"))
        return result, _moment(found.get("generated_at"))

    def _rows(self, product: Any, place: int, as_of: int | None, rejects: list[Reject]) -> Iterator[Lifecycle]:
        releases = product.get("releases") if isinstance(product, dict) else None
        name = product.get("name") if isinstance(product, dict) else None
        if not isinstance(releases, list) or not isinstance(name, str) or not one_line(name):
            rejects.append(Reject(_("product {n}").format(n=place), _("it has no name or no releases")))
            return
        name = one_line(name, 80)
        for release in releases:
            cycle = release.get("name") if isinstance(release, dict) else None
            if not isinstance(cycle, str) or not one_line(cycle):
                rejects.append(Reject(_("product {name}").format(name=name), _("a release has no name")))
                continue
            latest = release.get("latest")
            yield Lifecycle(
                id=self._context.key("lifecycle", f"{name}\x1f{cycle}"),
                ext_id=one_line(f"{name}/{cycle}", 120),
                product=name,
                cycle=one_line(cycle, 60),
                label=_text(release.get("label")),
                ends_at=_moment(release.get("eolFrom")),
                extended_at=_moment(release.get("eoesFrom")),
                ended=release.get("isEol") if isinstance(release.get("isEol"), bool) else None,
                build=_text(latest.get("name")) if isinstance(latest, dict) else None,
                looked_up_at=as_of,
            )

    def _other(self, why: str) -> SourceError:
        return SourceError(
            _("{file} is no file of endoflife.date: {why}.").format(
                file=Path(self._options.file).name, why=one_line(why)
            ),
            kind="bad_file",
            hint=_("Save what https://endoflife.date/api/v1/products/full answers."),
        )


def _text(value: Any) -> str | None:
    return one_line(value, 120) or None if isinstance(value, str) else None


def _moment(value: Any) -> int | None:
    """Epoch seconds of a time, or of the last second of a day; None for what is neither."""
    if not isinstance(value, str):
        return None
    try:
        if len(value) == 10:
            return int(datetime.combine(date.fromisoformat(value), time(23, 59, 59), UTC).timestamp())
        moment = datetime.fromisoformat(value)
        return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())
    except (ValueError, OverflowError):
        return None
