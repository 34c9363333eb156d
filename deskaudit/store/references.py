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
    the newest completed one. previous: the completed one of the same kind before it. baseline: the one that was
    chosen. newest: whatever ran last, of any kind and state.
    """
    word = str(ref).strip().lower()
    if word == "newest":
        found = store.audits(limit=1)
    elif word == "last":
        found = _completed(store)[:1]
    elif word == "previous":
        found = _completed(store)[1:2]
    elif word == "baseline":
        found = store.select_audits("is_baseline = 1", {}, limit=1)
    else:
        found = _by_id(store, word.removeprefix("#"))
    if not found:
        raise ConfigError(_missing(word), hint=_existing(store))
    return found[0]


def find_previous(store: "Store", audit: Audit) -> Audit | None:
    """The completed audit of the same kind and scope before this one."""
    found = store.select_audits(
        "id < :id AND kind = :kind AND scope = :scope AND state = 'completed'",
        {"id": audit.id, "kind": audit.kind, "scope": audit.scope},
        limit=1,
    )
    return found[0] if found else None


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
    """The two newest completed full audits; where there are none, those of the newest completed one's kind."""
    full = store.audits(kind="full", state="completed", limit=2)
    if full:
        return full
    newest = store.audits(state="completed", limit=1)
    return store.audits(kind=newest[0].kind, state="completed", limit=2) if newest else []


def _missing(word: str) -> str:
    if word in {"last", "newest"}:
        return _("There is no audit yet.") if word == "newest" else _("There is no completed audit yet.")
    if word == "previous":
        return _("There is only one completed audit so far: nothing to compare it with.")
    if word == "baseline":
        return _("No audit was chosen as the baseline.")
    return _('There is no audit "{ref}".').format(ref=word)


def _existing(store: "Store") -> str:
    audits = store.audits(limit=5)
    if not audits:
        return _("Run one: deskaudit scan.")
    names = ", ".join(f"{audit.id} ({audit.kind}, {audit.state})" for audit in audits)
    return _("There are: {audits}. Or say last, previous, baseline or newest.").format(audits=names)
