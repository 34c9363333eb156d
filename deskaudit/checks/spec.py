"""What an item file may say. Unknown keys are errors at load."""

from typing import Literal

import msgspec

from deskaudit.i18n import item_text

Kind = Literal["ratio", "duration", "count", "number", "list", "gap", "correlation"]
Stat = Literal["share", "count", "mean", "median", "p90", "sum", "min", "max", "cv", "spread", "gap", "rho"]
Group = Literal["governance", "people", "tickets", "customers", "knowledge", "assets", "platform", "security"]
OR = "|"
"""Between two columns in `needs` of which either is enough."""
Cadence = Literal["live", "daily", "weekly", "monthly", "quarterly", "half-year", "yearly", "each-audit"]


class Judge(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Thresholds and how a figure is made from the rows; a check has one, or one for each leg.

    PASS where the value is no worse than `passes`, WARN where it is no worse than `warns`, else FAIL. `warns` left
    out: never worse than WARN. `pass_count`/`warn_count`: of a ratio, as many faults are allowed whatever the share.
    `only` keeps the rows whose `part` column equals it. `drift`: the value is the change against the reference
    period, in the worse direction: relative, of ratios in percentage points. `fail_if`: a condition on the leg's
    rows (`good = 0 AND role = 'admin'`), or a SELECT from `judged`, which is those rows; any row it lists makes the
    leg FAIL, and `fail_says` tells in words what that row is. Neither thresholds nor `fail_if`: INFO. `says`: the figure
    in words, for the reason.
    """

    stat: Stat | None = None  # default by kind: share, median, count, mean
    unit: str | None = None  # share, s, count, days, ratio, points, …
    better: Literal["lower", "higher", "band", ""] | None = None
    passes: float | None = None
    warns: float | None = None
    pass_count: int | None = None
    warn_count: int | None = None
    band: tuple[float, float] | None = None
    warn_band: tuple[float, float] | None = None
    drift: bool | None = None
    only: str | None = None
    fail_if: str | None = None
    fail_says: str = ""  # what fails by itself: "two failures in a row"; goes with every fail_if
    says: str = (
        ""  # "{faults} of {n} open tickets have no owner"; also {good}, {value}, and {change}, the value with its sign
    )


class Leg(Judge, kw_only=True, forbid_unknown_fields=True):
    """One of several judgements of a check; the worst is the check's status.

    What a leg leaves out it takes from its check; thresholds only where it has none of its own.
    """

    leg: str  # kebab-case: first-response, p90
    title: str = ""
    rows: str | None = None  # own rows; else the check's


class Check(Judge, kw_only=True, forbid_unknown_fields=True):
    """One automated check. See docs/writing-a-check.md for the row contract of `rows`.

    `rows` that begin with "python:" name a function instead: "python:deskaudit.checks.coremetrics:rows".
    """

    id: str
    name: str
    title: str
    kind: Kind
    of: str  # what `subject` is: an entity's name
    # Entities; not filled → NODATA. "ticket.priority": that column must have a value somewhere;
    # "ticket.category|ticket_tag.tag": one of the two.
    needs: list[str]
    rows: str | None = None
    leg: list[Leg] = msgspec.field(default_factory=list)
    severity: Literal["critical", "high", "medium", "low"]
    population: Literal["sample", "census"]
    clock: Literal["business", "wall"] = "wall"
    source: str  # where the thresholds come from
    why: str = ""
    advice: str
    cohort: str = ""  # which rows belong to the period, in words
    params: dict[str, float] = msgspec.field(default_factory=dict)
    state_of: bool = False  # judges state as fetched: NODATA for an as-of before the first fetch (ruling 4)
    history: bool = False  # state known through events: any as-of can be judged
    phase: Literal[1, 2] = 1
    missing: str = ""  # what to do where the data is not there; ends the NODATA message
    columns: dict[str, str] = msgspec.field(default_factory=dict)  # display column → unit (s, at, count, text)

    def text(self, key: str) -> str:
        """`title`, `why`, `advice`, `cohort` or `missing`, which a locale translates by its id ("15.1.title")."""
        return item_text(f"{self.id}.{key}", getattr(self, key))


class Question(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """One manual question. "Yes" is the good answer.

    `must`: a "no" fails the item's manual half, and "partly" keeps it from passing. `scope`: asks whether the item
    applies at all; a "no" makes the item NA (ruling 20).
    """

    id: str
    ask: str
    must: bool = False
    scope: bool = False
    type: Literal["yes", "scale", "choice", "number", "date", "text", "evidence"] = "yes"
    choices: list[str] = msgspec.field(default_factory=list)
    guide: str = ""  # what to look at before answering
    beside: list[str] = msgspec.field(default_factory=list)  # checks shown beside the question; default: the item's


class Item(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """One checklist item: one file of the catalogue."""

    id: str
    slug: str
    title: str
    group: Group
    cadence: Cadence
    why: str
    check: list[Check] = msgspec.field(default_factory=list)
    question: list[Question] = msgspec.field(default_factory=list)
