"""Where the rows of a snapshot come from, seen from the config as it is now: it may have changed since they were pulled."""

from collections.abc import Mapping
from pathlib import Path

import msgspec

from deskaudit.config import Config, Source
from deskaudit.i18n import _
from deskaudit.model.batches import Problem, PulledSource
from deskaudit.model.verdicts import SourcePull


def as_configured(sources: Mapping[str, PulledSource], config: Config, file: Path) -> dict[str, PulledSource]:
    """What the snapshot holds; where that is not what the config says by now, it is the first of its problems."""
    found = {}
    for name, pulled in sources.items():
        table = config.sources.get(name)
        source = Source(name, table, file) if table is not None else None
        told = _difference(pulled, source)
        problems = [Problem(name, told), *pulled.problems] if told else pulled.problems
        other = source is not None and source.type != pulled.type
        state = "incomplete" if other and pulled.state == "complete" else pulled.state
        found[name] = msgspec.structs.replace(pulled, problems=problems, state=state)
    return found


def _difference(pulled: PulledSource, source: Source | None) -> str:
    if source is None:
        return _("It is in the config no more: its rows go with the next pull.")
    if source.type != pulled.type:
        text = _("It is of type {new} now, and was not pulled since: its rows are still those of type {old}.")
        return text.format(new=source.type, old=pulled.type)
    if pulled.account not in {"", source.account}:
        return _(
            "It has another address or login now, and was not pulled since: its rows are still those of the former."
        )
    if not source.enabled:
        return _("It is switched off in the config: its rows are those of its last pull.")
    return ""


def record(name: str, type_: str, pulled: PulledSource | None) -> SourcePull:
    """A source as an audit keeps it."""
    if pulled is None:
        return SourcePull(name=name, type=type_, state="not_pulled", warnings=[_("It was never pulled.")])
    return SourcePull(
        name=name,
        type=pulled.type,
        state=pulled.state,
        fetched_at=pulled.fetched_at,
        rows={entity: part.present for entity, part in pulled.entities.items()},
        rejects=pulled.rejects,
        cursor=msgspec.json.encode(pulled.cursor).decode(),
        warnings=[f"{problem.resource}: {problem.message}" for problem in pulled.problems]
        + [f"{reject.place}: {reject.reason}" for reject in pulled.reject_sample],
        error=pulled.error,
    )
