"""XES event logs: a trace is a ticket. Small logs by hand, cut ones, hostile ones."""

import gzip
import tracemalloc
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deskaudit.audit import setup
from deskaudit.audit.desk import Desk
from deskaudit.errors import Cancelled, ConfigError, SourceError
from deskaudit.model.batches import Want
from deskaudit.paths import Paths

OPTIONS = """
[sources.desk]
type = "xes"
path = "t.xes"
max_bad_share = 1.0
{more}
[sources.desk.mapping.statuses]
Registered = "new"
"Take in charge" = "open"
Closed = "closed"
"""
HEAD = """<?xml version="1.0" encoding="UTF-8" ?>
<!-- made by hand -->
<log xes.version="1.0" xes.features="nested-attributes" xmlns="http://www.xes-standard.org/">
<extension name="Concept" prefix="concept" uri="http://www.xes-standard.org/concept.xesext"/>
<global scope="event"><string key="concept:name" value="__INVALID__"/><string key="org:group" value="none"/></global>
<classifier name="Activity" keys="concept:name"/>
<string key="source" value="by hand"/>
"""


def event(name: str, when: str, who: str = "Kari", more: str = "") -> str:
    return (
        f'<event><string key="concept:name" value="{name}"/><date key="time:timestamp" value="{when}"/>'
        f'<string key="org:resource" value="{who}"/><string key="lifecycle:transition" value="complete"/>{more}</event>'
    )


def trace(name: str, *events: str, more: str = "") -> str:
    return f'<trace><string key="concept:name" value="{name}"/>{more}{"".join(events)}</trace>\n'


FIRST = trace(
    "T-1",
    event("Registered", "2026-03-02T09:00:00.000+01:00", more='<string key="org:group" value="First line"/>'),
    event("Take in charge", "2026-03-02T10:30:00.000+01:00", "Ola", '<string key="org:group" value="Second line"/>'),
    event("Closed", "2026-03-03T09:00:00.000+01:00", "Ola", '<string key="org:group" value="Second line"/>'),
    more='<string key="impact" value="High"><string key="impact" value="nested"/></string><int key="score" value="4"/>',
)
SECOND = trace("T-2", event("Registered", "2026-03-04T09:00:00Z"))
LOG = HEAD + FIRST + SECOND + "</log>\n"


def at(*parts: int) -> int:
    return int(datetime(*parts, tzinfo=UTC).timestamp())


def options(more: str = "") -> str:
    return OPTIONS.format(more=more)


def test_a_trace_is_a_ticket(pull):
    pulled = pull(
        options('[sources.desk.mapping.priority]\nfield = "case:impact"\nvalues = { High = "P2" }'), {"t.xes": LOG}
    )
    first, second = pulled.rows("ticket")
    assert (first.ext_id, first.status, first.priority) == ("T-1", "closed", "P2")
    assert (first.created_at, first.resolved_at) == (at(2026, 3, 2, 8), at(2026, 3, 3, 8))
    assert (second.ext_id, second.status, second.priority, second.resolved_at) == ("T-2", "new", None, None)
    events = [row for row in pulled.rows("event") if row.ticket_id == first.id]
    assert [(one.kind, one.from_value, one.to_value) for one in events] == [
        ("status", None, "new"),
        ("assign", None, None),
        ("status", "new", "open"),
        ("assign", None, None),
        ("transfer", None, "Second line"),
        ("status", "open", "closed"),
    ]
    assert sorted(agent.name for agent in pulled.rows("agent")) == ["Kari", "Ola"]
    assert sorted(group.name for group in pulled.rows("department")) == ["First line", "Second line"]
    assert pulled.rejects == []
    assert pulled.incomplete == set()


@pytest.mark.parametrize(
    "content",
    [
        LOG.replace("UTF-8", "UTF-16").encode("utf-16"),
        gzip.compress(LOG.encode()),
        LOG.replace(' xmlns="', ' x="').encode(),
    ],
    ids=["utf-16", "gzip", "no namespace"],
)
def test_encodings_gzip_and_namespaces(pull, content):
    assert [ticket.ext_id for ticket in pull(options(), {"t.xes": content}).rows("ticket")] == ["T-1", "T-2"]


