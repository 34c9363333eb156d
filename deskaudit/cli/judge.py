"""`answer`: the manual half of an audit, from a shell."""

from __future__ import annotations

import getpass
from typing import TYPE_CHECKING

import click

from deskaudit.errors import ConfigError
from deskaudit.i18n import _, item_text

if TYPE_CHECKING:
    from deskaudit.cli.state import State


@click.command(short_help=_("Answer a question of the checklist."))
@click.argument("question")
@click.argument("value")
@click.option("--note", default="", help=_("Why, or what was seen."))
@click.option("--audit", "audit_ref", default="last", help=_("The audit it belongs to; default: the last."))
@click.pass_obj
def answer(state: State, question: str, value: str, note: str, audit_ref: str) -> None:
    """Answer QUESTION (as HD-15.q1) with VALUE: yes, partly, no or na; other questions take their own kind of value.

    The answer is stored at once. The questions of an item count in Assured together, once all of them are answered.
    "na" needs a note: the reason.
    """
    from deskaudit.audit import answers

    desk = state.desk
    audit = desk.store.audit(audit_ref)
    item, spec = state.read_catalogue().question(question)
    if value == "na" and not note.strip():
        raise ConfigError(
            _("{id}: not applicable needs a reason.").format(id=spec.id), hint=_('Give it with --note "…".')
        )
    headline = answers.give(desk, audit, spec, value, note=note, by=getpass.getuser())
    click.echo(f"{spec.id} {value}: {item_text(spec.id, spec.ask)}")
    asked = [one.id for one in item.question]
    given = desk.store.answers(audit.id)
    open_ = sum(one not in given or given[one].state != "confirmed" for one in asked)
    state.narrate(
        _("audit {id}: assured {share:.1f} %").format(id=audit.id, share=100 * (headline.assured or 0))
        + (_("; counts once all of {item} are answered, {n} to go").format(item=item.id, n=open_) if open_ else "")
        + (_("; a note is owed for a no: --note") if value == "no" and not note else "")
    )
