"""The benchmark of pulling on a small account: all rows come, and a sweep finds just what was purged."""

import pytest

from benchmarks import pulling


def test_three_pulls_of_a_small_account(tmp_path):
    found = pulling.pull_thrice(tmp_path / "desk", 1500)

    pulling.check(1500, found)  # raises where rows are missing
    first, again, swept = (one.answer for one, _counts in found)
    assert (first["deleted"], again["deleted"], swept["deleted"]) == (0, 0, 1)  # ticket 500
    assert max(one.answer["pull_mb"] for one, _counts in found) < pulling.PULL_MB
    assert first["estimate"] == pytest.approx(sum(found[0][1].values()), rel=0.05)
