"""Real files, read through the same door as the program: config text, entry point, pull."""

import io
import tomllib
import zipfile
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

    def run(
        options: str, files: dict[str, bytes | str], entities: Sequence[str] = tuple(ENTITIES), now: int = NOW
    ) -> Pulled:
        for name, content in files.items():
            (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
        want = Want(entities=frozenset(entities), since_at=0)
        return Pulled(list(connector(options, now=now).pull(None, want)))

    return run


MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
DOCUMENT = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
STYLES = (0, 22, 14, 164)  # cell styles 0 to 3: general, date and time, date, [h]:mm:ss
STYLE = {"time": 1, "date": 2, "duration": 3}


def xlsx_cell(place: str, cell: object) -> str:
    """A text, a number, a bool, or (kind, number) with a kind of STYLE."""
    if isinstance(cell, bool):
        return f'<c r="{place}" t="b"><v>{int(cell)}</v></c>'
    if isinstance(cell, tuple):
        return f'<c r="{place}" s="{STYLE[cell[0]]}"><v>{cell[1]}</v></c>'
    if isinstance(cell, str):
        text = cell.replace("&", "&amp;").replace("<", "&lt;")
        return f'<c r="{place}" t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>' if cell else ""
    return f'<c r="{place}"><v>{cell}</v></c>'


def column(n: int) -> str:
    return (chr(64 + n // 26) if n >= 26 else "") + chr(65 + n % 26)


def make_xlsx(sheets: dict[str, list[list[object]]], *, raw: str = "") -> bytes:
    """A workbook of sheets of rows of cells; `raw` goes in as further rows of the last sheet."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as book:
        types = '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        types += '<Default Extension="xml" ContentType="application/xml"/>'
        book.writestr("[Content_Types].xml", f'<Types xmlns="{PACKAGE}/content-types">{types}</Types>')
        root = f'<Relationship Id="r" Type="{DOCUMENT}/officeDocument" Target="xl/workbook.xml"/>'
        book.writestr("_rels/.rels", f'<Relationships xmlns="{PACKAGE}/relationships">{root}</Relationships>')
        names = "".join(f'<sheet name="{name}" sheetId="{n}" r:id="r{n}"/>' for n, name in enumerate(sheets, 1))
        book.writestr(
            "xl/workbook.xml", f'<workbook xmlns="{MAIN}" xmlns:r="{DOCUMENT}"><sheets>{names}</sheets></workbook>'
        )
        links = "".join(
            f'<Relationship Id="r{n}" Type="{DOCUMENT}/worksheet" Target="worksheets/sheet{n}.xml"/>'
            for n in range(1, len(sheets) + 1)
        )
        links += f'<Relationship Id="s" Type="{DOCUMENT}/styles" Target="styles.xml"/>'
        book.writestr(
            "xl/_rels/workbook.xml.rels", f'<Relationships xmlns="{PACKAGE}/relationships">{links}</Relationships>'
        )
        formats = '<numFmts count="1"><numFmt numFmtId="164" formatCode="[h]:mm:ss"/></numFmts>'
        styles = "".join(f'<xf numFmtId="{number}"/>' for number in STYLES)
        book.writestr("xl/styles.xml", f'<styleSheet xmlns="{MAIN}">{formats}<cellXfs>{styles}</cellXfs></styleSheet>')
        for n, rows in enumerate(sheets.values(), 1):
            text = "".join(
                f'<row r="{r}">' + "".join(xlsx_cell(f"{column(c)}{r}", cell) for c, cell in enumerate(row)) + "</row>"
                for r, row in enumerate(rows, 1)
                if row
            )
            more = raw if n == len(sheets) else ""
            sheet = f'<worksheet xmlns="{MAIN}"><sheetData>{text}{more}</sheetData></worksheet>'
            book.writestr(f"xl/worksheets/sheet{n}.xml", sheet)
    return out.getvalue()


@pytest.fixture(scope="session")
def xlsx() -> Callable[..., bytes]:
    return make_xlsx


@pytest.fixture(scope="session")
def ods() -> Callable[[list[list[str]]], bytes]:
    def make(rows: list[list[str]]) -> bytes:
        cells = "".join(
            "<table:table-row>"
            + "".join(
                f'<table:table-cell office:value-type="string"><text:p>{cell}</text:p></table:table-cell>'
                for cell in row
            )
            + "</table:table-row>"
            for row in rows
        )
        space = "urn:oasis:names:tc:opendocument:xmlns:"
        content = (
            f'<office:document-content xmlns:office="{space}office:1.0" xmlns:table="{space}table:1.0" '
            f'xmlns:text="{space}text:1.0"><office:body><office:spreadsheet><table:table table:name="Tickets">{cells}'
            "</table:table></office:spreadsheet></office:body></office:document-content>"
        )
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as book:
            book.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
            manifest = "urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"
            book.writestr("META-INF/manifest.xml", f'<manifest:manifest xmlns:manifest="{manifest}"/>')
            book.writestr("content.xml", content)
        return out.getvalue()

    return make
