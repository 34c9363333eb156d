"""The mapping that all ticket sources share: what it finds, what it leaves alone, and what it refuses."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deskaudit.connectors.mapping import PRIORITIES, Facts, Mapper, TicketMapping
from deskaudit.model.entities import TICKET_STATUSES


def mapper(**tables):
    return Mapper(msgspec.convert(tables, TicketMapping))


@pytest.mark.parametrize(
    ("rule", "facts", "wanted"),
    [
        ({"field": "Urgency", "values": {"High": "P2"}}, {"fields": {"urgency": " high "}}, "P2"),
        ({"field": "urgency"}, {"fields": {"urgency": "p3"}}, "P3"),
        ({"field": "urgency", "values": {"high": "P2"}}, {"fields": {"urgency": "low"}}, None),
        ({"field": "urgency", "values": {"high": "P2"}}, {"fields": {"urgency": None}}, None),
        ({"field": "urgency", "values": {"high": "P2"}, "default": "P4"}, {"fields": {}}, "P4"),
        ({"tag": "prio-*", "values": {"1": "P1"}}, {"tags": ["x", "Prio-1"]}, "P1"),
        ({"tag": "*", "values": {"vip": "P1"}}, {"tags": ["other", "VIP"]}, "P1"),
        ({"tag": "vip", "values": {"vip": "P1"}}, {"tags": ["vip"]}, "P1"),
        ({"tag": "prio-*"}, {"tags": ["prio-"]}, None),
        ({"department": True, "values": {"emergency": "P1"}}, {"department": "Emergency"}, "P1"),
        ({"field": "u", "tag": "p*"}, {"fields": {"u": "P2"}, "tags": ["pP1"]}, "P2"),
        ({"field": "u", "tag": "p-*"}, {"fields": {"u": " "}, "tags": ["p-P1"]}, "P1"),
    ],
)
def test_priorities(rule, facts, wanted):
    assert mapper(priority=rule).map(Facts(**facts)).priority == wanted


@pytest.mark.parametrize(
    ("rule", "facts", "wanted"),
    [
        ({"tag": "cat-*"}, {"tags": ["cat-Network"]}, "Network"),
        ({"tag": "*-cat"}, {"tags": ["Network-CAT"]}, "Network"),
        ({"tag": "[cat]*"}, {"tags": ["[cat]Network"]}, "Network"),
        ({"tag": "cat-*", "values": {"net": "Network"}}, {"tags": ["cat-x", "cat-net"]}, "Network"),
        ({"field": "topic", "values": {"net": "Network"}}, {"fields": {"topic": "Printer"}}, "Printer"),
        ({"department": True}, {"department": "Second line"}, "Second line"),
        ({"department": True}, {}, None),
    ],
)
def test_categories(rule, facts, wanted):
    assert mapper(category=rule).map(Facts(**facts)).category == wanted


@pytest.mark.parametrize(
    ("raw", "own", "facts", "wanted"),
    [
        ("W", "postponed", {}, "postponed"),
        ("C", "open", {"tags": ["waiting-vendor"]}, "postponed"),
        ("R", "resolved", {"tags": ["waiting-vendor"]}, "resolved"),
        ("On Hold", "unknown", {}, "postponed"),
        ("Parked", "unknown", {}, "closed"),
        ("C", "open", {"fields": {"state": "pending"}}, "postponed"),
        ("C", "open", {"fields": {"state": "working"}}, "open"),
        (None, "new", {}, "new"),
    ],
)
def test_waiting_states(raw, own, facts, wanted):
    found = mapper(
        waiting={"tag": "waiting*", "statuses": ["on hold"], "field": "State", "values": ["Pending"]},
        statuses={"parked": "closed"},
    )
    assert found.status(raw, own, Facts(**facts)) == wanted


def test_any_value_marks_where_none_is_named():
    found = mapper(test={"field": "trial"})
    assert [found.map(Facts(fields={"trial": value})).is_test for value in ("x", "", None)] == [True, False, False]


def test_values_without_a_priority_are_counted_and_named_commonest_first():
    found = mapper(priority={"field": "u", "values": {"high": "P1"}})
    for value in ["low", "low", "high", "mid\x1b[31m", ""]:
        found.map(Facts(fields={"u": value}))
    (problem,) = found.problems("desk")
    assert problem.message.startswith('No priority is mapped for "low" (2), "mid[31m" (1);')
    assert problem.entities == ()


@pytest.mark.parametrize(
    "table",
    [
        {"priority": {}},
        {"priority": {"field": "u", "values": {"high": "urgent"}}},
        {"priority": {"field": "u", "default": "urgent"}},
        {"category": {"tag": "vip"}},
        {"category": {"tag": "*"}},
        {"category": {"feild": "x"}},
        {"waiting": {}},
        {"statuses": {"x": "paused"}},
        {"prio": {"field": "u"}},
    ],
)
def test_a_mapping_that_cannot_mean_anything_is_refused(table):
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(table, TicketMapping)


def test_the_fields_a_mapping_reads():
    assert mapper(priority={"field": "Urgency"}, waiting={"field": "State"}).fields == {"urgency", "state"}


TEXT = st.text(max_size=12)


@given(
    tag=TEXT.map(lambda text: text + "*"),
    tags=st.lists(TEXT, max_size=4),
    fields=st.dictionaries(TEXT, st.one_of(st.none(), TEXT), max_size=4),
    raw=st.one_of(st.none(), TEXT),
)
def test_any_ticket_is_mapped_to_something_known(tag, tags, fields, raw):
    found = mapper(
        priority={"field": "a", "values": {"x": "P1"}},
        category={"tag": "c" + tag},
        waiting={"tag": tag},
        statuses={"on hold": "postponed"},
    )
    facts = Facts(fields=fields, tags=tags)
    mapped = found.map(facts)
    assert mapped.priority in {None, *PRIORITIES}
    assert mapped.category is None or mapped.category.strip()
    assert found.status(raw, "open", facts) in TICKET_STATUSES
