"""The report as Markdown: to hand on, to read, to print."""

from collections.abc import Iterable, Iterator, Sequence
from typing import TextIO

from deskaudit.i18n import _
from deskaudit.model import figures
from deskaudit.reports import phrases
from deskaudit.reports.report import AnswerPart, Report, ResultPart
from deskaudit.text import escape_markdown, one_line

_EVIDENCE = 10
_SEGMENTS = 5


def write(report: Report, out: TextIO) -> None:
    """The whole report. Text from outside is escaped: it can be no heading, link, image, cell or HTML."""
    out.writelines(line + "\n" for line in _lines(report))


def _lines(report: Report) -> Iterator[str]:
    yield from _head(report)
    yield from _issues(report)
    titles = {item.item: item.title for item in report.items}
    named = [item.item for item in report.items]
    used = [result.item for result in report.results] + [answer.item for answer in report.answers]
    for item in dict.fromkeys([*(one for one in named if one in set(used)), *used]):
        yield from _item(report, item, titles.get(item, ""))
    yield from _sources(report)


def _head(report: Report) -> Iterator[str]:
    audit, summary = report.audit, report.summary
    yield f"# {safe(phrases.name_audit(audit))}"
    yield ""
    if audit.state != "completed":
        yield (
            _("**This audit is {state}: it did not judge everything.** {error}")
            .format(state=safe(audit.state), error=safe(audit.error or ""))
            .strip()
        )
        yield ""
    for warning in summary.warnings:
        yield f"**{safe(warning)}**"
        yield ""
    yield _("- **Assured {share}**: weight passed ÷ weight applicable. A warning counts half; what was not answered, not run or had no data counts as not passed.").format(share=phrases.percent(summary.assured))  # fmt: skip
    yield _("- **Score {share}**: the same, over what was assessed.").format(share=phrases.percent(summary.score))
    yield _("- **Coverage {share}**: weight assessed ÷ weight applicable.").format(
        share=phrases.percent(summary.coverage)
    )
    yield _("- Checks and questions: {counts}.").format(counts=phrases.counts(summary.counts))
    if told := phrases.times(report):
        yield f"- {told[:1].upper()}{told[1:]}."
    if common := phrases.issues(report):
        yield f"- {safe(common)}."
    yield _("- Judged as of {time}. Formula version {version}.").format(
        time=phrases.minute(audit.as_of, audit.zone), version=audit.formula_version
    )
    if audit.scope:
        yield _("- Only these were judged: {scope}.").format(scope=safe(audit.scope))


def _issues(report: Report) -> Iterator[str]:
    found = {(result.check, result.leg): result for result in report.results if result.segment is None}
    issues = [found[key] for one in report.summary.most_urgent if (key := (one.check, one.leg)) in found]
    if not issues:
        return
    yield ""
    yield "## " + _("Most urgent")
    yield ""
    yield from table(
        [_("Status"), _("Check"), _("Value"), _("Passes at"), _("Change")],
        [
            [
                one.status,
                f"{one.check} {phrases.title(one)}",
                phrases.value(one),
                phrases.threshold(one),
                phrases.change(one),
            ]
            for one in issues
        ],
    )


def _item(report: Report, item: str, title: str) -> Iterator[str]:
    results = [one for one in report.results if one.item == item]
    desk = [one for one in results if one.segment is None]
    answers = [one for one in report.answers if one.item == item]
    yield ""
    yield f"## {safe(item)} {safe(title)}".rstrip()
    yield ""
    numbers: dict[str, int] = {}
    for one in desk:
        numbers[one.status] = numbers.get(one.status, 0) + 1
    unanswered = sum(one.state != "confirmed" for one in answers)
    if unanswered:
        numbers["TODO"] = numbers.get("TODO", 0) + unanswered
    yield phrases.counts(numbers) + "."
    if desk:
        yield ""
        yield from table(
            [_("Status"), _("Check"), _("Value"), _("Passes at"), "n", _("95 % interval"), _("Since last")],
            [_check_row(one) for one in desk],
        )
    for one in desk:
        if one.status != "PASS":
            yield from _finding(one, [other for other in results if _is_segment_of(other, one)])
    yield from _answers(answers, report.audit.zone)


def _check_row(one: ResultPart) -> list[str]:
    return [
        one.status,
        f"{one.check} {phrases.title(one)}",
        phrases.value(one),
        phrases.threshold(one),
        figures.number(one.n) + (_(" (few)") if one.low_n else ""),
        figures.interval(one.interval, one.unit, one.clock),
        phrases.change(one),
    ]


def _is_segment_of(other: ResultPart, one: ResultPart) -> bool:
    return other.segment is not None and (other.check, other.leg) == (one.check, one.leg)


