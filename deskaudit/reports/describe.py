"""Prints docs/json.md from schema.json.

python -m deskaudit.reports.describe > docs/json.md
"""

import json
import sys
from collections.abc import Iterator
from importlib.resources import files
from typing import Any

_INTRO = """\
# The JSON report

<!-- Generated: python -m deskaudit.reports.describe > docs/json.md -->

`deskaudit scan --format json`, `deskaudit show --format json` and `deskaudit export --format json` print one object. Its JSON
Schema is `deskaudit/reports/schema.json`. Times are ISO 8601 in UTC, shares 0 to 1, durations seconds; nothing is rounded. Every
key is always there; what is not known is null. Readers should pass over keys they do not know.

```sh
deskaudit show --format json | jq -r '.results[] | select(.status == "FAIL" and .segment == null) | [.check, .title, .reason] | @tsv'
```
"""


def load() -> dict[str, Any]:
    """The JSON Schema of the report."""
    schema: dict[str, Any] = json.loads(files("deskaudit.reports").joinpath("schema.json").read_text(encoding="utf-8"))
    return schema


def describe() -> str:
    schema = load()
    lines = [_INTRO, *_table("report", schema)]
    for name, part in schema["$defs"].items():
        lines += ["", *_table(name, part)]
    return "\n".join(lines) + "\n"


def _table(name: str, part: dict[str, Any]) -> Iterator[str]:
    yield f"## {name}\n\n{part['description']}\n\n| key | type | |\n| --- | --- | --- |"
    for key, value in part["properties"].items():
        yield f"| {key} | {_type(value)} | {value['description']} |"


def _type(value: dict[str, Any]) -> str:
    if "const" in value:
        return str(value["const"])
    if "enum" in value:
        return ", ".join(f"`{word}`" if word else "empty" for word in value["enum"])
    if "$ref" in value:
        name = value["$ref"].rpartition("/")[2]
        return f"[{name}](#{name})"
    if "anyOf" in value:
        return " or ".join(_type(one) for one in value["anyOf"])
    kinds = value.get("type", "any value")
    shown = " or ".join([kinds] if isinstance(kinds, str) else kinds)
    if shown == "array":
        inner = value.get("items") or value.get("prefixItems", [{}])[0]
        return f"list of {_type(inner)}"
    return shown + (", time" if value.get("format") == "date-time" else "")


if __name__ == "__main__":
    sys.stdout.write(describe())
