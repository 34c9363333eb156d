"""What went wrong on the wire, in our words: the libraries' own have the address, and with it the key, in them."""

import http.client
import socket
import ssl
from collections.abc import Iterator

import msgspec
import requests
import urllib3.exceptions

from deskaudit.connectors.wire import HandshakeTimeoutError
from deskaudit.i18n import _
from deskaudit.text import one_line


class Fault(msgspec.Struct, frozen=True):
    """One failed request. `may_pass`: trying again can help."""

    kind: str
    message: str
    hint: str = ""
    may_pass: bool = False


def explain(raised: Exception | None, host: str) -> Fault:
    """The fault that an exception of requests, urllib3 or the system means; None: the answer took too long."""
    if raised is not None and _is(raised, HandshakeTimeoutError):
        return Fault(
            "tls",
            _("{host} takes the connection, and begins no TLS.").format(host=host),
            hint=_("What answers at that port may speak plain HTTP: check https and the port in the address."),
            may_pass=True,
        )
    if raised is None or _is(raised, requests.Timeout, TimeoutError, urllib3.exceptions.ReadTimeoutError):
        return Fault(
            "timeout",
            _("no answer in time."),
            hint=_("The server is slow or the line is bad; pull again, or raise timeout_s."),
            may_pass=True,
        )
    if _is(raised, requests.exceptions.ProxyError, urllib3.exceptions.ProxyError):
        return Fault(
            "unreachable",
            _("the proxy does not let us through."),
            hint=_("Check HTTPS_PROXY and NO_PROXY."),
            may_pass=True,
        )
    if _is(raised, urllib3.exceptions.NameResolutionError, socket.gaierror):
        return Fault(
            "dns",
            _("no host is called {host}.").format(host=host),
            hint=_("Check the address in the config, and this machine's name server."),
        )
    if _is(raised, requests.exceptions.SSLError, urllib3.exceptions.SSLError, ssl.SSLError):
        hint = _("Certificates are always verified. For an authority of your own, set ca_file.")
        if not _is(raised, ssl.SSLCertVerificationError):
            hint = _(
                "What answers at that port may speak no TLS, or an old one only. Check the port, and ca_file if set."
            )
        return Fault("tls", _("no trusted TLS connection: {why}").format(why=_tls_reason(raised)), hint=hint)
    if _is(raised, OverflowError):
        return Fault("bad_answer", _("the answer is too large."), hint=_("Lower page_size."))
    if _is(raised, requests.exceptions.ChunkedEncodingError, requests.exceptions.ContentDecodingError):
        return Fault("bad_answer", _("the answer broke off."), hint=_("Pull again."), may_pass=True)
    # A connection that is closed before its answer is both: for the library that is no status line.
    if _is(raised, http.client.HTTPException, urllib3.exceptions.InvalidHeader) and not _is(raised, ConnectionError):
        return Fault(
            "bad_answer",
            _("what answers at {host} does not speak proper HTTP.").format(host=host),
            hint=_("Check the port in the address, and whether something between here and the server changes answers."),
            may_pass=True,
        )
    if _is(raised, requests.exceptions.InvalidURL, requests.exceptions.InvalidSchema):
        return Fault(
            "unreachable",
            _("the address is none, or that of the proxy is none."),
            hint=_("Check the address in the config, and HTTPS_PROXY: http://HOST:PORT, no SOCKS."),
        )
    if _is(raised, requests.ConnectionError, urllib3.exceptions.HTTPError, OSError):
        return Fault(
            "unreachable",
            _("{host} cannot be reached ({why}).").format(host=host, why=_system_reason(raised)),
            hint=_(
                "Check the address (http or https, and the port), the network and the firewall; the server may be down."
            ),
            may_pass=True,
        )
    return Fault(
        "bad_answer",
        _("the answer cannot be read ({name}).").format(name=type(raised).__name__),
        hint=_("Check that the address in the config is that of the product's API."),
    )


def _chain(raised: BaseException | None) -> Iterator[BaseException]:
    """An exception and all that it was made of: causes, contexts, reasons and wrapped arguments."""
    todo, seen = [raised], set()
    while todo:
        one = todo.pop()
        if not isinstance(one, BaseException) or id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        todo += [one.__cause__, one.__context__, getattr(one, "reason", None)]
        todo += [part for part in one.args if isinstance(part, BaseException)]


def _is(raised: Exception, *kinds: type[BaseException]) -> bool:
    return any(isinstance(one, kinds) for one in _chain(raised))


def _tls_reason(raised: Exception) -> str:
    for one in _chain(raised):
        if isinstance(one, ssl.SSLCertVerificationError):
            return one_line(one.verify_message, 120)
        if isinstance(one, ssl.SSLError) and one.reason:
            return one_line(one.reason.replace("_", " ").lower(), 120)
    return _("unknown reason")


def _system_reason(raised: Exception) -> str:
    for one in _chain(raised):
        if isinstance(one, OSError) and one.errno and one.strerror:
            return one_line(one.strerror, 80)
    return _("the connection broke")
