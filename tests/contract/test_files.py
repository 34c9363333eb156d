"""The contract of the connectors that read files of programs: scans, backup logs, event logs, mail, registers."""

import gzip
import json
from typing import ClassVar

from deskaudit.connectors.backups.borg import Borg
from deskaudit.connectors.backups.restic import Restic
from deskaudit.connectors.calendars.connector import Calendars
from deskaudit.connectors.mailbox.mbox import Mbox
from deskaudit.connectors.registers.connector import Registers
from deskaudit.connectors.registers.examples import example, uncomment
from deskaudit.connectors.registers.register import REGISTERS
from deskaudit.connectors.scans.nmap import Nmap
from deskaudit.connectors.xes import Xes
from deskaudit.testing import HOSTILE, ConnectorContract

KARI, OLA = "kari@customer.test", "ola@desk.test"
PRINTED = [text for text in HOSTILE if not any(ord(sign) < 32 or 0x7E < ord(sign) < 0xA0 for sign in text)]
"""Those that XML and lines of text can carry."""
ALL_RED = bytes(range(256)) * 40


def escaped(text):
    return text.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")


class TestNmap(ConnectorContract):
    connector = Nmap
    hostile_texts = PRINTED
    large_rows = (1_500, 3_000)

    @staticmethod
    def host(n, product="nginx"):
        ip = f"10.{n >> 16}.{n >> 8 & 255}.{n & 255}"
        service = f'<service name="http" product="{escaped(product)}" version="1.22" method="probed" conf="10"/>'
        ports = "".join(
            f'<port protocol="tcp" portid="{port}"><state state="open"/>{service}</port>' for port in (80, 443)
        )
        return (
            f'<host endtime="1772000000"><status state="up"/><address addr="{ip}" addrtype="ipv4"/>'
            f'<hostnames><hostname name="h{n}.example.com" type="PTR"/></hostnames><ports>{ports}</ports></host>\n'
        )

    @staticmethod
    def scan(*hosts, tail=True):
        head = (
            '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE nmaprun>\n<nmaprun scanner="nmap" args="nmap -oX f" '
            'start="1771990000" version="7.93" xmloutputversion="1.05">\n'
        )
        count = len(hosts)
        end = f'<runstats><finished time="1772000100" exit="success"/><hosts up="{count}" down="0" total="{count}"/></runstats>\n'
        return head + "".join(hosts) + (end + "</nmaprun>\n" if tail else "")

    def source(self, folder):
        (folder / "a.xml").write_text(self.scan(*(self.host(n) for n in range(1, 9))))
        return {"files": ["*.xml"]}

    def broken(self, folder):
        (folder / "cut.xml").write_text(self.scan(self.host(1), tail=False))
        (folder / "red.xml").write_bytes(ALL_RED)
        (folder / "page.xml").write_text("<html><body>Not found</body></html>")
        return {name: {"files": [name]} for name in ("missing.xml", "cut.xml", "red.xml", "page.xml")}

    def hostile(self, folder, texts):
        (folder / "a.xml").write_text(self.scan(*(self.host(n, text) for n, text in enumerate(texts, start=1))))
        return {"files": ["*.xml"]}

    def large(self, folder, rows):
        (folder / "a.xml").write_text(self.scan(*(self.host(n) for n in range(1, rows + 1))))
        return {"files": ["*.xml"]}


class TestRestic(ConnectorContract):
    connector = Restic
    snapshot: ClassVar = {
        "time": "2026-03-01T02:00:00.123456789+01:00", "hostname": "files", "id": "aabbccdd" + "0" * 56, "paths": ["/srv"],
    }  # fmt: skip

    def source(self, folder):
        (folder / "list.json").write_text(json.dumps([self.snapshot]))
        return {"jobs": [{"name": "files", "rpo": "1d", "snapshots": ["list.json"], "restore_tests": ["2026-02-01"]}]}

    def broken(self, folder):
        (folder / "red.log").write_bytes(ALL_RED)
        (folder / "cut.json").write_text(json.dumps([self.snapshot])[:-20])
        job = {"name": "files", "rpo": "1d"}
        return {
            "missing": {"jobs": [{**job, "logs": ["missing.log"]}]},
            "red": {"jobs": [{**job, "snapshots": ["red.log"]}]},
            "cut": {"jobs": [{**job, "snapshots": ["cut.json"]}]},
            "no program": {"jobs": [{**job, "repository": str(folder), "password": {"env": "NOT_SET"}}]},
        }

    def hostile(self, folder, texts):
        rows = [
            {**self.snapshot, "id": f"{n:064x}", "hostname": text, "time": f"2026-02-{n + 1:02}T02:00:00Z"}
            for n, text in enumerate(texts)
        ]
        (folder / "list.json").write_text(json.dumps(rows))
        return {"jobs": [{"name": "files", "rpo": "1d", "snapshots": ["list.json"]}]}

    hostile_texts = HOSTILE[:1]


