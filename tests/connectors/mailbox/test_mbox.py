"""Archives in mbox files: written by Python's own mailbox module, and by nobody in his right mind."""

import email
import gzip
import mailbox
import os
import tracemalloc

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deskaudit.connectors.mailbox.mbox import Mbox, MboxOptions
from deskaudit.errors import Cancelled, SourceError
from deskaudit.model.batches import Want
from deskaudit.model.keys import person_hash, row_key

WANT = Want(entities=frozenset({"interaction", "contact"}), since_at=0)


def build(kit, path="box.mbox", **options):
    options = {"own": ["support@desk.test", "@desk.test"], **options}
    return Mbox(MboxOptions(path=path, **options), kit.context())


def archive(kit, *mails, name="box.mbox"):
    box = mailbox.mbox(kit.folder / name)
    for raw in mails:
        box.add(email.message_from_bytes(raw))
    box.close()


def test_an_archive_that_is_older_than_the_pull_says_so(kit):
    archive(kit, kit.mail(), kit.mail(date="Mon, 02 Mar 2026 11:00:00 +0100"))
    late = Want(entities=WANT.entities, since_at=kit.utc(2026, 4, 1, 0))
    batches = list(build(kit).pull(None, late))
    assert [problem.message for batch in batches for problem in batch.problems] == [
        "All 2 mails are older than 2026-04-01, where the pull begins: none of them counts."
    ]
    early = list(build(kit).pull(None, WANT))
    assert not [problem for batch in early for problem in batch.problems]


def test_mails_in_and_out_and_within(kit):
    archive(
        kit,
        kit.mail(),
        kit.mail(sender="Anna <anna@desk.test>", to="kari@customer.test", date="Mon, 02 Mar 2026 11:00:00 +0100"),
        kit.mail(sender="anna@desk.test", to="ben@desk.test", date="Mon, 02 Mar 2026 12:00:00 +0100"),
    )
    batches = list(build(kit).pull(None, WANT))
    mails, contacts = kit.gather(batches)
    kari = person_hash("kari@customer.test", kit.KEY)
    key = kit.context().key("contact", kari)
    assert [(one.channel, one.direction, one.started_at, one.contact_id) for one in mails] == [
        ("email", "in", kit.utc(2026, 3, 2, 9), key),
        ("email", "out", kit.utc(2026, 3, 2, 10), key),
        ("email", "internal", kit.utc(2026, 3, 2, 11), None),
    ]
    assert [(one.id, one.email_hash) for one in contacts] == [(key, kari)]
    assert all(batch.replaces == {"interaction", "contact"} for batch in batches)
    kept = str(batches)
    for words in ("secret", "kari", "Kari", "Help", "desk.test"):
        assert words not in kept


def test_tickets_by_subject_and_reference(kit):
    archive(
        kit,
        kit.mail(subject="Re: Help [#123]"),
        kit.mail(subject="Re: Help", References="<a@b> <rt-4.2-99-77-5.1@desk.test>"),
        kit.mail(subject="#5 of the list"),
    )
    made = build(kit, subject_pattern=r"\[#(\d+)\]", reference_pattern=r"<rt-[\d.]+-\d+-(\d+)-", tickets_of="desk")
    mails, _contacts = kit.gather(made.pull(None, WANT))
    assert {one.ticket_id for one in mails} == {row_key("desk", "ticket", "123"), row_key("desk", "ticket", "77"), None}


def test_what_is_no_contact_is_left_out_and_counted(kit):
    archive(
        kit,
        kit.mail(),
        kit.mail(subject="b", Auto_Submitted="auto-replied"),
        kit.mail(subject="c", List_Id="x"),
        kit.mail(subject="d", List_Id="x"),
    )
    batches = list(build(kit).pull(None, WANT))
    assert len(kit.gather(batches)[0]) == 1
    (problem,) = batches[-1].problems
    assert "Of 4 mails, 1 automatic mails, 2 mails of lists are left out" in problem.message
    assert problem.entities == ()


