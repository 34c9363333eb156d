"""What a desk consists of: one definition for connectors, Parquet files and SQL.

Conventions that hold for every row:

* `id` is a 63-bit integer made from source, entity and the source's own id (`deskaudit.model.keys`), so that pulling
  twice gives the same rows. `ext_id` is the source's own id, for display only.
* Times end in `_at` and are epoch seconds, UTC. Durations end in `_s` and are seconds.
* What a source does not know is None, never "" or 0. Every optional field defaults to None.
* A `bool` becomes 0, 1 or NULL in SQL.
* Text has passed `deskaudit.text.clean`. Message texts are not kept; people's addresses and numbers are keyed hashes.
* No field is a keyword of an SQL engine, so that check SQL needs no quotes.
"""

import re
import types
import typing

import msgspec


class Row(msgspec.Struct, kw_only=True, omit_defaults=True, gc=False):
    """Root of all source rows. They hold numbers and text alone, so that nothing has to look for cycles in them."""

    id: int
    ext_id: str | None = None


class Agent(Row):
    name: str | None = None
    email_hash: str | None = None
    role: str | None = None  # agent, admin, owner, …, as the source names it
    position: str | None = None
    department_id: int | None = None
    manager_id: int | None = None
    active: bool | None = None
    privileges: str | None = None
    hired_at: int | None = None
    left_at: int | None = None
    last_login_at: int | None = None
    mfa: bool | None = None
    password_changed_at: int | None = None
    languages: str | None = None
    on_call: bool | None = None
    mobile_seen_at: int | None = None
    paid_seat: bool | None = None


class Department(Row):
    name: str | None = None
    lead_id: int | None = None
    calendar_id: int | None = None  # None: the desk's default calendar


class Contact(Row):
    email_hash: str | None = None
    phone_hash: str | None = None
    country: str | None = None
    language: str | None = None
    company: str | None = None


class Ticket(Row):
    """`status` is one of TICKET_STATUSES; `status_raw` is what the source said. `priority` is P1 to P4."""

    code: str | None = None
    title: str | None = None
    url: str | None = None
    channel: str | None = None  # email, chat, phone, form, portal, social, walkup, other
    status: str | None = None
    status_raw: str | None = None
    type: str | None = None
    category: str | None = None
    priority: str | None = None
    language: str | None = None
    service: str | None = None
    company: str | None = None
    department_id: int | None = None
    team_id: int | None = None
    agent_id: int | None = None  # None: nobody owns it
    contact_id: int | None = None
    created_at: int | None = None
    changed_at: int | None = None
    first_response_at: int | None = None  # the first answer by a human
    resolved_at: int | None = None
    closed_at: int | None = None
    deleted_at: int | None = None
    sla_level: str | None = None
    response_due_at: int | None = None
    resolve_due_at: int | None = None
    vendor_response_met: bool | None = None  # the vendor's own flags, shown beside what the times say
    vendor_resolve_met: bool | None = None
    vendor_overdue: bool | None = None
    resolution_len: int | None = None
    reply_count: int | None = None  # public replies by agents, where the source counts them
    reopen_count: int | None = None
    merged_into: int | None = None
    is_test: bool | None = None


class TicketTag(Row):
    ticket_id: int
    tag: str


class TicketField(Row):
    """One custom field of one ticket."""

    ticket_id: int
    name: str
    value: str | None = None


class Event(Row):
    """Something that happened to a ticket.

    kind: reply, note, status, assign, transfer, escalate, priority, field, tag, link_article, survey, task, auto.
    actor: agent, contact, rule, system. A `status` event has the new canonical status in `to_value`; `agent_id` and
    `department_id` name who holds the ticket after it, where the source knows.
    """

    ticket_id: int
    happened_at: int
    kind: str
    actor: str | None = None
    actor_id: int | None = None
    public: bool | None = None
    name: str | None = None
    from_value: str | None = None
    to_value: str | None = None
    agent_id: int | None = None
    department_id: int | None = None
    client: str | None = None
    text_len: int | None = None


class SlaTerm(Row):
    """One promise on one ticket, as the source's own SLA engine keeps it.

    measure: first_response, next_response, resolution, first_assign. `closed_at` None: not fulfilled yet.
    """

    ticket_id: int
    measure: str
    level: str | None = None
    started_at: int | None = None
    due_at: int | None = None
    closed_at: int | None = None


