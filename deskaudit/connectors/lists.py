"""The lists of an API: what is no list, which failure costs one list alone, and what is said where rows are missing."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from deskaudit.connectors.fields import RowError
from deskaudit.connectors.http import Answer, Client, HttpError
from deskaudit.i18n import _
from deskaudit.model.batches import Problem, Reject
from deskaudit.model.entities import Row, entity_of
from deskaudit.text import one_line

FATAL = frozenset({"dns", "tls", "expired", "rate_limit"})
"""Kinds of failure that the next list would meet as well."""
LINE = frozenset({"timeout", "unreachable"})
"""Kinds that may be one list's own; two lists in a row that fail so are a broken line."""
BAD_SHARE = 0.2  # more rows kept out than this: the list is not what we take it for, and counts as incomplete


def complain(answer: Answer, kind: type = dict, key: str = "", held: type = list) -> str | None:
    """What is wrong with a body that should be JSON of this kind, with something of the kind `held` under `key`."""
    try:
        body: Any = answer.json()
    except ValueError as fault:
        return _("the answer cannot be used: {fault}.").format(fault=fault)
    if kind is list and isinstance(body, dict) and isinstance(body.get("message"), str):
        return _("instead of a list came: {said}").format(said=one_line(body["message"], 160))
    if not isinstance(body, kind):
        return _("the answer cannot be used: it is {kind}.").format(kind=type(body).__name__)
    if key and not (isinstance(body, dict) and isinstance(body.get(key), held)):
        return _("the answer has no {key}.").format(key=key)
    return None


class Failures:
    """Weighs the failures of lists. The first client is the one whose server is knocked at where a line breaks."""

    def __init__(self, *clients: Client) -> None:
        self._clients = clients
        self._broken = 0  # lists in a row
        self._last: HttpError | None = None

    @property
    def answered(self) -> int:
        return sum(client.answered for client in self._clients)

    def pass_by(self) -> None:
        """A list was read."""
        self._broken = 0

    def weigh(self, fault: HttpError) -> str:
        """What to say of a list that failed. Raises the fault where the other lists would fail too."""
        self._broken = self._broken + 1 if fault.kind in LINE else 0
        keyless = fault.kind == "auth" and not self.answered
        hopeless = not self.answered and any(client.is_hopeless for client in self._clients)
        if fault.kind in FATAL or keyless or hopeless or self._broken > 1:
            raise fault
        if fault.kind == "unreachable" and not self._clients[0].knock():
            raise fault
        self._last = fault
        return f"{fault.message} {fault.hint}".strip()

    def conclude(self) -> None:
        """Raises the last fault where no list answered."""
        if not self.answered and self._last is not None:
            raise self._last


def is_refusal(fault: HttpError) -> bool:
    """Whether the server refuses a list as such, so that asking again tomorrow would change nothing."""
    if fault.kind == "forbidden":
        return True
    return fault.status is not None and 400 <= fault.status < 500 and fault.kind != "rate_limit"


def read_rows(
    raw: Sequence[Any],
    read: Callable[[Any], Iterable[Row]],
    place: Callable[[int, Any], str],
    counts: list[int],
    wanted: frozenset[str],
) -> tuple[list[Row], list[Reject]]:
    """The wanted rows of a page, and those that had to be kept out. `counts`: seen, kept out."""
    rows: list[Row] = []
    rejects: list[Reject] = []
    for one in raw:
        counts[0] += 1
        try:
            rows += [row for row in read(one) if entity_of(row) in wanted]
        except RowError as fault:
            counts[1] += 1
            rejects.append(Reject(place(counts[0], one), str(fault)))
    return rows, rejects


def losses(resource: str, entities: tuple[str, ...], lost: Iterable[str], counts: Sequence[int]) -> list[Problem]:
    """Why rows of a list are, or may be, missing."""
    problems = [
        Problem(resource, _("Rows may be missing: {why}.").format(why=why), entities) for why in dict.fromkeys(lost)
    ]
    if counts[1] > counts[0] * BAD_SHARE:
        message = _("{bad} of {all} rows could not be used.").format(bad=counts[1], all=counts[0])
        problems.append(Problem(resource, message, entities))
    return problems
