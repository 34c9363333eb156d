"""Cost, revenue and budget by period, from the bookkeeping: one row per period, or one row per posting."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import ClassVar

import msgspec

from deskaudit.connectors.records.money import check_currency, day_after, read_amount, read_period
from deskaudit.connectors.records.options import Columns, check_words
from deskaudit.connectors.records.tables import Cells, Reading, RecordTable
from deskaudit.connectors.tabular.cells import fold_text
from deskaudit.connectors.tabular.options import TableOptions
from deskaudit.connectors.tabular.sheets import RowFault
from deskaudit.i18n import _
from deskaudit.model.batches import Problem
from deskaudit.model.entities import FinancePeriod, Row

SUMS = ("cost", "revenue", "budget")
RATES = ("seat_price", "hour_cost")


class FinanceColumns(Columns, frozen=True, kw_only=True, forbid_unknown_fields=True):
    period: str | None = None
    started_at: str | None = None
    ended_at: str | None = None
    cost: str | None = None
    revenue: str | None = None
    budget: str | None = None
    seats_paid: str | None = None
    seat_price: str | None = None
    hour_cost: str | None = None
    currency: str | None = None
    kind: str | None = None
    amount: str | None = None

    help: ClassVar[dict[str, str]] = {
        "period": "The month, quarter or year: 2026-03, 03/2026, March 2026, Q1 2026, 2026; a day means its month.",
        "started_at": "Instead: the period's first day.",
        "ended_at": "And its last day.",
        "cost": "What the desk cost.",
        "revenue": "What it earned.",
        "budget": "What was planned.",
        "seats_paid": "Seats of the help desk software that were paid for.",
        "seat_price": "The price of one seat for the period.",
        "hour_cost": "What an hour of a technician costs.",
        "currency": "The currency's code, where it does not stand beside the amounts.",
        "kind": "For one row per posting: whether amount is cost, revenue or budget; kinds translates.",
        "amount": "For one row per posting: the amount; those of a period are added up.",
    }

    def __post_init__(self) -> None:
        self.need("period", "started_at")
        self.need("amount", *SUMS, "seats_paid")
        if self.started_at and not self.ended_at:
            raise ValueError(_("columns.started_at needs columns.ended_at"))
        if bool(self.amount) != bool(self.kind):
            raise ValueError(_("columns.amount and columns.kind go together"))


class FinanceOptions(TableOptions, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The options of `type = "finance"`."""

    columns: FinanceColumns
    currency: str = ""
    kinds: dict[str, str] = msgspec.field(default_factory=dict)

    help: ClassVar[dict[str, str]] = {
        **TableOptions.help,
        "columns": "Model field = column name; period (or started_at and ended_at) and one amount are needed.",
        "currency": "The currency of amounts that name none, as NOK.",
        "kinds": "The file's words in the kind column = cost, revenue or budget.",
    }

    def __post_init__(self) -> None:
        super().__post_init__()
        check_currency(self.currency)
        check_words(self.kinds, SUMS)


class _Finance(Reading):
    entity = "finance_period"
    times = ("period", "started_at", "ended_at")  # a period may be said by one of its days
    fills: ClassVar = {"finance_period": ()}
    options: FinanceOptions

    def begin(self) -> None:
        own = {fold_text(word): kind for word, kind in self.options.kinds.items()}
        self._kinds = {kind: kind for kind in SUMS} | own
        self._sums: dict[tuple[int, int, str], dict[str, Decimal]] = {}
        self._seats: dict[tuple[int, int, str], int] = {}

    def take(self, row: Cells) -> Iterable[Row]:
        """Adds a row to its period. A row of which one amount cannot be read is kept out whole: half a row lies."""
        start, end = self._period(row)
        amounts, codes = self._amounts(row)
        said = (row.raw("currency") or self.options.currency).upper()
        codes |= {said} if said else set()
        if len(codes) > 1:
            raise RowFault("", _("two currencies in one row: {codes}").format(codes=", ".join(sorted(codes))))
        if self.identify(row) is None:
            return ()
        key = (start, end, next(iter(codes), "")[:3])
        sums = self._sums.setdefault(key, {})
        for name, amount in amounts.items():
            sums[name] = amount if name in RATES else sums.get(name, Decimal(0)) + amount
        seats = row.whole("seats_paid")
        if seats is not None:
            self._seats[key] = self._seats.get(key, 0) + seats
        return ()

    def last(self) -> Iterable[Row]:
        for key in sorted(self._sums):
            start, end, currency = key
            sums = {name: float(amount) for name, amount in self._sums[key].items()}
            yield FinancePeriod(
                id=self.context.key("finance_period", f"{start}:{end}:{currency}"),
                started_at=start,
                ended_at=end,
                seats_paid=self._seats.get(key),
                currency=currency or None,
                cost=sums.get("cost"),
                revenue=sums.get("revenue"),
                budget=sums.get("budget"),
                seat_price=sums.get("seat_price"),
                hour_cost=sums.get("hour_cost"),
            )

    def notes(self) -> list[Problem]:
        codes = sorted({currency or _("none named") for _start, _end, currency in self._sums})
        if len(codes) < 2:
            return []
        message = _("Several currencies: {codes}. They are kept apart, and nothing is converted.")
        return [Problem("finance_period", message.format(codes=", ".join(codes)))]

    def _period(self, row: Cells) -> tuple[int, int]:
        if "period" in self.names:
            said = row.need("period")
            found = read_period(said, self.book.zone)
            if found is None and (day := self._day_of(row, said)):
                found = read_period(day, self.book.zone)
            if found is None:
                raise RowFault(self.names["period"], _('"{text}" is no period').format(text=said[:40]))
            return found
        start, last = row.need_time("started_at", ahead=True), row.need_time("ended_at", ahead=True)
        if last < start:
            raise RowFault("", _("it ends before it begins"))
        try:
            return start, day_after(last, self.book.zone)
        except (ValueError, OverflowError, OSError):
            raise RowFault(self.names["ended_at"], _("no time that is known here")) from None

    def _day_of(self, row: Cells, said: str) -> str:
        """The month of a whole date, as 2026-03."""
        try:
            seconds = row.sheet.dates.read(said)
            return "" if seconds is None else f"{datetime.fromtimestamp(seconds, self.book.zone):%Y-%m}"
        except (ValueError, OverflowError, OSError):  # no date; or one past the year 9999 in the desk's zone
            return ""

    def _amounts(self, row: Cells) -> tuple[dict[str, Decimal], set[str]]:
        amounts: dict[str, Decimal] = {}
        codes: set[str] = set()
        for field in (*SUMS, *RATES, "amount"):
            if not row.raw(field):
                continue
            try:
                amount, code = read_amount(row.raw(field), self.options.decimal)
            except ValueError:
                reason = _('"{text}" is no amount where the decimal mark is "{mark}"')
                text = reason.format(text=row.text(field, 40), mark=self.options.decimal)
                raise RowFault(self.names[field], text) from None
            name = row.choice("kind", self._kinds, "kinds") if field == "amount" else field
            if name is None:
                raise RowFault(self.names["kind"], _("whether it is cost, revenue or budget is not known"))
            amounts[name] = amount
            codes |= {code} if code else set()
        return amounts, codes


class Finance(RecordTable):
    """`type = "finance"`: files are read whole each time."""

    name = "finance"
    title = "Cost, revenue and budget by period (CSV)"
    options = FinanceOptions
    reading = _Finance
