"""Times in the cells of a table. A day that could be a month is never guessed: the file proves it, or the user says it.

ISO 8601 and dates with a month's name are clear. Of numbers alone (03/04/2024) every cell of the file is a witness:
where all of them fit one order and only one, that order is taken and named; else both readings are shown.
"""

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

import msgspec

from deskaudit.connectors.months import month_number
from deskaudit.errors import SourceError
from deskaudit.i18n import _
from deskaudit.text import one_line

ORDERS = {"dmy": "day, month, year", "mdy": "month, day, year", "ymd": "year, month, day"}
UNSET_BEFORE = datetime(1980, 1, 1, tzinfo=UTC).timestamp()
"""Programs write 0000-00-00, 0001-01-01, 1/1/1900 and 1970-01-01 where there is no time."""
TYPING_ERRORS = 0.02
"""So small a share of cells against an order are slips of the pen, no second order."""
LONGEST = 60

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY_END = 86399
_ZEROS = frozenset({"0000-00-00", "00/00/0000", "00.00.0000", "00-00-0000"})
_MONTH = r"(?P<month>[^\W\d_]{3,12})"
_DAY_NAME = r"(?:[^\W\d_]{2,12}[.,]{0,2}\s+)?"
_CLOCK = (
    r"(?:(?:T|,|\s|,?\s(?:at|um|à|om|kl\.?|klo|o|в)\s)\s*(?P<hour>\d{1,2})[:.](?P<minute>\d{2})(?:[:.](?P<second>\d{2})(?:[.,](?P<fraction>\d{1,9}))?)?"
    r"\s*(?P<half>[AaPp]\.?\s?[Mm]\.?|[πΠ]\.?[μΜ]\.?|[μΜ]\.?[μΜ]\.?)?\s*(?P<offset>Z|UTC|GMT|[+-]\d{2}:?\d{2})?)?"
)
_NUMERIC = re.compile(r"(?P<a>\d{1,4})(?P<mark>[-/. ])(?P<b>\d{1,2})(?P=mark)(?P<c>\d{1,4})\.?" + _CLOCK)
_CTIME = (
    r"[A-Za-z]{3}\s+(?P<month>[A-Za-z]{3})\s+(?P<day>\d{1,2})\s+(?P<hour>\d{2}):(?P<minute>\d{2}):(?P<second>\d{2})"
    r"(?P<fraction>)(?P<half>)\s+(?P<offset>UTC|GMT)?\s*(?P<year>\d{4})"
)
_NAMED = tuple(
    re.compile(pattern)
    for pattern in (
        _DAY_NAME
        + r"(?P<day>\d{1,2})(?:\.?\s+de\s+|[-/. ]+)"
        + _MONTH
        + r"(?:\.?\s+(?:de|del)\s+|[-/., ]+)(?P<year>\d{4}|\d{2})"
        + _CLOCK,
        _DAY_NAME + _MONTH + r"\.?[ -](?P<day>\d{1,2}),?[ -]+(?P<year>\d{4})" + _CLOCK,
        r"(?P<year>\d{4})[-/. ]+" + _MONTH + r"[-/. ]+(?P<day>\d{1,2})\.?" + _CLOCK,
        _CTIME,
    )
)
_ISO = re.compile(r"\d{4}-\d\d-\d\d( \d\d:\d\d:\d\d(\.\d+)?)?")  # as times in the cells of a workbook are written
_DIRECTIVES = {
    "Y": r"(?P<year>\d{4})",
    "y": r"(?P<year>\d{2})",
    "m": r"(?P<month>\d{1,2})",
    "b": r"(?P<month>[^\W\d_]{3,12}\.?)",
    "B": r"(?P<month>[^\W\d_]{3,12})",
    "d": r"(?P<day>\d{1,2})",
    "H": r"(?P<hour>\d{1,2})",
    "I": r"(?P<hour>\d{1,2})",
    "M": r"(?P<minute>\d{1,2})",
    "S": r"(?P<second>\d{1,2})",
    "f": r"(?P<fraction>\d{1,9})",
    "p": r"(?P<half>[AaPp]\.?\s?[Mm]\.?)",
    "z": r"(?P<offset>Z|[+-]\d{2}:?\d{2})",
    "Z": r"(?P<offset>Z|UTC|GMT)",
    "a": r"[^\W\d_]{2,12}\.?",
    "A": r"[^\W\d_]{2,12}",
    "%": "%",
}


