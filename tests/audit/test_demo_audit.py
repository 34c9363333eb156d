"""The audit of the made-up desk finds every planted fault, and calls nothing healthy faulty.

The expected figures come from the demo's own books (`deskaudit.demo.faults`), counted in plain Python from the invented
world: they share no code with connectors, snapshot or checks.
"""

from collections.abc import Iterator

import pytest

from deskaudit.audit.desk import Desk
from deskaudit.demo import Demo
from deskaudit.demo.faults import Expected, expect, planted
from deskaudit.model.events import PullFinished
from deskaudit.model.verdicts import Audit, Result
from deskaudit.paths import Paths

NOW = 1795262400  # 2026-11-21 12:00 UTC
TICKETS = 6000


class Audited:
    def __init__(self, desk: Desk, demo: Demo, audit: Audit) -> None:
        self.desk = desk
        self.demo = demo
        self.audit = audit
        results = desk.store.results(audit.id, segments=True, evidence=True)
        self.results = {(one.check, one.leg, one.segment): one for one in results}
        known = {check.id for item in desk.catalogue.items.values() for check in item.check}
        self.expected = [
            one
            for one in expect(demo.world, demo.machines, audit.period_start, audit.period_end)
            if one.check in known  # the books speak of items too that the catalogue will have later
        ]

    def result(self, expected: Expected) -> Result:
        return self.results[expected.check, expected.leg, expected.segment]


@pytest.fixture(scope="module")
def audited(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Audited]:
    folder = tmp_path_factory.mktemp("demo")
    with pytest.MonkeyPatch.context() as patch, Demo.start(folder, NOW, tickets=TICKETS) as demo:
        for name, value in demo.environment.items():
            patch.setenv(name, value)
        desk = Desk(Paths(config=demo.config_path, data=folder / "data"), now=lambda: NOW)
        pulled = [event.pulled for event in desk.pull() if isinstance(event, PullFinished)]
        assert {source.state for source in pulled} == {"complete"}, [source.problems for source in pulled]
        list(desk.run(desk.plan(quick=True, pull=False)))
        # A quick scan leaves the monthly items out; judge the same 28 days with the whole catalogue.
        quick = desk.store.audits(kind="quick")[0]
        plan = desk.plan(period="", pull=False)
        whole = type(plan)(kind="full", period=type(plan.period)(quick.period_start, quick.period_end), pull=False)
        list(desk.run(whole))
        yield Audited(desk, demo, desk.store.audit("last"))
        assert {method for method, _path in ((one.method, one.path) for one in demo.server.log)} == {"GET"}
        desk.close()


def test_every_planted_fault_is_found(audited):
    faults = planted(audited.demo.world, audited.demo.machines, audited.audit.period_start, audited.audit.period_end)
    assert len(faults) >= 12
    missed = [one.id for one in faults if audited.result(one).status not in {"WARN", "FAIL"}]
    assert missed == []


def test_each_figure_is_what_the_books_say(audited):
    wrong = []
    for one in audited.expected:
        found = audited.results.get((one.check, one.leg, one.segment))
        if found is None or one.value is None:
            wrong.append((one.id, "no result")) if found is None else None
            continue
        if found.value is None or abs(found.value - one.value) > one.near + 1e-9:
            wrong.append((one.id, f"{found.value} where the books say {one.value}"))
        if one.n is not None and not one.near and found.n != one.n:
            wrong.append((one.id, f"n {found.n} where the books say {one.n}"))
    assert not wrong, "\n".join(map(str, wrong))


def test_nothing_healthy_is_called_faulty(audited):
    healthy = [one for one in audited.expected if one.status == "PASS" and one.segment is None]
    assert len(healthy) >= 5
    blamed = [(one.id, audited.result(one).status) for one in healthy if audited.result(one).status in {"WARN", "FAIL"}]
    assert blamed == []


def test_the_evidence_names_the_planted_tickets(audited):
    (unowned,) = [one for one in audited.expected if one.id == "unowned"]
    found = {row.ref for row in audited.result(unowned).evidence}
    assert found <= set(unowned.refs)
    assert len(found) == min(20, len(unowned.refs))


def test_no_secret_and_no_address_reaches_any_file(audited):
    keys = [value.encode() for value in audited.demo.environment.values()]
    for file in (audited.desk.paths.data).rglob("*"):
        if file.is_file():
            data = file.read_bytes()
            assert not [key for key in keys if key in data], file
