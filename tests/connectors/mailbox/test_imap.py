"""Mailboxes on a real Dovecot, spoken to over a wire that can be listened to and damaged."""

import base64
import socket
import threading
import tracemalloc

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deskaudit.connectors.mailbox.imap import Imap, ImapOptions
from deskaudit.connectors.mailbox.session import encode_name
from deskaudit.errors import Cancelled, ConfigError, SourceError
from deskaudit.model.batches import Want
from deskaudit.secrets import SecretRef

SINCE = 1735689600  # 2025-01-01
WANT = Want(entities=frozenset({"interaction", "contact"}), since_at=SINCE)
real = pytest.mark.realtool


@pytest.fixture
def build(kit, monkeypatch):
    def make(user="anna", *, password="right-horse-battery", cancelled=lambda: False, **options):
        monkeypatch.setenv("MAIL_PASSWORD", password)
        given = {"host": "localhost", "security": "none", "own": ["@desk.test"], "timeout_s": 10, **options}
        made = ImapOptions(user=user, password=SecretRef(env="MAIL_PASSWORD"), **given)
        return Imap(made, kit.context(cancelled=cancelled))

    return make


@real
def test_new_mails_since_the_last_pull_read_only_and_headers_only(kit, dovecot, wire, build):
    arrived = kit.utc(2026, 3, 2, 9)
    dovecot.fill("one", [(kit.mail(), arrived), (kit.mail(subject="auto", Auto_Submitted="auto-replied"), arrived)])
    first = list(build("one", port=wire.port).pull(None, WANT))
    mails, contacts = kit.gather(first)
    assert [(one.direction, one.started_at, one.queue) for one in mails] == [("in", kit.utc(2026, 3, 2, 9), "INBOX")]
    assert len(contacts) == 1
    assert first[0].estimate is not None
    assert b"EXAMINE" in wire.said
    assert b"BODY.PEEK[HEADER.FIELDS" in wire.said
    for word in (b"SELECT", b"STORE", b"BODY[", b"RFC822", b"EXPUNGE", b"APPEND", b"COPY"):
        assert word not in wire.said.upper()
    client = dovecot.client("one")
    client.select("INBOX", readonly=True)
    assert client.search(None, "SEEN")[1] == [b""]
    client.logout()
    cursor = first[-1].cursor
    dovecot.fill("one", [(kit.mail(subject="later", date="Mon, 02 Mar 2026 12:00:00 +0100"), arrived + 7200)])
    wire.said = b""
    second = list(build("one", port=wire.port).pull(cursor, WANT))
    assert [one.started_at for one in kit.gather(second)[0]] == [kit.utc(2026, 3, 2, 11)]
    assert wire.said.count(b" FETCH ") == 1
    third = list(build("one", port=wire.port).pull(second[-1].cursor, WANT))
    assert kit.gather(third)[0] == []


@real
def test_two_folders_one_with_letters_from_the_north_and_one_that_is_missing(kit, dovecot, build):
    at = kit.utc(2026, 3, 2, 9)
    dovecot.fill("two", [(kit.mail(), at)])
    dovecot.fill("two", [(kit.mail(), at), (kit.mail(subject="x"), at)], folder=encode_name("Søk_og_sånt"))
    made = build("two", port=dovecot.plain, folders=["INBOX", "Søk_og_sånt", "Gone & lost"])
    batches = list(made.pull(None, WANT))
    assert len(kit.gather(batches)[0]) == 2  # one mail lies in both
    (problem,) = [problem for batch in batches for problem in batch.problems]
    assert problem.resource == "Gone & lost"
    assert problem.entities == ("interaction",)
    probe = made.probe()
    assert (probe.reachable, probe.authorised) == (True, True)
    assert probe.modules["Søk_og_sånt"] == "ok (2 mails)"
    assert "Gone & lost" in probe.message