def check_zone(name: str) -> None:
    """Raises ValueError for what is no time zone; "" is allowed."""
    if name:
        try:
            ZoneInfo(name)
        except (KeyError, ValueError, OSError):
            raise ValueError(_('no time zone is called "{name}"; write one as Europe/Oslo').format(name=name)) from None


def check_formats(dates: str | list[str]) -> None:
    """Raises ValueError for what is neither an order nor a strptime format."""
    for text in [dates] if isinstance(dates, str) else dates:
        if text not in {"auto", "epoch", "epoch_ms", *ORDERS}:
            _compile(text)
    if not dates:
        raise ValueError(_('dates names no format; write "auto"'))


def _compile(text: str) -> re.Pattern[str]:
    pattern, place = "", 0
    while place < len(text):
        char = text[place]
        if char == "%":
            place += 1
            directive = text[place : place + 1]
            if directive not in _DIRECTIVES:
                known = " ".join(f"%{name}" for name in _DIRECTIVES)
                raise ValueError(
                    _('"{text}": %{name} is not known; known are {known}').format(
                        text=text, name=directive, known=known
                    )
                )
            pattern += _DIRECTIVES[directive]
        else:
            pattern += r"\s+" if char.isspace() else re.escape(char)
        place += 1
    try:
        found = re.compile(pattern)
    except re.error:
        raise ValueError(_('"{text}" names a part of the date twice').format(text=text)) from None
    if not {"year", "month", "day"} <= found.groupindex.keys():
        raise ValueError(
            _(
                '"{text}" is no date format: it needs %Y, %m and %d, or is one of auto, dmy, mdy, ymd, epoch, epoch_ms'
            ).format(text=text)
        )
    return found


def unread(cell: str) -> str:
    """Why a cell is no time, and what helps where it looks like one: its month's name or its format is not known."""
    told = _("no time that is known here")
    if len(cell) < LONGEST and len(re.findall(r"\d", cell)) >= 3:
        told += _(" (set dates to its format, or export it as 2026-11-30 14:05)")
    return told


class Shape(msgspec.Struct, frozen=True):
    """What a date of numbers looks like: its mark, and which of its ends is a year of four digits (or none)."""

    mark: str
    year: str  # first, last, short


class _Witness(msgspec.Struct):
    """How many cells of a shape were heard and fit each order, with one cell and its column for the message."""

    sample: str
    column: str
    heard: int
    fits: dict[str, int]
    proof: dict[str, str]  # a cell that fits this order alone

    def misfits(self, order: str) -> int:
        return self.heard - self.fits.get(order, 0)

    def orders(self) -> list[str]:
        """The orders that the cells leave open: a few slips of the pen do not count against many proofs."""
        best = min(map(self.misfits, self.fits))
        return [order for order in self.fits if not self.misfits(order) or self.misfits(order) * TYPING_ERRORS < best]


