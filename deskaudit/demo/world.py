"""The made-up desk as a whole: people, tickets, calls, chats. The same seed and time give the same desk."""

from collections.abc import Iterator
from random import Random

from deskaudit.demo.hours import DAY_S, Hours, day_start, holidays, next_day
from deskaudit.demo.people import DEPARTMENTS, People, invent, short_id
from deskaudit.demo.stories import CUSTOMER, DAY, SYSTEM, Call, Chat, Step, Ticket, Writer

SEED = 20_260
TICKETS = 20_000
SPAN_DAYS = 456
"""Fifteen months."""

_WEEKDAYS = (1.22, 1.08, 1.0, 0.97, 0.86, 0.20, 0.17)
_SEASON = (0.90, 0.92, 0.98, 1.06, 1.10, 1.08, 0.98, 1.02, 1.02, 1.0, 0.98, 0.96)
_ANY_HOUR = (1, 1, 1, 1, 1, 3, 8, 22, 42, 50, 48, 40, 36, 42, 42, 36, 24, 18, 16, 16, 16, 13, 7, 3)
_CHANNELS = ("E", "M", "I", "C", "F")
_OPEN_CHANNELS = (50, 15, 15, 18, 2)  # while the desk is open
_SHUT_CHANNELS = (72, 24, 0, 0, 4)
_PRIORITIES = ("P1", "P2", "P3", "P4")
_PRIORITY_WEIGHTS = ((4, 14, 62, 20), (4, 16, 62, 18), (14, 20, 52, 14), (5, 18, 60, 17), (8, 22, 55, 15))
_SUBJECTS = {
    "delivery": ("Where is my parcel?", "The wheel set has not arrived", "Wrong address on the parcel"),
    "invoice": ("Invoice shows the wrong sum", "Copy of an invoice, please", "Paid twice"),
    "return": ("I want to return a helmet", "Return label does not print", "Refund not received"),
    "general": ("Opening hours of the shop", "Which size fits me?", "Question about service intervals"),
    "order": ("Order stays at 'in progress'", "Change of an order", "Two bells instead of one"),
    "payment": ("Card is refused at checkout", "Voucher does not work", "Payment hangs"),
    "account": ("Cannot sign in to the shop", "Delete my account", "Wrong name on my account"),
    "brakes": ("Brakes squeal after service", "Brake lever is loose", "Rear brake has no power"),
    "gears": ("Gears jump on the Fjord 3", "Chain falls off", "Shifter stuck in fourth"),
    "battery": ("Battery does not charge", "Battery lasts half an hour", "Charger shows a red light"),
    "motor": ("Motor cuts out uphill", "Error E14 on the display", "Rattling noise from the motor"),
    "price-list": ("Price list for next season", "Discount is missing", "Prices without VAT"),
    "warranty": ("Warranty for a cracked frame", "Warranty claim not answered", "Which parts are covered?"),
    "password": ("Forgot my password", "Locked out of the till", "New password does not work"),
    "printer": ("Label printer prints blanks", "Printer on floor 2 offline", "Toner is empty"),
    "vpn": ("No VPN from home", "VPN drops every hour", "Need VPN for a new colleague"),
    "workstation": ("Screen stays black", "Laptop is very slow", "Need a second screen"),
}
HOSTILE_SUBJECTS = (
    "Bell \x1b[31mred\x1b[0m and a \x07 sound",
    '=HYPERLINK("http://example.invalid","open me")',
    "[bold red]Discount[/] for \u202egnisrever",
)
"""Three subjects that must do nothing to a terminal, a spreadsheet or a screen's markup."""


class World:
    """`start` and `now` are epoch seconds; `tickets` are in order of creation, `tickets[n].number` is n."""

    __slots__ = ("calls", "chats", "hours", "now", "people", "seed", "start", "tickets")

    def __init__(self, now: int, seed: int, people: People, hours: Hours, start: int) -> None:
        self.now = now
        self.seed = seed
        self.people = people
        self.hours = hours
        self.start = start
        self.tickets: list[Ticket] = []
        self.calls: list[Call] = []
        self.chats: list[Chat] = []

    def ticket_id(self, number: int) -> str:
        return short_id(number)

    def code(self, number: int) -> str:
        """What people call a ticket: ABCDE-12345 made long, as LiveAgent prints it."""
        text = short_id(number + 500_000_000).upper().translate(_LETTERS)
        return f"{text[:3]}-{text[3:8]}-{number % 1000:03d}"


_LETTERS = str.maketrans("0123456789", "QXZKJVWYHU")


def build_world(now: int, *, tickets: int = TICKETS, seed: int = SEED) -> World:
    """The desk with so many tickets over the fifteen months before `now`."""
    rng = Random(f"{seed}/{now}")  # noqa: S311 - a game of dice, no secret
    start = day_start(now - SPAN_DAYS * DAY)
    hours = Hours(start - 7 * DAY, now + 400 * DAY)
    world = World(now, seed, invent(rng, tickets), hours, start)
    writer = Writer(rng, world.people, hours, start, now)
    world.tickets = list(_write_all(rng, world, writer, tickets))
    _plant_rotten(world)
    world.calls, world.chats = writer.calls, writer.chats
    return world


