"""Which files a path or a pattern of the options names, for every kind of source alike."""

import os
import socket

import msgspec
import pytest

from deskaudit import connectors
from deskaudit.connectors import Context
from deskaudit.connectors.ordinary import find_matches, require_files
from deskaudit.connectors.recognition import Specimen
from deskaudit.errors import ConfigError, SourceError
from deskaudit.model.batches import Want


@pytest.fixture
def context(tmp_path):
    folder = tmp_path / "desk [1]"  # a name that looks like a pattern
    for name in ("a/log.txt", "b/log.txt", "b/c/log.txt", "[x].txt"):
        file = folder / "in" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("x")
    (folder / "in" / "folder.txt").mkdir()
    return Context("desk", folder, now=lambda: 0)


def names(context, text):
    return [str(path.relative_to(context.folder)) for path in find_matches(context, text)]


def test_patterns_may_stand_anywhere_in_a_path(context):
    assert names(context, "in/a/*.txt") == ["in/a/log.txt"]
    assert names(context, "in/*/log.txt") == ["in/a/log.txt", "in/b/log.txt"]
    assert names(context, "in/**/log.txt") == ["in/a/log.txt", "in/b/c/log.txt", "in/b/log.txt"]
    assert names(context, str(context.folder / "in/*/log.txt")) == ["in/a/log.txt", "in/b/log.txt"]


def test_a_name_that_is_there_is_no_pattern_and_folders_match_none(context):
    assert names(context, "in/[x].txt") == ["in/[x].txt"]
    assert names(context, "in/*.txt") == ["in/[x].txt"]
    assert names(context, "in/b") == ["in/b"]
    assert names(context, "none/*.txt") == names(context, "in/none.txt") == names(context, "in/a/log.txt/*") == []


def test_a_link_to_itself_is_found_and_left_to_the_reader(context):
    (context.folder / "loop.txt").symlink_to("loop.txt")
    assert names(context, "*.txt") == names(context, "loop.txt") == ["loop.txt"]


def test_links_that_lead_in_circles_are_followed_once(context):
    (context.folder / "in" / "b" / "up").symlink_to("..")
    (context.folder / "in" / "a" / "side").symlink_to(context.folder / "in" / "b" / "c")
    found = [os.path.realpath(context.folder / name) for name in names(context, "in/**/log.txt")]
    folder = os.path.realpath(context.folder)
    assert sorted(found) == [f"{folder}/in/{name}/log.txt" for name in ("a", "b/c", "b")]


def test_hidden_files_match_only_what_is_as_hidden(context):
    (context.folder / "in" / ".part.txt").write_text("x")
    assert names(context, "in/*.txt") == ["in/[x].txt"]
    assert names(context, "in/.*.txt") == ["in/.part.txt"]


def test_a_folder_that_may_not_be_read_is_no_empty_one(context, monkeypatch):
    def refuse(path):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr("deskaudit.connectors.ordinary.os.scandir", refuse)
    with pytest.raises(
        SourceError, match=r"^sources\.desk\.path: .*/in/a cannot be looked up: Permission denied\."
    ) as caught:
        find_matches(context, "in/a/*.csv")
    assert caught.value.kind == "bad_file"
    with pytest.raises(SourceError, match="Permission denied"):
        require_files(context, "in", below=True)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("in/none.txt", r"sources\.desk\.files: there is no file .*/in/none\.txt\."),
        ("in/*.csv", r"sources\.desk\.files: no file matches .*/in/\*\.csv\."),
        ("in/b", r"sources\.desk\.files: .*/in/b is a folder"),
        ("in/fold*", "no file matches"),
        ("x" * 300, "cannot be looked up: File name too long"),
        ("in/**x", r"\*\*x is no pattern"),
        ("two\nlines.txt", r"there is no file .*/two lines\.txt\."),
    ],
)
def test_what_names_no_file_is_told_in_one_line(text, said, context):
    with pytest.raises(SourceError, match=said) as caught:
        require_files(context, ["in/a/log.txt", text], "files")
    assert "\n" not in caught.value.message + caught.value.hint
    assert caught.value.hint


def test_an_empty_folder_is_told(context):
    assert [path.name for path in require_files(context, "in/b", below=True)] == ["log.txt", "log.txt"]
    with pytest.raises(SourceError, match=r"there is no file in .*/in/folder\.txt\."):
        require_files(context, "in/folder.txt", below=True)


def test_of_several_one_may_be_absent_where_that_is_told(context):
    absent = []
    found = require_files(context, ["in/a/log.txt", "in/*.csv", "in/a/*"], absent=absent)
    assert [path.name for path in found] == ["log.txt"]
    assert [text.partition(": ")[0] for text in absent] == ["sources.desk.path"]
    with pytest.raises(SourceError, match="no file matches"):
        require_files(context, ["in/*.csv"], absent=absent)


@pytest.mark.parametrize(("kind", "key"), [("nmap", "files"), ("masscan", "files"), ("calendar", "path")])
def test_a_list_without_a_name_is_no_empty_source(kind, key, context):
    found = connectors.load(kind)
    with pytest.raises(SourceError, match=rf"sources\.desk\.{key}: no file is named"):
        pull(found(msgspec.convert({key: []}, found.options), context))