@real
def test_mails_older_than_the_period_are_not_even_fetched(kit, dovecot, wire, build):
    old = kit.utc(2020, 1, 1)
    dovecot.fill("three", [(kit.mail(date="Wed, 01 Jan 2020 10:00:00 +0000"), old), (kit.mail(), kit.utc(2026, 3, 2))])
    mails, _contacts = kit.gather(build("three", port=wire.port).pull(None, WANT))
    assert len(mails) == 1
    assert b"FETCH 2 " in wire.said


@real
def test_a_folder_that_was_numbered_anew_is_read_from_its_start(kit, dovecot, build):
    dovecot.fill("four", [(kit.mail(), kit.utc(2026, 3, 2, 9))])
    first = list(build("four", port=dovecot.plain).pull(None, WANT))
    cursor = first[-1].cursor
    assert cursor["folders"]["INBOX"]["uid"] == 1
    cursor["folders"]["INBOX"]["validity"] += 1
    cursor["folders"]["INBOX"]["uid"] = 900
    again = list(build("four", port=dovecot.plain).pull(cursor, WANT))
    assert kit.gather(again) == kit.gather(first)
    reach = list(build("four", port=dovecot.plain).pull(first[-1].cursor, Want(entities=WANT.entities, since_at=0)))
    assert len(kit.gather(reach)[0]) == 1  # more is asked for than was ever read
    for odd in ({}, {"version": 9}, {"folders": 3}):
        assert len(kit.gather(build("four", port=dovecot.plain).pull(odd, WANT))[0]) == 1


@real
def test_many_mails_come_in_parts_and_a_stopped_pull_goes_on(kit, dovecot, build):
    mails = [(kit.mail(subject=str(number)), kit.utc(2026, 3, 2, 9)) for number in range(450)]
    dovecot.fill("five", mails)
    pull = build("five", port=dovecot.plain).pull(None, WANT)
    begun = [next(pull), next(pull)]
    pull.close()
    rest = list(build("five", port=dovecot.plain).pull(begun[-1].cursor, WANT))
    assert [len(kit.gather(part)[0]) for part in (begun, rest)] == [200, 250]


def test_a_ca_file_that_is_not_there_is_told(build):
    with pytest.raises(ConfigError, match=r"\.ca_file: there is no file .*/none\.pem") as caught:
        list(build("six", port=1, ca_file="none.pem").pull(None, WANT))
    assert "relative paths start at the config's folder" in caught.value.hint


@real
def test_tls_is_verified(kit, dovecot, build):
    good = build("six", port=dovecot.tls, security="tls", ca_file=str(dovecot.ca))
    assert good.probe().authorised
    assert build("six", port=dovecot.plain, security="starttls", ca_file=str(dovecot.ca)).probe().authorised
    for security, port in (("tls", dovecot.tls), ("starttls", dovecot.plain)):
        with pytest.raises(SourceError) as caught:
            list(build("six", port=port, security=security).pull(None, WANT))
        assert caught.value.kind == "tls"
    with pytest.raises(SourceError) as caught:  # the certificate is for another name
        list(build("six", host="127.0.0.1", port=dovecot.tls, security="tls", ca_file=str(dovecot.ca)).pull(None, WANT))
    assert caught.value.kind == "tls"


@real
def test_a_wrong_password_is_refused_and_not_repeated(kit, dovecot, build):
    made = build("seven", password="wrong-and-secret", port=dovecot.plain)
    with pytest.raises(SourceError) as caught:
        list(made.pull(None, WANT))
    assert caught.value.kind == "auth"
    assert "wrong-and-secret" not in str(caught.value)
    probe = made.probe()
    assert (probe.reachable, probe.authorised) == (True, False)
    odd = build("seven", password="pässord", port=dovecot.plain).probe()
    assert (odd.reachable, odd.authorised) == (True, False)


def test_nobody_there(kit, build):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(SourceError) as caught:
        list(build(port=port).pull(None, WANT))
    assert caught.value.kind == "unreachable"
    assert build(port=port).probe().reachable is False


