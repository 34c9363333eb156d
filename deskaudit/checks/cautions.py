"""What a check says beside its figure where what it measures by may be out of date."""

import importlib

from deskaudit.checks.context import Reader, Window
from deskaudit.checks.freezing import is_python
from deskaudit.checks.spec import Check


def find_caution(check: Check, reader: Reader, window: Window) -> str:
    """A sentence of the module that makes a Python check's rows, from its function `caution`; "" where it has none."""
    if not is_python(check.rows or ""):
        return ""
    module = importlib.import_module((check.rows or "").partition(":")[2].partition(":")[0])
    found = getattr(module, "caution", None)
    return "" if found is None else str(found(reader, window))
