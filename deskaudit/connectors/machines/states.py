"""The life of an asset in four words, from the many that lists have for it; and who it belongs to."""

from collections import Counter
from collections.abc import Mapping

from deskaudit.connectors import Context
from deskaudit.connectors.tabular.cells import fold_text
from deskaudit.i18n import _
from deskaudit.model.batches import Problem
from deskaudit.text import one_line

STATES = {
    "active": ("active", "in use", "in production", "production", "live", "deployed", "assigned", "installed", "up"),
    "spare": ("spare", "in stock", "stock", "storage", "available", "ready to deploy", "deployable", "pending", "undeployable", "in store"),
    "retired": (
        "retired", "disposed", "scrapped", "archived", "decommissioned", "sold", "out of use", "inactive",
    ),
    "lost": ("lost", "stolen", "missing", "lost/stolen"),
}  # fmt: skip


def check_states(states: Mapping[str, str]) -> None:
    """Raises ValueError where an option means a state that there is not."""
    for value in states.values():
        if value not in STATES:
            raise ValueError(
                _('"{value}" is no state; write one of {known}').format(value=value, known=", ".join(STATES))
            )


class StateWords:
    """A source's words for a state: the site's own before the usual ones. What it does not know is counted."""

    def __init__(self, own: Mapping[str, str]) -> None:
        self._known = {word: state for state, words in STATES.items() for word in words}
        self._known |= {fold_text(word): state for word, state in own.items()}
        self._unknown: Counter[str] = Counter()

    def known(self, text: str) -> str | None:
        """The state of a word, if it is a known one."""
        return self._known.get(fold_text(text)) if text else None

    def read(self, text: str) -> str | None:
        """The state of a word; one that is not known is counted."""
        if not text:
            return None
        plain = fold_text(text.lstrip("_ "))  # one program indents states with underscores
        label, bracket, meant = plain.rstrip(")").rpartition(" (")  # and one says "Ready (Deployed)"
        found = self._known.get(plain) or (self._known.get(meant) or self._known.get(label) if bracket else None)
        if found is None and (text in self._unknown or len(self._unknown) < 200):
            self._unknown[text] += 1
        return found

    def problems(self, source: str) -> list[Problem]:
        if not self._unknown:
            return []
        words = ", ".join(f'"{one_line(word, 40)}" ({n})' for word, n in self._unknown.most_common(5))
        message = _("No state is known for {words}; add them to sources.{source}.states.")
        return [Problem("asset", message.format(words=words, source=source))]


def name_owner(text: str, context: Context) -> str | None:
    """Who is responsible, as a list writes it: an address becomes its keyed hash."""
    return context.person(text) if "@" in text else one_line(text, 120) or None
