"""The knowledge base from its export, and which tickets refer to which article."""

from collections.abc import Iterable
from typing import ClassVar, Literal

import msgspec

from deskaudit.connectors.records.options import Columns, RecordOptions
from deskaudit.connectors.records.tables import Cells, Reading, RecordTable
from deskaudit.connectors.tabular.cells import fold_set, fold_text
from deskaudit.connectors.tabular.sheets import RowFault
from deskaudit.i18n import _, ngettext
from deskaudit.model.batches import Problem
from deskaudit.model.entities import Document, Event, Row
from deskaudit.text import one_line, web_address


class ArticleColumns(Columns, frozen=True, kw_only=True, forbid_unknown_fields=True):
    title: str | None = None
    key: str | None = None
    url: str | None = None
    language: str | None = None
    translation_of: str | None = None
    owner: str | None = None
    version: str | None = None
    category: str | None = None
    status: str | None = None
    updated_at: str | None = None
    reviewed_at: str | None = None
    live_at: str | None = None
    views: str | None = None
    up: str | None = None
    down: str | None = None

    help: ClassVar[dict[str, str]] = {
        "title": "The title.",
        "key": "The article's own number; left out: language and title tell it.",
        "url": "Its address; http and https only.",
        "language": "Its language.",
        "translation_of": "The key of the article that this one translates.",
        "owner": "Who looks after it: address or name.",
        "version": "Its version.",
        "category": "The category or folder, as the tickets' categories are called.",
        "status": "Its state; see published.",
        "updated_at": "When it last changed.",
        "reviewed_at": "When somebody last looked it over.",
        "live_at": "When it was published.",
        "views": "How often it was read.",
        "up": "Votes that it helped.",
        "down": "Votes that it did not help.",
    }

    def __post_init__(self) -> None:
        self.need("title", "key")


class ArticleOptions(RecordOptions, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The options of `type = "articles"`."""

    columns: ArticleColumns
    kind: Literal["kb", "procedure", "rule", "policy", "job", "training", "report"] = "kb"
    published: list[str] = msgspec.field(default_factory=lambda: ["published", "public", "active", "live"])

    help: ClassVar[dict[str, str]] = {
        **RecordOptions.help,
        "columns": "Model field = column name; key or title is needed.",
        "kind": "What these documents are: kb (articles), procedure, rule, policy, job, training or report.",
        "published": "Words in the status column that mean it is published; others are drafts, counted and left out.",
    }


class _Articles(Reading):
    entity = "document"
    times = ("updated_at", "reviewed_at", "live_at")
    fills: ClassVar = {"document": (), "agent": ("owner",)}
    options: ArticleOptions

    def begin(self) -> None:
        self._drafts = self._elsewhere = 0
        self._published = fold_set(self.options.published)

    def take(self, row: Cells) -> Iterable[Row]:
        """One article; a draft gives nothing."""
        if row.raw("status") and fold_text(row.raw("status")) not in self._published:
            self._drafts += 1
            return
        title, language = row.text("title", 200), row.text("language", 40)
        said = row.raw("key") or (f"{fold_text(language or '')}:{fold_text(title)}" if title else "")
        if not said:
            raise RowFault("", _("nothing tells which article it is: no key and no title"))
        identity = self.identify(row, said)
        if identity is None:
            return
        original = row.raw("translation_of")
        url = web_address(row.raw("url"))
        self._elsewhere += bool(row.raw("url")) and url is None
        yield Document(
            id=self.context.key("document", identity),
            ext_id=one_line(row.raw("key"), 80) or None,
            kind=self.options.kind,
            title=title,
            url=url,
            language=language,
            translation_of=self.context.key("document", original) if original else None,
            owner_id=row.agent("owner"),
            **row.plain(Document, "title", "url", "language", "translation_of"),
        )

    def notes(self) -> list[Problem]:
        drafts = ngettext(
            "{n} document is not published by its status; it is left out.",
            "{n} documents are not published by their status; they are left out.",
            self._drafts,
        )
        elsewhere = ngettext(
            "{n} document has an address that is none of the web; it is left out.",
            "{n} documents have an address that is none of the web; it is left out.",
            self._elsewhere,
        )
        counted = ((self._drafts, drafts), (self._elsewhere, elsewhere))
        return [Problem("document", message.format(n=n)) for n, message in counted if n]


class Articles(RecordTable):
    """`type = "articles"`: files are read whole each time."""

    name = "articles"
    title = "Knowledge base and other documents (CSV)"
    options = ArticleOptions
    reading = _Articles


class LinkColumns(Columns, frozen=True, kw_only=True, forbid_unknown_fields=True):
    ticket: str
    article: str
    linked_at: str
    agent: str | None = None

    help: ClassVar[dict[str, str]] = {
        "ticket": "The ticket, by its id in the source that tickets_of names.",
        "article": "The article's key, several with blanks or commas between them.",
        "linked_at": "When it was linked, or when the ticket was resolved.",
        "agent": "Who linked it.",
    }


class LinkOptions(RecordOptions, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The options of `type = "article_links"`."""

    columns: LinkColumns

    help: ClassVar[dict[str, str]] = {
        **RecordOptions.help,
        "columns": "Model field = column name; ticket, article and linked_at are needed.",
    }


class _Links(Reading):
    entity = "event"
    times = ("linked_at",)
    fills: ClassVar = {"event": (), "agent": ("agent",)}

    def begin(self) -> None:
        self._pairs: set[tuple[int, str]] = set()

    def take(self, row: Cells) -> Iterable[Row]:
        """A ticket without an article gives nothing: most have none."""
        if not row.raw("article"):
            return
        row.need("ticket")
        ticket, at, agent = row.ticket() or 0, row.need_time("linked_at"), row.agent("agent")
        for article in dict.fromkeys(row.raw("article").replace(",", " ").replace(";", " ").split()):
            if self._is_new(ticket, article):
                yield Event(
                    id=self.context.key("event", f"{row.raw('ticket')}\x1f{article}"),
                    ticket_id=ticket,
                    happened_at=at,
                    kind="link_article",
                    actor="agent",
                    actor_id=agent,
                    to_value=one_line(article, 80),
                )

    def _is_new(self, ticket: int, article: str) -> bool:
        before = len(self._pairs)
        self._pairs.add((ticket, article))
        return len(self._pairs) > before


class ArticleLinks(RecordTable):
    """`type = "article_links"`: files are read whole each time."""

    name = "article_links"
    title = "Which tickets refer to which knowledge base article (CSV)"
    options = LinkOptions
    reading = _Links
