"""An export that ends years before the audited period: the audit says so before all else, in every form."""

import io

import pytest

from deskaudit import reports
from deskaudit.audit.answers import rescore
from deskaudit.audit.desk import Desk
from deskaudit.model.verdicts import Status
from deskaudit.paths import Paths
from deskaudit.reports import summary

CONFIG = """
[desk]
zone = "Europe/Madrid"
[sources.export]
type = "csv"
path = "t.csv"
[sources.export.columns]
key = "No"
created_at = "Created"
status = "Status"
"""
WARNING = (
    "The newest ticket in export is of 2023-05-05; the period begins on 2026-07-01."
    " Export newer data, or judge the time they cover: --period 2023-Q2."
)


@pytest.fixture
def desk(tmp_path):
    (tmp_path / "config.toml").write_text(CONFIG)
    (tmp_path / "t.csv").write_text("No,Created,Status\n1,2023-03-01T09:00:00,Open\n2,2023-05-05T00:30:00,Open\n")
    opened = Desk(Paths(config=tmp_path / "config.toml", data=tmp_path / "data"))
    yield opened
    opened.close()


def audited(desk, **words):
    list(desk.run(desk.plan(**words)))
    return desk.store.audit("newest")


def written(desk, audit, form):
    out = io.StringIO()
    reports.write(summary.build(desk.store, audit), form, out)
    return out.getvalue()


def test_the_warning_stands_at_the_top_of_every_form(desk):
    audit = audited(desk, period="2026-Q3")
    assert audit.summary["warnings"] == [WARNING]
    assert " ".join(written(desk, audit, "text").splitlines()[1:3]) == WARNING
    assert written(desk, audit, "markdown").split("\n\n")[1] == f"**{WARNING}**"
    assert summary.read(written(desk, audit, "json")).summary.warnings == [WARNING]
    assert WARNING in written(desk, audit, "csv")  # as the reason


def test_an_answer_leaves_the_warning_where_it_is(desk):
    audit = audited(desk, period="2026-Q3")
    desk.store.set_summary(audit.id, {**audit.summary, "assured": 0.5})
    rescore(desk, desk.store.audit(audit.id))
    assert desk.store.audit(audit.id).summary["assured"] != 0.5
    assert desk.store.audit(audit.id).summary["warnings"] == [WARNING]


def test_the_period_that_is_named_has_the_data(desk):
    audited(desk, period="2026-Q3")
    audit = audited(desk, period="2023-Q2", pull=False)
    assert audit.summary["warnings"] == []
    found = desk.store.result(audit.id, "08.2", "over-90-days")
    assert (found.status, found.n) == (Status.WARN, 2)  # one of the two is 121 days old
    assert "newest ticket" not in found.reason


def test_checks_that_need_no_tickets_are_not_warned_of(desk):
    assert audited(desk, period="2026-Q3", only=("20.7",)).summary["warnings"] == []


def test_a_repeated_audit_is_compared_with_the_period_before(desk):
    first = audited(desk, period="2023-Q2")
    before = audited(desk, period="2023-Q1", pull=False)
    again = audited(desk, period="2023-Q2", pull=False)
    for audit in (first, again):
        found = summary.build(desk.store, audit).results
        assert {one.change_since_last.audit for one in found if one.change_since_last} == {before.id}


def age_of_data(desk, archive):
    file = desk.paths.config
    file.write_text(CONFIG.replace('path = "t.csv"', f'path = "t.csv"\narchive = {archive}'))
    opened = Desk(desk.paths)
    try:
        audit = audited(opened, period="2026-Q3", only=("20.7",))
        return opened.store.result(audit.id, "20.7")
    finally:
        opened.close()


@pytest.mark.parametrize("written_as", ["2023-05-05", '"2023-05-05"'])
def test_an_archive_is_listed_and_its_age_is_not_judged(desk, written_as):
    found = age_of_data(desk, written_as)
    assert (found.status, found.n, found.n_rows) == (Status.NODATA, 0, 1)


def test_an_archive_that_holds_newer_rows_than_it_says_is_judged(desk):
    found = age_of_data(desk, "2023-05-04")  # the newest ticket is of the 5th, half past midnight in the desk's zone
    assert (found.status, found.n) == (Status.FAIL, 1)


def test_an_archive_that_reaches_beyond_its_fetch_is_judged(desk):
    assert age_of_data(desk, "2999-12-31").status is Status.FAIL


def test_a_source_that_was_never_pulled_is_judged_with_the_others(desk):
    archive = CONFIG.replace('path = "t.csv"', 'path = "t.csv"\narchive = 2023-05-05')
    desk.paths.config.write_text(archive)
    assert audited(desk, period="2026-Q3", only=("20.7",)).state == "completed"
    second = CONFIG.partition("[sources.export]")[2].replace("sources.export", "sources.late")
    desk.paths.config.write_text(archive + "[sources.late]" + second)
    opened = Desk(desk.paths)
    audit = audited(opened, period="2026-Q3", only=("20.7",), pull=False)
    found = opened.store.result(audit.id, "20.7")
    opened.close()
    assert (found.status, found.n_rows) == (Status.FAIL, 2)
    assert "a source that never delivered" in found.reason


def test_beside_an_archive_the_other_sources_are_judged(desk):
    second = CONFIG.partition("[sources.export]")[2].replace("sources.export", "sources.live")
    file = desk.paths.config
    file.write_text(
        CONFIG.replace('path = "t.csv"', 'path = "t.csv"\narchive = 2023-05-05') + "[sources.live]" + second
    )
    opened = Desk(desk.paths)
    audit = audited(opened, period="2026-Q3", only=("20.7",))
    found = opened.store.result(audit.id, "20.7")
    opened.close()
    assert (found.status, found.n, found.n_rows) == (Status.FAIL, 1, 2)
    assert found.evidence[0].ref == "live"
