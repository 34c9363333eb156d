"""restic: real repositories by the real tool where it is, and what other versions print by hand."""

import json
import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deskaudit.connectors import Context
from deskaudit.connectors.backups.restic import Job, Options, Restic
from deskaudit.connectors.backups.resticlog import read_log, read_snapshots
from deskaudit.errors import Cancelled, SourceError
from deskaudit.model.batches import Batch, Want
from deskaudit.model.entities import BackupJob, BackupRun, Record
from deskaudit.secrets import SecretRef

WANT = Want(entities=frozenset({"backup_job", "backup_run", "record"}), since_at=0)
SUMMARY = {
    "message_type": "summary",
    "data_added": 1000,
    "total_bytes_processed": 5000,
    "total_duration": 60.4,
    "snapshot_id": "aabbccdd",
}
SNAPSHOT = {"time": "2026-03-01T02:00:00.123456789+01:00", "hostname": "files", "id": "aabbccdd" + "0" * 56}
AT = 1772326800  # 2026-03-01 02:00 in UTC+1 = 01:00 UTC: 20,513 days and one hour after the epoch


def lines(*messages: object) -> bytes:
    return "\n".join(m if isinstance(m, str) else json.dumps(m) for m in messages).encode()


def restic(folder: Path, *jobs: Job) -> Restic:
    return Restic(Options(jobs=list(jobs)), Context("backups", folder, now=lambda: AT + 86400))


def pull(connector: Restic) -> list[Batch]:
    return list(connector.pull(None, WANT))


def runs_of(batches: list[Batch]) -> list[BackupRun]:
    return [row for batch in batches for row in batch.rows if isinstance(row, BackupRun)]


def test_the_hand_computed_time_is_right():
    assert AT == 20513 * 86400 + 3600


@pytest.mark.parametrize(
    ("data", "state", "said"),
    [
        (lines(SUMMARY), "ok", ""),
        (lines({**SUMMARY, "data_added": 0}), "ok", ""),
        (lines({"message_type": "error", "item": "/x"}, SUMMARY), "partial", "1 files could not be read"),
        (lines("/srv/b does not exist, skipping", SUMMARY), "partial", "does not exist"),
        (lines(SUMMARY, "Warning: at least one source file could not be read"), "partial", "could not be read"),
        (lines("Fatal: wrong password or no key found"), "failed", "wrong password"),
        (lines({"message_type": "exit_error", "code": 12, "message": "wrong password"}), "failed", "wrong password"),
        (lines("unable to create lock in backend: repository is already locked by PID 7"), "failed", "already locked"),
        (lines({"message_type": "status"}, "\x1b[2Ksignal interrupt received, cleaning up"), "failed", "interrupt"),
        (lines("processed 2 files, 9 B in 0:01", "snapshot aabbccdd saved"), "ok", ""),
        (lines("error: open a: permission denied", "snapshot aabbccdd saved"), "partial", "1 files"),
        (lines({"message_type": "status", "percent_done": 0.5}), "unknown", "still running, or cut off"),
        (b"", "unknown", "the log is empty"),
    ],
)
def test_a_log_has_four_outcomes(data, state, said):
    run = read_log(data, "run.json", AT, {})
    assert run.state == state
    assert said in run.message


def test_time_comes_from_the_log_else_the_snapshot_else_the_file():
    known = {"aabbccdd": read_snapshots(json.dumps([SNAPSHOT]).encode(), "list")[0]}
    assert read_log(lines(SUMMARY), "f", AT + 900, {}).started_at == AT + 900 - 60
    assert read_log(lines(SUMMARY), "f", AT + 900, known).started_at == AT
    own = {**SUMMARY, "backup_start": "2026-03-01T03:00:00+01:00", "backup_end": "2026-03-01T03:10:00+01:00"}
    run = read_log(lines(own), "f", AT + 99999, known)
    assert (run.started_at, run.ended_at) == (AT + 3600, AT + 4200)


def test_a_log_and_its_snapshot_are_one_run(tmp_path):
    (tmp_path / "1.json").write_bytes(lines({"message_type": "error"}, SUMMARY))
    other = {**SNAPSHOT, "id": "1234567812345678", "time": "2026-02-28T02:00:00+01:00"}
    (tmp_path / "list.json").write_text(json.dumps([SNAPSHOT, other]))
    runs = runs_of(pull(restic(tmp_path, Job(name="files", logs=["1.json"], snapshots=["list.json"]))))
    assert [(run.started_at, run.state) for run in runs] == [(AT - 86400, "ok"), (AT, "partial")]
    assert runs[1].bytes_source == 5000


def test_a_log_of_two_runs_is_kept_out_and_makes_the_job_incomplete(tmp_path):
    (tmp_path / "1.json").write_bytes(lines(SUMMARY, SUMMARY))
    (batch,) = pull(restic(tmp_path, Job(name="files", logs=["*.json"])))
    assert [reject.place for reject in batch.rejects] == ["1.json"]
    assert any(problem.entities == ("backup_run",) for problem in batch.problems)