class TestBorg(ConnectorContract):
    connector = Borg
    time_field = "backup_run.started_at"

    @staticmethod
    def log(name, start, comment=""):
        return json.dumps(
            {
                "archive": {
                    "id": f"{hash(name) & 0xFFFFFFFF:064x}", "name": name, "start": start, "end": start, "duration": 1.5,
                    "hostname": comment, "stats": {"original_size": 5000, "deduplicated_size": 100, "nfiles": 2},
                },
                "encryption": {"mode": "repokey"},
                "repository": {"id": "cd" * 32, "location": "ssh://nas/./repo"},
            }
        )  # fmt: skip

    def source(self, folder):
        for n in range(1, 4):
            (folder / f"{n}.log").write_text(self.log(f"a{n}", f"2026-02-0{n}T02:00:00.000000"))
        return {"jobs": [{"name": "files", "rpo": "1d", "logs": ["*.log"], "restore_tests": ["2026-02-01"]}]}

    def broken(self, folder):
        (folder / "red.log").write_bytes(ALL_RED)
        (folder / "bomb.log.gz").write_bytes(gzip.compress(b"0" * 70_000_000))
        job = {"name": "files", "rpo": "1d"}
        return {name: {"jobs": [{**job, "logs": [name]}]} for name in ("missing.log", "bomb.log.gz")}

    def hostile(self, folder, texts):
        message = {"type": "log_message", "time": 1772000000, "levelname": "ERROR", "name": "borg"}
        for n, text in enumerate(texts):
            (folder / f"{n}.log").write_text(json.dumps({**message, "time": 1772000000 + n * 9000, "message": text}))
        return {"jobs": [{"name": "files", "rpo": "1d", "logs": ["*.log"]}]}

    def times(self, folder, local):
        for n, moment in enumerate(local):
            (folder / f"{n}.log").write_text(self.log(f"a{n}", f"{moment:%Y-%m-%dT%H:%M:%S.000000}"))
        return {"jobs": [{"name": "files", "rpo": "1d", "logs": ["*.log"]}]}


class TestXes(ConnectorContract):
    connector = Xes
    hostile_texts = PRINTED
    lacks = frozenset({"contact", "rating", "ticket_tag", "ticket_field"})
    large_rows = (4_000, 10_000)
    bytes_per_row = 800  # of each ticket a short history is kept to the end: its events may stand anywhere

    @staticmethod
    def trace(n, resource="Kari", when="2026-02-02T09:00:00.000+01:00"):
        event = (
            f'<event><string key="concept:name" value="Registered"/><date key="time:timestamp" value="{when}"/>'
            f'<string key="org:resource" value="{escaped(resource)}"/><string key="org:group" value="First line"/></event>'
        )
        return f'<trace><string key="concept:name" value="T-{n}"/>{event}</trace>\n'

    @staticmethod
    def log(*traces):
        return '<?xml version="1.0" encoding="UTF-8"?>\n<log xes.version="1.0">\n' + "".join(traces) + "</log>\n"

    def options(self):
        return {"path": "t.xes", "mapping": {"statuses": {"Registered": "new"}}}

    def source(self, folder):
        (folder / "t.xes").write_text(self.log(*(self.trace(n) for n in range(9))))
        return self.options()

    def broken(self, folder):
        (folder / "cut.xes").write_text(self.log(self.trace(1), self.trace(2))[:-40])
        (folder / "red.xes").write_bytes(ALL_RED)
        (folder / "page.xes").write_text("<html/>")
        return {name: {**self.options(), "path": name} for name in ("missing.xes", "cut.xes", "red.xes", "page.xes")}

    def hostile(self, folder, texts):
        (folder / "t.xes").write_text(self.log(*(self.trace(n, text) for n, text in enumerate(texts))))
        return self.options()

    def large(self, folder, rows):
        (folder / "t.xes").write_text(self.log(*(self.trace(n) for n in range(rows))))
        return self.options()


