"""`deskaudit sources detect` asks every connector: each kind of file is known by the one that reads it."""

import tomllib

import pytest

from deskaudit import connectors
from deskaudit.connectors.recognition import Likeness

RESTIC = (
    '{"message_type":"status","percent_done":0.5}\n'
    '{"message_type":"summary","files_new":1,"data_added":10,"total_bytes_processed":20,"total_duration":3.5,"snapshot_id":"0a1b2c3d"}\n'
)
BORG = (
    '{"type": "log_message", "time": 1772330400.0, "message": "x", "levelname": "INFO", "name": "borg"}\n'
    '{"archive": {"name": "a", "start": "2026-03-01T02:00:00.000000", "end": "2026-03-01T02:10:00.000000", "duration": 600.0,'
    ' "stats": {"original_size": 5, "deduplicated_size": 1, "nfiles": 1}}, "repository": {"location": "/r"}}\n'
)
RSYNC = (
    "2026/03/01 02:00:00 [7] building file list\n2026/03/01 02:00:05 [7] Number of files: 2\n"
    "2026/03/01 02:00:05 [7] Total file size: 10 bytes\n2026/03/01 02:00:05 [7] sent 120 bytes  received 35 bytes  total size 10\n"
)
VZDUMP = (
    "INFO: Starting Backup of VM 100 (qemu)\nINFO: Backup started at 2026-03-01 02:00:00\n"
    "INFO: Finished Backup of VM 100 (00:10:00)\nINFO: Backup finished at 2026-03-01 02:10:00\n"
)
FILES = [
    ("restic.json", RESTIC, "restic"),
    ("borg.log", BORG, "borg"),
    ("rsync.log", RSYNC, "rsync"),
    ("vzdump.log", VZDUMP, "proxmox"),
    ("sessions.csv", "JobName,Result,CreationTime,EndTime\nA,Success,2026-03-01 02:00:00,2026-03-01 03:00:00\n", "veeam"),
    ("db.sql", "-- MySQL dump 10.13\nCREATE TABLE x (a int);\n-- Dump completed on 2026-03-01\n", "dumps"),
    ("roster.ics", "BEGIN:VCALENDAR\nVERSION:2.0\nEND:VCALENDAR\n", "calendar"),
    ("reviews.toml", '[[review]]\nabout = "access"\non = 2026-03-01\n', "registers"),
    ("m.json", '[{"ip": "10.0.0.1", "timestamp": "1", "ports": [{"port": 80, "proto": "tcp", "status": "open"}]}]', "masscan"),
    ("pc1.dpkg.txt", "adduser\t3.134\nbash\t5.2.15\n", "inventory"),
    ("calls.csv", "Start time,Caller,Queue,Talk time\n2026-03-01 10:00,+4712345678,Main,60\n", "calls"),
    ("people.csv", "Name,Email,Role,Hire date\nOla,o@b.no,agent,2020-01-01\n", "people"),
    ("costs.csv", "Month,Cost,Budget\n2026-01,100,120\n", "finance"),
]  # fmt: skip


MASTER = (
    '"","+4722334455","600","ext-queues","""K"" <+4722334455>","PJSIP/t-1","PJSIP/101-2","Queue","600,t",'
    '"2026-09-01 08:00:00","2026-09-01 08:00:20","2026-09-01 08:03:20",200,180,"ANSWERED","DOCUMENTATION","9.1",""\n'
)
FREEPBX = (
    "calldate,clid,src,dst,dcontext,channel,dstchannel,lastapp,lastdata,duration,billsec,disposition,amaflags,uniqueid,did\n"
    "2026-09-01 08:00:00,x,22334455,600,ext-queues,SIP/t-1,SIP/101-2,Queue,600,30,20,ANSWERED,3,9.1,22\n"
)


@pytest.mark.parametrize(("text", "preset"), [(MASTER, "asterisk"), (FREEPBX, "freepbx")])
def test_the_log_of_an_exchange_is_no_table_of_calls(call, desk, text, preset):
    """Several of its rows are one call: taken for calls of their own, each would count."""
    (desk / "cdr.csv").write_text(text)
    code, out, err = call("sources", "detect", str(desk / "cdr.csv"), "--write", "new")
    assert code == 0, out + err
    table = tomllib.loads((desk / "config.toml").read_text())["sources"]["new"]
    assert table == {"type": "calls", "path": "cdr.csv", "preset": preset}
    assert '# region = "NO"' in out
    assert call("sources", "test", "new")[0] == 0


