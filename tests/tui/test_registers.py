"""The desk's own registers: made, opened, edited, checked as one types; the escalation matrix as a grid."""

import tomllib

import pytest

REGISTERS = """
[sources.own]
type = "registers"
folder = "lists"
"""


@pytest.fixture
def kept(desk):
    desk.paths.config.write_text(desk.paths.config.read_text() + REGISTERS)
    folder = desk.paths.config.parent / "lists"
    folder.mkdir()
    (folder / "restores.toml").write_text(
        '# kept by Ola\n[[restore]]\nbackup = "files" # the big one\non = 2026-03-12\n\n[[restore]]\nbackup = "db"\non = 2026-04-01\n'
    )
    (folder / "sla.toml").write_text('[[sla]]\nname = "P1"\nresponse = "soon"\n')
    (folder / "goals.toml").write_text("[[goal\n")
    return folder


def entries(folder, name, table):
    return tomllib.loads((folder / f"{name}.toml").read_text()).get(table, [])


async def open_register(app, name):
    await app.press("8")
    screen = app.app.screen
    place = next(
        at
        for at in range(len(screen.lines.source))
        if getattr(screen.lines.source.value(at), "register", None)
        and screen.lines.source.value(at).register.name == name
    )
    screen.lines.move_to(place)
    await app.press("enter")


async def type_into(app, name, text):
    screen = app.app.screen
    screen.lines.move_to(screen.lines.find(name))
    await app.press("enter")
    screen.message._edit(0, len(screen.message.typed), "")
    await app.type(text)


async def test_without_registers_one_key_makes_them(desk, open_app):
    async with open_app(desk) as app:
        await app.press("8")
        assert "No source of type registers" in app.text
        await app.press("n", "enter")
        assert "Written: 20 files" in app.message
        assert "procedures" in app.text
        assert "empty" in app.line(" procedures  ")
    folder = desk.paths.config.parent / "registers"
    assert (folder / "escalation.toml").stat().st_mode & 0o777 == 0o600
    sources = tomllib.loads(desk.paths.config.read_text())["sources"]
    assert sources["registers"] == {"type": "registers", "folder": "registers"}


async def test_the_list_says_how_much_and_what_is_wrong(desk, kept, open_app):
    async with open_app(desk, size=(120, 40)) as app:
        await app.press("8")
        assert "2" in app.line(" restores ")
        assert "ok" in app.line(" restores ")
        assert "wrong" in app.line(" sla ")
        assert "no file" in app.line(" procedures  ")
        await open_register(app, "goals")
        assert "goals.toml is not valid TOML" in app.message


async def test_an_entry_is_added_changed_and_deleted(desk, kept, open_app):
    async with open_app(desk) as app:
        await open_register(app, "restores")
        assert "2 entries" in app.lines[1]
        await app.press("n")
        assert "Still needed: backup, on" in app.lines[1]
        await type_into(app, "backup", "mail")
        await type_into(app, "on", "2026-05-05")
        await type_into(app, "took", "3x")
        assert '"3x" is no duration' in app.lines[1]
        await app.press("s")
        assert "is no duration" in app.message
        await type_into(app, "took", "3h")
        await app.press("s")
        assert "Saved in" in app.message
        await app.press("g", "enter")
        await type_into(app, "backup", "file-server")
        await app.press("s", "j", "d")
        await app.type("yes")
        assert "Deleted from" in app.message
    found = entries(kept, "restores", "restore")
    assert [(one["backup"], one["on"].isoformat()) for one in found] == [
        ("file-server", "2026-03-12"),
        ("mail", "2026-05-05"),
    ]
    text = (kept / "restores.toml").read_text()
    assert text.startswith('# kept by Ola\n[[restore]]\nbackup = "file-server" # the big one\n')
    assert (kept / "restores.toml").stat().st_mode & 0o777 == 0o600


async def test_a_wrong_entry_is_marked_said_and_can_be_mended(desk, kept, open_app):
    async with open_app(desk) as app:
        await open_register(app, "sla")
        assert '"soon" is no duration' in app.text
        await app.press("enter")
        await type_into(app, "response", "1h")
        await app.press("s")
        assert entries(kept, "sla", "sla") == [{"name": "P1", "response": "1h"}]


