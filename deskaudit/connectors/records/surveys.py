"""Answers to satisfaction surveys, and surveys that nobody answered."""

from collections.abc import Iterable
from typing import ClassVar, Literal

import msgspec

from deskaudit.connectors.recognition import Likeness, Specimen
from deskaudit.connectors.records.options import Columns, RecordOptions
from deskaudit.connectors.records.tables import Cells, Reading, RecordTable
from deskaudit.connectors.tabular.cells import fold_set, fold_text, read_number
from deskaudit.connectors.tabular.sheets import RowFault
from deskaudit.i18n import _
from deskaudit.model.entities import Rating, Row
from deskaudit.model.ratings import judge
from deskaudit.text import one_line


class SurveyColumns(Columns, frozen=True, kw_only=True, forbid_unknown_fields=True):
    score: str
    key: str | None = None
    ticket: str | None = None
    agent: str | None = None
    agent_email: str | None = None
    department: str | None = None
    customer: str | None = None
    sent_at: str | None = None
    rated_at: str | None = None
    followed_up_at: str | None = None
    comment: str | None = None

    help: ClassVar[dict[str, str]] = {
        "score": "The answer; an empty one is a survey that nobody answered.",
        "key": "The survey's own number; left out: the row's cells tell it.",
        "ticket": "The ticket it is about, by its id in the source that tickets_of names.",
        "agent": "The agent it is about.",
        "agent_email": "That agent's address.",
        "department": "The department it is about.",
        "customer": "Who answered: address or number, kept as a keyed hash.",
        "sent_at": "When the survey was sent.",
        "rated_at": "When it was answered.",
        "followed_up_at": "When somebody spoke to a customer who was not satisfied.",
        "comment": "The comment: only whether there is one is kept.",
    }

    def __post_init__(self) -> None:
        self.need("sent_at", "rated_at")


class SurveyOptions(RecordOptions, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The options of `type = "surveys"`."""

    columns: SurveyColumns
    scale: tuple[float, float] | Literal["good/bad"] = (1, 5)
    words: dict[str, float] = msgspec.field(default_factory=dict)
    unanswered: list[str] = msgspec.field(default_factory=lambda: ["Offered", "Unanswered", "Not answered"])
    not_sent: list[str] = msgspec.field(default_factory=lambda: ["Not offered", "Unoffered"])

    help: ClassVar[dict[str, str]] = {
        **RecordOptions.help,
        "columns": "Model field = column name; score, and sent_at or rated_at, are needed.",
        "scale": 'The lowest and the highest score: [1, 5], [0, 10], or "good/bad".',
        "words": "Scores that are words = numbers of the scale; good and bad are known where the scale is good/bad.",
        "unanswered": "Words in the score column for a survey that was sent and not answered.",
        "not_sent": "Words in the score column for a row that is no survey; it is left out.",
    }

    def __post_init__(self) -> None:
        super().__post_init__()
        low, high = self.ends()
        if not low < high:
            raise ValueError(_("scale is the lowest and the highest score, as [1, 5]"))
        for value in self.words.values():
            if not low <= value <= high:
                raise ValueError(_("words: {value} lies outside the scale").format(value=value))

    def ends(self) -> tuple[float, float]:
        return (0, 1) if self.scale == "good/bad" else self.scale


GOOD_BAD = {"good": 1.0, "bad": 0.0, "satisfied": 1.0, "unsatisfied": 0.0, "dissatisfied": 0.0}


class _Surveys(Reading):
    entity = "rating"
    times = ("sent_at", "rated_at", "followed_up_at")
    fills: ClassVar = {
        "rating": (),
        "agent": ("agent", "agent_email"),
        "department": ("department",),
        "contact": ("customer",),
    }
    options: SurveyOptions

    def begin(self) -> None:
        known = {fold_text(word): value for word, value in self.options.words.items()}
        self._scores = GOOD_BAD | known if self.options.scale == "good/bad" else known
        self._unanswered = fold_set(self.options.unanswered)
        self._not_sent = fold_set(self.options.not_sent)

    def take(self, row: Cells) -> Iterable[Row]:
        """One survey. A row that is no survey gives nothing."""
        said = fold_text(row.raw("score"))
        if said in self._not_sent:
            return
        score = self._score(said)
        low, high = self.options.ends()
        sent, rated = row.time("sent_at"), row.time("rated_at")
        if score is None:
            rated = None
        if sent is None and rated is None:
            raise RowFault("", _("neither when it was sent nor when it was answered is known"))
        identity = self.identify(row, row.raw("key"))
        if identity is None:
            return
        satisfied, is_low = judge(score, low, high)
        yield Rating(
            id=self.context.key("rating", identity),
            ext_id=one_line(row.raw("key"), 80) or None,
            ticket_id=row.ticket(),
            agent_id=row.agent("agent", "agent_email"),
            department_id=row.department("department"),
            contact_id=self.directory.contact(row.raw("customer")),
            sent_at=sent,
            rated_at=rated,
            score=score,
            scale_min=low,
            scale_max=high,
            satisfied=satisfied,
            low=is_low,
            has_comment=bool(row.raw("comment")) if "comment" in self.names else None,
            followed_up_at=row.time("followed_up_at"),
        )

    def _score(self, said: str) -> float | None:
        """The score on its scale; None for a survey without an answer. RowFault for what is neither."""
        if not said or said in self._unanswered:
            return None
        if said in self._scores:
            return self._scores[said]
        low, high = self.options.ends()
        try:
            score = read_number(said, self.options.decimal)
        except ValueError:
            score = high + 1
        if not low <= score <= high:
            reason = _('"{text}" is no score from {low:g} to {high:g}; add it to words or unanswered, or correct scale')
            raise RowFault(self.names["score"], reason.format(text=one_line(said, 40), low=low, high=high))
        return score


class Surveys(RecordTable):
    """`type = "surveys"`: files are read whole each time."""

    name = "surveys"
    title = "Satisfaction surveys (CSV)"
    options = SurveyOptions
    reading = _Surveys

    @classmethod
    def recognises(cls, specimen: Specimen) -> Likeness | None:
        """A table with the usual columns; its scale stands nowhere in it."""
        import tomlkit

        found = super().recognises(specimen)
        if found is None:
            return None
        point = _('scale = [0, 10], or "good/bad": where scores do not go from 1 to 5')
        options = tomlkit.table()
        for key, value in found.options.items():
            if key == "columns":
                options.add(tomlkit.comment(point))
            options.add(key, value)
        return msgspec.structs.replace(found, options=options, open=(*found.open, point))
