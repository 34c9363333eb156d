"""masscan files: real ones by the real tool from a capture made here, and the traps by hand."""

import json
import os
import shutil
import struct
import subprocess

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deskaudit.errors import SourceError

XML = (
    '<?xml version="1.0"?>\n<!-- masscan v1.0 scan -->\n<nmaprun scanner="masscan" start="{start}" version="1.0-BETA"  xmloutputversion="1.03">\n'
    '<scaninfo type="syn" protocol="tcp" />\n{hosts}'
    '<runstats>\n<finished time="{end}" timestr="2026-01-01 00:00:00" elapsed="13" />\n'
    '<hosts up="{n}" down="0" total="{n}" />\n</runstats>\n</nmaprun>\n'
)


def xml_host(ip, port, at=1000, service=""):
    return (
        f'<host endtime="{at}"><address addr="{ip}" addrtype="ipv4"/><ports><port protocol="tcp" portid="{port}">'
        f'<state state="open" reason="syn-ack" reason_ttl="64"/>{service}</port></ports></host>\n'
    )


def record(ip, port, at="1000", **more):
    return json.dumps({"ip": ip, "timestamp": at, "ports": [{"port": port, "proto": "tcp", "status": "open", **more}]})


def test_one_host_for_all_its_records(tmp_path, read):
    hosts = (
        "".join(xml_host("10.0.0.1", port) for port in (22, 80)) + xml_host("10.0.0.2", 443) + xml_host("10.0.0.1", 25)
    )
    (tmp_path / "s.xml").write_text(XML.format(start=900, end=1000, n=4, hosts=hosts))
    for kind in ("masscan", "nmap"):
        found = read(kind, "s.xml")
        assert found.ips == ["10.0.0.1", "10.0.0.2"]
        assert sorted(found.names) == ["tcp/22", "tcp/25", "tcp/443", "tcp/80"]
        assert not found.problems


def test_what_a_service_said_is_no_service(tmp_path, read):
    hosts = (
        xml_host("10.0.0.1", 80)
        + xml_host("10.0.0.1", 80, service='<service name="http.server" banner="nginx"/>')
        + xml_host("10.0.0.1", 80, service='<service name="title" banner="Welcome to nginx"/>')
    )
    (tmp_path / "s.xml").write_text(XML.format(start=900, end=1000, n=3, hosts=hosts))
    last = {service.id: service for service in read("masscan", "s.xml").services}
    (service,) = last.values()
    assert (service.name, service.value, service.version) == ("tcp/80", "http", None)


@pytest.mark.parametrize(
    "text",
    [
        "[\n{a}\n,\n{b}\n]\n",  # 1.3
        "[\n{a},\n{b},\n]\n",  # 1.0: a last comma
        "[\n{a},\n{b},\n{{finished: 1}}\n]\n",  # and older
        "[{a}, \n{b}]",
        "\ufeff[\r\n{a}\r\n,\r\n{b}\r\n]\r\n",
        "{a}\n{b}\n",  # lines
    ],
)
def test_json_of_all_versions(tmp_path, read, text):
    (tmp_path / "s.json").write_text(text.format(a=record("10.0.0.1", 22), b=record("10.0.0.2", 80)), newline="")
    found = read("masscan", "s.json")
    assert found.ips == ["10.0.0.1", "10.0.0.2"]
    assert found.names == ["tcp/22", "tcp/80"]
    assert not found.problems
    assert found.assets[0].seen_at == 1000


def test_json_that_was_laid_out_anew(tmp_path, read):
    both = [json.loads(record("10.0.0.1", 22)), json.loads(record("10.0.0.2", 80))]
    (tmp_path / "s.json").write_text(json.dumps(both, indent=2))
    found = read("masscan", "s.json")
    assert found.ips == ["10.0.0.1", "10.0.0.2"]
    assert not found.problems


def test_lines_with_the_port_in_the_record(tmp_path, read):
    lines = [
        {"ip": "10.0.0.1", "timestamp": "1000", "port": 80, "proto": "tcp", "rec_type": "status", "data": {"status": "open"}},
        {"ip": "10.0.0.1", "timestamp": "1001", "port": 80, "proto": "tcp", "rec_type": "banner",
         "data": {"service_name": "http", "banner": "HTTP/1.1 200"}},
        {"ip": "10.0.0.1", "timestamp": "1002", "port": 80, "proto": "tcp", "rec_type": "banner",
         "data": {"service_name": "title", "banner": "secret"}},
        {"ip": "fe80::1", "timestamp": "1003", "port": 22, "proto": "tcp", "rec_type": "status", "data": {"status": "closed"}},
    ]  # fmt: skip
    (tmp_path / "s.json").write_text("".join(json.dumps(line) + "\n" for line in lines))
    found = read("masscan", "s.json")
    assert found.ips == ["10.0.0.1", "fe80::1"]
    assert [(one.name, one.value) for one in found.services] == [("tcp/80", None), ("tcp/80", "http")]
    assert "secret" not in repr(found.services)


