"""A program of its own: writes the sheets of a workbook (xlsx, xlsb, xls, ods) as CSV text. `workbooks.py` runs it.

calamine takes a sheet apart in memory, and a file of a few kilobytes may claim 17 milliards of cells: then Rust ends
the process. So it is another process than ours, with limits of its own, and its memory is given back when it ends.
It imports nothing of deskaudit, so that it starts at once.

    python workbookdump.py FILE DECIMAL DESCRIPTOR SECONDS      sheets → the descriptor, {"sheets": [...]} → stdout
"""

import csv
import datetime as dt
import io
import json
import os
import sys
from collections.abc import Iterable
from typing import Any

MEMORY = 2 << 30
BYTES = 8 << 30


def main() -> int:
    file, decimal, descriptor, seconds = sys.argv[1:5]
    limit(int(seconds))
    found: dict[str, Any]
    try:
        found = {"sheets": dump(file, decimal, int(descriptor))}
    except MemoryError:
        found = {"fault": "memory"}
    except OSError as fault:
        found = {"fault": "os", "text": str(fault.strerror or fault)}
    except BaseException as fault:  # noqa: BLE001 - a panic of Rust is no Exception; whatever it is, the parent tells it
        found = {
            "fault": "password" if type(fault).__name__ == "PasswordError" else "damaged",
            "text": str(fault)[:300],
        }
    sys.stdout.write(json.dumps(found))
    return 0


def limit(seconds: int) -> None:
    """No more memory, processor time or disk than this; the system ends the process that wants more."""
    try:
        import resource
    except ImportError:  # no POSIX
        return
    for what, most in (
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_FSIZE, BYTES),
        (resource.RLIMIT_CORE, 0),
    ):
        hard = resource.getrlimit(what)[1]
        resource.setrlimit(what, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))


def dump(file: str, decimal: str, descriptor: int) -> list[dict[str, Any]]:
    """[{name, start, end}] of the sheets with cells, visible ones first; the bytes of each lie in start..end."""
    import python_calamine as calamine

    found = []
    with calamine.CalamineWorkbook.from_path(file) as book, os.fdopen(descriptor, "wb", 1 << 20) as out:
        text = io.TextIOWrapper(out, encoding="utf-8", errors="replace", newline="")
        write = csv.writer(text).writerow
        tables = [sheet for sheet in book.sheets_metadata if sheet.typ == calamine.SheetTypeEnum.WorkSheet]
        for sheet in sorted(tables, key=lambda sheet: sheet.visible != calamine.SheetVisibleEnum.Visible):
            start = out.tell()
            for row in book.get_sheet_by_name(sheet.name).iter_rows():
                write(words(row, decimal))
            text.flush()
            if out.tell() > start:
                found.append({"name": sheet.name, "start": start, "end": out.tell()})
    return found


def words(row: Iterable[Any], decimal: str) -> list[str]:
    return [cell.replace("\0", "") if type(cell) is str else word(cell, decimal) for cell in row]


def word(cell: Any, decimal: str) -> str:
    """The cell as text: times as ISO without a zone, numbers without needless zeros, durations as H:MM:SS."""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float | int):
        whole = cell == cell and abs(cell) < 1e18 and cell == int(cell)  # noqa: PLR0124 - NaN is not itself
        return str(int(cell)) if whole else repr(cell).replace(".", decimal)
    if isinstance(cell, dt.datetime):
        return cell.isoformat(" ", "milliseconds" if cell.microsecond else "seconds")
    if isinstance(cell, dt.timedelta):
        seconds = round(cell.total_seconds())
        minutes = abs(seconds) // 60
        return f"{'-' if seconds < 0 else ''}{minutes // 60}:{minutes % 60:02}:{abs(seconds) % 60:02}"
    if isinstance(cell, dt.time):
        return cell.isoformat("seconds")
    return str(cell)  # date


if __name__ == "__main__":
    sys.exit(main())
