"""A source set up in the app: its form, a test, a look at its rows, the file; secrets, and what is wrong, on the way."""

import socket
import tomllib

import keyring
import keyring.backend
import pytest

from deskaudit import secrets
from deskaudit.model.batches import Probe
from deskaudit.tui.screens.connectorlist import ConnectorList
from deskaudit.tui.screens.sample import SampleRows
from deskaudit.tui.screens.sourceform import SourceForm

SECRET = "s3cr3tvalue"
TICKETS = """\
number,opened,state,subject,urgency
1,2026-09-01 10:00,Open,[bold]Printer[/bold],high
2,2026-09-02 11:30,Closed,VPN drops,low
3,2026-09-03 09:15,Open,Slow laptop,low
"""


class Ring(keyring.backend.KeyringBackend):
    """A keyring that works."""

    priority = 1

    def __init__(self):
        super().__init__()
        self.kept = {}

    def get_password(self, service, username):
        return self.kept.get(username)

    def set_password(self, service, username, password):
        self.kept[username] = password

    def delete_password(self, service, username):
        del self.kept[username]


@pytest.fixture
def kept():
    """What the keyring holds."""
    before, ring = keyring.get_keyring(), Ring()
    keyring.set_keyring(ring)
    yield ring.kept
    keyring.set_keyring(before)


@pytest.fixture
def no_keyring(monkeypatch):
    monkeypatch.setattr(secrets, "has_keyring", lambda: False)


def config_of(desk):
    return tomllib.loads(desk.paths.config.read_text())


def row(app, key):
    """The line of a key in a form."""
    return next(line for line in app.lines[2:] if line[1:].startswith(f"{key} "))


async def choose(app, words):
    """From the list of sources to the form of a connector."""
    await app.press("7", "n")
    await app.wait(lambda: "Fills:" in app.text or "A file at hand" in app.text, 60)
    await app.type(words)
    await app.wait(lambda: isinstance(app.app.screen, SourceForm))


async def fill(app, name, text):
    """Puts the cursor on a key and types its value."""
    await app.press("g")
    screen = app.app.screen
    screen.lines.move_to(screen.lines.find(name))
    await app.press("enter")
    screen.message._edit(0, len(screen.message.typed), "")
    return await app.type(text)


async def test_a_source_is_set_up_tested_looked_into_and_saved(new_desk, open_app, tmp_path):
    (tmp_path / "tickets.csv").write_text(TICKETS)
    async with open_app(new_desk) as app:
        await choose(app, "tickets spread")
        assert "Still needed: path" in app.lines[1]
        assert "(t test)" in app.lines[-1]
        await app.press("s")
        assert "Still needed: path." in app.message
        await fill(app, "path", "tickets.csv")
        assert "columns.key is needed" in app.text  # the struct's own words
        await app.press("g")
        app.app.screen.lines.move_to(app.app.screen.lines.find("columns"))
        await app.press("enter")
        await fill(app, "key", "number")
        await fill(app, "created_at", "opened")
        await fill(app, "title", "subject")
        await app.press("escape")
        assert "complete" in app.lines[1]
        await app.press("t")
        await app.wait(lambda: "csv-2" not in app.message and "csv: " in app.message)
        assert "csv: works" in app.message
        before = new_desk.paths.config.read_text()
        await app.press("v")
        await app.wait(lambda: isinstance(app.app.screen, SampleRows))
        assert "3 rows" in app.lines[1] or "3" in app.line("TICKET")
        assert "[bold]Printer[/bold]" in app.text
        assert new_desk.paths.config.read_text() == before
        await app.press("m")
        await app.wait(lambda: isinstance(app.app.screen, SourceForm))
        await app.press("s")
        assert "Saved in" in app.message
        assert "5 sources" in app.lines[1]
    table = config_of(new_desk)["sources"]["csv"]
    assert table["path"].endswith("tickets.csv")
    assert table["columns"] == {"key": "number", "created_at": "opened", "title": "subject"}
    assert table["mapping"]["priority"]["field"] == "urgency"
    assert new_desk.paths.config.stat().st_mode & 0o777 == 0o600
    assert new_desk.paths.config.read_text().startswith(before.rstrip())


