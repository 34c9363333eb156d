"""The last audit at a glance, its groups and items, and what one sees before there is any audit."""

import sqlite3

from deskaudit.checks import scoring


async def test_headline_is_the_stored_answers_and_results_scored(desk, open_app):
    audit = desk.store.audit("last")
    score = scoring.score(audit.weights, desk.store.results(audit.id), list(desk.store.answers(audit.id).values()))
    async with open_app(desk) as app:
        assert f"{score.assured * 100:.1f} %" in app.line("Assured")
        assert f"{score.score * 100:.1f} %" in app.line("Score")
        assert f"{score.coverage * 100:.1f} %" in app.line("Coverage")
        assert "weight passed ÷ applicable" in app.line("Assured")
        assert "4 F FAIL" in app.text
        assert "10 T TODO" in app.text


async def test_a_group_opens_to_its_items_and_an_item_to_its_findings(desk, open_app):
    async with open_app(desk) as app:
        assert "HD-15" not in app.text
        await app.press("j", "j", "j", "j")  # three headlines, Governance, Tickets
        text = await app.press("enter")
        assert "HD-15 Measure service levels" in text, text
        assert "HD-03" not in text
        await app.press("j", "j", "enter")
        assert "HD-15" in app.lines[1]
        assert "Promises kept in time" in app.text
        assert "Open tickets older" not in app.text


async def test_space_opens_and_closes_all_groups(desk, open_app):
    async with open_app(desk, size=(80, 40)) as app:
        text = await app.press("space")
        assert all(item in text for item in ("HD-01", "HD-03", "HD-08", "HD-15", "HD-18", "HD-20", "HD-24"))
        assert "HD-01" not in await app.press("space")


async def test_what_got_worse_is_clearly_worse_only(desk, open_app):
    async with open_app(desk) as app:
        lines = app.lines
        start = next(place for place, line in enumerate(lines) if "GOT WORSE since audit 4: 5 results" in line)
        assert "F FAIL   8.1 Open tickets older than 30 days" in lines[start + 1]
        assert "12.0 % → 21.0 %" in lines[start + 1]
        assert not any("15.2" in line for line in lines[start:])  # 93.0 before and after


async def test_what_was_never_judged_before_did_not_get_worse(desk, open_app):
    with sqlite3.connect(desk.paths.database) as database:
        changed = database.execute(
            "UPDATE result SET status = 'NODATA' WHERE audit_id = 4 AND segment IS NULL AND check_id IN ('8.1', '24.1')"
        )
        assert changed.rowcount == 2
    database.close()
    async with open_app(desk, size=(80, 50)) as app:
        assert "GOT WORSE since audit 4: 4 results · 2 first tested" in app.line("GOT WORSE")
        assert "8.1 Open" not in app.text


async def test_a_heading_never_stands_alone_at_the_edge(desk, open_app):
    seen = 0
    for height in range(27, 36):
        async with open_app(desk, size=(80, height)) as app:
            await app.press("space")
            told = [place for place, line in enumerate(app.lines) if "GOT WORSE" in line]
            seen += len(told)
            assert not told or all("→" in line for line in app.lines[told[0] + 1 : told[0] + 4]), app.text
    assert 0 < seen < 9  # both were met: hidden, and shown with its lines


async def test_a_narrow_screen_keeps_the_names_of_the_groups(desk, open_app):
    async with open_app(desk, size=(40, 24)) as app:
        assert "▸ Governance " in app.text
        assert "▸ Customers " in app.text


async def test_sources_show_age_and_health(desk, open_app):
    async with open_app(desk, size=(80, 40)) as app:
        line = app.line(" Sources  ba")
        assert "liveagent complete 3 h" in line
        assert "netscan incomplete 12 d" in line
        assert "backups failed 2 d" in line
        assert "A pull of netscan and 2 more" in app.line(" Due  ")
        assert "10 open questions of audit 5" in app.text


async def test_the_screens_own_cursor_follows_the_line(desk, open_app):
    async with open_app(desk) as app:
        await app.press("j", "j")
        assert app.app.cursor_position.y == 4  # Coverage stands in the fifth line of the terminal


async def test_without_an_audit_it_says_how_to_make_one(new_desk, open_app):
    async with open_app(new_desk) as app:
        assert "There is no audit yet." in app.text
        assert "A full audit" in app.text
        assert "never done" in app.text
        await app.press("enter")
        assert "Run an audit" in app.lines[1]


async def test_without_a_configuration_it_offers_set_up_and_demo(bare_desk, open_app):
    async with open_app(bare_desk) as app:
        assert "deskaudit init" in app.text
        assert "deskaudit demo" in app.text
        for key in ("2", "3", "4", "7", "r", "e"):
            await app.press(key)
        assert app.app.is_running
        await app.press("r", "s")
        assert "There is no configuration yet" in app.message
        await app.press("w", "4", "v", "f")
    assert not list(bare_desk.paths.config.parent.iterdir())  # looking writes nothing


async def test_another_audit_can_be_chosen_for_all_screens(desk, open_app):
    async with open_app(desk) as app:
        await app.press("w")
        assert "Which audit?" in app.lines[1]
        await app.press("j", "j", "j", "enter")
        assert "Audit 3 · full · 2026-Q1" in app.lines[1]
        await app.press("3")
        assert "Audit 3" in app.lines[1]


async def test_esc_never_leaves_the_app(desk, open_app):
    async with open_app(desk) as app:
        await app.press("escape", "escape", "escape")
        assert app.app.is_running
        assert "Assured" in app.text
