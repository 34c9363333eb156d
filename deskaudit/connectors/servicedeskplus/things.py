"""What becomes of the other lists: technicians, solutions, assets, problems, changes, time entries."""

import ipaddress

from deskaudit.connectors.fields import RowError
from deskaudit.connectors.machines.hosts import os_family, real_mac
from deskaudit.connectors.machines.machinewords import os_version, real_serial
from deskaudit.connectors.servicedeskplus import words
from deskaudit.connectors.servicedeskplus.fields import Entry
from deskaudit.connectors.servicedeskplus.rows import Desk, group_id
from deskaudit.i18n import _
from deskaudit.model.entities import Agent, Asset, Document, Record, Row, Slot
from deskaudit.text import one_line

DRAFTS = frozenset({"draft", "rejected", "unapproved", "approval pending", "pending", "pending approval"})

PROBLEM_FIELDS = ("id", "display_id", "title", "status", "technician", "reported_time", "closed_time")
CHANGE_FIELDS = (
    "id", "display_id", "title", "status", "stage", "change_owner", "scheduled_end_time", "completed_time",
)  # fmt: skip


def read_technician(desk: Desk, row: Entry) -> list[Row]:
    """`department_id` only where the technician is in one support group: one may be in many."""
    ext_id = row.need_id("id")
    groups = {group_id(group) for group in row.parts("support_groups", "groups", "group")} - {None}
    said = (row.label("status", "org_user_status") or "").casefold()
    state = desk.unknown.look_up("technician status", said, words.AGENT_STATES, "unknown")
    roles = [name for role in row.parts("roles", "role") if (name := role.text("name"))]
    return [
        Agent(
            id=desk.context.key("agent", ext_id),
            ext_id=ext_id,
            name=row.text("name", 120),
            email_hash=desk.context.person(row.text("email_id")),
            role=one_line(", ".join(roles), 200) or None,
            position=row.text("job_title", 120) or row.text("jobtitle", 120),
            department_id=desk.key("department", groups.pop()) if len(groups) == 1 else None,
            manager_id=desk.key("agent", row.part("reporting_to").id("id")),
            active={"active": True, "inactive": False}.get(state, row.yes("is_active")),
        )
    ]


def read_solution(desk: Desk, row: Entry) -> list[Row]:
    """An article of the knowledge base; one that is not approved is none yet."""
    ext_id = row.need_id("id")
    if (row.label("approval_status", "status") or "").casefold() in DRAFTS:
        return []
    return [
        Document(
            id=desk.context.key("document", ext_id),
            ext_id=ext_id,
            kind="kb",
            title=row.text("title", 200),
            url=desk.link("solutions", ext_id),
            owner_id=desk.key("agent", row.part("solution_owner", "owner", "created_by").id("id")),
            category=row.label("topic"),
            updated_at=row.when("last_updated_time", "updated_time", "updated_on", "created_time"),
            views=row.whole("view_count", "views", "hits"),
        )
    ]


def read_asset(desk: Desk, row: Entry) -> list[Row]:
    ext_id = row.need_id("id")
    said = row.label("state", "asset_state")
    state = desk.unknown.look_up("asset state", said.casefold(), words.ASSET_STATES, "") if said else ""
    system = row.label("operating_system", "os")
    owner = row.part("user", "used_by", "assigned_user")
    address = _address(row.text("ip_address") or row.text("ip_addresses"))
    return [
        Asset(
            id=desk.context.key("asset", ext_id),
            ext_id=ext_id,
            origin="list",
            name=row.text("name", 120),
            ip=address,
            addresses=address,
            mac=real_mac(row.text("mac_address") or row.text("mac_addresses")),
            serial=real_serial(row.text("serial_number") or row.text("org_serial_number") or ""),
            os=system,
            os_family=os_family(system),
            os_version=os_version(system),
            owner=owner.text("name", 120) or desk.context.person(owner.text("email_id")),
            department=row.label("department"),
            state=state or None,
            updated_at=row.when("last_updated_time", "updated_time"),
        )
    ]


def read_problem(desk: Desk, row: Entry) -> list[Row]:
    """A problem, from its report on; `duration_s` until it was closed."""
    ext_id = row.need_id("id")
    reported, closed = row.when("reported_time", "created_time"), row.when("closed_time")
    if reported is None:
        raise RowError(_("it does not say when it was reported"))
    return [
        Record(
            id=desk.context.key("record", f"problem:{ext_id}"),
            ext_id=row.id("display_id") or ext_id,
            kind="problem",
            happened_at=reported,
            agent_id=desk.key("agent", row.part("technician", "owner").id("id")),
            about=row.text("title", 200) or row.text("subject", 200),
            result=row.label("status"),
            duration_s=None if closed is None else max(closed - reported, 0),
        )
    ]


def read_change(desk: Desk, row: Entry) -> list[Row]:
    """A change that is done. Its approval is not told: the list's own mark is known to be unreliable."""
    ext_id = row.need_id("id")
    at = row.when("completed_time", "closed_time", "scheduled_end_time")
    done = row.when("completed_time", "closed_time") is not None
    if at is None or not (done or (row.label("stage") or "").casefold() in {"close", "closed", "completed"}):
        return []
    return [
        Record(
            id=desk.context.key("record", f"change:{ext_id}"),
            ext_id=row.id("display_id") or ext_id,
            kind="change",
            happened_at=at,
            agent_id=desk.key("agent", row.part("change_owner", "owner", "technician").id("id")),
            about=row.text("title", 200) or row.text("subject", 200),
            result=row.label("status"),
        )
    ]


def read_worklog(desk: Desk, row: Entry, ticket: str) -> list[Row]:
    """A time entry: when it was worked, for how long, and when somebody wrote it down.

    One that tells only when it was written down is taken to end there, and `entered_at` stays None: how late it was
    written nobody knows.
    """
    ext_id = row.need_id("id")
    spent, started, ended = row.spent_s(), row.when("start_time"), row.when("end_time")
    entered = row.when("recorded_time", "created_time")
    if spent is None and (started is None or ended is None):
        raise RowError(_("it does not say how long was worked"))
    if spent is not None:
        if started is not None:
            ended = started + spent
        else:
            if ended is None:
                ended, entered = entered, None
            started = None if ended is None else ended - spent
    if started is None or ended is None:
        raise RowError(_("it does not say when was worked"))
    if ended < started:
        raise RowError(_("it ends before it begins"))
    return [
        Slot(
            id=desk.context.key("slot", f"{ticket}:{ext_id}"),
            ext_id=ext_id,
            kind="worked",
            activity=row.label("type", "worklog_type"),
            agent_id=desk.key("agent", row.part("owner", "technician").id("id")),
            started_at=started,
            ended_at=ended,
            ticket_id=desk.context.key("ticket", ticket),
            entered_at=entered,
        )
    ]


def _address(text: str | None) -> str | None:
    try:
        return str(ipaddress.ip_address((text or "").split(",")[0].strip()))
    except ValueError:
        return None
