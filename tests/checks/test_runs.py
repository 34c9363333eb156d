"""What surrounds a figure: needs, errors, frozen rows, evidence, identity."""

import stat
import threading

import pytest

from deskaudit.checks import engine, freezing, joining
from deskaudit.checks.judgements import judgements
from deskaudit.errors import Cancelled
from deskaudit.model.verdicts import Status
from deskaudit.snapshot.reader import Filled

NOW = 1_700_000_000
OPEN = """SELECT t.id AS subject, t.channel AS segment, CASE WHEN t.agent_id IS NULL THEN 0 ELSE 1 END AS good,
    :now - t.created_at AS badness, t.created_at, t.priority FROM ticket t"""


@pytest.fixture
def unowned(make_check):
    return make_check(rows=OPEN, better="lower", passes=0.05, warns=0.15)


def tickets(desk, n=40, owned=30, **words):
    desk.add(
        "ticket",
        *[
            {"code": f"T-{i}", "title": f"Printer {i}", "url": f"https://desk/{i}", "channel": "email",
             "agent_id": 7 if i <= owned else None, "created_at": NOW - i * 100, **words}
            for i in range(1, n + 1)
        ],
    )  # fmt: skip


class TestNeeds:
    @pytest.mark.parametrize(
        ("filled", "reason"),
        [
            (Filled("absent", "", None), "No source delivers tickets. Connect a help desk."),
            (Filled("incomplete", "desk: grid/tickets: 500", 5), "Incomplete: tickets: desk: grid/tickets: 500"),
        ],
    )
    def test_what_is_not_there_is_nodata(self, desk, make_check, filled, reason):
        tickets(desk)
        desk.states["ticket"] = filled
        (result,) = desk.judge(make_check(rows=OPEN, better="lower", passes=1, missing="Connect a help desk."))
        assert (result.status, result.reason, result.weight) == (Status.NODATA, reason, 4)

    def test_a_column_without_values_is_nodata(self, desk, make_check):
        tickets(desk)
        check = make_check(rows=OPEN, better="lower", passes=1, needs=["ticket.priority"], missing="Map priorities.")
        (result,) = desk.judge(check)
        assert (result.status, result.reason) == (Status.NODATA, "No ticket has a value for priority. Map priorities.")

    def test_state_has_no_past(self, desk, make_check):
        tickets(desk)
        desk.states["ticket"] = Filled("complete", "", NOW + 86400)
        check = make_check(rows=OPEN, better="lower", passes=1, state_of=True)
        (result,) = desk.judge(check)
        assert result.status is Status.NODATA
        assert result.reason.startswith("Known from 2023-11-15 only")
        assert (
            desk.judge(make_check(rows=OPEN, better="lower", passes=1, state_of=True, history=True))[0].status
            is Status.PASS
        )


class TestErrors:
    def test_a_check_that_breaks_is_an_error_and_leaves_nothing(self, desk, make_check):
        check = make_check(rows="SELECT t.id AS subject, t.nothing AS good FROM ticket t", better="lower", passes=1)
        (result,) = desk.judge(check)
        assert (result.status, result.value) == (Status.ERROR, None)
        assert "nothing" in result.reason
        assert list(desk.folder.iterdir()) == []

    def test_rows_that_break_while_they_are_read(self, desk, make_check):
        tickets(desk)
        check = make_check(
            rows="SELECT t.id AS subject, CAST(t.title AS BIGINT) AS good FROM ticket t", better="lower", passes=1
        )
        (result,) = desk.judge(check)
        assert (result.status, list(desk.folder.iterdir())) == (Status.ERROR, [])
        assert "\n" not in result.reason

    def test_an_interrupted_check_is_no_error(self, desk, make_check):
        rows = """WITH n AS (SELECT 1 AS x UNION ALL SELECT 2 AS x UNION ALL SELECT 3 AS x UNION ALL SELECT 4 AS x)
            SELECT COUNT(*) AS subject, 1 AS good FROM n a, n b, n c, n d, n e, n f, n g, n h, n i, n j, n k, n l, n m, n o, n p
            WHERE a.x + b.x + c.x + d.x + e.x + f.x + g.x + h.x + i.x + j.x + k.x + l.x + m.x + o.x > p.x * 30"""
        done = threading.Event()

        def stop():
            while not done.wait(0.05):
                desk.connection.interrupt()

        thread = threading.Thread(target=stop)
        thread.start()
        try:
            with pytest.raises(Cancelled):
                desk.judge(make_check(rows=rows, better="lower", passes=1))
        finally:
            done.set()
            thread.join()


