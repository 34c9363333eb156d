"""What all backup sources have in common, tried with the source whose patterns the test itself gives."""

import gzip
import os

import msgspec
import pytest

from deskaudit.connectors import Context
from deskaudit.connectors.backups.backuplog import BackupLog
from deskaudit.connectors.backups.borg import Borg
from deskaudit.connectors.backups.duplicati import Duplicati
from deskaudit.connectors.backups.restic import Restic
from deskaudit.connectors.backups.targets import lies_elsewhere
from deskaudit.errors import Cancelled, SourceError
from deskaudit.model.batches import Want

DAY = 86400
MARCH = 20513 * DAY  # 2026-03-01 in UTC: 20,513 days after the epoch
PATTERNS = {"ok": ["all done"], "failed": ["ERROR"], "partial": ["skipped"]}
GOOD = "2026-02-28 02:00:00 begin\n2026-02-28 02:10:00 all done\n"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"logs": []}, "job x: give logs"),
        ({"schedule": "every night"}, 'the schedule "every night" is neither a cron line'),
        ({"schedule": "61 2 * * *"}, "neither a cron line"),
        ({"schedule": "0h"}, "the interval is empty"),
        ({"schedule": "0 0 30 2 *"}, "neither a cron line"),
        ({"zone": "Bratislava"}, 'no time zone is called "Bratislava"'),
        ({"rpo": "soon"}, "is no duration"),
        ({"grace": "1"}, "is no duration"),
        ({"restore_tests": ["last week"]}, 'restore_tests holds "last week"'),
        ({"colour": 1}, "unknown field"),
    ],
)
def test_wrong_options_are_told_before_anything_runs(options, said):
    with pytest.raises(msgspec.ValidationError, match=said):
        msgspec.convert({"jobs": [{"name": "x", "logs": ["a"], **options}]}, Borg.options)


@pytest.mark.parametrize("schedule", ["0 2 * * *", "*/15 * * * 1-5", "6h", "1d", "2w", ""])
def test_schedules_are_cron_or_intervals(schedule):
    msgspec.convert({"jobs": [{"name": "x", "logs": ["a"], "schedule": schedule}]}, Borg.options)
    msgspec.convert({"jobs": [{"name": "x", "logs": ["a"], "schedule": schedule}]}, Restic.options)


def test_two_jobs_of_one_name_are_refused():
    with pytest.raises(msgspec.ValidationError, match='two jobs are called "x"'):
        msgspec.convert({"jobs": [{"name": "x", "logs": ["a"]}] * 2}, Borg.options)
    with pytest.raises(msgspec.ValidationError, match="jobs is empty"):
        msgspec.convert({"jobs": []}, Borg.options)


def test_a_job_row_says_what_the_config_says(ask):
    answer = ask(
        BackupLog, {"a.log": GOOD}, **PATTERNS, schedule="0 2 * * *", zone="Europe/Oslo", grace="1h", rpo="6h",
        target="s3:eu.example/bucket", encrypted=True, critical=False, assets=["srv1", "srv2"],
    )  # fmt: skip
    (job,) = answer.jobs
    assert (job.name, job.schedule, job.zone, job.grace_s, job.rpo_s) == (
        "job",
        "0 2 * * *",
        "Europe/Oslo",
        3600,
        21600,
    )
    assert (job.target, job.offsite, job.encrypted, job.critical) == ("s3:eu.example/bucket", True, True, False)
    assert job.asset_ids == "srv1 srv2"


def test_naive_times_are_the_jobs_own(ask):
    # 28 February, 02:00 in Oslo (UTC+1) is 01:00 UTC; 28 February is the day before 1 March
    (run,) = ask(BackupLog, {"a.log": GOOD}, **PATTERNS, zone="Europe/Oslo").runs
    assert (run.started_at, run.ended_at) == (MARCH - DAY + 3600, MARCH - DAY + 4200)
    (run,) = ask(BackupLog, {"a.log": GOOD}, **PATTERNS, zone="America/New_York").runs
    assert run.started_at == MARCH - DAY + 7 * 3600


def test_no_log_is_an_error_and_never_an_empty_list(ask):
    with pytest.raises(SourceError, match=r"jobs\.1\.logs: no file matches .*/gone/\*\.log"):
        ask(BackupLog, **PATTERNS, logs=["gone/*.log"])


