"""The checklist: item files, and a site's own `checks.d`."""

import copy
import difflib
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from deskaudit import plugins
from deskaudit.checks.files import Extra, Part, read_extra, read_item
from deskaudit.checks.judgements import judgements
from deskaudit.checks.overrides import apply_override
from deskaudit.checks.spec import Check, Item, Question
from deskaudit.checks.validation import Validator
from deskaudit.errors import ConfigError
from deskaudit.i18n import _
from deskaudit.model.verdicts import SEVERITY_WEIGHT
from deskaudit.plugins import Plugin

SHIPPED = Path(__file__).parent / "catalogue"


class Catalogue:
    """Items in the order of their ids.

    `files` says where each item, check and question stands, `broken` which packages of items are left out, and why.
    """

    def __init__(
        self, items: Sequence[Item], files: dict[str, Path] | None = None, broken: dict[str, ConfigError] | None = None
    ) -> None:
        self.items: dict[str, Item] = {item.id: item for item in sorted(items, key=lambda item: item.id)}
        self.files = files or {}
        self.broken = broken or {}

    def left_out(self) -> list[str]:
        """A sentence for each package of items that is not among them, and beneath it what to do."""
        return [
            _("{package} is left out: {fault}").format(package=package, fault=fault)
            for package, fault in self.broken.items()
        ]

    def check(self, name: str) -> tuple[Item, Check]:
        """A check by id (15.1; 8.1 is 08.1) or name (sla-missed). Raises ConfigError with the nearest known one."""
        name = self._meant(name)
        for item, check in self._checks():
            if name in {check.id, check.name}:
                return item, check
        known = [word for _item, check in self._checks() for word in (check.id, check.name)]
        raise _unknown(_("There is no check {name}.").format(name=name), name, known)

    def is_shipped(self, check: Check) -> bool:
        """False: a site's own check, or that of a package."""
        return self.files.get(check.id, SHIPPED).is_relative_to(SHIPPED)

    def question(self, name: str) -> tuple[Item, Question]:
        """A question by id (HD-15.q1; HD-8.q1 is HD-08.q1). Raises ConfigError with the nearest known one."""
        name = self._meant(name)
        for item in self.items.values():
            for question in item.question:
                if question.id.lower() == name.lower():
                    return item, question
        known = [question.id for item in self.items.values() for question in item.question]
        raise _unknown(_("There is no question {name}.").format(name=name), name, known)

    def select(self, only: Sequence[str]) -> list[tuple[Item, Check]]:
        """The checks that the words name (item id or slug, check id or name, group); all where there are none."""
        if not only:
            return list(self._checks())
        chosen: dict[str, tuple[Item, Check]] = {}
        for word in map(self._meant, only):
            found = [pair for pair in self._checks() if self._is_named(word, *pair)]
            if not found and not any(word.upper() == item.id or word == item.slug for item in self.items.values()):
                known = [name for pair in self._checks() for name in _names(*pair)]
                raise _unknown(_("No item, check or group is called {name}.").format(name=word), word, known)
            chosen |= {pair[1].id: pair for pair in found}
        return [pair for pair in self._checks() if pair[1].id in chosen]

    def _meant(self, name: str) -> str:
        """An id that was written without the zero in front: 8.1 → 08.1, HD-8 → HD-08. Everything else as it is."""
        whole = re.sub(r"^(hd-)?(?=\d(\.|$))", r"\g<1>0", name, flags=re.IGNORECASE)
        known = {word.lower() for item in self.items.values() for word in _ids(item)}
        return whole if name.lower() not in known and whole.lower() in known else name

    def _checks(self) -> Iterator[tuple[Item, Check]]:
        for item in self.items.values():
            for check in item.check:
                yield item, check

    @staticmethod
    def _is_named(word: str, item: Item, check: Check) -> bool:
        return word in _names(item, check) or word.upper() == item.id