@pytest.fixture
def speak():
    """A server that says some bytes to whoever comes, and then nothing."""
    listeners = []

    def serve(*lines, greeting=b"* OK [CAPABILITY IMAP4rev1] hello\r\n", said=None):
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)

        def run():
            while True:
                try:
                    near, _address = listener.accept()
                except OSError:
                    return
                with near, near.makefile("rb") as heard:
                    try:
                        near.sendall(greeting)
                        tag = b""
                        for number, line in enumerate(lines):
                            if number or not line.startswith(b"!"):
                                asked = heard.readline()
                                if b" " in asked:  # and not the rest of a command
                                    tag = asked.split(b" ")[0]
                                if said is not None and asked:
                                    said.append(asked)
                            near.sendall(line.lstrip(b"!").replace(b"TAG", tag))
                        heard.readline()
                        threading.Event().wait(15)
                    except OSError:
                        continue

        threading.Thread(target=run, daemon=True).start()
        return listener.getsockname()[1]

    yield serve
    for one in listeners:
        one.close()


CAPABLE = b"* CAPABILITY IMAP4rev1\r\nTAG OK x\r\n"
OPEN = b"* 1 EXISTS\r\n* OK [UIDVALIDITY 7] x\r\n* OK [UIDNEXT 2] x\r\nTAG OK [READ-ONLY] x\r\n"


@pytest.mark.parametrize(
    "lines",
    [
        [CAPABLE, b"TAG OK x\r\n", b"* 1 EXISTS\r\nTAG OK x\r\n"],  # no UIDVALIDITY
        [
            CAPABLE,
            b"TAG OK x\r\n",
            OPEN,
            b"* SEARCH 1\r\nTAG OK x\r\n",
            b"* 1 FETCH (UID 1 BODY[HEADER.FIELDS (FROM)] {999999999}\r\n",
        ],
        [CAPABLE, b"TAG OK x\r\n", OPEN, b"* SEARCH " + b"1 " * 600_000 + b"\r\nTAG OK x\r\n"],
        [CAPABLE, b"TAG OK x\r\n", b"* BYE gone\r\n"],
        [b"\xff\xfe\x00" * 100 + b"\r\n"],
    ],
)
def test_a_server_that_lies_ends_in_an_error_or_a_problem(kit, build, speak, lines):
    try:
        batches = list(build(host="127.0.0.1", port=speak(*lines), timeout_s=2).pull(None, WANT))
        assert any("interaction" in problem.entities for batch in batches for problem in batch.problems)
    except SourceError as fault:
        assert fault.kind in {"bad_answer", "unreachable", "timeout", "auth"}


def fetched(*uids):
    """An answer to FETCH with the headers of these mails."""
    raw = b"From: kari@customer.test\r\nTo: support@desk.test\r\nMessage-ID: <%d@x>\r\n\r\n"
    parts = []
    for uid in uids:
        told = b'* %d FETCH (UID %d INTERNALDATE "02-Mar-2026 09:00:00 +0000" BODY[HEADER.FIELDS (X)]<0> {%d}\r\n'
        parts.append(told % (uid, uid, len(raw % uid)) + raw % uid + b")\r\n")
    return b"".join(parts)


def found(*uids):
    return b"* SEARCH " + b" ".join(b"%d" % uid for uid in uids) + b"\r\nTAG OK x\r\n"


def opened(mails):
    return OPEN.replace(b"1 EXISTS", b"%d EXISTS" % mails).replace(b"UIDNEXT 2", b"UIDNEXT %d" % (mails + 1))


SIGNED_IN = [CAPABLE, b"TAG OK x\r\n"]


