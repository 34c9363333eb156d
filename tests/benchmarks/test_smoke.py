"""The benchmark of the items on a small desk: pandas is an independent witness of the core figures."""

import os

import pytest

from benchmarks import items
from benchmarks.processes import OTHER_TOOLS, module, run


@pytest.mark.skipif(
    not (OTHER_TOOLS / "pandas").exists() and not os.environ.get("CI"),
    reason="pandas has no environment of its own here: make test makes it",
)
def test_pandas_finds_the_same_core_figures(tmp_path):
    desk = tmp_path / "desk"
    landed = run(module("desks", "land", desk, 2000)).answer["rows"]
    run(module("desks", "publish", desk))

    runs = items.compare(desk, "quarter", 1)  # raises where the two disagree

    assert landed["helpdesk"] > 10_000
    found = runs["pandas"][0].answer["figures"]
    assert {name.partition(" ")[0].rstrip(":") for name in found} == {
        "first", "promises", "backlog", "reopened", "wait", "satisfied",
    }  # fmt: skip
    assert found["first response all: n"] > 100
    assert 0 < found["reopened: share"] < 0.5


def test_a_wrong_figure_is_told():
    with pytest.raises(RuntimeError, match=r"wait: median: 60\.0 here, 61\.0 in pandas"):
        items.require_equal({"wait: median": 60.0, "backlog: n": 3}, {"wait: median": 61.0, "backlog: n": 3})
    with pytest.raises(RuntimeError, match="backlog: n: None here, 3 in pandas"):
        items.require_equal({}, {"backlog: n": 3})
