"""Writes the generated pages; with --check, fails where one is stale. Call it as: python -m docs.generate [--check]."""

import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import click
import msgspec

from deskaudit import connectors
from deskaudit.checks import catalogue
from deskaudit.cli.catalogue import threshold_lines
from deskaudit.cli.example import GENERATED, config_example, inner_struct
from deskaudit.cli.group import COMMANDS, deskaudit
from deskaudit.reports import describe as report_schema
from deskaudit.store import describe
from deskaudit.tui import keys

ROOT = Path(__file__).parent.parent


def checks_page() -> str:
    """docs/checks.md: the checklist as it is in force."""
    parts = ["# The checklist", "", f"<!-- {GENERATED} -->", ""]
    for item in catalogue.load().items.values():
        parts += [f"## {item.id} {item.title}", "", f"{' '.join(item.why.split())}", ""]
        parts += [f"Group: {item.group}. Cadence: {item.cadence}.", ""]
        for check in item.check:
            parts += [f"### {check.id} {check.name}", "", f"**{check.title}.** {' '.join(check.why.split())}", ""]
            facts = [
                ("Judged", check.cohort),
                ("Thresholds", "; ".join(threshold_lines(check))),
                ("Severity", f"{check.severity}; {check.population}; {check.clock} time"),
                ("Source of the thresholds", check.source),
                ("Needs", ", ".join(check.needs)),
                ("What to do", check.advice),
            ]
            parts += [f"- {name}: {' '.join(str(value).split())}" for name, value in facts if value] + [""]
        parts += ["Questions:", ""]
        parts += [f"- `{q.id}`{' ★' if q.must else ''} {q.ask}" for q in item.question] + [""]
    return "\n".join(parts)


def commands_page() -> str:
    """docs/commands.md: the help of every command."""
    parts = ["# The command line", "", f"<!-- {GENERATED} -->", "", "```text"]
    with click.Context(deskaudit, info_name="deskaudit", terminal_width=100) as context:
        parts += [deskaudit.get_help(context), "```", ""]
        for name in sorted(COMMANDS):
            parts += _command(name, deskaudit.get_command(context, name), context)
    return "\n".join(parts)


def _command(name: str, command: click.Command | None, parent: click.Context) -> list[str]:
    if command is None:
        return []
    with click.Context(command, info_name=name, parent=parent, terminal_width=100) as context:
        lines = [
            f"## {context.command_path.removeprefix('deskaudit ')}",
            "",
            "```text",
            command.get_help(context),
            "```",
            "",
        ]
        if isinstance(command, click.Group):
            for inner in command.list_commands(context):
                lines += _command(inner, command.get_command(context, inner), context)
    return lines


SHARED_BY = 4  # connectors; options that so many have are explained once


def sources_page() -> str:
    """docs/sources.md: the connectors, what they fill, how they were tested, their options."""
    found = {name: connectors.load(name) for name in sorted(connectors.available())}
    parts = ["# Sources", "", f"<!-- {GENERATED} -->", "", "| source | what it is | fills | tested against |"]
    parts.append("| --- | --- | --- | --- |")
    for name, connector in found.items():
        fills = ", ".join(sorted(connector.fills))
        parts.append(f"| [`{name}`](#{name}) | {connector.title} | {fills} | {connector.tested} |")
    shared = _shared([connector.options for connector in found.values()])
    for base, title in shared.items():
        above = next((other for other in shared if other is not base and issubclass(base, other)), None)
        parts += ["", f"## {title}", "", *_plus(shared, above), *_explain(base, "", above), ""]
    for name, connector in found.items():
        base = next((base for base in reversed(shared) if issubclass(connector.options, base)), None)
        parts += ["", f"## {name}", "", f"{connector.title}. Fills {', '.join(sorted(connector.fills))}.", ""]
        parts += [*_plus(shared, base), *_explain(connector.options, "", base), ""]
    return "\n".join(parts).replace("\n\n\n", "\n\n")


def _shared(options: Sequence[type[msgspec.Struct]]) -> dict[type[msgspec.Struct], str]:
    """The option structs that many connectors build on, the simplest first, with their titles."""
    counted = Counter(
        base
        for struct in options
        for base in struct.__mro__[1:]
        if getattr(base, "__struct_fields__", ()) and getattr(base, "help", None)
    )
    named = {base: " ".join((base.__doc__ or base.__name__).split()).rstrip(".") for base in counted}
    common = [base for base, times in counted.items() if times >= SHARED_BY]
    return {base: named[base] for base in sorted(common, key=lambda base: len(base.__struct_fields__))}


def _plus(shared: Mapping[type[msgspec.Struct], str], base: type[msgspec.Struct] | None) -> list[str]:
    return [] if base is None else [f"It also has: {shared[base]} (above).", ""]


def _explain(struct: type[msgspec.Struct], prefix: str, base: type[msgspec.Struct] | None = None) -> list[str]:
    """A line for each option that is not the base's, or that says something else here."""
    known: dict[str, str] = getattr(base, "help", {})
    texts: dict[str, str] = getattr(struct, "help", {})
    lines = []
    for field in msgspec.structs.fields(struct):
        if field.name in known and known[field.name] == texts.get(field.name):
            continue
        need = " (required)" if field.required else ""
        lines.append(f"- `{prefix}{field.encode_name}`{need}: {texts.get(field.name, '')}")
        inner = inner_struct(field.type)
        if inner is not None and getattr(inner, "help", None):
            lines += _explain(inner, f"{prefix}{field.encode_name}.")
    return lines


PAGES: dict[str, Callable[[], str]] = {
    "config.example.toml": config_example,
    "docs/checks.md": checks_page,
    "docs/commands.md": commands_page,
    "docs/json.md": report_schema.describe,
    "docs/keys.md": keys.page,
    "docs/sources.md": sources_page,
    "docs/store.md": describe.describe,
}


def main() -> int:
    stale = []
    for name, make in PAGES.items():
        file, text = ROOT / name, make()
        if "--check" not in sys.argv:
            file.write_text(text, encoding="utf-8")
        elif not file.exists() or file.read_text(encoding="utf-8") != text:
            stale.append(name)
    for name in stale:
        sys.stdout.write(f"stale: {name}; run: make generate\n")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
