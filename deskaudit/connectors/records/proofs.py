"""What was shown to have been done: training, certificates, confirmations, tests, reviews, restores."""

from collections.abc import Iterable
from typing import ClassVar, Literal

import msgspec

from deskaudit.connectors.records.options import Columns, RecordOptions, check_words
from deskaudit.connectors.records.tables import Cells, Reading, RecordTable
from deskaudit.connectors.tabular.cells import fold_text
from deskaudit.connectors.tabular.sheets import RowFault
from deskaudit.i18n import _
from deskaudit.model.entities import Record, Row
from deskaudit.text import one_line

KINDS = ("trained", "certified", "confirmed", "tested", "reviewed", "restored", "approved")


class ProofColumns(Columns, frozen=True, kw_only=True, forbid_unknown_fields=True):
    about: str
    happened_at: str | None = None
    expires_at: str | None = None
    kind: str | None = None
    agent: str | None = None
    agent_email: str | None = None
    result: str | None = None
    duration: str | None = None
    key: str | None = None

    help: ClassVar[dict[str, str]] = {
        "about": "The course, certificate, skill, document, backup or list.",
        "happened_at": "When it was done or passed.",
        "expires_at": "Until when it counts.",
        "kind": "trained, certified, confirmed, tested, reviewed, restored or approved; kinds translates.",
        "agent": "Who: name, or id in the source that agents_of names.",
        "agent_email": "That person's address.",
        "result": "How it ended: passed, failed, the version that was confirmed.",
        "duration": "How long it took, as the hours of a course.",
        "key": "The row's own number; left out: its cells tell it.",
    }

    def __post_init__(self) -> None:
        self.need("happened_at", "expires_at")


class ProofOptions(RecordOptions, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The options of `type = "proofs"`."""

    columns: ProofColumns
    kind: Literal["trained", "certified", "confirmed", "tested", "reviewed", "restored", "approved"] = "trained"
    kinds: dict[str, str] = msgspec.field(default_factory=dict)

    help: ClassVar[dict[str, str]] = {
        **RecordOptions.help,
        "columns": "Model field = column name; about, and happened_at or expires_at, are needed.",
        "kind": "What the rows are where no column says it: trained, certified, confirmed, tested, reviewed, …",
        "kinds": "The file's words for it = trained, certified, confirmed, tested, reviewed, restored or approved.",
    }

    def __post_init__(self) -> None:
        super().__post_init__()
        check_words(self.kinds, KINDS)


class _Proofs(Reading):
    entity = "record"
    times = ("happened_at", "expires_at")
    fills: ClassVar = {"record": (), "agent": ("agent", "agent_email")}
    options: ProofOptions

    def begin(self) -> None:
        own = {fold_text(word): kind for word, kind in self.options.kinds.items()}
        self._words_of_kind = {kind: kind for kind in KINDS} | own

    def take(self, row: Cells) -> Iterable[Row]:
        kind = self.options.kind
        if row.raw("kind"):
            found = row.choice("kind", self._words_of_kind, "kinds")
            if found is None:
                raise RowFault(self.names["kind"], _("what was done is not known"))
        else:
            found = kind
        row.need("about")
        happened, expires = row.time("happened_at"), row.time("expires_at", ahead=True, ends_day=True)
        if happened is None and expires is None:
            raise RowFault("", _("no time that is known here"))
        identity = self.identify(row, row.raw("key"))
        if identity is not None:
            yield Record(
                id=self.context.key("record", identity),
                ext_id=one_line(row.raw("key"), 80) or None,
                kind=found,
                happened_at=happened,
                expires_at=expires,
                agent_id=row.agent("agent", "agent_email"),
                about=row.text("about", 200),
                result=row.text("result"),
                duration_s=row.seconds("duration"),
            )


class Proofs(RecordTable):
    """`type = "proofs"`: files are read whole each time."""

    name = "proofs"
    title = "Training, certificates, confirmations, tests, reviews (CSV)"
    options = ProofOptions
    reading = _Proofs