@pytest.mark.parametrize(
    ("fetch", "still", "rows", "lost", "incomplete"),
    [
        (fetched(1, 2, 3, 4, 5), None, 5, [], set()),
        (fetched(1, 2, 3, 4), (1, 2, 3, 4), 4, [], set()),  # deleted meanwhile
        (fetched(1, 2, 3, 4), (1, 2, 3, 4, 5), 4, ["INBOX 5"], set()),
        (fetched(1, 2, 3), (1, 2, 3, 4, 5), 3, ["INBOX 4", "INBOX 5"], {"interaction"}),
        (b"", (1, 2, 3, 4, 5), 0, [f"INBOX {uid}" for uid in range(1, 6)], {"interaction"}),
        (fetched(77, 78), (1, 2, 3, 4, 5), 0, [f"INBOX {uid}" for uid in range(1, 6)], {"interaction"}),
    ],
)
def test_mails_that_the_server_lists_and_holds_back_are_told(kit, build, speak, fetch, still, rows, lost, incomplete):
    lines = [*SIGNED_IN, opened(5), found(1, 2, 3, 4, 5), fetch + b"TAG OK x\r\n", *([found(*still)] if still else [])]
    batches = list(build(host="127.0.0.1", port=speak(*lines)).pull(None, WANT))
    assert len(kit.gather(batches)[0]) == rows
    assert [reject.place for batch in batches for reject in batch.rejects] == lost
    assert {one for batch in batches for problem in batch.problems for one in problem.entities} == incomplete


def test_numbers_of_any_length_are_none(build, speak):
    lines = [*SIGNED_IN, OPEN, b"* SEARCH " + b"9" * 5000 + b"\r\nTAG OK x\r\n"]
    batches = list(build(host="127.0.0.1", port=speak(*lines)).pull(None, WANT))
    assert not any(batch.rows for batch in batches)


def test_what_nobody_asked_for_does_not_pile_up(build, speak):
    """Three answers with 6 MB of notices each."""
    notices = (b"* JUNK " + b"x" * 9000 + b"\r\n") * 700
    parts = [range(1, 201), range(201, 401), range(401, 601)]
    answers = [notices + fetched(*part) + b"TAG OK x\r\n" for part in parts]
    port = speak(*SIGNED_IN, opened(600), found(*range(1, 601)), *answers)
    tracemalloc.start()
    try:
        batches = build(host="127.0.0.1", port=port).pull(None, WANT)
        held = [(tracemalloc.get_traced_memory()[0], len(batch.rows)) for batch in batches]
    finally:
        tracemalloc.stop()
    first, *_others, last = [size for size, rows in held if rows]
    assert last - first < 4_000_000


@pytest.mark.parametrize(
    ("greeting", "answer", "kind", "words"),
    [
        (b"* BYE too many connections\r\n", b"", "unreachable", "sends us away: too many connections"),
        (b"x" * 1_100_000 + b"\r\n", b"", "bad_answer", "more than 1000000 bytes"),
        (b"HTTP/1.1 400 Bad Request\r\n", b"", "bad_answer", "unexpected response"),
        (b"* OK hi\r\n", b"TAG NO [UNAVAILABLE] directory is down\r\n", "bad_answer", "nobody sign in for now"),
        (b"* OK hi\r\n", b"TAG NO [AUTHENTICATIONFAILED] no\r\n", "auth", "sign-in is refused"),
    ],
)
def test_only_a_refused_password_is_a_refused_sign_in(build, speak, greeting, answer, kind, words):
    port = speak(CAPABLE, answer, greeting=greeting)
    with pytest.raises(SourceError) as caught:
        list(build(host="127.0.0.1", port=port, timeout_s=5).pull(None, WANT))
    assert caught.value.kind == kind
    assert words in caught.value.message


@pytest.mark.parametrize("greeting", [b"* OK hi\r\n", b"* PREAUTH [CAPABILITY IMAP4rev1 STARTTLS] hi\r\n"])
def test_nothing_is_said_where_starttls_is_hidden(build, speak, greeting):
    said = []
    port = speak(CAPABLE, b"TAG OK x\r\n", greeting=greeting, said=said)
    with pytest.raises(SourceError) as caught:
        list(build(host="127.0.0.1", port=port, security="starttls", timeout_s=5).pull(None, WANT))
    assert caught.value.kind == "tls"
    assert "STARTTLS" in caught.value.message
    assert [line.split()[1] for line in said] == [b"CAPABILITY"]


