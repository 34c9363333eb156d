"""Two audits side by side: what is new, fixed, worse, better, not tested, or judged by another rule (rulings 14, 15)."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, get_args

import msgspec

from deskaudit.errors import StoreError
from deskaudit.i18n import _
from deskaudit.model import figures
from deskaudit.model.verdicts import Audit, Result, Status
from deskaudit.store import judged

if TYPE_CHECKING:
    from deskaudit.store.store import Store

ChangeKind = Literal["new", "worse", "fixed", "better", "not_tested", "check_changed", "same"]
KINDS: tuple[ChangeKind, ...] = get_args(ChangeKind)
"""In the order in which they are shown."""

Identity = tuple[str, str, str | None]
"""check, leg, segment"""

_FINDING = {Status.FAIL, Status.WARN}
_EQUAL = 1e-9


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one result.

    new: WARN or FAIL now, and not before. fixed: the other way round, by a PASS. worse, better: clearly so (`clear`).
    same: no clear change. not_tested: one of the audits did not judge it. check_changed: text or thresholds differ,
    so that the figures cannot be held against each other. `delta` is after minus before, in percentage points for
    shares, else in the result's unit; None where a figure is missing or the check has changed.
    """

    kind: ChangeKind
    item: str
    check: str
    name: str
    title: str
    leg: str
    segment: str | None
    unit: str
    before: Result | None
    after: Result | None
    delta: float | None
    delta_unit: str  # points, or the result's unit
    clear: bool

    @property
    def identity(self) -> Identity:
        return self.check, self.leg, self.segment


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """`before` and `after`, the changes worst first, how many there are of each kind (desk and segments apart), and
    what a reader must know before he trusts them.
    """

    before: Audit
    after: Audit
    changes: list[Change]
    counts: dict[str, int]
    segment_counts: dict[str, int]
    notes: list[str]


class Findings(msgspec.Struct, frozen=True, kw_only=True):
    """Which subjects of one result are findings only now, or no longer. Lists are cut to the limit, counts are whole.

    `whole` is False where the frozen rows of an audit are gone: then only the kept evidence is compared.
    """

    new: list[int]
    gone: list[int]
    new_count: int
    gone_count: int
    stayed_count: int
    whole: bool


def compare(store: "Store", before: Audit, after: Audit) -> Comparison:
    """All results of two audits, desk and segments."""
    changes = sorted(_changes(store, before, after), key=_worst_first)
    return Comparison(
        before=before,
        after=after,
        changes=changes,
        counts=_count([change for change in changes if change.segment is None]),
        segment_counts=_count([change for change in changes if change.segment is not None]),
        notes=_notes(before, after),
    )


def change_since(store: "Store", audit: Audit, reference: Audit) -> dict[Identity, Change]:
    """What became of each result of `audit`, and of `reference`, by identity."""
    return {change.identity: change for change in _changes(store, reference, audit)}


def judge(before: Result | None, after: Result | None) -> Change:
    """One pair; at least one of the two is there."""
    known = after or before
    if known is None:
        message = "a change needs a result"
        raise ValueError(message)
    kind, clear = _kind(before, after)
    delta = None
    if kind != "check_changed" and before and after and before.value is not None and after.value is not None:
        # Rounded where floating point ends and figures begin.
        delta = round((after.value - before.value) * (100 if known.unit == "share" else 1), 9)
    return Change(
        kind=kind,
        item=known.item,
        check=known.check,
        name=known.name,
        title=known.title,
        leg=known.leg,
        segment=known.segment,
        unit=known.unit,
        before=before,
        after=after,
        delta=delta,
        delta_unit="points" if known.unit == "share" else known.unit,
        clear=clear,
    )


def compare_findings(
    store: "Store", before: Audit, after: Audit, check: str, leg: str = "", segment: str | None = None, limit: int = 500
) -> Findings:
    """Finding by finding (check, leg, segment, subject), from the frozen rows of both audits."""
    now, now_whole = _subjects(store, after, check, leg, segment)
    then, then_whole = _subjects(store, before, check, leg, segment)
    new, gone = sorted(now - then), sorted(then - now)
    return Findings(
        new=new[:limit],
        gone=gone[:limit],
        new_count=len(new),
        gone_count=len(gone),
        stayed_count=len(now & then),
        whole=now_whole and then_whole,
    )


def _changes(store: "Store", before: Audit, after: Audit) -> list[Change]:
    then = {_identity(result): result for result in store.results(before.id, segments=True, sort="check")}
    now = {_identity(result): result for result in store.results(after.id, segments=True, sort="check")}
    return [judge(then.get(one), now.get(one)) for one in dict.fromkeys([*now, *then])]


