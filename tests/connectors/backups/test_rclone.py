"""rclone: what 1.60 really logs, and the shapes that no run here gives."""

import json

import pytest

from deskaudit.connectors.backups.rclone import Rclone

DAY = 86400
MARCH = 20513 * DAY  # 2026-03-01 in UTC


def line(text: str, at: str = "02:00:10", level: str = "info", **more: object) -> str:
    return json.dumps({"level": level, "msg": text, "time": f"2026-03-01T{at}.123456+00:00", **more}) + "\n"


def stats(at: str = "02:00:10", elapsed: float = 10, **changed: object) -> str:
    told = {
        "bytes": 500,
        "checks": 1,
        "transfers": 2,
        "totalTransfers": 2,
        "errors": 0,
        "fatalError": False,
        "elapsedTime": elapsed,
    }
    return line("\nTransferred: …", at, stats={**told, **changed})


TEXT = """2026/03/01 02:00:10 INFO  :
Transferred:   	        500 B / 500 B, 100%, 0 B/s, ETA -
Checks:                 1 / 1, 100%
Transferred:            2 / 2, 100%
Elapsed time:         10.0s

"""


@pytest.mark.parametrize(
    ("text", "state"),
    [
        (stats(), "ok"),
        (stats(transfers=0, totalTransfers=0, bytes=0), "ok"),
        (stats(errors=1, lastError="permission denied"), "partial"),
        (stats(errors=1, transfers=0, checks=0), "failed"),
        (stats(fatalError=True), "failed"),
        (stats(transfers=1), "unknown"),
        (stats(transferring=[{"name": "a"}]), "unknown"),
        (stats() + line("Copied (new)", "02:00:40"), "unknown"),
        (line("There was nothing to transfer"), "unknown"),
        (line("Failed to sync: directory not found", level="critical"), "failed"),
        (line("Attempt 1/3 failed with 1 errors", level="error") + stats(), "ok"),  # the last try counts
        (TEXT, "ok"),
        (TEXT[: TEXT.index("Elapsed")], "unknown"),
        (TEXT[: TEXT.index("Checks")], "unknown"),
        (TEXT.replace("Checks", "Errors:    1 (retrying may help)\nChecks"), "partial"),
        ("2026/03/01 02:00:10 CRITICAL: Failed to create file system: no such remote\n", "failed"),
    ],
)
def test_a_log_has_four_outcomes(ask, text, state):
    assert ask(Rclone, {"r.log": text}, now=MARCH + 9000).states == [state]


def test_statistics_say_when_the_run_began(ask):
    (run,) = ask(Rclone, {"r.log": stats("02:10:00", 600, bytes=1234)}).runs
    assert (run.started_at, run.ended_at, run.bytes_added) == (MARCH + 7200, MARCH + 7800, 1234)


def test_statistics_every_minute_are_one_run_and_two_nights_are_two(ask):
    one = stats("02:01:00", 60, transfers=1) + line("Copied (new)", "02:01:30") + stats("02:02:00", 120)
    two = line("Config file not found", "06:00:00") + stats("06:01:00", 60, errors=1)
    answer = ask(Rclone, {"r.log": one + two})
    assert [(run.started_at, run.state) for run in answer.runs] == [(MARCH + 7200, "ok"), (MARCH + 6 * 3600, "partial")]


def test_a_run_that_follows_at_once_leaves_the_one_before_it_whole(ask):
    text = stats("02:00:10", 10) + line("Copied (new)", "02:00:30") + stats("02:01:00", 45)
    assert ask(Rclone, {"r.log": text}).states == ["ok", "ok"]


@pytest.mark.realtool
@pytest.mark.parametrize("json_log", [True, False])
def test_real_good_unchanged_missing_dry_and_silent_runs(ask, tool, shell, source_folder, tmp_path, json_log):
    tool("rclone")
    words = ("rclone", "--config", tmp_path / "none.conf", "sync", *(["--use-json-log"] if json_log else []))
    keys = {"TZ": "UTC"}
    assert shell(*words, "src", "dst", "-v", "--log-file", "good.log", **keys) == 0
    assert shell(*words, "src", "dst", "-v", "--log-file", "same.log", **keys) == 0
    assert shell(*words, "gone", "dst", "-v", "--log-file", "gone.log", **keys) == 3
    assert shell(*words, "src", "new", "-v", "--dry-run", "--log-file", "dry.log", **keys) == 0
    assert shell(*words, "src", "quiet", "--log-file", "quiet.log", **keys) == 0
    assert shell(*words, "src", "no:where", "-v", "--log-file", "remote.log", **keys) != 0
    now = int((tmp_path / "remote.log").stat().st_mtime)
    names = ("good", "same", "gone", "dry", "quiet", "remote")
    states = {name: ask(Rclone, logs=[f"{name}.log"], now=now).states for name in names}
    assert states == {
        "good": ["ok"],
        "same": ["ok"],
        "gone": ["failed"],
        "dry": [],
        "quiet": ["unknown"],
        "remote": ["failed"],
    }
    (run,) = ask(Rclone, logs=["good.log"], now=now).runs
    assert 599_000 < run.bytes_added < 601_000
    assert 0 <= now - run.started_at < 120


@pytest.mark.realtool
def test_a_real_partial_run(ask, tool, shell, source_folder, tmp_path):
    tool("rclone")
    (tmp_path / "dst" / "b").mkdir(parents=True)  # a folder stands where the file should go
    (tmp_path / "dst" / "b" / "x").write_bytes(b"x")
    words = (
        "rclone",
        "--config",
        tmp_path / "none.conf",
        "copy",
        "src",
        "dst",
        "-v",
        "--use-json-log",
        "--retries",
        "2",
    )
    assert shell(*words, "--log-file", "run.log", TZ="UTC") != 0
    answer = ask(Rclone, logs=["run.log"], now=int((tmp_path / "run.log").stat().st_mtime))
    assert answer.states == ["partial"]
