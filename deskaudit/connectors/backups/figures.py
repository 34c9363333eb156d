"""Sizes, counts and times as backup tools print them."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from json import JSONDecodeError, JSONDecoder
from zoneinfo import ZoneInfo

LARGEST = 2**63 - 1
_UNITS = {"k": 1, "m": 2, "g": 3, "t": 4, "p": 5, "e": 6}
_GROUPED = re.compile(r"\d{1,3}(?:[ ,.'’\u00a0\u202f]\d{3})+")
_SIZE = re.compile(
    r"\s*(\d{1,3}(?:[,.'’ \u00a0\u202f]\d{3})+(?![\d.,])|\d{1,19}(?:[.,]\d{1,9})?)\s*(?:([kKMGTPE])?(i)?(?:[bB](?:ytes?)?)?)?(?![A-Za-z])"
)
_FRACTION = re.compile(r"(\.\d{6})\d+")
_FAILED_PARSES = 200
_BOMS = ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"), (b"\xef\xbb\xbf", "utf-8-sig"))


def decode(data: bytes) -> str:
    """Text of a log: UTF-16 or UTF-8 by its mark, else UTF-8; what is none of it becomes a replacement mark."""
    encoding = next((name for mark, name in _BOMS if data.startswith(mark)), "utf-8")
    return data.decode(encoding, errors="replace")


def read_count(value: object) -> int | None:
    """A whole number, of JSON or with grouping marks ("600,003"); None for anything else."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value if 0 <= value <= LARGEST else None
    if not isinstance(value, str):
        return None
    text = value.strip()
    if _GROUPED.fullmatch(text):
        text = re.sub(r"\D", "", text)
    return int(text) if re.fullmatch(r"[0-9]{1,18}", text) else None


def read_size(text: str, unit: str = "") -> int | None:
    """Bytes of "727,577,806 (727.5 MB)", "5.56 GB", "585.9 KiB", "600,003 bytes" or "1234"; `unit` where none stands."""
    found = _SIZE.match(text[:80])
    if not found:
        return None
    prefix, binary = (found[2] or "").lower(), found[3]
    if not prefix and unit:
        prefix = unit.lower()
    if not prefix:
        return read_count(found[1])
    number = found[1].replace("'", "").replace("’", "").replace(" ", "").replace("\u00a0", "").replace("\u202f", "")
    if "," in number and "." in number:
        number = number.replace("," if number.rfind(".") > number.rfind(",") else ".", "")
    number = number.replace(",", ".")
    if number.count(".") > 1:
        number = number.replace(".", "")
    size = float(number) * (1024 if binary else 1000) ** _UNITS[prefix]
    return int(size) if size <= LARGEST else None


def read_iso(value: object) -> datetime | None:
    """An ISO 8601 time with any number of digits after the second; naive where it has no offset."""
    if not isinstance(value, str) or len(value) > 60:
        return None
    try:
        return datetime.fromisoformat(_FRACTION.sub(r"\1", value.strip()))
    except ValueError:
        return None


def read_epoch(value: object) -> int | None:
    """Epoch seconds of a JSON number; None before 1980 and after 2200, where programs put what they do not know."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 315532800 <= value < 7258118400:
        return None
    return int(value)


class LocalClock:
    """Naive local times of one log, in their order, as epoch seconds: an hour that comes twice is told by it."""

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone
        self._last: int | None = None

    def read(self, when: datetime) -> int | None:
        """Epoch seconds; None for a time before 1980, which means unset, or one that no clock shows."""
        try:
            if when.tzinfo is not None:
                return read_epoch(when.timestamp())
            first = int(when.replace(tzinfo=self._zone, fold=0).timestamp())
            second = int(when.replace(tzinfo=self._zone, fold=1).timestamp())
        except (ValueError, OverflowError, OSError):
            return None
        # second < first where the clock leaps forward: such a time does not exist and is read as the old one
        found = second if self._last is not None and first < self._last <= second else first
        if read_epoch(found) is None:
            return None
        self._last = found
        return found


def after(start: int, seconds: object) -> int | None:
    """The end of what took so many seconds."""
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)) or not 0 <= seconds < 10**7:
        return None
    return start + int(seconds)


def utc_text(at: int) -> str:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=at)).strftime("%Y-%m-%dT%H:%M:%SZ")


def split_json(text: str) -> Iterator[object]:
    """JSON values and lines of text (str) in their order: what a program leaves that writes both to one file.

    A value begins at the start of a line, with { or [.
    """
    decoder = JSONDecoder(parse_constant=lambda _name: None)
    place, failed = 0, 0
    while place < len(text):
        end = text.find("\n", place)
        end = len(text) if end < 0 else end
        if text[place] in "{[" and failed < _FAILED_PARSES:
            try:
                value, stop = decoder.raw_decode(text, place)
            except (JSONDecodeError, RecursionError, ValueError):
                failed += 1
            else:
                if isinstance(value, (dict, list)):
                    yield value
                    place = stop
                    continue
        line = text[place:end]
        if line.strip(" \t\r,"):
            yield line.rstrip("\r")
        place = end + 1


def as_dict(value: object) -> dict[str, object]:
    """A JSON object; {} for anything else."""
    return value if isinstance(value, dict) else {}


def as_text(value: object) -> str:
    """A JSON string; "" for anything else."""
    return value if isinstance(value, str) else ""