async def test_a_wrong_value_is_said_while_it_is_typed_and_never_saved(new_desk, open_app):
    async with open_app(new_desk) as app:
        await choose(app, "liveagent")
        await fill(app, "name", "Help Desk")
        assert "small letters, digits, - and _" in app.lines[1]
        await fill(app, "name", "backups")
        assert "there is a source backups already" in app.lines[1]
        await fill(app, "name", "desk")
        screen = app.app.screen
        screen.lines.move_to(screen.lines.find("page_size"))
        await app.press("enter", *"ten")
        assert "a whole number, as 12" in app.text
        await app.press("enter")  # stays, to be mended
        assert app.message == "page_size: ten a whole number, as 12"
        await app.press("escape")
        await fill(app, "url", "ftp://x")
        await fill(app, "apikey", "")  # the list of places
        await app.press("escape")
        await app.press("s")
        assert "needed" in app.message
    assert "desk" not in config_of(new_desk)["sources"]


async def test_a_secret_goes_to_the_keyring_when_saved_and_is_never_seen(new_desk, open_app, kept):
    seen = []
    async with open_app(new_desk) as app:
        await choose(app, "liveagent")
        await fill(app, "url", "http://127.0.0.1:9")
        app.app.screen.lines.move_to(app.app.screen.lines.find("apikey"))
        await app.press("enter", "enter")
        assert "The secret (not shown):" in app.message
        seen += [await app.press(char) for char in SECRET]
        assert "*" * len(SECRET) in app.message
        seen.append(await app.press("enter"))
        assert "keyring: liveagent-2-apikey" in row(app, "apikey")
        assert kept == {}  # not before it is saved
        seen.append(await app.press("t"))  # the draft's own secret is used
        await app.wait(lambda: "not reachable" in app.message)
        assert "keyring" not in app.message
        seen += [app.text, await app.press("c"), await app.press("s")]
        assert "Saved in" in app.message
        seen.append(await app.press("m"))
    assert kept == {"liveagent-2-apikey": SECRET}
    assert config_of(new_desk)["sources"]["liveagent-2"]["apikey"] == {"keyring": "liveagent-2-apikey"}
    assert not any(SECRET in text for text in seen)
    for file in new_desk.paths.config.parent.rglob("*"):
        assert not file.is_file() or SECRET.encode() not in file.read_bytes()


async def test_without_a_keyring_the_screen_says_what_to_do_instead(new_desk, open_app, no_keyring):
    async with open_app(new_desk) as app:
        await choose(app, "liveagent")
        await app.press("j", "j", "enter")
        assert "no keyring runs here" in app.text
        assert "EnvironmentFile" in app.text
        await app.press("enter")  # environment
        await app.type("not a name")
        assert "Only the name stands in the file" in app.message
        await app.press("ctrl+u")
        await app.type("DESK_KEY_UNSET")
        assert "environment: DESK_KEY_UNSET" in row(app, "apikey")
        await fill(app, "url", "http://127.0.0.1:9")
        await app.press("t")
        await app.wait(lambda: "DESK_KEY_UNSET is not set" in app.message)


async def test_a_probe_that_fails_or_breaks_never_takes_the_app_away(new_desk, open_app, monkeypatch):
    async with open_app(new_desk) as app:
        await choose(app, "tickets spread")
        await fill(app, "path", "nowhere.csv")
        await fill(app, "preset", "zendesk")
        await app.press("t")
        await app.wait(lambda: "there is no file" in app.message and "not reachable" not in app.message)
        await app.press("v")
        await app.wait(lambda: "there is no file" in app.message)
        monkeypatch.setattr(type(app.app.session), "test_draft", lambda *_words: 1 / 0)
        await app.press("t")
        await app.wait(lambda: "A fault in deskaudit itself" in app.message)
        assert isinstance(app.app.screen, SourceForm)


async def test_what_is_not_saved_is_not_lost_by_a_key(new_desk, open_app):
    async with open_app(new_desk) as app:
        await choose(app, "tickets spread")
        await fill(app, "path", "x.csv")
        await app.press("7")
        assert "is not saved" in app.message
        await app.press("1", "7")
        assert isinstance(app.app.screen, SourceForm)
        await app.press("q")
        assert "q again leaves without it" in app.message
        await app.press("escape")
        await app.type("no")
        assert isinstance(app.app.screen, SourceForm)
        await app.press("escape")
        await app.type("yes")
        assert "sources" in app.lines[1]
    assert "csv" not in config_of(new_desk)["sources"]


