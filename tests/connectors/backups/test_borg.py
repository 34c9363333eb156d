"""BorgBackup: what borg 1.2 really prints, and the shapes that no run here gives."""

import json

import pytest

from deskaudit.connectors.backups.borg import Borg

DAY = 86400
MARCH = 20513 * DAY  # 2026-03-01 in UTC
ARCHIVE = {
    "archive": {
        "id": "ab" * 32, "name": "a1", "start": "2026-03-01T02:00:00.000000", "end": "2026-03-01T02:01:00.000000",
        "duration": 60.5, "stats": {"original_size": 5000, "deduplicated_size": 100, "nfiles": 2},
    },
    "encryption": {"mode": "repokey"},
    "repository": {"id": "cd" * 32, "location": "ssh://nas/./repo"},
}  # fmt: skip


def message(text: str, level: str = "WARNING", at: float = MARCH + 7200.5) -> str:
    return json.dumps({"type": "log_message", "time": at, "message": text, "levelname": level, "name": "borg"})


def log(*parts: object) -> str:
    return "\n".join(part if isinstance(part, str) else json.dumps(part, indent=4) for part in parts) + "\n"


@pytest.mark.parametrize(
    ("text", "state", "said"),
    [
        (log(ARCHIVE), "ok", None),
        (log(message("gone: [Errno 2] No such file or directory: 'gone'"), ARCHIVE), "partial", "gone: [Errno 2]"),
        (log(ARCHIVE, message("terminating with warning status, rc 1", "WARNING")), "partial", "ended with 1"),
        (log(message("a: file changed while we backed it up"), ARCHIVE), "partial", "file changed"),
        (log(message("Archive a1 already exists", "ERROR")), "failed", "already exists"),
        (log(message("terminating with error status, rc 13", "ERROR")), "failed", "ended with 13"),
        (log(message("terminating with warning status, rc 107", "WARNING"), ARCHIVE), "partial", "107"),
        (log(message("terminating with error status, rc 999", "ERROR")), "failed", "999"),
        ("Repository /srv/repo does not exist.\n", "failed", "does not exist"),
        ("Got Ctrl-C / SIGINT.\n", "failed", "Ctrl-C"),
        (message("Received SIGTERM", "ERROR"), "failed", "SIGTERM"),
        ('Creating archive at "repo::x"\nterminating with success status, rc 0\n', "unknown", "no statistics"),
        (log(message("terminating with success status, rc 0", "INFO")), "unknown", "no statistics"),
        ("", "unknown", "the log is empty"),
        (log(message("Creating archive", "INFO")), "unknown", "no statistics"),
    ],
)
def test_a_log_has_four_outcomes(ask, text, state, said):
    (run,) = ask(Borg, {"run.log": text}, written=MARCH + 7200, now=MARCH + 8000).runs
    assert run.state == state
    assert (said is None and run.message is None) or said in run.message


def test_harmless_warnings_may_be_called_ok_and_missing_files_may_not(ask):
    changed, gone = message("a: file changed while we backed it up"), message("gone: [Errno 2] No such file")
    assert ask(Borg, {"run.log": log(changed, ARCHIVE)}, warnings="ok").states == ["ok"]
    assert ask(Borg, {"run.log": log(gone, ARCHIVE)}, warnings="ok").states == ["partial"]


def test_local_times_are_placed_by_the_jobs_zone_and_the_end_by_the_duration(ask):
    (run,) = ask(Borg, {"run.log": log(ARCHIVE)}, zone="Europe/Bratislava").runs
    assert (run.started_at, run.ended_at) == (MARCH + 3600, MARCH + 3660)
    (run,) = ask(Borg, {"run.log": log(ARCHIVE)}, zone="America/New_York", now=MARCH + DAY).runs
    assert run.started_at == MARCH + 7 * 3600


def test_sizes_encryption_and_target_come_from_the_archive(ask):
    answer = ask(Borg, {"run.log": log(ARCHIVE)})
    assert (answer.runs[0].bytes_source, answer.runs[0].bytes_added) == (5000, 100)
    assert (answer.jobs[0].target, answer.jobs[0].encrypted, answer.jobs[0].offsite) == ("ssh://nas/./repo", True, None)
    for mode, encrypted in (("none", False), ("authenticated", False), ("keyfile-blake2", True), ("", None)):
        (job,) = ask(Borg, {"run.log": log({**ARCHIVE, "encryption": {"mode": mode}})}).jobs
        assert job.encrypted is encrypted


def test_a_log_and_the_archive_list_are_one_run(ask):
    other = {**ARCHIVE["archive"], "id": "ef" * 32, "start": "2026-02-28T02:00:00.000000"}
    listing = {**ARCHIVE, "archives": [other, ARCHIVE["archive"]]}
    del listing["archive"]
    files = {"run.log": log(message("gone: [Errno 2] No such file"), ARCHIVE), "list.json": json.dumps(listing)}
    answer = ask(Borg, files)
    assert [(run.started_at, run.state) for run in answer.runs] == [
        (MARCH - DAY + 7200, "ok"),
        (MARCH + 7200, "partial"),
    ]
    alone = ask(Borg, {"list.json": json.dumps(listing)}, logs=["list.json"])
    assert "known from archive lists alone" in alone.said


def test_a_file_of_several_runs_is_read_where_each_tells_its_end(ask):
    second = {**ARCHIVE, "archive": {**ARCHIVE["archive"], "id": "ef" * 32, "start": "2026-03-01T03:00:00.000000"}}
    gone, done = message("gone: [Errno 2] No such file"), message("terminating with success status, rc 0", "INFO")
    warned = message("terminating with warning status, rc 1")
    assert ask(Borg, {"run.log": log(ARCHIVE, done, gone, second, warned)}).states == ["ok", "partial"]
    assert ask(Borg, {"run.log": log(ARCHIVE, second)}).states == ["ok", "ok"]
    answer = ask(Borg, {"run.log": log(ARCHIVE, gone, second)})
    assert answer.states == []
    assert "more than one run" in answer.rejects[0].reason


