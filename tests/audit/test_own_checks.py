"""A site's own checks in an audit: they reach no file of the machine, and they do not hold it up."""

import pytest

from deskaudit.audit.desk import Desk
from deskaudit.checks import catalogue
from deskaudit.model.events import CheckFinished
from deskaudit.model.verdicts import Status
from deskaudit.paths import Paths

CHECK = """
[[extend]]
item = "HD-08"

[[extend.check]]
id = "own.{number}"
name = "own-{number}"
title = "Our own"
kind = "ratio"
of = "ticket"
needs = ["ticket"]
better = "lower"
passes = 0.5
severity = "low"
population = "census"
source = "a test"
advice = "Mend it."
{more}
rows = '''
{rows}
'''
"""
HOST = "SELECT 1 AS subject, 0 AS good, content AS told FROM read_text('/etc/hostname')"
ENDLESS = "SELECT a.slot_at AS subject, 0 AS good FROM clock a, clock b, clock c WHERE a.slot_at * 7 + b.slot_at * 3 - c.slot_at * 10 = 5"
QUICK = "SELECT id AS subject, 1 AS good FROM ticket"


@pytest.fixture
def audited(tmp_path):
    """Check → its first result, of an audit of own checks alone. `rows`: the SELECT of each, with further keys."""

    def audit(*rows: str, verify: bool = True, more: str = "", options: str = "") -> dict[str, object]:
        config = f'{options}\n[sources.desk]\ntype = "csv"\npath = "t.csv"\nzone = "UTC"\n'
        config += '[sources.desk.columns]\nkey = "No"\ncreated_at = "Created"\nstatus = "Status"\n'
        (tmp_path / "config.toml").write_text(config)
        (tmp_path / "t.csv").write_text("No,Created,Status\n1,2026-07-01T00:00:00,Open\n2,2026-07-02T00:00:00,Open\n")
        (tmp_path / "checks.d").mkdir()
        for number, text in enumerate(rows, start=1):
            words = CHECK.format(number=number, rows=text, more=more)
            (tmp_path / "checks.d" / f"{number}.toml").write_text(words)
        desk = Desk(Paths(config=tmp_path / "config.toml", data=tmp_path / "data"))
        desk.__dict__["catalogue"] = catalogue.load(tmp_path / "checks.d", verify=verify)
        only = tuple(f"own.{number}" for number in range(1, len(rows) + 1))
        events = list(desk.run(desk.plan(period="2026-Q3", as_of="2026-09-30", only=only)))
        desk.close()
        return {event.results[0].check: event.results[0] for event in events if isinstance(event, CheckFinished)}

    return audit


def test_sql_that_gets_round_the_lint_reads_no_file_of_the_machine(audited, tmp_path):
    table = tmp_path / "elsewhere.csv"
    table.write_text("subject,good\n1,1\n")
    found = audited(HOST, f"SELECT * FROM '{table}'", QUICK, verify=False)
    assert found["own.1"].status is Status.ERROR
    assert found["own.2"].status is Status.ERROR
    assert "disabled by configuration" in found["own.1"].reason
    assert found["own.3"].status is not Status.ERROR


def test_what_is_sound_is_frozen_and_joined_all_the_same(audited, tmp_path):
    assert audited(QUICK)["own.1"].n == 2
    assert [file.name for file in (tmp_path / "data" / "judged").iterdir()] == ["audit-1.parquet"]


@pytest.mark.parametrize("more", ["", "phase = 2"])
def test_an_own_check_that_takes_too_long_is_an_error_and_the_others_go_on(audited, more):
    found = audited(ENDLESS, QUICK, more=more, options="[audit]\ncheck_seconds = 1")
    assert found["own.1"].status is Status.ERROR
    assert "after 1 s" in found["own.1"].reason
    assert found["own.2"].status is Status.PASS
