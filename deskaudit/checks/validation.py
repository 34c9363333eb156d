"""Everything about a check that can be wrong is found when it is loaded, before anything runs."""

from __future__ import annotations

import difflib
import re
import string
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from deskaudit.checks.binding import WINDOW_NAMES, bind
from deskaudit.checks.judgements import Judgement, judgements
from deskaudit.checks.spec import OR, Check
from deskaudit.errors import ConfigError
from deskaudit.i18n import _

if TYPE_CHECKING:
    import duckdb

_NEEDED = {
    "ratio": "good",
    "count": "good",
    "duration": "value",
    "number": "value",
    "gap": "value",
    "correlation": "value",
}
_WHOLE = {"BIGINT", "INTEGER", "SMALLINT", "TINYINT", "HUGEINT"}
_SAYS = {"faults", "good", "n", "value", "change"}
_STATS = {
    "ratio": {"share", "spread"},
    "duration": {"mean", "median", "p90", "sum", "min", "max", "cv"},
    "number": {"mean", "median", "p90", "sum", "min", "max", "cv"},
    "count": {"count"},
    "list": {"count"},
    "gap": {"gap"},
    "correlation": {"rho"},
}


class Validator:
    """Checks checks, their SQL too where that is asked for: against an empty snapshot that is open from then on."""

    def __init__(self) -> None:
        self._opened: duckdb.DuckDBPyConnection | None = None

    def __enter__(self) -> Self:
        return self

    @property
    def _connection(self) -> duckdb.DuckDBPyConnection:
        if self._opened is None:
            from deskaudit.snapshot.schema import confine, empty_database

            self._opened = empty_database()
            confine(self._opened)
        return self._opened

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._opened is not None:
            self._opened.close()

    def check(self, check: Check, file: Path, *, with_sql: bool) -> None:
        """Raises ConfigError that names the file, the check, and what to do."""
        try:
            _check_names(check)
            legs = judgements(check)
            for leg in legs:
                _check_thresholds(leg)
            if with_sql:
                self._check_needs(check)
                self._check_sql(self._connection, check, legs)
        except ConfigError as fault:
            raise ConfigError(f"{file}: {check.id} {check.name}: {fault.message}", hint=fault.hint) from None

    @staticmethod
    def _check_needs(check: Check) -> None:
        from deskaudit.snapshot.schema import TABLES

        for need in OR.join(check.needs).split(OR):
            table, dot, column = need.partition(".")
            known = list(TABLES[table]) if table in TABLES and dot else list(TABLES)
            word = column if table in TABLES and dot else table
            if word not in known:
                near = difflib.get_close_matches(word, known, n=1)
                raise ConfigError(
                    _("needs: there is no {need}.").format(need=need),
                    hint=_("Did you mean {near}?").format(near=near[0])
                    if near
                    else _("Write ticket or ticket.priority."),
                )

    @staticmethod
    def _check_sql(connection: duckdb.DuckDBPyConnection, check: Check, legs: list[Judgement]) -> None:
        import duckdb

        from deskaudit.checks import freezing, lint

        binds: dict[str, float] = {**dict.fromkeys(WINDOW_NAMES, 0), **check.params}
        shapes: dict[str, dict[str, str]] = {}
        for leg in legs:
            if freezing.is_python(leg.rows):
                freezing.function_of(leg.rows)
                continue
            try:
                if leg.rows not in shapes:
                    bound = bind(leg.rows, binds)
                    lint.check_select(connection, bound)
                    shapes[leg.rows] = freezing.shape_of(connection, leg.rows, check.params)
                _check_contract(check, leg, shapes[leg.rows])
                if leg.fail_if:
                    _check_fail_if(connection, leg, shapes[leg.rows], binds)
            except duckdb.Error as fault:
                raise ConfigError(
                    _("its SQL is wrong: {fault}").format(fault=str(fault).splitlines()[0]), hint=_sql_hint(str(fault))
                ) from None


def _sql_hint(fault: str) -> str:
    """The nearest name that the engine knows, where it says one, and where all of them stand."""
    near = re.search(r'Candidate bindings[ :]*"([^"]+)"', fault)
    where = _("docs/writing-a-check.md lists tables, columns and names.")
    return f"{_('Did you mean {near}?').format(near=near[1])} {where}" if near else where


def _check_names(check: Check) -> None:
    if not re.fullmatch(r"[0-9A-Za-z]+(\.[0-9A-Za-z]+)+", check.id):
        raise ConfigError(_("an id is written as 15.1."))
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", check.name):
        raise ConfigError(_("a name is small letters and digits with dashes, as sla-missed."))
    legs = [leg.leg for leg in check.leg]
    for leg in legs:
        if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", leg):
            raise ConfigError(_("leg {leg}: small letters and digits with dashes.").format(leg=leg))
    if len(set(legs)) < len(legs):
        raise ConfigError(_("two legs have the same name."))
    if taken := set(check.params) & set(WINDOW_NAMES):
        raise ConfigError(_("params: {name} has a meaning already.").format(name=min(taken)))


