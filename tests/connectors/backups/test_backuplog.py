"""Logs read by the user's own patterns."""

import msgspec
import pytest

from deskaudit.connectors.backups import backuplog
from deskaudit.connectors.backups.backuplog import TIME, BackupLog, LogJob

DAY = 86400
MARCH = 20513 * DAY
TWO = """\
2026-02-27 02:00:00 === start
2026-02-27 02:00:05 read 12.5 GB
2026-02-27 02:10:00 all done
2026-02-28 02:00:00 === start
2026-02-28 02:05:00 skipped /etc/shadow
2026-02-28 02:10:00 all done
2026-02-28 12:00:00 === start
2026-02-28 12:00:01 dry run
2026-02-28 12:00:02 all done
"""
OPTIONS = {
    "ok": ["all done$"],
    "partial": ["^.{19} skipped"],
    "failed": ["ERROR"],
    "ignore": ["dry run"],
    "begins": "=== start",
}


def test_several_runs_in_a_file_by_their_first_line(ask):
    answer = ask(BackupLog, {"a.log": TWO}, **OPTIONS, size=r"read (?P<size>\S+ GB)")
    assert [(run.started_at, run.ended_at, run.state) for run in answer.runs] == [
        (MARCH - 2 * DAY + 7200, MARCH - 2 * DAY + 7800, "ok"),
        (MARCH - DAY + 7200, MARCH - DAY + 7800, "partial"),
    ]
    assert answer.runs[0].bytes_source == 12_500_000_000
    assert answer.runs[1].message == "2026-02-28 02:05:00 skipped /etc/shadow"


def test_the_worst_line_counts_whatever_comes_after_it(ask):
    text = "2026-02-28 02:00:00 ERROR disk\n2026-02-28 02:01:00 all done\n"
    (run,) = ask(BackupLog, {"a.log": text}, ok=["all done"], failed=["ERROR"]).runs
    assert (run.state, run.message) == ("failed", "2026-02-28 02:00:00 ERROR disk")


def test_a_log_that_nothing_matches_is_never_good(ask):
    (run,) = ask(BackupLog, {"a.log": "2026-03-01 11:00:00 hello\n"}, ok=["all done"]).runs
    assert run.state == "unknown"
    (run,) = ask(BackupLog, {"a.log": ""}, ok=["all done"]).runs
    assert (run.state, run.message) == ("unknown", "the log is empty")


def test_times_of_another_shape(ask):
    text = "[28.02.2026 02:00:00] all done\n"
    options = {"time": r"^\[(?P<at>[^\]]+)\]", "dates": "%d.%m.%Y %H:%M:%S", "zone": "Europe/Oslo"}
    (run,) = ask(BackupLog, {"a.log": text}, ok=["all done"], **options).runs
    assert run.started_at == MARCH - DAY + 3600


def test_an_hour_that_comes_twice_keeps_its_order(ask):
    # 25 October 2026: Oslo goes from UTC+2 to UTC+1 at 03:00; 02:50 comes first at 00:50 UTC, 02:10 then at 01:10 UTC
    october = 20751 * DAY  # 2026-10-25: 238 days after 1 March
    text = "2026-10-25 02:50:00 begin\n2026-10-25 02:10:00 all done\n"
    (run,) = ask(BackupLog, {"a.log": text}, ok=["all done"], zone="Europe/Oslo", now=october + 2 * DAY).runs
    assert (run.started_at, run.ended_at) == (october + 50 * 60, october + 70 * 60)


def test_runs_without_times_are_refused_where_there_are_several(ask):
    answer = ask(BackupLog, {"a.log": "=== start\nall done\n=== start\nall done\n"}, **OPTIONS)
    assert "runs whose time is not found" in answer.rejects[0].reason
    answer = ask(BackupLog, {"b.log": "nothing\n"}, **OPTIONS)
    assert "no line matches begins" in answer.rejects[0].reason


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"ok": []}, "no run could end well"),
        ({"ok": ["("]}, "is no regular expression"),
        ({"ok": [""]}, "empty pattern"),
        ({"ok": ["a"], "time": "^x"}, "needs a group called at"),
        ({"ok": ["a"], "size": "x"}, "needs a group called size"),
        ({"ok": ["a"], "dates": "%d %Q"}, "%Q is not known"),
    ],
)
def test_wrong_patterns_are_told_before_anything_runs(options, said):
    with pytest.raises(msgspec.ValidationError, match=said):
        msgspec.convert({"jobs": [{"name": "x", "logs": ["a"], **options}]}, BackupLog.options)


@pytest.mark.parametrize(
    "pattern",
    [
        r"(a+)+$",
        r"(a|aa)+$",
        r"(\w+\s?)*$",
        r"(.*)*x",
        r"(a?){30}a{30}",
        r"((a{1,2}){1,9}){1,9}",
        r"(?=(a+)+$)",
        r"(?>(a+)+$)",
    ],
)
def test_patterns_that_could_take_for_ever_are_refused(pattern):
    with pytest.raises(ValueError, match="could take for ever"):
        LogJob(name="x", logs=["x"], ok=["done"], failed=[pattern])


@pytest.mark.parametrize(
    "pattern",
    [TIME, r"ERROR.*disk", r"(?i)error|fail", r"\d{1,3}(?:[.,]\d{3})*", r"(?:\d{1,2}:){1,3}", r"(a++)+", r"(ab)+c?"],
)
def test_usual_patterns_are_not(pattern):
    LogJob(name="x", logs=["x"], ok=["done"], failed=[pattern])


def test_patterns_that_are_slow_on_a_log_are_told(ask, monkeypatch):
    monkeypatch.setattr(backuplog, "LONGEST_S", -1)
    answer = ask(BackupLog, {"r.log": "2026-03-01 02:00:00 done\n"}, ok=["done"])
    assert "take too long" in answer.rejects[0].reason
    assert answer.runs == []


@pytest.mark.realtool
def test_a_real_program_without_a_reader_of_its_own(ask, tool, shell, source_folder, tmp_path):
    tool("tar")
    line = 'date "+%F %T start"; tar -cf out.tar "$@" && date "+%F %T finished" || date "+%F %T FAILED"'
    shell("sh", "-c", line, "sh", "src", log="run.log", TZ="UTC")
    shell("sh", "-c", line, "sh", "src", "gone", log="run.log", TZ="UTC")
    now = int((tmp_path / "run.log").stat().st_mtime)
    answer = ask(BackupLog, logs=["run.log"], ok=["finished"], failed=["FAILED"], begins="start$", now=now)
    assert answer.states == ["ok", "failed"]
    assert all(abs(now - run.started_at) < 60 for run in answer.runs)
