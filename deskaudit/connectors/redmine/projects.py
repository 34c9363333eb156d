"""Which of the desk's projects came and went since the last pull."""

from deskaudit.connectors.http import HttpError
from deskaudit.connectors.lists import FATAL, LINE
from deskaudit.connectors.redmine.api import Api
from deskaudit.connectors.redmine.directory import Directory
from deskaudit.connectors.redmine.state import State
from deskaudit.i18n import _
from deskaudit.model.batches import Problem
from deskaudit.text import one_line

GRAVE = FATAL | LINE | {"auth"}
"""Kinds of failure that are not the fault of one ticket or page."""
MISSING_MOST = 50  # so many projects that are no longer listed are asked for; the others count as hidden


def stages_of(number: str) -> tuple[str, str]:
    """The stages that read a project which joins: what is open of old, and what changed since the time asked for."""
    return f"open {number}", f"joined {number}"


class Projects:
    """`hidden`: those that the key no longer sees, though they are there (number → identifier). `joined`: those that the
    key, or the config, did not show before: what changed in them till then was not read. With one of those the pull
    sweeps, for only then all time entries are read.

    Raises HttpError.
    """

    def __init__(self, api: Api, directory: Directory, state: State) -> None:
        self._api, self._directory, self._state = api, directory, state
        missing = {
            number: slug
            for number, slug in state.projects.items()
            if number not in directory.projects and directory.is_named(slug)
        }
        self.hidden = {
            number: slug
            for place, (number, slug) in enumerate(missing.items())
            if place >= MISSING_MOST or not self._is_gone(number)
        }
        self.problems = _tell([slug for number, slug in missing.items() if number not in self.hidden], self.hidden)
        seen = [number for number, _project in directory.desk_projects()]
        if state.joining is None:
            known = state.projects.keys() - set(state.hidden)
            state.joining = [number for number in seen if number not in known] if "changed" in state.marks else []
            state.sweeping |= bool(state.joining)
        self.joined = [number for number in state.joining if number in seen]

    def note(self) -> None:
        """Keeps what the next pull has to know."""
        state, done = self._state, set(self._state.done)
        waiting = [number for number in self.joined if not done.issuperset(stages_of(number))]
        state.hidden = [*self.hidden, *waiting]
        state.projects = self.hidden | {number: one.slug for number, one in self._directory.desk_projects()}

    def _is_gone(self, number: str) -> bool:
        """Redmine answers 403 for a project that is archived or hidden, and 404 for one that it does not have."""
        try:
            self._api.one(f"/projects/{number}.json", "project")
        except HttpError as fault:
            if fault.kind in GRAVE and fault.status is None:
                raise
            return fault.status == 404
        return False


def _tell(gone: list[str], hidden: dict[str, str]) -> list[Problem]:
    deleted = _("Redmine no longer has {names}: their tickets count as deleted from the next sweep on.")
    kept = _(
        "The key no longer sees {names}, archived or hidden: what is known of them stays as it was, and no sweep looks"
        " for deletions. Open them to the key; if they are closed for good, name in projects those that remain."
    )
    return [
        Problem(resource="/projects.json", message=message.format(names=one_line(", ".join(names), 200)))
        for message, names in ((deleted, gone), (kept, list(hidden.values())))
        if names
    ]
