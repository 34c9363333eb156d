"""The store through its methods; what is on the disk is read back by a second connection where it matters."""

import subprocess
import sys

import pytest

from deskaudit.errors import ConfigError, StoreError
from deskaudit.model.verdicts import Answer, AskedQuestion, AuditedItem, Evidence, SourcePull, Status
from deskaudit.store import Store

HOSTILE = "a\x1b]52;c;ZXZpbA==\x07b\u202ec\x9bd\ud800e"
HARMLESS = "a]52;c;ZXZpbA==bcde"


def test_an_audit_comes_back_as_it_went_in(store, make_audit):
    weights = {"HD-15": {"15.1": 4}, "cap": 24}
    audit = make_audit(kind="partial", scope="HD-15", weights=weights, generation=7, program="1.0", zone="Europe/Oslo")
    audit_id = store.begin(audit)
    store.finish(audit_id, finished_at=99, summary={"assured": 0.5}, judged_file="a.parquet", judged_sha256="ab")
    expected = make_audit(
        id=audit_id, kind="partial", scope="HD-15", weights=weights, generation=7, program="1.0", zone="Europe/Oslo",
        state="completed", finished_at=99, summary={"assured": 0.5}, judged_file="a.parquet", judged_sha256="ab",
    )  # fmt: skip
    assert store.audit(audit_id) == expected


def test_results_come_back_with_their_evidence(store, make_audit, make_result):
    evidence = [
        Evidence(rank=1, of="ticket", subject=2**62 + 1, ref="ABC-1", title="Printer", url="https://desk/1", segment="IT",
                 good=0, value=1.5, badness=9, columns={"due_at": 5, "who": "Ann", "none": None}),
        Evidence(rank=2, of="ticket", subject=2),
    ]  # fmt: skip
    result = make_result(
        status=Status.FAIL, value=0.81, n=412, n_rows=420, interval=(0.77, 0.85), mean=1.0, median=2.0, p90=3.0,
        pass_at=0.95, warn_at=0.9, severity="high", weight=4, reason="19 % missed it.", advice="Do it.",
        check_hash="abcd", details={"not_judged": 8, "by": ["x"]}, leg="first", evidence=evidence, clock="business",
    )  # fmt: skip
    audit_id = store.begin(make_audit())
    store.record(audit_id, [result])
    assert store.results(audit_id, evidence=True) == [result]
    assert store.results(audit_id)[0].evidence == []
    assert store.result(audit_id, "15.1", "first") == result
    assert store.result(audit_id, "sla-missed", "first") == result
    assert store.result(audit_id, "15.1") is None


def test_a_result_recorded_again_replaces_the_first_one(store, make_audit, make_result):
    audit_id = store.begin(make_audit())
    first = make_result(status=Status.FAIL, evidence=[Evidence(rank=1, of="ticket", subject=1)])
    store.record(audit_id, [first, make_result(segment="IT"), make_result(leg="p90")])
    store.record(audit_id, [make_result(status=Status.PASS)])
    found = store.results(audit_id, segments=True, evidence=True, sort="check")
    assert [(one.leg, one.segment, one.status, len(one.evidence)) for one in found] == [
        ("", None, Status.PASS, 0),
        ("", "IT", Status.PASS, 0),
        ("p90", None, Status.PASS, 0),
    ]


def test_the_text_of_a_check_is_kept_once(store, run_audit, make_result, path):
    for _ in range(3):
        run_audit(*(make_result(segment=f"part {number}", advice="Long words.") for number in range(20)))
    (row,) = store._database.rows("SELECT COUNT(*) AS texts, (SELECT COUNT(*) FROM result) AS results FROM check_text")
    assert row == {"texts": 1, "results": 60}


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({}, ["15.1", "2.1", "20.1", "3.1"]),
        ({"status": [Status.FAIL]}, ["15.1"]),
        ({"status": ["fail", "warn"]}, ["15.1", "2.1"]),
        ({"item": "HD-15"}, ["15.1"]),
        ({"item": "hd-15"}, ["15.1"]),
        ({"item": "20.1"}, ["20.1"]),
        ({"item": "cost"}, ["2.1"]),
        ({"search": "printer"}, ["3.1"]),
        ({"search": "ΠΕΛΆΤΗΣ"}, ["20.1"]),
        ({"search": "100%_"}, ["2.1"]),
        ({"search": "missed level"}, ["15.1"]),
        ({"search": "missed nothing"}, []),
        ({"sort": "check"}, ["2.1", "3.1", "15.1", "20.1"]),
        ({"sort": "-check"}, ["20.1", "15.1", "3.1", "2.1"]),
        ({"sort": "value"}, ["20.1", "3.1", "15.1", "2.1"]),
        ({"sort": "n"}, ["3.1", "15.1", "20.1", "2.1"]),
        ({"sort": "severity"}, ["3.1", "15.1", "2.1", "20.1"]),
        ({"sort": "title"}, ["2.1", "3.1", "15.1", "20.1"]),
        ({"limit": 2}, ["15.1", "2.1"]),
        ({"limit": 2, "offset": 2}, ["20.1", "3.1"]),
        ({"segments": True, "search": "oslo"}, ["15.1"]),
    ],
)  # fmt: skip
def test_results_are_filtered_sorted_and_paged_in_the_database(store, make_audit, make_result, filters, expected):
    audit_id = store.begin(make_audit())
    store.record(
        audit_id,
        [
            make_result(check="2.1", item="HD-02", name="cost", title="100%_Cost", status="WARN", n=1),
            make_result(check="3.1", item="HD-03", name="x", title="printers", value=3, n=9, severity="critical"),
            make_result(status=Status.FAIL, value=1.0, n=5, severity="high"),
            make_result(status=Status.FAIL, segment="Oslo"),
            make_result(check="20.1", item="HD-20", name="z", title="Πελάτης", value=7, n=2, status="TODO",
                        severity="low"),
        ],
    )  # fmt: skip
    assert [one.check for one in store.results(audit_id, **filters)] == expected
    counted = {key: value for key, value in filters.items() if key not in {"sort", "limit", "offset"}}
    if "limit" not in filters:
        assert store.count_results(audit_id, **counted) == len(expected)


