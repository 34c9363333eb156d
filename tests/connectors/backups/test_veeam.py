"""Veeam: the shapes that reporting scripts export."""

import pytest

from deskaudit.connectors.backups.veeam import Veeam

DAY = 86400
MARCH = 20513 * DAY  # 2026-03-01 in UTC
GB = 1000**3


def sessions(*rows: str, header: str = "JobName,Result,CreationTime,EndTime,IsRetry") -> str:
    return "\n".join([header, *rows]) + "\n"


@pytest.mark.parametrize(
    ("row", "state"),
    [
        ("Mail,Success,2026-03-01 02:00:00,2026-03-01 02:10:00,False", "ok"),
        ("Mail,Warning,2026-03-01 02:00:00,2026-03-01 02:10:00,False", "partial"),
        ("Mail,Failed,2026-03-01 02:00:00,2026-03-01 02:10:00,False", "failed"),
        ("Mail,None,2026-03-01 02:00:00,1900-01-01 00:00:00,False", "unknown"),
        ("Mail,None,2026-03-01 02:00:00,2026-03-01 02:10:00,False", "unknown"),
        ("Mail,Prima,2026-03-01 02:00:00,2026-03-01 02:10:00,False", "unknown"),
    ],
)
def test_a_session_has_four_outcomes(ask, row, state):
    (run,) = ask(Veeam, {"s.csv": sessions(row)}).runs
    assert (run.state, run.started_at) == (state, MARCH + 7200)


def test_a_row_with_a_cell_too_many_is_no_header(ask):
    """1.234,5 without quotes makes two cells; the export was refused whole, because that row was the widest."""
    good = "Mail,Success,2026-03-01 02:00:00,2026-03-01 02:10:00,False"
    answer = ask(Veeam, {"s.csv": sessions(good, good.replace("Mail", "Web") + ",5")})
    assert [(run.state, run.started_at) for run in answer.runs] == [("ok", MARCH + 7200)]
    assert any("6 cells where the header has 5" in problem.message for problem in answer.problems)


def test_a_running_session_has_no_end(ask):
    (run,) = ask(
        Veeam, {"s.csv": sessions("Mail,None,3/1/2026 2:00:00 AM,1/1/1900 12:00:00 AM,False")}, top={"dates": "mdy"}
    ).runs
    assert (run.state, run.started_at, run.ended_at) == ("unknown", MARCH + 7200, None)


def test_american_dates_are_proved_by_the_file_or_told(ask):
    clear = sessions(
        "Mail,Success,2/28/2026 2:00:00 AM,2/28/2026 2:10:00 AM,False",
        "Mail,Success,3/1/2026 2:00:00 AM,3/1/2026 2:10:00 AM,False",
    )
    assert [run.started_at for run in ask(Veeam, {"s.csv": clear}, zone="Europe/Oslo").runs] == [
        MARCH - DAY + 3600,
        MARCH + 3600,
    ]
    doubtful = sessions("Mail,Success,3/1/2026 2:00:00 AM,3/1/2026 2:10:00 AM,False")
    answer = ask(Veeam, {"s.csv": doubtful})
    assert answer.runs == []
    assert answer.rejects


def test_the_last_try_counts_and_doubles_do_not(ask):
    rows = (
        "Mail,Failed,2026-03-01 02:00:00,2026-03-01 02:10:00,False",
        "Mail,Failed,2026-03-01 02:00:00,2026-03-01 02:10:00,False",
        "Mail,Success,2026-03-01 02:20:00,2026-03-01 02:30:00,True",
        "Mail,Success,2026-02-28 02:00:00,2026-02-28 02:10:00,False",
        "Mail,Failed,2026-02-28 02:20:00,2026-02-28 02:30:00,True",
    )
    answer = ask(Veeam, {"s.csv": sessions(*rows)})
    assert [(run.state, run.started_at, run.ended_at) for run in answer.runs] == [
        ("failed", MARCH - DAY + 7200, MARCH - DAY + 9000),
        ("ok", MARCH + 7200, MARCH + 9000),
    ]


