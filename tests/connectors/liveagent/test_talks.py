"""Ratings and messages of an account: values computed by hand."""

from deskaudit.model.keys import row_key


def rank(number, kind, ticket="t1", at="2026-02-10 08:00:00", **more):
    return {
        "id": f"r{number}",
        "rankingType": kind,
        "datecreated": at,
        "conversationid": ticket,
        "contactid": "c1",
        **more,
    }


def test_ratings_and_their_follow_up(account, pulled, kit):
    account.ranks = [
        rank(1, "R", agentEmail="ada@desk.example", comment="good"),
        rank(2, "P", ticket="t2"),
        rank(3, ""),
        rank(4, "?"),
        rank(5, "P", ticket="t3"),
    ]
    account.objects["/tickets/t2/messages"] = [
        {"id": "m1", "type": "4", "userid": "a1", "datecreated": "2026-02-09 08:00:00"},  # before the rating
        {"id": "m2", "type": "I", "userid": "a1", "datecreated": "2026-02-10 09:00:00"},  # a note is no answer
        {"id": "m3", "type": "3", "userid": "c1", "datecreated": "2026-02-10 10:00:00"},  # the customer
        {"id": "m4", "type": "4", "userid": "system00", "datecreated": "2026-02-10 10:30:00"},  # an auto-reply
        {"id": "m5", "type": "4", "userid": "a2", "datecreated": "2026-02-10 11:00:00"},
        {"id": "m6", "type": "4", "userid": "a1", "datecreated": "2026-02-10 12:00:00"},
    ]
    found = pulled("rating", "agent", v1=True)
    one, two, three, four, five = sorted(found.rows["rating"], key=lambda row: row.ext_id)
    assert (one.score, one.satisfied, one.low, one.has_comment) == (1.0, True, False, True)
    assert (one.scale_min, one.scale_max, one.rated_at) == (0.0, 1.0, kit.at("2026-02-10 08:00:00"))
    assert (one.ticket_id, one.agent_id) == (row_key("desk", "ticket", "t1"), row_key("desk", "agent", "a1"))
    assert (two.score, two.satisfied, two.low, two.followed_up_at) == (0.0, False, True, kit.at("2026-02-10 11:00:00"))
    assert (three.score, three.satisfied, three.low, three.sent_at) == (None, None, None, kit.at("2026-02-10 08:00:00"))
    assert (four.score, five.followed_up_at) == (None, None)
    assert "rankingType" in {problem.resource for problem in found.problems}
    assert len(account.asked("/tickets/t1/messages")) == 0


def test_without_a_v1_key_ratings_are_absent_and_said_so(server, pulled):
    found = pulled("rating")
    assert "rating" not in found.rows
    assert [(problem.resource, problem.entities) for problem in found.problems] == [("rating", ())]


def test_low_ratings_beyond_the_limit_make_ratings_incomplete(server, pulled):
    server.ranks = [rank(n, "P", ticket=f"t{n}") for n in range(4)]
    found = pulled("rating", v1=True, message_limit=3)
    assert found.incomplete == {"rating"}
    assert len([one for one in server.requests if one.path.endswith("/messages")]) == 3


def test_messages_none_asks_for_none(server, pulled):
    server.ranks = [rank(1, "P")]
    found = pulled("rating", v1=True, messages="none")
    assert found.rows["rating"][0].followed_up_at is None
    assert not found.incomplete
    assert not [one for one in server.requests if one.path.endswith("/messages")]


