"""One mail's headers, however they were written."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deskaudit.connectors.mailbox.headers import FIELDS, read_mail
from deskaudit.text import one_line


def test_a_plain_mail(kit):
    found = read_mail(kit.mail(Message_ID="<1@x>", Cc="Boss <BOSS@customer.test>, other@customer.test"))
    assert (found.key, found.at, found.sender, found.subject) == (
        "1@x",
        kit.utc(2026, 3, 2, 9),
        "kari@customer.test",
        "Help",
    )
    assert found.recipients == ("support@desk.test", "boss@customer.test", "other@customer.test")
    assert found.kind == ""


@pytest.mark.parametrize(
    ("headers", "kind"),
    [
        ({}, ""),
        ({"Auto_Submitted": "no"}, ""),
        ({"Auto_Submitted": "auto-replied (vacation)"}, "auto"),
        ({"Auto_Submitted": "Auto-Generated"}, "auto"),
        ({"X_Auto_Response_Suppress": "OOF, AutoReply"}, "auto"),
        ({"X_Autoreply": "yes"}, "auto"),
        ({"Precedence": "auto_reply"}, "auto"),
        ({"Precedence": "Bulk"}, "list"),
        ({"List_Id": "News <news.shop.test>"}, "list"),
        ({"List_Unsubscribe": "<https://shop.test>"}, "list"),
        ({"Return_Path": "<>"}, "bounce"),
        ({"Content_Type": 'multipart/report; report-type="delivery-status"'}, "bounce"),
        ({"sender": "Mail <MAILER-DAEMON@customer.test>"}, "bounce"),
        ({"X_Spam_Flag": "YES"}, "spam"),
        ({"X_Spam_Status": "Yes, score=9"}, "spam"),
        ({"X_Spam_Status": "No, score=0"}, ""),
    ],
)
def test_what_no_human_wrote(kit, headers, kind):
    assert read_mail(kit.mail(**headers)).kind == kind


@pytest.mark.parametrize(
    ("date", "at"),
    [
        ("Mon, 2 Mar 2026 10:00:00 +0100", (2026, 3, 2, 9)),
        ("2 Mar 2026 10:00 EST", (2026, 3, 2, 15)),
        ("Mon, 02 Mar 2026 10:00:00 -0000", (2026, 3, 2, 10)),
        ("Mon, 02 Mar 2026 10:00:00", (2026, 3, 2, 10)),
        ("Mon, 02 Mar 2026 10:00:00 +0100 (CET)", (2026, 3, 2, 9)),
        ("Mon, 31 Feb 2026 10:00:00 +0100", None),
        ("Thu, 01 Jan 1970 00:00:00 +0000", None),
        ("yesterday", None),
        ("", None),
        (None, None),
        ("9" * 5000, None),
        ("Mon, 02 Mar 99999 10:00:00 +9999", None),
    ],
)
def test_dates(kit, date, at):
    assert read_mail(kit.mail(date=date)).at == (kit.utc(*at) if at else None)


def test_the_last_server_knows_better_than_the_sender_when_a_mail_came(kit):
    raw = b"Received: from a by b\r\n\tfor <x@y>; Mon, 2 Mar 2026 12:00:00 +0200\r\nReceived: by c; Mon, 2 Mar 2026 08:00:00 +0000\r\n"
    assert read_mail(raw + kit.mail()).at == kit.utc(2026, 3, 2, 10)
    assert read_mail(b"Received: from somewhere\r\n" + kit.mail()).at == kit.utc(2026, 3, 2, 9)
    assert read_mail(kit.mail(date=None), 77).at == 77


@pytest.mark.parametrize(
    ("subject", "shown"),
    [
        ("=?utf-8?B?SGpsw6Zs?=", "Hjlæl"),
        ("=?iso-8859-1?Q?K=F8benhavn?= =?iso-8859-1?Q?_=E5?=", "København å"),
        ("=?x-unknown?Q?abc?=", "abc"),
        ("=?utf-8?B?!!!?=", None),
        ("folded\r\n\tand more", "folded and more"),
        ("\x1b]0;own\x07 red\u202e", "]0;own red"),
        ("=?utf-8?Q?a=1B[31m=0Ab?=", "a[31m b"),
    ],
)
def test_subjects(kit, subject, shown):
    found = read_mail(kit.mail(subject=subject)).subject
    assert found.isprintable()
    if shown is not None:
        assert found == shown


@pytest.mark.parametrize(
    ("sender", "address"),
    [
        ('"kari@real.test" <other@customer.test>', "other@customer.test"),
        ("=?utf-8?Q?K=C3=A5ri?= <KARI@Customer.test>", "kari@customer.test"),
        ("kari@customer.test (Kari)", "kari@customer.test"),
        ("undisclosed-recipients:;", None),
        ("", None),
        ("<<>>", None),
        ("a" * 9000 + "@x", None),
    ],
)
def test_senders(kit, sender, address):
    assert read_mail(kit.mail(sender=sender)).sender == address


def test_bytes_that_are_no_ascii(kit):
    found = read_mail(
        b"From: K\xe5ri <kari@customer.test>\r\nSubject: \xff\xfe\xe5\r\nDate: Mon, 2 Mar 2026 10:00:00 +0100\r\n\r\n"
    )
    assert (found.sender, found.at) == ("kari@customer.test", kit.utc(2026, 3, 2, 9))
    found.subject.encode()


def test_without_an_id_the_same_mail_has_the_same_key(kit):
    assert read_mail(kit.mail(Message_ID=None)).key == read_mail(kit.mail(Message_ID=None)).key
    assert read_mail(kit.mail(Message_ID=None)).key != read_mail(kit.mail(Message_ID=None, subject="x")).key


def test_a_header_of_megabytes_is_not_looked_at_to_its_end(kit):
    found = read_mail(kit.mail(X_Junk="x" * 5_000_000, To=None))
    assert found.at == kit.utc(2026, 3, 2, 9)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(FIELDS),
            st.binary(max_size=60) | st.text(max_size=40).map(lambda t: t.encode(errors="replace")),
        ),
        max_size=8,
    ),
    st.binary(max_size=40),
)
def test_whatever_stands_in_headers_nothing_raises(fields, tail):
    raw = b"\r\n".join(name.encode() + b": " + value for name, value in fields) + tail
    found = read_mail(raw)
    assert found.subject == one_line(found.subject)  # nothing in it moves a terminal
    assert found.at is None or isinstance(found.at, int)
    found.key.encode(errors="strict")


WORDS = st.sampled_from(["=?", "utf-8", "?Q?", "?B?", "=C3", "?=", "<", ">", "@", "a", ",", ";", '"', "(", ")", "\\", "\r\n ", "=?utf-7?Q?+AGE?=", "=?idna?Q?xn--?=", "2026", ":", "+0100", "Mon,", "=?punycode?Q?99999?=", "=?unicode_escape?Q?=5Cud800?=", "=?zip?Q?x?=", "=?hex?Q?x?="])  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(FIELDS), st.lists(WORDS, max_size=14).map("".join))
def test_encoded_words_of_any_kind(field, text):
    found = read_mail(f"{field}: {text}\r\n\r\n".encode())
    found.subject.encode()
    found.key.encode()
    assert all("@" in one for one in found.recipients)