def test_a_survey_is_asked_for_its_scale(call, desk):
    (desk / "nps.csv").write_text("Respondent ID,NPS,Date submitted\n1,9,2026-03-01\n")
    assert call("sources", "detect", str(desk / "nps.csv"), "--write", "new")[0] == 0
    section = (desk / "config.toml").read_text().partition("[sources.new]")[2].partition("[sources.new.columns]")[0]
    assert '# scale = [0, 10], or "good/bad"' in section
    assert tomllib.loads((desk / "config.toml").read_text())["sources"]["new"]["columns"]["score"] == "NPS"


def test_the_number_of_an_employee_is_no_name(call, desk):
    (desk / "hr.csv").write_text("Employee #,Work Email,Job Title,Reporting to\n17,a@example.com,Technician,9\n")
    assert call("sources", "detect", str(desk / "hr.csv"), "--write", "new")[0] == 0
    columns = tomllib.loads((desk / "config.toml").read_text())["sources"]["new"]["columns"]
    assert columns == {
        "email": "Work Email",
        "key": "Employee #",
        "position": "Job Title",
        "manager": "Reporting to",
    }


@pytest.mark.parametrize(("name", "text", "kind"), FILES, ids=[kind for _name, _text, kind in FILES])
def test_a_file_is_known_and_its_source_is_written(call, desk, name, text, kind):
    (desk / name).write_text(text)
    code, out, err = call("sources", "detect", str(desk / name), "--write", "new")
    assert code == 0, out + err
    table = tomllib.loads((desk / "config.toml").read_text())["sources"]["new"]
    assert table["type"] == kind
    assert f"kind        {kind}: " in out
    assert call("sources", "test", "new")[0] == 0


def test_what_is_still_needed_is_said_and_nothing_is_written(call, desk):
    (desk / "mail.mbox").write_text("From a@b Mon Mar  2 09:00:00 2026\nSubject: x\n\nhei\n")
    before = (desk / "config.toml").read_text()
    code, out, err = call("sources", "detect", str(desk / "mail.mbox"), "--write", "mail")
    assert (code, 'type = "mbox"' in out) == (2, True)
    assert "still needed: own" in err
    assert (desk / "config.toml").read_text() == before


def test_a_log_that_nobody_knows_is_no_ticket_table(call, desk):
    (desk / "x.log").write_text("starting, now\nall done, bye\n")
    code, out, _err = call("sources", "detect", str(desk / "x.log"), "--write", "x")
    assert code == 2
    assert "type backuplog, with your own patterns" in out
    assert "[sources" not in out


@pytest.fixture
def plugins(monkeypatch):
    """Two connectors that take anything that begins with BOARD, and one that breaks."""

    def add(**classes):
        real, load = connectors.available(), connectors.load
        monkeypatch.setattr(connectors, "available", lambda: {**real, **dict.fromkeys(classes)})
        monkeypatch.setattr(connectors, "load", lambda name: classes[name] if name in classes else load(name))

    return add


def taker(likeness):
    base = connectors.load("calendar")

    class Taker:
        title = "A board"
        options = base.options

        @classmethod
        def recognises(cls, specimen):
            return likeness(specimen) if specimen.head.startswith(b"BOARD") else None

    return Taker


def test_where_several_fit_none_is_taken(call, desk, plugins):
    plugins(
        board1=taker(lambda one: Likeness(options={"path": one.path}, why="it begins with BOARD")),
        board2=taker(lambda one: Likeness(options={"path": one.path}, why="it is a board")),
        broken=taker(lambda _one: 1 / 0),
    )
    (desk / "b.log").write_text("BOARD 1\n")
    before = (desk / "config.toml").read_text()
    code, out, err = call("sources", "detect", str(desk / "b.log"), "--write", "b")
    assert code == 2
    assert "Several sources fit: board1, board2" in err
    assert "broken could not be asked: division by zero" in out
    assert (desk / "config.toml").read_text() == before
    code, out, _err = call("sources", "detect", str(desk / "b.log"), "--type", "board2")
    assert (code, "it is a board" in out, "board1" in out) == (0, True, False)
