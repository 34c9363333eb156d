"""The contract of the connectors that read tables: tickets, assets, calls, people."""

import csv
from datetime import datetime
from pathlib import Path
from typing import ClassVar

from deskaudit.connectors.csvfile import CsvTickets
from deskaudit.connectors.machines.assetlist import AssetList
from deskaudit.connectors.records.calls import Calls
from deskaudit.testing import HOSTILE, ConnectorContract

MAIL = "ola.nordmann@example.com"
CARRIED = [text for text in HOSTILE if "\0" not in text]  # a NUL makes a whole file no text


def write(file: Path, head: list[str], rows: list[list[object]]) -> None:
    with file.open("w", newline="", encoding="utf-8") as out:
        csv.writer(out).writerows([head, *rows])


class TestCsv(ConnectorContract):
    connector = CsvTickets
    hostile_texts = CARRIED
    hidden = (MAIL,)
    large_rows = (1_000, 2_000)  # each is eight rows of the model
    lacks = frozenset({"event"})  # those come from another shape of file
    head: ClassVar = [
        "Id",
        "Subject",
        "State",
        "Agent",
        "Group",
        "Mail",
        "Created",
        "Solved",
        "Labels",
        "Score",
        "Country",
    ]
    columns: ClassVar = {
        "key": "Id", "title": "Subject", "status": "State", "agent": "Agent", "department": "Group", "requester": "Mail",
        "created_at": "Created", "resolved_at": "Solved", "labels": "Labels", "score": "Score", "country": "Country",
    }  # fmt: skip

    def options(self):
        return {
            "path": "t.csv", "columns": self.columns, "fields": ["Country"],
            "mapping": {"statuses": {"Open": "open", "Solved": "resolved"}}, "ratings": {"scale": [1, 5]},
        }  # fmt: skip

    def row(self, n, title="Printer", created="2026-02-01 09:00"):
        return [n, title, "Solved", "Kari", "First line", MAIL, created, "2026-02-02 10:00", "vpn", 4, "NO"]

    def source(self, folder):
        write(folder / "t.csv", self.head, [self.row(n) for n in range(40)])
        return self.options()

    def broken(self, folder):
        (folder / "empty.csv").write_bytes(b"")
        (folder / "picture.csv").write_bytes(bytes(range(256)) * 40)
        (folder / "folder.csv").mkdir()
        write(folder / "dates.csv", self.head, [self.row(n, created="yesterday") for n in range(9)])
        names = ("missing.csv", "empty.csv", "picture.csv", "folder.csv", "dates.csv")
        return {name: {**self.options(), "path": name} for name in names}

    def hostile(self, folder, texts):
        write(folder / "t.csv", self.head, [self.row(n, text) for n, text in enumerate(texts)])
        return self.options()

    def large(self, folder, rows):
        write(folder / "t.csv", self.head, [self.row(n) for n in range(rows)])
        return self.options()

    def times(self, folder, local):
        rows = [self.row(n, created=f"{moment:%Y-%m-%d %H:%M}") for n, moment in enumerate(local)]
        write(folder / "t.csv", self.head, rows)
        return self.options()


class TestAssets(ConnectorContract):
    connector = AssetList
    hostile_texts = CARRIED
    hidden = (MAIL,)
    time_field = "asset.updated_at"
    head: ClassVar = ["Tag", "Name", "Serial", "OS", "Owner", "Updated"]

    def options(self):
        columns = {
            "key": "Tag",
            "name": "Name",
            "serial": "Serial",
            "os": "OS",
            "owner": "Owner",
            "updated_at": "Updated",
        }
        return {"path": "a.csv", "columns": columns}

    def row(self, n, system="Debian 12", updated="2026-02-01 09:00"):
        return [f"A-{n}", f"pc-{n}", f"SN{n:06}", system, MAIL, updated]

    def source(self, folder):
        write(folder / "a.csv", self.head, [self.row(n) for n in range(40)])
        return self.options()

    def broken(self, folder):
        write(folder / "other.csv", ["Fruit"], [["pear"]])
        write(folder / "twice.csv", self.head, [self.row(1), self.row(1)])
        (folder / "cut.csv.gz").write_bytes(b"\x1f\x8b\x08\x00cut")
        return {
            name: {**self.options(), "path": name} for name in ("missing.csv", "other.csv", "twice.csv", "cut.csv.gz")
        }

    def hostile(self, folder, texts):
        write(folder / "a.csv", self.head, [self.row(n, text) for n, text in enumerate(texts)])
        return self.options()

    def large(self, folder, rows):
        write(folder / "a.csv", self.head, [self.row(n) for n in range(rows)])
        return self.options()

    def times(self, folder, local):
        write(folder / "a.csv", self.head, [self.row(n, updated=moment.isoformat()) for n, moment in enumerate(local)])
        return self.options()


class TestCalls(ConnectorContract):
    connector = Calls
    hostile_texts = CARRIED
    lacks = frozenset({"department", "contact"})
    hidden = ("22334455", "4722334455")
    time_field = "interaction.started_at"
    head: ClassVar = ["Id", "Start", "Wait", "Talk", "Dir", "Result", "Queue", "From", "To", "Agent"]

    def options(self):
        columns = {
            "key": "Id", "started_at": "Start", "wait": "Wait", "talk": "Talk", "direction": "Dir", "outcome": "Result",
            "queue": "Queue", "caller": "From", "called": "To", "agent": "Agent",
        }  # fmt: skip
        return {"path": "c.csv", "region": "NO", "duration_unit": "s", "columns": columns}

    def row(self, n, queue="Help", start="2026-02-01 09:00:00"):
        return [n, start, 20, 100, "inbound", "answered", queue, "22334455", "101", "Kari"]

    def source(self, folder):
        write(folder / "c.csv", self.head, [self.row(n) for n in range(40)])
        return self.options()

    def broken(self, folder):
        (folder / "empty.csv").write_bytes(b"")
        return {name: {**self.options(), "path": name} for name in ("missing.csv", "empty.csv")}

    def hostile(self, folder, texts):
        write(folder / "c.csv", self.head, [self.row(n, text) for n, text in enumerate(texts)])
        return self.options()

    def times(self, folder, local: list[datetime]):
        rows = [self.row(n, start=moment.isoformat(" ")) for n, moment in enumerate(local)]
        write(folder / "c.csv", self.head, rows)
        return self.options()
