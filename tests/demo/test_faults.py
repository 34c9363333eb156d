"""The planted faults, counted once more from what the server hands out: JSON rows, not the generator's objects."""

import csv
import functools
import io
import itertools
import json
from collections import defaultdict
from datetime import UTC, datetime
from statistics import median
from typing import Any

import pytest

from deskaudit.demo.backups import JOBS, nights
from deskaudit.demo.desk_rows import LISTS
from deskaudit.demo.faults import Expected, expect, planted, planted_healthy
from deskaudit.demo.files import asset_list, scan_xml
from deskaudit.demo.machines import OFFICE_NET, SERVER_NET, Machine, scan_times
from deskaudit.demo.reports_v1 import answer
from deskaudit.demo.stories import DAY
from deskaudit.demo.world import World, build_world

OPEN = set("INTPACW")


@functools.cache
def rows(world: World, path: str) -> list[dict[str, Any]]:
    table = LISTS[path](world, world.now)
    found: list[dict[str, Any]] = json.loads(table.encode(range(len(table.rows)), "UTC", lambda _at: 0))
    return found


def epoch(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


@pytest.fixture(scope="module")
def month(world: World, machines: list[Machine]) -> dict[str, Expected]:
    """The last 28 days, by id."""
    return {one.id: one for one in expect(world, machines, world.now - 28 * DAY, world.now)}


@pytest.fixture(scope="module")
def open_now(world: World) -> list[dict[str, Any]]:
    return [row for row in rows(world, "/tickets") if row["status"] in OPEN]


def test_every_fault_shows_and_every_healthy_check_passes(month: dict[str, Expected]) -> None:
    for one in month.values():
        assert (one.status == "PASS") is not one.planted, one


@pytest.mark.parametrize("now", [1_768_000_000, 1_790_900_000])
def test_the_faults_are_there_whenever_the_demo_is_run(now: int) -> None:
    from deskaudit.demo.machines import invent_machines

    world = build_world(now)
    found = {one.id: one.status for one in planted(world, invent_machines(1, world.people), now - 28 * DAY, now)}
    for name in (
        "unowned",
        "idle",
        "backlog-growth",
        "p1-first-response",
        "csat-web-shop",
        "low-ratings",
        "csat-gap",
        "chat-response",
    ):
        assert found.get(name) == "FAIL", name
    for name in ("rotten", "overloaded-agent", "csat", "abandoned"):
        assert name in found, name


def test_planted_and_healthy_leave_nothing_out(world: World, machines: list[Machine]) -> None:
    period = (world.now - 28 * DAY, world.now)
    everything = {one.id for one in expect(world, machines, *period)}
    faults = {one.id for one in planted(world, machines, *period)}
    healthy = {one.id for one in planted_healthy(world, machines, *period)}
    assert faults | healthy == everything
    assert not faults & healthy


def test_three_audits_tell_a_story(world: World, machines: list[Machine]) -> None:
    """Ends of the last three quarters: better answers and fewer returns, worse waits, ratings and leftovers."""
    edges = [int(datetime(2026, month, 1, tzinfo=UTC).timestamp()) for month in (1, 4, 7, 10)]
    told = [{one.id: one for one in expect(world, machines, *pair)} for pair in itertools.pairwise(edges)]
    for better in ("mail-response", "reopened"):
        assert told[0][better].value > told[1][better].value > told[2][better].value  # type: ignore[operator]
    for worse in ("chat-response", "csat-gap", "unowned", "idle"):
        assert told[0][worse].value < told[1][worse].value < told[2][worse].value  # type: ignore[operator]
    assert [audit["unowned"].status for audit in told] == ["PASS", "WARN", "FAIL"]
    assert told[2]["reopened"].status == "PASS"
    assert told[0]["reopened"].status != "PASS"
    assert "ghosts" not in told[2]  # machines are known as of now only


def test_open_tickets_without_an_owner(
    world: World, month: dict[str, Expected], open_now: list[dict[str, Any]]
) -> None:
    codes = {
        row["code"]
        for row in open_now
        if "agentid" not in row and world.hours.between(epoch(row["date_created"]), world.now) > 3_600
    }
    assert codes == set(month["unowned"].refs)
    young = [r for r in open_now if world.hours.between(epoch(r["date_created"]), world.now) < 3_600]
    assert month["unowned"].n == len(open_now) - len(young)
    assert len(codes) > 0.15 * len(open_now) > 10


def test_old_and_idle_open_tickets(world: World, month: dict[str, Expected], open_now: list[dict[str, Any]]) -> None:
    def codes(field: str, days: int) -> set[str]:
        return {row["code"] for row in open_now if world.now - epoch(row[field]) > days * DAY}

    assert codes("date_created", 30) == set(month["older-30-days"].refs)
    assert codes("date_created", 90) == set(month["rotten"].refs)
    assert len(codes("date_created", 90)) == 3
    assert codes("date_changed", 14) == set(month["idle"].refs)


def test_the_backlog_grew(world: World, month: dict[str, Expected]) -> None:
    """From the history's stretches alone."""
    gone = {row["id"] for row in rows(world, "/tickets") if row["status"] in "XB"}
    stock = [0, 0]
    for row in rows(world, "/tickets/history"):
        if row["conversation_id"] in gone or row["status"] not in OPEN:
            continue
        begun, ended = epoch(row["date_from"]), epoch(row["date_to"]) if "date_to" in row else world.now + 1
        for place, moment in enumerate((world.now - 28 * DAY, world.now)):
            stock[place] += begun <= moment < ended
    assert month["backlog-growth"].value == pytest.approx((stock[1] - stock[0]) / stock[0])
    assert stock[1] > 1.25 * stock[0]


def test_one_agent_is_overloaded(world: World, month: dict[str, Expected], open_now: list[dict[str, Any]]) -> None:
    load: dict[str, int] = defaultdict(int)
    for row in open_now:
        load[row.get("agentid", "")] += 1
    names = {row["id"]: row["name"] for row in rows(world, "/agents")}
    found = []
    for department in rows(world, "/departments"):
        middle = median(load[agent] for agent in department["agent_ids"])
        found += [names[agent] for agent in department["agent_ids"] if load[agent] > 10 and load[agent] > 2 * middle]
    assert tuple(found) == month["overloaded-agent"].refs
    assert len(found) == 1


def test_the_web_shop_disappoints(world: World, month: dict[str, Expected]) -> None:
    holder = {row["id"]: row["departmentid"] for row in rows(world, "/tickets") if row["status"] not in "XB"}
    body = answer(world, "/reports/ranking", {"limitcount": "100000"}, world.now, lambda _at: 0)
    assert body is not None
    good: dict[str, list[bool]] = defaultdict(list)
    for row in body["response"]["ranks"]:
        if epoch(row["datecreated"]) >= world.now - 28 * DAY:
            good[holder[row["conversationid"]]].append(row["rankingType"] == "R")
    shares = {name: sum(votes) / len(votes) for name, votes in good.items()}
    assert all(len(votes) >= 20 for votes in good.values())
    assert month["csat-web-shop"].value == pytest.approx(shares["dep0shop"])
    assert month["csat-gap"].value >= 100 * (max(shares.values()) - min(shares.values())) - 1e-9
    assert min(shares, key=shares.__getitem__) == "dep0shop"
    everyone = [vote for votes in good.values() for vote in votes]
    assert month["csat"].value == pytest.approx(sum(everyone) / len(everyone))


def test_callers_give_up(world: World, month: dict[str, Expected]) -> None:
    given_up = taken = 0
    for call in rows(world, "/calls"):
        if call["type"] != "I" or epoch(call["dateCreated"]) < world.now - 28 * DAY:
            continue
        if "dateAnswered" in call:
            taken += 1
        elif epoch(call["dateFinished"]) - epoch(call["dateCreated"]) >= 10:
            given_up += 1
    assert month["abandoned"].value == pytest.approx(given_up / (given_up + taken))


def test_chats_wait(world: World, month: dict[str, Expected]) -> None:
    """The wait ends with the first stretch of the history that has an agent."""
    picked_up: dict[str, int] = {}
    for row in rows(world, "/tickets/history"):
        if "agent_id" in row:
            picked_up.setdefault(row["conversation_id"], epoch(row["date_from"]))
    waits = [
        picked_up[chat["id"]] - epoch(chat["date_created"])
        for chat in rows(world, "/chats")
        if chat["status"] == "T" and epoch(chat["date_created"]) >= world.now - 28 * DAY
    ]
    assert month["chat-response"].value == median(waits) > 180


def test_p1_promises_are_missed_in_the_workshop(world: World, month: dict[str, Expected]) -> None:
    """From the log of kept promises and what is still due, with each ticket's first department out of its history."""
    first = {}
    for row in rows(world, "/tickets/history"):
        first.setdefault(row["conversation_id"], row["department_id"])
    missed: dict[str, list[bool]] = defaultdict(list)
    for row in rows(world, "/grid/tickets/sla"):
        if row["sla_level_name"].startswith("P1") and world.now - 28 * DAY <= epoch(row["date_due"]) < world.now:
            missed[first[row["conversationid"]]].append(epoch(row["date_closed"]) > epoch(row["date_due"]))
    workshop = sum(missed["dep0work"]) / len(missed["dep0work"])
    others = [vote for name, votes in missed.items() if name != "dep0work" for vote in votes]
    assert workshop > 0.25
    assert sum(others) / len(others) < 0.12
    assert month["p1-first-response"].status == "FAIL"


def test_the_list_and_the_scan_disagree(machines: list[Machine], month: dict[str, Expected], now: int) -> None:
    listed = list(csv.DictReader(io.StringIO(asset_list(machines, now))))
    scans = "".join(scan_xml(machines, net, scan_times(now)[net]) for net in (SERVER_NET, OFFICE_NET))
    macs = {row["MAC"] for row in listed} - {""}
    names = {row["FQDN"] for row in listed}
    hosts = scans.split("<host ")[1:]
    strangers = [
        host for host in hosts if not any(f'addr="{mac}"' in host for mac in macs) and not any(n in host for n in names)
    ]
    assert month["unknown-hosts"].value == pytest.approx(len(strangers) / len(hosts))
    assert len(strangers) == 7
    seen = [
        row for row in listed if (row["MAC"] and f'addr="{row["MAC"]}"' in scans) or f'name="{row["FQDN"]}"' in scans
    ]
    wanted = [row for row in listed if row["State"] == "active" and row["Off_network"] == "no"]
    unseen = [row for row in wanted if row not in seen]
    assert month["ghosts"].value == pytest.approx(len(unseen) / len(wanted))
    assert any(f'addr="{row["IP"]}"' in host for row in unseen for host in strangers)  # the address that was taken over
    old = {row["Name"] for row in listed if row["OS_version"] in {"22H2", "2012 R2"}}
    assert old == set(month["end-of-support"].refs)


def test_backups_fail_in_their_four_ways(now: int, month: dict[str, Expected]) -> None:
    by_name = {job.name: nights(job, now)[-28:] for job in JOBS}
    failed = [run.number for run in by_name["database"] if run.size is None]
    assert failed == [9, 8]
    days = [run.started_at // DAY for run in by_name["erp"]]
    assert max(b - a for a, b in itertools.pairwise(days)) == 4
    assert [run.size for run in by_name["mail"][-3:]] == [0, 0, 0]
    assert all(run.size for run in by_name["files"])
    assert month["failed-backups"].refs == ("database", "erp")
    assert month["failed-backups"].value == pytest.approx(25 / 28)
    assert month["runs-database"].status == month["silent-nights"].status == "FAIL"
    assert month["runs-files"].status == "PASS"
    assert month["uncovered-server"].refs == ("nl-srv-till",)
