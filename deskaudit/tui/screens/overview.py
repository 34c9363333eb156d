"""The last audit at a glance."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar, get_args

import msgspec
from textual.binding import Binding, BindingType

from deskaudit.checks.spec import Group as CatalogueGroup
from deskaudit.i18n import _, item_text, ngettext
from deskaudit.model.verdicts import Audit, Result, Score, Status
from deskaudit.tui import theme, words
from deskaudit.tui.screens.room import Room
from deskaudit.tui.session import DueLine, ItemLine, SourceLine
from deskaudit.tui.table import Cell, Column, Table
from deskaudit.tui.theme import Spans
from deskaudit.tui.widgets.lines import Lines

if TYPE_CHECKING:
    from deskaudit.store.compare import Change

Row = tuple[Spans, Any]

_COUNTED = (Status.FAIL, Status.WARN, Status.PASS, Status.NODATA, Status.TODO, Status.NA, Status.ERROR)
_LEAST = {Status.FAIL: 0, Status.WARN: 0, Status.PASS: 48}  # on narrow screens the names matter more than the counts
_GROUPS = Table(
    Column(_("GROUP"), 0),
    Column(_("WORST"), 8),
    *(Column(theme.LETTER[status], 3, right=True, least=_LEAST.get(status, 64)) for status in _COUNTED),
    Column(_("TREND"), 8, right=True, least=64),
    gap=1,
)
_SOURCES = Table(Column(_("SOURCES"), 16), Column(_("STATE"), 12), Column(_("AGE"), 7, right=True), Column(""))
TREND_AUDITS = 8
FRAME = 4  # lines of the screen that are not the list's
_HEALTH = ("FAIL", "WARN", "NODATA", "PASS", "dim")  # the worst source stands first


class Group(msgspec.Struct, frozen=True):
    """A line that opens and closes: a group of items."""

    name: str


class Overview(Room):
    """Assured, Score, Coverage; what got worse; groups and items; sources; what is due."""

    TITLE = _("Overview")
    PLACE = "overview"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", _("open"), id="overview.open", tooltip=_("Open the group, item, finding or source")),
        Binding("space", "unfold", _("all items"), id="overview.unfold", tooltip=_("Show or hide the items of all groups")),
        Binding("w", "app.choose_audit", _("which audit"), id="app.audit", tooltip=_("Choose the audit that all screens show")),
    ]  # fmt: skip

    def __init__(self) -> None:
        super().__init__()
        self._open: set[str] = set()
        self._audit: Audit | None = None
        self._sources: list[SourceLine] = []
        self._due: list[DueLine] = []

    def heading(self) -> Spans:
        config = self.desk.session.config
        name = config.desk.name if config is not None else _("No desk yet")
        if self._audit is None:
            return [(name, "strong")]
        return [(name, "strong"), (f" · {words.audit_name(self._audit, self.zone)}", "")]

    def why_not(self, action: str) -> str:
        if action in {"unfold", "choose_audit"} and self._audit is None:
            return _("There is no audit yet. Press r to run one.")
        return ""

    def reload(self) -> None:
        session = self.desk.session
        if session.config is None:
            self._audit = None
            self.lines.show(Lines(_welcome(self.size.width)), 0)
            self.lines.focus()
            return
        self._audit = self.desk.find_audit()
        self._sources, self._due = session.sources(), session.due()
        rows = [*self._headline(self._audit), *self._groups(self._audit)] if self._audit else _first_audit()
        rows += self._below(len(rows), self._worse(self._audit)) if self._audit else []
        rows += [*self._source_rows(), *self._due_rows()]
        self.lines.show(Lines(rows))
        self.lines.focus()

    def _headline(self, audit: Audit) -> list[Row]:
        from deskaudit.store import references

        score = self.desk.session.score(audit.id)
        past = references.find_line(self.desk.session.store, audit, TREND_AUDITS)
        told = [
            line for warning in audit.summary.get("warnings", []) for line in theme.wrap(warning, self.size.width - 2)
        ]
        rows: list[Row] = [([(f" {line}", "WARN")], None) for line in told]
        for name, key, value, formula in (
            (_("Assured"), "assured", score.assured, _("weight passed ÷ applicable; WARN half")),
            (_("Score"), "score", score.score, _("the same over what was assessed")),
            (_("Coverage"), "coverage", score.coverage, _("assessed ÷ applicable")),
        ):
            values = [_number(one.summary.get(key)) for one in past if one.id != audit.id] + [value]
            style = "strong" if key == "assured" else ""
            line = f" {name:<9}{words.figure(value, 'share'):>8}  {theme.sparkline(values)}  "
            rows.append(([(line, style), (_change(values), ""), (formula, "dim")], f"headline {key}"))
        rows.append((_counts(score), None))
        now = self.desk.session.now()
        health = [(source, source_health(source, now)) for source in self._sources if source.enabled]
        health.sort(key=lambda pair: _HEALTH.index(pair[1][1]))
        spans: Spans = [(_(" Sources  "), "dim")]
        for source, (state, style) in health:
            spans += [(f"{source.name} ", ""), (state, style), (f" {words.age(source.fetched_at, now)}  ", "")]
        rows.append((spans if health else [*spans, (_("none configured"), "")], None))
        first = self._due[0].what if self._due else _("nothing")
        more = _(" and {n} more").format(n=len(self._due) - 1) if len(self._due) > 1 else ""
        rows.append(([(_(" Due      "), "dim"), (first, "WARN" if self._due else ""), (more, "")], None))
        rows.append(([], None))
        return rows

    def _groups(self, audit: Audit) -> list[Row]:
        lines = self.desk.session.items(audit.id)
        groups: dict[str, list[ItemLine]] = {}
        places = {group: place for place, group in enumerate(get_args(CatalogueGroup))}
        for line in sorted(lines, key=lambda line: places.get(line.group, len(places))):
            groups.setdefault(line.group, []).append(line)
        width = self.size.width
        rows: list[Row] = [(_GROUPS.header(width), None)]
        for group, members in groups.items():
            sign = "▾" if group in self._open else "▸"
            cells = _cells(members)
            rows.append((_GROUPS.row([f"{sign} {group_name(group)}", *cells], width), Group(group)))
            if group in self._open:
                for line in members:
                    title = item_text(f"{line.item}.title", line.title)
                    rows.append((_GROUPS.row([f"  {line.item} {title}", *_cells([line])], width), line))
        rows.append(([], None))
        return rows

    def _worse(self, audit: Audit) -> list[Row]:
        from deskaudit.store import compare, references

        before = references.find_previous(self.desk.session.store, audit)
        if before is None:
            return [
                (
                    [(_(" GOT WORSE"), "dim"), (_("  nothing to compare with: this is the first of its kind"), "dim")],
                    None,
                ),
                ([], None),
            ]
        every = compare.change_since(self.desk.session.store, audit, before).values()
        changes = [change for change in every if change.segment is None]
        worse = [change for change in changes if change.kind in {"new", "worse"} and _was_judged(change.before)]
        worse = [change for change in worse if change.after is not None and _looks_other(change)]
        first = sum(_was_judged(change.after) and not _was_judged(change.before) for change in changes)
        worse.sort(key=lambda change: -change.after.status.badness if change.after else 0)
        title = ngettext("{n} result", "{n} results", len(worse)).format(n=len(worse)) if worse else _("nothing")
        title = _(" GOT WORSE since audit {id}: {results}").format(id=before.id, results=title)
        if first:
            title += _(" · {n} first tested").format(n=first)
        rows: list[Row] = [([(title, "dim")], None)]
        for change in worse[:8]:
            if change.after is None:
                continue
            then = words.figure(change.before.value, change.unit) if change.before else "–"
            figures = f"{then} → {words.figure(change.after.value, change.unit)}"
            text = theme.fit(f"{change.check} {self.title_of(change)}", max(self.size.width - 40, 20))
            rows.append(
                (
                    [(" ", ""), *theme.status_spans(change.after.status, 9), (f"{text}  ", ""), (figures, "")],
                    change.after,
                )
            )
        return [*rows, ([], None)]

    def _below(self, above: int, rows: list[Row]) -> list[Row]:
        """Rows under `above` others; where only their heading would be seen at first, they begin below the edge."""
        seen = self.size.height - FRAME - above
        together = min(len(rows) - 1, 4)  # the blank line at the end is not missed
        return [*([([], None)] * seen), *rows] if 0 < seen < together else rows

    def _source_rows(self) -> list[Row]:
        now, width = self.desk.session.now(), self.size.width
        rows: list[Row] = [(_SOURCES.header(width), None)]
        for source in self._sources:
            state, style = source_health(source, now)
            note = source.error or (
                source.problems[0] if source.problems else words.rows_count(sum(source.rows.values()))
            )
            cells: list[Cell] = [source.name, (state, style), words.age(source.fetched_at, now), note]
            rows.append((_SOURCES.row(cells, width), source))
        if not self._sources:
            rows.append(([(_("   none configured: 7, then n sets a first one up"), "")], None))
        return [*rows, ([], None)]

    def _due_rows(self) -> list[Row]:
        due = self._due
        rows: list[Row] = [([(_(" DUE"), "dim")], None)]
        for line in due:
            since = _("since {day}").format(day=words.day(line.due_at, self.zone)) if line.due_at else _("never done")
            rows.append(([(f" {theme.fit(line.what, max(self.size.width - 22, 20))} ", ""), (since, "dim")], line.what))
        return rows if due else [([(_(" DUE  nothing"), "dim")], None)]

    def chosen(self, value: Any) -> None:
        self._open_value(value)

    def action_open(self) -> None:
        self.lines.action_choose()

    def _open_value(self, value: Any) -> None:
        from deskaudit.tui.screens.finding import Finding

        match value:
            case Group(name=name):
                self._open ^= {name}
                self.refresh_all()
            case ItemLine():
                self.desk.go("findings", value.item)
            case Result() if self._audit is not None:
                self.app.push_screen(Finding(self._audit, value))
            case SourceLine():
                self.desk.go("sources", value.name)
            case str() if value.startswith("headline"):
                self.desk.go("trends")
            case "sources":
                self.desk.go("sources")
            case "demo" | "init" | "quit":
                self.say(_("Leave with q, then type the command."))
            case "run":
                self.desk.go("run")
            case _:
                self.say(_("Press r to run an audit, 2 to answer questions."))

    def action_unfold(self) -> None:
        if self._audit is not None:
            every = {line.group for line in self.desk.session.items(self._audit.id)}
            self._open = set() if self._open else every
            self.refresh_all()


def group_name(group: str) -> str:
    known = {
        "governance": _("Governance"), "people": _("People"), "tickets": _("Tickets"), "customers": _("Customers"),
        "knowledge": _("Knowledge"), "assets": _("Assets"), "platform": _("Platform"), "security": _("Security"),
    }  # fmt: skip
    return known.get(group, group or _("Other"))


def source_health(source: SourceLine, now: int) -> tuple[str, str]:
    """State in a word, and its style: stale counts as a warning."""
    if not source.enabled:
        return _("off"), "dim"
    if source.state == "complete" and source.is_stale(now):
        return _("stale"), "WARN"
    return words.source_state(source.state), {"complete": "PASS", "incomplete": "WARN", "failed": "FAIL"}.get(
        source.state, "NODATA"
    )


def _cells(lines: Sequence[ItemLine]) -> list[Any]:
    counts = {status: sum(line.counts.get(status, 0) for line in lines) for status in _COUNTED}
    status = max((line.worst for line in lines), key=lambda one: one.badness)
    shown = theme.status_spans(status)[0]
    cells: list[Any] = [shown]
    cells.extend(
        (str(n), one.value if one in {Status.FAIL, Status.WARN, Status.ERROR} else "") if n else "·"
        for one, n in counts.items()
    )
    length = max((len(line.trend) for line in lines), default=0)
    means: list[float | None] = []
    for place in range(-length, 0):
        known = [value for line in lines if len(line.trend) >= -place and (value := line.trend[place]) is not None]
        means.append(sum(known) / len(known) if known else None)
    return [*cells, theme.sparkline(means)]


def _counts(score: Score) -> Spans:
    spans: Spans = [(" ", "")]
    for status in Status:
        if n := score.counts.get(status.value, 0):
            spans.extend([(f"{n} ", ""), (f"{theme.LETTER[status]} {status.value}", status.value), ("  ", "")])
    if score.na_count:
        spans.append((_("(not applicable: weight {n})").format(n=score.na_weight), "dim"))
    return spans


def _looks_other(change: "Change") -> bool:
    """A change too small for the figures people read is not told here; the comparison lists it."""
    before, after = change.before, change.after
    if before is None or after is None:
        return True
    return before.status is not after.status or words.value_of(before) != words.value_of(after)


def _was_judged(result: Result | None) -> bool:
    return result is not None and result.status.judged


def _change(values: Sequence[float | None]) -> str:
    if len(values) < 2 or values[-1] is None or values[-2] is None:
        return " " * 8
    return f"{(values[-1] - values[-2]) * 100:+.1f}".ljust(8)


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, (int, float)) else None


def _first_audit() -> list[Row]:
    return [
        ([(_(" There is no audit yet."), "strong")], None),
        ([], None),
        ([(_("   r   run the first one: pulls the sources, judges the last complete quarter"), "")], "run"),
        ([], None),
    ]


def _welcome(width: int) -> list[Row]:
    del width
    lines = [
        ("strong", _(" Welcome to deskaudit."), None),
        ("", "", None),
        ("", _(" There is no configuration yet. Three ways to begin:"), None),
        ("", "", None),
        ("", _("   7, then n        here: pick a source, fill in its form, see its rows, save"), "sources"),
        ("", _("   deskaudit demo   in the shell: a made-up desk with known faults, to look around"), "demo"),
        ("", _("   deskaudit init   in the shell: asks a few questions, writes the configuration"), "init"),
        ("", "", None),
        ("dim", _(" q leaves; nothing has been written."), "quit"),
    ]
    return [([(text, style)], value) for style, text, value in lines]