def test_two_gzip_members_are_one_log(pull):
    content = gzip.compress((HEAD + FIRST).encode()) + gzip.compress((SECOND + "</log>").encode())
    pulled = pull(options(), {"t.xes": content})
    assert len(pulled.rows("ticket")) == 2
    assert pulled.incomplete == set()


def test_prefixed_tags(pull):
    text = LOG.replace("<", "<xes:").replace("<xes:/", "</xes:").replace("<xes:?", "<?").replace("<xes:!", "<!")
    text = text.replace("xmlns=", "xmlns:xes=")
    assert len(pull(options(), {"t.xes": text}).rows("ticket")) == 2


def test_columns_are_attribute_keys(pull):
    more = '[sources.desk.columns]\nstatus = "lifecycle:transition"\nservice = "case:impact"\nscore = "case:score"\n'
    pulled = pull(options(more) + 'complete = "closed"\n', {"t.xes": LOG})
    assert {ticket.status for ticket in pulled.rows("ticket")} == {"closed"}
    assert pulled.rows("ticket")[0].service == "High"  # and not the attribute of the attribute
    assert [rating.score for rating in pulled.rows("rating")] == [4.0, None]


def test_an_attribute_that_stands_nowhere_is_an_error(pull):
    with pytest.raises(SourceError, match='no column "org:rescource"') as caught:
        pull(options('[sources.desk.columns]\nagent = "org:rescource"\n'), {"t.xes": LOG})
    assert 'The nearest is "org:resource"' in caught.value.hint


def test_what_a_log_does_not_have_is_not_filled(pull):
    bare = (
        HEAD
        + '<trace><string key="concept:name" value="A"/><event><date key="time:timestamp" value="2026-03-02"/></event></trace></log>'
    )
    pulled = pull(options(), {"t.xes": bare})
    assert pulled.batches[0].replaces == {"ticket", "event"}
    assert pulled.rows("agent") == []


def test_a_log_that_breaks_off_keeps_its_whole_traces(pull):
    for cut in (LOG[: LOG.index("T-2") + 60], LOG[:-8], LOG.replace("</event></trace>\n</log>", "</trace></log>")):
        pulled = pull(options(), {"t.xes": cut})
        assert "T-1" in [ticket.ext_id for ticket in pulled.rows("ticket")]
        assert pulled.incomplete == {"ticket", "event"}
        assert "breaks off after" in pulled.problems[0].message
    packed = gzip.compress(LOG.encode() + b" " * 100_000)
    assert pull(options(), {"t.xes": packed[:-20]}).incomplete == {"ticket", "event"}


def test_traces_without_events_names_or_of_one_name(pull):
    text = (
        HEAD
        + FIRST
        + trace("T-3")
        + SECOND
        + SECOND.replace("03-04", "03-05")
        + trace("", event("Closed", "2026-03-02"))
        + "</log>"
    )
    pulled = pull(options(), {"t.xes": text})
    assert [ticket.ext_id for ticket in pulled.rows("ticket")] == ["T-1", "T-2"]
    told = " ".join(problem.message for problem in pulled.problems)
    assert "1 trace of t.xes has no events" in told
    assert "1 trace of t.xes bears the name of another" in told
    assert "an event without a ticket" in pulled.rejects[0].reason


ENTITY = '<!DOCTYPE log [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>'


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (LOG.replace("<!-- made by hand -->", ENTITY), "declares XML entities"),
        (
            LOG.replace("<!-- made by hand -->", '<!DOCTYPE log [<!ENTITY x SYSTEM "file:///etc/passwd">]>'),
            "declares XML entities",
        ),
        ("<nmaprun/>", "its root is <nmaprun>"),
        ("Id,Title\n", "no XES event log"),
        ("", "no XES event log"),
        (HEAD + f'<string key="x" value="{"x" * 6_000_000}"/></log>', "more than 4 MB"),
        (HEAD + "<list>" * 200_000, "more than 100 elements within each other"),
        (HEAD + trace("T", *[event("n" * 5000, "2026-03-02T09:00:00Z")] * 17_000), "one trace has more than 64 MB"),
    ],
    ids=["entities", "external", "nmap", "csv", "empty", "endless", "deep", "wide"],
)
def test_what_is_no_log_is_refused(pull, content, message):
    with pytest.raises(SourceError, match=message):
        pull(options(), {"t.xes": content})


