"""HD-24: backups, as of Monday 2026-04-06 12:00 UTC."""

from datetime import UTC, datetime

import pytest

from deskaudit.checks.context import Window
from deskaudit.model.entities import Asset, BackupJob, BackupRun, Record
from deskaudit.model.verdicts import Status

HOUR, DAY = 3600, 86400
MONDAY = int(datetime(2026, 1, 5, tzinfo=UTC).timestamp())
NOW = int(datetime(2026, 4, 6, 12, tzinfo=UTC).timestamp())


def days(first, n, now=NOW):
    """The window of n days from day `first` on."""
    start, end = MONDAY + first * DAY, MONDAY + (first + n) * DAY
    return Window(start, end, now, (start - n * DAY, start))


def job(n=1, **fields):
    return BackupJob(**({"id": n, "name": f"job{n}"} | fields))


def nightly(n=1, **fields):
    return job(n, schedule="0 2 * * *", zone="UTC", **fields)


def run(day, state="ok", job_id=1, **fields):
    """The run of one night at 02:00."""
    begun = MONDAY + day * DAY + 2 * HOUR
    about = {
        "id": job_id * 100_000 + day,
        "job_id": job_id,
        "started_at": begun,
        "ended_at": begun + HOUR,
        "state": state,
    }
    return BackupRun(**(about | fields))


def test_success_by_job(desk):
    # Three spans of 100 nights would be longer than the calendar: 50, with 1, 2 and 3 failures, never two in a row.
    failures = {5, 60, 80, 110, 120, 130}
    runs = [run(day, "failed" if day in failures else "ok") for day in range(150)]
    filled = desk([nightly(), *runs], now=MONDAY + 150 * DAY)
    late = MONDAY + 150 * DAY
    for first, share, status in ((0, 0.98, Status.PASS), (50, 0.96, Status.WARN), (100, 0.94, Status.FAIL)):
        result = filled.judge("24.1", days(first, 50, late)).only
        assert (result.value, result.n, result.status) == (pytest.approx(share), 1, status)
        assert result.evidence[0].columns["runs"] == 50


def test_the_worst_job_counts(judge):
    rows = [nightly(1), nightly(2)]
    rows += [run(day) for day in range(100)]
    rows += [run(day, "partial" if day in {10, 20, 30} else "ok", job_id=2) for day in range(91)]
    # Job 1: 91 of 91; job 2: 88 of 91, 96.7 %.
    verdicts = judge("24.1", rows, window=days(0, 91))
    assert (verdicts.only.value, verdicts.only.status) == (pytest.approx(88 / 91), Status.WARN)
    assert verdicts.segment("job1").value == 1


def test_two_failures_in_a_row_fail(judge):
    runs = [run(day, "failed" if day in {40, 41} else "ok") for day in range(91)]
    # 89 of 91 are 97.8 %: a warning, were it not for the row.
    result = judge("24.1", [nightly(), *runs], window=days(0, 91)).only
    assert (result.value, result.status) == (pytest.approx(89 / 91), Status.FAIL)


def test_a_night_without_a_run_is_a_failure(judge):
    runs = [run(day) for day in range(92) if day != 40]
    result = judge("24.1", [nightly(), *runs], window=days(0, 91)).only
    assert (result.value, result.evidence[0].columns["failed"]) == (pytest.approx(90 / 91), 1)


def test_a_job_without_a_schedule_is_judged_by_its_runs(judge):
    rows = [job(), *[run(day, "failed" if day == 3 else "ok") for day in range(0, 40, 3)]]
    # Fourteen runs, days 0, 3, … 39; one failed.
    assert judge("24.1", rows, window=days(0, 91)).only.value == pytest.approx(13 / 14)
    unclear = [job(), run(1, "unknown")]
    assert judge("24.1", unclear, window=days(0, 91)).only.status is Status.NODATA


@pytest.mark.parametrize("schedule", ["0 2 * * *", None])
def test_a_run_whose_outcome_is_not_known_is_no_success(judge, schedule):
    states = {3: "unknown", 9: "unknown", 20: "failed", 21: "unknown", 22: "failed"}
    rows = [job(schedule=schedule, zone="UTC"), *[run(day, states.get(day, "ok")) for day in range(91)]]
    # 86 of 91 are known to be good; the failures of days 20 and 22 have nothing good between them.
    result = judge("24.1", rows, window=days(0, 91)).only
    assert (result.value, result.status) == (pytest.approx(86 / 91), Status.FAIL)
    columns = result.evidence[0].columns
    assert [columns[name] for name in ("runs", "failed", "not_known", "two_in_a_row")] == [91, 2, 3, 1]


