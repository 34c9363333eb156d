"""Surveys, articles, links and time."""

import pytest

from deskaudit.errors import ConfigError
from deskaudit.model.keys import row_key

SURVEYS = """
[sources.desk]
type = "surveys"
path = "t.csv"
scale = {scale}
max_bad_share = 1.0
tickets_of = "liveagent"
agents_of = "hr"
[sources.desk.columns]
score = "Score"
sent_at = "Sent"
rated_at = "Rated"
ticket = "Ticket"
agent = "Agent"
comment = "Comment"
"""
HEAD = "Score,Sent,Rated,Ticket,Agent,Comment\n"


def test_surveys(pull):
    rows = "5,2026-09-01,2026-09-02,T1,kari@example.com,Thanks!\n,2026-09-01,,T2,Ola,\n2,2026-09-01,2026-09-03,T3,,\n7,2026-09-01,,T4,,\nNot offered,,,T5,,\n"
    pulled = pull(SURVEYS.format(scale="[1, 5]"), {"t.csv": HEAD + rows})
    five, silent, two = pulled.rows("rating")
    assert (five.score, five.satisfied, five.low, five.has_comment) == (5.0, True, False, True)
    assert five.ticket_id == row_key("liveagent", "ticket", "T1")
    assert five.agent_id == row_key("hr", "agent", "@kari@example.com")
    assert silent.agent_id == row_key("hr", "agent", "ola")
    assert (silent.score, silent.satisfied, silent.rated_at) == (None, None, None)
    assert silent.sent_at is not None
    assert (two.satisfied, two.low, two.has_comment) == (False, True, False)
    assert [reject.reason for reject in pulled.rejects] == [
        'Score: "7" is no score from 1 to 5; add it to words or unanswered, or correct scale'
    ]
    assert pulled.batches[-1].replaces == {"rating"}
    assert "Thanks" not in repr(pulled.batches)


def test_good_and_bad_and_ten(pull):
    rows = "Good,2026-09-01,2026-09-02,T1,,\nbad,2026-09-01,2026-09-02,T2,,\n"
    ratings = pull(SURVEYS.format(scale='"good/bad"'), {"t.csv": HEAD + rows}).rows("rating")
    assert [(rating.satisfied, rating.low, rating.scale_max) for rating in ratings] == [
        (True, False, 1),
        (False, True, 1),
    ]
    rows = "8,2026-09-01,2026-09-02,T1,,\n0,2026-09-01,2026-09-02,T2,,\n"
    ratings = pull(SURVEYS.format(scale="[0, 10]"), {"t.csv": HEAD + rows}).rows("rating")
    assert [(rating.satisfied, rating.low) for rating in ratings] == [(True, False), (False, True)]


def test_two_like_surveys_are_two(pull):
    row = "5,2026-09-01,2026-09-02,,,\n"
    text = SURVEYS.format(scale="[1, 5]")
    assert len(pull(text, {"t.csv": HEAD + row + row}).rows("rating")) == 2
    text = text.replace('"t.csv"', '["t.csv", "u.csv"]')
    pulled = pull(text, {"t.csv": HEAD + row + row, "u.csv": HEAD + row})
    assert len(pulled.rows("rating")) == 2
    assert len({rating.id for rating in pulled.rows("rating")}) == 2


def test_a_wrong_scale(pull):
    with pytest.raises(ConfigError, match="lowest and the highest"):
        pull(SURVEYS.format(scale="[5, 1]"), {"t.csv": HEAD})


ARTICLES = """
[sources.desk]
type = "articles"
path = "t.csv"
max_bad_share = 1.0
[sources.desk.columns]
key = "Id"
title = "Title"
url = "Link"
language = "Lang"
translation_of = "Of"
owner = "Owner"
status = "Status"
category = "Folder"
updated_at = "Updated"
views = "Views"
up = "Yes"
down = "No"
"""


def test_articles(pull):
    head = "Id,Title,Link,Lang,Of,Owner,Status,Folder,Updated,Views,Yes,No\n"
    rows = (
        '1,Printers,https://kb/1,en,,kari@example.com,Published,print,2026-05-01,"1,200",9,1\n'
        "2,Skrivere,javascript:x,nb,1,,public,print,2026-05-01,-4,,\n3,Draft,,en,,,draft,,,,,\n"
    )
    pulled = pull(ARTICLES, {"t.csv": head + rows})
    printers, skrivere = pulled.rows("document")
    assert (printers.kind, printers.views, printers.up, printers.down) == ("kb", 1200, 9, 1)
    assert printers.owner_id == pulled.only("agent").id
    assert (skrivere.translation_of, skrivere.url, skrivere.views) == (printers.id, None, None)
    assert {problem.message for problem in pulled.problems} >= {
        "1 document is not published by its status; it is left out.",
        "1 document has an address that is none of the web; it is left out.",
    }
    assert [reject.reason for reject in pulled.rejects] == ['Views: no count: "-4"']


def test_links(pull):
    text = """
[sources.desk]
type = "article_links"
path = "t.csv"
tickets_of = "liveagent"
[sources.desk.columns]
ticket = "Ticket"
article = "Article"
linked_at = "When"
"""
    pulled = pull(text, {"t.csv": 'Ticket,Article,When\nT1,"1, 2",2026-09-01\nT2,,2026-09-01\nT1,1,2026-09-02\n'})
    events = pulled.rows("event")
    assert [(event.kind, event.ticket_id, event.to_value) for event in events] == [
        ("link_article", row_key("liveagent", "ticket", "T1"), "1"),
        ("link_article", row_key("liveagent", "ticket", "T1"), "2"),
    ]


WORKTIME = """
[sources.desk]
type = "worktime"
path = "t.csv"
duration_unit = "h"
decimal = ","
max_bad_share = 1.0
tickets_of = "desk2"
[sources.desk.columns]
started_at = "Von"
duration = "Stunden"
entered_at = "Erfasst"
agent = "Wer"
ticket = "Ticket"
activity = "Was"
billable = "Rechnung"
kind = "Art"
[sources.desk.kinds]
Arbeit = "worked"
Dienst = "shift"
"""


def test_time(pull):
    head = "Von;Stunden;Erfasst;Wer;Ticket;Was;Rechnung;Art\n"
    rows = (
        "2026-09-01 08:00;1,5;2026-09-01 17:00;Kari;5;Support;ja;Arbeit\n2026-10-20 08:00;8;;Ola;;;;Dienst\n"
        "2026-10-20 08:00;8;;Ola;;;;Arbeit\n2026-09-01 08:00;;;Ola;;;;Arbeit\n2026-09-01 08:00;01:30;;Ola;;;;Urlaub\n"
    )
    pulled = pull(WORKTIME, {"t.csv": head + rows})
    worked, shift = pulled.rows("slot")
    assert (worked.kind, worked.ended_at - worked.started_at, worked.entered_at - worked.started_at) == (
        "worked",
        5400,
        32400,
    )
    assert (worked.ticket_id, worked.activity, worked.billable) == (row_key("desk2", "ticket", "5"), "Support", True)
    assert (shift.kind, shift.ended_at - shift.started_at) == ("shift", 28800)  # a shift may lie ahead, work may not
    assert [reject.place for reject in pulled.rejects] == ["t.csv row 4", "t.csv row 5", "t.csv row 6"]