class DateReader:
    """Reads the times of one file: `read` gives epoch seconds with their fraction, or None for an unset mark."""

    def __init__(self, dates: str | list[str], zone: tzinfo, *, typed: bool = False) -> None:
        """`typed`: the cells of a workbook, whose own times are ISO 8601 whatever `dates` says of the texts."""
        texts = [dates] if isinstance(dates, str) else dates
        self.zone = zone
        self._order = next((text for text in texts if text in ORDERS), "")
        self._typed = typed
        self._epoch = {"epoch": 1, "epoch_ms": 1000}.get(texts[0], 0)
        self._formats = [_compile(text) for text in texts if text not in {"auto", "epoch", "epoch_ms", *ORDERS}]
        self._settled: dict[Shape, str] = {}
        self._witnesses: dict[Shape, _Witness] = {}
        self.notes: list[str] = []

    @property
    def is_explicit(self) -> bool:
        return bool(self._order or self._epoch or self._formats)

    def needs_witnesses(self, cells: Iterable[str]) -> bool:
        """Whether some of these cells are dates of numbers whose order the whole file must prove."""
        return not self.is_explicit and any(
            (found := _NUMERIC.fullmatch(cell.strip()[:LONGEST])) and _shape(found).year != "first" for cell in cells
        )

    def witness(self, cell: str, column: str) -> None:
        """Hears one cell."""
        text = cell.strip()
        found = _NUMERIC.fullmatch(text[:LONGEST])
        if not found:
            return
        shape = _shape(found)
        readings = {order: when for order in _orders(shape) if (when := _try(found, order)) is not None}
        if not readings or (len(readings) == len(_orders(shape)) > 1 and len(set(readings.values())) == 1):
            return  # 05/05/2026 says nothing
        heard = self._witnesses.get(shape)
        if heard is None:
            heard = self._witnesses[shape] = _Witness(text, column, 0, {}, {})
        heard.heard += 1
        for order in readings:
            heard.fits[order] = heard.fits.get(order, 0) + 1
        if len(readings) == 1:
            heard.proof.setdefault(next(iter(readings)), text)
        elif not heard.proof:
            heard.sample, heard.column = text, column

    def orders(self, cell: str) -> list[str]:
        """The orders of day and month that all cells heard so far leave open for one like this; [] where it is clear."""
        found = _NUMERIC.fullmatch(cell.strip()[:LONGEST])
        if not found or _shape(found).year == "first":
            return []
        heard = self._witnesses.get(_shape(found))
        return heard.orders() if heard else list(_orders(_shape(found)))

    def settle(self, file: object, owner: str) -> None:
        """Decides each shape by its witnesses. Raises SourceError with both readings where they do not decide."""
        for shape, heard in self._witnesses.items():
            left = heard.orders()
            if len(left) != 1:
                raise _undecided(file, owner, heard, left)
            self._settled[shape] = left[0]
            if shape.year != "first":
                message = _('Dates as "{cell}" are read as {order} (dates = "{name}"): the cells fit no other order.')
                proof = heard.proof.get(left[0], heard.sample)
                self.notes.append(message.format(cell=one_line(proof, 40), order=_(ORDERS[left[0]]), name=left[0]))

    def read(self, cell: str, *, ends_day: bool = False) -> float | None:
        """Epoch seconds. `ends_day`: a day without a time means its end (due dates). Raises ValueError."""
        text = cell.strip()
        if len(text) >= LONGEST:  # no date; and no pattern is tried on a page of text
            raise ValueError(text)
        if self._epoch and not (self._typed and _ISO.fullmatch(text)):
            seconds = float(text) / self._epoch
            if not -1e11 < seconds < 1e11:
                raise ValueError(text)
        else:
            if text.startswith("00") and text[:10] in _ZEROS:
                return None
            when, has_clock = self._parse(text)
            if ends_day and not has_clock:
                when += timedelta(seconds=_DAY_END)
            if when.tzinfo is None:
                when = when.replace(tzinfo=self.zone)
            seconds = (when - _EPOCH).total_seconds()
        return seconds if seconds >= UNSET_BEFORE else None

    def _parse(self, text: str) -> tuple[datetime, bool]:
        for pattern in self._formats:
            if found := pattern.fullmatch(text):
                return _build(found), "hour" in pattern.groupindex
        if self._formats and not (self._typed and _ISO.fullmatch(text)):
            raise ValueError(text)
        if text[4:5] == "-" and text[7:8] == "-" and text.isascii():
            try:
                return datetime.fromisoformat(text), len(text) > 10
            except ValueError:
                pass  # "2024-01-02 03:04 UTC" and the like are read below
        if found := _NUMERIC.fullmatch(text):
            shape = _shape(found)
            said = self._order or self._settled.get(shape, "")
            orders = [order for order in _orders(shape) if order == said] or _orders(shape)
            readings = {_try(found, order) for order in orders}
            when = readings.pop()
            if when is None or readings:  # no such day, or several
                raise ValueError(text)
            return when, found["hour"] is not None
        for pattern in _NAMED:
            if found := pattern.fullmatch(text):
                return _build(found), found["hour"] is not None
        raise ValueError(text)


