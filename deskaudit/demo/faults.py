"""What is wrong with the made-up desk, and what is not: data that an audit of it can be held against.

The figures come from `counting`, never from an audit. `status` follows from the catalogue's thresholds, which are
written here a second time on purpose.
"""

from collections.abc import Sequence
from itertools import pairwise
from statistics import median
from typing import Literal

import msgspec

from deskaudit.demo import counting
from deskaudit.demo.backups import RPO_S
from deskaudit.demo.counting import Share
from deskaudit.demo.machines import CRITICAL, Machine
from deskaudit.demo.people import DEPARTMENTS
from deskaudit.demo.stories import DAY, Ticket
from deskaudit.demo.world import World

Status = Literal["PASS", "WARN", "FAIL"]


class Expected(msgspec.Struct, frozen=True, kw_only=True):
    """What one check ought to say of the whole desk, or of one segment, in one period.

    `value` in the check's own unit (share, s, count, days, points); `n` the rows judged; `near` how far an audit's
    value may lie off where definitions differ by a hair. `refs` are what people call the bad rows: ticket codes,
    agents, machines, jobs.
    """

    id: str
    check: str
    what: str
    status: Status
    value: float | None = None
    n: int | None = None
    near: float = 0.0
    leg: str = ""
    segment: str | None = None
    refs: tuple[str, ...] = ()
    planted: bool = True  # False: meant to be healthy at the end of the fifteen months


def expect(world: World, machines: list[Machine], start: int, end: int) -> list[Expected]:
    """Everything that is known of the period: planted faults and healthy checks.

    Machines, and what jobs are like, are known as fetched: they are judged only where the period ends now.
    """
    found = [
        *_tickets(world, start, end),
        *_promises(world, start, end),
        *_satisfaction(world, start, end),
        *_waiting(world, start, end),
        *_nights(world, start, end),
    ]
    return [*found, *_assets(machines), *_jobs(end)] if end > world.now - DAY else found


def planted(world: World, machines: list[Machine], start: int, end: int) -> list[Expected]:
    """The faults that an audit of the period must find."""
    return [one for one in expect(world, machines, start, end) if one.planted and one.status != "PASS"]


def planted_healthy(world: World, machines: list[Machine], start: int, end: int) -> list[Expected]:
    """What an audit of the period must not call faulty."""
    return [one for one in expect(world, machines, start, end) if one.status == "PASS"]


def _low(value: float | None, passes: float, warns: float) -> Status:
    """The less the better."""
    value = value or 0.0
    return "PASS" if value <= passes else "WARN" if value <= warns else "FAIL"


def _high(value: float | None, passes: float, warns: float) -> Status:
    """The more the better."""
    value = value or 0.0
    return "PASS" if value >= passes else "WARN" if value >= warns else "FAIL"


def _tickets(world: World, start: int, end: int) -> list[Expected]:
    stock = len(counting.open_at(world, end))
    before = len(counting.open_at(world, start))
    orphans = counting.unowned(world, end)
    judged = counting.judged_for_owner(world, end)
    rotten = counting.older_than(world, end, 90)
    old = counting.older_than(world, end, 30)
    idle = counting.idle(world, end, 14)
    heavy = counting.overloaded(world, end)
    growth = (stock - before) / max(before, 20)
    return [
        Expected(
            id="unowned",
            check="08.1",
            what="open tickets without an owner, of those older than an open hour",
            status=_low(len(orphans), max(3, 0.05 * judged), max(10, 0.15 * judged)),
            value=len(orphans) / judged,
            n=judged,
            refs=_codes(world, orphans),
        ),
        Expected(
            id="older-30-days",
            check="08.2",
            leg="over-30-days",
            what="open tickets older than 30 days",
            status=_low(len(old) / stock, 0.05, 0.15),
            value=len(old) / stock,
            n=stock,
            refs=_codes(world, old),
        ),
        Expected(
            id="rotten",
            check="08.2",
            leg="over-90-days",
            what="open tickets older than 90 days",
            status="WARN" if rotten else "PASS",
            value=len(rotten) / stock,
            n=stock,
            refs=_codes(world, rotten),
        ),
        Expected(
            id="idle",
            check="08.3",
            what="open tickets on which nothing happened for 14 days",
            status=_low(len(idle) / stock, 0.02, 0.10),
            value=len(idle) / stock,
            n=stock,
            refs=_codes(world, idle),
        ),
        Expected(
            id="backlog-growth",
            check="08.4",
            what="growth of the backlog over the period",
            status=_low(growth, 0.10, 0.25),
            value=growth,
        ),
        Expected(
            id="overloaded-agent",
            check="08.5",
            what="an agent with more than ten open tickets and more than twice the team's median",
            status=_low(len(heavy), 0, 2),
            value=len(heavy),
            refs=tuple(world.people.agents[agent].name for agent in heavy),
        ),
        _share(
            "reopened",
            "07.4",
            "resolved tickets that came back",
            counting.reopened(world, start, end),
            (0.05, 0.08),
            near=0.01,
            planted=False,
        ),
    ]