def test_a_mail_in_two_files_counts_once(kit):
    archive(kit, kit.mail(), name="a.mbox")
    archive(kit, kit.mail(), kit.mail(subject="other"), name="b.mbox")
    mails, _contacts = kit.gather(build(kit, "*.mbox").pull(None, WANT))
    assert len(mails) == 2


def test_only_the_period_that_is_asked_for(kit):
    archive(kit, kit.mail(), kit.mail(date="Fri, 02 Jan 2015 10:00:00 +0100"))
    want = Want(entities=WANT.entities, since_at=kit.utc(2025, 1, 1))
    assert len(kit.gather(build(kit).pull(None, want))[0]) == 1


def test_a_mail_without_a_date_or_of_the_future_is_kept_out(kit):
    archive(kit, kit.mail(), kit.mail(date=None), kit.mail(date="Mon, 02 Mar 2096 10:00:00 +0100"))
    batches = list(build(kit).pull(None, WANT))
    assert [reject.place for batch in batches for reject in batch.rejects] == ["box.mbox 2", "box.mbox 3"]
    assert any("interaction" in problem.entities for problem in batches[-1].problems)


def test_lines_that_begin_with_from_are_no_mails(kit):
    body = "\n\nFrom now on\n\nFrom here to Mon, 10 o'clock\n\nfrom x Mon Mar  2 09:00:00 2026\n"
    start = b"From kari Mon Mar  2 09:00:00 2026\n"
    (kit.folder / "box.mbox").write_bytes(
        start + kit.mail(body=body) + b"\r\n" + start + kit.mail(subject="two").replace(b"\r\n", b"\n") + b"\nFrom - Mon Mar  2 09:00:00 2026\nSubject: three\nDate: Mon, 2 Mar 2026 10:00:00 +0100\n\nx\n\n"
        b"From 17@xxx Mon Mar 02 09:00:00 +0000 2026\nSubject: four\nDate: Mon, 2 Mar 2026 10:00:00 +0100\nMessage-ID: <4>"
    )  # fmt: skip
    assert len(kit.gather(build(kit).pull(None, WANT))[0]) == 4


def test_packed(kit):
    archive(kit, kit.mail())
    (kit.folder / "box.mbox.gz").write_bytes(gzip.compress((kit.folder / "box.mbox").read_bytes()))
    assert len(kit.gather(build(kit, "box.mbox.gz").pull(None, WANT))[0]) == 1
    (kit.folder / "cut.gz").write_bytes(gzip.compress((kit.folder / "box.mbox").read_bytes())[:-20])
    with pytest.raises(SourceError, match="cannot be read") as caught:
        list(build(kit, "cut.gz").pull(None, WANT))
    assert caught.value.kind == "bad_file"


def test_memory_is_bounded_by_neither_bodies_nor_headers_nor_lines(kit):
    with (kit.folder / "box.mbox").open("wb") as out:
        for number in range(3):
            out.write(
                b"From x Mon Mar  2 09:00:00 2026\n" + kit.mail(subject=str(number)) + b"y" * 20_000_000 + b"\n\n"
            )
        out.write(b"From x Mon Mar  2 09:00:00 2026\nX-Long: " + b"z" * 20_000_000 + b"\n y\n" * 100_000 + b"\n")
    tracemalloc.start()
    try:
        batches = list(build(kit).pull(None, WANT))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert len(kit.gather(batches)[0]) == 3
    assert peak < 5_000_000


def test_what_is_no_mbox(kit):
    (kit.folder / "box.mbox").write_text("id,subject\n1,x\n")
    batches = list(build(kit).pull(None, WANT))
    assert "is it an mbox file" in batches[0].problems[0].message
    assert batches[0].problems[0].entities == ("interaction",)
    with pytest.raises(SourceError):
        list(build(kit, "missing.mbox").pull(None, WANT))
    assert build(kit, "missing.mbox").probe().reachable is False
    assert build(kit, "none*.mbox").probe().reachable is False


