"""nmap's XML of all times, however cut, and the two ways in which it is read."""

import io
import sys

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from deskaudit.connectors import Context
from deskaudit.connectors.scans import hostpattern, parsing
from deskaudit.connectors.scans.nmap import Nmap, NmapOptions
from deskaudit.connectors.scans.scanfile import Scan
from deskaudit.errors import SourceError
from deskaudit.model.batches import Want

OF_2004 = """<?xml version="1.0" ?>
<!-- nmap 3.75 scan initiated Tue Nov  9 12:00:00 2004 as: nmap -sV -O -oX f 10.0.0.0/30 -->
<nmaprun scanner="nmap" args="nmap -sV -O -oX f 10.0.0.0/30" start="1100001600" startstr="Tue Nov  9 12:00:00 2004" version="3.75" xmloutputversion="1.01">
<scaninfo type="connect" protocol="tcp" numservices="1663" services="1-1027" />
<verbose level="0" />
<debugging level="0" />
<host><status state="up" />
<address addr="10.0.0.1" addrtype="ipv4" />
<hostnames><hostname name="old.example.org" type="PTR" /></hostnames>
<ports><extraports state="closed" count="1660" />
<port protocol="tcp" portid="22"><state state="open" /><service name="ssh" product="OpenSSH" version="3.6.1p2" method="probed" conf="10" /></port>
<port protocol="tcp" portid="111"><state state="open" /><service name="rpcbind" proto="rpc" rpcnum="100000" lowver="2" highver="2" method="probed" conf="10" /></port>
</ports>
<os><portused state="open" proto="tcp" portid="22" />
<osclass type="general purpose" vendor="Linux" osfamily="Linux" osgen="2.4.X" accuracy="100" />
<osmatch name="Linux 2.4.18 - 2.4.27" accuracy="100" />
</os>
<uptime seconds="1000" lastboot="Tue Nov  9 11:00:00 2004" />
</host>
<runstats><finished time="1100001700" timestr="Tue Nov  9 12:01:40 2004"/><hosts up="1" down="3" total="4" />
<!-- Nmap run completed at Tue Nov  9 12:01:40 2004; 4 IP addresses (1 host up) scanned in 100.0 seconds -->
</runstats></nmaprun>
"""
LINUX = (
    '<os><osmatch name="Linux 5.X" accuracy="95" line="1"><osclass osfamily="Linux" accuracy="95"/></osmatch></os>\n'
)


def test_a_scan_of_2004(tmp_path, read):
    (tmp_path / "s.xml").write_text(OF_2004)
    found = read("nmap", "s.xml")
    (asset,) = found.assets
    assert (asset.ip, asset.fqdn, asset.os, asset.os_family, asset.os_accuracy) == (
        "10.0.0.1", "old.example.org", "Linux 2.4.18 - 2.4.27", "linux", 100,
    )  # fmt: skip
    assert asset.seen_at == 1100001600, "hosts had no times of their own then"
    assert [(one.name, one.version) for one in found.services] == [("tcp/22", "OpenSSH 3.6.1p2"), ("tcp/111", None)]
    assert not found.problems


def test_what_stands_between_hosts_changes_nothing(tmp_path, read, scans):
    gap = (
        '<taskbegin task="SYN Stealth Scan" time="901"/>\n<hosthint><status state="up"/><address addr="10.0.0.9"'
        ' addrtype="ipv4"/></hosthint>\n<!-- <host><status state="up"/><address addr="9.9.9.9" addrtype="ipv4"/></host> -->\n'
    )
    hosts = [scans.host(f"10.0.0.{n}", ports=scans.port(22, name="ssh")) for n in (1, 2, 3)]
    (tmp_path / "s.xml").write_text(scans.scan(*hosts, gap=gap))
    found = read("nmap", "s.xml")
    assert found.ips == ["10.0.0.1", "10.0.0.2", "10.0.0.3"]
    assert found.names == ["tcp/22"] * 3


@pytest.mark.parametrize(
    ("about", "reason"),
    [('<status state="down" reason="no-response"/>', "down"), ('<status state="unknown" reason="user-set"/>', "-sL")],
)
def test_hosts_nobody_saw_are_no_rows(tmp_path, read, scans, about, reason):
    unseen = f'<host>{about}<address addr="10.0.0.2" addrtype="ipv4"/></host>'
    (tmp_path / "s.xml").write_text(scans.scan(scans.host("10.0.0.1"), unseen))
    assert read("nmap", "s.xml").ips == ["10.0.0.1"], reason