def _check_thresholds(leg: Judgement) -> None:
    where = f"leg {leg.leg}: " if leg.leg else ""
    if not leg.rows.strip():
        raise ConfigError(where + _("there are no rows: neither the leg nor the check has any."))
    if leg.stat not in _STATS[leg.kind]:
        raise ConfigError(
            where + _("a {kind} has no stat {stat}.").format(kind=leg.kind, stat=leg.stat),
            hint=_("Known here: {names}.").format(names=", ".join(sorted(_STATS[leg.kind]))),
        )
    if leg.drift and leg.kind in {"list", "gap", "correlation"}:
        raise ConfigError(where + _("a {kind} has no drift.").format(kind=leg.kind))
    unknown = {name for _text, name, _spec, _turn in string.Formatter().parse(leg.says) if name is not None} - _SAYS
    if unknown:
        raise ConfigError(where + _("says: there is no {name}.").format(name=min(unknown)))
    _check_fail_says(leg, where)
    limits = [limit for limit in (leg.passes, leg.warns) if limit is not None]
    if limits and leg.better not in {"lower", "higher"}:
        raise ConfigError(where + _('thresholds need better = "lower" or "higher".'))
    if leg.warns is not None and leg.passes is None:
        raise ConfigError(where + _("there is a threshold for WARN and none for PASS."))
    if (leg.band is None) is (leg.better == "band"):
        raise ConfigError(where + _('a band goes with better = "band".'))
    if len(limits) == 2 and (limits[0] > limits[1] if leg.direction == "lower" else limits[0] < limits[1]):
        raise ConfigError(where + _("the threshold for WARN is stricter than the one for PASS."))
    if leg.unit == "share" and not leg.drift and any(not 0 <= limit <= 1 for limit in limits):
        raise ConfigError(where + _("a share lies between 0 and 1: write 0.95 for 95 %."))
    if leg.kind == "ratio" and leg.judges and leg.better not in {"lower", "higher"} and leg.stat == "share":
        raise ConfigError(where + _('a ratio needs better = "lower" or "higher": which share is it?'))


def _check_fail_says(leg: Judgement, where: str) -> None:
    if leg.fail_if and not leg.fail_says.strip():
        raise ConfigError(
            where + _("fail_if has no fail_says: what fails by itself, in words."),
            hint=_('As in fail_says = "two failures in a row".'),
        )
    if leg.fail_says and not leg.fail_if:
        raise ConfigError(where + _("fail_says goes with fail_if, and there is none."))


def _check_contract(check: Check, leg: Judgement, shape: dict[str, str]) -> None:
    """The row contract: which columns a SELECT must have, and of what type."""
    from deskaudit.checks.freezing import display_of

    where = f"leg {leg.leg}: " if leg.leg else ""
    needed = ["subject", *([_NEEDED[leg.kind]] if leg.kind in _NEEDED else [])]
    if leg.only is not None or leg.kind == "gap":
        needed.append("part")
    if leg.kind == "correlation":
        needed.append("other")
    for name in needed:
        if name not in shape:
            raise ConfigError(
                where + _("its rows have no column {name}.").format(name=name),
                hint=_("They have {names}: write … AS {name}, as docs/writing-a-check.md says for a {kind}.").format(
                    names=", ".join(shape), name=name, kind=leg.kind
                ),
            )
    for name in ("subject", "good"):
        if name in shape and shape[name] not in _WHOLE and shape[name] != '"NULL"':
            raise ConfigError(
                where + _("{name} is {kind}; it must be a whole number.").format(name=name, kind=shape[name]),
                hint=_("Write CASE WHEN … THEN 1 ELSE 0 END.") if name == "good" else "",
            )
    display = display_of(shape)
    if taken := set(display) & {"check", "leg", "reference", "columns"}:
        raise ConfigError(where + _("a column may not be called {name}.").format(name=min(taken)))
    if not check.leg and (unknown := set(check.columns) - set(display)):
        raise ConfigError(_("columns: its rows have no {name}.").format(name=min(unknown)))
    from deskaudit.model.entities import ENTITIES

    if check.of not in ENTITIES and "ref" not in display:
        raise ConfigError(
            _("of: {of} is no entity.").format(of=check.of),
            hint=_("Name an entity, or give the rows a column ref that says what each is called."),
        )


def _check_fail_if(
    connection: duckdb.DuckDBPyConnection, leg: Judgement, shape: dict[str, str], binds: dict[str, float]
) -> None:
    from deskaudit.checks import figures, freezing, lint

    listed = figures.fail_if_select(leg, binds)
    lint.check_select(connection, listed, also={"judged"})
    kinds = {
        **freezing.CONTRACT,
        **freezing.display_of(shape),
    }
    columns = ", ".join(f'CAST(NULL AS {kind}) AS "{name}"' for name, kind in kinds.items())
    freezing.describe(connection, f"WITH judged AS (SELECT {columns}) SELECT COUNT(*) FROM ({listed}) AS listed")
