import pytest

from deskaudit.errors import ConfigError
from deskaudit.store import references


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


def test_audits_are_listed_newest_first_by_kind_and_state(store, run_audit, make_audit):
    ids = [run_audit(kind=kind).id for kind in ("full", "quick", "full")]
    running = store.begin(make_audit(kind="quick"))
    assert [audit.id for audit in store.audits()] == [running, *reversed(ids)]
    assert [audit.id for audit in store.audits(kind="quick")] == [running, ids[1]]
    assert [audit.id for audit in store.audits(kind="full", state="completed", limit=1)] == [ids[2]]
