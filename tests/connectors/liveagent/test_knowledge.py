"""The knowledge base through v1. What it tells of an article is not documented: all but its id may be missing."""

import pytest


def article(number, **more):
    return {"kb_entry_id": f"e{number}", "title": f"How to {number}", "datechanged": "2026-01-05 10:00:00", **more}


def test_published_articles_become_documents(server, pulled, kit):
    server.bases = [{"kb_id": "kb1", "name": "Help", "language": "en"}]
    server.articles = [
        article(1, url="https://help.example/1-how", rtype="A", rstatus="P", views="12", upvotes=3, downvotes=0),
        article(2, url="javascript:alert(1)", language="nb", views="many"),
        article(3, rstatus="D"),
        article(4, deleted="Y"),
        article(5, rtype="C"),
        {"kb_entry_id": 6, "strange": [1, {"x": None}]},
    ]
    found = pulled("document", v1=True)
    by_id = {row.ext_id: row for row in found.rows["document"]}
    one, two, six = by_id["e1"], by_id["e2"], by_id["6"]
    assert (one.kind, one.title, one.url, one.language) == ("kb", "How to 1", "https://help.example/1-how", "en")
    assert (one.updated_at, one.views, one.up, one.down) == (kit.at("2026-01-05 10:00:00"), 12, 3, 0)
    assert (two.url, two.language, two.views) == (None, "nb", None)
    assert (six.title, six.updated_at, six.category) == (None, None, "Help")
    assert set(by_id) == {"e1", "e2", "6"}
    assert not found.problems
    assert frozenset({"document"}) in {batch.replaces for batch in found.batches}


def test_entries_of_which_none_counts_are_spoken_of(server, pulled):
    server.articles = [article(1, rstatus="D"), article(2, rtype="C")]
    found = pulled("document", v1=True)
    assert "None of 2 entries" in found.problems[0].message


def test_many_articles_come_page_by_page(server, pulled):
    server.articles = [article(n) for n in range(2500)]
    assert len(pulled("document", v1=True).rows["document"]) == 2500


def test_a_server_that_ignores_paging_ends_too(server, pulled):
    server.before = lambda request: (
        (200, {}, {"response": {"entries": [article(1), article(2)]}})
        if request.path == "/knowledgebase/entries"
        else None
    )
    found = pulled("document", v1=True)
    assert len(found.rows["document"]) == 2
    assert len(server.asked("/knowledgebase/entries")) == 2


@pytest.mark.parametrize(
    "answer",
    [
        (404, {}, {"message": "not found"}),
        (200, {}, {"response": {"status": "ERROR", "errormessage": "Handler does not exist: unknown path"}}),
    ],
)
def test_an_account_without_the_module_delivers_nothing_and_is_whole(server, connect, pulled, answer):
    server.before = lambda request: answer if request.path.startswith("/knowledgebase") else None
    found = pulled("document", "department", v1=True)
    assert found.incomplete == set()
    assert "not in this edition" in found.problems[0].message
    assert frozenset({"document"}) not in {batch.replaces for batch in found.batches}
    assert connect(v1=True).probe().modules["knowledge base"] == "not in this edition"


@pytest.mark.parametrize(
    "answer",
    [
        (500, {}, {"message": "boom"}),
        (403, {}, {"message": "no"}),
        (200, {}, {"response": {}}),
        (200, {}, {"response": {"status": "ERROR", "errormessage": "Permission denied"}}),
        (0, {}, b""),
    ],
)
def test_articles_that_cannot_be_read_are_incomplete_and_cost_nothing_else(server, pulled, answer):
    server.lists["/departments"] = [{"department_id": "d1", "name": "Desk"}]
    server.before = lambda request: answer if request.path == "/knowledgebase/entries" else None
    found = pulled("document", "department", v1=True)
    assert found.incomplete == {"document"}
    assert len(found.rows["department"]) == 1
    assert found.cursor["finished"]


@pytest.mark.parametrize(
    "entries", [5, "x", None, [1, None, "x", []], {"a": {"kb_entry_id": "e1"}}, [{"title": "no id"}]]
)
def test_odd_shapes_raise_nothing(server, pulled, entries):
    server.before = lambda request: (
        (200, {}, {"response": {"entries": entries}}) if request.path == "/knowledgebase/entries" else None
    )
    found = pulled("document", v1=True)
    assert len(found.rows.get("document", [])) == (1 if isinstance(entries, dict) else 0)


def test_without_a_v1_key_it_is_said_and_nothing_is_asked(server, pulled):
    found = pulled("document")
    assert "apikey_v1" in found.problems[0].message
    assert not [one for one in server.requests if one.version == 1]