class TestMbox(ConnectorContract):
    connector = Mbox
    hidden = (KARI, OLA, "secret words")
    large_rows = (2_500, 5_000)

    @staticmethod
    def mail(n, subject="Help"):
        return (
            f"From kari Mon Feb  2 10:00:00 2026\nFrom: Kari <{KARI}>\nTo: {OLA}\nSubject: {subject}\n"
            f"Date: Mon, 02 Feb 2026 10:{n // 60 % 60:02}:{n % 60:02} +0100\nMessage-ID: <{n}@customer.test>\n\nsecret words\n\n"
        )

    def source(self, folder):
        (folder / "box.mbox").write_text("".join(self.mail(n) for n in range(9)))
        return {"path": "box.mbox", "own": ["@desk.test"]}

    def broken(self, folder):
        (folder / "red.mbox").write_bytes(ALL_RED)
        (folder / "cut.mbox.gz").write_bytes(gzip.compress(self.mail(1).encode())[:-20])
        return {name: {"path": name, "own": ["@desk.test"]} for name in ("missing.mbox", "red.mbox", "cut.mbox.gz")}

    def large(self, folder, rows):
        (folder / "box.mbox").write_text("".join(self.mail(n) for n in range(rows)))
        return {"path": "box.mbox", "own": ["@desk.test"]}


class TestRegisters(ConnectorContract):
    connector = Registers
    now = 1_775_044_800  # 2026-04-01 12:00 UTC: the examples tell of March

    def source(self, folder):
        for register in REGISTERS.values():
            (folder / register.file).write_text(uncomment(example(register)))
        return {"folder": "."}

    def broken(self, folder):
        for name, text in {"cut": "[[procedure]\n", "typo": '[[procedure]]\ntitel = "x"\n', "empty": ""}.items():
            (folder / name).mkdir()
            if text:
                (folder / name / "procedures.toml").write_text(text)
        return {name: {"folder": name} for name in ("missing", "cut", "typo", "empty")}

    def hostile(self, folder, texts):
        entries = "".join(
            f'[[procedure]]\ntitle = {json.dumps(text)}\ncategory = "account"\nowner = "{OLA}"\n' for text in texts
        )
        (folder / "procedures.toml").write_text(entries.replace("\\udb40\\udc41", "\\U000e0041").replace("\x7f", ""))
        return {"folder": "."}


class TestCalendar(ConnectorContract):
    connector = Calendars
    hidden = (OLA,)
    time_field = "slot.started_at"

    @staticmethod
    def calendar(*starts):
        events = "".join(
            f"BEGIN:VEVENT\r\nUID:e{n}\r\nORGANIZER;CN=Ola:mailto:{OLA}\r\nSUMMARY:Early shift\r\nDTSTART:{start}\r\n"
            "DURATION:PT1H\r\nEND:VEVENT\r\n"
            for n, start in enumerate(starts)
        )
        return f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//y//EN\r\n{events}END:VCALENDAR\r\n"

    def source(self, folder):
        (folder / "a.ics").write_text(self.calendar("20260202T080000Z", "20260203T080000Z"), newline="")
        return {"path": "*.ics"}

    def broken(self, folder):
        (folder / "red.ics").write_bytes(ALL_RED)
        (folder / "cut.ics").write_text(self.calendar("20260202T080000Z")[:-60], newline="")
        return {name: {"path": name} for name in ("missing.ics", "red.ics", "cut.ics")}

    def times(self, folder, local):
        (folder / "a.ics").write_text(self.calendar(*(f"{moment:%Y%m%dT%H%M%S}" for moment in local)), newline="")
        return {"path": "*.ics"}
