"""Whether two sources give the same tickets, as a server and an export of it do: each would count twice."""

from deskaudit.checks.context import Reader, Window
from deskaudit.i18n import _

FEWEST = 3  # tickets alike by chance
SHARE = 0.5  # of the smaller source

# An export may know a ticket by another number, and its times to the minute alone.
_ALIKE = """
WITH one AS (
  SELECT DISTINCT src, title, created_at - created_at % 60 AS minute_at FROM ticket
  WHERE created_at >= ? AND created_at < ? AND deleted_at IS NULL AND title <> ''
), amount AS (SELECT src, COUNT(*) AS n FROM one GROUP BY src),
pair AS (
  SELECT a.src AS src, b.src AS other, COUNT(*) AS n FROM one a
  JOIN one b ON b.title = a.title AND b.minute_at = a.minute_at AND b.src > a.src GROUP BY a.src, b.src
)
SELECT p.src, p.other, p.n FROM pair p JOIN amount x ON x.src = p.src JOIN amount y ON y.src = p.other
WHERE p.n >= ? AND p.n >= ? * LEAST(x.n, y.n) ORDER BY p.src, p.other
"""


def find_repeats(reader: Reader, window: Window) -> list[str]:
    """A sentence for each two sources that have most of the period's tickets in common."""
    if len(reader.coverage("ticket")) < 2:
        return []
    found = reader.connection.execute(_ALIKE, [window.start, window.end, FEWEST, SHARE]).fetchall()
    text = _(
        "{n} tickets of the period stand in {one} and in {other} alike, of the same minute and with the same title: each"
        " counts twice. If they are the same, take one of the two sources out of the config."
    )
    return [text.format(n=n, one=one, other=other) for one, other, n in found]
