"""Every result: filtered, sorted, searched, opened down to the frozen rows."""

import pytest

from deskaudit.tui.desk import DeskSession
from deskaudit.tui.widgets.lines import Pages


def checks(app):
    """The checks of the list, top down."""
    values = [app.app.screen.lines.source.value(place) for place in range(len(app.app.screen.lines.source))]
    return [(one.check, one.segment) for one in values]


async def test_the_worst_come_first_and_the_line_below_says_why(desk, open_app):
    async with open_app(desk) as app:
        await app.press("3")
        assert [check for check, _segment in checks(app)] == [
            one.check for one in desk.store.results(5, sort="badness")
        ]
        assert checks(app)[0] == ("3.1", None)
        assert app.lines[1].rstrip().endswith("1/12")
        assert app.message == "4 devices answered the scan and stand in no list."
        await app.press("j")
        assert app.message == "88 of 418 open tickets are older than 30 days."
        assert app.lines[1].rstrip().endswith("2/12")


async def test_columns_stand_under_their_titles(desk, open_app):
    async with open_app(desk) as app:
        await app.press("3")
        head, row = app.lines[2], app.line("Promises kept")
        assert head.index("VALUE") + len("VALUE") == row.index("87.6 %") + len("87.6 %")
        assert head.index("LIMIT") + len("LIMIT") == row.index("≥ 95.0 %") + len("≥ 95.0 %")
        assert head.index("TITLE") == row.index("Promises")


async def test_f_shows_other_statuses_and_esc_all_again(desk, open_app):
    async with open_app(desk) as app:
        await app.press("3", "f")
        assert [one for one, _segment in checks(app)] == ["3.1", "8.1", "8.2", "15.1", "18.1", "20.2", "15.2"] or len(
            checks(app)
        ) == 7
        await app.press("f")
        assert {one for one, _segment in checks(app)} == {"3.1", "8.1", "8.2", "15.1"}
        await app.press("f", "f")
        assert checks(app) == [("24.3", None)]
        await app.press("escape")
        assert len(checks(app)) == 12
        await app.press("escape")
        assert "Assured" in app.text


async def test_search_narrows_and_n_walks_its_matches(desk, open_app):
    async with open_app(desk) as app:
        await app.press("3", "n")
        assert "No search is open" in app.message
        await app.press("slash")
        await app.type("tickets")
        assert {one for one, _segment in checks(app)} == {"8.1", "8.2", "15.2"}
        assert '"tickets"' in app.lines[1]
        await app.press("n", "n")
        assert app.lines[1].rstrip().endswith("3/3")
        await app.press("N")
        assert app.lines[1].rstrip().endswith("2/3")
        await app.press("slash", "ctrl+u")
        await app.type("no such words")
        assert "Nothing like that" in app.message


async def test_sort_goes_through_the_database(desk, open_app):
    async with open_app(desk) as app:
        await app.press("3", "s")
        assert [one for one, _segment in checks(app)] == [one.check for one in desk.store.results(5, sort="check")]
        await app.press("s", "s", "s", "s")
        assert [one for one, _segment in checks(app)][:2] == [one.check for one in desk.store.results(5, sort="n")][:2]


async def test_segments_come_with_o(desk, open_app):
    async with open_app(desk, size=(120, 40)) as app:
        await app.press("3", "o")
        assert ("15.1", "P1") in checks(app)
        assert len(checks(app)) == desk.store.count_results(5, segments=True)


async def test_a_finding_opens_to_value_threshold_formula_n_interval_and_history(desk, open_app):
    async with open_app(desk, size=(80, 60)) as app:
        await app.press("3", "j", "j", "j", "enter")
        assert "F FAIL   15.1 · high · Audit 5" in app.lines[1]
        assert "87.6 %" in app.line("Value ")
        assert "PASS ≥ 95.0 %, WARN ≥ 90.0 %, else FAIL" in app.line("Threshold")
        assert "good rows ÷ judged rows" in app.line("Formula")
        assert "1204 judged, 12 listed but not judged" in app.line(" n  ")
        assert "85.6 % to 89.6 % (95 %)" in app.line("Interval")
        history = [line for line in app.lines if "2025-Q" in line or "2026-Q" in line][1:]
        assert [line.split()[0] for line in history] == ["5", "4", "3", "2", "1"]
        assert "87.6 %" in history[0]
        assert "97.0 %" in history[-1]
        segment = next(line for line in app.lines if line.startswith(" P1 "))
        assert "F FAIL" in segment
        assert "71.0 %" in segment


