"""nmap files: real ones by the real tool where it is, and the traps of real files by hand."""

import os
import shutil
import socket
import subprocess
import threading
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deskaudit.connectors import Context
from deskaudit.connectors.scans.nmap import Nmap, NmapOptions
from deskaudit.errors import SourceError
from deskaudit.model.batches import Batch, Want
from deskaudit.model.entities import Asset, Component

WANT = Want(entities=frozenset({"asset", "component"}), since_at=0)
HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE nmaprun>\n'
    '<nmaprun scanner="nmap" args="nmap -oX f 10.0.0.0/30" start="{start}" version="7.93" xmloutputversion="1.05">\n'
)
TAIL = (
    '<runstats><finished time="{end}" exit="success"/><hosts up="{n}" down="0" total="{n}"/></runstats>\n</nmaprun>\n'
)


def host(ip: str, *, mac: str = "", name: str = "", ports: str = "", system: str = "", end: int | None = 1000) -> str:
    at = f' endtime="{end}"' if end else ""
    return (
        f'<host{at}><status state="up"/><address addr="{ip}" addrtype="ipv4"/>'
        + (f'<address addr="{mac}" addrtype="mac"/>' if mac else "")
        + (f'<hostnames><hostname name="{name}" type="PTR"/></hostnames>' if name else "")
        + (f"<ports>{ports}</ports>" if ports else "")
        + system
        + "</host>\n"
    )


def port(number: int, service: str = "", state: str = "open") -> str:
    return f'<port protocol="tcp" portid="{number}"><state state="{state}"/>{service}</port>'


def scan(*hosts: str, start: int = 900, end: int = 1000) -> str:
    return HEAD.format(start=start) + "".join(hosts) + TAIL.format(end=end, n=len(hosts))


def pull(folder: Path, *files: str) -> list[Batch]:
    connector = Nmap(NmapOptions(files=list(files or ["*.xml"])), Context("scan", folder, now=lambda: 5000))
    return list(connector.pull(None, WANT))


def rows_of(batches: list[Batch], kind: type) -> list:
    return [row for batch in batches for row in batch.rows if isinstance(row, kind)]


def problems_of(batches: list[Batch]) -> list:
    return [problem for batch in batches for problem in batch.problems]


def test_a_whole_scan_gives_hosts_and_open_services(tmp_path):
    probed = '<service name="http" product="nginx" version="1.22" method="probed" conf="10"/>'
    guessed = '<service name="abyss" product="never" method="table" conf="3"/>'
    (tmp_path / "s.xml").write_text(
        scan(
            host(
                "10.0.0.1",
                mac="00:0C:29:01:02:03",
                name="web.example.org",
                ports=port(80, probed) + port(9999, guessed) + port(22, state="closed"),
            )
        )
    )
    batches = pull(tmp_path)
    (asset,) = rows_of(batches, Asset)
    assert (asset.ip, asset.mac, asset.name, asset.fqdn) == ("10.0.0.1", "00:0C:29:01:02:03", "web", "web.example.org")
    assert asset.mac_vendor == "VMware, Inc."
    assert asset.seen_at == 1000
    services = {part.name: part for part in rows_of(batches, Component)}
    assert set(services) == {"tcp/80", "tcp/9999"}
    assert services["tcp/80"].version == "nginx 1.22"
    assert services["tcp/9999"].version is None, "a port number's usual name is no evidence of a product"
    assert problems_of(batches) == []


def test_a_guessed_system_carries_its_accuracy(tmp_path):
    guess = (
        '<os><osmatch name="Linux 3.1" accuracy="90"><osclass osfamily="Linux"/></osmatch>'
        '<osmatch name="Microsoft Windows 10" accuracy="97"><osclass osfamily="Windows"/></osmatch></os>'
    )
    (tmp_path / "s.xml").write_text(scan(host("10.0.0.1", system=guess)))
    (asset,) = rows_of(pull(tmp_path), Asset)
    assert (asset.os, asset.os_family, asset.os_accuracy) == ("Microsoft Windows 10", "windows", 97)


