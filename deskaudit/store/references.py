"""Words for audits: "last", "baseline", "previous", "newest", or a number."""

from typing import TYPE_CHECKING

from deskaudit.errors import ConfigError
from deskaudit.i18n import _
from deskaudit.model.verdicts import Audit

if TYPE_CHECKING:
    from deskaudit.store.store import Store

WORDS = ("last", "previous", "baseline", "newest")


def find(store: "Store", ref: str | int) -> Audit:
    """The audit meant by `ref`.

    last: the newest completed full audit (a quick scan never takes its place); where no full audit was ever completed,
    the newest completed one. previous: the one before it, as `find_previous` says. baseline: the one that was
    chosen. newest: whatever ran last, of any kind and state.
    """
    word = str(ref).strip().lower()
    if word == "newest":
        found = store.audits(limit=1)
    elif word == "last":
        found = _completed(store)
    elif word == "previous":
        found = [before for last in _completed(store) if (before := find_previous(store, last))]
    elif word == "baseline":
        found = store.select_audits("is_baseline = 1", {}, limit=1)
    else:
        found = _by_id(store, word.removeprefix("#"))
    if not found:
        raise ConfigError(_missing(word), hint=_existing(store))
    return found[0]


def find_previous(store: "Store", audit: Audit) -> Audit | None:
    """The audit that `audit` is held against: completed, of the same kind and scope, of the period before.

    Periods decide, not the order of running. Of several that end last before it the one of the nearest length, and of
    several over one period the newest run. Where no earlier period was audited: the run before it over the same one.
    """
    line = find_line(store, audit)
    return line[-2] if len(line) > 1 else None


def find_line(store: "Store", audit: Audit, limit: int | None = None) -> list[Audit]:
    """The audits that trends join with `audit`, in the order of their periods, each period once; `audit` ends it.

    Where no earlier period was audited, the runs before it over the same one. `limit`: so many of the last.
    """
    like = [
        one for one in store.audits(kind=audit.kind, state="completed") if one.id != audit.id and _is_like(one, audit)
    ]
    line = [audit]
    while (limit is None or len(line) < limit) and (before := _find_before(like, line[0])):
        line.insert(0, before)
    if len(line) == 1:
        runs = [one for one in like if one.id < audit.id and period_order(one)[:2] == period_order(audit)[:2]]
        line = [*reversed(runs), audit]
    return line if limit is None else line[-limit:]


def find_latest(store: "Store", kind: str, like: Audit | None = None) -> Audit | None:
    """The completed audit of a kind that judged the latest period, of the scope of `like` if that is of this kind."""
    found = store.audits(kind=kind, state="completed")
    if like is not None and like.kind == kind:
        found = [one for one in found if _is_like(one, like)]
    return max(found, key=period_order, default=None)


def period_order(audit: Audit) -> tuple[int, int, int]:
    """Sorts audits by what they judged: by the end of the period, then its start, then the run."""
    return audit.period_end, audit.period_start, audit.id


def _is_like(one: Audit, other: Audit) -> bool:
    """Like with like (ruling 1): the words of `--only` mean the same in any order."""
    return one.kind == other.kind and set(one.scope.split()) == set(other.scope.split())


def _find_before(like: list[Audit], audit: Audit) -> Audit | None:
    earlier = [one for one in like if one.period_end < audit.period_end and one.period_start < audit.period_start]
    length = audit.period_end - audit.period_start
    return max(
        earlier,
        key=lambda one: (one.period_end, -abs(one.period_end - one.period_start - length), one.id),
        default=None,
    )


def find_baseline(store: "Store") -> Audit | None:
    found = store.select_audits("is_baseline = 1", {}, limit=1)
    return found[0] if found else None


def demand_judging(audit: Audit) -> None:
    """Only a completed full audit judges others (ConfigError)."""
    if audit.kind != "full" or audit.state != "completed":
        raise ConfigError(
            _("Audit {id} is {kind} and {state}: only a completed full audit can be the baseline.").format(
                id=audit.id, kind=audit.kind, state=audit.state
            ),
            hint=_("Run one: deskaudit scan."),
        )


def _by_id(store: "Store", number: str) -> list[Audit]:
    if not (number.isascii() and number.isdecimal()) or len(number) > 18:  # 19 digits may be more than SQLite counts
        return []
    return store.select_audits("id = :id", {"id": int(number)})


def _completed(store: "Store") -> list[Audit]:
    """The newest completed full audit; where there is none, the newest completed one."""
    return store.audits(kind="full", state="completed", limit=1) or store.audits(state="completed", limit=1)


def _missing(word: str) -> str:
    if word in {"last", "newest"}:
        return _("There is no audit yet.") if word == "newest" else _("There is no completed audit yet.")
    if word == "previous":
        return _("No audit of an earlier period, of the same kind and checks, was completed: nothing to compare with.")
    if word == "baseline":
        return _("No audit was chosen as the baseline.")
    return _('There is no audit "{ref}".').format(ref=word)


def _existing(store: "Store") -> str:
    audits = store.audits(limit=5)
    if not audits:
        return _("Run one: deskaudit scan.")
    names = ", ".join(f"{audit.id} ({audit.kind}, {audit.state})" for audit in audits)
    return _("There are: {audits}. Or say last, previous, baseline or newest.").format(audits=names)