def test_a_name_with_a_nul_is_refused(context):
    with pytest.raises(ConfigError, match="holds a NUL"):
        find_matches(context, "a\0b")


KINDS = [
    ("csv", "path", {"columns": {"key": "Id", "created_at": "Created"}}),
    ("people", "path", {"columns": {"email": "Mail"}}),
    ("calendar", "path", {}),
    ("nmap", "files", {}),
    ("masscan", "files", {}),
    ("inventory", "files", {}),
    ("mbox", "path", {"own": ["@example.org"]}),
    ("xes", "path", {}),
    ("rsync", "logs", {}),
    ("dumps", "logs", {}),
]


def build(kind, key, more, text, context):
    found = connectors.load(kind)
    own = {"jobs": [{"name": "J", key: [text]}]} if key == "logs" else {key: [text], **more}
    return found(msgspec.convert(own, found.options), context)


def pull(source):
    return list(source.pull(None, Want(entities=source.fills, since_at=0)))


@pytest.mark.parametrize(("kind", "key", "more"), KINDS)
def test_every_source_tells_what_it_does_not_find(kind, key, more, context):
    place = "jobs.1.logs" if key == "logs" else key
    for text in ("in/*/none", "in/a/none", "in/**x"):
        source = build(kind, key, more, text, context)
        with pytest.raises(SourceError, match=rf"sources\.desk\.{place}: "):
            pull(source)
        probe = source.probe()
        assert not probe.reachable
        assert f"sources.desk.{place}: " in probe.message


@pytest.mark.parametrize("what", ["pipe", "socket", "device", "loop", "broken"])
@pytest.mark.parametrize(("kind", "key", "more"), KINDS)
def test_every_source_tells_of_what_is_no_file(kind, key, more, what, context, monkeypatch):
    file = context.folder / "in" / "odd"
    if what == "pipe":
        os.mkfifo(file)
    elif what == "socket":
        monkeypatch.chdir(file.parent)  # a socket's name may have 108 bytes
        with socket.socket(socket.AF_UNIX) as server:
            server.bind("odd")
    else:
        file.symlink_to({"device": "/dev/zero", "loop": "odd", "broken": "gone"}[what])
    said = {"loop": "symbolic links", "broken": "a link to a file that is not there"}.get(what, "a pipe or a device")
    for text in ("in/odd", "in/od*"):
        source = build(kind, key, more, text, context)
        try:
            told = [
                text
                for batch in pull(source)
                for text in [
                    *(one.message for one in batch.problems if one.entities),
                    *(one.reason for one in batch.rejects),
                ]
            ]
        except SourceError as fault:
            told = [fault.message]
        assert any(said in text for text in told), told


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("people", {"path": "PATH", "columns": {"email": "Mail"}}),
        ("calendar", {"path": "PATH"}),
        ("nmap", {"files": ["PATH"]}),
        ("masscan", {"files": ["PATH"]}),
        ("inventory", {"files": ["PATH"]}),
        ("rsync", {"jobs": [{"name": "J", "logs": ["PATH"]}]}),
        ("mbox", {"path": "PATH", "own": ["@example.org"]}),
        ("xes", {"path": "PATH"}),
        ("endoflife", {"file": "PATH"}),
    ],
)
def test_every_source_tells_of_a_home_that_nobody_has(kind, options, context):
    found = connectors.load(kind)
    text = msgspec.json.encode(options).replace(b"PATH", b"~nobody-here-1/x")
    source = found(msgspec.json.decode(text, type=found.options), context)
    with pytest.raises(ConfigError, match="home of a user that is not known here"):
        list(source.pull(None, Want(entities=found.fills, since_at=0)))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_an_inventory_with_a_closed_folder_below_is_not_whole(context):
    closed = context.folder / "in" / "b"
    closed.chmod(0)
    found = connectors.load("inventory")
    source = found(found.options(files=["in"]), context)
    try:
        with pytest.raises(SourceError, match="Permission denied"):
            list(source.pull(None, Want(entities=found.fills, since_at=0)))
    finally:
        closed.chmod(0o700)


def test_a_name_that_is_no_text_is_told_and_the_file_left_alone(context):
    (context.folder / "good.csv").write_text("x")
    odd = context.folder / os.fsdecode(b"odd\xff.csv")
    try:
        odd.write_text("x")
    except OSError:
        pytest.skip("the file system takes names of text alone")
    with pytest.raises(SourceError, match=r"the name of .*odd\.csv is no UTF-8 text") as caught:
        require_files(context, "*.csv")
    assert caught.value.hint == "Rename the file."
    str(caught.value).encode()
    absent: list[str] = []
    assert [file.name for file in require_files(context, "*.csv", absent=absent)] == ["good.csv"]
    assert "is no UTF-8 text" in absent[0]
    with pytest.raises(SourceError, match="is no UTF-8 text"):
        Specimen(odd, context.folder, now=0)