def test_where_all_jobs_are_broken_none_is_left_for_the_next_pull(tmp_path):
    tables = [{"name": name, "logs": [f"{name}.log"], **PATTERNS} for name in ("a", "b")]
    options = msgspec.convert({"jobs": tables}, BackupLog.options)
    source = BackupLog(options, Context("backups", tmp_path, now=lambda: 0))
    pulled = source.pull(None, Want(entities=source.fills, since_at=0))
    with pytest.raises(SourceError, match=r"jobs\.1\.logs"):
        next(pulled)


def test_a_log_that_is_missing_among_others_is_told(ask):
    answer = ask(BackupLog, {"a.log": GOOD}, **PATTERNS, logs=["a.log", "old/*.log"])
    assert len(answer.runs) == 1
    (problem,) = answer.problems
    assert problem.message.startswith("sources.backups.jobs.1.logs: no file matches ")
    assert problem.message.endswith("/old/*.log.")


def test_a_broken_job_leaves_the_others_alone(ask):
    good = {"name": "good", "logs": ["a.log"], **PATTERNS}
    bad = {"name": "bad", "logs": ["gone.log"], **PATTERNS}
    answer = ask(BackupLog, {"a.log": GOOD}, jobs=[bad, good])
    assert {job.name for job in answer.jobs} == {"good", "bad"}
    assert [run.state for run in answer.of("good")] == ["ok"]
    (problem,) = answer.problems
    assert (problem.resource, problem.entities) == ("bad", ("backup_run",))


def test_files_in_folders_and_packed_ones_are_read(ask):
    files = {"a/one.log": GOOD, "b/two.log.1.gz": gzip.compress(GOOD.replace("02-28", "02-27").encode())}
    answer = ask(BackupLog, files, **PATTERNS, logs=["**/*.log*"])
    assert answer.states == ["ok", "ok"]


def test_a_damaged_or_special_file_makes_the_job_incomplete(ask, tmp_path):
    os.mkfifo(tmp_path / "pipe.log")
    files = {"a.log": GOOD, "b.log": gzip.compress(GOOD.encode())[:-9]}
    answer = ask(BackupLog, files, **PATTERNS, logs=["*.log"])
    assert {reject.place for reject in answer.rejects} == {"b.log", "pipe.log"}
    assert any(problem.entities == ("backup_run",) for problem in answer.problems)


def test_exact_doubles_count_once(ask):
    answer = ask(BackupLog, {"a.log": GOOD, "copy.log": GOOD}, **PATTERNS)
    assert answer.states == ["ok"]


def test_runs_of_one_moment_that_differ_are_two_rows(ask):
    answer = ask(BackupLog, {"a.log": GOOD, "b.log": GOOD.replace("all done", "ERROR disk")}, **PATTERNS)
    assert sorted(answer.states) == ["failed", "ok"]
    assert len({run.id for run in answer.runs}) == 2


@pytest.mark.parametrize(("age", "state"), [(3600, "unknown"), (86400, "unknown"), (86401, "failed")])
def test_a_run_without_an_end_runs_for_a_day_and_then_has_failed(ask, age, state):
    text = "2026-02-28 02:00:00 begin\n"
    (run,) = ask(BackupLog, {"a.log": text}, **PATTERNS, now=MARCH - DAY + 7200 + age).runs
    assert (run.state, run.ended_at) == (state, None)


def test_a_run_in_the_future_tells_of_a_wrong_zone_or_clock(ask):
    answer = ask(BackupLog, {"a.log": GOOD}, **PATTERNS, now=MARCH - DAY)
    (problem,) = answer.problems
    assert "in the future, as 2026-02-28T02:00:00Z" in problem.message
    assert problem.entities == ("backup_run",)


def test_only_what_is_wanted_comes(ask):
    assert ask(BackupLog, {"a.log": GOOD}, **PATTERNS, since=MARCH).runs == []


def test_restores_of_the_config_are_records(ask):
    (record,) = ask(BackupLog, {"a.log": GOOD}, **PATTERNS, restore_tests=["2026-03-01"], zone="Europe/Oslo").records
    assert (record.kind, record.about, record.result) == ("restored", "job", "ok")
    assert record.happened_at == MARCH - 3600


def duplicati(name: str, at: str, result: str = "Success") -> str:
    end = at.replace(":00:00", ":30:00")
    return (
        '{"Data":{"MainOperation":"Backup","ParsedResult":"' + result + '","BeginTime":"' + at + '","EndTime":"' + end
        + '"},"Extra":{"backup-name":"' + name + '","machine-name":"pc-' + name + '"}}\n'
    )  # fmt: skip


