"""`sources propose`: which mapping a source's own tickets suggest, what it would make of them, and the config for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from deskaudit.cli.output import wrapped
from deskaudit.i18n import _, ngettext
from deskaudit.text import clean, one_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from deskaudit.audit.desk import Desk
    from deskaudit.cli.state import State
    from deskaudit.config import Config, Source
    from deskaudit.connectors.mapping import Seen
    from deskaudit.connectors.proposals import Proposal

SAMPLE = 200


@click.command("propose")
@click.argument("name")
@click.option(
    "--tickets", type=click.IntRange(1, 1000), default=SAMPLE, show_default=True, help=_("So many are looked at.")
)
@click.pass_obj
def propose(state: State, name: str, tickets: int) -> int:
    """Look at the latest tickets of source NAME and propose where its priority, category, type and service are kept."""
    from deskaudit.connectors import load
    from deskaudit.connectors.mapping import TicketMapping
    from deskaudit.connectors.proposals import Samples, why_none
    from deskaudit.connectors.proposals import propose as make

    source = state.desk.source(name)
    connector = state.desk.build(source)
    configured = getattr(source.read_options(load(source.type).options), "mapping", None)
    if not isinstance(connector, Samples):
        state.narrate(why_none(connector, configured, source=name))
        return 2
    seen = connector.sample(tickets)
    proposal = make(seen, configured if isinstance(configured, TicketMapping) else None, source=name)
    for line in lines(proposal, seen, state.desk.config):
        click.echo(line)
    table = proposal.proposed()
    if not table:
        state.narrate(_("There is nothing to add to {file}.").format(file=state.paths.config))
        return 0
    click.echo("\n" + section(name, table))
    state.narrate(_("Paste this into {file}, correct it, and pull again.").format(file=state.paths.config))
    return 0


def lines(proposal: Proposal, seen: Sequence[Seen], config: Config) -> Iterator[str]:
    """The proposal part by part, what speaks against the opening hours, then what some tickets would become."""
    from deskaudit.audit.opening import doubt
    from deskaudit.connectors.proposals import preview

    words = {
        "configured": _("configured"),
        "known": _("known"),
        "proposed": _("proposed"),
        "missing": _("not found"),
    }
    yield ngettext("{n} ticket was looked at.", "{n} tickets were looked at.", proposal.tickets).format(
        n=proposal.tickets
    )
    for part in proposal.parts:
        yield wrapped(f"{part.name:<9} {words[part.state]:<11} {one_line(part.why, 900)}", hanging=22)
    if said := doubt((one.ticket for one in seen), config):
        yield wrapped(f"{'hours':<9} {_('doubtful'):<11} {said}", hanging=22)
    rows = preview(seen, proposal.mapping)
    if not rows:
        return
    yield ""
    yield _("What they would become:")
    widths = {name: max(len(name), *(len(row[name]) for row in rows)) for name in rows[0]}
    for row in [{name: name for name in widths}, *rows]:
        yield "  " + "  ".join(f"{row[name]:<{width}}" for name, width in widths.items()).rstrip()


def section(name: str, table: dict[str, Any]) -> str:
    """The tables of a mapping as the config writes them."""
    import tomli_w

    return clean(tomli_w.dumps({"sources": {name: {"mapping": table}}}), 20_000).rstrip("\n")


def ask(desk: Desk, source: Source, configured: object) -> dict[str, Any]:
    """Shows the proposal for a new source and asks; gives the tables that were accepted, {} for none.

    Raises DeskauditError where the source shows no tickets.
    """
    from deskaudit.connectors.mapping import TicketMapping
    from deskaudit.connectors.proposals import Samples, why_none
    from deskaudit.connectors.proposals import propose as make

    connector = desk.build(source)
    if not isinstance(connector, Samples):
        if isinstance(configured, TicketMapping):
            click.echo(why_none(connector, configured, source=source.name))
        return {}
    seen = connector.sample(SAMPLE)
    proposal = make(seen, configured if isinstance(configured, TicketMapping) else None, source=source.name)
    for line in lines(proposal, seen, desk.config):
        click.echo(line)
    table = proposal.proposed()
    if not table:
        return {}
    click.echo("\n" + section(source.name, table) + "\n")
    return table if click.confirm(_("Put this mapping into the config? You can change it there."), default=True) else {}
