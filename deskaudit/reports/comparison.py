"""Two audits side by side, printed."""

from typing import Any, TextIO

import msgspec

from deskaudit.i18n import _
from deskaudit.model import figures, periods
from deskaudit.model.verdicts import Audit, Result, Status
from deskaudit.reports.lines import Writer, cells
from deskaudit.reports.phrases import day
from deskaudit.reports.report import SCHEMA_VERSION
from deskaudit.store.compare import KINDS, Change, Comparison


def kind_name(kind: str) -> str:
    return {
        "new": _("New"),
        "worse": _("Worse"),
        "fixed": _("Fixed"),
        "better": _("Better"),
        "not_tested": _("Not judged in both"),
        "check_changed": _("Check changed"),
        "same": _("Same"),
    }[kind]


def write(comparison: Comparison, out: TextIO, *, everything: bool = False, ascii_only: bool = False) -> None:
    """Kind by kind, worst first. Without `everything`: whole-desk results, and what stayed the same only as a count."""
    page = Writer(out, ascii_only=ascii_only)
    before, after = comparison.before, comparison.after
    page.line(_("Audit {a} and audit {b}").format(a=_name(before), b=_name(after)))
    page.line(_assured(before, after))
    page.line(", ".join(f"{kind_name(kind)} {comparison.counts[kind]}" for kind in KINDS))
    for note in comparison.notes:
        for line in page.wrap(_("Note: {note}").format(note=note)):
            page.line(line)
    for kind in KINDS:
        shown = [
            change
            for change in comparison.changes
            if change.kind == kind and (everything or (_is_news(change) and _is_judged(change)))
        ]
        if shown:
            page.line()
            page.line(kind_name(kind))
        for change in shown:
            page.status(change.after.status.value if change.after else "-", _line(change, page))


def write_json(comparison: Comparison, out: TextIO, *, everything: bool = False) -> None:
    """One object: before, after, counts, notes, changes. Shares 0 to 1, `delta` of shares in percentage points."""
    found = {
        "schema": SCHEMA_VERSION,
        "before": _audit(comparison.before),
        "after": _audit(comparison.after),
        "counts": comparison.counts,
        "segment_counts": comparison.segment_counts,
        "notes": comparison.notes,
        "changes": [_change(change) for change in comparison.changes if everything or _is_news(change)],
    }
    out.write(msgspec.json.format(msgspec.json.encode(found), indent=2).decode() + "\n")


def _is_news(change: Change) -> bool:
    return change.segment is None and change.kind != "same"


def _is_judged(change: Change) -> bool:
    """Whether one of the two audits at least says something."""
    sides = (change.before, change.after)
    return any(side is not None and side.status is not Status.NODATA for side in sides)


def _name(audit: Audit) -> str:
    first, last = (day(periods.iso(at), audit.zone) for at in (audit.period_start, audit.period_end - 1))
    return _("{id} ({kind}, {first} to {last})").format(id=audit.id, kind=audit.kind, first=first, last=last)


def _assured(before: Audit, after: Audit) -> str:
    shares = [audit.summary.get("assured") for audit in (before, after)]
    text = _("Assured {a} → {b}").format(a=figures.show(shares[0], "share"), b=figures.show(shares[1], "share"))
    if isinstance(shares[0], int | float) and isinstance(shares[1], int | float):
        text += f" ({figures.signed((shares[1] - shares[0]) * 100, 'points')})"
    return text


def _line(change: Change, page: Writer) -> str:
    known = change.after or change.before
    clock = known.clock if known else "wall"
    figure = f"{_figure(change.before)} → {_figure(change.after)}"
    if change.delta is not None and change.kind != "same":
        figure += f"  {figures.signed(change.delta, change.delta_unit, clock)}"
    width = page.width - 2
    figure = page.clip(figure, width // 2)
    name = f"{change.check} {change.title}"
    name += f" ({change.leg})" if change.leg else ""
    name += f": {change.segment}" if change.segment is not None else ""
    return f"{page.fit(name, width - cells(figure) - 2)}  {figure}"


def _figure(result: Result | None) -> str:
    if result is None:
        return figures.NONE
    if result.value is None:
        return result.status.value
    return figures.show(result.value, result.unit, result.clock)


def _audit(audit: Audit) -> dict[str, Any]:
    return {
        "id": audit.id,
        "kind": audit.kind,
        "state": audit.state,
        "period": {"start": figures.iso(audit.period_start), "end": figures.iso(audit.period_end)},
        "as_of": figures.iso(audit.as_of),
        "scope": audit.scope,
        "assured": audit.summary.get("assured"),
        "score": audit.summary.get("score"),
        "coverage": audit.summary.get("coverage"),
    }


def _change(change: Change) -> dict[str, Any]:
    return {
        "kind": change.kind,
        "item": change.item,
        "check": change.check,
        "name": change.name,
        "title": change.title,
        "leg": change.leg,
        "segment": change.segment,
        "unit": change.unit,
        "before": _side(change.before),
        "after": _side(change.after),
        "delta": change.delta,
        "delta_unit": change.delta_unit,
        "clear": change.clear,
    }


def _side(result: Result | None) -> dict[str, Any] | None:
    if result is None:
        return None
    return {
        "status": result.status.value,
        "value": result.value,
        "n": result.n,
        "interval": result.interval,
        "reason": result.reason,
    }
