"""When backups were due: schedules expanded, because SQL has no calendar, and each due time given its run."""

import bisect
import datetime as dt
import itertools
import re
from collections import deque
from collections.abc import Iterable, Iterator
from zoneinfo import ZoneInfo

import duckdb
import msgspec

from deskaudit.config import UNITS
from deskaudit.i18n import _
from deskaudit.model.batches import Problem
from deskaudit.model.keys import row_key
from deskaudit.text import one_line

HISTORY_S = 400 * 86400
EARLY_S = 900  # a run that starts so long before its time is still its run
MOST = 50_000  # due times of one job; of a job that runs every minute, the latest are kept


class _Job(msgspec.Struct):
    id: int
    src: str
    name: str
    schedule: str
    zone: str
    grace_s: int | None


class _Due(msgspec.Struct):
    due_at: int
    until_at: int
    run_id: int | None


def create_due_backups(connection: duckdb.DuckDBPyConnection, zone: str, now: int) -> list[tuple[str, Problem]]:
    """Creates the temporary table `due_backup`; gives (source, problem) of each schedule that cannot be read."""
    connection.execute(
        "CREATE TEMP TABLE due_backup (id BIGINT, job_id BIGINT, due_at BIGINT, until_at BIGINT, run_id BIGINT)"
    )
    problems = []
    found = connection.execute(
        "SELECT id, src, name, schedule, COALESCE(zone, ?), grace_s FROM backup_job"
        " WHERE TRIM(schedule) <> '' ORDER BY id",
        [zone],
    ).fetchall()
    for job in (_Job(*row) for row in found):
        try:
            dues = _expand(job, _read_runs(connection, job.id), now)
        except (ValueError, KeyError, OSError) as fault:
            message = _('the schedule "{schedule}" of {job} cannot be read: {fault}').format(
                schedule=one_line(job.schedule), job=one_line(job.name), fault=one_line(fault)
            )
            problems.append((job.src, Problem("backup_job", message, ("backup_job",))))
            continue
        _insert(connection, job.id, dues)
    return problems


def _read_runs(connection: duckdb.DuckDBPyConnection, job: int) -> list[tuple[int, int]]:
    """(started_at, id) of a job's runs, oldest first."""
    return connection.execute(
        "SELECT COALESCE(started_at, ended_at) AS began_at, id FROM backup_run"
        " WHERE job_id = ? AND COALESCE(started_at, ended_at) IS NOT NULL ORDER BY began_at, id",
        [job],
    ).fetchall()


def _expand(job: _Job, runs: list[tuple[int, int]], now: int) -> list[_Due]:
    """Each due time until `now`, with the last run that started in its time."""
    start = max(runs[0][0] if runs else 0, now - HISTORY_S)
    interval = read_interval(job.schedule)
    if interval is not None:
        return _expand_interval(job, runs, start, interval, now)
    times = cron_times(job.schedule, job.zone or "UTC", start - EARLY_S, now)
    return [_match(job, due, following, runs) for due, following in itertools.pairwise(times) if due <= now]


def _expand_interval(job: _Job, runs: list[tuple[int, int]], start: int, interval: int, now: int) -> list[_Due]:
    """The next backup is due one interval after the run before it, or after its own due time where none came."""
    dues: deque[_Due] = deque(maxlen=MOST)
    known = bisect.bisect_left(runs, (start, -1))
    # In step with the first run that is in sight, so that the first due time is no false alarm.
    due_at = start + (runs[known][0] - start) % interval if known < len(runs) else start
    while due_at <= now:
        found = _match(job, due_at, due_at + interval, runs)
        dues.append(found)
        first = bisect.bisect_left(runs, (due_at - _early(interval), -1))
        is_run = first < len(runs) and runs[first][0] < found.until_at
        due_at = max(runs[first][0] if is_run else due_at, due_at - _early(interval) + 1) + interval
    return list(dues)


def _match(job: _Job, due_at: int, next_at: int, runs: list[tuple[int, int]]) -> _Due:
    interval = next_at - due_at
    grace = interval // 2 if job.grace_s is None else job.grace_s
    until_at = min(next_at, due_at + max(grace, 1))
    # What starts shortly before the next time belongs to that one.
    last = bisect.bisect_left(runs, (min(until_at, next_at - _early(interval)), -1)) - 1
    is_own = last >= 0 and runs[last][0] >= due_at - _early(interval)
    return _Due(due_at, until_at, runs[last][1] if is_own else None)


def _early(interval: int) -> int:
    return min(EARLY_S, interval // 2)


def read_interval(schedule: str) -> int | None:
    """Seconds of "90m", "6h", "1d", "2w"; None for anything else, which is taken for cron."""
    match = re.fullmatch(r"(\d+)\s*([mhdw])", schedule.strip().lower())
    if match is None:
        return None
    length = int(match[1]) * UNITS[match[2]]
    if length <= 0:
        raise ValueError(_("the interval is empty"))
    return length


def cron_times(schedule: str, zone: str, start: int, now: int) -> list[int]:
    """The times of a cron line from `start` to `now`, and the first one after it. ValueError for a wrong line."""
    from cronsim import CronSim, CronSimError

    try:
        times: Iterator[dt.datetime] = CronSim(schedule.strip(), dt.datetime.fromtimestamp(start - 1, ZoneInfo(zone)))
    except CronSimError as fault:
        said = _("it has not five fields: minute, hour, day of the month, month, day of the week")
        raise ValueError(said if len(schedule.split()) != 5 else str(fault)) from None
    found: deque[int] = deque(maxlen=MOST)
    for time in times:
        found.append(int(time.timestamp()))
        if found[-1] > now:
            break
    return list(found)


def _insert(connection: duckdb.DuckDBPyConnection, job: int, dues: Iterable[_Due]) -> None:
    dues = list(dues)
    connection.execute(
        "INSERT INTO due_backup SELECT unnest(CAST(? AS BIGINT[])), ?, unnest(CAST(? AS BIGINT[])),"
        " unnest(CAST(? AS BIGINT[])), unnest(CAST(? AS BIGINT[]))",
        [
            [row_key("", "backup_due", f"{job}@{due.due_at}") for due in dues],
            job,
            [due.due_at for due in dues],
            [due.until_at for due in dues],
            [due.run_id for due in dues],
        ],
    )
