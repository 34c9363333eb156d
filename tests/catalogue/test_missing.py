"""What a check says where its data is missing names sources that exist, and none alone where others fill it too."""

import re

import pytest

from deskaudit import connectors
from deskaudit.checks import catalogue


@pytest.fixture(scope="module")
def fills():
    return {name: connectors.load(name).fills for name in connectors.available()}


def sources_named(text, known):
    """The connectors that a text names: after "type", and in the list that follows."""
    listed = re.findall(r"(?:sources?|of) \(?(?:of )?type ([a-z, ]+)", text)
    return {word for part in listed for word in re.findall(r"[a-z]+", part)} & known


def test_no_source_is_named_alone_where_others_fill_it_too(fills):
    lonely = {}
    for item in catalogue.load(verify=False).items.values():
        for check in item.check:
            needed = {need.partition(".")[0] for need in check.needs}
            named = sources_named(check.missing, set(fills))
            for entity in needed:
                able = {name for name, filled in fills.items() if entity in filled}
                if len(named & able) == 1 and len(able) > 2 and entity in {"ticket", "asset", "backup_job", "rating"}:
                    lonely[check.id] = (named, able)
    assert lonely == {}


def test_restic_is_one_backup_program_of_many():
    found = catalogue.load(verify=False).items["HD-24"]
    assert not [check.id for check in found.check if "type restic" in check.missing]
    assert "deskaudit sources --available" in found.check[0].missing
