"""Who visits: users by country or language, as Google Analytics exports them."""

import re
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import ClassVar

import msgspec

from deskaudit.connectors.records.money import midnight, read_period
from deskaudit.connectors.records.options import Columns
from deskaudit.connectors.records.tables import Cells, Reading, RecordTable
from deskaudit.connectors.tabular.cells import fold_text
from deskaudit.connectors.tabular.options import TableOptions
from deskaudit.connectors.tabular.sheets import RowFault
from deskaudit.errors import SourceError
from deskaudit.i18n import _
from deskaudit.model.entities import Audience, Row

UNKNOWN = frozenset({"(not set)", "not set", "(other)", "(unknown)"})
DAY = timedelta(days=1)
_FIRST = re.compile(r"#\s*start date:\s*(\d{4})-?(\d\d)-?(\d\d)", re.IGNORECASE)
_LAST = re.compile(r"#\s*end date:\s*(\d{4})-?(\d\d)-?(\d\d)", re.IGNORECASE)
_BOTH = re.compile(r"#\s*(\d{4})(\d\d)(\d\d)-(\d{4})(\d\d)(\d\d)")


class AudienceColumns(Columns, frozen=True, kw_only=True, forbid_unknown_fields=True):
    users: str
    country: str | None = None
    language: str | None = None
    period: str | None = None

    help: ClassVar[dict[str, str]] = {
        "users": "How many users: Active users, Total users, Users.",
        "country": "The country.",
        "language": "The language.",
        "period": "The month, quarter or year, where one file holds several.",
    }

    def __post_init__(self) -> None:
        self.need("country", "language")


class AudienceOptions(TableOptions, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The options of `type = "audience"`."""

    columns: AudienceColumns
    comment: str = "#"
    period: str = ""
    missing: list[str] = msgspec.field(default_factory=lambda: ["", "-", "n/a"])

    help: ClassVar[dict[str, str]] = {
        **TableOptions.help,
        "columns": "Model field = column name; users, and country or language, are needed.",
        "period": "The month, quarter or year of files that do not say it: 2026-03, 2026-Q1; Analytics files say it.",
    }


class _Audience(Reading):
    entity = "audience"
    fills: ClassVar = {"audience": ()}
    options: AudienceOptions

    def begin(self) -> None:
        self._spans: dict[str, tuple[int, int]] = {}

    def take(self, row: Cells) -> Iterable[Row]:
        """One country or language. Users of whom it is not known count as of none; a row that names nothing is a sum."""
        named = {field: row.raw(field) for field in ("country", "language") if row.raw(field)}
        if not named:
            return
        for field, cell in named.items():
            if not any(char.isalpha() for char in cell):
                reason = _('"{text}" is no name; does a second table follow in the file?')
                raise RowFault(self.names[field], reason.format(text=row.text(field, 40)))
        row.need("users")
        users = row.whole("users")
        if users is None:
            raise RowFault(self.names["users"], _("without a number of users the row means nothing"))
        start, end = self._period(row)
        identity = self.identify(row, "\x1f".join([f"{start}:{end}", row.raw("country"), row.raw("language")]))
        if identity is not None:
            yield Audience(
                id=self.context.key("audience", identity),
                started_at=start,
                ended_at=end,
                country=self._name(row, "country"),
                language=self._name(row, "language"),
                users=users,
            )

    def _name(self, row: Cells, field: str) -> str | None:
        return None if fold_text(row.raw(field)) in UNKNOWN else row.text(field)

    def _period(self, row: Cells) -> tuple[int, int]:
        """The row's own period, else the file's: by the options, or by its comments."""
        if "period" in self.names:
            found = read_period(row.need("period"), self.book.zone)
            if found is None:
                raise RowFault(self.names["period"], _('"{text}" is no period').format(text=row.text("period", 40)))
            return found
        file = str(row.sheet.table.file)
        if file not in self._spans:
            found = read_period(self.options.period, self.book.zone) or self._commented(row.sheet.table.comments)
            if found is None:
                raise SourceError(
                    _("{file} does not say which period it is about.").format(file=file),
                    kind="bad_file",
                    hint=_('Set sources.{name}.period, as "2026-03" or "2026-Q1".').format(name=self.context.source),
                )
            self._spans[file] = found
        return self._spans[file]

    def _commented(self, comments: Sequence[str]) -> tuple[int, int] | None:
        """The period that stands in comments: a start and an end date, or both in one line."""
        first = next((found for line in comments if (found := _FIRST.match(line))), None)
        last = next((found for line in comments if (found := _LAST.match(line))), None)
        both = next((found for line in comments if (found := _BOTH.match(line))), None)
        days = [*first.groups(), *last.groups()] if first and last else list(both.groups()) if both else []
        if not days:
            return None
        try:
            start, end = (date(*map(int, days[at : at + 3])) for at in (0, 3))
            return (midnight(start, self.book.zone), midnight(end + DAY, self.book.zone)) if start <= end else None
        except (ValueError, OverflowError):
            return None


class Audiences(RecordTable):
    """`type = "audience"`: files are read whole each time."""

    name = "audience"
    title = "Users by country and language (Google Analytics CSV)"
    options = AudienceOptions
    reading = _Audience