def _codes(world: World, tickets: Sequence[Ticket]) -> tuple[str, ...]:
    return tuple(world.code(ticket.number) for ticket in tickets)


def _share(
    name: str,
    check: str,
    what: str,
    share: Share,
    bounds: tuple[float, float],
    *,
    planted: bool = True,
    higher: bool = False,
    near: float = 0.0,
    leg: str = "",
    segment: str | None = None,
) -> Expected:
    judge = _high if higher else _low
    return Expected(
        id=name,
        check=check,
        what=what,
        status=judge(share.value, *bounds),
        value=share.value,
        n=share.n,
        near=near,
        leg=leg,
        segment=segment,
        planted=planted,
    )


def _promises(world: World, start: int, end: int) -> list[Expected]:
    kept = counting.promises(world, start, end)
    legs = (("first-response", "first_answer"), ("resolution", "first_resolve"))
    found = [
        _share(
            f"{priority.lower()}-{leg}",
            "15.1",
            what,
            counting.sum_shares(kept, measure, priority),
            (0.95, 0.90),
            higher=True,
            near=0.02,  # an audit judges tickets without a level by the catalogue's default promise
            leg=leg,
            segment=priority,
            planted=priority == "P1",
        )
        for leg, measure in legs
        for priority, what in (("P1", "P1 promises, missed above all in the Workshop"), ("P2", "P2 promises"))
    ]
    level = counting.levelled(world, start, end)
    name = "tickets with a service level"
    return [*found, _share("levelled", "15.2", name, level, (0.98, 0.90), higher=True, near=0.01, planted=False)]


def _satisfaction(world: World, start: int, end: int) -> list[Expected]:
    by_department = counting.satisfied_by_department(world, start, end)
    gap = max(_gap(by_department), _gap(counting.satisfied_by_category(world, start, end)))
    shop = DEPARTMENTS[1].name
    return [
        _share("csat", "18.1", "satisfied answers", counting.satisfied(world, start, end), (0.85, 0.75), higher=True),
        _share(
            "csat-web-shop",
            "18.1",
            "satisfied answers in the Web Shop",
            by_department[shop],
            (0.85, 0.75),
            higher=True,
            segment=shop,
            near=0.05,
        ),
        _share(
            "low-ratings",
            "18.4",
            "low ratings followed up within three open days",
            counting.followed_up(world, start, end),
            (0.90, 0.70),
            higher=True,
            near=0.05,
        ),
        Expected(
            id="csat-gap",
            check="18.5",
            what="points between the best and the worst department or category",
            status=_low(gap, 10, 20),
            value=gap,
            near=0.5,
        ),
    ]


def _gap(parts: dict[str, Share]) -> float:
    """Points between the best and the worst part with twenty answers or more."""
    shares = [share.value for share in parts.values() if share.n >= 20 and share.value is not None]
    return 100 * (max(shares) - min(shares)) if shares else 0.0


def _waiting(world: World, start: int, end: int) -> list[Expected]:
    mails = counting.first_responses(world, start, end)
    chats = counting.chat_waits(world, start, end)
    quick = counting.answered_quickly(world, start, end)
    given_up = counting.abandoned(world, start, end)
    return [
        _time("mail-response", "email", mails, (14_400, 28_800), planted=False),
        _time("chat-response", "chat", chats, (60, 180)),
        _share("quick-calls", "20.3", "incoming calls answered in 30 s", quick, (0.80, 0.70), higher=True, leg="quick"),
        _share("abandoned", "20.3", "incoming calls given up", given_up, (0.05, 0.08), leg="abandoned"),
    ]