async def test_a_day_that_lies_ahead_is_refused_as_the_pull_refuses_it(desk, kept, open_app):
    (kept / "reviews.toml").write_text('[[review]]\nabout = "access"\non = 2031-03-12\n')
    async with open_app(desk, size=(120, 40)) as app:
        await app.press("8")
        assert "wrong" in app.line(" reviews ")
        await open_register(app, "reviews")
        assert "it lies ahead, and tells of something done" in app.text
        await app.press("escape")
        await open_register(app, "restores")
        await app.press("enter")
        await type_into(app, "on", "2031-03-12")
        assert "on: it lies ahead, and tells of something done" in app.lines[1]
        await app.press("s")
        assert "it lies ahead" in app.message
        assert entries(kept, "restores", "restore")[0]["on"].isoformat() == "2026-03-12"
        await type_into(app, "on", "2026-03-13")
        await app.press("s")
        assert "Saved in" in app.message


async def test_the_file_changed_meanwhile_is_not_written_over(desk, kept, open_app):
    async with open_app(desk) as app:
        await open_register(app, "restores")
        await app.press("enter")
        await type_into(app, "backup", "mine")
        file = kept / "restores.toml"
        file.write_text(file.read_text().replace('"files"', '"theirs"'))
        await app.press("s")
        assert "changed by somebody else" in app.message
        assert entries(kept, "restores", "restore")[0]["backup"] == "theirs"


async def test_every_column_of_the_matrix_is_on_a_narrow_screen(desk, kept, open_app):
    async with open_app(desk, size=(60, 15)) as app:
        await open_register(app, "escalation")
        assert app.lines[2].split() == ["PRIORITY", "TYPE", "GROUP", "AFTER", "SHARE", "CONTACT"]
        await app.press(*"lllll", "enter")
        await app.type("Ann")
        assert app.lines[3].split() == ["P1", "Ann"]


async def test_the_escalation_matrix_is_a_grid(desk, kept, open_app):
    async with open_app(desk) as app:
        await open_register(app, "escalation")
        assert [app.lines[at].split()[0] for at in range(3, 7)] == ["P1", "P2", "P3", "P4"]
        await app.press("right", "l", "enter")
        await app.type("Second line")
        await app.press("l", "enter", *"4x")
        assert '"4x" is no duration' in app.text
        await app.press("enter")
        assert entries(kept, "escalation", "escalation") == [{"priority": "P1", "group": "Second line"}]
        await app.press("backspace")
        await app.type("h")
        await app.press("l", "enter")
        await app.type("0.75")
        await app.press("n")
        await app.type("incident")
        await app.press("n", *"Incident")
        assert app.text.count("Incident") == 1  # in the question alone: it is no value of the cell under the cursor
        await app.press("enter")
        assert "There is a row" in app.message
        await app.press("escape", "j", "d")
        await app.type("yes")
        await app.press("d")
        assert "Nothing is said for P2 yet" in app.message
    assert entries(kept, "escalation", "escalation") == [
        {"priority": "P1", "group": "Second line", "after": "4h", "share": 0.75}
    ]


async def test_a_cell_is_typed_into_from_what_stands_in_it(desk, kept, open_app):
    async with open_app(desk) as app:
        await open_register(app, "escalation")
        await app.press("enter")
        assert app.lines[-2].split() == ["priority:", "P1"]
        await app.press("escape", *"llll", "enter", *"80")
        assert 'share is "80"; write 0.75 or "75 %"' in app.text


async def test_a_move_to_another_cell_paints_that_line_and_the_sentence_alone(desk, kept, open_app):
    async with open_app(desk, remote=True) as app:
        await open_register(app, "escalation")
        cell, before = app.app.screen.grid, app.lines
        assert [segment.text.strip() for segment in cell.render_line(1) if segment.style.reverse] == ["P1"]
        await app.press("l")
        assert [segment.text.strip() for segment in cell.render_line(1) if segment.style.reverse] == ["-"]
        assert [old for line, old in zip(app.lines, before, strict=True) if line != old] == [
            line for line in before if "priority: P1 to P4." in line
        ]
