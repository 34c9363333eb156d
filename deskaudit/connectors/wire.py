"""The HTTP session under a client: TLS verified, nothing sent on, and of one answer a bounded part in a bounded time.

The bounds lie on the connection itself: what the libraries read by themselves (interim answers, headers, trailers)
counts as the body does, and a thread that nobody waits for any more comes to its end.
"""

import http.client
import http.cookiejar
import io
import time
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from deskaudit import __version__

CONNECT_S = 10.0
READ_S = 30.0  # between two pieces of an answer
WHOLE_S = 120.0  # for a whole answer: a server that drips is a server that hangs
BODY_BYTES = 64 * 1024 * 1024
HEAD_BYTES = 8 * 1024 * 1024  # beside the body; the libraries take headers of up to 6 MB


class _Piecewise(io.RawIOBase):
    """What a connection delivers for one answer. Raises OverflowError or TimeoutError where that has no end."""

    def __init__(self, wire: io.RawIOBase) -> None:
        self._wire = wire
        self._left = BODY_BYTES + HEAD_BYTES
        self._until = time.monotonic() + WHOLE_S

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        if time.monotonic() > self._until:
            raise TimeoutError
        n = self._wire.readinto(buffer)
        self._left -= n or 0
        if self._left < 0:
            raise OverflowError
        return n

    def close(self) -> None:
        self._wire.close()
        super().close()


class _Response(http.client.HTTPResponse):
    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fp = io.BufferedReader(_Piecewise(self.fp.detach()))


class _Connection(HTTPConnection):
    response_class = _Response


class HandshakeTimeoutError(TimeoutError):
    """A server takes the connection, and does not say a word of TLS."""


class _TlsConnection(HTTPSConnection):
    response_class = _Response

    def connect(self) -> None:
        try:
            super().connect()
        except TimeoutError as fault:  # of the connection itself the library has an error of its own
            if self.proxy_is_tunneling:
                raise
            raise HandshakeTimeoutError from fault


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _TlsConnection


class _Adapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _TlsPool}

    def proxy_manager_for(self, *args: Any, **options: Any) -> Any:
        manager = super().proxy_manager_for(*args, **options)
        manager.pool_classes_by_scheme = {"http": _Pool, "https": _TlsPool}
        return manager


class _Session(requests.Session):
    def get_redirect_target(self, resp: requests.Response) -> None:  # noqa: ARG002 - the name is the library's
        """There is none: asked for one, the library would prepare the next request and read this answer's whole body."""
        return


def open_session(*, local: bool) -> requests.Session:
    """A session without redirects, cookies and logins of its own; `local`: without proxies too."""
    session = _Session()
    session.trust_env = not local
    session.auth = _no_netrc
    session.headers.update({"User-Agent": f"deskaudit/{__version__}", "Accept": "application/json"})
    session.cookies.set_policy(http.cookiejar.DefaultCookiePolicy(allowed_domains=[]))
    adapter = _Adapter(max_retries=0, pool_connections=1, pool_maxsize=2)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session


def _no_netrc(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Keeps requests from adding a login out of somebody's .netrc."""
    return request
