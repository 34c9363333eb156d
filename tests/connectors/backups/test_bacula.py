"""Bacula: reports of a real director, and the languages and endings that none here gives."""

import re
import subprocess
import time
from pathlib import Path

import pytest

from deskaudit.connectors.backups.bacula import Bacula
from deskaudit.connectors.months import month_number

DAY = 86400
MARCH = 20513 * DAY  # 2026-03-01 in UTC
SCHEMA = Path("/usr/share/bacula-director/make_sqlite3_tables")


def report(
    ending: str = "Backup OK", *, number: int = 7, job: str = "Files", date: str = "01-Mar-2026", level: str = "Full",
    encrypted: str = "no", errors: int = 0, stamp: str = "2026-03-01_02.00.00_03", extra: str = "",
) -> str:  # fmt: skip
    return (
        f"{date[:6]} 02:10 vm-dir JobId {number}: Bacula vm-dir 13.0.1 (05Aug22):\n"
        f"  Build OS:               x86_64-pc-linux-gnu\n  JobId:                  {number}\n"
        f"  Job:                    {job}.{stamp}\n  Backup Level:           {level}\n"
        '  Client:                 "srv1-fd" 13.0.1 (05Aug22)\n'
        '  Storage:                "File1" (From Job resource)\n'
        f"  Start time:             {date} 02:00:02\n  End time:               {date} 02:10:00\n"
        "  FD Bytes Written:       727,577,806 (727.5 MB)\n  SD Bytes Written:       727,600,000 (727.6 MB)\n"
        f"  Encryption:             {encrypted}\n  Non-fatal FD errors:    {errors}\n  SD Errors:              0\n{extra}"
        f"  Termination:            {ending}\n\n"
    )


@pytest.mark.parametrize(
    ("ending", "errors", "state"),
    [
        ("Backup OK", 0, "ok"),
        ("Backup OK", 2, "partial"),
        ("Backup OK -- with warnings", 0, "partial"),
        ("Backup failed -- incomplete", 0, "failed"),
        ("*** Backup Error ***", 0, "failed"),
        ("Backup Canceled", 0, "failed"),
        ("Inappropriate term code: Z", 0, "unknown"),
    ],
)
def test_a_report_has_four_outcomes(ask, ending, errors, state):
    (run,) = ask(Bacula, {"b.log": report(ending, errors=errors)}).runs
    assert (run.state, run.started_at, run.ended_at) == (state, MARCH + 7202, MARCH + 7800)


def test_job_client_storage_sizes_and_encryption(ask):
    answer = ask(Bacula, {"b.log": report(encrypted="yes")}, zone="Europe/Oslo")
    (job,), (run,) = answer.jobs, answer.runs
    assert (job.name, job.asset_ids, job.target, job.encrypted) == ("Files", "srv1", "File1", True)
    assert (run.started_at, run.bytes_source, run.bytes_added) == (MARCH + 3602, 727_577_806, 727_600_000)
    (run,) = ask(Bacula, {"b.log": report(level="Incremental, since=2026-02-28 02:00:00")}).runs
    assert (run.bytes_source, run.bytes_added) == (None, 727_600_000)  # no trend of the source


@pytest.mark.parametrize(
    ("date", "day"),
    [
        ("19-5月-2019", 18035),  # 2019-05-19: 49 years of 365 days, 12 leap days, 138 days
        ("16-ноя-2024", 20043),  # 2024-11-16: 54 years of 365 days, 13 leap days, 320 days
        ("01-mars-2026", 20513),
        ("01-März-2026", 20513),
        ("01-Μαρ-2026", 20513),
        ("01-mrt-2026", 20513),
    ],
)
def test_months_of_other_languages(ask, date, day):
    year = date[-4:]
    (run,) = ask(Bacula, {"b.log": report(date=date, stamp=f"{year}-09-09_02.00.00_03")}).runs
    assert run.started_at == day * DAY + 7202


def test_a_month_that_nobody_knows_or_that_means_two_is_the_stamps(ask):
    (run,) = ask(Bacula, {"b.log": report(date="01-xyz-2026")}).runs
    assert run.started_at == MARCH + 7202
    assert month_number("lip") is None  # July in Polish, June in Croatian
    # queued on the last of February, begun on the first of March
    (run,) = ask(Bacula, {"b.log": report(date="01-xyz-2026", stamp="2026-02-28_23.59.00_03")}).runs
    assert run.started_at == MARCH + 7202


