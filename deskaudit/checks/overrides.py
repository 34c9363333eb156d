"""A site's own thresholds, put over those that ship."""

import difflib
from collections.abc import Callable, Mapping
from pathlib import Path

from deskaudit.checks.files import Override
from deskaudit.checks.spec import Check, Item, Judge
from deskaudit.errors import ConfigError
from deskaudit.i18n import _

_LIMITS = ("passes", "warns", "pass_count", "warn_count", "band", "warn_band")


def apply_override(find: Callable[[str], tuple[Item, Check]], override: Override, file: Path) -> None:
    """Changes the thresholds or parameters of one check. Raises ConfigError for what is unknown, with the nearest.

    `find`: the catalogue's own way from an id or name to a check.
    """
    try:
        _item, check = find(override.check)
    except ConfigError as fault:
        raise ConfigError(f"{file}: override: {fault.message}", hint=fault.hint) from None
    target = _find_leg(check, override.leg, file)
    for name in _LIMITS:
        value = getattr(override, name)
        if value is not None:
            setattr(target, name, value)
    for name, value in override.params.items():
        if name not in check.params:
            raise _unknown(
                file, _("{check} has no parameter {name}.").format(check=check.id, name=name), name, check.params
            )
        check.params[name] = value
    check.source = override.source or _("the site's own ({file})").format(file=file.name)


def _find_leg(check: Check, leg: str, file: Path) -> Judge:
    if not leg:
        if check.leg and not any(getattr(check, name) is not None for name in _LIMITS):
            names = ", ".join(each.leg for each in check.leg)
            raise ConfigError(
                _("{file}: override: {check} is judged leg by leg.").format(file=file, check=check.id),
                hint=_("Name one with leg = …: {names}.").format(names=names),
            )
        return check
    known = {each.leg: each for each in check.leg}
    if leg not in known:
        text = _("override: {check} has no leg {name}.").format(check=check.id, name=leg)
        raise _unknown(file, text, leg, known)
    return known[leg]


def _unknown(file: Path, message: str, name: str, known: Mapping[str, object]) -> ConfigError:
    near = difflib.get_close_matches(name, list(known), n=1, cutoff=0.5)
    return ConfigError(
        f"{file}: {message}",
        hint=_("Did you mean {near}?").format(near=near[0])
        if near
        else _("Known here: {names}.").format(names=", ".join(known) or _("none")),
    )
