"""Calls: Asterisk's and FreePBX's records, and tables of any exchange."""

from datetime import UTC, datetime

import pytest

from deskaudit.connectors.phones import e164
from deskaudit.errors import ConfigError
from deskaudit.model.keys import person_hash, row_key


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def number(text: str) -> str | None:
    return person_hash(text, b"key")


CALLS = """
[sources.desk]
type = "calls"
path = "t.csv"
region = "NO"
duration_unit = "s"
max_bad_share = 1.0
tickets_of = "liveagent"
[sources.desk.columns]
key = "Id"
started_at = "Start"
wait = "Wait"
talk = "Talk"
direction = "Dir"
outcome = "Result"
queue = "Queue"
caller = "From"
called = "To"
agent = "Agent"
ticket = "Ticket"
[sources.desk.outcomes]
besvart = "answered"
"""
HEAD = "Id,Start,Wait,Talk,Dir,Result,Queue,From,To,Agent,Ticket\n"


def test_a_table_of_calls(pull):
    rows = (
        "1,2026-09-01 08:00:00,20,100,Inbound,Besvart,Help,22334455,101,Kari,77\n"
        "2,2026-09-01 08:05:00,45,0,inbound,Abandoned,Help,+47 22 33 44 55,101,,\n"
        "3,2026-09-01 09:00:00,5,60,outgoing,answered,,101,004722334455,Kari,\n"
        "4,2026-09-01 10:00:00,5,0,inbound,Exploded,,anonymous,101,,\n"
        "5,2026-09-01 11:00:00,5,10,internal,answered,,101,102,Kari,\n"
    )
    pulled = pull(CALLS, {"t.csv": HEAD + rows})
    one, two, three, four, five = pulled.rows("interaction")
    assert (one.channel, one.direction, one.outcome, one.queue) == ("call", "in", "answered", "Help")
    assert (one.started_at, one.answered_at, one.ended_at) == (
        at("2026-09-01 08:00:00"), at("2026-09-01 08:00:20"), at("2026-09-01 08:02:00"),
    )  # fmt: skip
    assert one.ticket_id == row_key("liveagent", "ticket", "77")
    assert (two.outcome, two.answered_at) == ("abandoned", None)
    assert one.number_hash == two.number_hash == three.number_hash == number("+4722334455")
    assert (three.direction, four.number_hash, four.outcome) == ("out", None, "unknown")
    assert (five.direction, five.number_hash) == ("internal", None)
    assert any('"Exploded" (1); add them to sources.desk.outcomes' in problem.message for problem in pulled.problems)
    assert "22334455" not in repr(pulled.batches)


def test_contradictions_are_kept_out(pull):
    text = CALLS.replace('wait = "Wait"', 'answered_at = "Wait"')
    pulled = pull(text, {"t.csv": HEAD + "1,2026-09-01 08:00:00,2026-09-01 07:59:00,9,in,,,22334455,101,,\n"})
    assert pulled.rows("interaction") == []
    assert pulled.rejects[0].reason == "it was answered before it began"


def test_other_channels(pull):
    text = """
[sources.desk]
type = "calls"
path = "t.csv"
channel = "walkup"
[sources.desk.columns]
started_at = "When"
customer = "Who"
"""
    found = pull(text, {"t.csv": "When,Who\n2026-09-01 08:00,eva@example.com\n"})
    row = found.only("interaction")
    assert (row.channel, row.outcome, row.contact_id) == ("walkup", "unknown", found.only("contact").id)


def cdr(**cells: str) -> str:
    order = [
        "accountcode",
        "src",
        "dst",
        "dcontext",
        "clid",
        "channel",
        "dstchannel",
        "lastapp",
        "lastdata",
        "start",
        "answer",
        "end",
        "duration",
        "billsec",
        "disposition",
        "amaflags",
        "uniqueid",
        "userfield",
        "peeraccount",
        "linkedid",
        "sequence",
    ]
    return ",".join(f'"{cells.get(name, "")}"' for name in order) + "\n"


