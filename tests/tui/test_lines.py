"""Painting: widths in cells, plain ASCII, wrapping, nothing hostile."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from deskaudit.tui import theme
from deskaudit.tui.table import Column, Table

SAMPLES = [
    "plain",
    "プリンターが紙詰まり",
    "한국어 티켓",
    "Cafe\u0301 cre\u0300me",
    "الطابعة لا تعمل",
    "עברית",
    "🖨 on fire",
    "a\u200bb",
    "",
]


@pytest.mark.parametrize("text", SAMPLES)
@pytest.mark.parametrize("width", [1, 2, 3, 7, 20])
def test_a_cell_has_exactly_its_width(text, width):
    assert cell_len(theme.fit(text, width)) == width
    assert cell_len(theme.fit(text, width, right=True)) == width


@given(st.text(max_size=40), st.integers(1, 30))
def test_any_text_fits_and_wraps(text, width):
    assert cell_len(theme.fit(text, width)) == width
    for line in theme.wrap(text, max(width, 2)):
        assert cell_len(line) <= max(width, 2)


@given(st.text(max_size=200), st.integers(2, 30))
def test_wrapping_loses_nothing_but_blanks(text, width):
    assert "".join("".join(theme.wrap(text, width)).split()) == "".join(text.split())


def test_wrapping_breaks_at_blanks_where_it_can():
    assert theme.wrap("one two three", 7) == ["one two", "three"]
    assert theme.wrap("abcdefghij", 4) == ["abcd", "efgh", "ij"]
    assert theme.wrap("first\nsecond", 20) == ["first", "second"]


@pytest.mark.parametrize("text", ["≤ 5 %", "≥ 95 %", "▁▃█", "│", "┌┤", "Café", "プリンター", "12 · 13", "é", "→"])
def test_ascii_keeps_the_width(text):
    plain = theme.to_ascii(text)
    assert plain.isascii()
    assert len(plain) == cell_len(text)


def test_ascii_keeps_the_sense_of_thresholds():
    assert theme.to_ascii("≤ 5 %") == "<=5 %"
    assert theme.to_ascii("≥ 95 %") == ">=95 %"
    assert theme.to_ascii("Café") == "Cafe"


def test_columns_stand_under_one_another_whatever_is_in_them():
    table = Table(Column("A", 8), Column("B"), Column("C", 6, right=True))
    rows = [
        table.header(40),
        table.row(["x", "プリンターが紙詰まりで動きません", "1"], 40),
        table.row([("y", "FAIL"), "b", ("22", "dim")], 40),
    ]
    for row in rows:
        assert sum(cell_len(text) for text, _style in row) == 40
    ends = ["".join(text for text, _style in row).rstrip()[-2:] for row in rows]
    assert ends == [" C", " 1", "22"]


def test_a_column_is_left_out_where_there_is_no_room():
    table = Table(Column("A"), Column("B", 10, least=60))
    assert "B" not in table.header(59)[0][0]
    assert "B" in table.header(60)[0][0]


def test_sparkline_is_as_wide_as_asked_and_marks_gaps():
    assert theme.sparkline([0, 1, None, 2], 6) == "  ▁▄ █" or theme.sparkline([0, 1, None, 2], 6) == "  ▁▅ █"
    assert theme.sparkline([], 4) == "    "
    assert theme.sparkline([5, 5], 2) == "▄▄"
    assert len(theme.sparkline([float(n) for n in range(50)], 8)) == 8


async def test_wide_and_hostile_text_does_not_shift_a_screen(desk, open_app):
    async with open_app(desk, size=(80, 60)) as app:
        await app.press("3", "o")
        assert [cell_len(line) for line in app.lines] == [80] * 60
        await app.press("j", "j", "j", "enter")
        assert [cell_len(line) for line in app.lines] == [80] * 60
        await app.press("7", "enter")
        assert [cell_len(line) for line in app.lines] == [80] * 60
        assert "ticket [b]X[/b]: [31m[URGENT] [bold]Printer[/bold] on fire" in app.text


async def test_ascii_screens_hold_ascii_only(desk, open_app):
    async with open_app(desk, ascii_only=True) as app:
        for key in ("1", "space", "2", "3", "o", "enter", "4", "7", "r", "e", "question_mark"):
            assert (await app.press(key)).isascii(), key
