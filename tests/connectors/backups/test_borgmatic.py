"""borgmatic: what 1.7 really writes into its log file, and the shapes that no run here gives."""

import pytest

from deskaudit.connectors.backups.borgmatic import Borgmatic

DAY = 86400
MARCH = 20513 * DAY  # 2026-03-01 in UTC


def log(*lines: str, day: str = "2026-03-01") -> str:
    return "".join(f"[{day} 02:00:{n:02},123] {line}\n" for n, line in enumerate(lines))


CREATES = "INFO: /srv/repo: Creating archive"
GOOD = (CREATES, "INFO: ", "INFO: summary:", "INFO: a.yaml: Successfully ran configuration file")
BAD = (
    CREATES, "CRITICAL: /srv/repo: Error running actions for repository",
    "CRITICAL: Command 'borg create …' returned non-zero exit status 2.", "CRITICAL: a.yaml: Error running configuration file",
    "CRITICAL: ", "CRITICAL: summary:", "CRITICAL: a.yaml: Error running configuration file",
)  # fmt: skip
GONE = (CREATES, "INFO: /srv/gone: [Errno 2] No such file or directory: 'gone'", *GOOD[1:])


@pytest.mark.parametrize(
    ("lines", "state"),
    [
        (GOOD, "ok"),
        (BAD, "failed"),
        (GONE, "partial"),
        ((CREATES,), "unknown"),
        ((CREATES, "WARNING: x", *GOOD[1:]), "partial"),
    ],
)
def test_a_log_has_four_outcomes(ask, lines, state):
    (run,) = ask(Borgmatic, {"a.log": log(*lines)}, now=MARCH + 9000).runs
    assert (run.state, run.started_at) == (state, MARCH + 7200)


@pytest.mark.parametrize(
    "says", ["a.yaml: Running command for post-backup hook", "a.yaml: Running 2 commands for pre-backup hook"]
)
def test_what_a_hook_prints_is_no_warning_of_the_backup(ask, says):
    hook = (f"INFO: {says}", "WARNING: the database is dumped", "WARNING: ")
    assert ask(Borgmatic, {"a.log": log(CREATES, *hook, *GOOD[1:])}).states == ["ok"]
    after = ("INFO: /srv/repo: Running consistency checks", "WARNING: x")
    assert ask(Borgmatic, {"a.log": log(CREATES, *hook, *after, *GOOD[1:])}).states == ["partial"]


def test_nights_in_one_file_are_runs_of_their_own(ask):
    text = log(*GOOD, day="2026-02-26") + log(*BAD, day="2026-02-27") + log(*GONE, day="2026-02-28") + log(*GOOD)
    answer = ask(Borgmatic, {"a.log": text})
    assert answer.states == ["ok", "failed", "partial", "ok"]
    assert answer.runs[1].started_at == MARCH - 2 * DAY + 7200


def test_a_run_cut_off_by_the_next_one_is_no_success(ask):
    text = log(CREATES, day="2026-02-27") + log(*GOOD, day="2026-02-28")
    assert ask(Borgmatic, {"a.log": text}).states == ["failed", "ok"]


def test_two_configs_that_write_to_one_repository_are_one_run(ask):
    assert ask(Borgmatic, {"a.log": log(CREATES, CREATES, *GOOD[1:])}).states == ["ok"]


def test_two_repositories_are_two_copies(ask):
    (run,) = ask(Borgmatic, {"a.log": log(CREATES, "INFO: ssh://nas/repo: Creating archive", *GOOD[1:])}).runs
    assert (run.state, run.copies) == ("ok", 2)


def test_a_failing_check_after_a_stored_archive_is_partial(ask):
    lines = (
        CREATES, "ANSWER: Archive name: a", "CRITICAL: Command 'borg check /srv/repo' returned non-zero exit status 1.",
        "CRITICAL: summary:", "CRITICAL: a.yaml: Error running configuration file",
    )  # fmt: skip
    assert ask(Borgmatic, {"a.log": log(*lines)}).states == ["partial"]


def test_a_run_that_only_checks_is_no_backup(ask):
    lines = ("INFO: /srv/repo: Running consistency checks", *GOOD[1:])
    answer = ask(Borgmatic, {"a.log": log(*lines)})
    assert (answer.states, answer.records) == ([], [])
    assert "no run is known" in answer.said


def test_a_database_restore_is_on_record(ask):
    (record,) = ask(Borgmatic, {"a.log": log("INFO: /srv/repo: Restoring databases from archive x", *GOOD[1:])}).records
    assert (record.result, record.happened_at) == ("ok", MARCH + 7203)


@pytest.fixture
def borgmatic(tool, shell, source_folder, tmp_path):
    """borgmatic(word, …, log=, source=, password=): the real one, with a repository of its own."""
    tool("borg")
    tool("borgmatic")
    keys = {"BORG_BASE_DIR": str(tmp_path / "base"), "TZ": "UTC", "HOME": str(tmp_path)}
    assert shell("borg", "init", "-e", "repokey", "repo", BORG_PASSPHRASE="right", **keys) == 0

    def run(*words, log, verbosity="1", source="src", password="right"):
        config = tmp_path / "config.yaml"
        config.write_text(
            f"location:\n    source_directories:\n        - {tmp_path}/{source}\n    repositories:\n        - {tmp_path}/repo\n"
            f'storage:\n    encryption_passphrase: "{password}"\nconsistency:\n    checks:\n        - repository\n'
        )
        logs = ("--log-file", tmp_path / log, "--log-file-verbosity", verbosity)
        return shell("borgmatic", "-c", config, *words, *logs, **keys)

    return run


@pytest.mark.realtool
def test_real_good_missing_source_wrong_password_dry_and_silent_runs(ask, borgmatic, tmp_path):
    assert borgmatic("create", "--stats", log="good.log") == 0
    assert borgmatic("create", log="gone.log", source="gone") == 0
    assert borgmatic("create", log="wrong.log", password="wrong") == 1
    assert borgmatic("create", "-n", log="dry.log") == 0
    assert borgmatic("create", "--stats", log="silent.log", verbosity="0") == 0
    now = int((tmp_path / "silent.log").stat().st_mtime)
    states = {
        name: ask(Borgmatic, logs=[f"{name}.log"], now=now).states
        for name in ("good", "gone", "wrong", "dry", "silent")
    }
    assert states == {"good": ["ok"], "gone": ["partial"], "wrong": ["failed"], "dry": [], "silent": ["ok"]}
    answer = ask(Borgmatic, logs=["good.log"], now=now)
    assert 600_000 < answer.runs[0].bytes_source < 602_000
    assert answer.jobs[0].target == str(tmp_path / "repo")
    assert 0 <= now - answer.runs[0].started_at < 120


@pytest.mark.realtool
def test_real_extract_check_shows_with_verbosity_two_alone(ask, borgmatic, tmp_path):
    borgmatic("create", log="a.log")
    assert borgmatic("check", "--only", "extract", "--force", log="one.log", verbosity="1") == 0
    assert borgmatic("check", "--only", "extract", "--force", log="two.log", verbosity="2") == 0
    (tmp_path / "out").mkdir()
    assert borgmatic("extract", "--archive", "latest", "--destination", "out", log="three.log") == 0
    now = int((tmp_path / "three.log").stat().st_mtime)
    assert ask(Borgmatic, logs=["one.log"], now=now).records == []
    assert [record.result for record in ask(Borgmatic, logs=["two.log"], now=now).records] == ["ok"]
    assert [record.kind for record in ask(Borgmatic, logs=["three.log"], now=now).records] == ["restored"]
