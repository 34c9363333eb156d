"""What a check says beside its figure where what it measures by may be wrong or out of date."""

import importlib

from deskaudit.checks.context import Reader, Window
from deskaudit.checks.freezing import is_python
from deskaudit.checks.spec import Check
from deskaudit.config import USUAL_HOURS
from deskaudit.i18n import _

MANY = 0.2  # of the first answers outside the hours: they are probably not the desk's
ENOUGH = 20  # first answers that can tell

_ASSUMED = """
SELECT c.name, COUNT(CASE WHEN t.first_response_at >= $start AND t.first_response_at < $end THEN k.slot_at END) AS n,
       COUNT(CASE WHEN t.first_response_at >= $start AND t.first_response_at < $end AND k.is_open = 0 THEN 1 END) AS late
FROM calendar c
LEFT JOIN live_ticket t ON t.calendar_id = c.id
LEFT JOIN clock k ON k.calendar_id = c.id AND k.slot_at = t.first_response_at - t.first_response_at % 900
WHERE c.assumed = 1 AND (t.id IS NOT NULL OR NOT EXISTS (SELECT 1 FROM live_ticket))
GROUP BY c.id, c.name ORDER BY c.id
"""


def find_caution(check: Check, reader: Reader, window: Window) -> str:
    """Sentences: of the module that makes a Python check's rows (its `caution`), and of hours that nobody stated."""
    found = [_of_module(check, reader, window), _of_hours(reader, window) if check.clock == "business" else ""]
    return " ".join(text for text in found if text)


def _of_module(check: Check, reader: Reader, window: Window) -> str:
    if not is_python(check.rows or ""):
        return ""
    module = importlib.import_module((check.rows or "").partition(":")[2].partition(":")[0])
    found = getattr(module, "caution", None)
    return "" if found is None else str(found(reader, window))


def _of_hours(reader: Reader, window: Window) -> str:
    """That business time runs in hours which are assumed, and whether the desk's own answers speak against them."""
    question = ("assumed hours", window.start, window.end)
    if question not in reader.known:
        reader.known[question] = reader.connection.execute(
            _ASSUMED, {"start": window.start, "end": window.end}
        ).fetchall()
    rows = reader.known[question]
    if not rows:
        return ""
    hours = ", ".join(f"{days} {' '.join(spans)}" for days, spans in USUAL_HOURS.items())
    keys = ", ".join(f"calendars.{name}.hours" for name, _n, _late in rows)
    text = _("Opening hours are assumed ({hours}): state yours under {keys} and pull again.")
    said = text.format(hours=hours, keys=keys)
    n, late = sum(row[1] for row in rows), sum(row[2] for row in rows)
    if n >= ENOUGH and late >= MANY * n:
        more = _("{late} of {n} first answers lie outside them.")
        said += " " + more.format(late=late, n=n)
    return said
