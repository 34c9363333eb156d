"""What a sweep of a real RT 5 may take for deleted, and what not."""

import msgspec
import pytest

from deskaudit.connectors.requesttracker.api import Api
from deskaudit.model.keys import row_key

pytestmark = pytest.mark.realtool


def key(entity, number):
    return row_key("desk", entity, str(number))


def test_a_sweep_shows_what_was_deleted(pulled, desk):
    doomed = desk.ticket("Typed by a cat")
    first = pulled("ana", "ticket")
    assert doomed in first.tickets
    assert first.swept == set()
    desk.ask("PUT", f"/ticket/{doomed}", {"Status": "deleted"})
    early = pulled("ana", "ticket", cursor=first.cursor, ahead=6 * 86400)
    assert early.swept == set()
    late = pulled("ana", "ticket", cursor=first.cursor, ahead=8 * 86400)
    assert late.swept == {"ticket"}
    assert key("ticket", doomed) not in late.present
    assert {key("ticket", n) for n in first.tickets} - late.present >= {key("ticket", doomed)}
    assert key("ticket", desk.made["life"]) in late.present
    assert pulled("ana", "ticket", cursor=first.cursor, ahead=8 * 86400, sweep_days=0).swept == set()


RIGHTS = """
use lib '/usr/share/request-tracker5/lib'; use RT -init; my ($verb, $login, $queue) = @ARGV;
my $u = RT::User->new(RT->SystemUser); $u->Load($login); my $q = RT::Queue->new(RT->SystemUser); $q->Load($queue);
my $what = $verb eq 'grant' ? 'GrantRight' : 'RevokeRight';
for (qw(SeeQueue ShowTicket)) { my ($ok, $why) = $u->PrincipalObj->$what(Object => $q, Right => $_); die $why unless $ok }
"""


@pytest.fixture
def rights(desk):
    """Gives a login the rights of a queue, or takes them; RT remembers rights for a while, so it is started anew."""
    script = desk.folder / "rights.pl"
    script.write_text(RIGHTS)

    def change(verb, login, queue):
        desk.perl(str(script), verb, login, queue)
        desk.stop()
        desk.start()

    return change


def test_a_queue_that_is_hidden_meanwhile_deletes_no_ticket(pulled, desk, rights):
    """RT's total is then that of the tickets it still shows: nothing in the list itself tells of the others."""
    first = pulled("clerk", "ticket")
    assert desk.made["life"] in first.tickets  # in Network
    rights("revoke", "clerk", "Network")
    late = pulled("clerk", "ticket", "department", cursor=first.cursor, ahead=8 * 86400)
    assert (late.swept, late.present, late.replaces) == (set(), set(), set())
    assert any("no longer shows the queues Network" in problem.message for problem in late.problems)
    later = pulled("clerk", "ticket", cursor=late.cursor, ahead=8 * 86400)
    assert later.swept == set()
    rights("grant", "clerk", "Network")
    again = pulled("clerk", "ticket", cursor=later.cursor, ahead=8 * 86400)
    assert again.swept == {"ticket"}
    assert key("ticket", desk.made["life"]) in again.present


def test_a_queue_that_is_disabled_is_still_known(pulled, desk):
    number = int(desk.ask("POST", "/queue", {"Name": "Old line"})["id"])
    ticket = desk.ticket("From long ago", queue="Old line")
    first = pulled("reader", "ticket")
    desk.ask("PUT", f"/queue/{number}", {"Disabled": 1})
    late = pulled("reader", "ticket", cursor=first.cursor, ahead=8 * 86400)
    assert late.swept == {"ticket"}
    assert key("ticket", ticket) in late.present


def test_rows_that_rt_counts_and_does_not_show_delete_no_ticket(pulled, desk, monkeypatch):
    """A page with room that holds fewer rows than RT counted: as where an extension of a site hides single tickets."""
    first = pulled("ana", "ticket")
    plain = Api.page

    def page(self, path, params, number=1, **more):
        found = plain(self, path, params, number, **more)
        kept = [row for row in found.rows if str(row.get("id")) != str(desk.made["waiting"])]
        return msgspec.structs.replace(found, rows=kept) if path == "/tickets" else found

    monkeypatch.setattr(Api, "page", page)
    late = pulled("ana", "ticket", cursor=first.cursor, ahead=8 * 86400)
    assert late.swept == set()
    assert any("Which tickets were deleted cannot be told" in problem.message for problem in late.problems)
    assert late.incomplete == {"ticket"}


def test_a_queue_that_is_shown_later_brings_what_is_older_than_the_last_pull(pulled, desk, rights):
    """Its tickets changed long before, and no list of changes tells of them."""
    first = pulled("clerk", "ticket", "event", user_limit=0)
    assert desk.made["secret"] not in first.tickets
    desk.sql("UPDATE Tickets SET LastUpdated = datetime('now', '-3 days')")
    rights("grant", "clerk", "Secret")
    second = pulled("clerk", "ticket", "event", cursor=first.cursor, user_limit=0)
    assert set(second.tickets) - {desk.made["twin"]} == {desk.made["secret"]}
    assert key("ticket", desk.made["secret"]) in {event.ticket_id for event in second.rows["event"]}
    third = pulled("clerk", "ticket", cursor=second.cursor, user_limit=0)
    assert desk.made["secret"] not in third.tickets
    rights("revoke", "clerk", "Secret")
    fourth = pulled("clerk", "ticket", cursor=third.cursor, user_limit=0)
    rights("grant", "clerk", "Secret")
    fifth = pulled("clerk", "ticket", cursor=fourth.cursor, user_limit=0)
    assert desk.made["secret"] in fifth.tickets  # it may have changed while nobody looked
    rights("revoke", "clerk", "Secret")
