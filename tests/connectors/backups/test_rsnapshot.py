"""rsnapshot: what 1.4 really logs, and the shapes that no run here gives."""

import os

import pytest

from deskaudit.connectors.backups.rsnapshot import Rsnapshot

DAY = 86400
MARCH = 20513 * DAY  # 2026-03-01 in UTC


def log(*lines: str, day: str = "2026-03-01", level: str = "alpha") -> str:
    command = f"/usr/bin/rsnapshot {level}"
    return "".join(f"[{day}T02:00:{n:02}] {line.format(c=command)}\n" for n, line in enumerate(lines))


COPY = "/usr/bin/rsync -a --delete /home/ /snap/alpha.0/host/"
MOVE = "mv /snap/alpha.2/ /snap/beta.0/"
BEGIN, END = "{c}: started", "{c}: completed successfully"


@pytest.mark.parametrize(
    ("lines", "states"),
    [
        ((BEGIN, COPY, END), ["ok"]),
        ((BEGIN, MOVE, END), []),  # a rotation
        ((BEGIN, END), ["unknown"]),  # loglevel 2 does not tell
        ((BEGIN, COPY), ["unknown"]),
        ((BEGIN, COPY, "{c}: ERROR: /usr/bin/rsync returned 255 while processing x", "{c}: ERROR: {c}: completed, but with some errors"), ["failed"]),
        ((BEGIN, COPY, COPY, "{c}: ERROR: /usr/bin/rsync returned 255 while processing x", "{c}: ERROR: {c}: completed, but with some errors"), ["partial"]),
        ((BEGIN, COPY, "WARNING: Some files vanished during rsync operation", "WARNING: {c}: completed, but with some warnings"), ["partial"]),
        ((BEGIN, "{c}: ERROR: Lockfile /run/r.pid exists and so does its process, can not continue"), ["failed"]),
        (("{c}: ERROR: rsnapshot can not continue.", "{c}: ERROR: spaces"), ["failed"]),
    ],
)  # fmt: skip
def test_a_log_has_its_outcomes(ask, lines, states):
    assert ask(Rsnapshot, {"r.log": log(*lines)}, now=MARCH + 9000).states == states


def test_two_configs_that_write_to_one_log_at_a_time(ask):
    one, two = "/usr/bin/rsnapshot -c one.conf alpha", "/usr/bin/rsnapshot -c two.conf alpha"
    text = log(
        f"{one}: started", COPY, f"{two}: started", COPY, f"{one}: completed successfully",
        "WARNING: Some files in /x only transferred partially during rsync operation",
        f"WARNING: {two}: completed, but with some warnings",
    )  # fmt: skip
    answer = ask(Rsnapshot, {"r.log": text}, now=MARCH + 9000)
    assert [(run.state, run.started_at, run.ended_at, run.message) for run in answer.runs] == [
        ("ok", MARCH + 7200, MARCH + 7204, None),
        ("partial", MARCH + 7202, MARCH + 7206, "Some files in /x only transferred partially during rsync operation"),
    ]


def test_a_run_that_broke_off_takes_nothing_from_the_next_one(ask):
    text = log(BEGIN, COPY) + log(
        BEGIN, COPY, "WARNING: lost", "WARNING: {c}: completed, but with some warnings", day="2026-03-02"
    )
    answer = ask(Rsnapshot, {"r.log": text}, now=MARCH + 3 * DAY)
    assert [(run.state, run.message) for run in answer.runs] == [
        ("failed", "it never came to its end"),
        ("partial", "lost"),
    ]


def test_levels_of_the_config_tell_what_copies(ask):
    assert ask(Rsnapshot, {"r.log": log(BEGIN, END)}, levels=["alpha"]).states == ["ok"]
    assert ask(Rsnapshot, {"r.log": log(BEGIN, END, level="beta")}, levels=["alpha"]).states == []


def test_vanished_files_may_be_called_ok_and_others_may_not(ask):
    end = "WARNING: {c}: completed, but with some warnings"
    vanished = log(BEGIN, COPY, "WARNING: Some files vanished during rsync operation", end)
    lost = log(BEGIN, COPY, "WARNING: Some files in /x only transferred partially during rsync operation", end)
    assert ask(Rsnapshot, {"r.log": vanished}, warnings="ok").states == ["ok"]
    assert ask(Rsnapshot, {"r.log": lost}, warnings="ok").states == ["partial"]


def test_nights_in_one_file_and_the_older_way_to_write_times(ask):
    old = log(BEGIN, COPY, END).replace("2026-03-01T", "28/Feb/2026:")
    answer = ask(Rsnapshot, {"r.log": old + log(BEGIN, COPY, END)}, zone="Europe/Oslo")
    assert [run.started_at for run in answer.runs] == [MARCH - DAY + 3600, MARCH + 3600]


@pytest.fixture
def rsnapshot(tool, shell, source_folder, tmp_path):
    """rsnapshot(level, …, more=lines of the config, log=): the real one."""
    tool("rsnapshot")
    tool("rsync")

    def run(*words, log, source="src", more=()):
        lines = [
            "config_version\t1.2", f"snapshot_root\t{tmp_path}/snap/", "cmd_cp\t/bin/cp", "cmd_rm\t/bin/rm",
            "cmd_rsync\t/usr/bin/rsync", "retain\talpha\t2", "retain\tbeta\t2", "loglevel\t3", f"logfile\t{tmp_path}/{log}",
            f"lockfile\t{tmp_path}/rs.pid", f"backup\t{tmp_path}/{source}/\thost/", *more,
        ]  # fmt: skip
        (tmp_path / "rs.conf").write_text("\n".join(lines) + "\n")
        return shell("rsnapshot", "-c", tmp_path / "rs.conf", *words, TZ="UTC")

    return run


@pytest.mark.realtool
def test_real_good_rotated_partial_failed_missing_dry_and_locked_runs(ask, rsnapshot, tmp_path):
    assert rsnapshot("alpha", log="good.log") == 0
    assert rsnapshot("alpha", log="good.log") == 0
    assert rsnapshot("beta", log="good.log") == 0
    assert rsnapshot("alpha", log="script.log", more=["backup_script\t/bin/false\tdb/"]) == 1
    assert rsnapshot("alpha", log="gone.log", source="gone") == 1
    assert rsnapshot("-t", "alpha", log="dry.log") == 0
    (tmp_path / "rs.pid").write_text(str(os.getpid()))
    assert rsnapshot("alpha", log="locked.log") == 1
    now = int((tmp_path / "locked.log").stat().st_mtime)
    good = ask(Rsnapshot, logs=["good.log"], now=now)
    assert set(good.states) == {"ok"}  # two of one second are exact doubles; the rotation is none
    assert len(good.states) <= 2
    assert good.jobs[0].target == str(tmp_path / "snap")
    assert all(0 <= now - run.started_at < 120 for run in good.runs)
    assert ask(Rsnapshot, logs=["script.log"], now=now).states == ["partial"]
    assert ask(Rsnapshot, logs=["gone.log"], now=now).states == ["failed"]
    assert ask(Rsnapshot, logs=["locked.log"], now=now).states == ["failed"]
    assert not (tmp_path / "dry.log").exists() or ask(Rsnapshot, logs=["dry.log"], now=now).states == ["unknown"]