def load(
    extra: Path | None = None,
    *,
    shipped: Path = SHIPPED,
    verify: bool = True,
    packages: Sequence[Plugin] | None = None,
) -> Catalogue:
    """Every item file that ships, those of packages (None: all installed), then a site's own in `extra`.

    `extra` is `checks.d/*.toml`, and need not exist. A package with a fault is left out whole and named in `broken`.

    SQL is prepared against an empty snapshot and held to the row contract: that of packages always, all of it with
    `verify`. Raises ConfigError that names file and key: unknown keys, ids that are used twice, thresholds that
    contradict each other, SQL that does not parse or uses what is not portable.
    """
    files: dict[str, Path] = {}
    items: dict[str, Item] = {}
    for file in sorted(shipped.glob("*.toml")):
        _add(items, read_item(file), file, files)
    with Validator() as validator:
        broken: dict[str, ConfigError] = {}
        for plugin in plugins.installed(plugins.CHECKS) if packages is None else packages:
            try:
                items, files = _with_package(items, files, plugin, validator)
            except ConfigError as fault:
                broken[plugin.package or plugin.name] = fault
        extras = _read_extras(extra)
        for file, found in extras:
            _take(items, found, file, files)
        catalogue = Catalogue(list(items.values()), files, broken)
        for file, found in extras:
            for override in found.overrides:
                apply_override(catalogue.check, override, file)
        for item in catalogue.items.values():
            for check in item.check:
                validator.check(check, files[check.id], with_sql=verify)
    return catalogue


def _with_package(
    items: dict[str, Item], files: dict[str, Path], plugin: Plugin, validator: Validator
) -> tuple[dict[str, Item], dict[str, Path]]:
    """Items and files with those of a package. Raises ConfigError, and then nothing of it has been taken."""
    if plugin.folder is None:
        raise ConfigError(
            _("The checks {name} ({value}) cannot be loaded: {fault}").format(
                name=plugin.name, value=plugin.value, fault=plugin.fault
            ),
            hint=_("Reinstall or remove its package."),
        )
    items, files = copy.deepcopy(items), dict(files)
    known = set(files)
    extras = _read_extras(plugin.folder)
    if not extras:
        raise ConfigError(
            _("{folder} holds no item: *.toml.").format(folder=plugin.folder),
            hint=_("Reinstall or remove its package."),
        )
    for file, found in extras:
        if found.overrides:
            raise ConfigError(
                _("{file}: a package has no [[override]]: thresholds are the site's to change.").format(file=file),
                hint=_("Move it to checks.d."),
            )
        _take(items, found, file, files)
    for check in (check for item in items.values() for check in item.check):
        if check.id not in known:
            validator.check(check, files[check.id], with_sql=True)
    return items, files


def _take(items: dict[str, Item], found: Extra, file: Path, files: dict[str, Path]) -> None:
    if found.whole is not None:
        _add(items, found.whole, file, files)
    for part in found.parts:
        _extend(items, part.item, part.check, part.question, file, files)


def _read_extras(folder: Path | None) -> list[tuple[Path, Extra]]:
    """The files of a site's own `checks.d`, or of a package; what is no folder, or names a function, is a ConfigError."""
    if folder is None or not folder.exists():
        return []
    if not folder.is_dir():
        raise ConfigError(
            _("{file} is no folder.").format(file=folder),
            hint=_("Put your checks into files of a folder of that name."),
        )
    extras = [(file, read_extra(file)) for file in sorted(folder.glob("*.toml"))]
    for file, found in extras:
        items: list[Item | Part] = [*([found.whole] if found.whole else []), *found.parts]
        for check in (check for item in items for check in item.check):
            if any(leg.rows.startswith("python:") for leg in judgements(check)):
                raise ConfigError(
                    _(
                        "{file}: {id} {name}: a check of your own is SQL; only checks that ship may call a function."
                    ).format(file=file, id=check.id, name=check.name),
                    hint=_("Write its rows as a SELECT: docs/writing-a-check.md"),
                )
    return extras


