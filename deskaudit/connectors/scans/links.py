"""`type = "links"`: whether this machine reaches the services that it should, and not those that it should not.

One TCP connection to each pair of host and port that the config lists, closed at once, nothing sent; nothing else is
ever contacted, and nothing at all before the option `probe` is true.
"""

import re
import socket
from collections.abc import Iterator
from concurrent.futures import Future, wait
from queue import Empty, SimpleQueue
from threading import Event, Thread
from typing import ClassVar, Literal

import msgspec

from deskaudit.connectors import Context
from deskaudit.errors import SourceError
from deskaudit.i18n import _, ngettext
from deskaudit.model.batches import Batch, Cursor, Probe, Want
from deskaudit.model.entities import Component

MOST = 1000  # links
AT_ONCE = 8
ALL = frozenset({"component"})
State = Literal["open", "closed", "filtered", "unreachable", "unresolved"]
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.:_-]{0,250}[A-Za-z0-9.])?")


class Link(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One pair that is tried."""

    help: ClassVar[dict[str, str]] = {
        "host": "The machine that is called, by name or address.",
        "port": "Its TCP port.",
        "wanted": "open, or closed where the link must not be possible.",
        "critical": "Whether the desk cannot work without it.",
        "name": "What it is for; left out: host and port.",
    }

    host: str
    port: int
    wanted: Literal["open", "closed"] = "open"
    critical: bool = False
    name: str = ""

    def __post_init__(self) -> None:
        if not _HOST.fullmatch(self.host):
            raise ValueError(_('host "{text}" is no name and no address').format(text=self.host))
        if not 1 <= self.port <= 65535:
            raise ValueError(_("port is a number from 1 to 65535"))


class LinkOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    help: ClassVar[dict[str, str]] = {
        "links": "The pairs that are tried, and no others: host, port, wanted (open or closed), critical, name.",
        "probe": "true: deskaudit opens a TCP connection to each pair at every pull. Until then nothing is contacted.",
        "timeout": "Seconds to wait for an answer.",
    }

    links: list[Link]
    probe: bool = False
    timeout: float = 3

    def __post_init__(self) -> None:
        if not 1 <= len(self.links) <= MOST:
            raise ValueError(_("links names 1 to {n} pairs").format(n=MOST))
        if not 0.1 <= self.timeout <= 30:
            raise ValueError(_("timeout is 0.1 to 30 seconds"))
        pairs = [(link.host.casefold(), link.port) for link in self.links]
        if twice := {pair for pair in pairs if pairs.count(pair) > 1}:
            host, port = min(twice)
            raise ValueError(_("links names {host}:{port} twice").format(host=host, port=port))


class Links:
    """Components of kind link: `wanted` beside `state`. They belong to no asset of the snapshot; `value` is the host."""

    name: ClassVar[str] = "links"
    title: ClassVar[str] = "Expected links (TCP)"
    options: ClassVar[type[msgspec.Struct]] = LinkOptions
    fills: ClassVar[frozenset[str]] = ALL
    tested: ClassVar[str] = "real server (TCP listeners on loopback)"

    def __init__(self, options: LinkOptions, context: Context) -> None:
        self._options = options
        self._context = context

    def probe(self) -> Probe:
        """Contacts nothing: what each pair answers is what a pull is for."""
        if not self._options.probe:
            fault = _switched_off(self._context.source)
            return Probe(reachable=False, message=fault.message, hint=fault.hint)
        count = len(self._options.links)
        return Probe(
            reachable=True,
            message=ngettext("{n} link is tried at every pull.", "{n} links are tried at every pull.", count).format(
                n=count
            ),
        )

    def pull(self, cursor: Cursor | None, want: Want) -> Iterator[Batch]:  # noqa: ARG002 - all are tried each time
        """Raises SourceError where `probe` is not true."""
        if not self._options.probe:
            raise _switched_off(self._context.source)
        links = self._options.links
        tries = [Future[State]() for _link in links]
        stop = Event()
        try:
            self._start(list(zip(links, tries, strict=True)), stop)
            left: set[Future[State]] = set(tries)
            while left:
                _done, left = wait(left, timeout=0.5)
                if self._context.cancelled():
                    return
        finally:
            stop.set()
        rows = [self._row(link, found.result()) for link, found in zip(links, tries, strict=True)]
        yield Batch(
            rows=rows,
            cursor={"read_at": self._context.now()},
            replaces=ALL,
            resource="component",
            done=len(rows),
            total=len(links),
        )

    def _start(self, tries: list[tuple[Link, Future[State]]], stop: Event) -> None:
        """Tries the links on threads that nobody waits for: a name or a machine may take long to answer."""
        todo: SimpleQueue[tuple[Link, Future[State]]] = SimpleQueue()
        for one in tries:
            todo.put(one)

        def work() -> None:
            while not stop.is_set():
                try:
                    link, found = todo.get_nowait()
                except Empty:
                    return
                try:
                    found.set_result(self._try(link))
                except Exception as fault:  # noqa: BLE001 - raised where the result is asked for
                    found.set_exception(fault)

        for number in range(min(AT_ONCE, len(tries))):
            Thread(target=work, name=f"link-{number}", daemon=True).start()

    def _try(self, link: Link) -> State:
        try:
            with socket.create_connection((link.host, link.port), timeout=self._options.timeout):
                return "open"
        except TimeoutError:
            return "filtered"
        except ConnectionRefusedError:
            return "closed"
        except (socket.gaierror, UnicodeError):
            return "unresolved"
        except OSError:
            return "unreachable"

    def _row(self, link: Link, state: State) -> Component:
        pair = f"{link.host.casefold()}:{link.port}"
        return Component(
            id=self._context.key("component", pair),
            ext_id=pair,
            asset_id=self._context.key("asset", link.host.casefold()),
            kind="link",
            name=link.name or pair,
            value=link.host.casefold(),
            wanted=link.wanted,
            state=state,
            critical=link.critical,
            device=link.host.casefold(),
        )


def _switched_off(source: str) -> SourceError:
    return SourceError(
        _("No link is tried before you say so."),
        kind="forbidden",
        hint=_("Set probe = true in [sources.{name}]: each pull then opens a connection to each pair.").format(
            name=source
        ),
    )