def test_a_cut_scan_keeps_its_whole_hosts_and_says_partial(tmp_path):
    whole = scan(host("10.0.0.1"), host("10.0.0.2"), host("10.0.0.3"))
    (tmp_path / "s.xml").write_text(whole[: whole.index("10.0.0.3") + 4])
    batches = pull(tmp_path)
    assert [asset.ip for asset in rows_of(batches, Asset)] == ["10.0.0.1", "10.0.0.2"]
    (problem,) = problems_of(batches)
    assert "partial: 2 of 4 hosts" in problem.message
    assert set(problem.entities) == {"asset", "component"}


@pytest.mark.parametrize("behind", ["", "\n"])
def test_a_file_of_several_scans_is_partial_and_says_why(tmp_path, behind):
    one, two = scan(host("10.0.0.1"), host("10.0.0.2")), scan(host("10.0.0.3"))
    (tmp_path / "s.xml").write_text(one + behind + two)
    batches = pull(tmp_path)
    assert [asset.ip for asset in rows_of(batches, Asset)] == ["10.0.0.1", "10.0.0.2"]
    (problem,) = problems_of(batches)
    assert "another scan stands behind it" in problem.message
    assert problem.entities


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_what_powershell_saved_is_read(tmp_path, encoding):
    mark = b"" if encoding == "utf-16" else "\ufeff".encode(encoding)
    (tmp_path / "s.xml").write_bytes(mark + scan(host("10.0.0.1", name="büro.example.org")).encode(encoding))
    batches = pull(tmp_path)
    assert [(asset.ip, asset.fqdn) for asset in rows_of(batches, Asset)] == [("10.0.0.1", "büro.example.org")]
    assert problems_of(batches) == []


def test_zero_hosts_is_a_finding_about_the_scan(tmp_path):
    (tmp_path / "s.xml").write_text(scan())
    (problem,) = problems_of(pull(tmp_path))
    assert "0 hosts were scanned" in problem.message
    assert problem.entities


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("<html><body>no</body></html>", "its root is <html>"),
        ("not xml at all", "is no nmap XML file"),
        ("", "is no nmap XML file"),
        (
            "# Nmap 7.93 scan initiated Sun Mar  1 as: nmap -oG s.xml 10.0.0.1\nHost: 10.0.0.1 ()\tStatus: Up\n",
            "grepable",
        ),
        ("PK\x03\x04", r"zip\): unpack it"),
    ],
)
def test_what_is_no_nmap_file_is_refused_with_the_reason(tmp_path, text, why):
    (tmp_path / "s.xml").write_text(text)
    with pytest.raises(SourceError, match=why) as caught:
        pull(tmp_path)
    assert caught.value.kind == "bad_file"
    assert "nmap -oX" in caught.value.hint


def test_an_entity_bomb_is_refused(tmp_path):
    bomb = (
        '<!DOCTYPE nmaprun [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
        '<nmaprun scanner="nmap" args="&b;"></nmaprun>'
    )
    (tmp_path / "s.xml").write_text(bomb)
    with pytest.raises(SourceError, match="entities"):
        pull(tmp_path)


def test_one_bad_file_leaves_the_others_alone(tmp_path):
    (tmp_path / "a.xml").write_text(scan(host("10.0.0.1")))
    (tmp_path / "b.xml").write_text("<html/>")
    batches = pull(tmp_path)
    assert [asset.ip for asset in rows_of(batches, Asset)] == ["10.0.0.1"]
    assert [problem.resource for problem in problems_of(batches)] == ["b.xml"]


def test_of_two_scans_the_last_sight_and_the_last_services_count(tmp_path):
    (tmp_path / "a.xml").write_text(scan(host("10.0.0.1", ports=port(23) + port(80), end=1000), start=900))
    (tmp_path / "b.xml").write_text(scan(host("10.0.0.1", ports=port(80), end=2000), start=1900))
    (tmp_path / "c.xml").write_text(scan(host("10.0.0.1", end=3000), start=2900))  # a ping scan sees no ports
    batches = pull(tmp_path)
    (asset,) = rows_of(batches, Asset)
    assert asset.seen_at == 3000
    assert [part.name for part in rows_of(batches, Component)] == ["tcp/80"]


