"""Reading a large nmap file, beside python-libnmap.

python -m benchmarks.scans deskaudit|libnmap FILE
"""

import sys
from pathlib import Path

from benchmarks.processes import Stopwatch, median, module, peak, ratio, run, take_turns, tell
from benchmarks.workplace import Goal, Section, Workplace, load, say, seconds, table

HOSTS = 20_000
PORTS = ((22, "ssh", "OpenSSH", "9.2p1"), (25, "smtp", "Postfix smtpd", ""), (53, "domain", "dnsmasq", "2.89"),
         (80, "http", "nginx", "1.22.1"), (110, "pop3", "Dovecot pop3d", ""), (143, "imap", "Dovecot imapd", ""),
         (443, "https", "nginx", "1.22.1"), (631, "ipp", "CUPS", "2.4"), (3306, "mysql", "MariaDB", "10.11.4"),
         (9100, "jetdirect", "", ""))  # fmt: skip
_START = 1_792_000_000


def write(file: Path, hosts: int) -> None:
    """A scan of so many hosts with ten open ports each, as nmap writes it."""
    ports = "".join(
        f'<port protocol="tcp" portid="{number}"><state state="open" reason="syn-ack" reason_ttl="64"/>'
        f'<service name="{name}" product="{product}" version="{version}" method="probed" conf="10"/></port>\n'
        for number, name, product, version in PORTS
    )
    with file.open("w", encoding="utf-8") as out:
        out.write(
            '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE nmaprun>\n'
            f'<nmaprun scanner="nmap" args="nmap -sV -O -oX scan.xml 10.0.0.0/16" start="{_START}" version="7.93"'
            ' xmloutputversion="1.05">\n<scaninfo type="syn" protocol="tcp" numservices="1000" services="1-1000"/>\n'
        )
        for number in range(hosts):
            out.write(
                f'<host starttime="{_START}" endtime="{_START + number}"><status state="up" reason="arp-response" reason_ttl="0"/>\n'
                f'<address addr="10.0.{number >> 8}.{number & 255}" addrtype="ipv4"/>\n'
                f'<address addr="00:1B:21:00:{number >> 8 & 255:02X}:{number & 255:02X}" addrtype="mac" vendor="Intel"/>\n'
                f'<hostnames><hostname name="host-{number}.office.example" type="PTR"/></hostnames>\n'
                f'<ports><extraports state="closed" count="990"/>\n{ports}</ports>\n'
                '<os><osmatch name="Linux 4.15 - 5.8" accuracy="100" line="67250">'
                '<osclass type="general purpose" vendor="Linux" osfamily="Linux" osgen="5.X" accuracy="100"/></osmatch></os>\n'
                "</host>\n"
            )
        out.write(
            f'<runstats><finished time="{_START + hosts}" elapsed="{hosts}" exit="success"/>'
            f'<hosts up="{hosts}" down="0" total="{hosts}"/></runstats>\n</nmaprun>\n'
        )


def read_deskaudit(file: Path) -> tuple[int, int]:
    """(hosts, services), each made into a row of the model with its id and maker."""
    from deskaudit.connectors import Context
    from deskaudit.connectors.machines.nmapxml import NmapXml, Options
    from deskaudit.model.batches import Want
    from deskaudit.model.entities import Asset

    connector = NmapXml(Options(files=[str(file)]), Context("scan", file.parent, now=lambda: _START))
    hosts = services = 0
    for batch in connector.pull(None, Want(entities=connector.fills, since_at=0)):
        found = sum(isinstance(row, Asset) for row in batch.rows)
        hosts, services = hosts + found, services + len(batch.rows) - found
    return hosts, services


def read_libnmap(file: Path) -> tuple[int, int]:
    """(hosts, open services) of the report that it builds."""
    from libnmap.parser import NmapParser

    report = NmapParser.parse_fromfile(str(file))
    return len(report.hosts), sum(service.state == "open" for host in report.hosts for service in host.services)


def measure(place: Workplace) -> Section:
    before = load()
    say(f"an nmap file of {HOSTS:,} hosts")
    file = place.folder / "scan.xml"
    write(file, HOSTS)
    works = {
        "deskaudit": lambda: run(module("scans", "deskaudit", file)),
        "libnmap": lambda: run(module("scans", "libnmap", file, tool="libnmap")),
    }
    found = take_turns(works, place.times)
    for name, runs in found.items():
        if runs[0].answer["found"] != [HOSTS, HOSTS * len(PORTS)]:
            raise RuntimeError(f"{name} found {runs[0].answer['found']} hosts and services")
    faster = ratio(found["deskaudit"], found["libnmap"])
    less = peak(found["deskaudit"]) / peak(found["libnmap"])
    rows = [[name, seconds(median(runs)), f"{peak(runs):.0f} MB"] for name, runs in found.items()]
    goals = [
        Goal("nmap reader ÷ python-libnmap: time", f"{faster} ×"),
        Goal("nmap reader ÷ python-libnmap: memory", f"{less:.2f} ×"),
    ]
    text = (
        f"{HOSTS:,} hosts with {len(PORTS)} open ports each, {file.stat().st_size / 1e6:.0f} MB. deskaudit makes rows with"
        " ids and the makers of network cards and refuses XML entities; libnmap builds its report in memory. Both found"
        f" all hosts and services, or this page would not exist.\n\n{table(['', 'time', 'peak memory'], rows)}"
    )
    return Section("nmap files", "scans", goals, text, (before, load()))


def main(tool: str, file: str) -> None:
    read = read_deskaudit if tool == "deskaudit" else read_libnmap
    watch = Stopwatch()
    found = read(Path(file))
    tell({"found": found, **watch.stop()})


if __name__ == "__main__":
    main(*sys.argv[1:])