def test_all_messages_become_events_without_their_text(account, pulled, kit):
    account.objects["/tickets/t1/messages"] = [
        {"id": "m1", "type": "3", "userid": "c1", "datecreated": "2026-02-01 08:00:00",
         "messages": [{"id": "p1", "type": "M", "message": "<p>It   burns &amp; smokes</p>"}]},
        {"id": "m2", "type": "4", "userid": "a1", "datecreated": "2026-02-01 09:00:00",
         "messages": [{"id": "p2", "type": "M", "message": "Water"}]},
        {"id": "m3", "type": "I", "userid": "a1", "datecreated": "2026-02-01 09:05:00"},
        {"id": "m4", "type": "T", "userid": "a1", "datecreated": "2026-02-01 09:06:00"},
        {"id": "m5", "type": "4", "userid": "system00", "datecreated": "2026-02-01 09:07:00"},
        {"id": "m6", "type": "R", "userid": "a1", "datecreated": "2026-02-01 09:08:00"},
        {"id": "m7", "type": "!", "userid": "a1", "datecreated": "2026-02-01 09:08:00"},
        {"id": "m8", "type": "4", "userid": "a1", "datecreated": "never",
         "messages": [{"id": "p3", "type": "P", "datecreated": "2026-02-01 10:00:00"}, {"id": "p4", "type": "C"}]},
    ]  # fmt: skip
    found = pulled("ticket", "event", "agent", "rating", messages="all")
    events = sorted(found.rows["event"], key=lambda row: row.happened_at)
    assert [(row.kind, row.actor, row.public, row.text_len) for row in events] == [
        ("reply", "contact", True, len("It burns & smokes")),
        ("reply", "agent", True, 5),
        ("note", "agent", False, None),
        ("transfer", "agent", False, None),
        ("auto", "system", True, None),
    ]
    assert events[1].actor_id == row_key("desk", "agent", "a1")
    assert events[0].actor_id == row_key("desk", "contact", "c1")
    assert "burns" not in repr(found.batches)
    assert [reject.place for reject in found.rejects] == ["ticket t1, message group 8"]
    assert "message group type" in {problem.resource for problem in found.problems}


def test_in_a_chat_both_sides_speak(account, pulled, kit):
    def said(place, user, at, text="Hello", kind="M"):
        made = f"2026-02-01 08:{at}"
        return {"id": f"p{place}", "type": kind, "userid": user, "datecreated": made, "message": text}

    account.objects["/tickets/t1/messages"] = [
        {"id": "m1", "type": "C", "userid": "c1", "datecreated": "2026-02-01 08:00:00",
         "messages": [said(1, "c1", "00:10"), said(2, "system00", "00:11", kind="S"), said(3, "a1", "01:20", "Good morning"),
                      said(4, "c1", "02:00", "My bike"), said(5, "a1", "03:00", "Yes?")]},
        {"id": "m2", "type": "6", "datecreated": "2026-02-01 09:00:00", "messages": [{"id": "p6", "type": "M", "message": "Hi"}]},
        {"id": "m3", "type": "7", "datecreated": "2026-02-01 09:30:00"},
        {"id": "m4", "type": "4", "userid": "a1", "datecreated": "2026-02-01 10:00:00",
         "messages": [{"id": "p7", "type": "M", "userid": "c1", "message": "quoted", "datecreated": "2026-02-01 10:00:00"}]},
    ]  # fmt: skip
    found = pulled("ticket", "event", "agent", messages="all")
    events = sorted(found.rows["event"], key=lambda row: row.happened_at)
    assert [(row.kind, row.actor, kit.text(row.happened_at)[11:], row.text_len) for row in events] == [
        ("reply", "contact", "08:00:10", 12),
        ("reply", "agent", "08:01:20", 16),
        ("reply", None, "09:00:00", 2),
        ("reply", "contact", "09:30:00", None),
        ("reply", "agent", "10:00:00", 6),
    ]
    assert (events[0].actor_id, events[1].actor_id, events[2].actor_id) == (
        row_key("desk", "contact", "c1"), row_key("desk", "agent", "a1"), None,
    )  # fmt: skip


def test_a_low_rating_is_followed_up_in_a_chat_that_the_customer_began(account, pulled, kit):
    account.ranks = [rank(1, "P", ticket="t1")]
    account.objects["/tickets/t1/messages"] = [
        {"id": "m1", "type": "C", "userid": "c1", "datecreated": "2026-02-10 09:00:00",
         "messages": [{"id": "p1", "type": "M", "userid": "c1", "datecreated": "2026-02-10 09:00:00"},
                      {"id": "p2", "type": "M", "userid": "a1", "datecreated": "2026-02-10 09:04:00"}]},
    ]  # fmt: skip
    (found,) = pulled("rating", v1=True).rows["rating"]
    assert found.followed_up_at == kit.at("2026-02-10 09:04:00")


def test_ratings_in_messages_stand_in_for_v1(account, pulled, kit):
    account.objects["/tickets/t1/messages"] = [
        {"id": "m1", "type": "3", "userid": "c1", "datecreated": "2026-02-01 08:00:00",
         "messages": [{"id": "p1", "type": "P", "datecreated": "2026-02-01 10:00:00"}, {"id": "p2", "type": "C"}]},
    ]  # fmt: skip
    (row,) = pulled("ticket", "event", "rating", messages="all").rows["rating"]
    assert (row.score, row.low, row.has_comment, row.rated_at) == (0.0, True, True, kit.at("2026-02-01 10:00:00"))