async def test_what_makes_a_check_fail_by_itself_stands_beside_its_thresholds(desk, open_app):
    async with open_app(desk, size=(80, 60)) as app:
        await app.press("3", "slash")
        await app.type("Backup runs")
        await app.press("enter")
        assert "24.1 · critical" in app.lines[1]
        assert "PASS ≥ 95.0 %, WARN ≥ 90.0 %, else FAIL" in app.line("Threshold")
        assert "FAIL also: two failures in a row" in app.text


async def test_segment_and_earlier_audit_open_and_esc_goes_back_step_by_step(desk, open_app):
    async with open_app(desk, size=(80, 60)) as app:
        await app.press("3", "j", "j", "j", "enter")
        app.app.screen.lines.move_to(next(place for place, line in enumerate(app.lines) if " P2 " in line) - 2)
        await app.press("enter")
        assert "15.1 · high · P2" in app.lines[1]
        assert "83.0 %" in app.line("Value ")
        await app.press("escape")
        app.app.screen.lines.move_to(next(place for place, line in enumerate(app.lines) if "2025-Q3" in line) - 2)
        await app.press("enter")
        assert "Audit 1" in app.lines[1]
        await app.press("escape", "escape")
        assert "worst first" in app.lines[1]
        assert app.lines[1].rstrip().endswith("4/12")


async def test_evidence_has_reference_outcome_columns_and_harmless_titles(desk, open_app):
    async with open_app(desk, size=(120, 60)) as app:
        await app.press("3", "j", "j", "j", "enter")
        first = app.line("FB-10001")
        assert "fault" in first
        assert "due 2026-10-02 12:40" in first
        assert "overrun 25 h" in first
        assert "[31m[URGENT] [bold]Printer[/bold] on fire" in app.lines[app.lines.index(first) + 1]
        assert "プリンターが" in app.text
        assert not any(char in app.text for char in ("\x1b", "\x07", "\u202e"))


async def test_all_rows_are_paged_from_the_frozen_file(desk, open_app, monkeypatch):
    asked, real = [], DeskSession.rows
    monkeypatch.setattr(
        "deskaudit.tui.desk.DeskSession.rows", lambda *a, **k: asked.append(k.get("offset", 0)) or real(*a, **k)
    )
    async with open_app(desk) as app:
        await app.press("3", "j", "j", "j", "enter", "o")
        assert app.lines[1].rstrip().endswith("1/1216")
        assert "FB-20000 " in app.lines[2]
        assert "fault" in app.lines[2]
        await app.press("G")
        assert app.lines[1].rstrip().endswith("1216/1216")
        assert asked == [0, 1000]
        assert "FB-21215" in app.text
        await app.press("enter")
        assert "due 2026" in app.message


async def test_a_changed_rows_file_is_refused_in_words(desk, open_app):
    file = next(desk.paths.judged.glob("*.parquet"))
    file.write_bytes(file.read_bytes() + b"x")
    async with open_app(desk) as app:
        await app.press("3", "j", "j", "j", "enter", "o")
        assert "is not what audit 5 judged" in app.message


async def test_rows_of_an_audit_without_a_file_say_why_not(desk, open_app):
    async with open_app(desk) as app:
        await app.press("w", "j", "j", "enter", "3", "enter", "o")
        assert "not kept" in app.message


def test_pages_keep_five_and_ask_for_500():
    asked = []

    def fetch(offset, limit):
        asked.append((offset, limit))
        return [f"row {offset + place}" for place in range(min(limit, 5000 - offset))]

    pages = Pages(5000, fetch, lambda value, width: [(value, "")])
    assert pages.value(0) == "row 0"
    assert pages.value(4999) == "row 4999"
    for place in range(0, 5000, 500):
        pages.value(place)
    assert {limit for _offset, limit in asked} == {500}
    before = len(asked)
    pages.value(4999)
    assert len(asked) == before  # the last five pages are still there
    pages.value(0)
    assert len(asked) == before + 1


@pytest.mark.parametrize("key", ["j", "down"])
async def test_moving_past_the_end_stays(desk, open_app, key):
    async with open_app(desk) as app:
        await app.press("3", "G", key, key)
        assert app.lines[1].rstrip().endswith("12/12")
