"""One source, whole: what it fills, how complete that is, its problems and its last error in full."""

from typing import Any, ClassVar

from textual.binding import Binding, BindingType

from deskaudit.i18n import _
from deskaudit.tui import theme, words
from deskaudit.tui.screens.room import Room
from deskaudit.tui.session import SourceLine
from deskaudit.tui.theme import Spans
from deskaudit.tui.widgets.lines import Lines

LABEL = 12


class SourceDetail(Room):
    """Pushed over the list of sources."""

    TITLE = _("Source")
    PLACE = "sources"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("t", "test", _("test"), id="source.test", tooltip=_("Knock at it: reachable, authorised, version, modules")),
        Binding("p", "pull", _("pull"), id="source.pull", tooltip=_("Pull it now")),
        Binding("m", "change", _("change"), id="source.change", tooltip=_("Change its options")),
        Binding("d", "remove", _("remove"), id="source.remove", tooltip=_("Take it out of the config; audits stay")),
        Binding("x", "cancel", _("cancel"), id="source.cancel", tooltip=_("Stop the pull; what has landed is kept")),
        Binding("escape", "app.back", _("back"), id="source.back", tooltip=_("Back to the list")),
    ]  # fmt: skip

    def __init__(self, name: str) -> None:
        super().__init__()
        self._source_name = name
        self._source: SourceLine | None = None

    def heading(self) -> Spans:
        return [(self._source_name, "strong"), (f" · {self._source.type}" if self._source else "", "dim")]

    def why_not(self, action: str) -> str:
        from deskaudit.tui.screens.sources import why_no_work

        return why_no_work(self, action, self._source)

    def reload(self) -> None:
        from deskaudit.tui.screens.overview import source_health

        session = self.desk.session
        self._source = next((one for one in session.sources() if one.name == self._source_name), None)
        source = self._source
        if source is None:
            self.lines.show(Lines([([(_(" It is no longer configured."), "")], None)]), 0)
            return
        now = session.now()
        state, style = source_health(source, now)
        rows = self._fact(_("State"), state, style)
        rows += self._fact(_("Last pull"), _("{at}, {age} ago").format(
            at=words.moment(source.fetched_at, self.zone), age=words.age(source.fetched_at, now)
        ) if source.fetched_at is not None else _("never"))  # fmt: skip
        rows += self._fact(_("Meant to be"), _("pulled every {span}").format(span=words.span(source.cadence_s))
            if source.archive is None else _("an archive, up to {day}").format(day=source.archive.isoformat()))  # fmt: skip
        if source.resumable:
            rows += self._fact("", _("an interrupted pull lies there: p goes on with it"))
        rows += self._fact(_("Rejects"), words.rows_count(source.rejects))
        if source.error:
            rows += self._fact(_("Error"), source.error, "FAIL")
        connector = session.connector(source.type)
        rows += self._fact(_("Reads"), connector.fault or connector.title, "FAIL" if connector.fault else "")
        rows += [([], None), ([(_(" FILLS"), "dim")], None)]
        for entity in sorted({*source.rows, *connector.fills}):
            rows.append((_filled(source, entity), entity))
        if source.problems:
            rows.append(([], None))
        for place, text in enumerate(source.problems):
            rows += self._fact(_("Notes") if place == 0 else "", text)
        self.lines.show(Lines(rows))
        self.lines.focus()

    def _fact(self, label: str, text: str, style: str = "") -> list[tuple[Spans, Any]]:
        first, *rest = theme.wrap(text, max(self.size.width - LABEL - 2, 10))
        rows: list[tuple[Spans, Any]] = [([(f" {theme.fit(label, LABEL)}", "dim"), (first, style)], text)]
        return [*rows, *(([(" " * (LABEL + 1), ""), (line, style)], line) for line in rest)]

    def action_test(self) -> None:
        from deskaudit.tui.screens.sources import start_test

        start_test(self, self._source)

    def action_pull(self) -> None:
        from deskaudit.tui.screens.sources import start_pull

        start_pull(self, [self._source] if self._source else [])

    def action_change(self) -> None:
        from deskaudit.tui.screens.drafting import start_change

        start_change(self, self._source_name)

    def action_remove(self) -> None:
        from deskaudit.tui.screens.drafting import start_remove

        start_remove(self, self._source_name)

    def saved(self, name: str) -> None:
        """Its form was saved."""
        self.say(_("Saved in {file}. p pulls it now.").format(file=self.desk.session.paths.config))

    def action_cancel(self) -> None:
        self.desk.job.cancel()
        self.say(_("Stopping after the page that is being read."))
        self.show_keys()

    def show_progress(self) -> None:
        from deskaudit.tui.screens.sources import pull_sentence

        self.say_progress(pull_sentence(self))


def _filled(source: SourceLine, entity: str) -> Spans:
    """One entity: how many rows of it there are, and whether they are all."""
    name = f" {theme.fit(entity, 20)}  "
    if entity not in source.rows:
        return [(f"{name}{'-':>10}", "dim")]
    whole = (_("incomplete"), "WARN") if entity in source.incomplete else (_("whole"), "")
    return [(f"{name}{words.figure(source.rows[entity], 'count'):>10}  ", ""), whole]