MASTER = '[sources.desk]\ntype = "calls"\npath = "Master.csv"\npreset = "asterisk"\nregion = "NO"\n'


def test_a_queue_rings_two_and_one_answers(pull):
    common = {"src": "22334455", "dst": "600", "dcontext": "from-trunk", "lastapp": "Queue", "lastdata": "help,t,,"}
    common |= {"channel": "PJSIP/trunk-0001", "linkedid": "1.1"}
    rows = cdr(
        **common, dstchannel="PJSIP/101-0002", start="2026-09-01 08:00:10", end="2026-09-01 08:00:25",
        duration="15", billsec="0", disposition="NO ANSWER", uniqueid="1.1",
    ) + cdr(
        **common, dstchannel="PJSIP/102-0003", start="2026-09-01 08:00:10", answer="2026-09-01 08:00:40",
        end="2026-09-01 08:05:40", duration="330", billsec="300", disposition="ANSWERED", uniqueid="1.1", sequence="2",
    )  # fmt: skip
    pulled = pull(MASTER, {"Master.csv": rows})
    call = pulled.only("interaction")
    assert (call.direction, call.outcome, call.queue, call.ext_id) == ("in", "answered", "help", "1.1")
    assert call.started_at == at("2026-09-01 08:00:10")
    assert call.answered_at == at("2026-09-01 08:00:40")
    assert call.ended_at == at("2026-09-01 08:05:40")
    assert call.number_hash == number("+4722334455")
    assert pulled.only("agent").name == "102"
    assert pulled.problems == []


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ({"lastapp": "Queue", "lastdata": "help,t", "disposition": "ANSWERED"}, "abandoned"),
        ({"lastapp": "Queue", "lastdata": "help,t", "disposition": "NO ANSWER"}, "abandoned"),
        ({"lastapp": "Playback", "disposition": "ANSWERED"}, "abandoned"),
        ({"lastapp": "VoiceMail", "disposition": "ANSWERED"}, "voicemail"),
        ({"lastapp": "Dial", "dstchannel": "PJSIP/101-1", "disposition": "NO ANSWER"}, "missed"),
        ({"lastapp": "Dial", "dstchannel": "PJSIP/101-1", "disposition": "BUSY"}, "busy"),
        ({"lastapp": "Dial", "disposition": "FAILED"}, "failed"),
        ({"lastapp": "Dial", "disposition": "CONGESTION"}, "failed"),
        ({"lastapp": "Dial", "dstchannel": "PJSIP/101-1", "disposition": "ANSWERED"}, "answered"),
    ],
)
def test_outcomes(pull, cells, expected):
    usual = {"src": "22334455", "dst": "600", "dcontext": "from-trunk", "start": "2026-09-01 08:00:00"}
    usual |= {"end": "2026-09-01 08:00:30", "duration": "30", "billsec": "10", "uniqueid": "7.1"}
    assert pull(MASTER, {"Master.csv": cdr(**usual, **cells)}).only("interaction").outcome == expected


@pytest.mark.parametrize(
    ("cells", "direction", "outside"),
    [
        ({"src": "101", "dst": "99887766", "dcontext": "from-internal", "channel": "SIP/101-1"}, "out", "+4799887766"),
        ({"src": "101", "dst": "102", "dcontext": "from-internal", "channel": "SIP/101-1"}, "internal", None),
        ({"src": "101", "dst": "*97", "dcontext": "from-internal", "channel": "SIP/101-1"}, "internal", None),
        ({"src": "99887766", "dst": "101", "dcontext": "default", "channel": "SIP/trunk-1"}, "in", "+4799887766"),
        ({"src": "anonymous", "dst": "101", "dcontext": "from-pstn", "channel": "SIP/trunk-1"}, "in", None),
    ],
)
def test_directions(pull, cells, direction, outside):
    usual = {"start": "2026-09-01 08:00:00", "end": "2026-09-01 08:00:30", "billsec": "0", "uniqueid": "7.1"}
    call = pull(MASTER, {"Master.csv": cdr(**usual, **cells, disposition="NO ANSWER")}).only("interaction")
    assert (call.direction, call.number_hash) == (direction, number(outside) if outside else None)