@pytest.mark.parametrize(
    "begins",
    [
        b"using parent snapshot aabbccdd\n",
        b"no parent snapshot found, will read all files\n",
        b"Files:           2 new,     0 changed,     0 unmodified\n",
        b'{"message_type":"status","percent_done":0.5}\n',
    ],
)
def test_a_run_that_goes_on_behind_another_in_one_log_is_not_taken_for_it(begins):
    ended = b"processed 2 files, 39.062 KiB in 0:07\nsnapshot c9294e40 saved\n"
    assert read_log(ended, "a.log", 0, {}).state == "ok"
    with pytest.raises(SourceError, match="more than one run"):
        read_log(ended + begins, "a.log", 0, {})


def test_job_row_says_what_the_config_says_and_guesses_no_copy_elsewhere(tmp_path):
    (tmp_path / "list.json").write_text("[]")
    job = Job(name="files", snapshots=["list.json"], schedule="0 2 * * *", assets=["srv1", "srv2"], rpo="6h")
    (batch,) = pull(restic(tmp_path, job))
    (row,) = [row for row in batch.rows if isinstance(row, BackupJob)]
    assert (row.schedule, row.asset_ids, row.rpo_s, row.offsite) == ("0 2 * * *", "srv1 srv2", 21600, None)
    assert "no run is known" in batch.problems[0].message


def test_restore_tests_of_the_config_are_records(tmp_path):
    (tmp_path / "list.json").write_text("[]")
    (batch,) = pull(restic(tmp_path, Job(name="files", snapshots=["list.json"], restore_tests=["2026-03-01"])))
    (record,) = [row for row in batch.rows if isinstance(row, Record)]
    assert (record.kind, record.about, record.happened_at) == ("restored", "files", 20513 * 86400)


def test_a_job_needs_a_trace(tmp_path):
    with pytest.raises(msgspec.ValidationError, match="logs, snapshots or repository"):
        msgspec.convert({"name": "x"}, Job)


@given(
    st.binary(max_size=300)
    | st.lists(st.recursive(st.none() | st.integers() | st.text(), st.lists)).map(
        lambda value: json.dumps(value).encode()
    )
)
def test_nothing_restic_might_print_raises_anything_but_a_source_error(data):
    read_log(data, "f", AT, {})
    try:
        read_snapshots(data, "f")
    except SourceError as fault:
        assert fault.kind == "bad_file"


needs_restic = pytest.mark.skipif(
    not shutil.which("restic") and not os.environ.get("CI"), reason="restic is not installed"
)


@pytest.fixture
def repository(tmp_path, monkeypatch):
    """A real repository with one good run; (folder, a function that runs restic there)."""
    monkeypatch.setenv("RESTIC_PASSWORD", "right")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))

    def run(*words: str, log: str = "") -> int:
        done = subprocess.run(
            ["restic", "-r", tmp_path / "repo", *words],
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
        if log:
            (tmp_path / log).write_bytes(done.stdout)
        return done.returncode

    assert run("init") == 0
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "a").write_bytes(b"x" * 1234)
    return tmp_path, run


def job_of(folder: Path, **options: object) -> Job:
    return Job(
        name="files",
        repository=str(folder / "repo"),
        password=SecretRef(env="RESTIC_PASSWORD"),
        **options,  # type: ignore[arg-type]
    )


@pytest.mark.realtool
@needs_restic
def test_real_runs_good_unchanged_missing_source_and_wrong_password(repository, monkeypatch):
    folder, run = repository
    assert run("backup", "--json", "src", log="run1.json") == 0
    assert run("backup", "--json", "src", log="run2.json") == 0
    run("backup", "--json", "src", "gone", log="run3.json")
    monkeypatch.setenv("RESTIC_PASSWORD", "wrong")
    assert run("backup", "--json", "src", log="run4.json") != 0
    monkeypatch.setenv("RESTIC_PASSWORD", "right")
    runs = runs_of(pull(restic(folder, job_of(folder, logs=["run*.json"]))))
    states = {run.ext_id: run.state for run in runs}
    assert states == {"run1.json": "ok", "run2.json": "ok", "run3.json": "partial", "run4.json": "failed"}
    assert {run.bytes_source for run in runs if run.state == "ok"} == {1234}
    assert next(run for run in runs if run.ext_id == "run2.json").bytes_added == 0


@pytest.mark.realtool
@needs_restic
def test_a_real_dry_run_is_no_backup(repository):
    folder, run = repository
    assert run("backup", "--dry-run", "--json", "src", log="run1.log") == 0
    assert run("backup", "--dry-run", "src", log="run2.log") == 0
    (batch,) = pull(restic(folder, Job(name="files", logs=["run*.log"])))
    assert runs_of([batch]) == []
    assert sum("a dry run" in problem.message for problem in batch.problems) == 2