TASKS = "Job Name,VM Name,Status,Retry of Job,JobDuration,Creation Time,Backup Size (In GB),Data Size (In GB)"


def test_a_row_for_each_machine_is_one_session_and_the_last_try_of_each_counts(ask):
    rows = (
        "Night,db,Failed,False,00:10:00.50,2026-03-01 02:00:00,0,0",
        "Night,web,Success,False,00:10:00.50,2026-03-01 02:00:00,1.5,20",
        "Night,db,Success,True,00:05:00.00,2026-03-01 02:20:00,2.5,30",
    )
    (run,) = ask(Veeam, {"t.csv": sessions(*rows, header=TASKS)}).runs
    assert (run.state, run.started_at, run.ended_at) == ("ok", MARCH + 7200, MARCH + 8700)
    assert (run.bytes_source, run.bytes_added) == (50 * GB, 4 * GB)
    (run,) = ask(Veeam, {"t.csv": sessions(*rows[:2], header=TASKS)}).runs
    assert run.state == "partial"
    assert run.message == "db Failed"


def test_sizes_in_bytes_and_with_units(ask):
    header = "Name;Status;Start Time;End Time;Total Size;Transferred Size"
    rows = ("Mail;Success;2026-03-01 02:00:00;2026-03-01 02:10:00;5560000000;5.56 GB",)
    (run,) = ask(Veeam, {"s.csv": sessions(*rows, header=header)}).runs
    assert (run.bytes_source, run.bytes_added) == (5_560_000_000, 5_560_000_000)


def test_job_and_repository_lists_tell_target_and_encryption(ask):
    files = {
        "s.csv": sessions("Mail,Success,2026-03-01 02:00:00,2026-03-01 02:10:00,False", "Web,Success,2026-03-01 03:00:00,2026-03-01 03:10:00,False"),
        "jobs.csv": "Name,RepoName,PwdKeyId\nMail,Vault,1b2c0000-0000-0000-0000-00000000000a\nWeb,Disk,00000000-0000-0000-0000-000000000000\n",
        "repos.csv": "Name,Path,Type\nVault,bucket,Amazon S3\nDisk,E:\\Backups,WinLocal\n",
    }  # fmt: skip
    found = {job.name: job for job in ask(Veeam, files).jobs}
    assert (found["Mail"].target, found["Mail"].offsite, found["Mail"].encrypted) == (
        "Amazon S3 bucket (Vault)",
        True,
        True,
    )
    assert (found["Web"].target, found["Web"].offsite, found["Web"].encrypted) == (
        "WinLocal E:\\Backups (Disk)",
        None,
        False,
    )


def test_surebackup_is_a_restore_test(ask):
    header = "JobName,JobType,Result,CreationTime,EndTime,LinkedJob"
    rows = (
        "Mail,Backup,Success,2026-03-01 02:00:00,2026-03-01 02:10:00,",
        "Lab,SureBackup,Success,2026-03-01 05:00:00,2026-03-01 06:00:00,Mail",
        "Lab,SureBackup,Failed,2026-03-01 07:00:00,2026-03-01 08:00:00,Mail",
    )
    answer = ask(Veeam, {"s.csv": sessions(*rows, header=header)})
    assert [job.name for job in answer.jobs] == ["Mail"]
    assert sorted((record.about, record.result, record.happened_at) for record in answer.records) == [
        ("Mail", "failed", MARCH + 8 * 3600),
        ("Mail", "ok", MARCH + 6 * 3600),
    ]
    assert {record.about_id for record in answer.records} == {answer.jobs[0].id}


def test_a_bad_time_is_a_reject_and_another_table_is_refused(ask):
    text = sessions(
        "Mail,Success,yesterday,2026-03-01 02:10:00,False", "Mail,Success,2026-03-01 02:00:00,2026-03-01 02:10:00,False"
    )
    answer = ask(Veeam, {"s.csv": text})
    assert answer.states == ["ok"]
    assert answer.rejects[0].place == "s.csv row 2"
    assert "no columns for job, result and start" in ask(Veeam, {"s.csv": "a,b\n1,2\n"}).rejects[0].reason
