"""docs/writing-a-check.md: its example works, and it names every table there is."""

import re
from pathlib import Path

import pytest

from deskaudit.checks import catalogue, engine
from deskaudit.checks.context import NoPast, Window
from deskaudit.checks.lint import FUNCTIONS
from deskaudit.model.entities import Ticket
from deskaudit.model.verdicts import Status
from deskaudit.snapshot.schema import DERIVED, TABLES
from deskaudit.testing import snapshot_of

PAGE = (Path(__file__).parents[2] / "docs" / "writing-a-check.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
HOUR, DAY = 3600, 86400
MONDAY = 1_767_571_200  # 2026-01-05 00:00 UTC


@pytest.fixture
def site(tmp_path):
    """All blocks of the page as one site's checks.d: the example, a leg, a question, an override."""
    example, leg, question, override = BLOCKS
    folder = tmp_path / "checks.d"
    folder.mkdir()
    (folder / "night.toml").write_text(example, encoding="utf-8")
    (folder / "more.toml").write_text(f'[[extend]]\nitem = "HD-20"\n{question}\n{override}', encoding="utf-8")
    split = example.replace("tickets-of-the-night", "night-by-leg").replace("20.90", "20.91")
    split = split.replace("AS segment,", "AS segment, 'over-30-days' AS part,")
    (folder / "legs.toml").write_text(split + leg, encoding="utf-8")
    return catalogue.load(folder)


def test_the_example_judges(site, tmp_path):
    night = MONDAY + 2 * HOUR
    rows = [  # 25 tickets of 02:00; two answered after eleven hours, the others after one
        Ticket(id=n, status="open", created_at=night, first_response_at=night + (11 if n < 2 else 1) * HOUR)
        for n in range(25)
    ]
    rows.append(Ticket(id=99, status="open", created_at=MONDAY + 9 * HOUR))  # came in by day
    now = MONDAY + 7 * DAY
    window = Window(MONDAY, now, now, (MONDAY - 7 * DAY, MONDAY))
    item, check = site.check("tickets-of-the-night")
    with snapshot_of(tmp_path / "snapshot", rows, now=now) as reader:
        result = engine.run(item, check, reader, window, tmp_path, NoPast())[0]
    # 2 of 25 are 8 %: more than 5, no more than 10.
    assert (result.value, result.n, result.status) == (0.08, 25, Status.WARN)
    assert result.reason.startswith("2 of 25 tickets of the night waited too long")


def test_the_other_blocks_are_understood(site):
    assert [leg.leg for leg in site.check("20.91")[1].leg] == ["over-30-days"]
    assert site.question("HD-20.q90")[1].guide == "Be there at eight."
    unowned = site.check("08.1")[1]
    assert (unowned.passes, unowned.warns, unowned.source) == (0.02, 0.05, "Agreed with the board in March.")


def test_the_page_names_every_table_and_derived_column():
    words = set(re.findall(r"[a-z_]+", PAGE))
    assert set(TABLES) <= words
    for table, columns in DERIVED.items():
        (line,) = [line for line in PAGE.splitlines() if line.startswith(f"| `{table}` |")]
        assert line.split("|")[3].split() == list(columns), table


def test_the_page_names_functions_that_are_allowed():
    named = re.search(r"`(COUNT SUM [A-Z_ ]+)`", PAGE)[1].lower().split()
    assert set(named) - {"coalesce", "case", "cast"} <= FUNCTIONS
