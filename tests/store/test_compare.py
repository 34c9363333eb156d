import hashlib

import duckdb
import pytest

from deskaudit.model.verdicts import Evidence, Status
from deskaudit.store.compare import change_since, compare, compare_findings, judge

F, W, P = Status.FAIL, Status.WARN, Status.PASS


def sample(status, value, low, high, **fields):
    return {"status": status, "value": value, "interval": (low, high), "population": "sample", **fields}


def census(status, value, **fields):
    return {"status": status, "value": value, "population": "census", **fields}


@pytest.mark.parametrize(
    ("before", "after", "kind", "clear"),
    [
        # Intervals that touch are no clear change, whatever the figures say.
        (sample(W, 0.93, 0.91, 0.95), sample(W, 0.91, 0.89, 0.93), "same", False),
        (sample(W, 0.93, 0.92, 0.94), sample(W, 0.90, 0.89, 0.91), "worse", True),
        (sample(W, 0.90, 0.89, 0.91), sample(W, 0.93, 0.92, 0.94), "better", True),
        (sample(W, 0.10, 0.09, 0.11, better="lower"), sample(W, 0.20, 0.19, 0.21, better="lower"), "worse", True),
        (sample(F, 0.80, 0.75, 0.85), sample(W, 0.90, 0.84, 0.95), "same", False),
        (sample(P, 0.99, 0.98, 1.0), sample(P, 0.96, 0.95, 0.97), "worse", True),
        # A finding that appears or goes is told in any case; `clear` says whether chance could have done it.
        (sample(P, 0.951, 0.93, 0.97), sample(W, 0.949, 0.93, 0.97), "new", False),
        (sample(P, 0.99, 0.98, 1.0), sample(F, 0.80, 0.75, 0.85), "new", True),
        (sample(F, 0.80, 0.75, 0.85), sample(P, 0.99, 0.98, 1.0), "fixed", True),
        # Of a census all are seen: any change is one.
        (census(W, 4, unit="count", better="lower"), census(W, 5, unit="count", better="lower"), "worse", True),
        (census(W, 5, unit="count", better="lower"), census(W, 4, unit="count", better="lower"), "better", True),
        (census(W, 5, unit="count", better="lower"), census(W, 5, unit="count", better="lower"), "same", False),
        (census(F, None), census(W, None), "better", True),
        (census(W, 0.3, better=""), census(W, 0.5, better=""), "same", False),
        (census(W, 0.3, better="band"), census(F, 0.9, better="band"), "worse", True),
        # A sample without an interval: the statuses speak.
        ({"status": W, "value": 3.0, "better": "lower"}, {"status": F, "value": 9.0, "better": "lower"}, "worse", True),
        ({"status": F, "value": 3.0, "better": "lower"}, {"status": F, "value": 9.0, "better": "lower"}, "same", False),
        # Not judged on one side.
        (census(F, 1), {"status": Status.NODATA}, "not_tested", False),
        (census(P, 1), {"status": Status.ERROR}, "not_tested", False),
        ({"status": Status.NODATA}, census(P, 1), "not_tested", False),
        ({"status": Status.NODATA}, census(F, 1), "not_tested", False),
        ({"status": Status.INFO, "value": 1.0}, {"status": Status.INFO, "value": 2.0}, "same", False),
        (census(F, 1), None, "not_tested", False),
        (None, census(P, 1), "not_tested", False),
        (None, census(F, 1), "not_tested", False),
        # Another rule: figures cannot be held against each other.
        (census(F, 1, check_hash="a"), census(P, 0, check_hash="b"), "check_changed", False),
        (census(F, 1, check_hash="a"), census(P, 0, check_hash="a"), "fixed", True),
    ],
)  # fmt: skip
def test_a_pair_of_results_is_judged(make_result, before, after, kind, clear):
    change = judge(
        None if before is None else make_result(**before),
        None if after is None else make_result(**after),
    )
    assert (change.kind, change.clear) == (kind, clear)


@pytest.mark.parametrize(
    ("fields", "before", "after", "delta", "unit"),
    [
        ({"unit": "share"}, 0.93, 0.909, -2.1, "points"),
        ({"unit": "share"}, 0.0, 0.05, 5.0, "points"),
        ({"unit": "s"}, 3600, 5400, 1800, "s"),
        ({"unit": "count"}, 4, None, None, "count"),
    ],
)
def test_shares_differ_in_percentage_points(make_result, fields, before, after, delta, unit):
    change = judge(make_result(value=before, **fields), make_result(value=after, **fields))
    assert change.delta == (None if delta is None else pytest.approx(delta))
    assert change.delta_unit == unit


def test_a_changed_check_has_no_delta(make_result):
    change = judge(make_result(value=0.1, check_hash="a"), make_result(value=0.2, check_hash="b"))
    assert change.delta is None


