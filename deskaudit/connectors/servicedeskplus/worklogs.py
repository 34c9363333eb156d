"""The time entries of single requests: there is no list of them across requests."""

from deskaudit.connectors.fields import RowError
from deskaudit.connectors.servicedeskplus.answers import SdpError
from deskaudit.connectors.servicedeskplus.api import Api
from deskaudit.connectors.servicedeskplus.fields import Entry
from deskaudit.connectors.servicedeskplus.options import LARGEST_PAGE
from deskaudit.connectors.servicedeskplus.rows import Desk
from deskaudit.connectors.servicedeskplus.things import read_worklog
from deskaudit.connectors.servicedeskplus.walks import ListWalk
from deskaudit.model.batches import Reject
from deskaudit.model.entities import Row

MISSES = 3  # so many failures in a row are not those of single requests


class Worklogs:
    def __init__(self, api: Api, desk: Desk) -> None:
        self.lost: list[str] = []
        self.met = False  # whether any such list was there
        self._api, self._desk = api, desk
        self._misses = 0

    def read(self, ticket: str, counts: list[int], *, again: bool) -> tuple[list[Row], list[Reject], bool]:
        """(time entries of a request, rejects, whether it failed); nothing of one that has gone meanwhile.

        Raises SdpError. A single request whose entries cannot be read is noted in `lost`; one that failed before, too
        (`again`), says nothing about the others.
        """
        failed = False
        walk = ListWalk(self._api, f"/requests/{ticket}/worklogs", "worklogs", size=LARGEST_PAGE, sort=None)
        found: list[Row] = []
        rejects: list[Reject] = []
        try:
            for page in walk.pages():
                for raw in page.rows:
                    counts[0] += 1
                    try:
                        found += read_worklog(self._desk, Entry(raw), ticket)
                    except RowError as fault:
                        counts[1] += 1
                        rejects.append(Reject(f"request {ticket}, worklog {counts[0]}", str(fault)))
        except SdpError as fault:
            self._misses += not again
            gone = fault.absent and self.met
            if fault.kind != "bad_answer" or (self._misses >= MISSES and not gone):
                raise
            if not fault.absent:
                self.lost.append(fault.message)
                failed = True
        else:
            self.met, self._misses = True, 0
        self.lost += walk.lost
        return found, rejects, failed
