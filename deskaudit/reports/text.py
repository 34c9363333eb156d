"""The report as plain text: one screen for a quick look, or a listing that reads well line by line."""

from collections.abc import Iterator
from typing import TextIO

from deskaudit.i18n import _
from deskaudit.model import figures
from deskaudit.reports import phrases
from deskaudit.reports.lines import Writer, cells
from deskaudit.reports.report import Report, ResultPart

LINES = 22
"""What is left of 24 when the shell's prompt, or a question, stands below."""
_SOURCES = 4
_NOT_WHOLE = 6


def write_screen(report: Report, out: TextIO, *, ascii_only: bool = False, colour: bool = False) -> None:
    """At most 22 lines of at most 80 cells: headline, counts, times, what is worst and why, sources."""
    page = Writer(out, ascii_only=ascii_only, colour=colour)
    head = list(_head(report, page))
    sources = list(_source_lines(report, page))
    for line in head:
        page.line(line)
    by_key = {(result.check, result.leg): result for result in report.results if result.segment is None}
    issues = [by_key[key] for issue in report.summary.most_urgent if (key := (issue.check, issue.leg)) in by_key]
    page.line()
    page.line(_("Most urgent") if issues else _("No check failed or warned."))
    bad = {one.check for one in report.results if one.segment is None and one.status in {"FAIL", "WARN"}}
    told = _choose(issues, LINES - len(head) - 2 - len(sources), more=not bad <= {one.check for one in issues})
    for result, with_reason in told:
        page.status(result.status, _issue(result, page))
        if with_reason:
            page.line("    " + page.clip(_why(result), page.width - 4))
    if left := max(len(bad - {one.check for one, _reason in told}), len(issues) - len(told)):
        page.line(_("  and {n} more").format(n=left))
    for line in sources:
        page.line(line)


def _choose(issues: list[ResultPart], room: int, *, more: bool) -> list[tuple[ResultPart, bool]]:
    """The issues that `room` lines hold, and which of them say why on a line of their own.

    Those whose figure does not show it always do; the other failures as far as there is room.
    """
    needed = [1 + _is_unclear(result) for result in issues]
    if more or sum(needed) > room:
        room -= 1  # "and 3 more"
    shown = 0
    while shown < len(issues) and sum(needed[: shown + 1]) <= room:
        shown += 1
    spare = room - sum(needed[:shown])
    told = []
    for result, lines in zip(issues[:shown], needed, strict=False):
        told_too = lines == 1 and spare > 0 and result.status == "FAIL" and bool(result.reason)
        spare -= told_too
        told.append((result, lines == 2 or told_too))
    return told


def _is_unclear(result: ResultPart) -> bool:
    """Whether the figure beside its threshold leaves open why the status is what it is."""
    alone = bool(result.details.get("fail_if"))
    return bool(_why(result)) and (alone or result.value is None or not phrases.threshold(result))


def _why(result: ResultPart) -> str:
    """What makes it fail by itself, else the reason."""
    return phrases.fails_alone(result) or result.reason


def _source_lines(report: Report, page: Writer) -> Iterator[str]:
    """Under a heading: every source that failed or is incomplete, then the others as far as there is room."""
    if not report.sources:
        return
    yield ""
    yield _("Sources")
    ordered = sorted(report.sources, key=lambda source: source.state == "complete")
    bad = sum(source.state != "complete" for source in ordered)
    room = min(max(bad + (bad < len(ordered)), _SOURCES), _NOT_WHOLE)
    shown = ordered if len(ordered) <= room else ordered[: room - 1]
    for source in shown:
        yield "  " + page.clip(phrases.source(source), page.width - 2)
    if left := ordered[len(shown) :]:
        names = ", ".join(f"{source.name} {source.state}" for source in left)
        yield "  " + page.clip(_("and {n} more: {names}").format(n=len(left), names=names), page.width - 2)


def write(
    report: Report, out: TextIO, *, ascii_only: bool = False, colour: bool = False, segments: bool = False
) -> None:
    """Everything, one finding after the other; `segments` lists the parts of the desk too."""
    page = Writer(out, ascii_only=ascii_only, colour=colour)
    for line in _head(report, page):
        page.line(line)
    titles = {item.item: item.title for item in report.items}
    shown = [result for result in report.results if segments or result.segment is None]
    for item in dict.fromkeys(result.item for result in shown):
        page.line()
        page.line(page.clip(f"{item} {titles.get(item, '')}"))
        for result in shown:
            if result.item == item:
                _result(result, page)
    open_questions = [answer for answer in report.answers if answer.state != "confirmed"]
    if open_questions:
        page.line()
        page.line(_("Questions not answered: {n}").format(n=len(open_questions)))
        for answer in open_questions:
            page.status("TODO", page.clip(f"{answer.question} {answer.ask}", page.width - 2))
    page.line()
    page.line(_("Sources"))
    for text in phrases.sources(report):
        page.line("  " + page.clip(text, page.width - 2))
    if not report.sources:
        page.line(_("  none"))


def _head(report: Report, page: Writer) -> Iterator[str]:
    audit, summary = report.audit, report.summary
    state = "" if audit.state == "completed" else f" ({audit.state})"
    yield page.clip(phrases.name_audit(audit) + state)
    for warning in summary.warnings:
        yield from page.wrap(warning)
    yield (
        _("Assured {assured}   Score {score}   Coverage {coverage}").format(
            assured=phrases.percent(summary.assured),
            score=phrases.percent(summary.score),
            coverage=phrases.percent(summary.coverage),
        )
    )
    yield page.clip(phrases.counts(summary.counts))
    if told := phrases.times(report):
        yield page.clip(told[:1].upper() + told[1:])
    if common := phrases.issues(report):
        yield page.clip(common)
    if audit.error:
        yield page.clip(audit.error)


def _issue(result: ResultPart, page: Writer) -> str:
    """One line: check, title, figure against threshold, change; the title gives way."""
    figure = phrases.value(result)
    if at := phrases.threshold(result):
        figure += f" ({at})"
    change = phrases.change(result)
    right = f"{figure}  {change}" if change else figure
    width = page.width - 2
    right = page.clip(right, width // 2)
    left = page.fit(f"{result.check} {phrases.title(result)}", width - cells(right) - 2)
    return f"{left}  {right}"


def _result(result: ResultPart, page: Writer) -> None:
    page.status(result.status, page.clip(f"{result.status} {result.check} {phrases.title(result)}", page.width - 2))
    measured = [phrases.value(result)] if result.value is not None else []
    if limits := phrases.limits(result):
        measured.append(limits)
    if result.n or result.low_n:
        measured.append(phrases.sample(result))
    if result.interval:
        measured.append(figures.interval(result.interval, result.unit, result.clock))
    if change := phrases.change(result):
        measured.append(change)
    if measured:
        for line in page.wrap("; ".join(measured), "    "):
            page.line(line)
    for line in page.wrap(result.reason, "    "):
        page.line(line)
    if result.status in {"FAIL", "WARN"}:
        for line in page.wrap(result.advice, "    > "):
            page.line(line)
        for one in result.evidence[:3]:
            page.line(
                "    " + page.clip(f"{one.rank}. {one.ref or one.of + ' ' + one.subject} {one.title}", page.width - 4)
            )
