"""Metrics over the audits, and two audits side by side."""

import re

from deskaudit.store.compare import compare


async def test_each_metric_has_bars_and_figures(desk, open_app):
    async with open_app(desk) as app:
        await app.press("4")
        line = app.line("Promises kept in time")
        assert "94.0 %" in line
        assert "87.6 %" in line
        assert any(bar in line for bar in "▁▂▃▄▅▆▇█")
        assert "5 full audits" in app.lines[1]
        assert "33.7 %" in app.line("Assured")


async def test_a_metric_opens_as_a_chart_with_its_figures(desk, open_app):
    async with open_app(desk) as app:
        await app.press("4", "slash")
        await app.type("kept")
        await app.press("enter")
        assert "15.1 Promises kept in time" in app.lines[1]
        chart = app.app.screen.query_one("#chart").text
        assert "2025-Q3" in chart
        assert re.search(r"P·{5,}", chart)  # the level of PASS
        assert any("\u2800" < char <= "\u28ff" for char in chart)
        assert "-6.4" in app.line("F FAIL")
        await app.press("enter")
        assert "15.1 · high" in app.lines[1]


async def test_the_chart_is_plain_in_ascii(desk, open_app):
    async with open_app(desk, ascii_only=True) as app:
        await app.press("4", "j", "j", "j", "j", "enter")
        assert app.text.isascii()
        assert "***" in app.app.screen.query_one("#chart").text


async def test_kinds_are_never_mixed(desk, open_app):
    async with open_app(desk) as app:
        await app.press("4", "f")
        assert "0 quick scans" in app.lines[1]
        assert "No completed audit of this kind" in app.text
        await app.press("f", "f")
        assert "5 full audits" in app.lines[1]


async def test_two_audits_side_by_side(desk, open_app):
    before, after = desk.store.audit(2), desk.store.audit(5)
    found = compare(desk.store, before, after)
    async with open_app(desk, size=(100, 40)) as app:
        await app.press("4", "v", "enter", "j", "j", "enter")  # 5 with 2
        assert "Audit 2 (full, 2025-Q4) → 5 (full, 2026-Q3)" in app.lines[1]
        for kind in ("new", "worse", "fixed", "better"):
            if found.counts[kind]:
                assert f"{found.counts[kind]} {kind}" in app.lines[2]
        shown = [line.split()[0] for line in app.lines[4:] if line.strip()][:-1]
        assert shown[0] == "new"
        line = app.line("Open tickets older than 30 days")
        assert "5.0 %" in line
        assert "21.0 %" in line
        assert "segments" in app.lines[-1]
        await app.press("o")
        assert "P1: Promises" in app.text
        await app.press("enter")
        assert "Audit 5" in app.lines[1]


async def test_one_audit_cannot_be_compared(new_desk, open_app):
    async with open_app(new_desk) as app:
        await app.press("4", "v")
        assert "It takes two completed audits." in app.message
        assert "(v two audits)" in app.lines[-1]