@pytest.mark.parametrize("said", [b"you said LINE", b"x" * 140 + b" LINE", b"bad password PLAIN"])
@pytest.mark.parametrize("auth", ["password", "xoauth2"])
def test_a_password_that_the_server_repeats_is_hidden(build, speak, said, auth):
    password = 'p\\ss"w&rd'
    words = base64.b64encode(f"user=anna\x01auth=Bearer {password}\x01\x01".encode()) if auth == "xoauth2" else b""
    line = words or b'LOGIN anna "p\\\\ss\\"w&rd"'
    answer = b"TAG NO " + said.replace(b"LINE", line).replace(b"PLAIN", password.encode()) + b"\r\n"
    lines = [CAPABLE, *([b"+ \r\n"] if words else []), answer]
    with pytest.raises(SourceError) as caught:
        list(build(host="127.0.0.1", port=speak(*lines), auth=auth, password=password, timeout_s=5).pull(None, WANT))
    assert caught.value.kind == "auth"
    for part in ("p\\ss", "w&rd", *([words[-40:-8].decode()] if words else [])):
        assert part not in caught.value.message


def test_a_server_that_hangs_is_given_up_or_left_when_asked_to(kit, build, speak):
    port = speak(CAPABLE)
    with pytest.raises(SourceError) as caught:
        list(build(host="127.0.0.1", port=port, timeout_s=1).pull(None, WANT))
    assert caught.value.kind == "timeout"
    asked = []
    with pytest.raises(Cancelled):
        list(
            build(host="127.0.0.1", port=port, timeout_s=60, cancelled=lambda: bool(asked) or asked.append(1)).pull(
                None, WANT
            )
        )


def test_an_answer_without_an_end_is_not_taken_into_memory(build, speak):
    """Each line is a good one, and there are 65 MB of them."""
    port = speak(CAPABLE, b"TAG OK x\r\n", OPEN, (b"* OK " + b"x" * 9000 + b"\r\n") * 7600)
    with pytest.raises(SourceError, match="the answer is too large"):
        list(build(host="127.0.0.1", port=port, timeout_s=30).pull(None, WANT))


def test_an_answer_that_drips_is_given_up(build, speak, monkeypatch):
    """Each piece comes before timeout_s is over, the whole never."""
    monkeypatch.setattr("deskaudit.connectors.mailbox.session.WHOLE_S", 0.0)
    with pytest.raises(SourceError) as caught:
        list(build(host="127.0.0.1", port=speak(CAPABLE), timeout_s=600).pull(None, WANT))
    assert caught.value.kind == "timeout"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"host": "imap.example.org", "security": "none"}, "in clear"),
        ({"host": "imap example"}, "host"),
        ({"port": 0}, "port"),
        ({"folders": []}, "folders"),
        ({"folders": ["a\r\nb LOGOUT"]}, "folders"),
        ({"user": "a\nb"}, "user"),
        ({"timeout_s": 0}, "timeout_s"),
        ({"own": []}, "own"),
    ],
)
def test_options_are_checked(options, said):
    given = {"host": "imap.example.org", "user": "x", "password": {"env": "X"}, "own": ["@desk.test"], **options}
    with pytest.raises(msgspec.ValidationError, match=said):
        msgspec.convert(given, ImapOptions)


def test_folder_names_as_the_standard_writes_them():
    assert encode_name("Entwürfe") == "Entw&APw-rfe"
    assert encode_name("R&D") == "R&-D"
    assert encode_name("台北") == "&U,BTFw-"


@real
def test_damaged_answers(kit, dovecot, wire, build):
    dovecot.fill("eight", [(kit.mail(subject=str(n)), kit.utc(2026, 3, 2, 9)) for n in range(3)])

    @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.integers(0, 12), st.integers(0, 3000), st.binary(max_size=6), st.integers(0, 30))
    def check(piece, place, new, cut):
        seen = []

        def damage(data):
            seen.append(data)
            if len(seen) - 1 != piece or not data:
                return data
            at = place % len(data)
            return data[:at] + new + data[at + cut :]

        wire.damage = damage
        try:
            for batch in build("eight", port=wire.port, timeout_s=1).pull(None, WANT):
                for row in batch.rows:
                    msgspec.json.decode(msgspec.json.encode(row), type=type(row))
        except SourceError:
            pass

    check()