def test_addresses_taken_for_up_need_an_answer(tmp_path, read, scans):
    def host(ip, ports):
        return scans.host(ip, ports=ports, reason="user-set")

    silent = host("10.0.0.1", scans.port(22, state="filtered"))
    answers = host("10.0.0.2", scans.port(22, state="closed"))
    closed = host("10.0.0.3", scans.port(22, state="filtered")).replace(
        'extraports state="filtered"', 'extraports state="closed"'
    )
    (tmp_path / "s.xml").write_text(scans.scan(silent, answers, closed))
    found = read("nmap", "s.xml")
    assert found.ips == ["10.0.0.2", "10.0.0.3"]
    (problem,) = found.problems
    assert "1 address was taken for up" in problem.message
    assert not problem.entities


def test_hosts_given_up_and_targets_left_out_are_told(tmp_path, read, scans):
    late = scans.host("10.0.0.1").replace("<host ", '<host timedout="true" ')
    skipped = '<target specification="nosuch.example" status="skipped" reason="invalid"/>\n'
    (tmp_path / "s.xml").write_text(scans.scan(late, scans.host("10.0.0.2"), gap=skipped))
    messages = [problem.message for problem in read("nmap", "s.xml").problems]
    assert any("1 host took too long" in text for text in messages)
    assert any("nosuch.example" in text for text in messages)


def test_a_scan_that_ended_with_an_error_is_partial(tmp_path, read, scans):
    text = scans.scan(scans.host("10.0.0.1")).replace('exit="success"', 'exit="error" errormsg="out of memory"')
    (tmp_path / "s.xml").write_text(text)
    (problem,) = read("nmap", "s.xml").problems
    assert "out of memory" in problem.message
    assert set(problem.entities) == {"asset", "component"}


def test_a_random_card_is_no_key(tmp_path, read, scans):
    for name, mac in (("a.xml", "02:11:22:33:44:55"), ("b.xml", "06:66:77:88:99:AA")):
        start = 900 if name == "a.xml" else 1900
        (tmp_path / name).write_text(scans.scan(scans.host("10.0.0.1", mac=mac, name="pc.example.org"), start=start))
    (asset,) = read("nmap", "*.xml").assets
    assert (asset.mac, asset.mac_vendor) == ("06:66:77:88:99:AA", None)


def test_a_port_under_another_encoding_keeps_its_letters(tmp_path, read, scans):
    text = scans.scan(
        scans.host("10.0.0.1", ports=scans.port(80, name="http", product="Röhre")), scans.host("10.0.0.2")
    )
    (tmp_path / "s.xml").write_bytes(text.replace("UTF-8", "iso-8859-1").encode("latin-1"))
    assert read("nmap", "s.xml").services[0].version == "Röhre"


def test_wide_encodings_are_read(tmp_path, read, scans):
    text = scans.scan(scans.host("10.0.0.1"), scans.host("10.0.0.2")).replace("UTF-8", "UTF-16")
    (tmp_path / "s.xml").write_bytes(text.encode("utf-16"))
    assert read("nmap", "s.xml").ips == ["10.0.0.1", "10.0.0.2"]


def test_a_host_without_an_address_is_named_by_its_place(tmp_path, read, scans):
    nobody = scans.host("10.0.0.2").replace('<address addr="10.0.0.2" addrtype="ipv4"/>', "")
    (tmp_path / "s.xml").write_text(scans.scan(scans.host("10.0.0.1"), nobody, scans.host("10.0.0.3")))
    found = read("nmap", "s.xml")
    assert [(one.place, one.reason) for one in found.rejects] == [("s.xml, host 2", "it has no address")]


def test_it_stops_within_a_few_hosts(tmp_path, scans):
    (tmp_path / "s.xml").write_text(scans.scan(*(scans.host(f"10.0.0.{n}", state="down") for n in range(200))))
    asked = []
    context = Context("scan", tmp_path, now=lambda: 0, cancelled=lambda: bool(asked.append(1)) or True)
    assert list(Nmap(NmapOptions(files=["s.xml"]), context).pull(None, Want(entities=frozenset(), since_at=0))) == []
    assert asked


BAD = b"\x1b[31m\xff"


