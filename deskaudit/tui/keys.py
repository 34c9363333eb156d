"""Keys: how they are called, which are never bound, and the page that lists them (`python -m deskaudit.tui.keys`)."""

import difflib
import re
from collections.abc import Iterable, Mapping
from typing import Any

from textual.binding import Binding, BindingType

from deskaudit.errors import ConfigError
from deskaudit.i18n import _

NEVER = frozenset({
    *(f"ctrl+{char}" for char in "abhijmsqz"),
    "ctrl+left_square_bracket",
    "ctrl+[",
})  # fmt: skip
"""screen and tmux have ctrl+a and ctrl+b; h i j m [ are Backspace, Tab, Enter, Esc; s q z stop the line or the program."""
_NEVER_LIKE = re.compile(r"ctrl\+shift\+|alt\+|f(1[1-9]|2\d)$")

_NAMES = {
    "full_stop": ".", "question_mark": "?", "slash": "/", "colon": ":", "escape": "esc", "pagedown": "PgDn",
    "pageup": "PgUp", "home": "Home", "end": "End", "up": "↑", "down": "↓", "left": "←", "right": "→", "f1": "F1",
    "comma": ",", "minus": "-", "plus": "+", "asterisk": "*",
}  # fmt: skip


def display(key: str) -> str:
    """A key as people call it."""
    return _NAMES.get(key, key)


def displays(keys: str) -> str:
    return " ".join(display(key.strip()) for key in keys.split(","))


def as_bindings(listed: Iterable[BindingType]) -> list[Binding]:
    return [each if isinstance(each, Binding) else Binding(*each) for each in listed]


def is_never(key: str) -> bool:
    return key in NEVER or bool(_NEVER_LIKE.match(key))


def check_keymap(keymap: Mapping[str, str]) -> None:
    """Refuses an unknown binding and a key that a terminal, tmux or a phone cannot send; nothing has run then."""
    known = {binding.id: binding for _title, bindings in sections() for binding in bindings if binding.id}
    for name, keys in keymap.items():
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            raise ConfigError(
                _("terminal.keys.{name}: there is no such key binding.").format(name=name),
                hint=(_("Did you mean {near}? ").format(near=near[0]) if near else "")
                + _("docs/keys.md lists them all."),
            )
        for key in keys.split(","):
            if is_never(key.strip()):
                raise ConfigError(
                    _("terminal.keys.{name}: {key} cannot be used.").format(name=name, key=key.strip()),
                    hint=_("Terminals, tmux and screen keep it for themselves. Choose a letter or an F-key to F10."),
                )


def sections() -> list[tuple[str, list[Binding]]]:
    """Title and bindings: the app's, those of every list, then each screen's."""
    from deskaudit.tui.app import DeskauditApp
    from deskaudit.tui.screens import ROOMS
    from deskaudit.tui.widgets.lines import LineList

    found: list[tuple[str, list[Binding]]] = [
        (_("Everywhere"), as_bindings(DeskauditApp.BINDINGS)),
        (_("In every list"), as_bindings(LineList.BINDINGS)),
    ]
    for room in ROOMS:
        own: list[Any] = room.__dict__.get("BINDINGS", [])
        if own:
            found.append((room.TITLE or room.__name__, as_bindings(own)))
    return found


_INTRO = """\
# Keys

Made from the bindings by `python -m deskaudit.tui.keys`; the app shows the same with `?`.

A binding is changed by its name in `config.toml`:

```toml
[terminal.keys]
"checklist.yes" = "y,f5"
```

Never used, because terminals, tmux and screen keep them: Ctrl with A B H I J M [ S Q Z, Ctrl+Shift, Alt, F11 and above.
While a line is being typed, keys are text; Enter ends it, Esc leaves it, Ctrl+U clears to the left.
"""


def page() -> str:
    """docs/keys.md."""
    parts = [_INTRO]
    for title, bindings in sections():
        parts.append(f"\n## {title}\n\n| key | does | name |\n|---|---|---|\n")
        for binding in bindings:
            keys = " ".join(f"`{display(key.strip())}`" for key in binding.key.split(","))
            parts.append(f"| {keys} | {binding.tooltip or binding.description} | {binding.id} |\n")
    return "".join(parts)


if __name__ == "__main__":
    import sys

    sys.stdout.write(page())
