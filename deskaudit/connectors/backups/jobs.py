"""What every backup job of the config says of itself, whatever tool does the work."""

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar, Literal

import msgspec

from deskaudit.config import seconds
from deskaudit.connectors.tabular.dates import check_zone
from deskaudit.errors import ConfigError
from deskaudit.i18n import _


class Job(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One backup that should happen, and where its traces are."""

    help: ClassVar[dict[str, str]] = {
        "name": "What the job is called.",
        "logs": "Its saved logs; * and ** allowed, .gz is read too.",
        "only": "Names that the tool itself gives (job, client, machine): only these belong to this job. Left out: each name becomes a job of its own.",
        "schedule": 'When it should run: cron ("0 2 * * *") or an interval ("6h").',
        "zone": "The time zone of the schedule, and of times in the logs that carry no offset; default: the desk's.",
        "grace": "How late a run may start; default: half the time to the next.",
        "rpo": "How much work may be lost at most (recovery point objective).",
        "target": "Where the copy lies, where the logs do not tell.",
        "offsite": "Whether the copy lies elsewhere: yes, no or unknown; default: what the target proves, else unknown.",
        "encrypted": "Whether the copy is encrypted; default: what the logs tell, else unknown.",
        "warnings": "What a run that ended well, but with warnings, counts as: partial, or ok where you know them to be harmless.",
        "critical": "Whether the business stands still without it.",
        "assets": "Names of the machines that it covers, as in the asset list.",
        "restore_tests": 'Days on which a restore was tried and succeeded, as "2026-09-01".',
    }

    name: str
    logs: list[str] = msgspec.field(default_factory=list)
    only: list[str] = msgspec.field(default_factory=list)
    schedule: str = ""
    zone: str = ""
    grace: str = ""
    rpo: str = "24h"
    target: str = ""
    offsite: Literal["yes", "no", "unknown", ""] = ""
    encrypted: bool | None = None
    warnings: Literal["partial", "ok"] = "partial"
    critical: bool = True
    assets: list[str] = msgspec.field(default_factory=list)
    restore_tests: list[str] = msgspec.field(default_factory=list)

    def __post_init__(self) -> None:
        if complaint := self.missing_trace():
            raise ValueError(_("job {name}: {complaint}").format(name=self.name, complaint=complaint))
        check_zone(self.zone)
        check_schedule(self.schedule, self.name)
        for day in self.restore_tests:
            try:
                datetime.fromisoformat(day)
            except ValueError:
                message = _('job {name}: restore_tests holds "{day}"; write days as 2026-09-01')
                raise ValueError(message.format(name=self.name, day=day)) from None
        for text in (self.grace, self.rpo):
            if text:
                try:
                    seconds(text, f"job {self.name}")
                except ConfigError as fault:
                    raise ValueError(fault.message) from None

    def missing_trace(self) -> str:
        """What the job lacks to be judged at all, or ""."""
        return "" if self.logs else _("give logs")


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The options of a backup source whose jobs have no options of their own."""

    help: ClassVar[dict[str, str]] = {"jobs": "The backups that should happen, one table each."}

    jobs: Sequence[Job]

    def __post_init__(self) -> None:
        check_names(self.jobs)


def check_names(jobs: Sequence[Job]) -> None:
    """Raises ValueError where two jobs have one name, or there is none."""
    names = [job.name for job in jobs]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(_('two jobs are called "{name}"').format(name=twice[0]))
    if not jobs:
        raise ValueError(_("jobs is empty: name at least one"))


def check_schedule(text: str, job: str) -> None:
    """Raises ValueError, as a sentence, for what is neither a cron line nor an interval; "" is allowed."""
    if not text.strip():
        return
    from deskaudit.snapshot.backups import cron_times, read_interval

    try:
        due = read_interval(text) is not None or bool(cron_times(text, "UTC", 0, 0))
        fault = _("it never falls due")
    except ValueError as wrong:
        due, fault = False, str(wrong)
    if not due:
        message = _(
            'job {name}: the schedule "{text}" is neither a cron line ("0 2 * * *") nor an interval ("6h", "1d"): {fault}'
        )
        raise ValueError(message.format(name=job, text=text, fault=fault))
