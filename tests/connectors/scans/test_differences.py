"""What changed between two scans, by the command."""

import json
import os
import shutil
import socket
import subprocess
import time

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
    assert any("1 host had its ports scanned in one of the two only" in note for note in found.notes)


def test_the_command_prints_text_or_json(two, call):
    code, text, _err = call("sources", "diff", *two)
    assert code == 0
    assert "- 10.0.0.2  gone host" in text
    assert "    ~ tcp/22  OpenSSH 9.2 → OpenSSH 9.9" in text
    assert "1 new, 1 gone, 1 changed, 2 the same" in text
    code, text, err = call("sources", "diff", "--format", "json", *two)
    assert json.loads(text)["changed"][0]["opened"] == ["tcp/8080"]
    assert "note: 1 host had" in err


def test_a_cut_scan_says_so(two):
    before, after = two
    text = after.read_text()
    after.write_text(text[: text.index("10.0.0.4")])
    assert any("partial" in note for note in compare(before, after).notes)


def test_what_a_cut_scan_did_not_come_to_is_not_gone(two, call):
    before, after = two
    text = after.read_text()
    after.write_text(text[: text.index("10.0.0.4")])
    found = compare(before, after)
    assert (found.new, found.gone, found.unseen_after) == ([], [], ["10.0.0.2", "10.0.0.5"])
    code, said, _err = call("sources", "diff", *two)
    assert code == 0
    assert "? 10.0.0.2  not looked at after" in said


def test_what_is_no_scan_is_an_error(two, call):
    two[1].write_text("<html/>")
    code, out, err = call("sources", "diff", *two)
    assert (code, out) == (2, "")
    assert "its root is <html>" in err


def write(path, scans, *hosts, args, services="", start=900):
    info = "".join(f'<scaninfo type="syn" protocol="{name}" services="{ports}"/>' for name, ports in services)
    text = scans.scan(*hosts, start=start, gap=info).replace("nmap -oX f 10.0.0.0/30", args)
    path.write_text(text)
    return path


def test_ports_that_only_one_scan_looked_at_are_neither_opened_nor_closed(tmp_path, scans, call):
    port, host = scans.port, scans.host
    udp = port(53).replace('"tcp"', '"udp"')
    old = host("10.0.0.1", ports=port(22) + port(80) + port(8080) + udp)
    new = host("10.0.0.1", ports=port(22) + port(25) + port(443))
    a = write(
        tmp_path / "a.xml", scans, old, args="nmap -p- 10.0.0.1", services=[("tcp", "22-442,8080"), ("udp", "53")]
    )
    b = write(tmp_path / "b.xml", scans, new, args="nmap -p22,25,80,443 10.0.0.1", services=[("tcp", "22,25,80,443")])
    (change,) = compare(a, b).changed
    assert (change.opened, change.closed) == (["tcp/25"], ["tcp/80"])
    assert (change.unseen_before, change.unseen_after) == (["tcp/443"], ["tcp/8080", "udp/53"])
    code, text, _err = call("sources", "diff", a, b)
    assert code == 0
    assert "    ? tcp/443  open now, not looked at before\n    ? tcp/8080  was open, not looked at after\n" in text
    assert text.endswith("0 new, 0 gone, 1 changed, 0 the same\n")


def test_a_host_of_which_only_unseen_ports_differ_is_not_called_changed(tmp_path, scans, call):
    port, host = scans.port, scans.host
    ssh = port(22)
    a = write(
        tmp_path / "a.xml", scans, host("10.0.0.1", ports=ssh + port(80)), args="nmap h", services=[("tcp", "22,80")]
    )
    b = write(tmp_path / "b.xml", scans, host("10.0.0.1", ports=ssh), args="nmap h", services=[("tcp", "22")])
    _code, text, _err = call("sources", "diff", a, b)
    assert text.endswith("0 new, 0 gone, 0 changed, 0 the same, 1 not looked at by both\n")


