"""A made-up desk on disk, made through the same door as every pull: landed page by page, then published.

    python -m benchmarks.desks land FOLDER TICKETS
    python -m benchmarks.desks publish FOLDER
    python -m benchmarks.desks audit FOLDER

The folder gets `config.toml` and `data`, so that `deskaudit --config FOLDER/config.toml --data-dir FOLDER/data` opens it.
"""

import sys
from collections.abc import Iterable
from pathlib import Path

from benchmarks import machines
from benchmarks.processes import Stopwatch, tell
from benchmarks.tickets import NOW, Desk
from deskaudit.audit import desk as audited
from deskaudit.config import Config, load
from deskaudit.model.batches import Batch
from deskaudit.model.entities import Row
from deskaudit.paths import Paths
from deskaudit.snapshot import Snapshot

CONFIG = """\
[desk]
name = "Seeded desk"
zone = "Europe/Oslo"

[calendars.default]
hours = { mon-fri = ["08:00-11:30", "12:00-16:00"] }
holidays = "NO"

[calendars.overseas]
zone = "America/New_York"
hours = { mon-fri = ["09:00-17:00"] }
departments = ["Sales"]

[calendars.always]
zone = "Asia/Kathmandu"
hours = { mon-sun = ["00:00-24:00"] }
departments = ["Service line"]

[sources]
helpdesk = { type = "liveagent" }
office = { type = "assets", cadence = "1w" }
backups = { type = "restic" }
"""


def paths(folder: Path) -> Paths:
    return Paths(config=folder / "config.toml", data=folder / "data")


def config(folder: Path) -> Config:
    return load(paths(folder).config)


def land(folder: Path, tickets: int) -> dict[str, int]:
    """Lands all rows of the desk, to be published later. Gives the number of rows of each source."""
    desk = paths(folder)
    folder.mkdir(parents=True, exist_ok=True)
    desk.make()
    desk.config.write_text(CONFIG, encoding="utf-8")
    return {
        name: _land(desk, name, type_, pages)
        for name, (type_, pages) in {
            "helpdesk": ("liveagent", Desk(tickets).pages()),
            "office": ("assets", machines.assets(tickets)),
            "backups": ("restic", machines.backups(tickets)),
        }.items()
    }


def publish(folder: Path) -> None:
    """Publishes what has landed."""
    snapshot = Snapshot(paths(folder).snapshot)
    landings = []
    try:
        for name, table in config(folder).sources.items():
            landings.append(snapshot.landing(name, table["type"], NOW))  # as after an interruption
            landings[-1].finish(cadence_s=86400)
        snapshot.publish(landings, config(folder), NOW)
    finally:
        for landing in landings:
            landing.close()


def audit(folder: Path) -> None:
    """A full audit of the last quarter, stored, at the time the desk was made for."""
    desk = audited.Desk(paths(folder), now=lambda: NOW)
    for _event in desk.run(desk.plan(pull=False)):
        pass
    desk.close()


def _land(desk: Paths, name: str, type_: str, pages: Iterable[list[Row]]) -> int:
    with Snapshot(desk.snapshot).landing(name, type_, NOW) as landing:
        for number, rows in enumerate(pages):
            landing.land(Batch(rows=rows, cursor={"page": number}))
        if landing.state.rejects:
            raise RuntimeError(f"{name}: these rows do not fit: {landing.state.reject_sample}")
        return landing.rows


def main(verb: str, folder: str, *words: str) -> None:
    watch = Stopwatch()
    answer: dict[str, object] = {}
    match verb:
        case "land":
            answer["rows"] = land(Path(folder), int(words[0]))
        case "publish":
            publish(Path(folder))
        case _:
            audit(Path(folder))
    tell(answer | watch.stop())


if __name__ == "__main__":
    main(*sys.argv[1:])