def _identity(result: Result) -> Identity:
    return result.check, result.leg, result.segment


def _kind(before: Result | None, after: Result | None) -> tuple[ChangeKind, bool]:
    if before and after and before.check_hash and after.check_hash and before.check_hash != after.check_hash:
        return "check_changed", False
    was = before is not None and before.status in _FINDING
    found = after is not None and after.status in _FINDING
    if found and not was and before and after and before.status.judged:
        return "new", _is_clear(before, after)
    if before is None or after is None or not (before.status.judged and after.status.judged):
        both_told = before and after and before.status is after.status is Status.INFO
        return ("same" if both_told else "not_tested"), False
    clear = _is_clear(before, after)
    if was and not found:
        return "fixed", clear
    direction = _direction(before, after)
    if not clear or direction == 0:
        return "same", False
    return ("better" if direction > 0 else "worse"), True


def _is_clear(before: Result, after: Result) -> bool:
    """Samples: the intervals do not touch. Censuses: any change that shows. Without an interval the statuses speak.

    A change that shows is one in the figure as people read it: an age of 374.5 days an hour later is the same age.
    """
    if after.population == "census":
        return _shows(before) != _shows(after) or before.status is not after.status
    if before.interval and after.interval:
        return before.interval[1] < after.interval[0] or after.interval[1] < before.interval[0]
    return before.status is not after.status


def _shows(result: Result) -> str:
    return figures.show(result.value, result.unit, result.clock)


def _differ(one: float | None, other: float | None) -> bool:
    if one is None or other is None:
        return one is not other
    return abs(one - other) > _EQUAL * max(1.0, abs(one), abs(other))


def _direction(before: Result, after: Result) -> int:
    """1 better, -1 worse, 0 neither: by the figure where one side of it is good, else by the status."""
    if before.value is not None and after.value is not None and after.better in {"higher", "lower"}:
        if not _differ(before.value, after.value):
            return 0
        return 1 if (after.value > before.value) == (after.better == "higher") else -1
    return (before.status.badness > after.status.badness) - (before.status.badness < after.status.badness)


def _subjects(store: "Store", audit: Audit, check: str, leg: str, segment: str | None) -> tuple[set[int], bool]:
    """The subjects judged bad; whole, or those of the kept evidence alone."""
    found = store.result(audit.id, check, leg, segment)
    if found is None or found.n_rows == 0:
        return set(), True
    kept = {one.subject for one in found.evidence}
    try:
        with judged.JudgedRows(store, audit, found.check, leg=leg, segment=segment, only_bad=True) as rows:
            subjects = rows.subjects()
    except StoreError:
        return kept, False
    if found.kind in {"ratio", "count"}:
        return subjects, True
    # Other kinds judge a figure, not each row: what is kept as evidence is all that can be called a finding.
    return kept, found.n_rows <= len(kept)


def _count(changes: Sequence[Change]) -> dict[str, int]:
    return {kind: sum(change.kind == kind for change in changes) for kind in KINDS}


def _worst_first(change: Change) -> tuple[int, int, int, int, str, str]:
    shown = change.after or change.before
    status = shown.status.badness if shown else 0
    weight = shown.weight if shown else 0
    return (
        KINDS.index(change.kind),
        change.segment is not None,
        -status,
        -weight,
        change.check.zfill(8),
        f"{change.leg} {change.segment or ''}",
    )


def _notes(before: Audit, after: Audit) -> list[str]:
    notes = []
    if before.kind != after.kind:
        notes.append(
            _("Audit {a} is {kind_a}, audit {b} is {kind_b}: they judge different spans of time.").format(
                a=before.id, kind_a=before.kind, b=after.id, kind_b=after.kind
            )
        )
    if before.scope != after.scope:
        notes.append(
            _("The audits cover different checks: {a} and {b}.").format(
                a=before.scope or _("all of them"), b=after.scope or _("all of them")
            )
        )
    if before.formula_version != after.formula_version:
        notes.append(_("The score's formula has changed between the audits: their scores cannot be compared."))
    elif before.weights != after.weights:
        notes.append(_("The checks' weights have changed between the audits: compare their scores with care."))
    notes.extend(
        _("Audit {id} is {state}: what it did not reach counts as not tested.").format(id=audit.id, state=audit.state)
        for audit in (before, after)
        if audit.state != "completed"
    )
    return notes
