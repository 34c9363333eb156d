"""borgmatic: its log file (`--log-file`), or what it printed; JSON of `borgmatic create --json` is read as borg's.

Borgmatic says "Successfully ran configuration file" even where borg could not find a source: such a run is partial.
With verbosity 0 it says nothing at its end; then borg's statistics are the proof.
"""

import re
from datetime import datetime
from typing import Any, ClassVar

import msgspec

from deskaudit.connectors.backups.borg import HARD, read_borg
from deskaudit.connectors.backups.figures import LocalClock, decode, read_size
from deskaudit.connectors.backups.jobs import Job, Options
from deskaudit.connectors.backups.runs import Origin, Reading, Restore, Run, empty_log, not_a_log
from deskaudit.connectors.backups.source import BackupSource
from deskaudit.i18n import _
from deskaudit.text import one_line

_LINE = re.compile(r"^\[(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)[,.]\d{3}\] ([A-Z]+): ?(.*)$")
_DONE = re.compile(
    r"(.*): (Successfully ran|Error running|Error parsing) configuration file|(No valid configuration files)"
)
_CREATES = re.compile(r"(.*?): Creating archive\b(.*dry run.*)?")
_COMMAND = re.compile(r"Command '[^']{0,400}?\bborg ([a-z-]+)")
_GENERAL = re.compile(r"Error running|An error occurred")
_STATS_SIZE = re.compile(r"^This archive:\s+(\S+ \w+)\s+\S+ \w+\s+(\S+ \w+)")
_EXTRACTS = re.compile(
    r": (?:Running extract check|Extracting archive|Restoring databases? from|Restoring data sources? from)|Restoring \S+ database\b"
)
_TRIAL = re.compile(r"\bborg extract .*--dry-run|\bborg extract --dry-run")
_HOOK = re.compile(r"\bRunning (?:\d+ )?(?:commands? for \S+ hook|.* command hooks?)\b")
"""What a hook's command prints stands there as warnings, until borgmatic itself says something else."""

LONG_S = 20 * 3600
"""A repository that is written anew so long after a run began is written by another run: that one broke off."""
GAP_S = 600
"""What is written so long after a summary belongs to another run."""


class BorgmaticJob(Job, frozen=True, kw_only=True, forbid_unknown_fields=True):
    help: ClassVar[dict[str, str]] = {
        **Job.help,
        "logs": 'Files written by "borgmatic --log-file FILE --log-file-verbosity 1 --stats" (2 shows extract checks), or saved output of "borgmatic create --json".',
    }


class BorgmaticOptions(Options, frozen=True, kw_only=True, forbid_unknown_fields=True):
    jobs: list[BorgmaticJob]


class Borgmatic(BackupSource):
    name: ClassVar[str] = "borgmatic"
    title: ClassVar[str] = "borgmatic: runs from its log files"
    options: ClassVar[type[msgspec.Struct]] = BorgmaticOptions
    tested: ClassVar[str] = "real tool (borgmatic 1.7.7 and 2.1.10)"
    mark: ClassVar[re.Pattern[bytes] | None] = re.compile(
        rb"borgmatic|^\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}\] (?:INFO|ANSWER|WARNING|ERROR|CRITICAL|DEBUG)",
        re.MULTILINE,
    )
    hint: ClassVar[str] = 'Run it with "--log-file FILE --log-file-verbosity 1 --stats".'

    def read(self, data: bytes, origin: Origin, job: Any) -> Reading:
        del job
        return read_borgmatic(data, origin)


class _Told(msgspec.Struct):
    """What one run's lines said."""

    first_at: int | None = None
    last_at: int | None = None
    repositories: dict[str, None] = msgspec.field(default_factory=dict)
    target: str = ""
    archives: int = 0
    created: int = 0
    dry: bool = False
    succeeded: bool = False
    failed: str = ""
    command: str = ""  # the borg command that failed
    hard: str = ""
    warning: str = ""
    tried: bool = False  # something was extracted
    summary: bool = False
    original: int | None = None
    added: int | None = None
    lines: int = 0
    hook: bool = False  # what follows is printed by a hook


