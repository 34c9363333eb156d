"""How API connectors come to their server: the checks of their usual options, their keys, their client."""

import re
import ssl
from collections.abc import Iterable, Mapping
from typing import Protocol
from urllib.parse import urlsplit

from deskaudit.config import seconds
from deskaudit.connectors import Context
from deskaudit.connectors.http import Client, is_loopback
from deskaudit.connectors.pace import RateLimit, Timing
from deskaudit.errors import ConfigError, SecretError
from deskaudit.i18n import _
from deskaudit.secrets import Secret, SecretRef
from deskaudit.text import one_line

FASTEST = 6000
"""Requests a minute, where a product has no limit of its own."""

HELP = {
    "requests_per_minute": "Never more than this in any 60 seconds.",
    "overlap": "How far before the newest known change a pull begins anew, as 15m or 1h.",
    "timeout_s": "Seconds without a byte after which an answer is given up.",
    "ca_file": "A file with certificate authorities to trust instead of the usual ones.",
}
"""The options that most API sources have; their own help goes beside it."""


class Reach(Protocol):
    """What a client has to know of a source's options."""

    @property
    def timeout_s(self) -> int: ...
    @property
    def ca_file(self) -> str | None: ...


def check_url(url: str, example: str = "https://HOST", name: str = "url") -> None:
    """Raises ValueError for what is no address, holds a login, or would send the key in clear."""
    try:
        parts = urlsplit(url.strip())
        host, _port = parts.hostname or "", parts.port
    except ValueError:
        raise ValueError(_("{name} is no address; write {example}").format(name=name, example=example)) from None
    if parts.scheme not in {"https", "http"} or not re.fullmatch(r"[\w.:-]+", host):
        raise ValueError(_("{name} is no address; write {example}").format(name=name, example=example))
    if parts.username is not None or parts.query or parts.fragment:
        raise ValueError(_("{name} holds a login or a query; secrets have options of their own").format(name=name))
    if parts.scheme == "http" and not is_loopback(host):
        raise ValueError(_("{name} begins with http: the key would go in clear; write https").format(name=name))


def check_range(options: object, name: str, least: int, most: int) -> None:
    """Raises ValueError where the option of this name is too small or too large."""
    if not least <= getattr(options, name) <= most:
        raise ValueError(_("{name} lies between {least} and {most}").format(name=name, least=least, most=most))


def check_duration(text: str | None, name: str) -> None:
    """Raises ValueError for what is no duration; None is allowed."""
    if text is not None:
        try:
            seconds(text, name)
        except ConfigError as fault:
            raise ValueError(fault.message) from None


def find_key(ref: SecretRef, option: str, context: Context) -> Secret:
    """A secret that can go in a header. Raises SecretError."""
    found = Secret(context.secret(ref).reveal().strip())
    if not re.fullmatch(r"[\x21-\x7e]+", found.reveal()):
        raise SecretError(
            _("sources.{source}.{option}: the secret holds blanks or other characters that no key has.").format(
                source=context.source, option=option
            ),
            hint=_("Store the key alone, without quotes and line ends."),
        )
    return found


def find_ca(text: str | None, context: Context) -> str | None:
    """The path of `ca_file`. Raises ConfigError where there is no such file, or no certificate in it."""
    if text is None:
        return None
    found = context.path(text)
    if not found.is_file():
        raise ConfigError(
            _("sources.{source}.ca_file: there is no file {file}.").format(source=context.source, file=found),
            hint=_("Name a file with certificates in PEM form; relative paths start at the config's folder."),
        )
    try:
        ssl.create_default_context(cafile=found)
    except OSError as fault:  # what is no certificate is an SSLError, which is one
        why = getattr(fault, "reason", None) or fault.strerror or fault
        raise ConfigError(
            _("sources.{source}.ca_file: {file} holds no certificates that can be read ({why}).").format(
                source=context.source, file=found, why=one_line(why, 80).replace("_", " ").lower()
            ),
            hint=_("Name a file with certificates in PEM form, which this account may read."),
        ) from None
    return str(found)


def open_client(
    base: str,
    options: Reach,
    context: Context,
    *,
    limit: RateLimit,
    timing: Timing,
    headers: Mapping[str, str | Secret] | None = None,
    secrets: Iterable[Secret] = (),
) -> Client:
    """A client for one source. Raises ConfigError where `ca_file` is not there."""
    return Client(
        base,
        source=context.source,
        limit=limit,
        headers=headers,
        timing=timing,
        secrets=secrets,
        ca_file=find_ca(options.ca_file, context),
        read_s=float(options.timeout_s),
    )
