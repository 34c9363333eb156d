"""`deskaudit init` answered by somebody who sees it for the first time."""

import io
import os
import subprocess
import sys
import tomllib

import pytest

from deskaudit import connectors
from deskaudit.audit import fields

DESK = ["Nord", "internal", "UTC", "24x7", "y"]
COLUMNS = ["key = No", "title = Subject", "status = Status", "created_at = Created", ""]


@pytest.fixture
def init(call, desk, monkeypatch):
    """Answers line by line; then exit code, output of both streams, and the sources that were written, if any."""

    def answered(*answers: str):
        monkeypatch.setattr(sys, "stdin", io.StringIO("".join(f"{line}\n" for line in [*DESK, *answers])))
        code, out, err = call("init", config="new.toml")
        file = desk / "new.toml"
        return code, out + err, tomllib.loads(file.read_text())["sources"] if file.exists() else None

    return answered


@pytest.fixture
def no_keyring(monkeypatch):
    import keyring
    from keyring.backends import fail

    before = keyring.get_keyring()
    keyring.set_keyring(fail.Keyring())
    yield
    keyring.set_keyring(before)


@pytest.mark.usefixtures("no_keyring")
def test_of_two_ways_to_log_in_only_the_chosen_one_is_asked_for(init):
    code, said, sources = init("rt", "", "http://127.0.0.1:1", "1", "env", "NO_SUCH_TOKEN", "keep", "n")
    assert code == 0, said
    assert sources == {"rt": {"type": "rt", "url": "http://127.0.0.1:1", "token": {"env": "NO_SUCH_TOKEN"}}}


@pytest.mark.usefixtures("no_keyring")
def test_the_other_way_asks_for_all_of_its_keys(init):
    answers = ["rt", "", "http://127.0.0.1:1", "2", "anna", "env", "NO_SUCH_PASSWORD", "keep", "n"]
    code, said, sources = init(*answers)
    assert code == 0, said
    assert sources["rt"]["user"] == "anna"
    assert sources["rt"]["password"] == {"env": "NO_SUCH_PASSWORD"}
    assert "token" not in sources["rt"]
    assert "NO_SUCH_PASSWORD is not set" in said


@pytest.mark.usefixtures("no_keyring")
def test_a_way_brings_the_keys_that_alone_would_be_optional(init):
    code, said, sources = init("servicedeskplus", "", "2", "mars", "eu", "1000.AB", "env", "A", "env", "B", "keep", "n")
    assert code == 0, said
    assert sources["servicedeskplus"] == {
        "type": "servicedeskplus",
        "data_centre": "eu",
        "client_id": "1000.AB",
        "client_secret": {"env": "A"},
        "refresh_token": {"env": "B"},
    }


@pytest.mark.usefixtures("no_keyring")
def test_no_secret_is_typed_where_no_keyring_could_take_it(init):
    code, said, sources = init("redmine", "", "http://127.0.0.1:1", "keyring", "env", "KEY", "keep", "n")
    assert code == 0, said
    assert "No keyring runs here" in said
    assert "'keyring' is not one of 'env', 'command'" in said
    assert sources["redmine"]["apikey"] == {"env": "KEY"}


@pytest.mark.usefixtures("no_keyring")
def test_a_secret_pasted_as_the_name_of_a_variable_is_not_written(init, desk):
    code, said, sources = init("redmine", "", "http://127.0.0.1:1", "env", "1-14-ab/cd", "KEY", "keep", "n")
    assert code == 0, said
    assert "never the secret" in said
    assert sources["redmine"]["apikey"] == {"env": "KEY"}
    assert "1-14" not in (desk / "new.toml").read_text()


