"""Registers say what they accept, with an example, and take what can mean one thing only."""

from zoneinfo import ZoneInfo

import pytest

from deskaudit.connectors.registers.entries import Clock
from deskaudit.connectors.registers.register import REGISTERS
from deskaudit.errors import ConfigError


def read(tmp_path, name, text):
    file = tmp_path / REGISTERS[name].file
    file.write_text(text)
    return REGISTERS[name].read(file, Clock(ZoneInfo("UTC"), 1_790_000_000))


@pytest.mark.parametrize(("said", "value"), [("0.75", 0.75), ('"75 %"', 0.75), ('"75%"', 0.75), ('"0.5"', 0.5)])
def test_a_share_may_be_said_in_per_cent(tmp_path, said, value):
    (entry,) = read(tmp_path, "escalation", f"[[escalation]]\npriority = 'P1'\nshare = {said}\n")
    from deskaudit.connectors.registers.entries import read_share

    assert read_share(entry.share) == value


@pytest.mark.parametrize("said", ['"15 min"', '"15m"', '"15 minutes"'])
def test_minutes_may_be_written_out(tmp_path, said):
    from deskaudit.connectors.registers.entries import span

    (entry,) = read(tmp_path, "escalation", f"[[escalation]]\npriority = 'P1'\nafter = {said}\n")
    assert span(entry.after) == 900


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("restores", '[[restore]]\nbackup = "x"\non = "1.9.2026"\n', "that is no date; write 2026-09-01"),
        ("escalation", "[[escalation]]\npriority = 'P1'\nshare = 'half'\n", 'write 0.75 or "75 %"'),
        ("escalation", "[[escalation]]\npriority = 'P1'\nshare = 50\n", 'write 0.75 or "75 %"'),
        ("escalation", "[[escalation]]\npriority = 'P1'\nafter = 'soon'\n", "write 90m, 15 min, 6h, 1d or 2w"),
        ("sla", '[[sla]]\nname = "P1"\nhours = "yes"\n', "write true or false"),
        ("restores", '[[restore]]\nbackup = "x"\non = 2026-09-01\nresult = "fine"\n', "write one of ok, failed"),
        ("update_process", '[step]\ntitle = "x"\n', "write its name in two brackets, as [[name]]"),
    ],
)
def test_what_is_accepted_is_said_with_an_example(tmp_path, name, text, said):
    with pytest.raises(ConfigError) as fault:
        read(tmp_path, name, text)
    assert said in str(fault.value)
    assert "RFC3339" not in str(fault.value)


def test_a_cron_line_of_too_few_fields_says_which_five(tmp_path):
    from deskaudit.snapshot.backups import cron_times

    with pytest.raises(ValueError, match="minute, hour, day of the month, month, day of the week"):
        cron_times("0 2 * *", "UTC", 0, 0)
