"""Text from outside is harmless once it has passed."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deskaudit import text


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("a\x1b[31mb", "a[31mb"),
        ("\x1b]52;c;aGk=\x07x", "]52;c;aGk=x"),
        ("\x9b31mx", "31mx"),
        ("user\u202etxt.exe", "usertxt.exe"),
        ("a\r\nb\rc\td", "a\nb\nc\td"),
        ("한국어 العربية e\u0301", "한국어 العربية e\u0301"),
        ("[URGENT] *x*", "[URGENT] *x*"),
        (7, "7"),
    ],
)
def test_clean(raw, clean):
    assert text.clean(raw) == clean


@given(st.text(max_size=300))
def test_no_control_or_bidi_character_survives(raw):
    for char in text.clean(raw):
        assert char in "\t\n" or unicodedata.category(char) not in {"Cc", "Cs"}
        assert unicodedata.bidirectional(char) not in {"RLO", "LRO", "RLE", "LRE", "PDF", "RLI", "LRI", "FSI", "PDI"}


def test_long_text_is_cut_to_the_limit():
    assert text.clean("x" * 600, 10) == "x" * 9 + "…"
    assert text.one_line("a\n\n b   c") == "a b c"


@pytest.mark.parametrize("cell", ["=1+1", "+cmd", "-cmd", "@sum", "\tx", "＝1"])
def test_a_cell_never_begins_a_formula(cell):
    assert text.guard_cell(cell) == "'" + cell


@pytest.mark.parametrize("cell", ["-3.5", "+7", "12", "a=b", ""])
def test_numbers_and_plain_text_stay(cell):
    assert text.guard_cell(cell) == cell


def test_markdown_stays_text():
    assert text.escape_markdown("a|b [x](y) <b>\n#") == r"a\|b \[x\](y) \<b\> \#"