def read_borgmatic(data: bytes, origin: Origin) -> Reading:
    """The runs of a log. Raises SourceError for what borgmatic does not print."""
    reading = Reading()
    text = decode(data)
    if not text.strip():
        reading.runs.append(empty_log(origin))
        return reading
    if text.lstrip()[:1] in {"{", "["} and not _LINE.match(text.lstrip().split("\n", 1)[0]):
        return read_borg(data, origin)
    clock = LocalClock(origin.zone)
    parts = [_Told()]
    for line in text.splitlines():
        found = _LINE.match(line)
        when = clock.read(datetime.fromisoformat(found[1])) if found and _is_time(found[1]) else None
        level, said = (found[2], found[3]) if found else ("", line)
        told = _part(parts, said.strip(), level, when)
        told.first_at, told.last_at = told.first_at or when, when or told.last_at
        _hear(told, level, said.strip())
    told_parts = [told for told in parts if told.lines]
    for told in told_parts:
        _conclude(told, reading, origin, alone=len(told_parts) == 1)
    known = any(t.created or t.archives or t.summary or t.succeeded or t.failed or t.tried for t in parts)
    if not known and not any(_LINE.match(line) for line in text.splitlines()[:200]):
        raise not_a_log(origin, "borgmatic", _("Run it with --log-file and --log-file-verbosity 1."))
    return reading


def _is_time(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _part(parts: list[_Told], said: str, level: str, when: int | None) -> _Told:
    """The run that a line belongs to: after a summary, or where a repository is written anew, another begins."""
    told = parts[-1]
    creates = _CREATES.match(said)
    old = when is not None and told.first_at is not None and when - told.first_at > LONG_S
    again = bool(creates and creates[1] in told.repositories and old)  # several configs may write to one repository
    stats_again = said.startswith("Repository:") and told.archives and not told.created
    ended = told.summary and (told.succeeded or told.failed) and level not in {"", "CRITICAL", "ERROR"}
    later = told.summary and when is not None and told.last_at is not None and when - told.last_at > GAP_S
    if (ended and said and not _DONE.match(said)) or again or stats_again or later:
        parts.append(_Told())
    return parts[-1]


def _hear(told: _Told, level: str, said: str) -> None:
    told.lines += bool(said)
    told.hook = bool(_HOOK.search(said)) if level != "WARNING" else told.hook
    done = _DONE.match(said)
    if creates := _CREATES.match(said):
        told.repositories[one_line(creates[1])] = None
        told.created += 1
        told.dry = told.dry or bool(creates[2])
    elif said == "summary:":
        told.summary = True
    elif done and done[2] == "Successfully ran":
        told.succeeded = True
    elif done or level in {"CRITICAL", "ERROR"}:
        if not told.failed or (_GENERAL.search(told.failed) and said and not _GENERAL.search(said)):
            told.failed = one_line(said) or told.failed
        if command := _COMMAND.search(said):
            told.command = command[1]
    elif said.startswith("Archive name:"):
        told.archives += 1
    elif said.startswith("Repository:"):
        told.target = one_line(said.removeprefix("Repository:").strip())  # the line before it may have its label alone
    elif sizes := _STATS_SIZE.match(said):
        told.original, told.added = read_size(sizes[1]), read_size(sizes[2])
    elif _EXTRACTS.search(said) or _TRIAL.search(said):
        told.tried = True
    elif HARD.search(said):
        told.hard = told.hard or one_line(said)
    elif (level == "WARNING" and not told.hook) or "file changed while we backed it up" in said:
        told.warning = told.warning or one_line(said)


def _conclude(told: _Told, reading: Reading, origin: Origin, *, alone: bool) -> None:
    if told.tried and (told.succeeded or told.failed):
        at = told.last_at or origin.modified_at
        reading.restores.append(Restore(at=at, result="failed" if told.failed else "ok"))
    if told.dry:
        reading.notes.append(_("{file}: a dry run stored nothing and does not count").format(file=origin.name))
        return
    stored = told.created > 0 or told.archives > 0
    if not stored and (not told.failed or told.command in {"check", "extract", "list", "info", "mount", "export-tar"}):
        return
    run = Run(
        state="",
        started_at=told.first_at if told.first_at is not None else origin.modified_at,
        ended_at=told.last_at if told.last_at is not None else origin.modified_at,
        ext_id=origin.name if alone and told.first_at is None else "",
        target=told.target or next(iter(told.repositories), ""),
        copies=len(told.repositories) if len(told.repositories) > 1 else None,
        bytes_source=told.original,
        bytes_added=told.added,
    )
    if told.failed:
        whole = told.archives > 0 and told.command not in {"", "create"}
        run.state, run.message = ("partial" if whole else "failed"), told.failed
    elif told.hard:
        run.state, run.message = "partial", told.hard
    elif told.succeeded or (told.archives and told.archives >= told.created):
        run.state, run.message, run.warned = "ok", told.warning, bool(told.warning)
    else:
        run.state, run.unfinished = "unknown", True
    reading.runs.append(run)