def test_an_empty_file_is_no_clean_network(tmp_path, read):
    (tmp_path / "s.json").write_text("")
    found = read("masscan", "s.json")
    (problem,) = found.problems
    assert "0 hosts were scanned" in problem.message
    assert problem.entities
    with pytest.raises(SourceError, match="is no nmap XML file"):
        read("nmap", "s.json")


def test_a_cut_file_and_a_broken_record_are_told(tmp_path, read):
    (tmp_path / "cut.json").write_text(f"[\n{record('10.0.0.1', 22)}\n,\n{record('10.0.0.2', 80)[:30]}")
    (tmp_path / "bad.json").write_text(
        f'[\n{{"ip": 5}}\n,\n{record("10.0.0.3", 80)}\n,\n{{"ip": "10.0.0.4", x}}\n,\n{record("10.0.0.5", 1)}\n]\n'
    )
    cut = read("masscan", "cut.json")
    assert cut.ips == ["10.0.0.1"]
    assert any("stopped before its end" in problem.message for problem in cut.problems)
    bad = read("masscan", "bad.json")
    assert bad.ips == ["10.0.0.3", "10.0.0.5"]
    assert "2 records cannot be read" in bad.problems[0].message
    assert bad.problems[0].entities


@pytest.mark.parametrize("text", ['{"a": 1}', "[1, 2]", '{"ip": 7}', "[" * 100_000])
def test_other_json_is_refused(tmp_path, read, text):
    (tmp_path / "s.json").write_text(text)
    with pytest.raises(SourceError, match=r"s\.json"):
        read("masscan", "s.json")


def test_a_record_without_an_end_is_given_up(tmp_path, read):
    (tmp_path / "s.json").write_text('[\n{"ip": "' + "x" * 5_000_000)
    with pytest.raises(SourceError, match="more than 1 MB"):
        read("masscan", "s.json")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cut=st.integers(0, 400), at=st.integers(0, 400), noise=st.binary(max_size=6), lines=st.booleans())
def test_whatever_happens_to_a_file_only_source_errors_come_out(tmp_path, read, cut, at, noise, lines):
    records = [record("10.0.0.1", 22), record("10.0.0.2", 80, reason="syn-ack", ttl=3)]
    whole = ("\n".join(records) if lines else "[\n" + "\n,\n".join(records) + "\n]\n").encode()
    (tmp_path / "s.json").write_bytes((whole[:at] + noise + whole[at:])[: len(whole) - cut])
    try:
        found = read("masscan", "s.json")
    except SourceError as fault:
        assert "s.json" in fault.message
    else:
        assert len(found.assets) <= 3


def _capture(*ports):
    """masscan's own binary form: a header, and a record of type 1 (open) for each port."""
    head = b"masscan/1.1.02\ns:1000\n".ljust(99, b"\0")
    records = [
        struct.pack(">BBIIHBB", 1, 12, 1000 + n, int.from_bytes(bytes(map(int, ip.split("."))), "big"), port, 0x12, 64)
        for n, (ip, port) in enumerate(ports)
    ]
    return head + b"".join(records) + b"masscan/1.1".ljust(99, b"\0")


@pytest.mark.realtool
@pytest.mark.skipif(not shutil.which("masscan") and not os.environ.get("CI"), reason="masscan is not installed")
@pytest.mark.parametrize(("word", "file"), [("-oX", "s.xml"), ("-oJ", "s.json"), ("-oD", "s.ndjson")])
def test_what_the_real_tool_writes(tmp_path, read, word, file):
    (tmp_path / "capture.scan").write_bytes(_capture(("10.0.0.1", 22), ("10.0.0.2", 80), ("10.0.0.1", 443)))
    subprocess.run(
        ["masscan", "--readscan", tmp_path / "capture.scan", word, tmp_path / file],
        check=True,
        capture_output=True,
        timeout=60,
    )
    found = read("masscan", file)
    assert found.ips == ["10.0.0.1", "10.0.0.2"]
    assert sorted(found.names) == ["tcp/22", "tcp/443", "tcp/80"]
    assert not found.problems
    assert {asset.seen_at for asset in found.assets} == {1000, 1001}
