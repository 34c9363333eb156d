import hashlib
import time

from deskaudit.demo.desk_rows import LISTS
from deskaudit.demo.stories import DAY
from deskaudit.demo.world import HOSTILE_SUBJECTS, World, build_world, stream_tickets


def fingerprint(world: World) -> str:
    digest = hashlib.sha256()
    for path, table in LISTS.items():
        made = table(world, world.now)
        digest.update(path.encode() + made.encode(range(len(made.rows)), "UTC", lambda _at: 0))
    return digest.hexdigest()


def test_same_seed_and_time_give_the_same_bytes(small: World, now: int) -> None:
    assert fingerprint(build_world(now, tickets=600)) == fingerprint(small)


def test_another_time_or_seed_gives_another_desk(small: World, now: int) -> None:
    seen = {
        fingerprint(small),
        fingerprint(build_world(now + 1, tickets=600)),
        fingerprint(build_world(now, tickets=600, seed=1)),
    }
    assert len(seen) == 3


def test_twenty_thousand_tickets_are_there_in_less_than_three_seconds_of_work(now: int) -> None:
    before = time.process_time()
    world = build_world(now)
    assert time.process_time() - before < 3
    assert len(world.tickets) == 20_000


def test_stories_are_in_order_and_end_by_now(world: World) -> None:
    previous = world.start
    for number, ticket in enumerate(world.tickets):
        assert ticket.number == number
        assert previous <= ticket.created <= world.now
        previous = ticket.created
        times = [step.at for step in ticket.steps]
        assert times == sorted(times)
        assert times[0] == ticket.created
        assert times[-1] <= world.now
        assert ticket.steps[0].kind == "new"


def test_people_work_in_opening_hours_only(world: World) -> None:
    """Talks may run over; replies and assignments may not."""
    for ticket in world.tickets[::7]:
        for step in ticket.steps:
            if step.kind in {"assign", "reply"} and not world.hours.is_open(step.at):
                assert world.hours.is_open(step.at - 1), (ticket.number, step)


def test_the_desk_lives_fifteen_months(world: World) -> None:
    assert world.now - world.tickets[0].created > 455 * DAY
    assert world.now - world.tickets[-1].created < 2 * DAY


def test_mondays_are_busier_than_sundays(world: World) -> None:
    weekday = [0] * 7
    for ticket in world.tickets:
        weekday[(ticket.created // DAY + 3) % 7] += 1
    assert weekday[0] > weekday[3] > 3 * weekday[6] > 0


def test_ids_and_codes_are_unique(world: World) -> None:
    assert len({world.ticket_id(ticket.number) for ticket in world.tickets}) == len(world.tickets)
    assert len({world.code(ticket.number) for ticket in world.tickets}) == len(world.tickets)


def test_three_subjects_are_hostile(world: World) -> None:
    assert {ticket.subject for ticket in world.tickets} >= set(HOSTILE_SUBJECTS)


def test_streamed_tickets_are_the_built_ones(small: World, now: int) -> None:
    streamed = list(stream_tickets(now, tickets=600))
    different = [a.number for a, b in zip(streamed, small.tickets, strict=True) if a.steps != b.steps]
    assert len(different) == 3  # the rotten ones are planted afterwards
