"""The people and groups that tickets name: each becomes one row, made when it is first met."""

import re

from deskaudit.connectors import Context
from deskaudit.connectors.phones import e164
from deskaudit.connectors.tabular.cells import fold_set, fold_text
from deskaudit.model.entities import Agent, Contact, Department, Row
from deskaudit.text import one_line

_ADDRESS = re.compile(r"<([^<>\s]{1,250}@[^<>\s]{1,250})>")


class Directory:
    """Names → ids. `flush` hands over the rows that were made since."""

    def __init__(self, context: Context, nobody: list[str]) -> None:
        self._context = context
        self._nobody = fold_set(nobody)
        self._ids: dict[tuple[str, str, str], int | None] = {}
        self._made: set[int] = set()
        self._fresh: list[Row] = []

    def agent(self, name: str, address: str = "") -> int | None:
        """An agent by address, else by name; None for nobody."""
        known = ("agent", name, address)
        if known not in self._ids:
            self._ids[known] = self._make_agent(name, address)
        return self._ids[known]

    def department(self, name: str) -> int | None:
        if not name:
            return None
        known = ("department", name, "")
        if known not in self._ids:
            row = Department(id=self._context.key("department", fold_text(name)), name=one_line(name, 120))
            self._ids[known] = self._add(row)
        return self._ids[known]

    def contact(self, requester: str, country: str = "", company: str = "") -> int | None:
        """A customer by the keyed hash of what the file says; the text itself is not kept."""
        found = _ADDRESS.search(requester)  # "Kari Nordmann <kari@example.com>"
        number = e164(requester, "") if requester.startswith("+") else None  # as calls have it
        hashed = self._context.person(found[1] if found else number or requester)
        if hashed is None:
            return None
        row = Contact(
            id=self._context.key("contact", hashed),
            email_hash=hashed if "@" in requester else None,
            phone_hash=hashed if number else None,
            country=one_line(country, 60) or None,
            company=one_line(company, 120) or None,
        )
        return self._add(row)

    def flush(self) -> list[Row]:
        fresh, self._fresh = self._fresh, []
        return fresh

    def _make_agent(self, name: str, address: str) -> int | None:
        if fold_text(name) in self._nobody:
            name = ""
        if "@" in name and not address:  # the file names people by their address
            name, address = name.partition("@")[0], name
        if not name and not address:
            return None
        identity = "@" + fold_text(address) if address else fold_text(name)
        return self._add(
            Agent(
                id=self._context.key("agent", identity),
                name=one_line(name, 120) or None,
                email_hash=self._context.person(address) if address else None,
            )
        )

    def _add(self, row: Row) -> int:
        if row.id not in self._made:
            self._made.add(row.id)
            self._fresh.append(row)
        return row.id
