from itertools import pairwise

import pytest

from deskaudit.errors import ConfigError
from deskaudit.store import references

DAY = 86400
Q1, Q2, Q3, Q4, Q5 = 1767225600, 1775001600, 1782864000, 1790812800, 1798761600  # 2026-01-01 to 2027-01-01


def test_a_quick_scan_never_becomes_the_last_audit(store, run_audit, make_audit):
    first, second = run_audit(), run_audit()
    run_audit(kind="quick")
    running = store.begin(make_audit())
    assert store.audit("last").id == second.id
    assert store.audit("previous").id == first.id
    assert store.audit("newest").id == running
    assert store.audit(str(first.id)).id == store.audit(first.id).id == store.audit(f"#{first.id}").id == first.id


def test_without_any_full_audit_the_newest_completed_one_is_shown(store, run_audit):
    first = run_audit(kind="quick")
    run_audit(kind="partial")
    second = run_audit(kind="quick")
    assert store.audit("last").id == second.id
    assert store.audit("previous").id == first.id


@pytest.mark.parametrize("ref", ["last", "previous", "baseline", "newest", "1", "x", "-1", "٣", "9" * 30, "1 OR 1=1"])
def test_an_audit_that_does_not_exist_is_named(store, ref):
    with pytest.raises(ConfigError) as caught:
        store.audit(ref)
    assert "deskaudit scan" in caught.value.hint


def test_the_message_lists_what_there_is(store, run_audit):
    audit = run_audit(kind="quick")
    with pytest.raises(ConfigError) as caught:
        store.audit("77")
    assert '"77"' in caught.value.message
    assert f"{audit.id} (quick, completed)" in caught.value.hint


def test_one_completed_full_audit_is_the_baseline(store, run_audit, make_audit):
    first, second, quick = run_audit(), run_audit(), run_audit(kind="quick")
    store.set_baseline(first.id)
    store.set_baseline(second.id, by="Ann")
    assert store.audit("baseline").id == second.id
    assert [audit.is_baseline for audit in store.audits()] == [False, True, False]
    last = store.journal()[-1]
    assert (last.by, last.action, last.old, last.new) == ("Ann", "baseline", {"audit": first.id}, {"audit": second.id})
    for other in (quick.id, store.begin(make_audit())):
        with pytest.raises(ConfigError, match="only a completed full audit"):
            store.set_baseline(other)
    assert references.find_baseline(store).id == second.id


def test_the_audit_before_is_of_the_same_kind_and_scope(store, run_audit):
    quick = run_audit(kind="quick")
    full = run_audit()
    partial = run_audit(kind="partial", scope="HD-15")
    other = run_audit(kind="partial", scope="HD-20")
    later = run_audit(kind="quick")
    assert references.find_previous(store, later).id == quick.id
    assert references.find_previous(store, full) is None
    assert references.find_previous(store, other) is None
    assert references.find_previous(store, run_audit(kind="partial", scope="HD-15")).id == partial.id


QUARTERS = {f"Q{n}": (start, end) for n, (start, end) in enumerate(pairwise([Q1, Q2, Q3, Q4, Q5]), start=1)}


@pytest.fixture
def of(run_audit):
    """A completed audit of a quarter: of("Q2")."""

    def run(quarter, **fields):
        start, end = QUARTERS[quarter]
        return run_audit(period_start=start, period_end=end, **fields)

    return run


def ids(audits):
    return [audit.id for audit in audits]


def test_periods_decide_what_is_previous_and_not_the_order_of_running(store, of):
    second, first = of("Q2"), of("Q1")
    third = of("Q3")
    assert references.find_previous(store, third).id == second.id
    assert references.find_previous(store, second).id == first.id
    assert references.find_previous(store, first) is None
    assert store.audit("previous").id == second.id
    assert ids(references.find_line(store, third)) == [first.id, second.id, third.id]
    late = of("Q1")  # now the last that ran: nothing lies before its period but its own first run
    assert (store.audit("last").id, store.audit("previous").id) == (late.id, first.id)
    assert references.find_latest(store, "full").id == third.id


def test_of_a_period_audited_twice_the_newest_run_counts(store, of):
    of("Q1")
    again = of("Q1")
    second = of("Q2")
    repeated = of("Q2")
    assert references.find_previous(store, second).id == again.id
    assert references.find_previous(store, repeated).id == again.id  # not its own twin
    assert ids(references.find_line(store, repeated)) == [again.id, repeated.id]


def test_with_one_period_alone_its_runs_are_held_against_each_other(store, of):
    runs = [of("Q3") for _number in range(3)]
    assert references.find_previous(store, runs[0]) is None
    assert references.find_previous(store, runs[2]).id == runs[1].id
    assert ids(references.find_line(store, runs[2])) == ids(runs)
    assert ids(references.find_line(store, runs[2], limit=2)) == ids(runs[1:])


def test_kind_and_scope_are_like_with_like(store, of, make_audit):
    full = of("Q1")
    quick = of("Q1", kind="quick")
    partial = of("Q1", kind="partial", scope="HD-15 HD-20")
    of("Q1", kind="partial", scope="HD-15")
    assert references.find_previous(store, of("Q2", kind="quick")).id == quick.id
    assert references.find_previous(store, of("Q2", kind="partial", scope="HD-20 HD-15")).id == partial.id
    assert references.find_previous(store, of("Q2", kind="partial", scope="HD-24")) is None
    assert references.find_previous(store, of("Q2")).id == full.id
    start, end = QUARTERS["Q3"]
    store.begin(make_audit(period_start=start, period_end=end))  # never completed
    assert references.find_previous(store, of("Q4")).period_end == Q3
    assert references.find_latest(store, "partial", partial).scope == "HD-20 HD-15"
    assert references.find_latest(store, "full", partial).period_end == Q5


def test_a_year_is_no_quarter(store, of, run_audit):
    third, fourth = of("Q3"), of("Q4")
    year = run_audit(period_start=Q1, period_end=Q5)
    assert references.find_previous(store, year) is None  # the quarters lie within it
    assert references.find_previous(store, fourth).id == third.id
    following = run_audit(period_start=Q5, period_end=Q5 + 90 * DAY)
    assert references.find_previous(store, following).id == fourth.id  # of two that end together, the one of its length


def test_quick_scans_overlap(store, run_audit):
    scans = [run_audit(kind="quick", period_start=Q2 + n * DAY, period_end=Q2 + (n + 28) * DAY) for n in (2, 0, 1)]
    assert ids(references.find_line(store, scans[0])) == [scans[1].id, scans[2].id, scans[0].id]


def test_audits_are_listed_newest_first_by_kind_and_state(store, run_audit, make_audit):
    ids = [run_audit(kind=kind).id for kind in ("full", "quick", "full")]
    running = store.begin(make_audit(kind="quick"))
    assert [audit.id for audit in store.audits()] == [running, *reversed(ids)]
    assert [audit.id for audit in store.audits(kind="quick")] == [running, ids[1]]
    assert [audit.id for audit in store.audits(kind="full", state="completed", limit=1)] == [ids[2]]
