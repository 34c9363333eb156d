"""Nothing that a server sends may raise anything but a SourceError."""

import json

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deskaudit.connectors.liveagent import LiveAgent
from deskaudit.connectors.mapping import TicketMapping
from deskaudit.connectors.proposals import preview, propose
from deskaudit.errors import SourceError
from deskaudit.model.batches import Batch

JSON = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=20),
        st.sampled_from(["2026-02-01 08:00:00", "0000-00-00 00:00:00", "system00", "default", "\ud800", "\x1b[2J", "9" * 400]),
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=8), inner, max_size=4)),
    max_leaves=12,
)  # fmt: skip
ROWS = {
    "/departments": {"department_id": "d1", "name": "x", "agent_ids": ["a1"]},
    "/agents": {"id": "a1", "name": "x", "email": "a@b", "last_pswd_change": "2026-02-01 08:00:00"},
    "/tags": {"id": "g1", "name": "x"},
    "/slas": {"id": "l1", "values": {"first_answer": 60}, "business_hours": {"monday": {}}},
    "/contacts": {"id": "c1", "emails": ["x@y"], "phones": ["1"], "date_changed": "2026-02-01 08:00:00"},
    "/tickets": {
        "id": "t1", "status": "N", "channel_type": "E", "date_created": "2026-02-01 08:00:00", "tags": ["g1"],
        "date_changed": "2026-02-01 08:00:00", "custom_fields": [{"code": "a", "value": "b"}], "agentid": "a1",
    },
    "/tickets/history": {"id": "h1", "conversation_id": "t1", "status": "N", "date_from": "2026-02-01 08:00:00"},
    "/tickets/t1/sla": {"first_answer": "2026-02-01 08:00:00"},
    "/tickets/t1/messages": {"id": "m1", "type": "4", "datecreated": "2026-02-01 08:00:00", "messages": [{"type": "P"}]},
    "/grid/tickets/sla": {"id": "s1", "conversationid": "t1", "sla_type": "first_answer", "date_closed": "2026-02-01 08:00:00"},
    "/calls": {"id": "k1", "type": "I", "dateCreated": "2026-02-01 08:00:00", "fromNumber": "1"},
    "/chats": {"id": "x1", "status": "T", "date_created": "2026-02-01 08:00:00"},
    "/grid/reports/time": {"id": 1, "reportdate": "2026-02-01 08:00:00", "reportedtime": "60"},
    "/reports/ranking": {"id": "r1", "rankingType": "P", "datecreated": "2026-02-01 08:00:00", "conversationid": "t1"},
    "/settings": {"name": "TIMEZONE", "value": "UTC"},
    "/tickets/history/count": {"count": 7},
    "/grid/tickets/sla/count": {"count": 7},
    "/calls/count": {"count": 7},
    "/grid/reports/time/count": {"count": 7},
}  # fmt: skip


@st.composite
def mutated(draw, path):
    """A page of the path's rows, each with a field or two replaced, dropped or renamed; or no such page at all."""
    rows = []
    for _ in range(draw(st.integers(0, 4))):
        row = json.loads(json.dumps(ROWS[path]))
        for name in draw(st.lists(st.sampled_from(sorted(row)), max_size=2)):
            if draw(st.booleans()):
                row[name] = draw(JSON)
            else:
                row.pop(name, None)
        rows.append(draw(JSON) if draw(st.integers(0, 9)) == 0 else row)
    if path == "/tickets/t1/sla" or path.endswith("/count"):
        body = rows[0] if rows else {}
    elif path == "/reports/ranking":
        body = {"response": {"ranks": rows}}
    else:
        body = rows
    kind = draw(st.integers(0, 19))
    if kind == 0:
        body = draw(JSON)
    data = json.dumps(body).encode()
    if kind == 1:
        data = data[: draw(st.integers(0, len(data)))]
    headers = {}
    if kind in {2, 3}:
        headers["next_page_cursor"] = draw(st.sampled_from(["a", "b", "0", "%00", "x" * 300]))
    if kind == 4:
        headers["X-Total-Count"] = draw(st.sampled_from(["-1", "many", "9" * 50]))
    return draw(st.sampled_from([200] * 30 + [206, 400, 403, 404, 500])), headers, data


SWEPT_LONG_AGO = {
    "finished": True, "since_at": 1_700_000_000, "started_at": 1_760_000_000, "swept_at": 1_750_000_000,
    "marks": {"tickets": 1_750_000_000}, "reach": {"tickets": 1_700_000_000},
}  # fmt: skip


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    pages=st.fixed_dictionaries({path: mutated(path) for path in ROWS}),
    everything=st.booleans(),
    zone=st.booleans(),
    known=st.booleans(),
)
def test_no_answer_raises_anything_but_a_source_error(server, connect, want, pages, everything, zone, known):
    def answer(request):
        found = pages.get(request.path, (404, {}, {"message": "no"}))
        late = int(request.params.get("_page", 1)) > 2 or int(request.params.get("limitfrom", 0)) > 8
        return (200, {}, {"response": {"ranks": []}} if request.version == 1 else []) if late else found

    server.before = answer
    server.requests.clear()
    given = {"messages": "all"} if everything else {}
    if zone:
        given["zone"] = "America/Phoenix"
    try:
        batches = list(connect(v1=True, **given).pull(SWEPT_LONG_AGO if known else None, want()))
    except SourceError:
        batches = []
    assert all(isinstance(batch, Batch) for batch in batches)
    for batch in batches:
        json.dumps(batch.cursor)
        assert {problem for problem in batch.problems if not problem.message} == set()
        for row in batch.rows:
            for name in row.__struct_fields__:
                value = getattr(row, name)
                assert not isinstance(value, str) or "\x1b" not in value
    assert len(server.requests) < 400
    assert {problem.entities for batch in batches for problem in batch.problems} <= {
        (), *((entity,) for entity in LiveAgent.fills), ("ticket", "ticket_tag", "ticket_field"),
    }  # fmt: skip


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    pages=st.fixed_dictionaries({path: mutated(path) for path in ("/departments", "/tags", "/tickets", "/settings")})
)
def test_no_ticket_stops_a_proposal(server, connect, pages):
    late = {"2", "3"}
    server.before = lambda request: (200, {}, []) if request.params.get("_page") in late else pages.get(request.path)
    try:
        seen = connect().sample(5)
    except SourceError:
        return
    proposal = propose(seen)
    assert msgspec.convert(proposal.proposed(), TicketMapping) == proposal.mapping
    assert len(preview(seen, proposal.mapping)) == len(seen)
