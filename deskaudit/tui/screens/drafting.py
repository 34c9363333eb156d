"""What Sources and the page of one source share: to change a source, and to take it away."""

from typing import Any

from deskaudit import secrets
from deskaudit.audit.setup import ConnectorLine, Draft
from deskaudit.errors import DeskauditError
from deskaudit.i18n import _
from deskaudit.tui.screens.room import Room
from deskaudit.tui.screens.sourceform import SourceForm


def start_change(room: Room, name: str) -> None:
    """Opens the form of a configured source."""
    try:
        draft = room.desk.session.draft(name)
    except DeskauditError as fault:
        room.say(str(fault), "FAIL")
        return
    connector = room.desk.session.connector(str(draft.table.get("type", "")))
    if connector.options is None:
        room.say(connector.fault, "FAIL")
        return
    open_form(room, draft, connector)


def open_form(room: Room, draft: Draft, connector: ConnectorLine, told: str = "") -> None:
    room.app.push_screen(SourceForm(draft, connector, told), lambda name: _saved(room, name))


def _saved(room: Room, name: Any) -> None:
    """After a form was closed: back where one came from, which says what comes next."""
    if name:
        room.refresh_all()
        room.saved(name)  # type: ignore[attr-defined]


def start_remove(room: Room, name: str) -> None:
    """Asks, then takes the source out of the config; nothing else."""
    room.confirm(
        _("Remove {name} from the config? Audits stay.").format(name=name),
        lambda: _remove(room, name),
        enter=_("remove it"),
        otherwise=_("Nothing was removed."),
    )


def _remove(room: Room, name: str) -> None:
    try:
        names = room.desk.session.remove_source(name)
    except DeskauditError as fault:
        room.say(f"{fault.message} {fault.hint}", "FAIL")
        return
    room.desk.touch()
    room.refresh_all()
    done = _("{name} is out of the config. Its rows go with the next pull.").format(name=name)
    room.say(done)
    try:
        held = [one for one in names if secrets.is_in_keyring(one)]
    except DeskauditError as fault:
        text = _("Whether a keyring holds {names} cannot be told: {fault}")
        room.say(f"{done} " + text.format(names=", ".join(names), fault=fault.message))
        return
    if held:
        room.call_later(_offer_to_forget, room, done, held)


def _offer_to_forget(room: Room, done: str, names: list[str]) -> None:
    """Secrets of a source that is gone: only their owner knows whether they are used elsewhere."""
    told = ", ".join(names)
    room.confirm(
        _("Delete its secret from the keyring too ({names})? Nothing else in this config names it.").format(names=told),
        lambda: _forget(room, done, names),
        enter=_("delete it"),
        otherwise=_("{done} Its secret stays in the keyring: {names}.").format(done=done, names=told),
    )


def _forget(room: Room, done: str, names: list[str]) -> None:
    try:
        for name in names:
            secrets.delete_from_keyring(name)
    except DeskauditError as fault:
        room.say(f"{done} {fault.message} {fault.hint}", "FAIL")
    else:
        room.say(_("{done} Its secret is out of the keyring.").format(done=done))
