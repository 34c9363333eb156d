"""Who is staff. RT's lists of accounts have two columns that are always empty, Privileged and Disabled: the first is told by
the group of that name (to few logins) or account by account, the second by the accounts that only the longer list has.
"""

import json
import math
from collections.abc import Iterator
from typing import Any

from deskaudit.connectors import Context
from deskaudit.connectors.fields import Fields, RowError
from deskaudit.connectors.http import HttpError
from deskaudit.connectors.progress import has_passed
from deskaudit.connectors.requesttracker.api import CLOCK, PAGE, Api, Page, need_number, row_number
from deskaudit.connectors.requesttracker.options import Options
from deskaudit.connectors.requesttracker.state import STAFF_MOST, State
from deskaudit.i18n import _
from deskaudit.model.batches import Batch, Problem, Reject
from deskaudit.model.entities import Agent, Row

SYSTEM = frozenset({"RT_System", "Nobody"})
ALL = json.dumps([{"field": "id", "operator": ">", "value": 0}])
"""Without a condition some lists of RT are empty."""
ASK_AGAIN_S = 7 * 86400
_USER = {"query": ALL, "orderby": "id", "fields": "id,Name,RealName,EmailAddress,Lang"}


class People:
    """The accounts of one RT. `fresh` collects staff that was met outside the list, until somebody takes the rows."""

    def __init__(self, api: Api, context: Context, state: State, options: Options) -> None:
        self._api, self._context, self._state, self._limit = api, context, state, options.user_limit
        self._staff, self._others = set(state.staff), set(state.others)
        self._members: set[int] | None = None  # the enabled staff, where RT tells it at once
        self._blind = False
        self.unknown: set[int] = set()  # accounts of which nothing could be learned
        self.fresh: list[Row] = []

    def cost(self) -> int:
        """Requests that the accounts may take at most: each that is not known yet is asked on its own. Raises HttpError."""
        total = self._api.page("/users", {**_USER, "find_disabled_rows": 1}, size=1).total
        lists = 3
        if total is None or total > self._limit:
            return lists
        return lists + 2 * math.ceil(total / PAGE) + max(total - len(self._staff) - len(self._others), 0)

    def batches(self) -> Iterator[Batch]:
        """The agents; in place of all that were known, if all are certain. Raises HttpError."""
        if has_passed(ASK_AGAIN_S, self._state.asked_at, self._context.now()):
            self._staff, self._others = set(), set()
            self._state.asked_at = self._context.now()
        first = self._api.page("/users", {**_USER, "find_disabled_rows": 1}, size=1)
        self._members = self._read_members()
        if self._members is None and (first.total is None or first.total > self._limit):
            message = _(
                "There are {n} accounts, and this login is not told at once which are staff: only those that did something"
                " are known. Raise user_limit to ask account by account."
            ).format(n="?" if first.total is None else first.total)
            yield Batch(resource="agent", problems=[Problem("agent", message, ("agent",))])
            return
        lost: list[str] = []
        enabled: set[int] = set()
        for page in self._api.numbered("/users", _USER, lost):
            enabled.update(found for row in page.rows if (found := row_number(row)) is not None)
        for page in self._api.numbered("/users", {**_USER, "find_disabled_rows": 1}, lost):
            yield self._read(page, enabled)
        self._remember()
        problems = [Problem("/users", _("Accounts may be missing: {why}.").format(why=why), ("agent",)) for why in lost]
        yield Batch(resource="agent", replaces=frozenset() if lost else frozenset({"agent"}), problems=problems)

    def _read(self, page: Page, enabled: set[int]) -> Batch:
        rows: list[Row] = []
        rejects: list[Reject] = []
        for raw in page.rows:
            try:
                fields = Fields(raw, CLOCK)
                number = need_number(fields)
                if (fields.text("Name") or "") in SYSTEM:
                    self._others.add(number)
                elif self._is_member(number, on=number in enabled):
                    rows.append(self._agent(number, fields, active=number in enabled))
            except RowError as fault:
                rejects.append(Reject(f"/users {row_number(raw) or '?'}", str(fault)))
        return Batch(rows=rows, rejects=rejects, resource="agent", total=page.total)

    def _is_member(self, number: int, *, on: bool) -> bool:
        if self._members is not None and on:
            (self._staff if number in self._members else self._others).add(number)
            (self._others if number in self._members else self._staff).discard(number)
            return number in self._members
        if number not in self._staff and number not in self._others:
            self._ask(number)
        return number in self._staff

    def is_staff(self, number: int) -> bool | None:
        """Whether an account is staff; asked once. None where RT does not say."""
        if number in self._staff:
            return True
        if number in self._others or self._blind:
            return None if self._blind else False
        try:
            record = self._ask(number)
        except HttpError as fault:
            if fault.kind != "forbidden":
                raise
            self._blind = True
            return None
        self._remember()
        if number in self._staff and record is not None:
            fields = Fields(record, CLOCK)
            self.fresh.append(self._agent(number, fields, active=_is_active(fields)))
        return None if number in self.unknown else number in self._staff

    def _ask(self, number: int) -> dict[str, Any] | None:
        """One account, and notes what it is. One that RT no longer shows is nobody's."""
        try:
            record = self._api.one(f"/user/{number}")
        except HttpError as fault:
            if fault.status != 404:
                raise
            record = None
        if record is not None and "Privileged" not in record:
            self.unknown.add(number)
        staff = record is not None and str(record.get("Privileged")) == "1"
        (self._staff if staff else self._others).add(number)
        return record

    def _read_members(self) -> set[int] | None:
        """The enabled members of the group Privileged; None where this login may not see them."""
        try:
            query = json.dumps([{"field": "Domain", "value": "SystemInternal"}])
            groups = self._api.page("/groups", {"query": query, "fields": "id,Name"})
            group = next(
                (row_number(row) for row in groups.rows if isinstance(row, dict) and row.get("Name") == "Privileged"),
                None,
            )
            if group is None:
                return None
            lost: list[str] = []
            found: set[int] = set()
            for page in self._api.numbered(f"/group/{group}/members", {"users": 1, "groups": 0}, lost):
                found.update(number for row in page.rows if (number := row_number(row)) is not None)
        except HttpError as fault:
            if fault.status not in {400, 403, 404}:
                raise
            return None
        return None if lost else found

    def _agent(self, number: int, fields: Fields, *, active: bool | None) -> Agent:
        login = fields.text("Name")
        return Agent(
            id=self._context.key("agent", number),
            ext_id=str(number),
            name=fields.text("RealName") or (login if login and "@" not in login else None),
            email_hash=self._context.person(fields.text("EmailAddress")),
            active=active,
            languages=fields.text("Lang", 20),
        )

    def _remember(self) -> None:
        self._state.staff = sorted(self._staff)[:STAFF_MOST]
        self._state.others = sorted(self._others)[:STAFF_MOST]


def _is_active(fields: Fields) -> bool | None:
    return fields.flag("Disabled", "0", "1")
