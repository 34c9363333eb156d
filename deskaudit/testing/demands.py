"""How a rule says that it is broken, or that it is left out."""

from collections.abc import Callable
from typing import Any, NoReturn


def demand(condition: object, message: str) -> None:
    if not condition:
        fail(message)


def fail(message: str) -> NoReturn:
    raise AssertionError(message)


def skip(what: str) -> NoReturn:
    import pytest

    pytest.skip(f"the class gives no {what}")


def given(give: Callable[[], Any]) -> Any:
    """What a method gives; {} where it is not written."""
    import pytest

    try:
        return give()
    except pytest.skip.Exception:
        return {}
