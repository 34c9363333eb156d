"""Whether a check can be judged at all: which data it needs, and what to say where they are not there."""

from datetime import UTC, datetime

from deskaudit.checks.context import Reader, Window
from deskaudit.checks.spec import OR, Check
from deskaudit.i18n import _

EXTRACT = "extract"


def find_gap(check: Check, reader: Reader, window: Window) -> str:
    """Why the check is NODATA before it runs, as one sentence; "" where it can run."""
    filled = {entity: reader.filled(entity) for entity in entities(check)}
    absent = [entity for entity, state in filled.items() if state.state == "absent"]
    if absent:
        first = _("No source delivers {entities}.").format(entities=", ".join(map(noun, absent)))
        why = "; ".join(dict.fromkeys(filled[entity].message for entity in absent if filled[entity].message))
        return _join(_join(first, f"({why})" if why else ""), check.text("missing"))
    for entity, state in filled.items():
        if state.state == "incomplete":
            return _("Incomplete: {entity}: {message}").format(
                entity=noun(entity), message=state.message or _("the last pull did not finish")
            )
    if check.state_of and not check.history:
        known = max((state.first_fetched_at or 0 for state in filled.values()), default=0)
        if known > window.now:
            return _("Known from {day} only, which is after the day judged; a state has no past.").format(
                day=day(known)
            )
    for need in check.needs:
        columns = [one for one in need.split(OR) if "." in one]
        if columns and not any(reader.has_values(column) for column in columns):
            return _join(" ".join(map(_no_value, columns)), check.text("missing"))
    return ""


def _no_value(need: str) -> str:
    entity, _dot, column = need.partition(".")
    return _("No {entity} has a value for {column}.").format(entity=noun(entity, 1), column=column)


def entities(check: Check) -> list[str]:
    """The tables that a check cannot do without: of alternatives, any one may be empty."""
    return list(dict.fromkeys(need.partition(".")[0] for need in check.needs if OR not in need))


def find_doubts(check: Check, reader: Reader) -> dict[str | None, str]:
    """Why a check of the sources themselves has nothing good to say: by source, and of all under None; {} where it may.

    What a pull that failed or is incomplete did not bring is older than its fetch tells, and nobody knows by how much.
    """
    if EXTRACT not in entities(check):
        return {}
    found = reader.connection.execute(
        f"SELECT name, state FROM {EXTRACT} WHERE state <> 'complete' AND archive_at IS NULL ORDER BY name"
    ).fetchall()
    texts = {
        "failed": _("the last pull of {source} failed"),
        "incomplete": _("the last pull of {source} is incomplete"),
        "not_pulled": _("{source} was never pulled"),
    }
    why = {name: texts[state].format(source=name) for name, state in found}
    text = _("How old all of the data are is not known: {why}.")
    return {name: text.format(why=one) for name, one in why.items()} | (
        {None: text.format(why="; ".join(why.values()))} if why else {}
    )


def find_empty(check: Check, reader: Reader) -> str:
    """The first needed table that has no rows: a count of 0 faults proves nothing there. "" where all have some."""
    for entity in entities(check):
        if reader.connection.execute(f'SELECT 1 FROM "{entity}" LIMIT 1').fetchone() is None:
            return entity
    return ""


def day(moment: int) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d")


_NOUNS = {"contact": ("customer", "customers"), "policy": ("policy", "policies"), "kb": ("article", "articles")}


def noun(entity: str, n: int = 2) -> str:
    """An entity's name in a sentence: tickets, backup runs."""
    one, many = _NOUNS.get(entity, (entity.replace("_", " "), entity.replace("_", " ") + "s"))
    return _(one) if n == 1 else _(many)


_SHORT = {"backup_job": ("job", "jobs"), "backup_run": ("run", "runs")}


def short_noun(entity: str, n: int = 2) -> str:
    """The same where the sentence has said what it is about: 2 jobs."""
    one, many = _SHORT.get(entity, ("", ""))
    return (_(one) if n == 1 else _(many)) if one else noun(entity, n)


def _join(first: str, second: str) -> str:
    return f"{first} {second.strip()}".strip()