class TestFrozen:
    def test_the_rows_are_kept_as_they_were_judged(self, desk, unowned):
        tickets(desk, n=2, owned=1, priority="P1")
        desk.judge(unowned)
        first, second = desk.frozen("99.1")
        assert second == {
            "check": "99.1", "leg": "", "reference": 0, "part": None, "subject": 2, "segment": "email", "good": 0,
            "value": None, "badness": 200.0, "columns": f'{{"created_at":{NOW - 200},"priority":"P1"}}',
        }  # fmt: skip
        assert first["good"] == 1

    def test_only_the_owner_may_read_them(self, desk, unowned):
        tickets(desk)
        desk.judge(unowned)
        (file,) = desk.folder.iterdir()
        assert stat.S_IMODE(file.stat().st_mode) == 0o600

    def test_something_divided_by_nothing_is_no_figure(self, desk, make_check):
        tickets(desk, n=30)
        share = "CAST(t.id AS DOUBLE PRECISION) / (t.id % 2)"
        rows = f"SELECT t.id AS subject, {share} AS value, {share} AS shown FROM ticket t"
        (result,) = desk.judge(make_check(rows=rows, kind="number", stat="max", better="lower", passes=100))
        assert (result.value, result.n, result.n_rows) == (29, 15, 30)
        assert desk.frozen("99.1")[1]["columns"] == '{"shown":null}'

    def test_judging_again_replaces_them(self, desk, unowned):
        tickets(desk, n=2)
        desk.judge(unowned)
        desk.add("ticket", {"id": 50, "channel": "chat"})
        desk.judge(unowned)
        assert len(desk.frozen("99.1")) == 3

    def test_all_checks_join_in_one_file(self, desk, make_check, unowned, tmp_path):
        tickets(desk, n=3)
        desk.judge(unowned)
        desk.judge(make_check(id="99.2", name="other", rows=OPEN, kind="count", passes=9))
        file = tmp_path / "judged.parquet"
        joining.join_frozen(desk.folder, file, desk, {"99.1": "ticket", "99.2": "weather"})
        found = desk.connection.execute(
            f"SELECT \"check\", COUNT(*), COUNT(ref) FROM '{file}' GROUP BY 1 ORDER BY 1"
        ).fetchall()
        assert found == [("99.1", 3, 3), ("99.2", 3, 0)]
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert sorted(entry.name for entry in tmp_path.iterdir()) == ["frozen", "judged.parquet"]

    def test_an_audit_without_rows_has_an_empty_file(self, desk, tmp_path):
        file = tmp_path / "judged.parquet"
        joining.join_frozen(desk.folder, file, desk, {})
        described = freezing.describe(desk.connection, f"SELECT * FROM '{file}'")
        assert described == joining.COLUMNS
        assert desk.connection.execute(f"SELECT COUNT(*) FROM '{file}'").fetchone() == (0,)

    def test_a_quote_in_the_path_does_no_harm(self, desk, unowned, tmp_path):
        tickets(desk)
        desk.folder = tmp_path / "d'été"
        desk.folder.mkdir()
        assert desk.judge(unowned)[0].status is Status.FAIL