class Interaction(Row):
    """A call, chat, e-mail, alert, portal visit or walk-up.

    outcome: answered, missed, abandoned, voicemail, busy, failed, unknown.
    """

    channel: str
    direction: str | None = None  # in, out, internal
    started_at: int | None = None
    answered_at: int | None = None
    ended_at: int | None = None
    outcome: str | None = None
    queue: str | None = None
    department_id: int | None = None
    contact_id: int | None = None
    number_hash: str | None = None
    agent_id: int | None = None
    ticket_id: int | None = None


class Rating(Row):
    """An answer to a satisfaction survey, or a survey without an answer (`score` None).

    `score` lies on `scale_min`..`scale_max`. `satisfied` and `low` are made by `deskaudit.model.ratings.judge`.
    """

    ticket_id: int | None = None
    agent_id: int | None = None
    department_id: int | None = None
    contact_id: int | None = None
    sent_at: int | None = None
    rated_at: int | None = None
    score: float | None = None
    scale_min: float | None = None
    scale_max: float | None = None
    satisfied: bool | None = None
    low: bool | None = None
    has_comment: bool | None = None
    followed_up_at: int | None = None


class Document(Row):
    """kind: kb, procedure, rule, policy, job, training, report, survey, step, change."""

    kind: str
    title: str | None = None
    url: str | None = None
    language: str | None = None
    translation_of: int | None = None
    owner_id: int | None = None
    version: str | None = None
    category: str | None = None
    updated_at: int | None = None
    reviewed_at: int | None = None
    live_at: int | None = None
    views: int | None = None
    up: int | None = None
    down: int | None = None
    words_per_sentence: float | None = None
    questions: int | None = None  # how many a survey asks


class Record(Row):
    """kind: trained, confirmed, tested, reviewed, restored, certified, approved, breach, survey, problem, change.

    A breach happened when it became known; `duration_s` is how long it took until it was reported. A problem happened
    when it was reported; `duration_s` is how long it took until it was closed.
    """

    kind: str
    happened_at: int | None = None
    agent_id: int | None = None
    about: str | None = None
    about_id: int | None = None
    result: str | None = None
    expires_at: int | None = None
    duration_s: int | None = None


class Slot(Row):
    """kind: shift, booked, worked, off."""

    kind: str
    activity: str | None = None
    agent_id: int | None = None
    started_at: int | None = None
    ended_at: int | None = None
    ticket_id: int | None = None
    entered_at: int | None = None
    billable: bool | None = None


class Asset(Row):
    """origin: list, cmdb, scan. A scanned host is an asset too, of origin scan."""

    origin: str
    name: str | None = None
    fqdn: str | None = None
    ip: str | None = None
    addresses: str | None = None  # all, blank-separated
    mac: str | None = None  # AA:BB:CC:DD:EE:FF
    mac_vendor: str | None = None
    serial: str | None = None
    uuid: str | None = None
    os: str | None = None
    os_family: str | None = None  # windows, linux, macos, bsd, ios, android, network, other
    os_version: str | None = None
    os_accuracy: int | None = None  # percent, of a scan's guess; None: stated
    owner: str | None = None
    department: str | None = None
    approved: bool | None = None
    critical: bool | None = None
    personal_data: bool | None = None
    encrypted: bool | None = None
    state: str | None = None  # active, spare, retired, lost
    off_network: bool | None = None
    seen_at: int | None = None
    updated_at: int | None = None


class Component(Row):
    """What is on an asset. kind: service, software, setting, link, cert."""

    asset_id: int
    kind: str
    name: str
    value: str | None = None
    wanted: str | None = None
    version: str | None = None
    state: str | None = None
    approved: bool | None = None
    critical: bool | None = None
    confidence: int | None = None
    expires_at: int | None = None
    device: str | None = None  # its name, where a register speaks of an asset that another source lists


class BackupJob(Row):
    """`due` lists are expanded from `schedule` at derivation: SQL has no calendar."""

    name: str
    target: str | None = None
    asset_ids: str | None = None  # blank-separated asset keys (name, serial or fqdn), as the config names them
    schedule: str | None = None  # cron ("0 2 * * *") or an interval ("6h", "1d")
    zone: str | None = None
    grace_s: int | None = None
    rpo_s: int | None = None
    offsite: bool | None = None  # None: unknown, never taken for yes
    encrypted: bool | None = None
    critical: bool | None = None