def _time(name: str, leg: str, waits: list[int], bounds: tuple[int, int], *, planted: bool = True) -> Expected:
    middle = median(waits) if waits else None
    return Expected(
        id=name,
        check="20.1",
        what=f"median first response by {leg}",
        status=_low(middle, *bounds),
        value=middle,
        n=len(waits),
        near=60.0 if leg == "email" else 1.0,
        leg=leg,
        planted=planted,
    )


def _assets(machines: list[Machine]) -> list[Expected]:
    ended = counting.ended(machines)
    age = counting.list_age_days(machines)
    strangers = counting.unknown_hosts(machines)
    ghosts = counting.ghosts(machines)
    filled = counting.filled(machines)
    return [
        _share("unknown-hosts", "03.1", "scanned hosts that the list does not know", strangers, (0.01, 0.05)),
        _share("ghosts", "03.2", "active listed machines that no scan sees", ghosts, (0.05, 0.10)),
        Expected(
            id="stale-list",
            check="03.3",
            what="days since the rows of the list were looked at, of the oldest tenth the youngest",
            status=_low(age, 90, 182),
            value=age,
            near=1.5,  # the list has days without a time
        ),
        Expected(
            id="end-of-support",
            check="03.4",
            leg="ended",
            what="machines whose system is past its end of support",
            status=_low(len(ended), 0, 0),
            value=len(ended),
            refs=tuple(ended),
        ),
        _share("fields-filled", "03.5", "required fields", filled, (0.95, 0.85), higher=True, planted=False),
        Expected(
            id="systems-agree",
            check="03.7",
            what="machines whose system is not the listed one",
            status="PASS",
            value=0.0,
            planted=False,
        ),
    ]


def _nights(world: World, start: int, end: int) -> list[Expected]:
    """The runs of the period: the whole desk is as good as its worst job."""
    states = {name: nights for name, nights in counting.backup_states(world.now, start, end).items() if nights}
    if not states:
        return []
    found = [_job_runs(name, nights) for name, nights in states.items()]
    worst = min(found, key=lambda one: one.value or 0.0)
    in_a_row = any(_twice(nights) for nights in states.values())
    silent = sum(nights.count("silent") for nights in states.values())
    return [
        Expected(
            id="failed-backups",
            check="24.1",
            what="runs that succeeded, of the worst job's",
            status="FAIL" if in_a_row else worst.status,
            value=worst.value,
            refs=tuple(name for name, nights in states.items() if _twice(nights)),
        ),
        *found,
        Expected(
            id="silent-nights",
            check="24.3",
            what="nights that were due and left no trace",
            status=_low(silent, 0, 1),
            value=silent,
            refs=("erp",),
        ),
    ]


def _job_runs(name: str, nights: list[str]) -> Expected:
    share = Share(nights.count("ok"), len(nights))
    return Expected(
        id=f"runs-{name}",
        check="24.1",
        what="runs that succeeded, of those due",
        status="FAIL" if _twice(nights) else _high(share.value, 0.98, 0.95),
        value=share.value,
        segment=name,
        planted=name in {"database", "erp"},
    )


def _twice(nights: list[str]) -> bool:
    """Two in a row did not succeed; one that never began counts."""
    return any(a != "ok" and b != "ok" for a, b in pairwise(nights))


def _jobs(now: int) -> list[Expected]:
    """What holds of the jobs as fetched."""
    uncovered = counting.uncovered()
    age = counting.oldest_success_s(now) / RPO_S
    covered = 1 - len(uncovered) / len(CRITICAL)
    return [
        Expected(
            id="no-offsite-copy",
            check="24.4",
            leg="off-site",
            what="a job without a copy elsewhere",
            status="FAIL",
            refs=("mail",),
        ),
        Expected(id="restore-tests", check="24.5", what="a job that was never restored", status="FAIL", refs=("erp",)),
        Expected(
            id="empty-backup", check="24.6", what="runs that hold nothing", status="FAIL", value=3, refs=("mail",)
        ),
        Expected(
            id="uncovered-server",
            check="24.7",
            what="critical servers that a job covers",
            status="FAIL",
            value=covered,
            n=len(CRITICAL),
            refs=tuple(uncovered),
        ),
        Expected(
            id="fresh-backups",
            check="24.2",
            what="age of the oldest last success, in recovery point objectives",
            status=_low(age, 1.0, 1.5),
            value=age,
            planted=False,
        ),
    ]
