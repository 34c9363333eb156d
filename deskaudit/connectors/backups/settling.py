"""Runs as the readers found them, made into what happened: each once, tries joined, and nothing taken for an end."""

from collections.abc import Iterable

import msgspec

from deskaudit.connectors.backups.figures import utc_text
from deskaudit.connectors.backups.runs import Reading, Run
from deskaudit.i18n import _
from deskaudit.text import one_line

FUTURE_S = 3600
"""Clocks differ; a run that begins later after now was dated by a wrong clock or zone."""
RUNNING_S = 86400
"""A run without an end may be running for so long; then it broke off."""
RETRY_S = 86400


def settle(reading: Reading, now: int, warnings: str) -> None:
    """Leaves each run once in `reading`, oldest first, with its final state."""
    kept = sorted(_once(reading.runs), key=lambda run: run.started_at)
    late = [run for run in kept if run.started_at > now + FUTURE_S]
    if late:
        message = _("{n} runs begin in the future, as {when}: check the job's zone, or the clock of the machine")
        reading.faults.append(message.format(n=len(late), when=utc_text(late[0].started_at)))
    reading.runs = _join_tries(kept)
    for run in reading.runs:
        if run.warned and run.state == "ok":
            run.state = warnings
        if run.unfinished:
            _end(run, now)
    _name(reading.runs)
    reading.restores = list({msgspec.json.encode(restore): restore for restore in reading.restores}.values())


def _once(runs: Iterable[Run]) -> list[Run]:
    """Without exact doubles; of a log and a list that tell of one stored thing, the log."""
    seen: dict[bytes, Run] = {}
    for run in runs:
        bare = msgspec.structs.replace(run, ext_id="")
        seen.setdefault(msgspec.json.encode(bare), run)
    logged = {(run.job, run.snapshot_id): run for run in seen.values() if run.snapshot_id and not run.listed}
    found: list[Run] = []
    for run in seen.values():
        if run.listed and run.snapshot_id:
            key = (run.job, run.snapshot_id)
            if key in logged:
                _fill(logged[key], run)
                continue
            logged[key] = run
        found.append(run)
    return found


def _fill(run: Run, listed: Run) -> None:
    """What the list knows, and the log does not."""
    for field in ("ended_at", "bytes_source", "bytes_added", "encrypted"):
        if getattr(run, field) is None and not run.unfinished:
            setattr(run, field, getattr(listed, field))
    run.target = run.target or listed.target


def _join_tries(runs: list[Run]) -> list[Run]:
    """A run and its further tries are one run that ended as the last try did."""
    found: list[Run] = []
    last: dict[tuple[str, str], int] = {}
    for run in runs:
        key = (run.job, run.machine)
        before = found[last[key]] if key in last else None
        if run.retry and before is not None and run.started_at - (before.ended_at or before.started_at) <= RETRY_S:
            said = run.message or _("after another try")
            found[last[key]] = msgspec.structs.replace(
                run, started_at=before.started_at, message=said, retry=before.retry, ext_id=before.ext_id
            )
            continue
        last[key] = len(found)
        found.append(run)
    return found


def _end(run: Run, now: int) -> None:
    """What has no end is running, or broke off; neither is a success."""
    run.ended_at = None
    if now - run.started_at > RUNNING_S:
        run.state = "failed"
        run.message = _("it never came to its end") + (f" ({run.message})" if run.message else "")
    else:
        run.state = "unknown"
        run.message = run.message or _("no end is told: still running, or cut off")


def _name(runs: list[Run]) -> None:
    """Gives each run an id of its own, made of what does not change when logs are moved."""
    used: dict[str, int] = {}
    for run in runs:
        name = run.ext_id or " ".join(part for part in (run.job, utc_text(run.started_at)) if part)
        count = used[name] = used.get(name, 0) + 1
        run.ext_id = one_line(name if count == 1 else f"{name} #{count}")
