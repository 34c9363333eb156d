"""Real files, read through the same door as the program: config text, entry point, pull."""

import tomllib
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
import pytest

from deskaudit import connectors
from deskaudit.config import Source
from deskaudit.connectors import Connector, Context
from deskaudit.model.batches import Batch, Problem, Reject, Want
from deskaudit.model.entities import ENTITIES, Row, entity_of

NOW = 1_790_000_000  # 2026-09-21T14:13:20Z


class Pulled(msgspec.Struct):
    batches: list[Batch]

    def rows(self, entity: str) -> list[Row]:
        return [row for batch in self.batches for row in batch.rows if entity_of(row) == entity]

    def only(self, entity: str) -> Row:
        (row,) = self.rows(entity)
        return row

    @property
    def rejects(self) -> list[Reject]:
        return [reject for batch in self.batches for reject in batch.rejects]

    @property
    def problems(self) -> list[Problem]:
        return [problem for batch in self.batches for problem in batch.problems]

    @property
    def incomplete(self) -> set[str]:
        return {entity for problem in self.problems for entity in problem.entities}


@pytest.fixture
def connector(tmp_path: Path) -> Callable[..., Connector]:
    """(options as TOML, cancelled) → the connector of `[sources.desk]`, its files in tmp_path."""

    def build(options: str, *, now: int = NOW, cancelled: Callable[[], bool] = lambda: False) -> Connector:
        file = tmp_path / "config.toml"
        file.write_text(options, encoding="utf-8")
        table = tomllib.loads(options)["sources"]["desk"]
        context = Context("desk", tmp_path, now=lambda: now, hash_key=b"key", cancelled=cancelled, zone="UTC")
        return connectors.build(Source("desk", table, file), context)

    return build


@pytest.fixture
def pull(tmp_path: Path, connector: Callable[..., Connector]) -> Callable[..., Pulled]:
    """(options, file name = content, …) → all batches."""

    def run(options: str, files: dict[str, bytes | str], entities: Sequence[str] = tuple(ENTITIES)) -> Pulled:
        for name, content in files.items():
            (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
        want = Want(entities=frozenset(entities), since_at=0)
        return Pulled(list(connector(options).pull(None, want)))

    return run
