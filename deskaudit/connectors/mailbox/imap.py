"""A mailbox on an IMAP server: opened for reading alone, and of each mail only some headers are fetched."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import ClassVar, Literal

import msgspec

from deskaudit.connectors import Context
from deskaudit.connectors.access import find_ca
from deskaudit.connectors.http import is_loopback
from deskaudit.connectors.mailbox.contacts import FILLS, Sorter
from deskaudit.connectors.mailbox.options import MailOptions
from deskaudit.connectors.mailbox.session import Folder, Session
from deskaudit.errors import Cancelled, SourceError
from deskaudit.i18n import _, ngettext
from deskaudit.model.batches import Batch, Cursor, Estimate, Probe, Problem, Reject, Want
from deskaudit.model.entities import Row
from deskaudit.secrets import SecretRef

FETCH_MAILS = 200
WINDOW = 50_000  # uids asked about at once: their list comes on one line, and lines have a bound
DAY = 86400
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class ImapOptions(MailOptions, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The options of `type = "imap"`."""

    host: str
    user: str
    password: SecretRef
    port: int = 993
    security: Literal["tls", "starttls", "none"] = "tls"
    auth: Literal["password", "xoauth2"] = "password"
    folders: list[str] = msgspec.field(default_factory=lambda: ["INBOX"])
    timeout_s: int = 30
    ca_file: str | None = None

    help: ClassVar[dict[str, str]] = {
        "host": "The mail server, as imap.example.org.",
        "user": "Who signs in; best an account that may only read.",
        "password": "The password or app password; with auth = xoauth2 an access token.",
        "port": "993 for tls, 143 for starttls.",
        "security": "tls, starttls, or none, which only this machine itself may be spoken to with.",
        "auth": "password, or xoauth2 where the provider wants a token (a command can fetch it).",
        "folders": "The folders that are read, as INBOX, Archive and Sent; a mail in two of them counts once.",
        "timeout_s": "Seconds without a byte after which an answer is given up.",
        "ca_file": "A file with certificate authorities to trust instead of the usual ones.",
        **MailOptions.help,
    }

    def __post_init__(self) -> None:
        super().__post_init__()
        if not re.fullmatch(r"[\w.:-]+", self.host):
            raise ValueError(_("host is the name or address of a server, as imap.example.org"))
        if not 1 <= self.port <= 65535:
            raise ValueError(_("port lies between 1 and 65535"))
        if self.security == "none" and not is_loopback(self.host):
            raise ValueError(_("security is none: the password would go in clear; write tls or starttls"))
        if not self.user or re.search(r"[\x00-\x1f\x7f]", self.user):
            raise ValueError(_("user holds no name, or characters that no name has"))
        if not self.folders or any(not one or re.search(r"[\x00-\x1f\x7f]", one) for one in self.folders):
            raise ValueError(_("folders names none, or one with characters that no folder has"))
        if not 1 <= self.timeout_s <= 600:
            raise ValueError(_("timeout_s lies between 1 and 600"))


class _Place(msgspec.Struct):
    """How far a folder has been read."""

    validity: int
    uid: int  # the last one that was read


class _State(msgspec.Struct):
    version: int
    reach: int  # how far back the snapshot goes
    folders: dict[str, _Place] = msgspec.field(default_factory=dict)