class TestEvidence:
    def test_the_worst_twenty_with_their_cards(self, desk, unowned):
        tickets(desk, n=60, owned=30)
        evidence = desk.judge(unowned)[0].evidence
        assert [card.rank for card in evidence] == list(range(1, 21))
        worst = evidence[0]
        assert (worst.subject, worst.ref, worst.title, worst.url) == (60, "T-60", "Printer 60", "https://desk/60")
        assert (worst.badness, worst.good, worst.segment) == (6000, 0, "email")
        assert worst.columns == {"created_at": NOW - 6000, "priority": None}

    def test_ties_are_broken_by_subject(self, desk, unowned):
        tickets(desk, n=30, owned=0, created_at=NOW - 1)
        assert [card.subject for card in desk.judge(unowned)[0].evidence] == list(range(1, 21))

    def test_segments_carry_none(self, desk, unowned):
        tickets(desk, n=30, owned=0)
        assert desk.judge(unowned)[1].evidence == []

    def test_a_row_may_be_its_own_card(self, desk, make_check, listed):
        rows = listed("subject, good, badness, ref, topic", (1, 0, 5, "Printers", "x"))
        (result,) = desk.judge(make_check(rows=rows, of="topic", better="lower", passes=0))
        assert (result.evidence[0].ref, result.evidence[0].columns) == ("Printers", {"topic": "x"})

    def test_a_subject_without_a_card_has_its_number(self, desk, make_check, listed):
        rows = listed("subject, good", (4711, 0))
        (result,) = desk.judge(make_check(rows=rows, better="lower", passes=0))
        assert result.evidence[0].ref == "4711"

    @pytest.mark.parametrize(
        ("of", "row", "ref", "title"),
        [
            ("agent", {"name": "Kari", "role": "admin"}, "Kari", "admin"),
            ("asset", {"origin": "scan", "ip": "10.0.0.7", "os": "Linux 6"}, "10.0.0.7", "Linux 6"),
            ("backup_job", {"name": "nightly", "target": "/srv"}, "nightly", "/srv"),
            ("document", {"kind": "kb", "title": "Reset a password"}, "Reset a password", "kb"),
            ("interaction", {"channel": "call", "ext_id": "c-9"}, "c-9", "call"),
            ("contact", {"ext_id": "u-3", "email_hash": "secret"}, "u-3", ""),
        ],
    )
    def test_every_entity_has_a_card(self, desk, make_check, of, row, ref, title):
        desk.add(of, row)
        rows = f"SELECT e.id AS subject, 0 AS good FROM {of} e"
        (result,) = desk.judge(make_check(rows=rows, of=of, needs=[of], better="lower", passes=0))
        assert (result.evidence[0].ref, result.evidence[0].title) == (ref, title)

    def test_a_rating_is_called_what_its_ticket_is_called(self, desk, make_check):
        desk.add("ticket", {"id": 7, "code": "T-7", "title": "Printer", "url": "https://desk/7"})
        desk.add("rating", {"id": 1, "ext_id": "r-1", "ticket_id": 7}, {"id": 2, "ext_id": "r-2"})
        rows = "SELECT e.id AS subject, 0 AS good FROM rating e"
        (result,) = desk.judge(make_check(rows=rows, of="rating", needs=["rating"], better="lower", passes=0))
        shown = [(one.ref, one.title, one.url) for one in result.evidence]
        assert shown == [("T-7", "Printer", "https://desk/7"), ("r-2", "", "")]
        file = desk.folder.parent / "ratings.parquet"
        joining.join_frozen(desk.folder, file, desk, {"99.1": "rating"})
        kept = desk.connection.execute(f"SELECT subject, ref FROM read_parquet('{file}') ORDER BY subject").fetchall()
        assert kept == [(1, "T-7"), (2, "r-2")]


def test_every_entity_can_be_looked_up(desk, make_check):
    from deskaudit.model.entities import ENTITIES

    for of in ENTITIES:
        rows = "SELECT 1 AS subject, 0 AS good"
        (result,) = desk.judge(
            make_check(rows=rows, of=of, needs=[], better="lower", passes=0, warns=0, population="census")
        )
        assert result.status is Status.FAIL, f"{of}: {result.reason}"


def two_rows(reader, window, past):
    yield {"subject": 1, "segment": "a", "good": 1, "started": window.start, "note": "it's"}
    yield {"subject": 2, "segment": 5, "good": 0, "badness": 3.5, "started": window.end}


def late_rows(reader, window, past):
    yield {"subject": 1, "good": 0, "ends_at": None, "share": 1, "note": None}
    yield {"subject": 2, "good": 0, "ends_at": 1_700_000_000, "share": 0.5, "note": None}


def no_rows(reader, window, past):
    return []


def broken_rows(reader, window, past):
    yield {"subject": 1, "good": 1}
    raise ZeroDivisionError("no luck")


