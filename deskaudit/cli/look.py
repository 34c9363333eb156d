"""`audits`, `show`, `compare`, `rows`, `export`: what is stored, printed."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click

from deskaudit.cli.output import destination, write_report
from deskaudit.errors import ConfigError
from deskaudit.i18n import _
from deskaudit.model.periods import iso
from deskaudit.model.verdicts import Audit

if TYPE_CHECKING:
    from deskaudit.cli.state import State

FORMATS = ("text", "json", "csv", "evidence", "markdown")


def show_last(state: State) -> None:
    """The last audit as text, or how to make the first."""
    if not state.desk.records.audits(limit=1):
        raise ConfigError(
            _("There is no audit yet."), hint=_("Look around: deskaudit demo. Set up your desk: deskaudit init.")
        )
    write_report(state, state.desk.records.audit("last"), "text", None)


def _share(value: object) -> str:
    return f"{100 * value:.1f} %" if isinstance(value, (int, float)) else "-"


@click.command(short_help=_("List the audits."))
@click.option("--json", "as_json", is_flag=True, help=_("One JSON list."))
@click.option("--baseline", type=int, metavar="AUDIT", help=_("Pin this audit as the baseline."))
@click.pass_obj
def audits(state: State, *, as_json: bool, baseline: int | None) -> None:
    """List the audits, newest first."""
    if baseline is not None:
        store = state.desk.store
        store.set_baseline(store.audit(baseline).id)
    found = state.desk.records.audits()
    if as_json:
        click.echo(json.dumps([_line(audit) for audit in found], indent=1))
        return
    if not found:
        state.narrate(_("There is no audit yet."))
    for audit in found:
        click.echo(
            f"{audit.id:>4}  {audit.kind:<7}  {audit.state:<11}  {iso(audit.started_at)[:16]}  {_days(audit)}  "
            + _("assured {share}").format(share=_share(audit.summary.get("assured")))
            + (_("  baseline") if audit.is_baseline else "")
        )


def _days(audit: Audit) -> str:
    """First and last day of the period, as the desk's own calendar has them."""
    zone = ZoneInfo(audit.zone)
    first, last = (datetime.fromtimestamp(at, zone).date() for at in (audit.period_start, audit.period_end - 1))
    return f"{first}..{last}"


def _line(audit: Audit) -> dict[str, object]:
    return {
        "id": audit.id,
        "kind": audit.kind,
        "state": audit.state,
        "started_at": iso(audit.started_at),
        "finished_at": iso(audit.finished_at) if audit.finished_at else None,
        "period": {"start": iso(audit.period_start), "end": iso(audit.period_end)},
        "as_of": iso(audit.as_of),
        "scope": audit.scope,
        "baseline": audit.is_baseline,
        **{key: audit.summary.get(key) for key in ("assured", "score", "coverage")},
    }


@click.command(short_help=_("Print one audit."))
@click.argument("audit", default="last")
@click.option("--format", "format_", type=click.Choice(FORMATS), default="text", show_default=True)
@click.pass_obj
def show(state: State, audit: str, format_: str) -> None:
    """Print AUDIT: its number, last, previous or baseline."""
    write_report(state, state.desk.records.audit(audit), format_, None)


@click.command(short_help=_("Write an audit to a file to hand on."))
@click.argument("audit", default="last")
@click.option("--format", "format_", type=click.Choice(FORMATS), default="markdown", show_default=True)
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help=_("The file; default: stdout."))
@click.pass_obj
def export(state: State, audit: str, format_: str, output: Path | None) -> None:
    """Write AUDIT as CSV, Markdown, JSON or text; the file has mode 600."""
    write_report(state, state.desk.records.audit(audit), format_, output)


@click.command(short_help=_("Two audits side by side."))
@click.argument("first")
@click.argument("second", default="last")
@click.option("--json", "as_json", is_flag=True, help=_("One JSON object."))
@click.option("--all", "all_", is_flag=True, help=_("What stayed the same too."))
@click.pass_obj
def compare(state: State, first: str, second: str, *, as_json: bool, all_: bool) -> None:
    """What is new, fixed, worse, better, the same or not tested from audit FIRST to audit SECOND."""
    from deskaudit import reports
    from deskaudit.store.compare import compare as compare_audits

    store = state.desk.records
    found = compare_audits(store, store.audit(first), store.audit(second))
    with destination(None) as out:
        reports.write_comparison(found, "json" if as_json else "text", out, everything=all_, ascii_=state.ascii)


@click.command(short_help=_("All judged rows of one check."))
@click.argument("audit")
@click.argument("check")
@click.option("--format", "format_", type=click.Choice(["text", "csv", "json"]), default="text", show_default=True)
@click.option("--faults", is_flag=True, help=_("Only the rows that count against it."))
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path))
@click.pass_obj
def rows(state: State, audit: str, check: str, *, format_: str, faults: bool, output: Path | None) -> None:
    """Stream the rows that CHECK judged in AUDIT, worst first, as they were frozen then."""
    from deskaudit.reports import rows as drill_down

    desk = state.desk
    chosen = desk.records.audit(audit)
    _item, spec = state.read_catalogue().check(check)
    with destination(output) as out:
        drill_down.write(
            desk.records, chosen, desk.frozen_file(chosen.id), spec.id, out, format_=format_, only_faults=faults
        )
    for result in desk.records.results(chosen.id, search=spec.id):
        if result.check == spec.id and result.value is None:
            leg = f" ({result.leg})" if result.leg else ""
            state.narrate(f"{spec.id}{leg} {result.status.value}: {result.reason}")
