"""Writes the generated pages; with --check, fails where one is stale. Call it as: python -m docs.generate [--check]."""

import sys
from collections.abc import Callable
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


def sources_page() -> str:
    """docs/sources.md: the connectors, what they fill, how they were tested, their options."""
    parts = ["# Sources", "", f"<!-- {GENERATED} -->", ""]
    for name in sorted(connectors.available()):
        connector = connectors.load(name)
        parts += [f"## {name}: {connector.title}", ""]
        parts += [f"Fills: {', '.join(sorted(connector.fills))}. Tested against: {connector.tested}.", ""]
        parts += _explain(connector.options, "")
        parts.append("")
    return "\n".join(parts)


def _explain(struct: type[msgspec.Struct], prefix: str) -> list[str]:
    texts: dict[str, str] = getattr(struct, "help", {})
    lines = []
    for field in msgspec.structs.fields(struct):
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