def stream_tickets(now: int, *, tickets: int, seed: int = SEED) -> Iterator[Ticket]:
    """The same tickets one by one, for a million of them in little memory; without the three planted rotten ones."""
    rng = Random(f"{seed}/{now}")  # noqa: S311
    start = day_start(now - SPAN_DAYS * DAY)
    hours = Hours(start - 7 * DAY, now + 400 * DAY)
    world = World(now, seed, invent(rng, tickets), hours, start)
    writer = Writer(rng, world.people, hours, start, now)
    for ticket in _write_all(rng, world, writer, tickets):
        yield ticket
        writer.calls.clear()
        writer.chats.clear()


def _write_all(rng: Random, world: World, writer: Writer, count: int) -> Iterator[Ticket]:
    shares = [department.share for department in DEPARTMENTS]
    contacts = len(world.people.contacts)
    step = max(1, count // 9)
    for number, created in enumerate(_arrivals(rng, world, count)):
        is_open = world.hours.is_open(created)
        channel = rng.choices(_CHANNELS, _OPEN_CHANNELS if is_open else _SHUT_CHANNELS)[0]
        department = rng.choices(range(len(DEPARTMENTS)), shares)[0]
        if channel in "IC" and department in {3, 4}:
            department = 0
        priority = rng.choices(_PRIORITIES, _PRIORITY_WEIGHTS[department])[0]
        ticket = Ticket(number, created, channel, department, priority)
        ticket.contact = min(int(rng.random() ** 1.3 * contacts), contacts - 1)
        categories = DEPARTMENTS[department].categories
        ticket.category = categories[min(int(rng.random() ** 1.6 * len(categories)), len(categories) - 1)]
        subjects = _SUBJECTS[ticket.category]
        ticket.subject = subjects[int(rng.random() * len(subjects))]
        if number % step == step // 2 and number // step < len(HOSTILE_SUBJECTS):
            ticket.subject = HOSTILE_SUBJECTS[number // step]
        ticket.has_level = rng.random() > 0.008
        writer.write(ticket)
        yield ticket


def _arrivals(rng: Random, world: World, count: int) -> Iterator[int]:
    """Times of creation in order: a whole number for each day by weekday and season, within the day by the hour."""
    midnights, weights = _days(world)
    total = sum(weights)
    passed, given = 0.0, 0
    for midnight, weight in zip(midnights, weights, strict=True):
        passed += weight
        due = round(count * passed / total)
        length = min(DAY, world.now - midnight)
        times: list[int] = []
        while len(times) < due - given:
            hour = rng.choices(range(24), _ANY_HOUR)[0]
            at = hour * 3_600 + int(rng.random() * 3_600)
            if at < length:
                times.append(midnight + at)
            elif length < 6 * 3_600:
                times.append(midnight + int(rng.random() * length))
        given = due
        yield from sorted(times)


def _days(world: World) -> tuple[list[int], list[float]]:
    from datetime import datetime
    from zoneinfo import ZoneInfo

    zone = ZoneInfo("Europe/Oslo")
    midnights: list[int] = []
    weights: list[float] = []
    day = world.start
    while day < world.now:
        local = datetime.fromtimestamp(day, zone).date()
        weight = _WEEKDAYS[6 if local in holidays(local.year) else local.weekday()] * _SEASON[local.month - 1]
        if world.now - day < DAY:  # today, as far as it has come
            passed = (world.now - day) // 3_600
            weight *= max(0.002, sum(_ANY_HOUR[:passed]) / sum(_ANY_HOUR))
        midnights.append(day)
        weights.append(weight)
        day = next_day(day)
    return midnights, weights


def _plant_rotten(world: World) -> None:
    """Three tickets that nobody has closed for months: the only ones above ninety days."""
    for days in (190, 152, 121):
        wanted = world.now - days * DAY
        for ticket in world.tickets:
            if ticket.created >= wanted and ticket.channel == "E" and ticket.steps[-1].status == "R":
                _stop(world, ticket)
                break


def _stop(world: World, ticket: Ticket) -> None:
    agent = world.people.teams[ticket.department][-1]
    taken = world.hours.after(ticket.created, 900)
    answered = world.hours.after(ticket.created, 5_400)
    ticket.steps[:] = [
        ticket.steps[0],
        Step(ticket.created + 30, "auto", SYSTEM, "N", None, ticket.department),
        Step(taken, "assign", SYSTEM, "N", agent, ticket.department),
        Step(answered, "reply", agent, "A", agent, ticket.department),
        Step(answered + 7_200, "customer", CUSTOMER, "C", agent, ticket.department),
    ]


__all__ = ["DAY_S", "SEED", "TICKETS", "World", "build_world", "stream_tickets"]
