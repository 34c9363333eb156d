"""Nothing that a server sends may raise anything but a SourceError."""

import json

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deskaudit.connectors.servicedeskplus import ServiceDeskPlus
from deskaudit.errors import SourceError
from deskaudit.model.batches import Batch

JSON = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=20),
        st.sampled_from(["1768500000000", "-1", "9" * 400, "\ud800", "\x1b[2J", {"value": "9" * 15}, {"value": -5}]),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(st.sampled_from(["id", "name", "value", "hours", "status_code", "x"]), inner, max_size=4),
    ),
    max_leaves=12,
)  # fmt: skip
DATE = {"display_value": "x", "value": "1768500000000"}
ROWS = {
    "statuses": {"id": "1", "name": "Open", "internal_name": "Open", "in_progress": True, "stop_timer": False},
    "requests": {
        "id": "9", "display_id": "9", "subject": "x", "requester": {"id": "r1", "email_id": "a@b"}, "status": {"id": "1"},
        "created_time": DATE, "last_updated_time": DATE, "due_by_time": DATE, "responded_time": DATE, "is_overdue": False,
        "group": {"id": "g1", "name": "x"}, "udf_fields": {"udf_char1": "x", "udf_date1": DATE}, "resolution": {"content": "x"},
    },
    "worklogs": {"id": "w1", "owner": {"id": "t1"}, "start_time": DATE, "time_spent": {"hours": "1", "minutes": "2"}},
    "technicians": {"id": "t1", "name": "x", "email_id": "a@b", "status": {"name": "Active"}, "groups": [{"id": "g1"}]},
    "solutions": {"id": "s1", "title": "x", "topic": {"name": "x"}, "last_updated_time": DATE, "view_count": "3"},
    "assets": {"id": "a1", "name": "x", "serial_number": "x7", "state": {"name": "In Use"}, "ip_address": "10.0.0.1"},
    "problems": {"id": "p1", "title": "x", "reported_time": DATE, "closed_time": DATE, "technician": {"id": "t1"}},
    "changes": {"id": "c1", "title": "x", "completed_time": DATE, "status": {"name": "x"}},
}  # fmt: skip


@st.composite
def mutated(draw, key):
    """A page of the list's rows, each with a field or two replaced or dropped; or no such page at all."""
    rows = []
    for number in range(draw(st.integers(0, 4))):
        row = json.loads(json.dumps(ROWS[key]))
        row["id"] = f"{row['id']}{number}"
        for name in draw(st.lists(st.sampled_from(sorted(row)), max_size=2)):
            if draw(st.booleans()):
                row[name] = draw(JSON)
            else:
                row.pop(name, None)
        rows.append(draw(JSON) if draw(st.integers(0, 9)) == 0 else row)
    info = {"has_more_rows": draw(st.booleans()), "row_count": len(rows)}
    body = {key: rows, "list_info": info, "response_status": [{"status_code": 2000, "status": "success"}]}
    kind = draw(st.integers(0, 19))
    if kind == 0:
        body = draw(JSON)
    elif kind == 1:
        body[draw(st.sampled_from([key, "list_info", "response_status"]))] = draw(JSON)
    elif kind == 2:
        messages = draw(
            st.one_of(JSON, st.just([{"status_code": draw(st.sampled_from([4001, 4002, 4007, 4022, 7001]))}]))
        )
        body = {"response_status": {"status_code": 4000, "messages": messages}}
    elif kind == 3:
        info["total_count"] = draw(JSON)
    data = json.dumps(body).encode()
    if kind == 4:
        data = data[: draw(st.integers(0, len(data)))]
    if kind == 5 and data:
        place = draw(st.integers(0, len(data) - 1))
        data = data[:place] + bytes([draw(st.integers(0, 255))]) + data[place + 1 :]
    return draw(st.sampled_from([200] * 30 + [206, 400, 403, 404, 500])), {}, data


@settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))
@given(pages=st.fixed_dictionaries({key: mutated(key) for key in ROWS}), again=st.booleans())
def test_no_answer_raises_anything_but_a_source_error(server, connect, want, kit, pages, again):
    def answer(request):
        key = request.path.rstrip("/").rpartition("/")[2]
        late = request.info.get("start_index", 1) > 20
        return (200, {}, {key: [], "list_info": {}}) if late else pages.get(key, (404, {}, b""))

    server.before = answer
    server.requests.clear()
    cursor = None
    batches = []
    for now in (kit.NOW, kit.NOW + 8 * 86400) if again else (kit.NOW,):
        try:
            batches += list(connect(now=now, worklog_limit=10).pull(cursor, want()))
        except SourceError:
            break
        cursor = json.loads(json.dumps(batches[-1].cursor))
    assert all(isinstance(batch, Batch) for batch in batches)
    for batch in batches:
        assert all(problem.message for problem in batch.problems)
        for problem in batch.problems:
            assert set(problem.entities) <= ServiceDeskPlus.fills
        for row in batch.rows:
            for name in row.__struct_fields__:
                value = getattr(row, name)
                assert not isinstance(value, str) or "\x1b" not in value
    assert len(server.requests) < 400


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(body=st.one_of(JSON, st.fixed_dictionaries({"access_token": JSON, "expires_in": JSON, "error": JSON})))
def test_nor_does_an_answer_of_the_accounts_server(server, connect, body):
    server.before = lambda request: (
        (200, {}, body if isinstance(body, dict) else json.dumps(body)) if request.method == "POST" else None
    )
    probe = connect(cloud=True).probe()
    assert probe.authorised is not True