def test_other_logs_are_kept_out(ask):
    answer = ask(Borg, {"run.log": "hello\n"})
    assert "holds nothing that borg prints" in answer.rejects[0].reason


@pytest.fixture
def borg(tool, shell, source_folder, tmp_path):
    """borg(word, …, log=): the real one, with a repository of its own."""
    tool("borg")
    keys = {"BORG_PASSPHRASE": "right", "BORG_BASE_DIR": str(tmp_path / "base"), "TZ": "UTC"}

    def run(*words, log="", **environment):
        return shell("borg", *words, log=log, **{**keys, **environment})

    assert run("init", "-e", "repokey", "repo") == 0
    return run


@pytest.mark.realtool
def test_real_json_good_unchanged_missing_source_double_wrong_password_and_no_repository(ask, borg, tmp_path):
    words = ("create", "--json", "--log-json", "--show-rc")
    assert borg(*words, "repo::a1", "src", log="1.log") == 0
    assert borg(*words, "repo::a2", "src", log="2.log") == 0
    assert borg(*words, "repo::a3", "src", "gone", log="3.log") == 1
    assert borg(*words, "repo::a3", "src", log="4.log") == 2
    assert borg(*words, "repo::a5", "src", log="5.log", BORG_PASSPHRASE="wrong") == 2
    assert borg(*words, "none::a6", "src", log="6.log") == 2
    assert borg(*words, "-n", "repo::a7", "src", log="7.log") == 0
    assert borg("list", "--json", "repo", log="list.json") == 0
    now = int((tmp_path / "7.log").stat().st_mtime)
    answer = ask(Borg, logs=["?.log", "list.json"], now=now)
    states = {run.ext_id: run.state for run in answer.runs}
    assert states == {
        "1.log": "ok", "2.log": "ok", "3.log": "partial", "4.log": "failed", "5.log": "failed", "6.log": "failed",
        "7.log": "unknown",
    }  # fmt: skip
    assert {run.ext_id for run in answer.runs if run.bytes_source} == {"1.log", "2.log", "3.log"}
    assert next(run for run in answer.runs if run.ext_id == "2.log").bytes_added < 2000
    assert all(0 <= now - run.started_at < 120 for run in answer.runs)
    assert (answer.jobs[0].encrypted, answer.jobs[0].target) == (True, str(tmp_path / "repo"))


@pytest.mark.realtool
def test_real_statistics_among_json_messages_tell_the_end(ask, borg, tmp_path):
    """`create --stats --log-json` without `--json`: its statistics are messages. Two of them may stand in one file."""
    words = ("create", "--stats", "--log-json")
    assert borg(*words, "repo::a1", "src", log="1.log") == 0
    assert borg(*words, "repo::a2", "src", "gone", log="2.log") == 1
    both = (tmp_path / "1.log").read_text() + (tmp_path / "2.log").read_text()
    cut = both[: both.index("Chunk index", both.index("Chunk index") + 1)]
    now = int((tmp_path / "2.log").stat().st_mtime)
    (one,), (other,) = (ask(Borg, logs=[name], now=now).runs for name in ("1.log", "2.log"))
    assert (one.state, other.state) == ("ok", "partial")
    assert one.bytes_source
    assert ask(Borg, {"both.log": both}, now=now).states == ["ok", "partial"]
    assert ask(Borg, {"cut.log": cut[: cut.index("Archive name: a2")]}, now=now).states[1:] != ["ok"]


@pytest.mark.realtool
def test_a_real_dry_run_in_json_is_told(ask, borg):
    borg("create", "-n", "--list", "--log-json", "repo::a1", "src", log="run.log")
    answer = ask(Borg, logs=["run.log"])
    assert answer.states == []
    assert "a dry run" in answer.said


@pytest.mark.realtool
def test_real_text_of_several_runs_in_one_file(ask, borg, tmp_path):
    words = ("create", "--stats", "-v", "--show-rc")
    borg(*words, "repo::a1", "src", log="all.log")
    borg(*words, "repo::a2", "src", "gone", log="all.log")
    borg(*words, "repo::a2", "src", log="all.log")
    borg("create", "-n", "--list", "-v", "--show-rc", "repo::a3", "src", log="all.log")
    borg("prune", "-v", "--show-rc", "--keep-daily", "7", "repo", log="all.log")
    borg("check", "-v", "--show-rc", "repo", log="all.log")
    answer = ask(Borg, logs=["all.log"], now=int((tmp_path / "all.log").stat().st_mtime))
    assert sorted(answer.states) == ["failed", "ok", "partial"]
    assert "a dry run" in answer.said
    good = next(run for run in answer.runs if run.state == "ok")
    assert 600_000 < good.bytes_source < 602_000
    assert good.ended_at >= good.started_at


@pytest.mark.realtool
def test_a_real_damaged_repository_is_told(ask, borg, tmp_path):
    borg("create", "--json", "repo::a1", "src", log="run.log")
    segment = max((tmp_path / "repo" / "data" / "0").iterdir(), key=lambda file: file.stat().st_size)
    data = bytearray(segment.read_bytes())
    data[2000:2008] = b"XXXXXXXX"
    segment.write_bytes(data)
    assert borg("check", "-v", "--show-rc", "repo", log="check.log") == 1
    answer = ask(Borg, logs=["*.log"], now=int((tmp_path / "run.log").stat().st_mtime))
    assert "check.log: borg check found errors" in answer.said
    assert answer.states == ["ok"]