def _finding(one: ResultPart, segments: Sequence[ResultPart]) -> Iterator[str]:
    """What a check that did not pass found: why, where, the worst rows, what to do."""
    yield ""
    yield f"### {one.status} {one.check} {safe(phrases.title(one))}"
    yield ""
    yield safe(one.reason) or phrases.meaning(one.status)
    worst = [other for other in segments if other.status in {"FAIL", "WARN"}]
    if worst:
        worst.sort(key=lambda other: (other.status != "FAIL", -other.n))
        named = "; ".join(
            f"{other.status} {other.segment} {phrases.value(other)} ({phrases.sample(other)})"
            for other in worst[:_SEGMENTS]
        )
        yield ""
        yield _("Worst parts: {parts}.").format(parts=safe(named))
    if one.evidence:
        yield ""
        yield from _evidence(one)
    if one.status in {"FAIL", "WARN"} and one.advice:
        yield ""
        yield _("**What to do:** {advice}").format(advice=safe(one.advice))


def _evidence(one: ResultPart) -> Iterator[str]:
    rows = one.evidence[:_EVIDENCE]
    columns = list(dict.fromkeys(name for row in rows for name in row.columns))
    units = one.details.get("columns")
    units = units if isinstance(units, dict) else {}
    valued = one.kind in {"duration", "number", "gap"}
    segmented = any(row.segment is not None for row in rows)
    header = ["#", one.evidence[0].of, _("Title")]
    header += [_("Part of the desk")] if segmented else []
    header += [_("Value")] if valued else []
    body = [
        [str(row.rank), row.ref or row.subject, row.title]
        + ([row.segment or ""] if segmented else [])
        + ([figures.show(row.value, one.unit, one.clock)] if valued else [])
        + [figures.show(row.columns.get(name), figures.unit_of(name, units), one.clock) for name in columns]
        for row in rows
    ]
    links = {index: row.url for index, row in enumerate(rows)}
    yield from table(header + [_head_of(name) for name in columns], body, links=links)


def _head_of(column: str) -> str:
    """A display column as a heading: the unit at its end stands in the cells."""
    for ending in ("_at", "_s", "_w"):
        column = column.removesuffix(ending)
    return column.replace("_", " ")


def _answers(answers: Sequence[AnswerPart], zone: str) -> Iterator[str]:
    answered = [one for one in answers if one.state == "confirmed"]
    left = [one for one in answers if one.state != "confirmed"]
    if answered:
        yield ""
        yield _("**Answered**")
        yield ""
    for one in answered:
        who = ", ".join(part for part in (one.by, phrases.minute(one.answered_at, zone)) if part)
        text = f"- {safe(one.question)} {safe(one.ask)} **{safe(one.value or '')}** ({safe(who)})"
        yield text + (f": {safe(one.note, 2000)}" if one.note else "")
    if left:
        yield ""
        yield _("**Not answered**")
        yield ""
    for one in left:
        must = _(" (must)") if one.must else ""
        offered = (
            _(" (earlier answer: {value}, not confirmed)").format(value=safe(one.value or "")) if one.value else ""
        )
        yield f"- {safe(one.question)} {safe(one.ask)}{must}{offered}"


def _sources(report: Report) -> Iterator[str]:
    yield ""
    yield "## " + _("Sources")
    yield ""
    if not report.sources:
        yield _("None was configured.")
        return
    yield from table(
        [_("Source"), _("Type"), _("State"), _("Fetched"), _("Rows"), _("Kept out"), _("Notes")],
        [
            [
                one.name,
                one.type,
                one.state,
                phrases.minute(one.fetched_at, report.audit.zone),
                ", ".join(f"{entity} {figures.number(count)}" for entity, count in one.rows.items()),
                figures.number(one.rejects),
                "; ".join([one.error or "", *one.warnings[:3]]).strip("; "),
            ]
            for one in report.sources
        ],
    )


def table(header: Sequence[str], rows: Iterable[Sequence[str]], links: dict[int, str] | None = None) -> Iterator[str]:
    """A Markdown table. `links`: row number → where its second cell leads, if that is a plain web address."""
    yield "| " + " | ".join(safe(cell) for cell in header) + " |"
    yield "|" + " --- |" * len(header)
    for number, row in enumerate(rows):
        cells = [safe(cell) for cell in row]
        if address := _address((links or {}).get(number, "")):
            cells[1] = f"[{cells[1]}](<{address}>)"
        yield "| " + " | ".join(cells) + " |"


def safe(text: str, limit: int = 500) -> str:
    """Text that stays text in Markdown and in the HTML made of it."""
    return escape_markdown(one_line(text, limit)).replace("&", "&amp;").replace("!", "\\!")


def _address(url: str) -> str:
    """A web address that cannot end its own link; empty for everything else (javascript:, data:, …)."""
    url = one_line(url, 2000)
    if not url.lower().startswith(("https://", "http://")) or any(letter in url for letter in " <>|`\\\"'"):
        return ""
    return url
