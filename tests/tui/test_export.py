"""Export: the file is what the preview showed."""

import stat


async def test_the_file_is_written_with_the_shown_beginning(desk, open_app, tmp_path):
    target = tmp_path / "out" / "q3.md"
    target.parent.mkdir()
    async with open_app(desk) as app:
        await app.press("e", "p", "ctrl+e", "ctrl+u")
        await app.type(str(target))
        preview = [line.strip() for line in app.lines[7:12]]
        await app.press("s")
        assert "Written" in app.message
    text = target.read_text()
    assert preview[0] == text.splitlines()[0]
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert [one.name for one in target.parent.iterdir()] == ["q3.md"]


async def test_formats_change_suffix_and_preview(desk, open_app, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    async with open_app(desk) as app:
        await app.press("e")
        assert "audit-5.md" in app.line("File")
        await app.press("f")
        assert "audit-5.csv" in app.line("File")
        await app.press("s")
        await app.press("f", "f", "s")
        await app.press("f", "s")
    assert {one.name for one in tmp_path.glob("audit-*")} == {"audit-5.csv", "audit-5.json", "audit-5.txt"}


async def test_an_existing_file_is_replaced_only_after_a_yes(desk, open_app, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    there = tmp_path / "audit-5.md"
    there.write_text("mine")
    async with open_app(desk) as app:
        await app.press("e", "s", "enter")
        assert "Nothing was written" in app.message
        assert there.read_text() == "mine"
        await app.press("s")
        await app.type("yes")
        assert "Written" in app.message
    assert there.read_text().startswith("# Full audit 5")


async def test_a_path_that_cannot_be_written_is_said(desk, open_app, tmp_path):
    async with open_app(desk) as app:
        await app.press("e", "p", "ctrl+u")
        await app.type(str(tmp_path / "no" / "folder.md"))
        await app.press("s")
        assert "cannot be written" in app.message
        assert app.app.is_running


async def test_without_an_audit_nothing_can_be_saved(new_desk, open_app):
    async with open_app(new_desk) as app:
        await app.press("e", "s")
        assert "There is no audit yet" in app.message
        assert "(s save)" in app.lines[-1]