@pytest.mark.realtool
@needs_restic
def test_real_text_is_read_and_its_snapshot_is_the_same_run(repository):
    folder, run = repository
    assert run("backup", "src", log="run1.log") == 0
    run("backup", "src", "gone", log="run2.log")
    found = runs_of(pull(restic(folder, job_of(folder, logs=["run*.log"]))))
    assert [(run.ext_id, run.state) for run in found] == [("run1.log", "ok"), ("run2.log", "partial")]
    assert all(1230 < run.bytes_source < 1240 for run in found)  # told as 1.205 KiB
    (folder / "both.log").write_bytes((folder / "run1.log").read_bytes() * 2)
    (batch,) = pull(restic(folder, Job(name="files", logs=["both.log"])))
    assert "more than one run" in batch.rejects[0].reason


def test_several_hosts_in_one_list_are_told(tmp_path):
    other = {**SNAPSHOT, "hostname": "mail", "id": "ee" * 32}
    (tmp_path / "list.json").write_text(json.dumps([SNAPSHOT, other]))
    (batch,) = pull(restic(tmp_path, Job(name="all", snapshots=["list.json"])))
    assert any("2 hosts (files, mail)" in problem.message for problem in batch.problems)
    (batch,) = pull(restic(tmp_path, Job(name="mail", snapshots=["list.json"], host="mail")))
    assert not any("hosts" in problem.message for problem in batch.problems)
    assert [row.asset_ids for row in batch.rows if isinstance(row, BackupJob)] == ["mail"]


@pytest.mark.realtool
@needs_restic
def test_a_real_unreadable_file_makes_the_run_partial(repository):
    if os.geteuid() == 0 and not shutil.which("setpriv"):
        pytest.skip("root reads everything, and there is no setpriv to step down")
    folder, _run = repository
    (folder / "src" / "secret").write_text("x")
    (folder / "src" / "secret").chmod(0)
    words = ["restic", "-r", str(folder / "repo"), "--no-cache", "backup", "--json", "src"]
    if os.geteuid() == 0:
        for path in [folder, *folder.parents]:
            if str(path).startswith(f"{tempfile.gettempdir()}/"):
                path.chmod(0o755)
        subprocess.run(["chown", "-R", "65534", folder / "repo", folder / "src"], check=True)
        words = ["setpriv", "--reuid=65534", "--clear-groups", *words]
    done = subprocess.run(words, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    (folder / "run.json").write_bytes(done.stdout)
    assert done.returncode == 3, done.stdout
    (run,) = runs_of(pull(restic(folder, job_of(folder, logs=["run.json"]))))
    assert run.state == "partial"


@pytest.mark.realtool
@needs_restic
def test_a_real_empty_repository_is_told_and_is_no_error(repository):
    folder, _run = repository
    (batch,) = pull(restic(folder, job_of(folder)))
    assert runs_of([batch]) == []
    assert "no run is known" in batch.problems[0].message


@pytest.mark.realtool
@needs_restic
def test_a_real_wrong_password_is_told_as_such_and_nothing_is_written(repository, monkeypatch):
    folder, run = repository
    run("backup", "--json", "src")
    before = sorted(path for path in (folder / "repo").rglob("*"))
    monkeypatch.setenv("RESTIC_PASSWORD", "wrong")
    with pytest.raises(SourceError, match="refuses the password") as caught:
        pull(restic(folder, job_of(folder)))
    assert caught.value.kind == "auth"
    assert restic(folder, job_of(folder)).probe().authorised is False
    assert sorted(path for path in (folder / "repo").rglob("*")) == before


@pytest.mark.realtool
@needs_restic
def test_a_real_missing_repository_is_told_as_such(tmp_path, monkeypatch):
    monkeypatch.setenv("RESTIC_PASSWORD", "x")
    with pytest.raises(SourceError, match="no restic repository"):
        pull(restic(tmp_path, job_of(tmp_path)))


def test_a_restic_that_does_not_answer_is_not_waited_for(tmp_path):
    program = tmp_path / "restic"
    program.write_text("#!/bin/sh\nexec sleep 60\n")
    program.chmod(0o755)
    options = Options(jobs=[Job(name="files", repository="r")], program=str(program))
    source = Restic(options, Context("backups", tmp_path, now=lambda: AT, cancelled=lambda: True))
    begun = time.monotonic()
    with pytest.raises(Cancelled, match="restic was asked"):
        pull(source)
    assert time.monotonic() - begun < 30


def test_pipes_and_folders_are_told_and_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "1.log")
    (batch,) = pull(restic(tmp_path, Job(name="files", logs=["1.log"])))
    assert ["pipe or a device" in reject.reason for reject in batch.rejects] == [True]
    (tmp_path / "list.json").mkdir()
    with pytest.raises(SourceError, match=r"jobs\.1\.snapshots: .*list\.json is a folder"):
        pull(restic(tmp_path, Job(name="files", logs=["1.log"], snapshots=["list.json"])))
