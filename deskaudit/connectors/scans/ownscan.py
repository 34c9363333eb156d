"""The user's own nmap, run on the targets of the config when `deskaudit sources nmap` is called, and only then.

What it is given is a list of arguments, never a shell's line: targets that are plain addresses, networks and names, and
arguments of a short list that neither attack, nor run scripts, nor write or read other files.
"""

import contextlib
import fnmatch
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from deskaudit.connectors.scans.reading import read_hosts
from deskaudit.connectors.scans.scanfile import Scan
from deskaudit.errors import ConfigError, SourceError
from deskaudit.i18n import _

ARGUMENTS = (
    r"-sT", r"-sS", r"-sU", r"-sV", r"-sn", r"-O", r"-Pn", r"-n", r"-R", r"-F", r"-6", r"-T[0-5]", r"-v", r"-P[EPM]",
    r"-P[SAU][\d,-]*", r"--open", r"--osscan-limit", r"--version-light", r"--version-intensity=\d", r"--top-ports=\d+",
    r"--(?:max|min)-rate=\d+", r"--max-retries=\d+", r"--(?:host-timeout|scan-delay)=\d+(?:ms|s|m|h)?",
    r"--exclude=[\w.:/,*-]+",
)  # fmt: skip
_ALLOWED = re.compile("|".join(ARGUMENTS))
_TARGET = re.compile(r"[A-Za-z0-9*\[][\w.:*/,\[\]-]{0,252}")
_PORTS = re.compile(r"[TUS]?:?\d{1,5}(?:-\d{1,5})?(?:,(?:[TUS]:)?\d{1,5}(?:-\d{1,5})?)*")
GRACE_S = 10
_STDERR = 2  # what nmap prints is narration


def require_target(text: str) -> None:
    if not _TARGET.fullmatch(text):
        raise ValueError(_('targets: "{text}" is no address, network or name').format(text=text))


def require_argument(text: str) -> None:
    if not _ALLOWED.fullmatch(text):
        raise ValueError(
            _('arguments: "{text}" is not among those that deskaudit passes on: {known}').format(
                text=text, known=" ".join(_readable(one) for one in ARGUMENTS)
            )
        )


def _readable(argument: str) -> str:
    for pattern, word in (
        (r"[\w.:/,*-]+", "TARGETS"),
        (r"[\d,-]*", "PORTS"),
        (r"\d+", "N"),
        (r"\d", "N"),
        ("(?:", "("),
    ):
        argument = argument.replace(pattern, word)
    return argument


def require_ports(text: str) -> None:
    if text and not _PORTS.fullmatch(text):
        raise ValueError(_('ports: "{text}" is no list of ports; write 22,80,443 or 1-1024').format(text=text))


def command_of(targets: Sequence[str], ports: str, arguments: Sequence[str], output: Path) -> list[str]:
    """What is run. Raises ConfigError without targets, SourceError where nmap is not installed."""
    if not targets:
        raise ConfigError(
            _("No targets are configured: nothing is scanned."),
            hint=_('Name them in the source, as targets = ["192.168.1.0/24"].'),
        )
    program = shutil.which("nmap")
    if program is None:
        raise SourceError(
            _("nmap is not installed here."),
            kind="unreachable",
            hint=_("Install it, or run it where it is and copy the file (nmap -oX)."),
        )
    return [program, *arguments, *(["-p", ports] if ports else []), "-oX", str(output), *targets]


def choose_output(files: Sequence[str], folder: Path, now: int) -> Path:
    """A file that the source reads: the one it names, or a new one that its pattern matches."""
    for text in files:
        pattern = folder / Path(text).expanduser()
        if not re.search(r"[*?\[]", pattern.name):
            return pattern
        name = f"nmap-{datetime.fromtimestamp(now, UTC):%Y%m%dT%H%M%SZ}.xml"
        if fnmatch.fnmatchcase(name, pattern.name):
            return pattern.with_name(name)
    raise ConfigError(
        _("It is not clear which file to write."), hint=_("Name one that the source reads: --output FILE")
    )


def run(targets: Sequence[str], ports: str, arguments: Sequence[str], output: Path, longest_s: int) -> Scan:
    """Scans, and puts the file in its place when it is whole; nmap's own words go to stderr.

    What a scan that was stopped has found is kept beside it as FILE.partial, which no source reads. Raises SourceError
    then, and KeyboardInterrupt where the user stopped it.
    """
    part = _make_part(output)
    try:
        ended = _call(command_of(targets, ports, arguments, part), longest_s)
        scan = _read(part)
        if ended == "" and scan.ended and not scan.fault and scan.hosts:
            _put(part, output)
            return scan
        _keep_partial(part, output, scan, ended or scan.fault or _nothing(scan))
    except KeyboardInterrupt:
        _keep_partial(part, output, _read(part), _("you stopped it"))
    finally:
        part.unlink(missing_ok=True)
    raise AssertionError  # _keep_partial raises


def _nothing(scan: Scan) -> str:
    """Why a scan that ended well has no host."""
    if scan.total:
        return _("none of {n} addresses answered").format(n=scan.total)
    return _("no target was left to scan, as a name that does not resolve or all are excluded")


def _make_part(output: Path) -> Path:
    try:
        handle, name = tempfile.mkstemp(prefix=f".{output.name}.", suffix=".part", dir=output.parent)  # mode 600
    except OSError as fault:
        raise ConfigError(
            _("{file} cannot be written: {fault}").format(file=output, fault=fault.strerror),
            hint=_("Make its folder, or name another file: --output FILE"),
        ) from None
    os.close(handle)
    return Path(name)


def _call(command: list[str], longest_s: int) -> str:
    """Why nmap did not end well; "" where it did."""
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=_STDERR) as process:
        try:
            code = process.wait(longest_s)
        except subprocess.TimeoutExpired:
            _stop(process)
            return _("it took longer than {n} minutes").format(n=longest_s // 60)
        except KeyboardInterrupt:  # nmap has it too
            _stop(process)
            raise
    return "" if code == 0 else _("nmap ended with code {code}").format(code=code)


def _stop(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(GRACE_S)
        return
    process.kill()


def _read(part: Path) -> Scan:
    scan = Scan(part.name, "nmap")
    try:
        for _host in read_hosts(part, scan, sys.maxsize):
            pass
    except SourceError as fault:
        scan.fault = fault.message
    return scan


def _put(part: Path, output: Path) -> None:
    with part.open("rb") as handle:
        os.fsync(handle.fileno())
    part.replace(output)


def _keep_partial(part: Path, output: Path, scan: Scan, why: str) -> None:
    if not scan.hosts:
        raise SourceError(
            _("The scan found nothing: {why}.").format(why=why),
            kind="bad_answer",
            hint=_("{file} is as it was.").format(file=output),
        )
    kept = output.with_name(output.name + ".partial")
    _put(part, kept)
    raise SourceError(
        _("The scan is not whole: {why}. Its {n} hosts are in {file}.").format(why=why, n=scan.hosts, file=kept),
        kind="timeout",
        hint=_("{file} is as it was. Rename the other to use it: it is then told as partial.").format(file=output),
    )