def test_an_unknown_sort_names_the_known_ones(store, make_audit):
    with pytest.raises(ConfigError, match="badness, check"):
        store.results(store.begin(make_audit()), sort="colour; DROP TABLE result")


def test_history_is_in_the_order_of_the_audits_that_are_asked_for(store, run_audit, make_result):
    first = run_audit(make_result(value=0.8), make_result(value=0.1, segment="IT"))
    other = run_audit(make_result(check="20.1"))
    last = run_audit(make_result(value=0.9))
    line = [last, other, first]
    assert [(audit.id, one.value) for audit, one in store.history(line, "15.1")] == [(last.id, 0.9), (first.id, 0.8)]
    assert [audit.id for audit, _one in store.history([first], "sla-missed")] == [first.id]
    assert [one.value for _audit, one in store.history(line, "15.1", segment="IT")] == [0.1]
    assert store.history([], "15.1") == []


def test_done_checks_say_where_an_interrupted_audit_goes_on(store, make_audit, make_result):
    audit_id = store.begin(make_audit())
    store.record(audit_id, [make_result(), make_result(check="15.2")])
    store.interrupt(audit_id, "Stopped.")
    assert store.audit(audit_id).state == "interrupted"
    assert store.audit(audit_id).error == "Stopped."
    assert store.interrupted() == []
    store.resume(audit_id)
    assert store.done_checks(audit_id) == {"15.1", "15.2"}
    assert [audit.id for audit in store.interrupted()] == [audit_id]


def test_a_completed_audit_takes_no_more_results(store, run_audit, make_result):
    audit = run_audit(make_result())
    for change in (
        lambda: store.record(audit.id, [make_result(check="1.1")]),
        lambda: store.interrupt(audit.id, "x"),
        lambda: store.resume(audit.id),
        lambda: store.record_pull(audit.id, SourcePull(name="a", type="csv", state="complete")),
        lambda: store.finish(audit.id, finished_at=1, summary={}, judged_file=None, judged_sha256=None),
    ):
        with pytest.raises(StoreError, match="complete"):
            change()
    assert store.done_checks(audit.id) == {"15.1"}
    store.set_summary(audit.id, {"assured": 1.0})
    assert store.audit(audit.id).summary == {"assured": 1.0}


def test_nothing_of_a_record_that_fails_stays(store, make_audit, make_result):
    audit_id = store.begin(make_audit())
    twice = [make_result(), make_result(check="15.2"), make_result()]
    with pytest.raises(StoreError):
        store.record(audit_id, twice)
    assert store.results(audit_id) == []
    store.record(audit_id, twice[:2])
    assert store.count_results(audit_id) == 2


def test_what_refers_to_no_audit_is_refused(store, make_result):
    for change in (
        lambda: store.record(7, [make_result()]),
        lambda: store.answer(7, Answer(question="HD-15.q1", value="yes")),
        lambda: store.set_summary(7, {}),
        lambda: store.record_pull(7, SourcePull(name="a", type="csv", state="complete")),
    ):
        with pytest.raises(StoreError, match="no audit 7"):
            change()


def test_pulls_keep_what_the_source_said(store, make_audit):
    audit_id = store.begin(make_audit())
    pull = SourcePull(
        name="desk", type="liveagent", state="incomplete", fetched_at=5, rows={"ticket": 9}, rejects=2,
        cursor='{"page":3}', warnings=["calls: 403"], error="gone",
    )  # fmt: skip
    store.record_pull(audit_id, SourcePull(name="desk", type="liveagent", state="failed"))
    store.record_pull(audit_id, pull)
    assert store.pulls(audit_id) == [pull]