@pytest.mark.parametrize("key", ["t", "v"])
async def test_a_source_that_hangs_is_left_on_x(new_desk, open_app, monkeypatch, key):
    monkeypatch.setenv("LA_KEY", SECRET)
    with socket.create_server(("127.0.0.1", 0)) as server:  # it takes calls, and never answers one
        address = f'url = "http://127.0.0.1:{server.getsockname()[1]}"\napikey = {{ env = "LA_KEY" }}\n'
        text = new_desk.paths.config.read_text()
        new_desk.paths.config.write_text(text.replace('type = "liveagent"\n', f'type = "liveagent"\n{address}'))
        async with open_app(new_desk) as app:
            await app.press("7", "m", key)
            assert "(t test)" in app.text
            await app.press("x")
            await app.wait(lambda: app.message.startswith("Stopped."), 20)
            assert "(t test)" not in app.text
            assert SECRET not in app.text


async def test_a_source_is_changed_and_removed_and_comments_stay(desk, open_app):
    text = desk.paths.config.read_text().replace("[sources.netscan]", "# the network\n[sources.netscan]")
    desk.paths.config.write_text(text.replace('type = "nmap"\n', 'type = "nmap" # ours\nfiles = ["a.xml"]\n'))
    async with open_app(desk) as app:
        await app.press("7", "j", "m")
        assert "netscan · nmap" in app.lines[1]
        assert "a.xml" in row(app, "files")
        await fill(app, "files", 'b.xml, "c, d.xml"')
        await app.press("s")
        assert "Saved in" in app.message
        assert config_of(desk)["sources"]["netscan"]["files"] == ["b.xml", "c, d.xml"]
        assert '# the network\n[sources.netscan]\ntype = "nmap" # ours\n' in desk.paths.config.read_text()
        await app.press("d")
        await app.type("no")
        assert "Nothing was removed" in app.message
        await app.press("d")
        await app.type("yes")
        assert "netscan is out of the config" in app.message
        assert "3 sources" in app.lines[1]
    assert list(config_of(desk)["sources"]) == ["liveagent", "backups", "old"]


def name_secret(desk, *sources):
    """These sources take their key from one place in the keyring."""
    text = desk.paths.config.read_text()
    for source in sources:
        text = text.replace(f"[sources.{source}]\n", f'[sources.{source}]\napikey = {{ keyring = "la-key" }}\n')
    desk.paths.config.write_text(text)


async def test_the_secret_of_a_removed_source_goes_where_that_is_wanted(desk, open_app, kept):
    kept |= {"la-key": SECRET, "other": "x"}
    name_secret(desk, "liveagent")
    async with open_app(desk) as app:
        await app.press("7", "d")
        await app.type("yes")
        await app.wait(lambda: "secret from the keyring too (la-key)?" in app.text)
        assert list(config_of(desk)["sources"]) == ["netscan", "backups", "old"]
        await app.type("yes")
        assert "Its secret is out of the keyring" in app.message
    assert kept == {"other": "x"}


async def test_the_secret_of_a_removed_source_stays_where_nobody_says_yes(desk, open_app, kept):
    kept |= {"la-key": SECRET}
    name_secret(desk, "liveagent")
    async with open_app(desk) as app:
        await app.press("7", "d")
        await app.type("yes")
        await app.wait(lambda: "secret from the keyring too (la-key)?" in app.text)
        await app.press("escape")
        assert "Its secret stays in the keyring: la-key" in app.message
    assert kept == {"la-key": SECRET}


async def test_a_secret_that_another_source_needs_is_not_asked_about(desk, open_app, kept):
    kept |= {"la-key": SECRET}
    name_secret(desk, "liveagent", "old")
    async with open_app(desk) as app:
        await app.press("7", "d")
        await app.type("yes")
        assert "liveagent is out of the config" in app.message
        assert "keyring" not in app.text
    assert kept == {"la-key": SECRET}


async def test_without_a_keyring_the_secret_of_a_removed_source_is_told(desk, open_app, no_keyring):
    name_secret(desk, "liveagent")
    async with open_app(desk) as app:
        await app.press("7", "d")
        await app.type("yes")
        assert "Whether a keyring holds la-key cannot be told" in app.message
        assert "none runs" in app.message