def test_a_time_that_cannot_be_told_makes_the_job_incomplete_and_is_no_run(ask):
    text = report(date="99-Mar-2026", stamp="now")
    answer = ask(Bacula, {"b.log": text})
    assert answer.runs == []
    assert ("backup_run",) in [problem.entities for problem in answer.problems]


def restore(ending: str = "Restore OK", expected: str = "1,003", restored: str = "1,003") -> str:
    return (
        "01-Mar 03:00 vm-dir JobId 9: Restoring files from JobId(s) 7\n"
        "01-Mar 03:10 vm-dir JobId 9: Bacula vm-dir 9.6.7 (10Dec20):\n"
        "  Build OS:               x86_64\n  JobId:                  9\n  Job:                    Restore.2026-03-01_03.00.00_09\n"
        "  Restore Client:         srv1-fd\n  Start time:             01-Mar-2026 03:00:02\n"
        f"  End time:               01-Mar-2026 03:10:00\n  Files Expected:         {expected}\n"
        f"  Files Restored:         {restored}\n  Termination:            {ending}\n\n"
    )


@pytest.mark.parametrize(
    ("text", "result"),
    [
        (restore(), "ok"),
        (restore(restored="1,002"), "failed"),
        (restore(expected="0", restored="0"), "failed"),
        (restore("*** Restore Error ***"), "failed"),
        (restore("Restore OK -- with warnings"), "failed"),
    ],
)
def test_a_restore_counts_where_all_files_came_back(ask, text, result):
    answer = ask(Bacula, {"b.log": report() + text})
    (record,) = answer.records
    assert (record.kind, record.about, record.result, record.happened_at) == (
        "restored",
        "Files",
        result,
        MARCH + 11400,
    )
    assert record.about_id == answer.jobs[0].id
    assert answer.states == ["ok"]


def test_a_rescheduled_job_is_judged_by_its_last_try(ask):
    later = report(number=8).replace("02:00:02", "02:30:00").replace("02:10:00", "02:40:00")
    answer = ask(Bacula, {"b.log": report("*** Backup Error ***") + later})
    assert [(run.state, run.started_at, run.ended_at) for run in answer.runs] == [("ok", MARCH + 7202, MARCH + 9600)]


def test_a_job_that_began_and_has_no_report_runs(ask):
    text = report() + "01-Mar 11:00 vm-dir JobId 8: Start Backup JobId 8, Job=Db.2026-03-01_11.00.00_04\n"
    answer = ask(Bacula, {"b.log": text})
    assert [(run.state, run.started_at, run.ended_at) for run in answer.of("Db")] == [("unknown", MARCH + 39600, None)]


def test_verify_copy_and_admin_jobs_are_no_backups(ask):
    answer = ask(Bacula, {"b.log": report("Verify OK") + report("Copying OK") + report("*** Verify Error ***")})
    assert answer.runs == []
    assert "*** Verify Error ***" in answer.said


