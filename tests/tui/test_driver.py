"""The lean driver paints the same screen as the stock one, character by character, with its styles."""

import pyte
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deskaudit.tui.driver import Painted, slim

STYLES = ["1", "7", "31", "38;5;117;48;5;233", "1;36;49", "39;49"]


def screen(data):
    display = pyte.Screen(40, 6)
    stream = pyte.Stream(display)
    stream.feed(data)
    return [[display.buffer[y][x] for x in range(40)] for y in range(6)], (display.cursor.x, display.cursor.y)


def stock(frames):
    """Frames as Textual writes them: a move, then pieces each with its style and a reset, then the cursor's place."""
    text = ""
    for pieces, cursor in frames:
        for row, column, runs in pieces:
            text += f"\x1b[{row};{column}H"
            for style, words in runs:
                text += f"\x1b[{style}m{words}\x1b[0m" if style else words
            text += "\n" if row < 6 else ""
        text += f"\x1b[{cursor[0]};{cursor[1]}H"
        yield text
        text = ""


run = st.tuples(st.sampled_from(["", *STYLES]), st.text("abc xyz░", min_size=1, max_size=6))
piece = st.tuples(st.integers(1, 6), st.integers(1, 16), st.lists(run, min_size=1, max_size=4))
frame = st.tuples(st.lists(piece, max_size=6), st.tuples(st.integers(1, 6), st.integers(1, 40)))


@given(st.lists(frame, min_size=1, max_size=6))
def test_the_screen_is_the_same_after_every_frame(frames):
    painted, plain, lean = Painted(), "", ""
    for data in stock(frames):
        plain += data
        new = slim(painted.keep_new(data))
        assert len(new) <= len(data)
        lean += new
        assert screen(plain) == screen(lean)


def test_a_piece_that_stands_there_is_not_sent_again():
    painted = Painted()
    row = "\x1b[2;1H\x1b[31mFAIL\x1b[0m\n\x1b[1;1H"
    assert slim(painted.keep_new(row)) == "\x1b[2;1H\x1b[31mFAIL\x1b[1;1H\x1b[0m"
    assert painted.keep_new(row) == ""
    painted.keep_new("\x1b[2;3H\x1b[32mXX\x1b[0m\x1b[1;1H")
    assert "FAIL" in painted.keep_new(row)


def test_after_a_resize_everything_is_sent():
    painted = Painted()
    row = "\x1b[2;1Habc\x1b[1;1H"
    painted.keep_new(row)
    painted.forget()
    assert painted.keep_new(row) == row


@pytest.mark.parametrize("clearing", ["\x1b[?1049h", "\x1b[2J", "\x1bc"])
def test_what_clears_the_terminal_is_noticed(clearing):
    painted = Painted()
    row = "\x1b[2;1Habc\x1b[1;1H"
    painted.keep_new(row)
    assert painted.keep_new(clearing) == clearing
    assert painted.keep_new(row) == row


def test_resets_fold_into_the_next_style():
    assert slim("\x1b[31ma\x1b[0m\x1b[31mb\x1b[0m") == "\x1b[31mab\x1b[0m"
    assert slim("\x1b[31ma\x1b[0m\x1b[32mb\x1b[0m") == "\x1b[31ma\x1b[0;32mb\x1b[0m"
    assert slim("\x1b[31ma\x1b[0mb") == "\x1b[31ma\x1b[0mb"
    assert slim("plain") == "plain"


async def test_the_app_uses_it(desk, open_app):
    from deskaudit.tui.driver import LeanDriver

    async with open_app(desk) as app:
        assert app.app.driver_class is LeanDriver
