"""Mappings proposed from tickets as sources show them."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deskaudit.connectors.mapping import Facts, Seen, TicketMapping
from deskaudit.connectors.proposals import PARTS, preview, propose
from deskaudit.model.entities import Ticket


def seen(number=1, *, fields=None, tags=(), department=None, status="open", raw="Open", **ticket):
    return Seen(
        facts=Facts(fields=fields or {}, tags=list(tags), department=department),
        status_raw=raw,
        ticket=Ticket(id=number, code=f"T-{number}", status=status, **ticket),
    )


def sample(**columns):
    """Tickets whose fields take these values in turn."""
    return [seen(n, fields={name: values[n % len(values)] for name, values in columns.items()}) for n in range(60)]


def parts(proposal):
    return {part.name: part for part in proposal.parts}


@pytest.mark.parametrize(
    ("field", "words"),
    [
        ("Urgency", {"urgent": "P1", "high": "P2", "normal": "P3", "low": "P4"}),
        ("Dringlichkeit", {"Kritisch": "P1", "Hoch": "P2", "Mittel": "P3", "Niedrig": "P4"}),
        ("Prioridad", {"Crítica": "P1", "Alta": "P2", "Media": "P3", "Baja": "P4"}),
        ("Priorité", {"Très haute": "P1", "Haute": "P2", "Moyenne": "P3", "Faible": "P4"}),
        ("Prioritet", {"Haster": "P1", "Høy": "P2", "Middels": "P3", "Lav": "P4"}),
        ("Προτεραιότητα", {"Επείγον": "P1", "Υψηλή": "P2", "Κανονική": "P3", "Χαμηλή": "P4"}),
        ("priority", {"1 - Critical": "P1", "2 - High": "P2", "3 - Moderate": "P3", "5 - Planning": "P4"}),
        ("Priority", {"1": "P1", "2": "P2", "3": "P3", "5": "P4"}),
        ("Anything", {"Urgent!": "P1", "(3) normal": "P3"}),
        ("prio", {"Prio 1": "P1", "Prio 2": "P2"}),
    ],
)
def test_words_of_priority_in_several_languages(field, words):
    proposal = propose(sample(**{field: list(words)}))
    rule = proposal.mapping.priority
    assert (rule.field, rule.values) == (field, words)
    assert parts(proposal)["priority"].why.startswith(f"60 of 60 tickets say it in the field {field}: ")


def test_p1_to_p4_need_no_table_and_case_counts_not():
    proposal = propose(sample(prio=["p1", "P2", "P3"]))
    assert proposal.proposed()["priority"] == {"field": "prio"}
    assert {row["priority"] for row in preview(sample(prio=["p1", "P2", "P3"]), proposal.mapping)} == {"P1", "P2", "P3"}


def test_numbers_say_which_end_was_taken_for_urgent():
    assert "1 is taken for the most urgent" in parts(propose(sample(priority=["1", "2"])))["priority"].why


@pytest.mark.parametrize(
    "column", [{"priority": ["10", "50", "90"]}, {"floor": ["1", "2", "3"]}, {"priority": ["blue", "red"]}]
)
def test_what_is_no_priority_stays_unmapped_and_the_fix_is_named(column):
    part = parts(propose(sample(**column), source="desk"))["priority"]
    assert (part.state, part.rule) == ("missing", None)
    assert "NODATA" in part.why
    assert "sources.desk.mapping.priority" in part.why
    assert next(iter(column)) in part.why


def test_a_word_that_is_not_understood_is_asked_for():
    part = parts(propose(sample(priority=["High", "Low", "Whenever"])))["priority"]
    assert part.rule.values == {"High": "P2", "Low": "P4"}
    assert "say what they mean: Whenever" in part.why


def test_the_field_that_is_called_priority_wins_over_another_with_such_words():
    found = propose(sample(mood=["high", "low"], priority=["urgent", "normal"])).mapping.priority
    assert found.field == "priority"


def test_tags_with_a_common_beginning():
    rows = [
        seen(n, tags=[f"prio-{('high', 'low')[n % 2]}", f"cat-{('network', 'printer', 'mail')[n % 3]}", f"t{n}"])
        for n in range(30)
    ]
    proposal = propose(rows)
    assert proposal.proposed() == {
        "priority": {"tag": "prio-*", "values": {"high": "P2", "low": "P4"}},
        "category": {"tag": "cat-*"},
    }
    assert preview(rows, proposal.mapping, 2) == [
        {"ticket": "T-0", "status": "open", "priority": "P2", "category": "network", "type": "–", "service": "–"},
        {"ticket": "T-1", "status": "open", "priority": "P4", "category": "printer", "type": "–", "service": "–"},
    ]


def test_tags_that_are_words_of_priority():
    rows = [seen(n, tags=[("urgent", "low", "vip")[n % 3]]) for n in range(30)]
    assert propose(rows).proposed()["priority"] == {"tag": "*", "values": {"urgent": "P1", "low": "P4"}}


def test_category_type_and_service_by_the_names_of_fields():
    rows = sample(
        Kategori=["nett", "skriver", "konto"],
        **{
            "Ticket type": ["Incident", "Request"],
            "Product": ["Mail", "ERP"],
            "Title": [f"case {n}" for n in range(60)],
        },
    )
    assert propose(rows).proposed() == {
        "category": {"field": "Kategori"},
        "type": {"field": "Ticket type"},
        "service": {"field": "Product"},
    }


def test_a_field_with_another_name_is_proposed_with_a_caution():
    part = parts(propose(sample(Bereich=["Netz", "Drucker"])))["category"]
    assert part.rule.field == "Bereich"
    assert "look whether it fits" in part.why


def test_free_text_dates_numbers_and_ticks_are_no_category():
    rows = sample(
        note=[f"text {n}" for n in range(60)], day=["2026-01-02", "2026-01-03"], floor=["1", "2"], vip=["yes", "no"]
    )
    assert parts(propose(rows))["category"].state == "missing"


def test_times_with_a_letter_between_are_no_category():
    proposal = propose(sample(Created=["2026-07-01T00:00:00", "2026-07-02T08:30:00Z"]))
    assert parts(proposal)["category"].state == "missing"


def test_the_field_of_the_status_is_no_category():
    rows = [seen(n, fields={"State": raw}, raw=raw) for n in range(60) for raw in ("Closed", "In Progress")]
    assert parts(propose(rows))["category"].state == "missing"
    apart = [seen(n, fields={"State": raw}, raw="Open") for n in range(60) for raw in ("Oslo", "Bergen")]
    assert parts(propose(apart))["category"].rule.field == "State"


def test_two_tickets_that_differ_are_no_two_kinds():
    proposal = propose([seen(1, fields={"Subject": "Printer"}), seen(2, fields={"Subject": "Mouse"})])
    assert parts(proposal)["category"].state == "missing"


def test_the_department_is_the_last_resort():
    rows = [seen(n, department=("Sales", "IT")[n % 2]) for n in range(10)]
    part = parts(propose(rows))["category"]
    assert part.rule.department
    assert "Sales" in part.why


@pytest.mark.parametrize(
    "state", ["On hold", "Wartet auf Kunde", "En espera", "På vent", "Σε αναμονή", "Pending customer"]
)
def test_states_that_wait(state):
    rows = [seen(1, raw=state), seen(2, raw="Open"), seen(3, raw="Pending deletion", status="deleted")]
    proposal = propose(rows)
    assert proposal.proposed()["waiting"] == {"statuses": [state]}
    assert preview(rows, proposal.mapping)[0]["status"] == "postponed"


def test_tags_that_wait():
    rows = [seen(1, tags=["waiting-customer"]), seen(2, tags=["waiting-vendor"]), seen(3)]
    assert propose(rows).proposed()["waiting"] == {"tag": "waiting-*"}


def test_what_the_source_or_the_config_says_is_left_alone():
    rows = [seen(n, fields={"urgency": ("high", "low")[n % 2]}, priority="P3") for n in range(10)]
    rows.append(seen(11, status="postponed"))
    mapping = msgspec.convert({"type": {"field": "kind"}}, TicketMapping)
    proposal = propose(rows, mapping)
    states = {name: part.state for name, part in parts(proposal).items()}
    assert states == {
        "priority": "known", "category": "missing", "type": "configured", "service": "missing", "waiting": "known",
    }  # fmt: skip
    assert proposal.mapping == mapping


def test_no_ticket_gives_no_proposal():
    proposal = propose([])
    assert {part.state for part in proposal.parts} == {"missing"}
    assert preview([], proposal.mapping) == []


WORDS = st.one_of(
    st.sampled_from(["high", "low", "P1", "3", "cat-a", "*", "a*b", "\x1b[31m", "ß-x", ""]), st.text(max_size=12)
)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.dictionaries(WORDS, st.none() | WORDS, max_size=4), st.lists(WORDS, max_size=4), st.none() | WORDS, WORDS
        ),
        max_size=30,
    )
)
def test_whatever_tickets_say_the_proposal_is_a_mapping_and_can_be_shown(rows):
    tickets = [
        seen(n, fields=fields, tags=tags, department=group, raw=raw)
        for n, (fields, tags, group, raw) in enumerate(rows)
    ]
    proposal = propose(tickets)
    assert [part.name for part in proposal.parts] == list(PARTS)
    assert msgspec.convert(proposal.proposed(), TicketMapping) == proposal.mapping
    for row in preview(tickets, proposal.mapping):
        assert all("\x1b" not in text for text in row.values())