def test_a_run_that_may_still_be_running_is_not_judged(judge):
    rows = [job(), run(89), run(90), run(91, "unknown", started_at=NOW - HOUR, ended_at=None)]
    assert judge("24.1", rows, window=days(0, 92)).only.value == 1


@pytest.mark.parametrize(("age", "status"), [(24, Status.PASS), (36, Status.WARN), (37, Status.FAIL)])
def test_age_of_the_last_good_backup(judge, age, status):
    good = run(1, started_at=NOW - age * HOUR - HOUR, ended_at=NOW - age * HOUR)
    failed = run(2, "failed", started_at=NOW - HOUR, ended_at=NOW)  # does not save anybody
    result = judge("24.2", [job(), good, failed]).only
    assert (result.value, result.status) == (pytest.approx(age / 24), status)


def test_the_loss_a_job_accepts(judge):
    rows = [job(rpo_s=7 * DAY), run(1, started_at=NOW - 6 * DAY, ended_at=NOW - 6 * DAY)]
    assert judge("24.2", rows).only.value == pytest.approx(6 / 7)


def test_a_job_that_never_succeeded_fails(judge):
    rows = [job(1), run(1, started_at=NOW, ended_at=NOW), job(2), run(1, "partial", job_id=2)]
    result = judge("24.2", rows).only
    assert (result.status, result.evidence[0].ref if result.evidence else None) == (Status.FAIL, "job2")
    assert judge("24.2", [job(1)]).only.status is Status.FAIL


@pytest.mark.parametrize(("silent", "status"), [(0, Status.PASS), (1, Status.WARN), (2, Status.FAIL)])
def test_silent_nights(judge, silent, status):
    runs = [run(day) for day in range(92) if not 40 <= day < 40 + silent]
    result = judge("24.3", [nightly(), *runs], window=days(0, 91)).only
    assert (result.value, result.n, result.status) == (silent, 91, status)


def test_jobs_without_a_schedule_are_not_praised(judge):
    result = judge("24.3", [job(), run(1)], window=days(0, 91)).only
    assert (result.status, result.n_rows) == (Status.NODATA, 1)
    assert "backup" in judge("24.3", [], window=days(0, 91)).only.reason


@pytest.mark.parametrize(
    ("offsite", "encrypted", "away", "locked"),
    [
        (True, True, Status.PASS, Status.PASS),
        (None, True, Status.WARN, Status.PASS),
        (False, None, Status.FAIL, Status.WARN),
        (True, False, Status.PASS, Status.FAIL),
    ],
)
def test_copies_elsewhere(judge, offsite, encrypted, away, locked):
    rows = [job(1, offsite=True, encrypted=True), job(2, offsite=offsite, encrypted=encrypted)]
    verdicts = judge("24.4", rows)
    assert (verdicts["off-site"].status, verdicts["encrypted"].status) == (away, locked)
    assert verdicts["off-site"].n == 2


@pytest.mark.parametrize(("age", "status"), [(92, Status.PASS), (365, Status.WARN), (366, Status.FAIL)])
def test_age_of_the_last_restore(judge, age, status):
    rows = [job(1, critical=True), job(2, critical=False)]
    rows += [Record(id=n, kind="restored", about="job1", happened_at=NOW - (age + n) * DAY) for n in (0, 100)]
    result = judge("24.5", rows).only
    assert (result.value, result.n, result.n_rows, result.status) == (age, 1, 2, status)


def test_restores_that_do_not_count(judge):
    failed = Record(id=1, kind="restored", about="job1", result="failed", happened_at=NOW - DAY)
    other = Record(id=2, kind="restored", about="job11", happened_at=NOW - DAY)
    assert judge("24.5", [job(critical=True), failed, other]).only.status is Status.FAIL
    result = judge("24.5", [job(), failed]).only  # nobody said that it is not critical
    assert (result.status, result.value) == (Status.FAIL, None)
    assert result.reason == "Days since a restore was last tried: no restore was ever recorded (1 job)."
    assert judge("24.5", [job(critical=False)]).only.status is Status.NODATA


