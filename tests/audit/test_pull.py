"""A pull that is stopped publishes nothing, and a report that fails leaves nothing behind."""

import pytest

from deskaudit.audit.desk import Desk
from deskaudit.errors import Cancelled
from deskaudit.paths import Paths
from deskaudit.reports.files import whole_file

SCAN = (
    '<nmaprun scanner="nmap" start="1"><host><status state="up"/><address addr="10.0.0.1" addrtype="ipv4"/></host>'
    '<runstats><finished time="2" exit="success"/><hosts up="1" down="0" total="1"/></runstats></nmaprun>'
)


def test_a_stopped_pull_is_no_complete_one(tmp_path):
    (tmp_path / "scan.xml").write_text(SCAN)
    (tmp_path / "config.toml").write_text('[sources.scan]\ntype = "nmap"\nfiles = ["scan.xml"]\n')
    desk = Desk(Paths(config=tmp_path / "config.toml", data=tmp_path / "data"), now=lambda: 1000)
    with pytest.raises(Cancelled, match="scan"):
        list(desk.pull(cancelled=lambda: True))
    assert desk.pulled() == {}
    list(desk.pull())
    assert desk.pulled()["scan"].entities["asset"].rows == 1


def test_a_report_that_fails_leaves_nothing_behind(tmp_path):
    file = tmp_path / "out.md"
    file.write_text("before")
    with pytest.raises(ValueError, match="half"), whole_file(file) as out:  # noqa: PT012 - it fails on the way
        out.write("half")
        raise ValueError("half")
    assert file.read_text() == "before"
    assert [path.name for path in tmp_path.iterdir()] == ["out.md"]
