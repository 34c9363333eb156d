"""rsync: what it really logs and prints, and the shapes that no run here gives."""

import os

import pytest

from deskaudit.connectors.backups.rsync import Rsync

DAY = 86400
MARCH = 20513 * DAY  # 2026-03-01 in UTC
END = "sent 600,315 bytes  received 83 bytes  1,200,796.00 bytes/sec"
TOTAL = "total size is 600.003  speedup is 1.00"


def log(*lines: str, process: int = 7, hour: str = "02") -> str:
    return "".join(f"2026/03/01 {hour}:00:{n:02} [{process}] {line}\n" for n, line in enumerate(lines))


@pytest.mark.parametrize(
    ("lines", "state"),
    [
        (("building file list", END, TOTAL), "ok"),
        (("building file list", "rsync error: some files/attrs were not transferred (see previous errors) (code 23) at main.c", END, TOTAL), "partial"),
        (("building file list", "sent 1 bytes  received 2 bytes  total size 0", "rsync error: some files (code 23) at main.c"), "failed"),
        (("building file list", END, TOTAL, "rsync warning: some files vanished before they could be transferred (code 24)"), "partial"),
        (("building file list", "rsync error: error in socket IO (code 10) at clientserver.c"), "failed"),
        (("building file list", "rsync error: new in the year 2040 (code 99) at x.c"), "failed"),
        (("building file list", ">f+++++++++ a"), "unknown"),
        (("building file list", ">f+++++++++ a", END), "unknown"),  # whether it was a dry run stands in the next line
    ],
)  # fmt: skip
def test_a_log_has_four_outcomes(ask, lines, state):
    (run,) = ask(Rsync, {"r.log": log(*lines)}, now=MARCH + 9000).runs
    assert (run.state, run.started_at) == (state, MARCH + 7200)


def test_vanished_files_may_be_called_ok(ask):
    text = log("building file list", END, TOTAL, "rsync warning: some files vanished (code 24) at main.c")
    assert ask(Rsync, {"r.log": text}, warnings="ok").states == ["ok"]


def test_runs_at_the_same_time_are_told_apart_by_their_process(ask):
    one, two = log("building file list", END, TOTAL), log("building file list", "rsync error: x (code 12)", process=8)
    mixed = "".join(line + "\n" for pair in zip(one.splitlines(), two.splitlines(), strict=False) for line in pair)
    answer = ask(Rsync, {"r.log": mixed + one.splitlines()[2] + "\n"})
    assert sorted(answer.states) == ["failed", "ok"]
    assert next(run for run in answer.runs if run.state == "ok").bytes_source == 600_003


def test_output_of_several_runs_without_times_is_refused(ask):
    text = f"sending incremental file list\n{END}\n{TOTAL}\n" * 2
    answer = ask(Rsync, {"r.log": text})
    assert "more than one run, and no times" in answer.rejects[0].reason


@pytest.mark.realtool
def test_real_good_partial_failed_missing_dry_and_killed_runs(ask, tool, shell, source_folder, tmp_path):
    tool("rsync")
    words = ("rsync", "-a", "--stats")
    assert shell(*words, "--log-file=good.log", "src/", "dst/", TZ="UTC") == 0
    assert shell(*words, "--log-file=gone.log", "src/", "gone/", "dst/", TZ="UTC") == 23
    assert shell(*words, "--log-file=none.log", "gone/", "dst/", TZ="UTC") == 23
    assert shell(*words, "--log-file=socket.log", "src/", "rsync://127.0.0.1:1/x", TZ="UTC") == 10
    assert shell(*words, "-nv", "--log-file=dry.log", "src/", "new/", TZ="UTC") == 0
    assert shell(
        "timeout", "-s", "TERM", "0.5", *words, "--bwlimit=1", "--log-file=killed.log", "src/", "slow/", TZ="UTC"
    )
    assert shell("rsync", "-av", "--stats", "src/", "dst/", log="printed.log") == 0
    now = int((tmp_path / "printed.log").stat().st_mtime)
    names = ("good", "gone", "none", "socket", "dry", "killed", "printed")
    states = {name: ask(Rsync, logs=[f"{name}.log"], now=now).states for name in names}
    assert states == {
        "good": ["ok"], "gone": ["partial"], "none": ["failed"], "socket": ["failed"], "dry": [], "killed": ["failed"],
        "printed": ["ok"],
    }  # fmt: skip
    (run,) = ask(Rsync, logs=["good.log"], now=now).runs
    assert (run.bytes_source, run.bytes_added) == (600_003, 600_003)
    assert 0 <= now - run.started_at < 120


@pytest.mark.realtool
def test_without_statistics_a_real_dry_run_looks_like_one_without_changes(ask, tool, shell, source_folder, tmp_path):
    tool("rsync")
    for name, words in (("dry", ["-an"]), ("good", ["-a"]), ("unchanged", ["-a"])):
        assert shell("rsync", *words, f"--log-file={name}.log", "src/", "dst/", TZ="UTC") == 0
    now = int((tmp_path / "dry.log").stat().st_mtime)
    found = {name: ask(Rsync, logs=[f"{name}.log"], now=now).runs[0] for name in ("dry", "good", "unchanged")}
    assert {name: run.state for name, run in found.items()} == {"dry": "unknown", "good": "ok", "unchanged": "unknown"}
    assert "--stats" in found["dry"].message


@pytest.mark.realtool
def test_a_real_unreadable_file_makes_the_run_partial(ask, tool, shell, source_folder, tmp_path):
    tool("rsync")
    if os.geteuid() == 0:
        tool("setpriv")
    (source_folder / "b").chmod(0)
    step = ("setpriv", "--reuid=65534", "--clear-groups") if os.geteuid() == 0 else ()
    for folder in [tmp_path, *tmp_path.parents][:4]:
        if os.geteuid() == 0 and str(folder).count("/") > 1:
            folder.chmod(0o777)
    assert shell(*step, "rsync", "-a", "--log-file=run.log", "src/", "dst/", TZ="UTC") == 23
    answer = ask(Rsync, logs=["run.log"], now=int((tmp_path / "run.log").stat().st_mtime))
    assert answer.states == ["partial"]