_PLAIN = DateReader("auto", UTC)


class Reading(msgspec.Struct, frozen=True):
    """What one cell may mean: order → time ("" where it is clear), and whether it says its offset and its time of day."""

    times: dict[str, datetime]
    has_offset: bool
    has_clock: bool


def interpret(cell: str) -> Reading | None:
    """All readings of a cell, with nothing settled; None where it is no time at all."""
    text = cell.strip()
    if len(text) >= LONGEST:
        return None
    found = _NUMERIC.fullmatch(text)
    if found and _shape(found).year != "first":
        tried = {order: _try(found, order) for order in _orders(_shape(found))}
        times = {order: when for order, when in tried.items() if when is not None}
        return Reading(times, found["offset"] is not None, found["hour"] is not None) if times else None
    try:
        when, has_clock = _PLAIN._parse(text)  # noqa: SLF001 - of this module
    except (ValueError, OverflowError):
        return None
    return Reading({"": when}, when.tzinfo is not None, has_clock)


def _undecided(file: object, owner: str, heard: _Witness, left: list[str]) -> SourceError:
    if min(map(heard.misfits, heard.fits)) and len(heard.proof) > 1:
        cells = _(" and ").join(f'"{one_line(cell, 40)}"' for cell in heard.proof.values())
        what = _("{file} mixes orders of day and month: {cells}.").format(file=file, cells=cells)
        return SourceError(what, kind="bad_file", hint=_("Export it again with one date format, best ISO 8601."))
    found = _NUMERIC.fullmatch(heard.sample)
    readings = [
        f'{when:%Y-%m-%d} (dates = "{order}")' for order in left if found and (when := _try(found, order)) is not None
    ]
    return SourceError(
        _('{file}: "{cell}" in column "{column}" can be {readings}, and no cell of the file decides.').format(
            file=file, cell=one_line(heard.sample, 40), column=heard.column, readings=_(" or ").join(readings)
        ),
        kind="bad_file",
        hint=_("Set {owner}.dates to the right one.").format(owner=owner),
    )


def _shape(found: re.Match[str]) -> Shape:
    if len(found["a"]) == 4:
        return Shape(found["mark"], "first")
    return Shape(found["mark"], "last" if len(found["c"]) == 4 else "short")


def _orders(shape: Shape) -> tuple[str, ...]:
    return {"first": ("ymd",), "last": ("dmy", "mdy"), "short": ("dmy", "mdy", "ymd")}[shape.year]


def _try(found: re.Match[str], order: str) -> datetime | None:
    parts = dict(zip(order, (found["a"], found["b"], found["c"]), strict=True))
    if any(len(parts[name]) > 2 for name in "dm") or len(parts["y"]) not in {2, 4}:
        return None
    try:
        return _build(found, int(parts["y"]), int(parts["m"]), int(parts["d"]))
    except ValueError:
        return None


def _build(found: re.Match[str], year: int = 0, month: int = 0, day: int = 0) -> datetime:
    """The time of a match; ValueError where there is no such time."""
    part = found.groupdict()
    if "year" in part:  # else the numbers were told apart by their order
        year, day = int(part["year"]), int(part["day"])
        month = month_number(part["month"]) or 0
    if year < 100:
        year += 2000 if year < 69 else 1900  # as POSIX has it
    hour = int(part.get("hour") or 0)
    if half := part.get("half"):
        if not 1 <= hour <= 12:
            raise ValueError(found[0])
        hour = hour % 12 + (12 if half[0] in "pP" or half[0] in "μΜ" else 0)
    fraction = part.get("fraction") or ""
    return datetime(
        year,
        month,
        day,
        hour,
        int(part.get("minute") or 0),
        int(part.get("second") or 0),
        int(fraction[:6].ljust(6, "0")) if fraction else 0,
        tzinfo=_offset(part.get("offset")),
    )


def _offset(text: str | None) -> tzinfo | None:
    if not text:
        return None
    if text[0] not in "+-":
        return UTC
    minutes = int(text[1:3]) * 60 + int(text[-2:])
    return timezone(timedelta(minutes=-minutes if text[0] == "-" else minutes))
