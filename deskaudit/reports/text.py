"""The report as plain text: one screen for a quick look, or a listing that reads well line by line."""

from typing import TextIO

from deskaudit.i18n import _
from deskaudit.model import figures
from deskaudit.reports import phrases
from deskaudit.reports.lines import Writer, cells
from deskaudit.reports.report import Report, ResultPart

LINES = 24
_ISSUES = 9
_SOURCES = 4


def write_screen(report: Report, out: TextIO, *, ascii_only: bool = False, colour: bool = False) -> None:
    """At most 24 lines of at most 80 cells: headline, counts, times, what is worst, sources."""
    page = Writer(out, ascii_only=ascii_only, colour=colour)
    _headline(report, page)
    by_key = {(result.check, result.leg): result for result in report.results if result.segment is None}
    issues = [by_key[key] for issue in report.summary.most_urgent if (key := (issue.check, issue.leg)) in by_key]
    page.line()
    if issues:
        page.line(_("Most urgent"))
    else:
        page.line(_("No check failed or warned."))
    for result in issues[:_ISSUES]:
        page.status(result.status, _issue(result, page))
    if len(issues) > _ISSUES:
        page.line(_("  and {n} more").format(n=len(issues) - _ISSUES))
    if report.sources:
        page.line()
        page.line(_("Sources"))
    lines = list(phrases.sources(report))
    shown = lines if len(lines) <= _SOURCES else lines[: _SOURCES - 1]
    for text in shown:
        page.line("  " + page.clip(text, page.width - 2))
    if len(lines) > len(shown):
        page.line(_("  and {n} more").format(n=len(lines) - len(shown)))


def write(
    report: Report, out: TextIO, *, ascii_only: bool = False, colour: bool = False, segments: bool = False
) -> None:
    """Everything, one finding after the other; `segments` lists the parts of the desk too."""
    page = Writer(out, ascii_only=ascii_only, colour=colour)
    _headline(report, page)
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


def _headline(report: Report, page: Writer) -> None:
    audit, summary = report.audit, report.summary
    state = "" if audit.state == "completed" else f" ({audit.state})"
    page.line(page.clip(phrases.name_audit(audit) + state))
    page.line(
        _("Assured {assured}   Score {score}   Coverage {coverage}").format(
            assured=phrases.percent(summary.assured),
            score=phrases.percent(summary.score),
            coverage=phrases.percent(summary.coverage),
        )
    )
    page.line(page.clip(phrases.counts(summary.counts)))
    if told := phrases.times(report):
        page.line(page.clip(told[:1].upper() + told[1:]))
    if common := phrases.issues(report):
        page.line(page.clip(common))
    if audit.error:
        page.line(page.clip(audit.error))


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