class BackupRun(Row):
    """state: ok, partial, failed, unknown. A run without new data is ok."""

    job_id: int
    state: str
    started_at: int | None = None
    ended_at: int | None = None
    bytes_source: int | None = None
    bytes_added: int | None = None
    copies: int | None = None
    message: str | None = None


class FinancePeriod(Row):
    started_at: int
    ended_at: int
    cost: float | None = None
    revenue: float | None = None
    budget: float | None = None
    seats_paid: int | None = None
    seat_price: float | None = None
    hour_cost: float | None = None
    currency: str | None = None


class Policy(Row):
    """kind: sla, role, escalation, rule, retention, integration, goal, required, api_key, monitor, survey.

    An sla policy speaks of one priority or level: `name` is it, `response_s` and `resolve_s` its targets,
    `has_hours` and `has_escalation` whether opening hours and an escalation are defined.

    escalation: from priority `name` and type `scope` (None: any) to the group `target`, `response_s` after creation or
    at the share `value` of the clock. role: a person of position `name` may have the right `target`, one row each.
    goal: metric `name` shall reach `value` from `started_at` to `expires_at`, for `agent_id` or all; `target` is
    higher or lower. retention: `value` days for `name`. required: `scope` says of what (course, certificate, setting,
    task), `name` which, `target` of whom, `every_s` how often. integration, monitor: expected every `every_s`.
    """

    kind: str
    name: str | None = None
    scope: str | None = None
    owner_id: int | None = None
    active: bool | None = None
    version: str | None = None
    response_s: int | None = None
    resolve_s: int | None = None
    has_hours: bool | None = None
    has_escalation: bool | None = None
    expires_at: int | None = None
    last_ok_at: int | None = None
    runs: int | None = None
    failures: int | None = None
    agent_id: int | None = None
    target: str | None = None
    value: float | None = None
    started_at: int | None = None
    every_s: int | None = None
    required: bool | None = None
    supported: bool | None = None


class Audience(Row):
    started_at: int
    ended_at: int
    country: str | None = None
    language: str | None = None
    users: int | None = None


class Lifecycle(Row):
    """One release of a product, and until when it is repaired, as a register of such dates tells."""

    product: str  # windows, debian, …
    cycle: str  # 11-24h2-e, 12, …
    label: str | None = None
    ends_at: int | None = None
    extended_at: int | None = None  # end of extended support
    ended: bool | None = None
    build: str | None = None  # its latest version
    looked_up_at: int | None = None


class Stat(Row):
    """A counter that a source reports: article votes, searches, rule runs, app versions."""

    name: str
    about: str | None = None
    happened_at: int | None = None
    value: float | None = None


TICKET_STATUSES = ("new", "open", "answered", "postponed", "resolved", "closed", "deleted", "spam", "unknown")
"""new, open: the desk's turn. answered: the customer's turn. postponed: paused by the desk."""

ENTITIES: dict[str, type[Row]] = {
    re.sub(r"(?<!^)(?=[A-Z])", "_", entity.__name__).lower(): entity for entity in Row.__subclasses__()
}
"""Table name → row type, in the order of definition: ticket_tag, backup_run, …"""

_SQL_TYPES = {int: "BIGINT", float: "DOUBLE", str: "VARCHAR", bool: "BIGINT"}


def python_type(field: msgspec.structs.FieldInfo) -> type:
    """The one plain type of a field (int for `int | None`)."""
    if isinstance(field.type, types.UnionType):
        return typing.cast("type", next(t for t in typing.get_args(field.type) if t is not types.NoneType))
    return typing.cast("type", field.type)


def columns(entity: str) -> dict[str, str]:
    """Column → SQL type of an entity's table."""
    return {field.name: _SQL_TYPES[python_type(field)] for field in msgspec.structs.fields(ENTITIES[entity])}


def entity_of(row: Row) -> str:
    """The table a row belongs to."""
    return _NAMES[type(row)]


_NAMES = {entity: name for name, entity in ENTITIES.items()}
