"""What a probe of an API says: which lists can be read, and why nothing can be."""

from collections.abc import Mapping

from deskaudit.connectors.http import HttpError
from deskaudit.i18n import _
from deskaudit.model.batches import Probe

TRIES = 1
"""How often a probe tries a question again."""


def refused(fault: HttpError, modules: Mapping[str, str] | None = None) -> Probe:
    """The probe of a source that lets nothing be read.

    It is reachable where the product answers and refuses the key. A redirect, a login page or a proxy's error is not
    the product, and must not pass as a source that can be pulled.
    """
    known = fault.kind in {"auth", "forbidden", "expired"}
    return Probe(
        reachable=known,
        authorised=False if known else None,
        modules=dict(modules or {}),
        message=fault.message,
        hint=fault.hint,
    )


def listed(modules: Mapping[str, str], hint: str, *, version: str | None = None, partly: bool = False) -> Probe:
    """The probe of a source whose lists were knocked at, each "ok" or why not; `hint` is for where one is not.

    `partly`: the lists of this product may show a part of themselves. Where none can be read, the key is no good.
    """
    missing = [name for name, state in modules.items() if state != "ok"]
    words = _("not readable, or only in part: {names}") if partly else _("not readable: {names}")
    return Probe(
        reachable=True,
        authorised=partly or not modules or len(missing) < len(modules),
        version=version,
        modules=dict(modules),
        message=words.format(names=", ".join(missing)) if missing else _("all lists can be read"),
        hint=hint if missing else "",
    )
