"""The commands around an audit, and what the program imports."""

import fcntl
import json
import os
import signal
import subprocess
import sys
import threading
import time

import duckdb
import pytest

from deskaudit import cli
from deskaudit.checks import engine
from deskaudit.cli.group import COMMANDS, run
from deskaudit.snapshot import Snapshot


def python(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_version_imports_next_to_nothing():
    heavy = [
        "click",
        "textual",
        "duckdb",
        "requests",
        "keyring",
        "msgspec",
        "sqlite3",
        "sqlite_utils",
        "importlib.metadata",
    ]
    code = (
        "import sys; sys.argv = ['deskaudit', '--version']\n"
        "from deskaudit.cli import main; main()\n"
        f"print([name for name in {heavy!r} if name in sys.modules])"
    )
    assert python(code).splitlines()[-1] == "[]"


def test_the_core_runs_without_textual():
    code = (
        "import sys, deskaudit.audit.desk, deskaudit.reports, deskaudit.demo, deskaudit.cli.group\n"
        "from deskaudit import connectors\n"
        "[connectors.load(name) for name in connectors.available()]\n"
        "print([name for name in sys.modules if name.split('.')[0] in ('textual', 'rich')])"
    )
    assert python(code) == "[]"


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_has_help(call, name):
    code, out, _err = call(name, "--help")
    assert code == 0
    assert "Usage:" in out


def test_checks_and_explain(call):
    items = json.loads(call("checks", "--json")[1])
    assert {item["id"] for item in items} >= {"HD-03", "HD-08", "HD-15", "HD-18", "HD-20", "HD-24"}
    out = call("explain", "sla-missed", "--sql")[1]
    assert "15.1 sla-missed" in out
    assert "SELECT" in out
    assert "PASS ≥" in call("checks", "--thresholds")[1]


def test_sources(call):
    assert "never pulled" in call("sources")[1]
    code, out, _err = call("sources", "test", "tickets")
    assert (code, "reachable   yes" in out) == (0, True)
    assert call("pull")[0] == 0
    assert "complete" in call("sources")[1]
    out = call("sources", "--available")[1]
    assert all(name in out for name in ("liveagent", "csv", "assets", "nmap", "restic"))


def test_a_broken_source_is_named_with_the_next_step(call, desk):
    (desk / "tickets.csv").unlink()
    code, out, _err = call("sources", "test", "tickets")
    assert (code, "tickets.csv" in out) == (2, True)
    code, out, _err = call("doctor")
    assert (code, "tickets" in out) == (2, True)


def test_doctor_lets_no_escape_of_the_config_through(call, desk):
    file = desk / "config.toml"
    file.write_text(file.read_text().replace('"Small desk"', '"\\u001b]52;c;aGk=\\u0007Desk"'))
    out = call("doctor")[1]
    assert "Desk" in out
    assert not {"\x1b", "\x07"} & set(out)


def test_a_data_folder_that_cannot_be_made_names_the_next_step(desk, monkeypatch, capsys):
    argv = ["deskaudit", "--config", str(desk / "config.toml"), "--data-dir", str(desk / "config.toml"), "scan"]
    monkeypatch.setattr(sys, "argv", argv)
    with pytest.raises(SystemExit) as stop:
        cli.main()
    assert stop.value.code == 2
    assert "--data-dir" in capsys.readouterr().err


def test_doctor_finds_a_damaged_snapshot(call, desk):
    assert call("pull")[0] == 0
    assert "ok    snapshot" in call("doctor", "--no-sources")[1]
    file = next((desk / "data" / "snapshot").glob("*.ticket.parquet"))
    file.write_bytes(file.read_bytes()[:100])
    code, out, _err = call("doctor", "--no-sources")
    assert code == 2
    assert "wrong snapshot" in out
    assert "Remove the folder and pull again" in out


def test_doctor_names_the_paths(call, desk):
    out = call("doctor")[1]
    assert str(desk / "config.toml") in out
    assert str(desk / "data") in out


@pytest.mark.parametrize(("what", "said"), [("cron", "scan --quick"), ("systemd", "OnCalendar")])
def test_schedule_prints_lines(call, what, said):
    assert said in call("schedule", "--print", what)[1]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion(call, shell):
    code, out, _err = call("completion", shell)
    assert (code, "_DESKAUDIT_COMPLETE" in out) == (0, True)


@pytest.mark.parametrize("words", [("doctor",), ("sources",), ("sources", "test"), ("scan", "--only", "08.1")])
def test_a_config_without_a_source_is_not_sent_back_to_init(call, desk, words):
    (desk / "bare.toml").write_text('[desk]\nname = "Bare"\n')
    _code, out, err = call(*words, config="bare.toml")
    assert "Add one: deskaudit sources detect FILE --write NAME" in out + err
    assert "deskaudit init" not in out + err


def test_deleted_tickets_are_told_beside_those_that_are_there(call, desk):
    (desk / "tickets.csv").write_text("No,Created,Gone\nT-1,2026-07-01,\nT-2,2026-07-02,2026-07-05\nT-3,2026-07-03,\n")
    columns = '{ key = "No", created_at = "Created", deleted_at = "Gone" }'
    (desk / "gone.toml").write_text(f'[sources.desk]\ntype = "csv"\npath = "tickets.csv"\ncolumns = {columns}\n')
    _code, _out, err = call("pull", config="gone.toml")
    assert "desk: complete, 2 rows" in err
    assert "ticket 2 (and 1 deleted)" in call("sources", config="gone.toml")[1]


def test_init_asks_probes_and_writes(call, desk, monkeypatch):
    import io

    answers = "Nord\ninternal\nEurope/Oslo\nmon-fri 8-16\nNO\ny\nnmap\nscan\nscan.xml\nkeep\nn\n"
    monkeypatch.setattr(sys, "stdin", io.StringIO(answers))
    code, out, err = call("init", config="new.toml")
    assert code == 0, err
    assert f"there is no file {desk / 'scan.xml'}" in out
    text = (desk / "new.toml").read_text()
    assert 'zone = "Europe/Oslo"' in text
    assert 'mon-fri = [\n    "08:00-16:00",\n]' in text
    assert 'holidays = "NO"' in text
    assert 'files = [\n    "scan.xml",\n]' in text
    assert (desk / "new.toml").stat().st_mode & 0o777 == 0o600
    code, _out, err = call("init", config="new.toml")
    assert (code, "--force" in err) == (3, True)


def test_the_example_has_every_key_and_is_a_config(call, desk):
    code, out, _err = call("init", "--example")
    assert code == 0
    (desk / "example.toml").write_text(out)
    assert call("doctor", "--no-sources", config="example.toml")[1].count("wrong") == 1, "no source is configured"
    assert all(f"[sources.{name}]" in out for name in ("liveagent", "csv", "assets", "nmap", "restic"))


def _shell(desk, tail):
    """`deskaudit checks` in a shell, with something done to its streams: exit code and stderr."""
    words = f"set -o pipefail; {sys.executable} -m deskaudit --config {desk / 'config.toml'} --data-dir {desk / 'data'} checks --json {tail}"
    done = subprocess.run(["bash", "-c", words], capture_output=True, text=True, check=False)
    return done.returncode, done.stderr


def test_a_reader_that_has_had_enough_is_no_finding(desk):
    assert _shell(desk, "| head -c 1 > /dev/null") == (0, "")


@pytest.mark.parametrize("words", [["checks", "--json"], ["checks"], ["--help"], ["checks", "--help"]])
def test_a_reader_that_never_began_is_no_finding(desk, words):
    reading, writing = os.pipe()
    os.close(reading)
    words = [sys.executable, "-m", "deskaudit", "--config", str(desk / "config.toml"), *words]
    done = subprocess.run(words, stdout=writing, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writing)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_closed_stdout_is_no_fault(desk):
    assert _shell(desk, ">&-") == (0, "")


def test_verbose_keeps_the_exit_code(call, capsys):
    code, _out, err = call("--verbose", "explain", "nothing-at-all")
    assert code == 3
    assert "Traceback" in err


def stopped_by_ctrl_c(*_words):
    """Computes until Ctrl-C comes in such a moment that the engine tells of it in its own way."""
    connection = duckdb.connect()
    for _try in range(200):
        pressed = threading.Timer(0.02, os.kill, (os.getpid(), signal.SIGINT))
        try:
            pressed.start()
            while True:
                connection.execute("SELECT COUNT(*) FROM range(300000)")
        except KeyboardInterrupt:
            pressed.join()
    pytest.fail("the engine was never the one that was stopped")


@pytest.mark.parametrize(
    ("owner", "name", "words", "said"),
    [
        (Snapshot, "publish", ["pull"], "the next pull goes on from there"),
        (engine, "freeze", ["scan", "--only", "20.6"], "Stopped during check 20.6"),  # judged in the main thread
    ],
)
def test_ctrl_c_while_the_engine_computes_is_a_stop_and_no_fault(desk, monkeypatch, capsys, owner, name, words, said):
    monkeypatch.setattr(owner, name, stopped_by_ctrl_c)
    folder = ["--config", str(desk / "config.toml"), "--data-dir", str(desk / "data")]
    monkeypatch.setattr(sys, "argv", ["deskaudit", *folder, *words])
    assert run() == 130  # what `main` ends the process with
    assert said in capsys.readouterr().err


def test_an_empty_output_is_named(call, desk):
    code, _out, err = call("export", "--output", "")
    assert code in {2, 3}
    assert "own" not in err


def test_init_writes_the_registers(call, tmp_path):
    folder = tmp_path / "registers"
    code, out, _err = call("init", "--registers", str(folder))
    assert code == 0
    assert f"Written: {folder / 'procedures.toml'}" in out
    assert "All registers are there already" in call("init", "--registers", str(folder))[1]


def test_explain_tells_a_question_too(call):
    code, out, _err = call("explain", "hd-8.q1")
    assert code == 0
    assert out.startswith("HD-08.q1: Can anyone on the team see who owns a ticket")
    lines = {line[:12].strip(): line[12:] for line in out.splitlines()}
    assert lines["item"].startswith("HD-08 ")
    assert "three tickets at random" in lines["look at"]
    assert lines["type"].startswith("yes: yes, partly, no")
    assert lines["must"] == "no"
    code, _out, err = call("explain", "HD-08.q99")
    assert (code, "Did you mean HD-08.q" in err) == (3, True)


def test_audits_before_anything_was_set_up_make_nothing(call, desk):
    code, out, err = call("audits")
    assert (code, out, "There is no audit yet" in err) == (0, "", True)
    assert not (desk / "data").exists()


def test_a_hint_stands_on_a_line_of_its_own(call, desk):
    assert call("scna")[2] == "deskaudit: There is no command scna.\n  Did you mean scan?\n"
    (desk / "tickets.csv").write_text("nothing\n")
    _code, _out, err = call("pull")
    told = [line for line in err.splitlines() if "warning" in line or line.startswith("  ")]
    assert len(told) == 2
    assert told[0].startswith("tickets: warning: ")
    lines = call("sources")[1].splitlines()
    assert lines[1].strip() == told[0].partition("warning: ")[2]
    assert lines[2] == "    " + told[1]


def test_wrong_opening_hours_are_told_with_file_and_line(call, desk):
    file = desk / "config.toml"
    file.write_text(
        file.read_text() + '\n[calendars.night]\nhours = { mon = ["22:00-06:00"] }\ndepartments = ["Night"]\n'
    )
    line = 1 + file.read_text().splitlines().index('hours = { mon = ["22:00-06:00"] }')
    for words in (("pull",), ("doctor",)):
        _code, out, err = call(*words)
        assert f"{file}:{line}: calendars.night.hours.mon: " in out + err
    assert call("scan")[0] == 3


def test_a_secret_that_is_not_there_names_the_key_that_wants_it(call, desk, monkeypatch):
    monkeypatch.delenv("NOWHERE", raising=False)
    secret = 'apikey = { env = "NOWHERE" }'
    (desk / "config.toml").write_text(f'[sources.la]\ntype = "liveagent"\nurl = "https://127.0.0.1:9"\n{secret}\n')
    code, out, _err = call("sources", "test", "la")
    assert (code, "sources.la.apikey: the environment variable NOWHERE is not set." in out) == (2, True)


def test_sources_say_where_an_interrupted_pull_goes_on(call, desk):
    landing = desk / "data" / "snapshot" / "landing" / "tickets"
    landing.mkdir(parents=True)
    (landing / "state.json").write_text("{}")
    moment = time.time() - 3 * 3600
    os.utime(landing / "state.json", (moment, moment))
    out = call("sources")[1]
    assert "an interrupted pull of 3 h ago goes on with: deskaudit pull tickets" in out
    with (landing.with_suffix(".lock")).open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert "interrupted" not in call("sources")[1], "it runs"


def test_sources_say_which_rows_have_faults_and_what_is_an_archive(call, desk):
    """Seven bad rows of 47: the first five stand there with their places."""
    file = desk / "tickets.csv"
    bad = "".join(f"X-{n},x,Open,,,soon,,,\n" for n in range(7))
    file.write_text(file.read_text() + bad)
    config = desk / "config.toml"
    config.write_text(config.read_text().replace('path = "tickets.csv"', 'path = "tickets.csv"\narchive = 2026-07-31'))
    _code, _out, err = call("pull")
    assert ", 7 rows with faults, the first: tickets.csv row 42: " in err
    _code, out, _err = call("sources")
    assert "an archive, up to 2026-07-31" in out
    assert [line.split(":")[1].strip() for line in out.splitlines() if line.startswith("    fault: ")] == [
        f"tickets.csv row {row}" for row in range(42, 47)
    ]
    assert "    and 2 more" in out
