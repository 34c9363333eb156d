from collections.abc import Iterator
from typing import Any

import pytest
import requests

from deskaudit.demo.machines import Machine, invent_machines
from deskaudit.demo.server import V3_KEY, Server
from deskaudit.demo.world import SEED, World, build_world

NOW = 1_795_302_602  # Saturday 2026-11-21 23:10:02 UTC


@pytest.fixture(scope="session")
def now() -> int:
    return NOW


@pytest.fixture(scope="session")
def world() -> World:
    """The whole desk, 20 000 tickets; nobody may change it."""
    return build_world(NOW)


@pytest.fixture(scope="session")
def machines(world: World) -> list[Machine]:
    return invent_machines(SEED, world.people)


@pytest.fixture(scope="session")
def small() -> World:
    return build_world(NOW, tickets=600)


class Client:
    """Asks a server with the v3 key over one connection."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.session = requests.Session()
        self.session.headers["apikey"] = V3_KEY

    def get(self, path: str, headers: dict[str, str] | None = None, **query: Any) -> requests.Response:
        url = f"{self.server.url}/api/v3{path}"
        return self.session.get(url, params=query, headers=headers, timeout=10)

    def pages(self, path: str, per_page: int = 500, **query: Any) -> Iterator[list[dict[str, Any]]]:
        page = 1
        while rows := self.get(path, _page=page, _perPage=per_page, **query).json():
            yield rows
            page += 1

    def follow(self, path: str, per_page: int = 500, **query: Any) -> Iterator[list[dict[str, Any]]]:
        cursor = ""
        while True:
            answer = self.get(path, _perPage=per_page, _cursor=cursor, **query)
            yield answer.json()
            cursor = answer.headers.get("next_page_cursor", "")
            if not cursor:
                return


@pytest.fixture
def serve() -> Iterator[Any]:
    """serve(world, **options) → a client of a running server."""
    running: list[tuple[Server, Client]] = []

    def start(world: World, **options: Any) -> Client:
        server = Server(world, **{"per_minute": 60_000, **options})
        server.__enter__()
        running.append((server, Client(server)))
        return running[-1][1]

    yield start
    for server, client in running:
        client.session.close()
        server.__exit__()
