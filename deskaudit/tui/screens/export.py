"""Export: what, in which format, where to, and how it will look."""

from pathlib import Path
from typing import Any, ClassVar

from textual.binding import Binding, BindingType

from deskaudit.errors import DeskauditError
from deskaudit.i18n import _
from deskaudit.model.verdicts import Audit
from deskaudit.text import clean
from deskaudit.tui import theme, words
from deskaudit.tui.screens.room import Room
from deskaudit.tui.session import EXPORT_FORMATS
from deskaudit.tui.theme import Spans
from deskaudit.tui.widgets.lines import Lines

SUFFIX = {"markdown": ".md", "csv": ".csv", "evidence": "-evidence.csv", "json": ".json", "text": ".txt"}
LABEL = 10
PREVIEW_LINES = 400


class Export(Room):
    """The preview is the beginning of the very file that is written."""

    TITLE = _("Export")
    PLACE = "export"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f", "format", _("format"), id="export.format", tooltip=_("Markdown, CSV of results, CSV of evidence, JSON or text")),
        Binding("p", "path", _("path"), id="export.path", tooltip=_("Where the file goes")),
        Binding("s", "save", _("save"), id="export.save", tooltip=_("Write the file (mode 600)")),
        Binding("enter", "change", _("change"), id="export.change", show=False, tooltip=_("Change the line under the cursor")),
        Binding("w", "app.choose_audit", _("which audit"), id="app.audit", tooltip=_("Choose the audit that all screens show")),
    ]  # fmt: skip

    def __init__(self) -> None:
        super().__init__()
        self._audit: Audit | None = None
        self._format = 0
        self._path = ""

    @property
    def export_format(self) -> str:
        return EXPORT_FORMATS[self._format]

    @property
    def path(self) -> Path:
        number = self._audit.id if self._audit is not None else 0
        default = f"audit-{number}{SUFFIX[self.export_format]}"
        return Path(self._path or default).expanduser()

    def heading(self) -> Spans:
        if self._audit is None:
            return [(self.TITLE, "strong")]
        return [(_("Export"), "strong"), (f" · {words.audit_name(self._audit, self.zone)}", "dim")]

    def why_not(self, action: str) -> str:
        if action in {"format", "path", "save", "change"} and self._audit is None:
            return _("There is no audit yet. Press r to run one.")
        return ""

    def reload(self) -> None:
        self._audit = self.desk.find_audit()
        rows: list[tuple[Spans, Any]] = []
        if self._audit is None:
            rows = [([(_(" There is no audit yet. Press r to run one."), "")], None)]
        else:
            name = words.audit_name(self._audit, self.zone)
            rows = [
                (_line(_("Audit"), name), "audit"),
                (_line(_("Format"), f"{self.export_format}  ({' / '.join(EXPORT_FORMATS)})"), "format"),
                (_line(_("File"), str(self.path)), "path"),
                ([(" ", ""), (_("[ Save ]"), "strong"), (_("   or press s"), "dim")], "save"),
                ([(_(" PREVIEW"), "dim")], None),
            ]
            try:
                preview = self.desk.session.preview(self._audit.id, self.export_format)
            except DeskauditError as fault:
                preview = str(fault)
            lines = clean(preview, 100_000).expandtabs(4).splitlines()[:PREVIEW_LINES]
            rows += [([(f" {line}", "")], f"preview {place}") for place, line in enumerate(lines)]
        self.lines.show(Lines(rows))
        self.lines.focus()

    def chosen(self, value: Any) -> None:
        self.call_later(self.action_change)

    async def action_change(self) -> None:
        match self.lines.value:
            case "audit":
                await self.desk.action_choose_audit()
            case "format":
                self.action_format()
            case "path":
                self.action_path()
            case "save":
                self.action_save()

    def action_format(self) -> None:
        self._format = (self._format + 1) % len(EXPORT_FORMATS)
        self.say("")  # what was written is another file
        self.reload()
        self.redraw()

    def action_path(self) -> None:
        self.ask(_("File:"), self._path_given, str(self.path))

    def _path_given(self, text: str | None) -> None:
        if text is not None:
            self._path = text.strip()
            self.say("")
            self.reload()

    def action_save(self) -> None:
        if self._audit is None:
            return
        if self.path.exists():
            self.confirm(
                _("{file} exists. Replace it?").format(file=self.path),
                self._write,
                enter=_("replace it"),
                otherwise=_("Nothing was written. p changes the path."),
            )
        else:
            self._write()

    def _write(self) -> None:
        if self._audit is None:
            return
        try:
            written = self.desk.session.export(self._audit.id, self.export_format, self.path)
        except DeskauditError as fault:
            self.say(f"{fault.message} {fault.hint}", "FAIL")
        except OSError as fault:
            self.say(_("{file} cannot be written: {fault}").format(file=self.path, fault=fault.strerror), "FAIL")
        else:
            self.say(
                _("Written: {file} ({n} bytes, mode 600).").format(
                    file=written, n=words.figure(written.stat().st_size, "count")
                )
            )


def _line(label: str, text: str) -> Spans:
    return [(f" {theme.fit(label, LABEL)}", "dim"), (text, "")]