@pytest.mark.parametrize(
    ("args", "unseen", "doubt"),
    [
        ("nmap -p 22 -oX 10.0.0.9 10.0.0.1", ["10.0.0.9"], False),
        ("nmap -T4 10.0.0.0/29", ["10.0.0.9"], False),
        ("nmap -v 10.0.0.1-8", ["10.0.0.9"], False),
        ("nmap 10.0.0.1,9", [], False),
        ("nmap 10.0.*.*", [], False),
        ("nmap 10.0.0.0/24 --exclude 10.0.0.9", ["10.0.0.9"], False),
        ("nmap --exclude=10.0.0.8/31 10.0.0.0/24", ["10.0.0.9"], False),
        ("nmap server.example", [], True),
        ("nmap 10.0.0.1 --exclude server.example", ["10.0.0.9"], False),
        ("nmap 10.0.0.0/24 --exclude server.example", [], True),
        ("nmap -iL targets.txt", [], True),
        ("nmap 10.0.0.0/24 --excludefile not.txt", [], True),
        ("nmap fe80::/64 10.0.0.1", ["10.0.0.9"], False),
        ("nmap " + "10.0.0.1 " * 60, [], True),  # cut
        ("", [], True),
    ],
)
def test_a_host_outside_of_the_targets_is_not_gone(tmp_path, scans, args, unseen, doubt):
    one, nine = (scans.host(ip, ports=scans.port(22)) for ip in ("10.0.0.1", "10.0.0.9"))
    tcp = [("tcp", "22")]
    a = write(tmp_path / "a.xml", scans, one, nine, args="nmap 10.0.0.1 10.0.0.9", services=tcp)
    b = write(tmp_path / "b.xml", scans, one, args=args, services=tcp, start=901)
    found, back = compare(a, b), compare(b, a)
    assert (found.unseen_after, found.gone) == (unseen, [] if unseen else ["10.0.0.9"])
    assert (back.unseen_before, back.new) == (unseen, [] if unseen else ["10.0.0.9"])
    assert [note for note in found.notes if "targets" in note] == (
        ["b.xml does not say all of its targets: a host may be missing there for that"] if doubt else []
    )


def test_the_same_names_are_the_same_targets(tmp_path, scans):
    one, nine = (scans.host(ip, ports=scans.port(22)) for ip in ("10.0.0.1", "10.0.0.9"))
    a = write(tmp_path / "a.xml", scans, one, nine, args="nmap -oX a.xml one.example nine.example")
    b = write(tmp_path / "b.xml", scans, one, args="nmap -oX b.xml one.example nine.example", start=901)
    found = compare(a, b)
    assert (found.gone, found.notes) == (["10.0.0.9"], [])


def test_a_scan_that_does_not_say_its_ports_is_told(tmp_path):
    record = '{"ip": "10.0.0.1", "timestamp": "900", "ports": [{"port": %d, "proto": "tcp", "status": "open"}]}'
    (tmp_path / "a.json").write_text(f"[\n{record % 22},\n{record % 80}\n]\n")
    (tmp_path / "b.json").write_text(f"[\n{record % 22}\n]\n")
    found = compare(tmp_path / "a.json", tmp_path / "b.json")
    assert [change.closed for change in found.changed] == [["tcp/80"]]
    assert [note.split(":")[0] for note in found.notes] == [
        "a.json does not say which ports it looked at",
        "b.json does not say which ports it looked at",
    ]


def test_dates_ages_and_the_wrong_order_are_told(tmp_path, scans, call):
    now = int(time.time())
    host = scans.host("10.0.0.1", ports=scans.port(22))
    a = write(
        tmp_path / "a.xml", scans, host, args="nmap 10.0.0.1", services=[("tcp", "22")], start=now - 12 * 86400 - 5
    )
    b = write(tmp_path / "b.xml", scans, host, args="nmap 10.0.0.1", services=[("tcp", "22")], start=now - 5)
    _code, text, _err = call("sources", "diff", a, b)
    first, second, *rest = text.splitlines()
    assert first.startswith("before   a.xml  20")
    assert first.endswith("Z  (12 days old)")
    assert second.endswith("Z  (less than a day old)")
    assert rest == ["0 new, 0 gone, 0 changed, 1 the same"]
    _code, text, _err = call("sources", "diff", b, a)
    assert "note: b.xml is newer than a.xml: name the older scan first" in text
    b.write_text(b.read_text().replace(f'start="{now - 5}"', ""))
    _code, text, _err = call("sources", "diff", a, b)
    assert "b.xml  date not known" in text
    assert "which is the newer one is not known" in text


@pytest.mark.realtool
@pytest.mark.skipif(not shutil.which("nmap") and not os.environ.get("CI"), reason="nmap is not installed")
def test_two_real_scans_of_different_reach(tmp_path):
    def nmap(file, *words):
        subprocess.run(["nmap", "-sT", "-n", "-oX", file, *words], cwd=tmp_path, check=True, capture_output=True)
        return tmp_path / file

    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as two:
        ports = [server.getsockname()[1] for server in (one, two)]
        both = nmap("a.xml", "-p", f"{ports[0]},{ports[1]}", "127.0.0.1-2")
        first = nmap("b.xml", "-p", str(ports[0]), "127.0.0.1")
    neither = nmap("c.xml", "-p", f"{ports[0]},{ports[1]}", "127.0.0.1")
    found = compare(both, first)
    (change,) = found.changed
    assert (change.closed, change.unseen_after) == ([], [f"tcp/{ports[1]}"])
    assert (found.gone, found.unseen_after) == ([], ["127.0.0.2"])
    (change,) = compare(both, neither).changed
    assert change.closed == sorted(f"tcp/{port}" for port in ports)
