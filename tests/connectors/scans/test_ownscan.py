"""The user's own nmap: what it is given, what becomes of its file."""

import io
import os
import shutil
import socket
import stat
import sys

import pytest

from deskaudit.connectors.scans import ownscan
from deskaudit.connectors.scans.nmap import NmapOptions
from deskaudit.errors import ConfigError, SourceError

CONFIG = """
[sources.net]
type = "nmap"
files = ["scans/*.xml"]
targets = ["127.0.0.1"]
ports = "{port}"
arguments = ["-sT", "-n", "-Pn"]
"""


@pytest.fixture
def nmap(tmp_path, monkeypatch):
    """nmap(script) puts a program called nmap first on the path; its arguments are in $FILE's folder, in `seen`."""

    def install(script):
        bin_ = tmp_path / "bin"
        bin_.mkdir()
        program = bin_ / "nmap"
        program.write_text(
            f"#!{sys.executable}\nimport sys\nargs = sys.argv[1:]\nfile = args[args.index('-oX') + 1]\n{script}\n"
        )
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{bin_}{os.pathsep}{os.environ['PATH']}")

    return install


def write(text):
    return f"open(file, 'w').write({text!r})"


@pytest.mark.parametrize(
    "options",
    [
        {"targets": ["-oN/etc/passwd"]},
        {"targets": ["10.0.0.1; rm -rf /"]},
        {"targets": ["$(id)"]},
        {"arguments": ["-oX"]},
        {"arguments": ["--script=vuln"]},
        {"arguments": ["-iL", "/etc/passwd"]},
        {"arguments": ["-A"]},
        {"arguments": ["--datadir=/tmp"]},
        {"arguments": ["--resume=x"]},
        {"arguments": ["-T5\n"]},
        {"ports": "22 --script=x"},
        {"longest": "for ever"},
    ],
)
def test_nothing_else_can_be_passed_on(options):
    with pytest.raises(ValueError):
        NmapOptions(files=["a.xml"], **options)


def test_what_nmap_is_given(monkeypatch, tmp_path):
    monkeypatch.setattr(shutil, "which", lambda name: "/usr/bin/nmap")
    options = NmapOptions(
        files=["a.xml"], targets=["10.0.0.0/24", "pc.example.org", "10.0.1-3.*", "fe80::1"], ports="22,U:53,1-1024",
        arguments=["-sV", "-T3", "--top-ports=100", "--exclude=10.0.0.1,10.0.0.9"],
    )  # fmt: skip
    assert ownscan.command_of(options.targets, options.ports, options.arguments, tmp_path / "a.xml") == [
        "/usr/bin/nmap", "-sV", "-T3", "--top-ports=100", "--exclude=10.0.0.1,10.0.0.9", "-p", "22,U:53,1-1024",
        "-oX", str(tmp_path / "a.xml"), "10.0.0.0/24", "pc.example.org", "10.0.1-3.*", "fe80::1",
    ]  # fmt: skip


def test_without_targets_nothing_is_scanned(tmp_path):
    with pytest.raises(ConfigError, match="nothing is scanned"):
        ownscan.command_of([], "", [], tmp_path / "a.xml")


def test_the_file_is_one_that_the_source_reads(tmp_path):
    assert ownscan.choose_output(["x/one.xml"], tmp_path, 0) == tmp_path / "x" / "one.xml"
    assert ownscan.choose_output(["x/*.xml"], tmp_path, 0) == tmp_path / "x" / "nmap-19700101T000000Z.xml"
    with pytest.raises(ConfigError, match="--output FILE"):
        ownscan.choose_output(["x/office-*.xml"], tmp_path, 0)


def test_a_whole_scan_takes_its_place(tmp_path, scans, nmap):
    nmap(write(scans.scan(scans.host("10.0.0.1"))))
    (tmp_path / "out.xml").write_text("old")
    scan = ownscan.run(["10.0.0.1"], "", [], tmp_path / "out.xml", 60)
    assert scan.hosts == 1
    assert "10.0.0.1" in (tmp_path / "out.xml").read_text()
    assert stat.S_IMODE((tmp_path / "out.xml").stat().st_mode) == 0o600
    assert sorted(file.name for file in tmp_path.iterdir()) == ["bin", "out.xml"]


