"""What check SQL may contain: one portable SELECT over the snapshot's tables, and nothing that another engine lacks."""

import difflib
import json
import re
from collections.abc import Iterator
from typing import Any

import duckdb

from deskaudit.errors import ConfigError
from deskaudit.i18n import _
from deskaudit.snapshot.schema import TABLES

FUNCTIONS = frozenset(
    {
        *("count", "count_star", "sum", "min", "max", "avg"),
        *("row_number", "rank", "dense_rank", "lag", "lead", "first_value", "last_value"),
        *(
            "nullif",
            "abs",
            "round",
            "floor",
            "lower",
            "upper",
            "length",
            "position",
            "trim",
            "replace",
            "substring",
            "substr",
        ),
        *("+", "-", "*", "/", "%", "||", "~~", "!~~"),
    }
)
"""COALESCE, CASE, CAST, IN, BETWEEN, EXISTS and comparisons are no functions, and are all allowed."""

TYPES = frozenset({"BIGINT", "DOUBLE", "VARCHAR"})
_CLOCKS = {"current_date", "current_time", "current_timestamp", "localtime", "localtimestamp"}


def check_select(connection: duckdb.DuckDBPyConnection, sql: str, also: set[str] | None = None) -> None:
    """Raises ConfigError for what is not portable, or reads anything but the snapshot's tables and `also`."""
    found = connection.execute("SELECT json_serialize_sql(CAST(? AS VARCHAR))", [sql]).fetchone()
    tree: dict[str, Any] = json.loads(found[0]) if found else {"error": True}
    if tree.get("error"):
        raise ConfigError(_("its SQL is wrong: {fault}").format(fault=tree.get("error_message", "")))
    if len(tree["statements"]) != 1:
        raise ConfigError(_("its SQL is more than one statement."))
    nodes = list(_walk(tree["statements"]))
    known = set(TABLES) | (also or set())
    named = {entry["key"].lower() for node in nodes for entry in (node.get("cte_map") or {}).get("map", [])}
    for name in named:
        # A name such as "/etc/passwd" or "rows.csv" would, outside the WITH that makes it, be read as a file.
        if not re.fullmatch(r"[a-z_][a-z0-9_]*", name):
            raise ConfigError(_("WITH {name}: a name is letters, digits and _.").format(name=name))
    known |= named
    for node in nodes:
        _check_node(node, known)


def _check_node(node: dict[str, Any], known: set[str]) -> None:
    kind = node.get("type")
    if kind == "BASE_TABLE" and (
        node["table_name"].lower() not in known or node.get("schema_name") or node.get("catalog_name")
    ):
        near = difflib.get_close_matches(node["table_name"], known, n=1)
        raise ConfigError(
            _("there is no table {name}.").format(name=node["table_name"]),
            hint=_("Did you mean {near}?").format(near=near[0]) if near else "",
        )
    if kind == "SHOW_REF":
        raise ConfigError(_("SHOW, DESCRIBE and SUMMARIZE are no tables."))
    if kind == "TABLE_FUNCTION":
        raise ConfigError(_("a function is no table: {name}.").format(name=node["function"].get("function_name")))
    if node.get("class") in {"FUNCTION", "WINDOW"} and node["function_name"].lower() not in FUNCTIONS:
        raise ConfigError(
            _("{name} is not among the functions that every engine has.").format(name=node["function_name"]),
            hint=_("Allowed: {names}.").format(names=", ".join(sorted(FUNCTIONS))),
        )
    if kind == "COLUMN_REF" and node["column_names"][-1].lower() in _CLOCKS:
        raise ConfigError(_("the time is :now, not {name}.").format(name=node["column_names"][-1]))
    if kind == "VALUE_PARAMETER":
        raise ConfigError(_("parameters are written :name."))
    if kind == "LAMBDA":
        raise ConfigError(_("functions with an arrow are not portable."))
    if kind == "OPERATOR_CAST":
        wanted = str(_type_name(node)).upper()
        if wanted not in TYPES:
            raise ConfigError(
                _("CAST to {kind} is not portable.").format(kind=wanted),
                hint=_("Use BIGINT, DOUBLE PRECISION or VARCHAR."),
            )


def _type_name(node: dict[str, Any]) -> Any:
    """The target of a cast, as the parser writes it down."""
    for inner in _walk(node.get("type_expr") or node.get("cast_type") or {}):
        for key in ("type_name", "id"):
            if isinstance(inner.get(key), str):
                return {"DOUBLE PRECISION": "DOUBLE"}.get(inner[key].upper(), inner[key])
    return ""


def _walk(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
        for value in node.values():
            yield from _walk(value)
    elif isinstance(node, list):
        for value in node:
            yield from _walk(value)
