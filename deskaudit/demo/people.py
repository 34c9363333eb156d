"""Who works at the made-up desk and who writes to it. Every name is invented."""

from random import Random

import msgspec

ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyz"
COMPANY = "Nordlys Sykkel AS"
DOMAIN = "nordlys-sykkel.example"

FIRST = [
    "Ada",
    "Birk",
    "Cilia",
    "Dag",
    "Eskil",
    "Frøya",
    "Geir",
    "Hedda",
    "Iver",
    "Jorunn",
    "Kasper",
    "Liv",
    "Magne",
    "Nora",
    "Odd",
    "Petra",
    "Runa",
    "Sindre",
    "Tiril",
    "Ulrik",
    "Vår",
    "Ylva",
    "Åse",
    "Øystein",
    "Alma",
    "Brage",
    "Dina",
    "Einar",
    "Gro",
    "Håkon",
]
LAST = [
    "Bjørkeli",
    "Dalseth",
    "Elvenes",
    "Fjelldal",
    "Granmo",
    "Hestnes",
    "Isdahl",
    "Kvernmo",
    "Lyngås",
    "Moskog",
    "Nesvik",
    "Oreid",
    "Plassen",
    "Rødseth",
    "Skarmo",
    "Tjønnås",
    "Ulvmo",
    "Vikeid",
    "Ytreland",
    "Ånesli",
    "Østlund",
    "Brattegard",
    "Furumo",
    "Holmset",
]
STREETS = ("Tromvik", "Sundnes", "Elvebakk", "Myrdal", "Stormo", "Haugvik", "Sørli", "Nordfoss")


class Department(msgspec.Struct, frozen=True):
    """`share` of the tickets, `agents` of fourteen, and what they are asked about."""

    id: str
    name: str
    share: float
    agents: int
    categories: tuple[str, ...]


DEPARTMENTS = (
    Department("default", "Customer Care", 0.30, 4, ("delivery", "invoice", "return", "general")),
    Department("dep0shop", "Web Shop", 0.22, 3, ("order", "payment", "account", "delivery")),
    Department("dep0work", "Workshop", 0.20, 3, ("brakes", "gears", "battery", "motor")),
    Department("dep0deal", "Dealers", 0.14, 2, ("price-list", "order", "warranty")),
    Department("dep000it", "IT Help", 0.14, 2, ("password", "printer", "vpn", "workstation")),
)
CATEGORIES = tuple(dict.fromkeys(name for department in DEPARTMENTS for name in department.categories))


class Agent(msgspec.Struct, frozen=True):
    id: str
    name: str
    email: str
    role: str
    department: int | None  # index into DEPARTMENTS
    active: bool
    two_factor: bool
    password_age_days: int


class Contact(msgspec.Struct, frozen=True):
    id: str
    first: str
    last: str
    email: str
    phone: str
    company: int | None
    language: str
    country: str


class People(msgspec.Struct, frozen=True):
    agents: tuple[Agent, ...]
    teams: tuple[tuple[int, ...], ...]  # department → indices of its active agents
    contacts: tuple[Contact, ...]
    companies: tuple[str, ...]
    overloaded: int  # the agent on whose desk things stay


def short_id(number: int) -> str:
    """Eight characters, as LiveAgent's ids have; different numbers give different ids."""
    scrambled = number * 1_500_450_271 % 36**8  # a prime, so that it is a permutation
    text = ""
    for _unused in range(8):
        scrambled, digit = divmod(scrambled, 36)
        text += ALPHABET[digit]
    return text


def invent(rng: Random, tickets: int) -> People:
    """People enough for so many tickets: fourteen agents for twenty thousand, and a contact for every four."""
    agents, teams = _staff(rng, max(1, tickets // 20_000))
    companies = tuple(
        f"{rng.choice(STREETS)} {kind}" for kind in ("Sport", "Sykkel", "Fritid", "Tur", "Sport og Fritid") * 5
    )
    contacts = []
    for number in range(max(40, tickets // 4)):
        first, last = rng.choice(FIRST), rng.choice(LAST)
        company = rng.randrange(len(companies)) if rng.random() < 0.18 else None
        language, country = rng.choices((("nb", "NO"), ("en", "GB"), ("de", "DE"), ("", "")), (84, 6, 5, 5))[0]
        contacts.append(
            Contact(
                id=short_id(2_000_000_000 + number),
                first=first,
                last=last,
                email=f"kunde{number}@post.example",
                phone=f"+470{1_000_000 + number * 37 % 9_000_000}",  # no Norwegian number begins with 0
                company=company,
                language=language,
                country=country,
            )
        )
    overloaded = teams[2][0]
    return People(
        agents=tuple(agents), teams=teams, contacts=tuple(contacts), companies=companies, overloaded=overloaded
    )


def _staff(rng: Random, scale: int) -> tuple[list[Agent], tuple[tuple[int, ...], ...]]:
    names = [f"{first} {last}" for first in FIRST for last in LAST]
    rng.shuffle(names)
    agents: list[Agent] = []

    def hire(role: str, department: int | None, *, active: bool = True) -> int:
        name = names[len(agents) % len(names)]
        address = f"agent{len(agents)}@{DOMAIN}"
        agents.append(
            Agent(
                id=short_id(1_000_000_000 + len(agents)),
                name=name,
                email=address,
                role=role,
                department=department,
                active=active,
                two_factor=active,
                password_age_days=rng.randrange(10, 330),
            )
        )
        return len(agents) - 1

    hire("owner", None)
    hire("admin", 4)
    teams = tuple(
        tuple(hire("agent", index) for _unused in range(department.agents * scale))
        for index, department in enumerate(DEPARTMENTS)
    )
    hire("agent", 0, active=False)
    return agents, teams
