"""The manual audit: items on the left, the item's questions on the right, and what was measured below them."""

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar, get_args

import msgspec
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.strip import Strip
from textual.widget import Widget

from deskaudit.checks.spec import Group, Item, Question
from deskaudit.i18n import _, item_text, ngettext
from deskaudit.model.verdicts import Audit, Result, Status
from deskaudit.text import one_line
from deskaudit.tui import answers, theme, words
from deskaudit.tui.answers import Sitting
from deskaudit.tui.screens.finding import Finding
from deskaudit.tui.screens.overview import group_name
from deskaudit.tui.screens.room import Room
from deskaudit.tui.theme import Spans
from deskaudit.tui.widgets.lines import Canvas, LineList, Lines

Row = tuple[Spans, Any]


class Place(msgspec.Struct, frozen=True):
    """A line of a question; `head` is the one on which the cursor rests."""

    question: str


class Edge(Canvas):
    """The rule between the panes."""

    def render_line(self, y: int) -> Strip:
        return self.paint([("│", "dim")])


class Checklist(Room):
    """One key answers and goes on; each keystroke is stored at once."""

    TITLE = _("Checklist")
    PLACE = "checklist"
    CSS_PATH = "checklist.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "answer('yes')", _("yes"), id="checklist.yes", tooltip=_("Yes, and on to the next question")),
        Binding("p", "answer('partly')", _("partly"), id="checklist.partly", tooltip=_("Partly, and on")),
        Binding("n", "answer('no')", _("no"), id="checklist.no", tooltip=_("No, and on; a note is owed then")),
        Binding("x", "not_applicable", _("n/a"), id="checklist.na", tooltip=_("Not applicable: asks for the reason")),
        Binding("m", "note", _("note"), id="checklist.note", tooltip=_("Write a note to the answer")),
        Binding("u", "undo", _("undo"), id="checklist.undo", tooltip=_("Take the last answer back")),
        Binding("full_stop", "next_open", _("next"), id="checklist.next", tooltip=_("To the next unanswered question")),
        Binding("enter", "enter", _("type"), id="checklist.enter", tooltip=_("Confirm an offered answer, type one, open a result")),
        Binding("tab,shift+tab", "other_pane", _("pane"), id="checklist.pane", tooltip=_("To the other pane")),
    ]  # fmt: skip

    def __init__(self) -> None:
        super().__init__()
        self._audit: Audit | None = None
        self._sitting: Sitting | None = None
        self._items: list[Item] = []
        self._item: Item | None = None
        self._results: dict[str, list[Result]] = {}
        self._drafts: dict[str, str] = {}
        self._just: tuple[Question, str] | None = None  # answered last, and the question the cursor went on to

    def body(self) -> Iterable[Widget]:
        yield Container(LineList(id="items"), Edge(id="edge"), LineList(id="list"), id="panes")

    @property
    def items(self) -> LineList:
        return self.query_one("#items", LineList)

    # What is shown

    def heading(self) -> Spans:
        if self._audit is None or self._sitting is None:
            return [(self.TITLE, "strong")]
        questions = [question for item in self._items for question in item.question]
        known = self._sitting.answers
        done = sum(answers.is_done(known.get(question.id)) for question in questions)
        offered = sum(question.id in known and not answers.is_done(known[question.id]) for question in questions)
        owed = sum(answers.owes_note(question, known.get(question.id)) for question in questions)
        spans: Spans = [(_("{done} of {all} answered").format(done=done, all=len(questions)), "strong")]
        if left_out := self.desk.session.catalogue.broken:
            text = _(" · {packages} left out, see: deskaudit doctor")
            spans.append((text.format(packages=one_line(", ".join(left_out), 60)), "FAIL"))
        if offered:
            spans.append((_(" · {n} offered").format(n=offered), "TODO"))
        if owed:
            spans.append((ngettext(" · {n} note owed", " · {n} notes owed", owed).format(n=owed), "WARN"))
        return [*spans, (f" · {words.audit_name(self._audit, self.zone)}", "dim")]

    def reload(self) -> None:
        self.items.styles.width = self._left
        self._audit = self.desk.find_audit()
        if self._audit is None:
            self._sitting, self._items = None, []
            self.items.show(Lines())
            text = [_("There is no audit yet."), _("Press r to run one; its answers are kept with it.")]
            self.lines.show(Lines([([(f" {line}", "")], None) for line in text]), 0)
            self.items.focus()
            return
        session = self.desk.session
        self._items = by_group(item for item in session.catalogue.items.values() if item.question or item.check)
        if self._sitting is None or self._sitting.audit_id != self._audit.id:
            hashes = {asked.question: asked.question_hash for asked in session.store.questions(self._audit.id)}
            self._sitting = Sitting(session.store, self._audit.id, hashes)
        self._results = {}
        for result in session.store.results(self._audit.id):
            self._results.setdefault(result.item, []).append(result)
        wanted, self.desk.wanted_item = self.desk.wanted_item, ""
        present = wanted or (self._item.id if self._item else "")
        self._item = next((item for item in self._items if item.id == present), self._items[0] if self._items else None)
        self._show_items()
        self._show_item(0)
        if self.focused is None:
            self.lines.focus()

    @property
    def _left(self) -> int:
        """How wide the pane of the items is."""
        return max(26, min(40, self.size.width // 3))

    def _show_items(self) -> None:
        rows: list[Row] = []
        group = ""
        for item in self._items:
            if item.group != group:
                group = item.group
                rows.append(([(f" {group_name(group)}", "head")], None))
            rows.append((self._item_line(item), item.id))
        source = Lines(rows)
        at = next((place for place, row in enumerate(rows) if self._item and row[1] == self._item.id), 0)
        self.items.show(source, at)

    def _item_line(self, item: Item) -> Spans:
        """`F Measure service levels 2/5`: the letter of the worst thing measured or answered; its page has the number."""
        known = self._sitting.answers if self._sitting else {}
        done = sum(answers.is_done(known.get(question.id)) for question in item.question)
        left = f"{done}/{len(item.question)}" if item.question else "–"
        worst = max(
            (result.status for result in self._results.get(item.id, [])), key=lambda s: s.badness, default=Status.TODO
        )
        style = "dim" if item.question and done == len(item.question) else ""
        text = theme.fit(item_text(f"{item.id}.title", item.title), self._left - 9)
        return [(f" {theme.LETTER[worst]} ", worst.value), (f"{text} {left:>4}", style)]

    def _show_item(self, cursor: int | None) -> None:
        if self._item is not None:
            self.lines.show(Lines(self._item_rows(self._item)), cursor)

    def _item_rows(self, item: Item) -> list[Row]:
        width = max(self.size.width - self._left - 3, 20)
        rows: list[Row] = [([(f" {item.id} ", "head"), (item_text(f"{item.id}.title", item.title), "strong")], None)]
        rows += [([(f" {text}", "dim")], None) for text in theme.wrap(item_text(f"{item.id}.why", item.why), width)]
        rows.append(([], None))
        for question in item.question:
            rows += self._question_rows(question, width)
        if not item.question:
            rows.append(([(_(" No questions here: all of it is measured."), "dim")], None))
        rows.append(([(_(" MEASURED"), "dim")], None))
        rows += [_result_row(result, self.title_of(result), width) for result in self._results.get(item.id, [])]
        if not self._results.get(item.id):
            rows.append(([(_(" nothing in this audit"), "dim")], None))
        return rows

    def _question_rows(self, question: Question, width: int) -> list[Row]:
        known = self._sitting.answers.get(question.id) if self._sitting else None
        place = Place(question.id)
        text = theme.wrap(item_text(question.id, question.ask), width - 4)
        number = question.id.rpartition(".q")[2]
        rows: list[Row] = [([(f" {number:>2} ", "head"), (text[0], "")], place)]
        rows += [([(f"    {line}", "")], None) for line in text[1:]]
        if question.must:
            rows.append(([(_("    a must: a no fails the item"), "dim")], None))
        if question.guide:
            guide = item_text(f"{question.id}.guide", question.guide)
            rows += [([(f"    {line}", "dim")], None) for line in theme.wrap(guide, width - 4)]
        rows.append((_answer_spans(question, known), None))
        if known is not None and known.note:
            rows += [
                ([(f"      {line}", "")], None)
                for line in theme.wrap(_("note: {text}").format(text=known.note), width - 6)
            ]
        return rows

    # Where one is

    @property
    def question(self) -> Question | None:
        value = self.lines.value
        if not isinstance(value, Place) or self._item is None:
            return None
        return next((question for question in self._item.question if question.id == value.question), None)

    @property
    def noted(self) -> Question | None:
        """The question a note goes to: the one just answered, until the cursor is moved; else the one it is on."""
        question = self.question
        return self._just[0] if self._just and question and self._just[1] == question.id else question

    def moved(self) -> None:
        if self._just is not None and self._just[1] != (self.question.id if self.question else ""):
            self._just = None
        here = self.items.value
        if self.items.has_focus and here is not None and (self._item is None or here != self._item.id):
            self._item = next((item for item in self._items if item.id == here), self._item)
            self._show_item(0)
        self.show_keys()

    def chosen(self, value: Any) -> None:
        self.action_enter()

    def why_not(self, action: str) -> str:
        if action in {"answer", "not_applicable", "note", "enter", "next_open", "undo"} and self._audit is None:
            return _("There is no audit yet. Press r to run one.")
        if action in {"answer", "not_applicable", "note"}:
            question = self.question
            if question is None:
                return _("Put the cursor on a question first; . goes to the next open one.")
            if action == "answer" and question.type != "yes":
                return _("This one asks for {what} Press enter.").format(what=answers.expects(question))
            noted = self.noted or question
            if action == "note" and self._sitting and noted.id not in self._sitting.answers:
                return _("Answer first; the note belongs to the answer.")
        if action == "undo" and self._sitting is not None and not self._sitting.can_undo:
            return _("Nothing was answered since this screen was opened.")
        return ""

    # What is done

    def action_answer(self, value: str) -> None:
        question = self.question
        if question is not None:
            self._save(question, value)

    def action_not_applicable(self) -> None:
        question = self.question
        if question is not None:
            self.ask(
                _("Not applicable, because:"),
                lambda text: self._na_given(question, text),
                self._drafts.get(question.id, ""),
            )

    def _na_given(self, question: Question, text: str | None) -> str | None:
        if text is None:
            self._keep_draft(question)
            return None
        if not text.strip():
            return _("A reason is needed.")
        self._save(question, "na", text.strip())
        return None

    def action_note(self) -> None:
        question = self.noted
        if question is not None and self._sitting is not None:
            known = self._sitting.answers.get(question.id)
            text = self._drafts.get(question.id) or (known.note if known else "")
            label = _("Note to {id}:").format(id=question.id)
            self.ask(label, lambda note: self._note_given(question, note), text)

    def _note_given(self, question: Question, text: str | None) -> None:
        if text is None or self._sitting is None:
            self._keep_draft(question)
            return
        here = self.question
        self._sitting.write_note(question.id, text.strip())
        self._drafts.pop(question.id, None)
        self._after_change(question.id)
        if here is not None:
            self._go_to(here.id)
        self.say(_("{id}: note saved.").format(id=question.id))

    def _keep_draft(self, question: Question) -> None:
        if self.message.typed.strip():
            self._drafts[question.id] = self.message.typed
            self.say(_("Not saved; what you typed comes back with the same key."))
        else:
            self.say(_("Nothing changed."))

    def action_enter(self) -> None:
        if self.items.has_focus:
            self.lines.focus()
            return
        question = self.question
        if question is None:
            if isinstance(self.lines.value, Result) and self._audit is not None:
                self.app.push_screen(Finding(self._audit, self.lines.value))
            return
        known = self._sitting.answers.get(question.id) if self._sitting else None
        if known is not None and not answers.is_done(known):
            self._save(question, known.value)
        elif question.type != "yes":
            self.ask(answers.expects(question), lambda text: self._typed(question, text), known.value if known else "")
        else:
            self.say(_("y yes, p partly, n no, x not applicable."))

    def _typed(self, question: Question, text: str | None) -> str | None:
        if text is None:
            return None
        refusal = answers.refuse(question, text.strip())
        if not refusal:
            self._save(question, text.strip())
        return refusal

    def _save(self, question: Question, value: str, note: str | None = None) -> None:
        """Stores, then goes on to the next question."""
        if self._sitting is None:
            return
        self._sitting.answer(question.id, value, note)
        self._drafts.pop(question.id, None)
        self._after_change(question.id)
        saved = self._sitting.answers[question.id]
        text = _("{id}: {answer}, saved.").format(id=question.id, answer=answers.in_words(question, saved))
        if answers.owes_note(question, saved):
            text += _(" A no owes a note: m.")
        if self._audit is not None and self._item is not None:
            text += answers.still_to_go(self._item.id, self._audit.weights, self._sitting.answers)
        self._go_on(question.id)
        self._just = (question, self.question.id if self.question else "")
        self.show_keys()
        self.say(text)

    def action_undo(self) -> None:
        question = self._sitting.undo() if self._sitting else None
        if question is not None:
            self._just = None
            self._go_to(question)
            self._after_change(question)
            self.say(_("{id}: taken back.").format(id=question))

    def action_next_open(self) -> None:
        if not self._go_on(self.question.id if self.question else "", only_open=True):
            self.say(_("Every question is answered."))

    def action_other_pane(self) -> None:
        (self.lines if self.items.has_focus else self.items).focus()

    def _after_change(self, question: str) -> None:
        """Only this question's lines, the item's line and the heading are new."""
        self.desk.touch()
        self._seen_revision = self.desk.revision
        self._show_item(None)
        at = self.lines.find(Place(question))
        if at is not None:
            self.lines.move_to(at)
        self._show_items()
        self.show_heading()
        self.show_keys()

    def _go_on(self, question: str, *, only_open: bool = False) -> bool:
        """To the next question of the item, or to the next open one of all; False where there is none."""
        known = self._sitting.answers if self._sitting else {}
        every = [one.id for item in self._items for one in item.question]
        after = every.index(question) + 1 if question in every else self._first_of_item(every)
        rest = [*every[after:], *every[:after]]
        here = {one.id for one in self._item.question} if self._item else set()
        if not only_open and after < len(every) and every[after] in here:
            self._go_to(every[after])
            return True
        following = next((one for one in rest if one != question and not answers.is_done(known.get(one))), None)
        if following is None:
            return False
        self._go_to(following)
        return True

    def _first_of_item(self, every: Sequence[str]) -> int:
        first = self._item.question[0].id if self._item and self._item.question else ""
        return every.index(first) if first in every else 0

    def _go_to(self, question: str) -> None:
        item = next((item for item in self._items if any(one.id == question for one in item.question)), None)
        if item is None:
            return
        if item is not self._item:
            self._item = item
            self._show_items()
            self._show_item(0)
        at = self.lines.find(Place(question))
        if at is not None:
            self.lines.move_to(at)
        self.lines.focus()


def by_group(items: Iterable[Item]) -> list[Item]:
    """Items of one group beside one another, groups in the order of the catalogue's plan, items by id."""
    places = {group: place for place, group in enumerate(get_args(Group))}
    return sorted(items, key=lambda item: (places[item.group], item.id))


def _answer_spans(question: Question, known: Any) -> Spans:
    if known is None:
        return [
            ("    ", ""),
            ("T TODO", "TODO"),
            (_("  not answered") if question.type == "yes" else f"  {answers.expects(question)} enter", "dim"),
        ]
    text = answers.in_words(question, known)
    if not answers.is_done(known):
        return [
            ("    ", ""),
            ("T TODO", "TODO"),
            (_("  offered: {text}; enter confirms").format(text=text), ""),
        ]
    status = {"yes": Status.PASS, "partly": Status.WARN, "no": Status.FAIL, "na": Status.NA}.get(known.value)
    spans: Spans = [("    ", "")]
    spans += theme.status_spans(status) if status else [("  ", "")]
    spans.append((text, "strong"))
    if answers.owes_note(question, known):
        spans.append((_("  note owed: m"), "WARN"))
    return spans


def _result_row(result: Result, title: str, width: int) -> Row:
    value = words.value_of(result)
    name = f"{result.check} {title}"
    text = theme.fit(name, max(width - 10 - len(value) - 2, 8))
    return [(" ", ""), *theme.status_spans(result.status, 9), (f"{text}  {value}", "")], result
