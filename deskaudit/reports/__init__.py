"""What an audit says, for people and programs: JSON, CSV, Markdown and plain text, all from one Report."""

from typing import TextIO

from deskaudit.reports.report import Report
from deskaudit.reports.summary import build
from deskaudit.store.compare import Comparison

FORMATS = ("text", "json", "csv", "evidence", "markdown")

__all__ = ["FORMATS", "Report", "build", "write", "write_comparison"]


def write(
    report: Report, format_: str, out: TextIO, *, one_screen: bool = False, ascii_: bool = False, plain: bool = False
) -> None:
    """The report in one of FORMATS. The last three are for text: 24 lines, ASCII only, never colour."""
    from deskaudit.reports import csvfile, lines, markdown, summary, text

    if format_ == "json":
        summary.write(report, out)
    elif format_ == "csv":
        csvfile.write(report, out)
    elif format_ == "evidence":
        csvfile.write_evidence(report, out)
    elif format_ == "markdown":
        markdown.write(report, out)
    else:
        colour = not plain and lines.wants_colour(out)
        writer = text.write_screen if one_screen else text.write
        writer(report, out, ascii_only=ascii_, colour=colour)


def write_comparison(
    comparison: Comparison, format_: str, out: TextIO, *, everything: bool = False, ascii_: bool = False
) -> None:
    """Two audits side by side, as text or JSON; `everything` lists what stayed the same and the segments too."""
    from deskaudit.reports import comparison as pages

    if format_ == "json":
        pages.write_json(comparison, out, everything=everything)
    else:
        pages.write(comparison, out, everything=everything, ascii_only=ascii_)
