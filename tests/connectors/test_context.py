"""What a connector is handed: the paths of its options, as files of the desk's folder."""

from pathlib import Path

import pytest

from deskaudit.connectors import Context
from deskaudit.errors import ConfigError


@pytest.mark.parametrize("text", ["~nobody-of-this-name/t.csv", "a\0b"])
def test_a_path_that_cannot_be_one_is_told(tmp_path, text):
    with pytest.raises(ConfigError, match=r"sources\.desk: "):
        Context("desk", tmp_path, now=lambda: 0).path(text)


def test_paths_stand_in_the_desks_folder(tmp_path):
    context = Context("desk", tmp_path, now=lambda: 0)
    assert context.path("in/t.csv") == tmp_path / "in" / "t.csv"
    assert str(context.path("/srv/t.csv")) == "/srv/t.csv"
    assert context.path("./~nobody") == tmp_path / "~nobody"


def test_a_desks_folder_told_from_here_is_the_same_from_everywhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    context = Context("desk", Path("desks"), now=lambda: 0)
    assert context.path(str(context.path("in/t.csv"))) == tmp_path / "desks" / "in" / "t.csv"