CONFIGS = {
    "dir.conf": """
Director {{ Name = t-dir; DIRport = {p1}; DirAddress = 127.0.0.1; QueryFile = "/etc/bacula/scripts/query.sql"
  WorkingDirectory = "{d}"; PidDirectory = "{d}"; Password = "p"; Messages = Std }}
JobDefs {{ Name = "Def"; Type = Backup; Level = Full; Client = t-fd; FileSet = "Set"; Storage = File1; Messages = Std; Pool = P }}
Job {{ Name = "Good"; JobDefs = "Def" }}
Job {{ Name = "Gone"; JobDefs = "Def"; FileSet = "GoneSet" }}
Job {{ Name = "Script"; JobDefs = "Def"; RunScript {{ RunsWhen = Before; Command = "/bin/false"; FailJobOnError = yes }} }}
Job {{ Name = "RestoreFiles"; Type = Restore; Client = t-fd; Storage = File1; FileSet = "Set"; Pool = P; Messages = Std; Where = {d}/back }}
FileSet {{ Name = "Set"; Include {{ Options {{ signature = MD5 }}
  File = {d}/src }} }}
FileSet {{ Name = "GoneSet"; Include {{ Options {{ signature = MD5 }}
  File = {d}/src
  File = {d}/gone }} }}
Client {{ Name = t-fd; Address = 127.0.0.1; FDPort = {p2}; Catalog = C; Password = "p" }}
Storage {{ Name = File1; Address = 127.0.0.1; SDPort = {p3}; Password = "p"; Device = Dev; Media Type = F }}
Catalog {{ Name = C; dbname = "cat"; dbuser = "x"; dbpassword = "" }}
Messages {{ Name = Std; append = "{d}/bacula.log" = all, !skipped }}
Pool {{ Name = P; Pool Type = Backup; Label Format = "Vol-" }}
""",
    "sd.conf": """
Storage {{ Name = t-sd; SDPort = {p3}; SDAddress = 127.0.0.1; WorkingDirectory = "{d}"; Pid Directory = "{d}" }}
Director {{ Name = t-dir; Password = "p" }}
Device {{ Name = Dev; Media Type = F; Archive Device = {d}; LabelMedia = yes; Random Access = Yes; AutomaticMount = yes; RemovableMedia = no }}
Messages {{ Name = Standard; director = t-dir = all }}
""",
    "fd.conf": """
Director {{ Name = t-dir; Password = "p" }}
FileDaemon {{ Name = t-fd; FDport = {p2}; FDAddress = 127.0.0.1; WorkingDirectory = {d}; Pid Directory = {d} }}
Messages {{ Name = Standard; director = t-dir = all, !skipped, !restored }}
""",
    "bc.conf": 'Director {{ Name = t-dir; DIRport = {p1}; address = 127.0.0.1; Password = "p" }}\n',
}


@pytest.fixture
def console(tool, source_folder, tmp_path, free_ports):
    """console(line, …): says something to the director of a real Bacula in the test's folder."""
    programs = [tool(name) for name in ("bacula-sd", "bacula-fd", "bacula-dir")]
    tool("sqlite3")
    talk = tool("bconsole")
    ports = dict(zip(("p1", "p2", "p3"), free_ports(3), strict=True))
    for name, text in CONFIGS.items():
        (tmp_path / name).write_text(text.format(d=tmp_path, **ports))
    schema = re.sub(
        r"^cd .*$", f"cd {tmp_path}", SCHEMA.read_text().replace("XXX_DBNAME_XXX", "cat"), flags=re.MULTILINE
    )
    subprocess.run(["sh", "-c", schema], check=True, capture_output=True, timeout=60)
    started = [
        subprocess.Popen(
            [program, "-f", "-c", tmp_path / f"{program[-2:] if program[-3:] != 'dir' else 'dir'}.conf"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={"TZ": "UTC", "PATH": "/usr/bin:/bin:/usr/sbin", "LC_ALL": "C"},
        )
        for program in programs
    ]

    def say(*lines: str) -> str:
        for _try in range(50):
            done = subprocess.run(
                [talk, "-c", tmp_path / "bc.conf"], input="\n".join([*lines, "quit", ""]), text=True, timeout=60,
                capture_output=True, check=False,
            )  # fmt: skip
            if done.returncode == 0 and "1000 OK" in done.stdout:
                return done.stdout
            time.sleep(0.2)
        pytest.fail(f"no director answers: {done.stdout} {done.stderr}")

    yield say
    for program in started:
        program.terminate()
    for program in started:
        try:
            program.wait(5)
        except subprocess.TimeoutExpired:
            program.kill()
            program.wait(5)


@pytest.mark.realtool
def test_a_real_director_backs_up_warns_fails_and_restores(ask, console, tmp_path):
    console("run job=Good yes", "wait", "run job=Gone yes", "wait", "run job=Script yes", "wait")
    console("restore client=t-fd fileset=Set select current all done yes", "wait")
    text = (tmp_path / "bacula.log").read_text()
    assert text.count("Termination:") == 4, text
    answer = ask(Bacula, logs=["bacula.log"], now=int((tmp_path / "bacula.log").stat().st_mtime))
    states = {job.name: [run.state for run in answer.of(job.name)] for job in answer.jobs}
    assert states == {"Good": ["ok"], "Gone": ["partial"], "Script": ["failed"]}
    assert answer.of("Good")[0].bytes_source == 600_003
    assert {(job.asset_ids, job.target, job.encrypted) for job in answer.jobs} == {("t", "File1", False)}
    (record,) = answer.records
    assert (record.about, record.result) == ("Good", "ok")
    assert (tmp_path / "back" / str(tmp_path).lstrip("/") / "src" / "a").stat().st_size == 600_000
