"""Answers of the real server, damaged: nothing but a SourceError, a Reject or a Problem may come of them."""

import json

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deskaudit.errors import SourceError
from deskaudit.model.entities import ENTITIES, entity_of

pytestmark = pytest.mark.realtool
ODD = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8),
    st.sampled_from([[], {}, [[]], "2026-03-02T09:00:00Z", "9999-99-99", "0000-00-00", "\ud800", "\x1b[2J", 10**400, -1, "9" * 30, {"id": []}]),
)  # fmt: skip


def places(value, path=()):
    """Every place in a JSON value."""
    yield path
    if isinstance(value, dict):
        for name, one in value.items():
            yield from places(one, (*path, name))
    elif isinstance(value, list):
        for number, one in enumerate(value[:6]):
            yield from places(one, (*path, number))


def put(value, path, new):
    if not path:
        return new
    for step in path[:-1]:
        value = value[step]
    value[path[-1]] = new
    return None


@st.composite
def damage(draw, body):
    if draw(st.booleans()):
        cut = draw(st.integers(0, len(body)))
        at = draw(st.integers(0, max(len(body) - 1, 0)))
        return draw(
            st.sampled_from(
                [body[:cut], body[:at] + bytes([draw(st.integers(0, 255))]) + body[at + 1 :], body[cut:] + body[:at]]
            )
        )
    value = json.loads(body)
    for _ in range(draw(st.integers(1, 4))):
        where = draw(st.sampled_from(sorted(places(value), key=repr)))
        whole = put(value, where, draw(ODD))
        if not where:
            value = whole
            break
    return json.dumps(value).encode(errors="surrogatepass")


def fits(row):
    msgspec.json.decode(msgspec.json.encode(row), type=ENTITIES[entity_of(row)])
    assert all(not isinstance(one, int) or -(2**63) <= one < 2**63 for one in msgspec.structs.astuple(row))


def test_damaged_answers(kit):
    since = kit.utc(2026, 3, 1)
    kit.pull("admin", since=since)
    known = {path: body for path, (status, body) in kit.proxy.answers.items() if status == 200}
    assert {"/issues.json", "/issues/1.json", "/users/current.json", "/time_entries.json"} <= known.keys()

    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.data())
    def check(data):
        victim = data.draw(st.sampled_from(sorted(known)))
        bad = data.draw(damage(known[victim]))
        status = data.draw(st.sampled_from([200, 200, 200, 200, 204, 302, 403, 404, 422, 500]))

        def before(request):
            if request.path == victim:
                return status, bad
            return (200, known[request.path]) if request.path in known else (404, b"")

        kit.proxy.before = before
        try:
            for batch in kit.connector("admin").pull(None, kit.want(since=since)):
                for row in batch.rows:
                    fits(row)
                if batch.cursor is not None:
                    msgspec.json.encode(batch.cursor)
        except SourceError:
            pass
        kit.connector("admin").probe()

    check()


@pytest.mark.parametrize(
    "cursor",
    [
        {},
        {"version": 99},
        {"version": 1},
        {"marks": []},
        {"version": 1, "since_at": 1, "started_at": 1, "reach": 1, "stage": "open", "at": {"id": "x"}},
    ],
)
def test_a_cursor_of_another_kind_begins_anew(kit, cursor):
    pulled = kit.pull(entities=("ticket",), since=kit.utc(2026, 3, 1), cursor=cursor)
    assert "1" in pulled.by_ext("ticket")


def test_a_list_without_an_end_is_told(kit):
    """Each page of /projects.json is the first one, and the total is far off."""
    endless = {"projects": [{"id": 1, "name": "Desk", "identifier": "desk"}], "total_count": 10**9}
    kit.proxy.before = lambda request: (200, json.dumps(endless).encode()) if request.path == "/projects.json" else None
    with pytest.raises(SourceError, match="no end"):
        kit.pull()
    assert not kit.connector().probe().reachable


@pytest.mark.parametrize("total", [None, "3", 0, -1, 2, True])
def test_a_total_that_cannot_be_true_leaves_the_tickets_incomplete(kit, total):
    issues = [
        {"id": n, "updated_on": f"2026-03-02T10:00:0{n}Z", "created_on": "2026-03-02T10:00:00Z"} for n in (1, 2, 3)
    ]
    answer = json.dumps({"issues": issues, "total_count": total}).encode()
    kit.proxy.before = lambda request: (200, answer) if request.path == "/issues.json" else None
    pulled = kit.pull(entities=("ticket",), since=kit.utc(2026, 3, 1))
    assert "ticket" in {entity for problem in pulled.problems for entity in problem.entities}


def test_a_number_of_another_script_is_no_number(kit):
    """Python takes a raised two for a digit, and no number can be made of it."""
    kit.proxy.before = lambda request: (
        (200, json.dumps({"issues": [{"id": "²"}], "total_count": 1}).encode())
        if request.path == "/issues.json"
        else None
    )
    pulled = kit.pull(entities=("ticket",))
    assert "is no number of a ticket" in pulled.rejects[0].reason
