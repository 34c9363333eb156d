"""`checks` and `explain`: what is audited, and how one check comes to its verdict."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click
import msgspec

from deskaudit.checks.judgements import Judgement, judgements
from deskaudit.i18n import _, item_text
from deskaudit.model.figures import show

if TYPE_CHECKING:
    from deskaudit.checks.spec import Check, Item, Question
    from deskaudit.cli.state import State


@click.command(short_help=_("List the checklist: items, checks, questions."))
@click.option("--json", "as_json", is_flag=True, help=_("One JSON list with everything an item file says."))
@click.option("--thresholds", is_flag=True, help=_("The thresholds in force, with their sources."))
@click.pass_obj
def checks(state: State, *, as_json: bool, thresholds: bool) -> int:
    """List the items with their checks and questions.

    Exit code 2: a package of items is left out, because something in it is wrong.
    """
    catalogue = state.read_catalogue()
    items = catalogue.items
    code = 2 if catalogue.broken else 0
    if as_json:
        click.echo(json.dumps(msgspec.to_builtins(list(items.values())), indent=1, ensure_ascii=False))
        return code
    for item in items.values():
        click.echo(f"{item.id}  {item_text(item.id + '.title', item.title)}  ({item.group}, {item.cadence})")
        for check in item.check:
            click.echo(f"  {check.id:<6} {check.name:<28} {check.severity:<8} {check.text('title')}")
            if thresholds:
                for line in threshold_lines(check):
                    click.echo(f"         {line}")
        if not thresholds:
            for question in item.question:
                star = "*" if question.must else " "
                click.echo(f"  {question.id:<10}{star} {item_text(question.id, question.ask)}")
    return code


@click.command(short_help=_("How one check comes to its verdict, or what a question asks."))
@click.argument("check")
@click.option("--sql", is_flag=True, help=_("Its SELECT too."))
@click.pass_obj
def explain(state: State, check: str, *, sql: bool) -> None:
    """What CHECK (15.1 or sla-missed) looks at, why, its thresholds, and how to mend what it finds.

    CHECK may be a question too (HD-08.q1): what it asks, what to look at first, and how it is answered.
    """
    if re.search(r"\.q\d+$", check, re.IGNORECASE):
        _explain_question(*state.read_catalogue().question(check))
        return
    item, spec = state.read_catalogue().check(check)
    click.echo(f"{spec.id} {spec.name}: {spec.text('title')}")
    click.echo(_("item        {id} {title}").format(id=item.id, title=item_text(f"{item.id}.title", item.title)))
    facts = [
        (_("why"), spec.text("why") or item_text(f"{item.id}.why", item.why)),
        (_("judges"), spec.text("cohort")),
        (_("needs"), ", ".join(spec.needs)),
        (_("if missing"), spec.text("missing")),
        (_("clock"), spec.clock),
        (_("population"), spec.population),
        (_("severity"), spec.severity),
        (_("thresholds"), "\n".join(threshold_lines(spec))),
        (_("source"), spec.source),
        (_("advice"), spec.text("advice")),
    ]
    _tell(facts)
    if sql:
        for rows in dict.fromkeys(leg.rows for leg in judgements(spec)):
            click.echo(f"\n{rows.strip()}")


def _explain_question(item: Item, question: Question) -> None:
    from deskaudit.audit.answers import YES_VALUES

    click.echo(f"{question.id}: {item_text(question.id, question.ask)}")
    click.echo(_("item        {id} {title}").format(id=item.id, title=item_text(f"{item.id}.title", item.title)))
    kinds = {
        "yes": ", ".join(YES_VALUES[:3]),
        "scale": "1 … 5",
        "choice": _("one of: {choices}").format(choices=", ".join(question.choices)),
        "number": _("a number"),
        "date": _("a day, as 2026-12-24"),
        "text": _("text"),
        "evidence": _("where the evidence is"),
    }
    must = _("yes: a no fails the item's questions, and partly keeps them from passing") if question.must else _("no")
    facts = [
        (_("look at"), item_text(f"{question.id}.guide", question.guide)),
        (_("type"), f"{question.type}: {kinds[question.type]}; " + _("or na, with a note that says why")),
        (_("must"), must),
        (_("scope"), _("a no makes the whole item not applicable") if question.scope else ""),
        (_("beside"), ", ".join(question.beside or [check.id for check in item.check])),
        (_("why"), item_text(f"{item.id}.why", item.why)),
        (_("answer it"), f"deskaudit answer {question.id} …"),
    ]
    _tell(facts)


def _tell(facts: Sequence[tuple[str, str]]) -> None:
    """Names with their texts, a line each; what is empty is left out."""
    for name, value in facts:
        if value:
            lines = "\n            ".join(" ".join(line.split()) for line in value.strip().splitlines())
            click.echo(f"{name:<12}{lines}")


def threshold_lines(spec: Check) -> list[str]:
    """One line per leg: what passes and what warns."""
    return [_threshold(leg) for leg in judgements(spec)]


def _threshold(leg: Judgement) -> str:
    name = f"{leg.leg}: " if leg.leg else ""
    if not leg.judges:
        return name + _("reported, judges nothing")
    parts = []
    if leg.band:
        parts.append(f"PASS {leg.band[0]:g}–{leg.band[1]:g}")
        parts += [f"WARN {leg.warn_band[0]:g}–{leg.warn_band[1]:g}"] if leg.warn_band else []
    sign = "≥" if leg.direction == "higher" else "≤"
    limits = (("PASS", leg.passes, leg.pass_count), ("WARN", leg.warns, leg.warn_count))
    for word, limit, count in limits:
        if limit is not None:
            parts.append(
                f"{word} {sign} {show(limit, leg.unit, leg.clock)}" + (f" or up to {count} rows" if count else "")
            )
    if leg.fail_if:
        parts.append(_("FAIL by itself: {words}").format(words=leg.fail_says))
    if leg.passes is None and leg.band is None and leg.pass_count is None:
        parts.append(_("else PASS"))
    else:
        parts.append(_("else FAIL") if leg.warns is not None or leg.warn_band else _("else WARN"))
    return name + ", ".join(parts)