MIXED = duplicati("files", "2026-02-27T01:00:00Z") + duplicati("db", "2026-02-27T02:00:00Z", "Error")


def test_each_name_that_the_tool_gives_is_a_job_so_that_a_good_one_hides_no_bad_one(ask):
    answer = ask(Duplicati, {"a.json": MIXED}, schedule="1d")
    assert {job.name: job.asset_ids for job in answer.jobs} == {"files": "pc-files", "db": "pc-db"}
    assert {job.schedule for job in answer.jobs} == {"1d"}
    assert [run.state for run in answer.of("files")] == ["ok"]
    assert [run.state for run in answer.of("db")] == ["failed"]


def test_only_takes_names_or_machines_and_the_rest_is_told(ask):
    one = {"name": "one", "logs": ["a.json"], "only": ["FILES"]}
    answer = ask(Duplicati, {"a.json": MIXED}, jobs=[one])
    assert [job.name for job in answer.jobs] == ["one"]
    assert answer.states == ["ok"]
    assert "the logs also tell of db, which no job takes" in answer.said
    two = {"name": "two", "logs": ["a.json"], "only": ["pc-db"]}
    answer = ask(Duplicati, {"a.json": MIXED}, jobs=[one, two])
    assert {job.name for job in answer.jobs} == {"one", "two"}
    assert answer.problems == []


def test_warnings_are_partial_unless_the_job_says_otherwise(ask):
    files = {"a.json": duplicati("files", "2026-02-27T01:00:00Z", "Warning")}
    assert ask(Duplicati, files).states == ["partial"]
    assert ask(Duplicati, files, warnings="ok").states == ["ok"]


@pytest.mark.parametrize(
    ("target", "elsewhere"),
    [
        ("s3:https://s3.eu.example.com/bucket", True),
        ("s3:http://minio:9000/bucket", None),
        ("s3:http://192.168.1.5/bucket", None),
        ("s3:http://127.0.0.1:9000/bucket", False),
        ("b2:bucket", True),
        ("azure:box", True),
        (":s3,provider=AWS:bucket", True),
        ("ssh://nas/backup", None),
        ("borg@localhost:repo", False),
        ("/mnt/nas/backup", None),
        ("/var/lib/vz/dump/vzdump-qemu-101.vma.zst", False),
        ("remote:bucket", None),
        ("", None),
    ],
)
def test_a_targets_name_proves_what_it_proves(target, elsewhere):
    assert lies_elsewhere(target) is elsewhere


def test_said_by_the_config_counts_more_than_the_target(ask):
    (job,) = ask(BackupLog, {"a.log": GOOD}, **PATTERNS, target="b2:bucket", offsite="no").jobs
    assert job.offsite is False
    (job,) = ask(BackupLog, {"a.log": GOOD}, **PATTERNS, target="b2:bucket", offsite="unknown").jobs
    assert job.offsite is None


def test_probe_counts_the_runs_or_says_why_there_are_none(tmp_path):
    (tmp_path / "a.log").write_text(GOOD)
    jobs = [{"name": "good", "logs": ["a.log"], **PATTERNS}, {"name": "bad", "logs": ["b.log"], **PATTERNS}]
    options = msgspec.convert({"jobs": jobs}, BackupLog.options)
    probe = BackupLog(options, Context("backups", tmp_path, now=lambda: MARCH)).probe()
    assert probe.reachable is False
    told = f"sources.backups.jobs.2.logs: there is no file {tmp_path}/b.log."
    assert probe.modules == {"good": "ok, 1 run", "bad": told}


def test_a_pull_that_is_told_to_stop_stops(tmp_path):
    (tmp_path / "a.log").write_text(GOOD)
    options = msgspec.convert({"jobs": [{"name": "x", "logs": ["a.log"], **PATTERNS}]}, BackupLog.options)
    source = BackupLog(options, Context("backups", tmp_path, now=lambda: MARCH, cancelled=lambda: True))
    with pytest.raises(Cancelled):
        list(source.pull(None, Want(entities=frozenset(), since_at=0)))


def test_ids_stay_when_a_log_is_renamed(ask):
    (first,) = ask(BackupLog, {"a.log": GOOD}, **PATTERNS).runs
    (second,) = ask(BackupLog, {"a.log.1": GOOD}, **PATTERNS).runs
    assert first.id == second.id