def test_a_short_master_and_an_unknown_disposition(pull):
    """cdr.conf may leave the last five columns out."""
    short = '"","22334455","600","from-trunk","","c","","Dial","","2026-09-01 08:00:00","","2026-09-01 08:00:30",30,0,"{}","D"\n'
    pulled = pull(MASTER + "max_bad_share = 1.0\n", {"Master.csv": short.format("NO ANSWER") + short.format("EATEN")})
    assert pulled.only("interaction").outcome == "missed"
    assert [(reject.place, reject.reason) for reject in pulled.rejects] == [
        ("Master.csv row 2", 'disposition: "EATEN" is no outcome')
    ]


def test_freepbx(pull):
    text = MASTER.replace("asterisk", "freepbx") + 'extensions = { 101 = "kari@example.com" }\n'
    head = "calldate,clid,src,dst,dcontext,channel,dstchannel,lastapp,lastdata,duration,billsec,disposition,amaflags,accountcode,uniqueid,userfield,did\n"
    row = '2026-09-01 08:00:00,"""X"" <22334455>",22334455,101,from-did-direct,PJSIP/t-1,PJSIP/101-2,Dial,x,40,30,ANSWERED,3,,9.1,,\n'
    pulled = pull(text, {"Master.csv": head + row})
    call = pulled.only("interaction")
    assert (call.outcome, call.answered_at - call.started_at, call.ended_at - call.started_at) == ("answered", 10, 40)
    assert pulled.only("agent").email_hash == person_hash("kari@example.com", b"key")


def test_legs_of_freepbx_belong_together_where_the_export_says_so(pull):
    """Nobody picked up, and the caller spoke to the mailbox: one call."""
    head = "calldate,clid,src,dst,dcontext,channel,dstchannel,lastapp,lastdata,duration,billsec,disposition,uniqueid,linkedid\n"
    rows = (
        "2026-09-01 08:00:00,x,22334455,600,ext-queues,SIP/t-1,SIP/101-2,Queue,600,30,0,NO ANSWER,9.1,9.1\n"
        "2026-09-01 08:00:30,x,22334455,vmu101,from-internal,SIP/t-1,,VoiceMail,101,20,20,ANSWERED,9.2,9.1\n"
    )
    call = pull(MASTER.replace("asterisk", "freepbx"), {"Master.csv": head + rows}).only("interaction")
    assert (call.outcome, call.ended_at - call.started_at, call.ext_id) == ("voicemail", 50, "9.1")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('type = "calls"\npath = "t.csv"', 'columns needs started_at, as started_at = "the name of its column"'),
        ('type = "calls"\npath = "t.csv"\nregion = "Norway"', "no country is called"),
        ('type = "calls"\npath = "t.csv"\npreset = "asterisk"\ncolumns = { key = "a" }', "keep one"),
        ('type = "calls"\npath = "t.csv"\ncolumns = { started_at = "a", ticket = "b" }', "needs tickets_of"),
        ('type = "calls"\npath = "t.csv"\npreset = "asterisk"\noutcomes = { a = "gone" }', '"gone" is not known'),
    ],
)
def test_wrong_options(pull, text, says):
    with pytest.raises(ConfigError) as found:
        pull("[sources.desk]\n" + text + "\n", {"t.csv": "a,b\n"})
    assert says in str(found.value)


@pytest.mark.parametrize(
    ("text", "region", "expected"),
    [
        ("22 33 44 55", "NO", "+4722334455"),
        ("0047-22334455", "NO", "+4722334455"),
        ("tel:+4722334455", "", "+4722334455"),
        ("22334455", "", None),
        ("101", "NO", None),
        ("anonymous", "NO", None),
        ("", "NO", None),
        ("+34 912 345 678", "NO", "+34912345678"),
    ],
)
def test_numbers(text, region, expected):
    assert e164(text, region) == expected