async def test_what_stands_in_a_secrets_place_by_mistake_is_not_shown(desk, open_app):
    text = desk.paths.config.read_text()
    desk.paths.config.write_text(text.replace('type = "liveagent"\n', f'type = "liveagent"\napikey = "{SECRET}"\n'))
    async with open_app(desk) as app:
        await app.press("7", "m")
        assert "a value in the file (not shown)" in row(app, "apikey")
        assert SECRET not in app.text


async def test_lists_of_tables_are_pages_of_their_own(new_desk, open_app):
    async with open_app(new_desk) as app:
        await app.press("7", "j", "j", "m")
        assert "Still needed: jobs" in app.lines[1]
        await app.press("enter")
        assert "No entry yet" in app.text
        await app.press("n")
        await fill(app, "name", "files")
        await app.press("escape")
        assert "files" in app.text
        await app.press("escape")
        assert "files" in row(app, "jobs")
        await app.press("enter", "d")
        await app.type("yes")
        await app.press("escape")
        assert "Still needed: jobs" in app.lines[1]


async def test_a_file_fills_its_form(new_desk, open_app, tmp_path):
    (tmp_path / "tickets.csv").write_text(TICKETS.replace("number", "Ticket ID").replace("opened", "Created"))
    async with open_app(new_desk) as app:
        await app.press("7", "n")
        await app.wait(lambda: "A file at hand" in app.text, 60)
        await app.press("enter")
        await app.type(str(tmp_path / "tickets.csv"))
        await app.wait(lambda: isinstance(app.app.screen, SourceForm), 30)
        assert "tickets.csv" in row(app, "path")


async def test_the_first_source_asks_for_the_desk_first(bare_desk, open_app):
    async with open_app(bare_desk) as app:
        await app.press("7", "n")
        assert "Your desk" in app.lines[1]
        assert "mon-fri 08:00-17:00" in row(app, "hours")
        await fill(app, "hours", "weekdays")
        assert "write mon-fri 08:00-16:00" in app.text
        await fill(app, "hours", "mon-thu 8-16, fri 8-15")
        await fill(app, "holidays", "NO")
        await fill(app, "zone", "Europe/Osl")
        assert 'no time zone is called "Europe/Osl"' in app.lines[1]
        await fill(app, "zone", "Europe/Oslo")
        await app.press("s")
        await app.wait(lambda: isinstance(app.app.screen, ConnectorList))
    assert config_of(bare_desk) == {
        "desk": {"zone": "Europe/Oslo"},
        "calendars": {
            "default": {"hours": {"mon-thu": ["08:00-16:00"], "fri": ["08:00-15:00"]}, "holidays": "NO"},
        },
    }


async def test_the_list_of_connectors_narrows_and_arrows_move_in_it(new_desk, open_app):
    async with open_app(new_desk) as app:
        await app.press("7", "n")
        await app.wait(lambda: "A file at hand" in app.text, 60)
        await app.press("slash", *"backup")
        assert "liveagent" not in app.text
        first = app.app.screen.lines.value.name
        await app.press("down")
        assert app.app.screen.lines.value.name != first
        assert "Fills:" in app.text
        await app.press(*"xyz", "enter")
        assert "No connector has that" in app.text
        assert "Fills:" not in app.text, "nothing is told of a connector that is not in the list"
        await app.press("escape")
        assert "sources" in app.lines[1]


async def test_a_draft_that_a_probe_likes_says_so(new_desk, open_app, monkeypatch):
    async with open_app(new_desk) as app:
        monkeypatch.setattr(
            type(app.app.session), "test_draft", lambda *_words: Probe(reachable=True, authorised=True, version="9")
        )
        await choose(app, "tickets spread")
        await fill(app, "path", "x.csv")
        await fill(app, "preset", "zendesk")
        await app.press("t")
        await app.wait(lambda: "works, version 9" in app.message)


async def test_a_fault_stands_at_the_key_that_it_begins_with(new_desk, open_app):
    async with open_app(new_desk) as app:
        await choose(app, "calls and other")
        await fill(app, "path", "x.csv")
        assert "columns needs started_at" in app.lines[1]
        await app.press("G")
        assert any(line.startswith("!columns ") for line in app.lines)
        await app.press("g")
        assert not any(line.startswith("!") for line in app.lines), "the key names is not the one that is blamed"