def test_hostile_names_lose_their_teeth(tmp_path):
    (tmp_path / "s.xml").write_text(scan(host("10.0.0.1", name="x\u202e\u009b31m.example")))
    (asset,) = rows_of(pull(tmp_path), Asset)
    assert asset.fqdn == "x31m.example"


def test_a_path_without_files_is_an_error_that_names_it(tmp_path):
    with pytest.raises(SourceError, match="no file matches"):
        pull(tmp_path, "none/*.xml")


def test_probe_names_each_file(tmp_path):
    (tmp_path / "a.xml").write_text(scan(host("10.0.0.1")))
    (tmp_path / "b.xml").write_text("<html/>")
    probe = Nmap(NmapOptions(files=["*.xml"]), Context("scan", tmp_path, now=lambda: 0)).probe()
    assert not probe.reachable
    assert probe.version == "nmap 7.93"
    assert probe.modules["a.xml"] == "ok"
    assert "root is <html>" in probe.modules["b.xml"]


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cut=st.integers(0, 900), at=st.integers(0, 900), noise=st.binary(max_size=6))
def test_whatever_happens_to_a_file_only_source_errors_come_out(tmp_path, cut, at, noise):
    whole = scan(host("10.0.0.1", name="a.example", ports=port(80)), host("10.0.0.2")).encode()
    (tmp_path / "s.xml").write_bytes((whole[:at] + noise + whole[at:])[: len(whole) - cut])
    try:
        batches = pull(tmp_path)
    except SourceError as fault:
        assert "s.xml" in fault.message
    else:
        assert len(rows_of(batches, Asset)) <= 2


@pytest.mark.parametrize(
    ("piece", "said"),
    [
        ("<a>" * 1000, "more than 100 elements within each other"),
        (
            host("10.0.0.2", ports='<port protocol="tcp" portid="1"><state state="open"/></port>' * 300_001),
            "300000 ports",
        ),
    ],
    ids=["deep", "wide"],
)
def test_what_would_fill_the_memory_is_refused(tmp_path, piece, said):
    (tmp_path / "s.xml").write_text(scan(host("10.0.0.1"), piece))
    with pytest.raises(SourceError, match=said):
        pull(tmp_path)


@pytest.mark.parametrize("piece", ["<!--{}-->", '<a b="{}"/>'])
def test_a_piece_without_an_end_is_given_up_early(tmp_path, piece):
    (tmp_path / "s.xml").write_text(scan(host("10.0.0.1"), piece.format("x" * 20_000_000), host("10.0.0.2")))
    with pytest.raises(SourceError, match="more than 4 MB"):
        pull(tmp_path)


def test_a_pipe_is_refused_and_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "s.xml")
    with pytest.raises(SourceError, match="pipe or a device"):
        pull(tmp_path)


@pytest.mark.realtool
@pytest.mark.skipif(not shutil.which("nmap") and not os.environ.get("CI"), reason="nmap is not installed")
def test_a_real_scan_of_loopback_sees_a_real_listener(tmp_path):
    listener = socket.create_server(("127.0.0.1", 0))
    number = listener.getsockname()[1]
    threading.Thread(target=_accept, args=(listener,), daemon=True).start()
    subprocess.run(
        ["nmap", "-n", "-Pn", "-sT", "-p", str(number), "127.0.0.1", "-oX", tmp_path / "real.xml"],
        check=True,
        capture_output=True,
    )
    listener.close()
    batches = pull(tmp_path)
    assert [asset.ip for asset in rows_of(batches, Asset)] == ["127.0.0.1"]
    assert [part.name for part in rows_of(batches, Component)] == [f"tcp/{number}"]
    assert problems_of(batches) == []


def _accept(listener: socket.socket) -> None:
    try:
        while True:
            listener.accept()[0].close()
    except OSError:
        return