@pytest.mark.parametrize(
    ("ending", "why"),
    [("", "stopped before its end"), ("sys.exit(1)", "code 1"), ("import time; time.sleep(60)", "longer than")],
)
def test_a_stopped_scan_is_kept_aside(tmp_path, scans, nmap, ending, why):
    text = scans.scan(scans.host("10.0.0.1"), scans.host("10.0.0.2"))
    cut = text[: text.index("<runstats>")] if "exit" not in ending else text
    nmap(f"with open(file, 'w') as out: out.write({cut!r})\n{ending}")
    (tmp_path / "out.xml").write_text("old")
    with pytest.raises(SourceError, match=why if ending else "not whole") as caught:
        ownscan.run(["10.0.0.1"], "", [], tmp_path / "out.xml", 2)
    assert "out.xml.partial" in caught.value.message
    assert (tmp_path / "out.xml").read_text() == "old"
    assert "10.0.0.2" in (tmp_path / "out.xml.partial").read_text()
    assert stat.S_IMODE((tmp_path / "out.xml.partial").stat().st_mode) == 0o600
    assert sorted(file.name for file in tmp_path.iterdir()) == ["bin", "out.xml", "out.xml.partial"]


def test_a_scan_that_found_nothing_leaves_nothing(tmp_path, nmap):
    nmap("sys.exit(1)")
    with pytest.raises(SourceError, match="found nothing"):
        ownscan.run(["10.0.0.1"], "", [], tmp_path / "out.xml", 60)
    assert [file.name for file in tmp_path.iterdir()] == ["bin"]


@pytest.mark.realtool
@pytest.mark.skipif(not shutil.which("nmap") and not os.environ.get("CI"), reason="nmap is not installed")
def test_a_real_scan_of_nothing_takes_no_place(tmp_path):
    (tmp_path / "out.xml").write_text("old")
    with pytest.raises(SourceError, match="no target was left"):
        ownscan.run(["127.0.0.1"], "1", ["-n", "--exclude=127.0.0.1"], tmp_path / "out.xml", 60)
    assert [(file.name, file.read_text()) for file in tmp_path.iterdir()] == [("out.xml", "old")]


def test_what_may_be_passed_on_is_told_in_words():
    with pytest.raises(ValueError, match=r"--top-ports=N .*--exclude=TARGETS") as caught:
        NmapOptions(files=["a.xml"], arguments=["-A"])
    assert not {"\\", "?", "+"} & set(str(caught.value).replace("(ms|s|m|h)?", ""))


def test_nobody_scans_without_a_yes(tmp_path, monkeypatch, nmap, call):
    nmap("raise SystemExit('called')")
    (tmp_path / "scans").mkdir()
    (tmp_path / "config.toml").write_text(CONFIG.format(port=1))
    monkeypatch.setattr(sys, "stdin", io.StringIO("n\n"))
    code, _out, err = call("sources", "nmap")
    assert code == 0
    assert "Nothing was run" in err
    assert "-sT -n -Pn -p 1" in err
    assert "called" not in err
    assert list((tmp_path / "scans").iterdir()) == []


@pytest.mark.realtool
@pytest.mark.skipif(not shutil.which("nmap") and not os.environ.get("CI"), reason="nmap is not installed")
def test_the_real_nmap_on_loopback(tmp_path, read, call):
    (tmp_path / "scans").mkdir()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        (tmp_path / "config.toml").write_text(CONFIG.format(port=port))
        code, _out, err = call("sources", "nmap", "net", "--yes")
    assert code == 0, err
    found = read("nmap", "scans/*.xml")
    assert found.names == [f"tcp/{port}"]
    assert not found.problems