def test_a_large_file_without_a_mail_is_given_up_early(kit):
    packed = gzip.compress(bytes(17_000_000))
    (kit.folder / "box.mbox").write_bytes(packed)
    with pytest.raises(SourceError, match=r"box\.mbox holds no mail"):
        list(build(kit).pull(None, WANT))


def test_the_probe_of_what_is_no_mbox_does_not_say_yes(kit):
    (kit.folder / "box.mbox").write_text("Id,Title\n1,x\n")
    found = build(kit).probe()
    assert not found.reachable
    assert "box.mbox holds no mail" in found.message
    (kit.folder / "box.mbox").write_text("")
    assert build(kit).probe().modules == {"box.mbox": "there is no mail in it"}


def test_empty_files_alone_are_no_whole_archive(kit):
    (kit.folder / "box.mbox").write_text("")
    (problem,) = [one for batch in build(kit).pull(None, WANT) for one in batch.problems if one.entities]
    assert (problem.message, problem.entities) == ("There is no mail in box.mbox.", ("interaction",))


def test_probe(kit):
    archive(kit, kit.mail(), kit.mail(subject="b", Precedence="bulk"))
    probe = build(kit).probe()
    assert (probe.reachable, probe.modules) == (True, {"box.mbox": "ok"})
    assert "1 mails of lists" in probe.message


def test_stops_when_asked_to(kit):
    (kit.folder / "box.mbox").write_bytes(b"From x Mon Mar  2 09:00:00 2026\n" + kit.mail() + b"x\n" * 60_000)
    made = Mbox(MboxOptions(path="box.mbox", own=["@desk.test"]), kit.context(cancelled=lambda: True))
    with pytest.raises(Cancelled):
        list(made.pull(None, WANT))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"own": []}, "own names no address"),
        ({"own": ["desk.test"]}, "neither an address nor a domain"),
        ({"subject_pattern": "[#(", "tickets_of": "desk"}, "no regular expression"),
        ({"subject_pattern": r"#\d+", "tickets_of": "desk"}, "one group"),
        ({"reference_pattern": r"(a+)+#", "tickets_of": "desk"}, "for ever"),
        ({"subject_pattern": r"#(\d+)"}, "tickets_of"),
        ({"path": ""}, "path names no file"),
        ({"bodies": True}, "unknown field"),
    ],
)
def test_options_are_checked(options, said):
    with pytest.raises(msgspec.ValidationError, match=said):
        msgspec.convert({"path": "x", "own": ["@desk.test"], **options}, MboxOptions)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_damaged_archives(kit, data):
    archive_file = kit.folder / "real.mbox"
    if not archive_file.exists():
        archive(
            kit,
            kit.mail(),
            kit.mail(subject="=?utf-8?B?SGpsw6Zs?=", References="<a@b>"),
            kit.mail(subject="c", Received="by x; Mon, 2 Mar 2026 10:00:00 +0100"),
            name="real.mbox",
        )
    raw = bytearray(archive_file.read_bytes())
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(raw) - 1))
        raw[at : at + data.draw(st.integers(0, 40))] = data.draw(st.binary(max_size=40))
        if not raw:
            break
    (kit.folder / "box.mbox").write_bytes(bytes(raw))
    try:
        for batch in build(kit).pull(None, WANT):
            for row in batch.rows:
                msgspec.json.decode(msgspec.json.encode(row), type=type(row))
    except SourceError:
        pass


def test_an_archive_that_is_cut_while_it_is_read_is_no_whole_archive(kit):
    file = kit.folder / "box.mbox"
    file.write_bytes(b"".join(b"From a Mon Mar  2 09:00:00 2026\n" + kit.mail() + b"\n" for _n in range(4000)))
    batches = build(kit).pull(None, WANT)
    next(batches)
    os.truncate(file, file.stat().st_size * 3 // 4)
    with pytest.raises(SourceError, match="it changed while it was read") as told:
        list(batches)
    assert told.value.hint == "Run again once it is written."
