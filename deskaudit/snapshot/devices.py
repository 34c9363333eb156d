"""Which rows are one device: the same machine on lists, in inventories and in scans is counted once.

Rows of different sources are joined by serial number, UUID, real MAC, FQDN, then host name (ruling 23), never by IP
alone. A lower key does not join where a higher one is known of both sides and differs; it is noted as a clash instead,
and so is a machine that one list has twice. Two rows of one list are two devices, as the list says.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence

import duckdb
import msgspec

KEYS = ("serial", "uuid", "mac", "fqdn", "hostname")
MOST = 5
"""A value on more assets of one source names nobody."""
TWICE = "twice"
_NONE: frozenset[str] = frozenset()
_COMPARED = """
CREATE TEMP TABLE compared AS
WITH told AS (
  SELECT k.*, m.listed_id FROM asset_key k LEFT JOIN asset_match m ON m.scan_id = k.id
), value AS (
  UNPIVOT (SELECT id, src, is_scan, listed_id IS NULL AS is_rest, serial, uuid, mac, fqdn, host FROM told)
  ON serial, uuid, mac, fqdn, host INTO NAME key VALUE value
), shared AS (
  SELECT n.is_scan, n.key, n.value
  FROM (
    SELECT is_scan, key, value, src, COUNT(*) AS rows, COUNT(*) FILTER (WHERE is_rest) AS rest
    FROM value GROUP BY is_scan, key, value, src
  ) n
  GROUP BY n.is_scan, n.key, n.value
  HAVING SUM(n.rows) > 1 AND MAX(n.rest) <= ?
)
SELECT v.id FROM value v SEMI JOIN shared USING (is_scan, key, value)
UNION SELECT id FROM told WHERE listed_id IS NOT NULL
UNION SELECT listed_id FROM told WHERE listed_id IS NOT NULL
"""
"""The rows that `_group` may join with another: listed ones among each other, then the scanned rest, and matches."""


class _Row(msgspec.Struct, frozen=True):
    id: int
    src: str
    is_scan: bool
    keys: tuple[str | None, ...]  # in the order of KEYS
    listed_id: int | None  # of a scanned one: the listed one it is
    matched_by: str | None


class _Device(msgspec.Struct, eq=False):
    """One machine so far. `members`: row → the key that joined it, None for the row that was there first."""

    members: dict[int, str | None]
    sources: set[tuple[str, bool]]
    keys: tuple[frozenset[str], ...]
    clashes: set[str] = msgspec.field(default_factory=set)


def create_devices(connection: duckdb.DuckDBPyConnection) -> None:
    """Creates the temporary table `device_member` from `asset_key` and `asset_match`, which exist by then.

    Only rows that share a key with another one are compared here; a network has many machines, and most are alone.
    """
    connection.execute(_COMPARED, [MOST])
    connection.execute(
        "CREATE TEMP TABLE device_member AS SELECT k.id AS device_id, k.id AS asset_id,"
        " CAST(NULL AS VARCHAR) AS matched_by, CAST(NULL AS VARCHAR) AS clash FROM asset_key k ANTI JOIN compared USING (id)"
    )
    rows = [
        _Row(id_, src, bool(is_scan), tuple(keys), listed_id, matched_by)
        for id_, src, is_scan, listed_id, matched_by, *keys in connection.execute(
            "SELECT k.id, k.src, k.is_scan, m.listed_id, m.matched_by, k.serial, k.uuid, k.mac, k.fqdn, k.host"
            " FROM asset_key k SEMI JOIN compared USING (id) LEFT JOIN asset_match m ON m.scan_id = k.id"
            " ORDER BY k.is_scan, k.id"
        ).fetchall()
    ]
    found = list(_members(_group(rows), {row.id for row in rows if row.is_scan}))
    connection.execute(
        "INSERT INTO device_member SELECT unnest(CAST(? AS BIGINT[])), unnest(CAST(? AS BIGINT[])),"
        " unnest(CAST(? AS VARCHAR[])), unnest(CAST(? AS VARCHAR[]))",
        [list(column) for column in zip(*found, strict=True)] or [[], [], [], []],
    )


def _members(devices: Iterable[_Device], scans: set[int]) -> Iterator[tuple[int, int, str | None, str | None]]:
    """(device, asset, matched by, clash). A device has the lowest id of its rows, listed ones first: it stays the same."""
    for device in devices:
        head = min(device.members, key=lambda member: (member in scans, member))
        by_head = device.members[head]
        clash = " ".join(sorted(device.clashes)) or None
        for member, joined_by in device.members.items():
            yield head, member, None if member == head else joined_by or by_head, clash


def _group(rows: Sequence[_Row]) -> list[_Device]:
    """The devices: listed rows first, then each scanned row with the listed one it is, then the scanned rest."""
    of = {
        row.id: _Device(
            {row.id: None}, {(row.src, row.is_scan)}, tuple(frozenset({key}) if key else _NONE for key in row.keys)
        )
        for row in rows
    }
    _join(of, [row for row in rows if not row.is_scan])
    rest = []
    for row in rows:
        if row.listed_id is None or row.matched_by is None:
            rest += [row] if row.is_scan else []
        elif objection := _contradiction(of[row.listed_id], of[row.id], KEYS.index(row.matched_by)):
            of[row.listed_id].clashes.add(objection)
            of[row.id].clashes.add(objection)
            rest.append(row)
        else:
            device = of[row.id] = of[row.listed_id]
            device.members[row.id] = row.matched_by
    _join(of, rest)
    return list({id(device): device for device in of.values()}.values())


def _join(of: dict[int, _Device], rows: Sequence[_Row]) -> None:
    """Joins the devices of the rows, the highest key first."""
    for place in range(len(KEYS)):
        same: defaultdict[str, list[_Row]] = defaultdict(list)
        for row in rows:
            value = row.keys[place]
            if value is not None:
                same[value].append(row)
        for group in same.values():
            if len(group) > 1 and (len(group) <= MOST or max(Counter(row.src for row in group).values()) <= MOST):
                _join_group(of, group, place)


def _join_group(of: dict[int, _Device], group: Sequence[_Row], place: int) -> None:
    """Joins the rows that share a value, each with the first device among them that nothing speaks against."""
    kept: list[_Device] = []
    for row in group:
        device = of[row.id]
        if any(device is other for other in kept):
            continue
        objections = [(other, _objection(other, device, place)) for other in kept]
        home = next((other for other, objection in objections if not objection), None)
        for other, objection in objections:
            if objection:
                other.clashes.add(objection)
                (home or device).clashes.add(objection)
        if home is None:
            kept.append(device)
        else:
            _merge(of, home, device, KEYS[place])


def _objection(one: _Device, other: _Device, place: int) -> str:
    """The higher key that differs, or TWICE where one source has both; "" where they may be one."""
    return _contradiction(one, other, place) or (TWICE if one.sources & other.sources else "")


def _contradiction(one: _Device, other: _Device, place: int) -> str:
    """The key higher than the one at `place` that both have and that differs; "" where there is none."""
    return next(
        (KEYS[higher] for higher in range(place)
         if one.keys[higher] and other.keys[higher] and one.keys[higher].isdisjoint(other.keys[higher])),
        "",
    )  # fmt: skip


def _merge(of: dict[int, _Device], into: _Device, device: _Device, joined_by: str) -> None:
    """One device of two."""
    for member, before in device.members.items():
        into.members[member] = before or joined_by
        of[member] = into
    into.sources |= device.sources
    into.clashes |= device.clashes
    into.keys = tuple(mine | theirs if theirs else mine for mine, theirs in zip(into.keys, device.keys, strict=True))