def test_what_was_mistyped_is_answered_again_with_the_old_answers_at_hand(init, desk):
    (desk / "two words.csv").write_bytes((desk / "tickets.csv").read_bytes())
    answers = ["csv", "", "ticket.csv", "1", *COLUMNS, "again", f'"{desk}/two words.csv"', "1", "", "n", "n"]
    code, said, sources = init(*answers)
    assert code == 0, said
    assert "there is no file" in said
    assert 'so far: { key = "No", title = "Subject", status = "Status", created_at = "Created" }' in said
    assert sources["csv"]["path"] == f"{desk}/two words.csv"
    assert sources["csv"]["columns"]["created_at"] == "Created"


def test_an_empty_answer_keeps_the_one_before(init, desk):
    code, said, sources = init("nmap", "", "scan.xml", "again", "", "keep", "n")
    assert code == 0, said
    assert said.count(f"there is no file {desk / 'scan.xml'}") == 2
    assert sources["nmap"]["files"] == ["scan.xml"]


def test_a_second_source_of_a_kind_takes_no_name_that_is_taken(init):
    code, said, sources = init("nmap", "", "a.xml", "keep", "y", "nmap", "nmap", "My scan", "", "b.xml", "keep", "n")
    assert code == 0, said
    assert "There is a source nmap already." in said
    assert "A name is small letters" in said
    assert {name: table["files"] for name, table in sources.items()} == {"nmap": ["a.xml"], "nmap-2": ["b.xml"]}


def test_a_kind_is_found_by_words_of_its_title(init):
    code, said, sources = init("request tracker", "spaceship", "nmap", "", "a.xml", "drop", "n")
    assert code == 0, said
    assert "  rt               Request Tracker" in said
    assert "None has spaceship in its name" in said
    assert sources == {}


def test_a_stop_says_that_nothing_was_written(desk):
    words = [
        sys.executable,
        "-m",
        "deskaudit",
        "--config",
        str(desk / "new.toml"),
        "--data-dir",
        str(desk / "data"),
        "init",
    ]
    done = subprocess.run(words, input="\n".join([*DESK, "nmap"]), capture_output=True, text=True, check=False)
    assert done.returncode == 130
    assert "Stopped: no config was written." in done.stderr
    assert not (desk / "new.toml").exists()


def test_a_path_dropped_on_the_terminal_is_found(init, desk, monkeypatch, tmp_path_factory):
    shell = tmp_path_factory.mktemp("two words")
    (shell / "a b.xml").write_text("<nmaprun/>")
    monkeypatch.chdir(shell)
    for number, typed in enumerate(("'a b.xml'", r"a\ b.xml", "a b.xml", f"'{shell}/a b.xml'")):
        (desk / "new.toml").unlink(missing_ok=True)
        _code, said, sources = init("nmap", "", typed, "keep", "n")
        assert sources["nmap"]["files"] == [f"{shell}/a b.xml"], (number, said)


def test_a_place_that_cannot_be_written_is_told_before_the_first_question(call, desk):
    code, out, err = call("init", config="tickets.csv/new.toml")
    assert (code, out) == (3, "")
    assert f"{desk / 'tickets.csv'} is no folder" in err
    (desk / "folder").mkdir()
    code, out, err = call("init", "--force", config="folder")
    assert (code, out) == (3, "")
    assert "it is a folder, and no file" in err


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_is_for_reading_only_is_told_before_the_first_question(call, desk):
    (desk / "locked").mkdir(mode=0o500)
    code, out, err = call("init", config="locked/new.toml")
    assert (code, out) == (3, "")
    assert "cannot be written: Permission denied" in err


def test_a_folder_in_place_of_the_config_is_called_one(call, desk):
    code, _out, err = call("scan", config=".")
    assert code == 3
    assert "is a folder, and no configuration." in err
    assert "config.toml" in err
    assert "Errno" not in err


def test_every_way_names_keys_that_there_are():
    found = {}
    for name in connectors.available():
        options = connectors.load(name).options
        keys = {field.name for field in fields.fields_of(options)}
        for way in getattr(options, "ways", ()):
            assert set(way) <= keys, name
            found.setdefault(name, []).append(way)
    assert {"rt", "servicedeskplus", "csv"} <= set(found)