def test_two_audits_side_by_side(store, run_audit, make_result):
    def one(check, status, value, **fields):
        return make_result(check=check, status=status, value=value, population="census", **fields)

    first = run_audit(one("1.1", P, 1), one("1.2", F, 0.1), one("1.3", W, 0.5), one("1.4", F, 0), one("1.5", P, 1),
                      one("1.1", P, 1, segment="IT"))  # fmt: skip
    second = run_audit(one("1.1", F, 0), one("1.2", P, 1), one("1.3", W, 0.4), one("1.5", P, 1), one("1.6", W, 1),
                       one("1.1", F, 1, segment="HR"), one("1.1", P, 1, segment="IT"))  # fmt: skip
    found = compare(store, first, second)
    desk = [(change.check, change.kind) for change in found.changes if change.segment is None]
    assert desk == [
        ("1.1", "new"),
        ("1.3", "worse"),
        ("1.2", "fixed"),
        ("1.4", "not_tested"),
        ("1.6", "not_tested"),
        ("1.5", "same"),
    ]
    assert found.counts == {
        "new": 1, "worse": 1, "fixed": 1, "better": 0, "not_tested": 2, "check_changed": 0, "same": 1,
    }  # fmt: skip
    assert (found.segment_counts["not_tested"], found.segment_counts["same"]) == (1, 1)
    assert found.notes == []
    since = change_since(store, second, first)
    assert since["1.1", "", None].kind == "new"
    assert since["1.1", "", "IT"].kind == "same"
    assert since["1.4", "", None].after is None


def test_the_reader_is_told_what_makes_audits_unlike(store, run_audit, make_audit):
    first = run_audit(weights={"a": 1})
    quick = run_audit(kind="quick", weights={"a": 1}, formula_version=2)
    partial = run_audit(kind="partial", scope="HD-15", weights={"a": 2})
    broken = store.audit(store.begin(make_audit(weights={"a": 1})))
    assert any("1 is full, audit 2 is quick" in note for note in compare(store, first, quick).notes)
    assert any("formula has changed" in note for note in compare(store, first, quick).notes)
    notes = " ".join(compare(store, first, partial).notes)
    assert "different checks: all of them and HD-15" in notes
    assert "weights have changed" in notes
    assert [note for note in compare(store, first, broken).notes if "running" in note]


def freeze(store, name, rows):
    """A frozen file: (check, leg, subject, segment, good)."""
    folder = store.path.parent / "judged"
    folder.mkdir(exist_ok=True)
    values = ", ".join(
        f"('{check}', '{leg}', 0::BIGINT, NULL::VARCHAR, {subject}::BIGINT, {segment}::VARCHAR, {good}::BIGINT,"
        " NULL::DOUBLE, 1::DOUBLE, '{}')"
        for check, leg, subject, segment, good in rows
    )
    names = '"check", leg, reference, part, subject, segment, good, value, badness, columns'
    duckdb.connect().execute(
        f"COPY (SELECT * FROM (VALUES {values}) AS t({names})) TO '{folder / name}' (FORMAT parquet)"
    )
    return name, hashlib.sha256((folder / name).read_bytes()).hexdigest()


def test_findings_are_compared_subject_by_subject(store, make_audit, make_result):
    audits = []
    for name, bad in (("a.parquet", {1, 2, 3}), ("b.parquet", {2, 3, 4, 5})):
        rows = [
            ("15.1", "", subject, "'IT'" if subject % 2 else "NULL", int(subject not in bad)) for subject in range(9)
        ]
        rows.append(("15.1", "other", 99, "'IT'", 0))
        file, digest = freeze(store, name, rows)
        audit_id = store.begin(make_audit())
        kept = [Evidence(rank=1, of="ticket", subject=min(bad))]
        store.record(audit_id, [make_result(status=F, n_rows=9, evidence=kept), make_result(segment="IT", n_rows=4),
                                make_result(segment="–", n_rows=5)])  # fmt: skip
        store.finish(audit_id, finished_at=1, summary={}, judged_file=file, judged_sha256=digest)
        audits.append(store.audit(audit_id))
    found = compare_findings(store, *audits, "15.1")
    assert (found.new, found.gone, found.stayed_count, found.whole) == ([4, 5], [1], 2, True)
    in_part = compare_findings(store, *audits, "sla-missed", segment="IT")
    assert (in_part.new, in_part.gone, in_part.stayed_count) == ([5], [1], 1)
    without = compare_findings(store, *audits, "15.1", segment="–")
    assert (without.new, without.gone, without.stayed_count) == ([4], [], 1)
    cut = compare_findings(store, *audits, "15.1", limit=1)
    assert (cut.new, cut.new_count) == ([4], 2)

    (store.path.parent / "judged" / "a.parquet").unlink()
    kept_only = compare_findings(store, *audits, "15.1")
    assert (kept_only.gone, kept_only.whole) == ([1], False)