def test_every_change_of_an_answer_is_in_the_journal(store, make_audit):
    audit_id = store.begin(make_audit())
    store.answer(audit_id, Answer(question="HD-15.q1", value="no", note="why", by="Ann", answered_at=5))
    store.answer(audit_id, Answer(question="HD-15.q1", value="yes", by="Bo"))
    store.unanswer(audit_id, "HD-15.q1", by="Cy")
    store.unanswer(audit_id, "HD-15.q1", by="Cy")
    assert store.answers(audit_id) == {}
    entries = store.journal(audit_id, "HD-15.q1")
    told = [
        (one.by, one.action, one.old and one.old["value"], one.new and one.new["value"], one.new and one.new["note"])
        for one in entries
    ]
    assert told == [
        ("Ann", "answer", None, "no", "why"),
        ("Bo", "answer", "no", "yes", ""),
        ("Cy", "unanswer", "yes", None, None),
    ]
    assert [one.happened_at for one in entries] == sorted(one.happened_at for one in entries)
    assert entries[1].new["answered_at"] > 5, "an answer without a time gets the store's"


def ask(question, question_hash="h1"):
    return AskedQuestion(question=question, item="HD-15", ask="Is it?", question_hash=question_hash, must=True)


def test_earlier_answers_are_offered_where_the_question_is_the_same(store, make_audit):
    first = store.begin(make_audit(), questions=[ask("HD-15.q1"), ask("HD-15.q2"), ask("HD-15.q3")])
    for number, value in ((1, "yes"), (2, "no"), (3, "partly")):
        store.answer(
            first, Answer(question=f"HD-15.q{number}", value=value, by="Ann", answered_at=5, question_hash="h1")
        )
    second = store.begin(make_audit())
    store.answer(second, Answer(question="HD-15.q1", value="no", by="Bo", answered_at=9, question_hash="h1"))
    third = store.begin(
        make_audit(), questions=[ask("HD-15.q1"), ask("HD-15.q2", "changed"), ask("HD-15.q3"), ask("HD-15.q4")]
    )
    offered = store.answers(third)
    assert {name: (one.value, one.by, one.answered_at, one.state) for name, one in offered.items()} == {
        "HD-15.q1": ("no", "Bo", 9, "offered"),
        "HD-15.q3": ("partly", "Ann", 5, "offered"),
    }, "the newest confirmed answer is offered, and none to a question that has changed"
    assert [one.question for one in store.questions(third)] == ["HD-15.q1", "HD-15.q2", "HD-15.q3", "HD-15.q4"]
    assert store.questions(third)[0] == ask("HD-15.q1")
    quick = store.begin(make_audit(kind="quick"))
    assert store.answers(quick) == {}


def test_items_stay_as_the_audit_knew_them(store, make_audit):
    items = [AuditedItem(item="HD-02", title="Costs", group="governance"), AuditedItem(item="HD-15", title="Levels")]
    assert store.items(store.begin(make_audit(), items=items)) == items


def test_hostile_text_is_harmless_once_stored(store, make_audit, make_result):
    audit_id = store.begin(make_audit(), items=[AuditedItem(item="HD-15", title=HOSTILE)])
    row = Evidence(rank=1, of="ticket", subject=1, ref=HOSTILE, title=HOSTILE, url=HOSTILE, columns={"x": [HOSTILE]})
    store.record(audit_id, [make_result(segment=HOSTILE, reason=HOSTILE, details={HOSTILE: HOSTILE}, evidence=[row])])
    store.answer(audit_id, Answer(question="q", value=HOSTILE, note=HOSTILE, by=HOSTILE))
    store.record_pull(audit_id, SourcePull(name="a", type="b", state="failed", warnings=[HOSTILE], error=HOSTILE))
    (result,) = store.results(audit_id, segments=True, evidence=True)
    assert (result.segment, result.reason, result.details) == (HARMLESS, HARMLESS, {HARMLESS: HARMLESS})
    assert (result.evidence[0].ref, result.evidence[0].columns) == (HARMLESS, {"x": [HARMLESS]})
    assert store.result(audit_id, "15.1", segment=HOSTILE) is not None
    assert store.answers(audit_id)["q"].note == HARMLESS
    assert store.journal()[0].by == HARMLESS
    assert (store.pulls(audit_id)[0].warnings, store.pulls(audit_id)[0].error) == ([HARMLESS], HARMLESS)
    assert store.items(audit_id)[0].title == HARMLESS


def test_long_json_is_not_cut(store, make_audit):
    weights = {f"HD-{number:02}": {f"{number}.{check}": 8 for check in range(60)} for number in range(90)}
    assert store.audit(store.begin(make_audit(weights=weights))).weights == weights


def test_the_package_loads_no_database_before_one_is_opened():
    code = (
        "import sys, deskaudit.store, deskaudit.store.compare, deskaudit.reports\n"
        "print([name for name in ('sqlite3', 'sqlite_utils', 'duckdb') if name in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"


def test_two_threads_may_share_a_store(store, make_audit, make_result):
    from concurrent.futures import ThreadPoolExecutor

    audit_id = store.begin(make_audit())
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda number: store.record(audit_id, [make_result(check=f"1.{number}")]), range(40)))
    assert len(store.done_checks(audit_id)) == 40


def test_a_closed_store_is_opened_again_with_everything_in_it(path, make_audit, make_result):
    with Store.open(path) as store:
        audit_id = store.begin(make_audit())
        store.record(audit_id, [make_result()])
    with Store.open(path) as store:
        assert store.count_results(audit_id) == 1
        assert store.warnings == []