def test_a_log_without_traces_is_incomplete(pull):
    assert pull(options(), {"t.xes": HEAD + "</log>"}).incomplete >= {"ticket", "event"}


def test_wrong_options(pull):
    with pytest.raises(ConfigError, match=r"unknown key sources\.desk\.delimiter"):
        pull(options('delimiter = ","'), {"t.xes": LOG})
    with pytest.raises(ConfigError, match="time zone"):
        pull(options('zone = "Mars"'), {"t.xes": LOG})


def test_the_probe_and_a_sample(pull, connector):
    pull(options(), {"t.xes": LOG})
    probe = connector(options()).probe()
    assert probe.reachable
    assert "key = T-1" in probe.message
    latest, first = connector(options()).sample(5)
    assert latest.ticket.ext_id == "T-2"
    assert (first.status_raw, first.facts.fields["case:impact"]) == ("Closed", "High")
    assert "Ola" not in repr(first.facts)


def test_zeros_that_fill_a_block_belong_to_no_member(pull):
    pulled = pull(options(), {"t.xes": gzip.compress(LOG.encode()) + b"\0" * 5000})
    assert len(pulled.rows("ticket")) == 2
    assert not any("breaks off" in problem.message for batch in pulled.batches for problem in batch.problems)


def test_a_log_without_a_single_event_can_be_stopped(pull, connector):
    pull(options(), {"t.xes": HEAD + "<trace/>" * 100_000 + "</log>"})
    asked: list[bool] = []

    def cancelled() -> bool:
        asked.append(True)
        return len(asked) > 2

    with pytest.raises(Cancelled):
        list(connector(options(), cancelled=cancelled).pull(None, Want(entities=frozenset({"ticket"}), since_at=0)))


def test_what_it_is_says_that_it_breaks_off(tmp_path):
    (tmp_path / "t.xes").write_text(HEAD + FIRST + SECOND[:40])
    desk = Desk(Paths(config=tmp_path / "config.toml", data=tmp_path / "data"), now=lambda: 1_800_000_000)
    (found,), _notes = setup.detect(desk, tmp_path / "t.xes")
    assert "t.xes breaks off after 1 whole trace (" in found.open[0]
    assert any(line.startswith("note        t.xes breaks off") for line in found.lines)


def test_every_option_has_its_sentence():
    from deskaudit.connectors.xes import XesOptions

    assert set(XesOptions.help) == set(XesOptions.__struct_fields__)


def test_memory_is_that_of_the_tickets_and_not_of_the_file(pull):
    wide = "".join(f'<string key="k{n}" value="{"x" * 200}"/>' for n in range(20))
    many = "".join(event("Registered", "2026-03-02T09:00:00Z", more=wide) for _n in range(700))
    text = HEAD + "".join(trace(f"T-{n}", many) for n in range(2)) + "</log>"  # 8 MB
    packed = gzip.compress(text.encode(), 1)
    tracemalloc.start()
    try:
        pull(options(), {"t.xes": packed})
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 4_000_000


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_mutated_logs_raise_nothing_but_source_errors(pull, data):
    content = bytearray(LOG.encode() if data.draw(st.booleans()) else gzip.compress(LOG.encode()))
    for _n in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, max(0, len(content) - 1)))
        how = data.draw(st.sampled_from(["flip", "cut", "splice", "end"]))
        if how == "flip" and content:
            content[place] ^= data.draw(st.integers(1, 255))
        elif how == "cut":
            del content[place : place + data.draw(st.integers(1, 200))]
        elif how == "end":
            del content[place:]
        else:
            content[place:place] = data.draw(st.binary(min_size=1, max_size=20))
    try:
        pulled = pull(options(), {"t.xes": bytes(content)})
    except SourceError:
        return
    assert all(ticket.created_at is not None for ticket in pulled.rows("ticket"))
