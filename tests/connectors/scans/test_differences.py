"""What changed between two scans, by the command."""

import json

import pytest

from deskaudit.connectors.scans.differences import compare


@pytest.fixture
def two(tmp_path, scans):
    """Host 1 stays, 2 goes, 3 changes, 4 comes; 3 has no MAC in the second scan, 5 loses its ports to a ping scan."""
    port, host = scans.port, scans.host
    ssh = port(22, name="ssh", product="OpenSSH", version="9.2")
    old = [
        host("10.0.0.1", mac="00:0C:29:00:00:01", ports=ssh),
        host("10.0.0.2", ports=ssh),
        host("10.0.0.3", mac="00:0C:29:00:00:03", name="three.example", ports=ssh + port(23) + port(443)),
        host("10.0.0.5", ports=ssh),
    ]
    newer = port(22, name="ssh", product="OpenSSH", version="9.9")
    new = [
        host("10.0.0.9", mac="00:0C:29:00:00:01", ports=ssh),  # another address, the same card
        host("10.0.0.3", name="three.example", ports=newer + port(443) + port(8080) + port(5432, "closed")),
        host("10.0.0.4", mac="00:0C:29:00:00:04"),
        host("10.0.0.5"),
    ]
    (tmp_path / "a.xml").write_text(scans.scan(*old, start=900))
    (tmp_path / "b.xml").write_text(scans.scan(*new, start=90_000))
    return tmp_path / "a.xml", tmp_path / "b.xml"


def test_hosts_ports_and_versions(two):
    found = compare(*two)
    assert (found.new, found.gone) == (["10.0.0.4 00:0C:29:00:00:04"], ["10.0.0.2"])
    (change,) = found.changed
    assert (change.host, change.opened, change.closed) == ("10.0.0.3 three.example", ["tcp/8080"], ["tcp/23"])
    assert [(one.port, one.before, one.after) for one in change.versions] == [("tcp/22", "OpenSSH 9.2", "OpenSSH 9.9")]
    assert (found.before_at, found.after_at, found.same) == (900, 90_000, 2)
    assert any("1 hosts had their ports scanned in one of the two only" in note for note in found.notes)


def test_the_command_prints_text_or_json(two, call):
    code, text, _err = call("sources", "diff", *two)
    assert code == 0
    assert "- 10.0.0.2  gone host" in text
    assert "    ~ tcp/22  OpenSSH 9.2 → OpenSSH 9.9" in text
    assert "1 new, 1 gone, 1 changed, 2 the same" in text
    code, text, err = call("sources", "diff", "--format", "json", *two)
    assert json.loads(text)["changed"][0]["opened"] == ["tcp/8080"]
    assert "note: 1 hosts" in err


def test_a_cut_scan_says_so(two):
    before, after = two
    text = after.read_text()
    after.write_text(text[: text.index("10.0.0.4")])
    assert any("partial" in note for note in compare(before, after).notes)


def test_what_is_no_scan_is_an_error(two, call):
    two[1].write_text("<html/>")
    code, out, err = call("sources", "diff", *two)
    assert (code, out) == (2, "")
    assert "its root is <html>" in err
