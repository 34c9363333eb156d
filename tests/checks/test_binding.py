import pytest

from deskaudit.checks.binding import bind, names
from deskaudit.errors import ConfigError


def test_names_become_typed_numbers():
    bound = bind("a >= :now AND b < :days * 86400 AND c > :part", {"now": 1_700_000_000, "days": 30.0, "part": 0.5})
    assert bound == (
        "a >= CAST(1700000000 AS BIGINT) AND b < CAST(30 AS BIGINT) * 86400 AND c > CAST(0.5 AS DOUBLE PRECISION)"
    )


@pytest.mark.parametrize(
    "text", ["':now'", "'it''s :now'", '":now"', "-- :now\n", "/* :now\n:now */", "x::BIGINT", "'a' || 'b:now'"]
)
def test_quotes_comments_and_casts_stay(text):
    assert bind(text, {"now": 1}) == text
    assert names(text) == set()


def test_a_name_after_a_comment_is_bound():
    assert bind("-- it's\n:now", {"now": 7}) == "-- it's\nCAST(7 AS BIGINT)"


def test_an_unknown_name_says_what_is_known():
    with pytest.raises(ConfigError, match=":period_begin") as caught:
        bind("x > :period_begin", {"period_start": 1, "now": 2})
    assert ":period_start" in caught.value.hint
    assert names("x > :a AND :b") == {"a", "b"}
