"""What the APIs of inventory programs have in common: their address, their pace, and text as web pages write it."""

import html
import re
from typing import Any
from urllib.parse import urlsplit

from deskaudit.connectors import Context
from deskaudit.connectors.http import Client, is_loopback
from deskaudit.connectors.pace import RateLimit, Timing
from deskaudit.errors import ConfigError, SecretError
from deskaudit.i18n import _
from deskaudit.secrets import Secret, SecretRef

NOTHING = frozenset({"", "0", "null", "none", "n/a", "-", "0000-00-00", "0000-00-00 00:00:00"})


def check_url(url: str, example: str) -> None:
    """Raises ValueError for what is no address, holds a login, or would send the key in clear."""
    try:
        parts = urlsplit(url.strip())
        host, _port = parts.hostname or "", parts.port
    except ValueError:
        raise ValueError(_("url is no address; write {example}").format(example=example)) from None
    if parts.scheme not in {"https", "http"} or not re.fullmatch(r"[\w.:-]+", host):
        raise ValueError(_("url is no address; write {example}").format(example=example))
    if parts.username is not None or parts.query:
        raise ValueError(_("url holds a login or a query; the key belongs into its own option"))
    if parts.scheme == "http" and not is_loopback(host):
        raise ValueError(_("url begins with http: the key would go in clear; write https"))


def check_pace(per_minute: int, page_size: int, largest: int) -> None:
    """Raises ValueError for a pace or a page that the program does not grant."""
    if not 1 <= per_minute <= 600:
        raise ValueError(_("requests_per_minute lies between 1 and 600"))
    if not 1 <= page_size <= largest:
        raise ValueError(_("page_size lies between 1 and {n}").format(n=largest))


def ca_file(text: str | None, context: Context) -> str | None:
    """The path of `ca_file`. Raises ConfigError where there is no such file."""
    if text is None:
        return None
    path = context.path(text)
    if not path.is_file():
        raise ConfigError(
            _("sources.{name}.ca_file: there is no file {path}.").format(name=context.source, path=path),
            hint=_("Relative paths start at the config's folder."),
        )
    return str(path)


def find_secret(ref: SecretRef, option: str, context: Context) -> Secret:
    """A secret that can go in a header. Raises SecretError."""
    found = context.secret(ref)
    value = found.reveal().strip()
    if not value or not value.isascii() or not value.isprintable():
        raise SecretError(
            _("sources.{name}.{option} holds no key that can be sent.").format(name=context.source, option=option),
            hint=_("Store the key alone, on one line."),
        )
    return Secret(value)


def open_client(
    base: str,
    headers: dict[str, str | Secret],
    context: Context,
    *,
    limit: RateLimit,
    timing: Timing,
    trusted: str | None,
    timeout_s: int,
    secrets: tuple[Secret, ...] = (),
) -> Client:
    return Client(
        base,
        source=context.source,
        limit=limit,
        headers=headers,
        timing=timing,
        secrets=secrets,
        ca_file=trusted,
        read_s=float(timeout_s),
    )


def told(value: Any) -> str:
    """What a value says: entities of HTML resolved, "" for the many ways in which these programs say nothing."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    text = " ".join(html.unescape(html.unescape(str(value))).split())
    return "" if text.casefold() in NOTHING else text
