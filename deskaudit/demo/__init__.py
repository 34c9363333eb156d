"""A made-up desk with known faults, to look around in and to test against.

    with Demo.start(folder, now) as demo:
        os.environ.update(demo.environment)
        ...  # deskaudit --config demo.config_path

Everything in it is invented, and the same `now` gives the same desk. It listens on loopback only.
"""

from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from deskaudit.demo.machines import Machine
    from deskaudit.demo.server import Server
    from deskaudit.demo.world import World

ANNOUNCED_PER_MINUTE = 60_000
"""The rate limit the demo's server grants and announces."""


class Demo:
    """The running demo: its files under `folder`, its server, and what to put into the environment."""

    def __init__(self, folder: Path, world: "World", machines: "list[Machine]", server: "Server") -> None:
        from deskaudit.demo.setup import ENVIRONMENT

        self.folder = folder
        self.world = world
        self.machines = machines
        self.server = server
        self.environment = dict(ENVIRONMENT)

    @property
    def config_path(self) -> Path:
        return self.folder / "config.toml"

    @classmethod
    def start(cls, folder: Path, now: int, *, tickets: int | None = None) -> "Demo":
        """Builds the desk as of `now` (epoch seconds) and its files in `folder`; the server runs inside `with`."""
        from deskaudit.demo.files import write_files
        from deskaudit.demo.machines import invent_machines
        from deskaudit.demo.server import Server
        from deskaudit.demo.world import SEED, TICKETS, build_world

        world = build_world(now, tickets=TICKETS if tickets is None else tickets)
        machines = invent_machines(SEED, world.people)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_files(folder, machines, now)
        server = Server(world, zone="Europe/Oslo", per_minute=ANNOUNCED_PER_MINUTE, announce_limit=True)
        return cls(folder, world, machines, server)

    def __enter__(self) -> Self:
        from deskaudit.demo.setup import write_configuration

        self.server.__enter__()
        write_configuration(self.config_path, self.server.url, self.world.now)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.server.__exit__(kind, error, trace)