def test_bad_bytes_are_read_past(tmp_path, read, scans):
    pytest.importorskip("lxml")
    hosts = [scans.host(f"10.0.0.{n}", ports=scans.port(22, name="ssh")) for n in (1, 2, 3)]
    hosts[1] = hosts[1].replace('product=""', 'product="@"')
    (tmp_path / "s.xml").write_bytes(scans.scan(*hosts).encode().replace(b"@", BAD))
    found = read("nmap", "s.xml")
    assert found.ips == ["10.0.0.1", "10.0.0.2", "10.0.0.3"]
    assert found.names == ["tcp/22"] * 3
    (problem,) = found.problems
    assert "2 of its 3 hosts were read on" in problem.message
    assert not problem.entities, "the scanner counted as many"


def test_without_lxml_bad_bytes_end_the_file(tmp_path, read, scans, monkeypatch):
    monkeypatch.setitem(sys.modules, "lxml", None)
    text = scans.scan(scans.host("10.0.0.1"), scans.host("10.0.0.2", name="@"), scans.host("10.0.0.3"))
    (tmp_path / "s.xml").write_bytes(text.encode().replace(b"@", BAD))
    found = read("nmap", "s.xml")
    assert found.ips == ["10.0.0.1"]
    (problem,) = found.problems
    assert "deskaudit[recover]" in problem.message
    assert problem.entities


def test_a_lost_end_tag_gives_no_host_the_ports_of_another(tmp_path, read, scans):
    pytest.importorskip("lxml")
    hosts = [scans.host(f"10.0.0.{n}", ports=scans.port(n, name="x")) for n in (1, 2, 3)]
    hosts[0] = hosts[0].replace("</host>", "")
    (tmp_path / "s.xml").write_text(scans.scan(*hosts))
    found = read("nmap", "s.xml")
    for service in found.services:
        (asset,) = [one for one in found.assets if one.id == service.asset_id]
        assert asset.ip == f"10.0.0.{service.name.removeprefix('tcp/')}"
    assert any(problem.entities for problem in found.problems)


def _plainly(data, monkeypatch):
    """The hosts as expat alone reads them, and whether the file was whole."""
    with monkeypatch.context() as patch:
        patch.setattr(hostpattern.HostPattern, "read", lambda self, data: None)
        return _both(data)


def _both(data):
    scan = Scan("s.xml")
    hosts = []
    try:
        for host in parsing.parse(io.BytesIO(data), scan):
            hosts.append(host)  # noqa: PERF402 - what was read before a fault counts
    except parsing.BrokenOff:
        return hosts, scan, True
    except SourceError:
        return hosts, scan, None
    return hosts, scan, False


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    edits=st.lists(
        st.tuples(
            st.integers(0, 4000),
            st.integers(0, 30),
            st.sampled_from(
                [b"", b"<!-- ", b" -->", b"</host>", b"<host>", b"<port ", b"</port>", b"</ports>", b"<![CDATA[", b"]]>", b"&amp;",
                 b"&x;", b'"', b"<", b"\xff", b"<os>", b"</os>", b"<?a ?>", b"<status/>", b' state="open"', b"/>", b"\n"]
            ),
        ),
        max_size=3,
    ),
    chunk=st.sampled_from([37, 500, 262_144]),
)  # fmt: skip
@example(edits=[], chunk=37)
def test_both_ways_of_reading_find_the_same(scans, monkeypatch, edits, chunk):
    ports = scans.port(22, name="ssh", product="OpenSSH") + scans.port(80, "closed") + scans.port(443, name="https")
    hosts = [
        scans.host(f"10.0.0.{n}", mac=f"00:0C:29:00:00:0{n}", name=f"h{n}.example", ports=ports, tail=LINUX)
        for n in range(5)
    ]
    data = scans.scan(*hosts).encode()
    for at, length, text in edits:
        data = data[:at] + text + data[at + length :]
    with monkeypatch.context() as patch:
        patch.setattr(parsing, "CHUNK", chunk)
        quick = _both(data)
        plain = _plainly(data, patch)
    assert quick == plain


def test_most_hosts_of_a_usual_scan_are_read_by_their_pattern(scans, monkeypatch):
    given_to_expat = []
    real = parsing._Reading._give
    monkeypatch.setattr(
        parsing._Reading, "_give", lambda self, data: (given_to_expat.append(len(data)), real(self, data))
    )
    ports = scans.port(22, name="ssh") + scans.port(80, name="http")
    data = scans.scan(
        *(scans.host(f"10.0.{n}.1", name=f"h{n}.example", ports=ports, tail=LINUX) for n in range(200))
    ).encode()
    hosts, scan, broken = _both(data)
    assert (len(hosts), scan.ended, broken) == (200, True, False)
    assert sum(given_to_expat) < len(data) / 20
