"""Sources: state, age, error in full, test and pull."""

import threading

import pytest

from deskaudit.model.batches import Probe, PulledSource
from deskaudit.model.events import PullFinished, PullStarted


async def test_the_list_says_state_age_and_rows(desk, open_app):
    async with open_app(desk) as app:
        await app.press("7")
        assert "139 948" in app.line("liveagent")
        assert "incomplete" in app.line("netscan")
        assert "12 d" in app.line("netscan")
        assert "failed" in app.line("backups")
        assert "off" in app.line(" old ")


async def test_the_number_of_rows_is_whole_on_a_narrow_screen(desk, open_app):
    async with open_app(desk, size=(60, 15)) as app:
        await app.press("7")
        assert app.line("liveagent").split()[:7] == ["liveagent", "liveagent", "complete", "3", "h", "139", "948"]


async def test_one_source_shows_its_error_in_full_and_which_rows_are_whole(desk, open_app):
    async with open_app(desk) as app:
        await app.press("7", "j", "j", "enter")
        text = " ".join(app.text.split())
        assert "cannot be opened: wrong password or no key found." in text
        assert "restic 0.18.1 said: Fatal" in text
        await app.press("escape", "k", "enter")
        assert "incomplete" in app.line("asset")
        assert "ends in the middle of host 10.20.4.17" in " ".join(app.text.split())


async def test_testing_tells_what_was_found(desk, open_app):
    async with open_app(desk) as app:
        await app.press("7", "t")
        await app.wait(lambda: "works" in app.message)
        assert app.message.startswith("liveagent: works, version 5.61.")
        assert "calls: not licensed" in app.message
        desk.probe = Probe(reachable=True, authorised=False, message="403 Forbidden.", hint="Check the key's role.")
        await app.press("t")
        await app.wait(lambda: "not authorised" in app.message)
        assert "Check the key's role." in app.message


async def test_pulling_shows_progress_and_can_be_cancelled(desk, open_app):
    desk.hold = threading.Event()
    async with open_app(desk) as app:
        await app.press("7")
        assert "(x cancel)" in app.lines[-1]
        await app.press("p")
        await app.wait(lambda: "rows" in app.message)
        await app.wait(lambda: "waiting 14 min for the server" in app.message)
        await app.press("p")
        await app.wait(lambda: "Something is running already" in app.message)
        await app.press("x")
        desk.hold.set()
        await app.wait(lambda: not app.app.job.running)
        await app.wait(lambda: "1 000 rows are kept" in app.message)
        await app.press("p")
        await app.wait(lambda: "Finished" in app.message)


@pytest.mark.parametrize("width", [60, 80])
async def test_the_key_that_cancels_has_room_while_something_is_pulled(desk, open_app, width):
    desk.hold = threading.Event()
    async with open_app(desk, size=(width, 24)) as app:
        await app.press("7", "P")
        await app.wait(lambda: "rows" in app.message)
        assert " x cancel " in app.lines[-1]
        await app.press("x")
        desk.hold.set()
        await app.wait(lambda: not app.app.job.running)


async def test_a_source_that_is_off_says_so(desk, open_app):
    async with open_app(desk) as app:
        await app.press("7", "G", "p")
        assert "enabled = false" in app.message


async def test_a_pull_that_failed_is_not_told_as_new_data(desk, open_app, monkeypatch):
    def pull(names, _cancelled, _heard):
        failed = PulledSource(
            name="liveagent", type="liveagent", state="failed", first_fetched_at=0, fetched_at=0, error="no such host"
        )
        yield PullStarted("liveagent", "liveagent", False)
        yield PullFinished("liveagent", failed)

    async with open_app(desk) as app:
        monkeypatch.setattr(app.app.session, "pull", pull)
        await app.press("7", "p")
        await app.wait(lambda: "Finished" in app.message)
        assert "Finished, without liveagent" in app.message


async def test_a_config_changed_by_hand_is_noticed(desk, open_app):
    file = desk.paths.config
    async with open_app(desk) as app:
        await app.press("7")
        assert "4 sources" in app.lines[1]
        text = file.read_text()
        file.write_text(text + '\n[sources.more]\ntype = "csv"\n')
        await app.press("j")
        assert "5 sources" in app.lines[1]
        file.write_text(text + "\n[sources.more\n")
        await app.press("t")
        await app.press("k")
        assert "5 sources" in app.lines[1]
        file.write_text(text)
        await app.press("j")
        assert "4 sources" in app.lines[1]


async def test_a_config_that_is_wrong_by_now_is_told_and_left_aside(desk, open_app):
    async with open_app(desk) as app:
        await app.press("7")
        desk.paths.config.write_text("[desk")
        await app.press("j")
        assert "The config was changed, and is left aside" in app.message
        assert "4 sources" in app.lines[1]
