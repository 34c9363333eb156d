"""Scans in the words of the tools that write them."""

import sys
from pathlib import Path

import pytest

from deskaudit import cli
from deskaudit.connectors import Context
from deskaudit.connectors.scans.masscan import Masscan, MasscanOptions
from deskaudit.connectors.scans.nmap import Nmap, NmapOptions
from deskaudit.model.batches import Want
from deskaudit.model.entities import Asset, Component

WANT = Want(entities=frozenset({"asset", "component"}), since_at=0)
PROBED = '<service name="{name}" product="{product}" version="{version}" method="probed" conf="10"/>'


class Pulled:
    def __init__(self, batches):
        self.batches = list(batches)
        rows = [row for batch in self.batches for row in batch.rows]
        self.assets = [row for row in rows if isinstance(row, Asset)]
        self.services = [row for row in rows if isinstance(row, Component)]
        self.problems = [problem for batch in self.batches for problem in batch.problems]
        self.rejects = [reject for batch in self.batches for reject in batch.rejects]

    @property
    def ips(self):
        return [asset.ip for asset in self.assets]

    @property
    def names(self):
        return [service.name for service in self.services]


class Scans:
    """Writes files as scanners do."""

    @staticmethod
    def port(number, state="open", name="", product="", version="", more=""):
        service = PROBED.format(name=name, product=product, version=version) if name else ""
        return (
            f'<port protocol="tcp" portid="{number}"><state state="{state}" reason="syn-ack" reason_ttl="64"/>'
            f"{service}{more}</port>\n"
        )

    @staticmethod
    def host(ip, *, mac="", name="", ports="", tail="", end=1000, state="up", reason="arp-response"):
        return (
            f'<host starttime="900" endtime="{end}"><status state="{state}" reason="{reason}" reason_ttl="0"/>\n'
            f'<address addr="{ip}" addrtype="ipv4"/>\n'
            + (f'<address addr="{mac}" addrtype="mac" vendor="Somebody"/>\n' if mac else "")
            + (
                f'<hostnames>\n<hostname name="{name}" type="PTR"/>\n</hostnames>\n'
                if name
                else "<hostnames>\n</hostnames>\n"
            )
            + (f'<ports><extraports state="filtered" count="9"/>\n{ports}</ports>\n' if ports else "")
            + tail
            + '<times srtt="412" rttvar="230" to="100000"/>\n</host>\n'
        )

    @staticmethod
    def scan(*hosts, start=900, end=1000, scanner="nmap", gap="", head="<!DOCTYPE nmaprun>\n", total=None):
        count = len(hosts) if total is None else total
        return (
            f'<?xml version="1.0" encoding="UTF-8"?>\n{head}'
            f'<nmaprun scanner="{scanner}" args="nmap -oX f 10.0.0.0/30" start="{start}" version="7.95">\n{gap}'
            + gap.join(hosts)
            + f'<runstats><finished time="{end}" exit="success"/><hosts up="{count}" down="0" total="{count}"/>\n'
            "</runstats>\n</nmaprun>\n"
        )


@pytest.fixture(scope="session")
def scans():
    return Scans


@pytest.fixture
def read(tmp_path):
    """read("nmap" or "masscan", *patterns) → Pulled, of the files in tmp_path."""

    def run(kind, *patterns, folder: Path = tmp_path):
        cls, options = (Nmap, NmapOptions) if kind == "nmap" else (Masscan, MasscanOptions)
        connector = cls(options(files=list(patterns)), Context("scan", folder, now=lambda: 5000))
        return Pulled(connector.pull(None, WANT))

    return run


@pytest.fixture
def call(tmp_path, monkeypatch, capsys):
    """call(*words) runs `deskaudit WORDS…` on the config in tmp_path: exit code, stdout, stderr."""

    def run(*words):
        base = ["deskaudit", "--config", str(tmp_path / "config.toml"), "--data-dir", str(tmp_path / "data"), "--plain"]
        monkeypatch.setattr(sys, "argv", [*base, *map(str, words)])
        with pytest.raises(SystemExit) as stop:
            cli.main()
        seen = capsys.readouterr()
        return stop.value.code or 0, seen.out, seen.err

    return run
