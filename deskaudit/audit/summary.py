"""The headline of an audit, and the few figures that stand beside it in every report."""

from collections.abc import Sequence
from typing import Any

from deskaudit.checks import scoring
from deskaudit.model.verdicts import Audit, Result, Score
from deskaudit.store import Store

FIRST_RESPONSE = ("20.1", "email")
WAIT = ("20.2", "wait")
COMMON_ISSUES = "20.5"


def make(audit: Audit, store: Store, warnings: Sequence[str] | None = None) -> dict[str, Any]:
    """What the audit's row keeps: shares 0–1, business seconds, counts. None where the audit does not know.

    warnings: what a reader must know before the figures; left out, those it was finished with stay.
    """
    results = store.results(audit.id)
    headline = score(audit, store, results)
    response, wait = _leg(results, *FIRST_RESPONSE), _leg(results, *WAIT)
    return {
        "warnings": audit.summary.get("warnings", []) if warnings is None else list(warnings),
        "assured": headline.assured,
        "score": headline.score,
        "coverage": headline.coverage,
        "counts": headline.counts,
        "weight": headline.weight,
        "na_count": headline.na_count,
        "na_weight": headline.na_weight,
        "first_response_mean_s": response.mean if response else None,
        "first_response_median_s": response.median if response else None,
        "wait_mean_s": wait.mean if wait else None,
        "top_issues": _issues(store, audit),
    }


def score(audit: Audit, store: Store, results: list[Result] | None = None) -> Score:
    """The headline with the answers as they stand now, by the weights pinned in the audit."""
    found = store.results(audit.id) if results is None else results
    return scoring.score(audit.weights, found, list(store.answers(audit.id).values()))


def _leg(results: list[Result], check: str, leg: str) -> Result | None:
    return next((one for one in results if (one.check, one.leg, one.segment) == (check, leg, None)), None)


def _issues(store: Store, audit: Audit) -> list[dict[str, Any]]:
    """What customers ask for most: the categories of check 20.5, or its tags where tickets have no category."""
    found = store.result(audit.id, COMMON_ISSUES)
    rows = found.evidence if found else []
    chosen = [row for row in rows if row.segment == "category"] or rows
    return [
        {"issue": row.ref, **{name: row.columns.get(name) for name in ("tickets", "share", "rise")}}
        for row in chosen[:10]
    ]