class Imap:
    """`type = "imap"`: new mails since the last pull. What is moved or deleted later was a contact all the same."""

    name: ClassVar[str] = "imap"
    title: ClassVar[str] = "Mailbox (IMAP), headers only"
    options: ClassVar[type[ImapOptions]] = ImapOptions
    fills: ClassVar[frozenset[str]] = FILLS
    tested: ClassVar[str] = "real server (Dovecot 2.3.19)"

    def __init__(self, options: ImapOptions, context: Context) -> None:
        self._options = options
        self._context = context

    def probe(self) -> Probe:
        """Signs in and opens each folder for reading. Raises SecretError or ConfigError."""
        modules: dict[str, str] = {}
        try:
            with self._session() as session:
                for name in self._options.folders:
                    try:
                        mails = session.examine(name).mails
                        modules[name] = ngettext("ok ({n} mail)", "ok ({n} mails)", mails).format(n=mails)
                    except SourceError as fault:
                        modules[name] = fault.message
                        if fault.kind != "bad_answer":
                            raise
        except SourceError as fault:
            refused = False if fault.kind == "auth" else None
            return Probe(
                reachable=refused is False, authorised=refused, modules=modules, message=fault.message, hint=fault.hint
            )
        bad = [name for name, state in modules.items() if not state.startswith(_("ok"))]
        return Probe(
            reachable=True,
            authorised=True,
            modules=modules,
            message=_("not readable: {names}").format(names=", ".join(bad)) if bad else _("all folders can be read"),
            hint=_("Check folders in the config: names are those the server uses.") if bad else "",
        )

    def pull(self, cursor: Cursor | None, want: Want) -> Iterator[Batch]:
        """Yields the mails that came since `cursor`. Raises SourceError, SecretError or Cancelled."""
        state = _begin(cursor, want)
        sorter = Sorter(self._options, self._context, want.entities, want.since_at)
        with self._session() as session:
            for number, name in enumerate(self._options.folders):
                try:
                    folder = session.examine(name)
                except SourceError as fault:
                    if fault.kind != "bad_answer":
                        raise
                    yield Batch(problems=[Problem(name, f"{fault.message} {fault.hint}".strip(), ("interaction",))])
                    continue
                if not number:
                    requests = folder.mails // FETCH_MAILS + 2 * len(self._options.folders)
                    yield Batch(estimate=Estimate(requests=requests, seconds=None))
                yield from self._folder(session, sorter, state, name, folder, want)
        yield Batch(resource="interaction", problems=sorter.problems("imap"), cursor=_cursor(state))

    def _folder(
        self, session: Session, sorter: Sorter, state: _State, name: str, folder: Folder, want: Want
    ) -> Iterator[Batch]:
        place = state.folders.get(name)
        if place is None or place.validity != folder.validity:  # new, or the server has numbered its mails anew
            place = state.folders[name] = _Place(folder.validity, 0)
        since = _day(want.since_at - DAY) if want.since_at > DAY else ""
        done = 0
        while place.uid < folder.next_uid - 1:
            if self._context.cancelled():
                raise Cancelled(_("Stopped."), hint=_("What was read is kept; the next pull goes on from there."))
            last = folder.next_uid - 1 if folder.mails <= WINDOW else min(place.uid + WINDOW, folder.next_uid - 1)
            uids = session.search(place.uid + 1, last, since)
            for start in range(0, len(uids), FETCH_MAILS):
                part = uids[start : start + FETCH_MAILS]
                rows: list[Row] = []
                rejects: list[Reject] = []
                headers = session.headers(part)
                for header in headers:
                    taken = sorter.take(header.raw, f"{name} {header.uid}", name, header.arrived_at)
                    if isinstance(taken, Reject):
                        rejects.append(taken)
                    else:
                        rows += taken
                missing = set(part).difference(header.uid for header in headers)
                if missing:  # deleted meanwhile, or held back
                    still = session.search(part[0], part[-1], "")
                    rejects += [sorter.lose(f"{name} {uid}") for uid in still if uid in missing]
                done += len(part)
                place.uid = part[-1]
                yield Batch(
                    rows=rows,
                    rejects=rejects,
                    resource="interaction",
                    done=done,
                    total=folder.mails,
                    cursor=_cursor(state),
                )
            place.uid = last

    def _session(self) -> Session:
        ca_file = find_ca(self._options.ca_file, self._context)
        return Session(self._options, self._context, self._context.secret(self._options.password), ca_file)


def _begin(cursor: Cursor | None, want: Want) -> _State:
    """Where to go on; anew where more is asked for than was ever read."""
    try:
        known = msgspec.convert(cursor, _State) if cursor else None
    except msgspec.ValidationError:
        known = None
    if known is None or known.version != 1 or want.since_at < known.reach:
        return _State(1, want.since_at)
    return known


def _cursor(state: _State) -> Cursor:
    found: Cursor = msgspec.to_builtins(state)
    return found


def _day(at: int) -> str:
    """A day as IMAP writes it, whatever the language of this machine is."""
    when = datetime.fromtimestamp(at, UTC)
    return f"{when.day}-{_MONTHS[when.month - 1]}-{when.year}"