def test_a_restore_of_one_of_its_systems_counts(judge):
    rows = [job(asset_ids="mail web-01"), Record(id=1, kind="restored", about="Web-01", happened_at=NOW - 9 * DAY)]
    assert judge("24.5", rows).only.value == pytest.approx(9)


def sized(*sizes):
    return [run(day, bytes_source=size) for day, size in enumerate(sizes)]


def test_backups_that_shrank(judge):
    # The median of the ten before is 100 all along: 50 is half and passes, 49 is less.
    result = judge("24.6", [job(), *sized(*[100] * 10, 50)], window=days(0, 91)).only
    assert (result.value, result.n, result.status) == (0, 8, Status.PASS)  # the first three have too few before them
    result = judge("24.6", [job(), *sized(*[100] * 10, 49)], window=days(0, 91)).only
    assert (result.value, result.status) == (1, Status.WARN)
    assert result.evidence[0].columns == {
        "started_at": MONDAY + 10 * DAY + 2 * HOUR,
        "bytes_source": 49,
        "usual_bytes": 100.0,
    }
    result = judge("24.6", [job(), *sized(100, 0)], window=days(0, 91)).only
    assert (result.value, result.n, result.status) == (1, 1, Status.FAIL)  # empty is empty, whatever was before


def test_only_the_ten_runs_before_count(judge):
    # 1 … 12 GB growing by one; the thirteenth is 4: the median of 3 … 12 is 7.5, and 4 is more than half of it.
    assert judge("24.6", [job(), *sized(*range(1, 13), 4)], window=days(0, 91)).only.value == 0
    # 3 is less than half of 7.5.
    assert judge("24.6", [job(), *sized(*range(1, 13), 3)], window=days(0, 91)).only.value == 1


def test_runs_without_a_size_are_not_praised(judge):
    result = judge("24.6", [job(), run(1), run(2)], window=days(0, 91)).only
    assert (result.status, result.n_rows) == (Status.NODATA, 1)


def server(n, **fields):
    return Asset(**({"id": n, "origin": "list", "name": f"srv{n}", "critical": True} | fields))


def test_critical_machines_are_covered(judge):
    rows = [
        server(1),
        server(2, name="Mail", fqdn="mail.example.org"),
        server(3, name="db", serial="SN-3"),
        server(4, critical=False),
        server(5, state="retired"),
        job(1, asset_ids="srv1 mail.example.org"),
        job(2, asset_ids="sn-3"),
    ]
    result = judge("24.7", rows).only
    assert (result.value, result.n, result.status) == (1, 3, Status.PASS)
    result = judge("24.7", [*rows, server(6, name="srv")]).only  # srv is not srv1
    assert (result.value, result.status) == (0.75, Status.FAIL)
    assert [e.ref for e in result.evidence] == ["srv"]


def test_a_machine_of_several_sources_counts_once(desk):
    listed = [
        server(1, serial="SN-1"),
        server(2, serial="SN-2"),
        server(3, serial="SN-3", state="active"),
        job(1, asset_ids="old1"),
    ]
    inventory = [
        server(11, name="old1", serial="SN-1"),  # the job names it as the inventory does
        server(12, name="srv2", serial="SN-2", critical=None),  # critical by the other list's word
        server(13, name="srv3", serial="SN-3", state="retired"),  # still active by the other
    ]
    result = desk(listed, sources={"inventory": inventory}).judge("24.7", days(0, 1)).only
    assert (result.value, result.n, result.status) == (pytest.approx(1 / 3), 3, Status.FAIL)
    assert {e.ref for e in result.evidence} == {"srv2", "srv3"}


def test_coverage_that_nobody_tells(judge):
    assert judge("24.7", [server(1), job()]).only.status is Status.NODATA
    assert judge("24.7", [server(1, critical=None), job(asset_ids="srv1")]).only.status is Status.NODATA
    result = judge("24.7", [server(1)]).only
    assert (result.status, "which machines each backup job covers" in result.reason) == (Status.NODATA, True)


def test_no_backups_at_all_is_nodata(desk):
    filled = desk([server(1)])
    for check in ("24.1", "24.2", "24.3", "24.4", "24.5", "24.6"):
        for result in filled.judge(check).values():
            assert result.status is Status.NODATA, check
            assert "restic" in result.reason or "schedule" in result.reason, check