def weights(catalogue: Catalogue, cap: int) -> dict[str, Any]:
    """What scoring needs to know of the catalogue, pinned in the audit so that a score can be made again years later.

    {"cap": …, "items": {"HD-15": {"checks": {"15.1": 4, …}, "manual": 4, "questions": {"HD-15.q1": {"type": "yes",
    "must": false, "scope": false}, …}}}}. A check that judges nothing weighs 0. The manual half weighs like the item's
    heaviest check (ruling 10), and 2 where the item has no check.
    """
    items: dict[str, Any] = {}
    for item in catalogue.items.values():
        heaviest = max((SEVERITY_WEIGHT[check.severity] for check in item.check), default=SEVERITY_WEIGHT["medium"])
        items[item.id] = {
            "checks": {
                check.id: SEVERITY_WEIGHT[check.severity] if any(leg.judges for leg in judgements(check)) else 0
                for check in item.check
            },
            "manual": heaviest if item.question else 0,
            "questions": {
                question.id: {"type": question.type, "must": question.must, "scope": question.scope}
                for question in item.question
            },
        }
    return {"cap": cap, "items": items}


def question_hash(question: Question) -> str:
    """What an answer answers: the words, their type and choices. 16 hex digits."""
    import hashlib

    about = [question.id, question.ask, question.type, question.choices]
    return hashlib.blake2b(msgspec.json.encode(about), digest_size=8).hexdigest()


def _add(items: dict[str, Item], item: Item, file: Path, files: dict[str, Path]) -> None:
    if any(item.slug == known.slug for known in items.values()):
        raise ConfigError(
            _("{file}: the slug {name} is used twice.").format(file=file, name=item.slug),
            hint=_("Also in {file}.").format(file=files[item.slug]),
        )
    for name in (item.id, item.slug):
        _claim(name, file, files)
    items[item.id] = item
    _claim_parts(item, item.check, item.question, file, files)


def _extend(
    items: dict[str, Item],
    item_id: str,
    checks: Sequence[Check],
    questions: Sequence[Question],
    file: Path,
    files: dict[str, Path],
) -> None:
    """A site's checks and questions, added to an item that ships."""
    if item_id not in items:
        raise _unknown(_("{file}: there is no item {name}.").format(file=file, name=item_id), item_id, list(items))
    item = items[item_id]
    _claim_parts(item, checks, questions, file, files)
    item.check.extend(checks)
    item.question.extend(questions)


def _claim_parts(
    item: Item, checks: Sequence[Check], questions: Sequence[Question], file: Path, files: dict[str, Path]
) -> None:
    for check in checks:
        _claim(check.id, file, files)
        _claim(check.name, file, files)
    for question in questions:
        if not question.id.startswith(f"{item.id}.q"):
            raise ConfigError(
                _("{file}: question {id} belongs to {item}.").format(file=file, id=question.id, item=item.id),
                hint=_("Call it {item}.q1, {item}.q2, …").format(item=item.id),
            )
        _claim(question.id, file, files)


def _claim(name: str, file: Path, files: dict[str, Path]) -> None:
    if name in files:
        raise ConfigError(
            _("{file}: {name} is used twice.").format(file=file, name=name),
            hint=_("Also in {file}; ids and names are never used again.").format(file=files[name]),
        )
    files[name] = file


def _names(item: Item, check: Check) -> tuple[str, ...]:
    return (item.id, item.slug, check.id, check.name, item.group)


def _ids(item: Item) -> tuple[str, ...]:
    return (item.id, *(check.id for check in item.check), *(question.id for question in item.question))


def _unknown(message: str, name: str, known: Sequence[str]) -> ConfigError:
    near = difflib.get_close_matches(name, list(known), n=1, cutoff=0.5)
    hint = _("Did you mean {near}?").format(near=near[0]) if near else _("List them with: deskaudit checks.")
    return ConfigError(message, hint=hint)