@pytest.fixture
def named(monkeypatch):
    """This module under a name that a check file can write."""
    import sys

    monkeypatch.setitem(sys.modules, "python_rows", sys.modules[__name__])
    return "python:python_rows:{}".format


class TestPythonRows:
    def test_they_are_judged_like_any_others(self, desk, make_check, named, window):
        check = make_check(
            rows=named("two_rows"),
            better="lower",
            passes=0.4,
            needs=[],
            population="census",
            fail_if="started < 0",
            fail_says="it began before the world",
        )
        results = desk.judge(check)
        assert [(r.segment, r.value) for r in results] == [(None, 0.5), ("5", 1.0), ("a", 0.0)]
        assert results[0].evidence[0].columns == {"started": window.end, "note": None}
        assert [file.name for file in desk.folder.iterdir()] == ["99.1~0.parquet"]

    def test_a_column_may_begin_without_a_value(self, desk, make_check, named):
        result, *_segments = desk.judge(make_check(rows=named("late_rows"), better="lower", passes=0.4, needs=[]))
        assert [one.columns for one in result.evidence] == [
            {"ends_at": None, "share": 1.0, "note": None},
            {"ends_at": 1_700_000_000, "share": 0.5, "note": None},
        ]

    def test_none_at_all(self, desk, make_check, named):
        (result,) = desk.judge(make_check(rows=named("no_rows"), better="lower", passes=0.4, needs=[]))
        assert result.status is Status.NODATA

    def test_one_that_breaks_is_an_error(self, desk, make_check, named):
        (result,) = desk.judge(make_check(rows=named("broken_rows"), better="lower", passes=0.4, needs=[]))
        assert (result.status, result.reason) == (Status.ERROR, "The check broke: ZeroDivisionError: no luck")
        assert list(desk.folder.iterdir()) == []


class TestHash:
    def test_it_changes_with_what_is_judged(self, make_check):
        def hash_of(**words):
            check = make_check(**{"rows": OPEN, "better": "lower", "passes": 0.05} | words)
            return engine.check_hash(check, judgements(check)[0])

        plain = hash_of()
        assert len(plain) == 16
        assert hash_of(title="Other words", advice="Other advice", rows=OPEN.replace("\n", "  \n")) == plain
        changed = [hash_of(passes=0.06), hash_of(rows=OPEN + " WHERE 1 = 1"), hash_of(params={"x": 1}), hash_of(of="agent"),
                   hash_of(population="census"), hash_of(better="higher")]  # fmt: skip
        assert len({plain, *changed}) == 7


def test_the_reference_window_ran_equally_long_after_its_end():
    window = engine.Window(1000, 2000, 2300, (100, 1000))
    assert window.before() == engine.Window(100, 1000, 1300, (-800, 100))


def test_the_same_rows_give_the_same_figure(desk, make_check):
    numbers = "SELECT a.range AS id, 'x' AS name, 0.1 * a.range AS value FROM range(100000) a"
    desk.connection.execute(f"INSERT INTO stat (id, name, value) {numbers}")
    rows = "SELECT s.id AS subject, s.value FROM stat s"
    check = make_check(rows=rows, kind="number", of="stat", needs=[], better="lower", passes=1, population="census")
    assert len({desk.judge(check)[0].value for _ in range(5)}) == 1


class TestWhatDecides:
    def test_allowed_faults_and_bands_go_with_the_result(self, desk, make_check, listed):
        rows = listed("subject, good", *((number, number % 2) for number in range(30)))
        shares = {"passes": 0.1, "warns": 0.2, "pass_count": 3, "warn_count": 10}
        (found,) = desk.judge(make_check(better="lower", rows=rows, **shares))
        assert found.details["allowed"] == {"pass": 3, "warn": 10}
        band = {"kind": "number", "better": "band", "band": (1, 2), "warn_band": (0, 4)}
        rows = listed("subject, value", (1, 3), (2, 3))
        (found,) = desk.judge(make_check(rows=rows, **band))
        assert (found.details["band"], found.details["warn_band"]) == ([1, 2], [0, 4])
        (found,) = desk.judge(make_check(rows=rows, kind="number", better="lower", passes=1))
        assert not {"allowed", "band", "warn_band"} & set(found.details)
