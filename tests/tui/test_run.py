"""Run: choose, watch, cancel, resume; the work is in a thread and the screen stays awake."""

import threading

from deskaudit.model.periods import Period
from deskaudit.tui.job import PAINT_S, Job

Q2 = Period(1_774_994_400, 1_782_856_800)
Q3 = Period(1_782_856_800, 1_790_805_600)


async def test_the_form_makes_the_plan(desk, open_app):
    async with open_app(desk) as app:
        await app.press("r")
        assert "2026-Q3 (default)" in app.line("Period")
        await app.press("j", "j", "enter")
        await app.type("2026-Q2")
        assert "2026-Q2" in app.line("Period")
        await app.press("j", "j", "j", "space")  # Only, liveagent, netscan off
        assert "[ ] netscan" in app.line("netscan")
        await app.press("s", "enter")
        await app.wait(lambda: not app.app.job.running)
    (plan,) = desk.plans
    assert (plan.kind, plan.period, plan.sources, plan.pull) == ("full", Q2, ("liveagent", "backups"), True)


async def test_only_makes_a_partial_audit_and_refuses_unknown_names(desk, open_app):
    async with open_app(desk) as app:
        await app.press("r", "j", "j", "j", "enter")
        await app.type("15.9")
        assert "No item, check or group is called 15.9" in app.message
        await app.press("ctrl+u")
        await app.type("15.1")
        assert "partial" in app.line("Kind")
        await app.press("s", "enter")
        await app.wait(lambda: not app.app.job.running)
    assert desk.plans[0].kind == "partial"
    assert desk.plans[0].only == ("15.1",)


async def test_a_quick_scan_judges_28_days(desk, open_app):
    async with open_app(desk) as app:
        await app.press("r", "j", "enter")
        assert "quick" in app.line("Kind")
        await app.press("s", "enter")
        await app.wait(lambda: not app.app.job.running)
    assert desk.plans[0].kind == "quick"
    assert desk.plans[0].period == Period(desk.now() - 28 * 86400, desk.now())


async def test_a_period_that_cannot_be_read_is_refused(desk, open_app):
    async with open_app(desk) as app:
        await app.press("r", "j", "j", "enter")
        await app.type("yesterday")
        assert "is no period" in app.message
        await app.press("escape")
        assert "(default)" in app.line("Period")


async def test_one_watches_sources_and_checks_and_then_sees_the_new_audit(desk, open_app):
    async with open_app(desk) as app:
        await app.press("r", "s", "enter")
        await app.wait(lambda: not app.app.job.running and "finished" in app.lines[1])
        assert "complete" in app.line("Pull")
        assert "2000 rows" in app.line("Pull")
        assert "12 of 12 checks" in app.text
        assert "4 F FAIL" in app.text
        assert "429: waited 3 s" in app.text
        app.app.screen.lines.move_to(next(place for place, line in enumerate(app.lines) if "Promises" in line) - 2)
        await app.press("enter")
        assert "15.1 · high · Audit 7" in app.lines[1]
        await app.press("1")
        assert "Audit 7" in app.lines[1]
    assert desk.store.audit("last").id == 7
    assert len(desk.store.results(7)) == 12


async def test_what_a_pull_will_cost_stands_under_its_source(desk, open_app):
    desk.hold_pull = threading.Event()
    async with open_app(desk) as app:
        await app.press("r", "s", "enter")
        await app.wait(lambda: "about 412 requests, 2 min 20 s" in app.text)
        assert "ticket 500/2000" in app.line("Pull")
        await app.wait(lambda: "waiting 14 min for the server" in app.text)
        desk.hold_pull.set()
        await app.wait(lambda: not app.app.job.running)
        await app.wait(lambda: "about 412" not in app.text)  # it is over: what it took counts


async def test_cancelling_keeps_what_is_done_and_offers_to_resume(desk, open_app):
    desk.hold = threading.Event()
    async with open_app(desk) as app:
        await app.press("r", "s", "enter")
        await app.wait(lambda: "1 of 12" in app.text)
        assert " r Run* " in await app.press("j", "1", "3")
        await app.press("r")  # the screen is awake while the work stands still
        await app.press("q")
        assert "q again" in app.message
        await app.press("x")
        desk.hold.set()
        await app.wait(lambda: not app.app.job.running)
        await app.wait(lambda: "u resumes it" in app.message)
        assert "Stopped after 1 of 12 checks." in app.text
    audit = desk.store.audit(7)
    assert audit.state == "interrupted"
    assert desk.store.done_checks(7) == {"1.1"}


async def test_resuming_names_the_interrupted_audit(desk, open_app):
    async with open_app(desk) as app:
        await app.press("r")
        assert "Resume audit 6" in app.lines[2]
        assert "Its process ended" in app.lines[2]
        await app.press("u", "enter")
        await app.wait(lambda: not app.app.job.running)
    assert desk.plans[0].resume == 6
    assert desk.plans[0].pull is False
    assert desk.plans[0].period == Q3


async def test_a_fault_is_shown_and_the_app_lives(desk, open_app, monkeypatch):
    def broken(self, what, cancelled):
        raise ZeroDivisionError("in the engine")
        yield

    monkeypatch.setattr(type(desk), "run", broken)
    async with open_app(desk) as app:
        await app.press("r", "s", "enter")
        await app.wait(lambda: "A fault in deskaudit itself" in app.text)
        await app.press("1")
        assert "Assured" in app.text


def test_progress_messages_replace_one_another_and_paint_at_most_four_times_a_second(desk, monkeypatch):
    assert Job.Progressed().can_replace(Job.Progressed())
    assert not Job.Progressed().can_replace(Job.Ended("run", None))
    clock = [100.0]
    monkeypatch.setattr("deskaudit.tui.job.time.monotonic", lambda: clock[0])
    job = Job(app=None)
    painted = 0
    for _tick in range(400):  # four seconds
        painted += job.may_paint() == 0
        clock[0] += 0.01
    assert painted <= 4 / PAINT_S + 1


async def test_another_process_at_work_is_named_and_nothing_starts(desk, open_app):
    from deskaudit.audit import lock

    with lock.hold(desk.paths.lock, "an audit"):
        async with open_app(desk) as app:
            await app.press("r")
            assert "Another run holds this desk: an audit" in app.lines[2]
            await app.press("s")
            assert "Press r again" in app.message
            assert desk.plans == []
    async with open_app(desk) as app:
        assert "Another run" not in await app.press("r")
