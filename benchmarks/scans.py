"""Reading a large nmap file, beside python-libnmap.

python -m benchmarks.scans deskaudit|libnmap FILE
"""

import random
import sys
from pathlib import Path

from benchmarks.processes import Stopwatch, median, module, peak, ratio, run, take_turns, tell
from benchmarks.workplace import Goal, Section, Workplace, load, say, seconds, table

HOSTS = 65_000
PORTS = ((22, "ssh", "OpenSSH", ("8.9p1", "9.2p1", "9.6p1", "9.9p2")), (25, "smtp", "Postfix smtpd", ("",)),
         (53, "domain", "dnsmasq", ("2.89", "2.90")), (80, "http", "nginx", ("1.22.1", "1.24.0", "1.28.0")),
         (110, "pop3", "Dovecot pop3d", ("",)), (143, "imap", "Dovecot imapd", ("",)),
         (443, "https", "nginx", ("1.22.1", "1.24.0", "1.28.0")), (631, "ipp", "CUPS", ("2.3", "2.4")),
         (3306, "mysql", "MariaDB", ("10.6.12", "10.11.4")), (9100, "jetdirect", "", ("",)))  # fmt: skip
SYSTEMS = (("Linux 4.15 - 5.8", "Linux", "5.X", 100), ("Linux 5.0 - 6.2", "Linux", "6.X", 96),
           ("Microsoft Windows 11", "Windows", "11", 97))  # fmt: skip
MAKERS = ("00:1B:21", "00:0C:29", "F4:8E:38", "3C:52:82")
MOST_MB = 100
LEAST_TIMES = 5
SEED = "scan"
_START = 1_792_000_000


def write(file: Path, hosts: int) -> None:
    """A scan of so many hosts with ten open ports each, as nmap writes it; which versions they run is up to a seed."""
    dice = random.Random(f"{SEED}/{hosts}")
    with file.open("w", encoding="utf-8") as out:
        out.write(
            '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE nmaprun>\n'
            f'<nmaprun scanner="nmap" args="nmap -sV -O -oX scan.xml 10.0.0.0/16" start="{_START}" version="7.93"'
            ' xmloutputversion="1.05">\n<scaninfo type="syn" protocol="tcp" numservices="1000" services="1-1000"/>\n'
        )
        for number in range(hosts):
            out.write(_host(number, dice))
        out.write(
            f'<runstats><finished time="{_START + hosts}" elapsed="{hosts}" exit="success"/>'
            f'<hosts up="{hosts}" down="0" total="{hosts}"/></runstats>\n</nmaprun>\n'
        )


def _host(number: int, dice: random.Random) -> str:
    system, family, generation, accuracy = dice.choice(SYSTEMS)
    ttl = dice.choice((63, 64, 128))
    ports = "".join(
        f'<port protocol="tcp" portid="{port}"><state state="open" reason="syn-ack" reason_ttl="{ttl}"/>'
        f'<service name="{name}" product="{product}" version="{dice.choice(versions)}" method="probed" conf="10"/></port>\n'
        for port, name, product, versions in PORTS
    )
    return (
        f'<host starttime="{_START}" endtime="{_START + number}"><status state="up" reason="arp-response" reason_ttl="0"/>\n'
        f'<address addr="10.0.{number >> 8}.{number & 255}" addrtype="ipv4"/>\n'
        f'<address addr="{dice.choice(MAKERS)}:00:{number >> 8 & 255:02X}:{number & 255:02X}" addrtype="mac" vendor="Somebody"/>\n'
        f'<hostnames>\n<hostname name="host-{number}.office.example" type="PTR"/>\n</hostnames>\n'
        f'<ports><extraports state="closed" count="990">\n<extrareasons reason="reset" count="990"/>\n</extraports>\n{ports}</ports>\n'
        f'<os><osmatch name="{system}" accuracy="{accuracy}" line="67250">\n'
        f'<osclass type="general purpose" vendor="{family}" osfamily="{family}" osgen="{generation}" accuracy="{accuracy}"/>\n'
        f'</osmatch>\n</os>\n<times srtt="{dice.randrange(200, 9000)}" rttvar="{dice.randrange(99, 5000)}" to="100000"/>\n</host>\n'
    )


def read_deskaudit(file: Path) -> tuple[int, int]:
    """(hosts, services), each made into a row of the model with its id and maker."""
    from deskaudit.connectors import Context
    from deskaudit.connectors.scans.nmap import Nmap, NmapOptions
    from deskaudit.model.batches import Want
    from deskaudit.model.entities import Asset

    connector = Nmap(NmapOptions(files=[str(file)]), Context("scan", file.parent, now=lambda: _START))
    hosts = services = 0
    for batch in connector.pull(None, Want(entities=connector.fills, since_at=0)):
        found = [type(row) for row in batch.rows].count(Asset)
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
    slower = ratio(found["libnmap"], found["deskaudit"])
    less = peak(found["deskaudit"]) / peak(found["libnmap"])
    rows = [[name, seconds(median(runs)), f"{peak(runs):.0f} MB"] for name, runs in found.items()]
    most = peak(found["deskaudit"])
    goals = [
        Goal(
            "nmap reader: python-libnmap's time ÷ its own",
            f"{slower} ×",
            f"≥ {LEAST_TIMES} ×",
            slower.value >= LEAST_TIMES,
        ),
        Goal(f"nmap reader: peak memory, {HOSTS:,} hosts", f"{most:.0f} MB", f"≤ {MOST_MB} MB", most <= MOST_MB),
        Goal("nmap reader ÷ python-libnmap: memory", f"{less:.3f} ×"),
    ]
    text = (
        f"{HOSTS:,} hosts with {len(PORTS)} open ports each, {file.stat().st_size / 1e6:.0f} MB; versions, systems and makers"
        " vary by a seed. deskaudit makes rows with ids and the makers of network cards and refuses XML entities; libnmap"
        " builds its report in memory, which takes more than 2 GB. Both found all hosts and services, or this page would"
        f" not exist.\n\n{table(['', 'time', 'peak memory'], rows)}"
    )
    return Section("nmap files", "scans", goals, text, (before, load()))


def main(tool: str, file: str) -> None:
    read = read_deskaudit if tool == "deskaudit" else read_libnmap
    watch = Stopwatch()
    found = read(Path(file))
    tell({"found": found, **watch.stop()})


if __name__ == "__main__":
    main(*sys.argv[1:])
