"""What ServiceDesk Plus calls things, and what they are called here. A word that is not here is kept and counted."""

DONE = {"resolved": "resolved", "closed": "closed", "cancelled": "closed", "canceled": "closed", "rejected": "closed"}
STATUSES = {
    **DONE,
    "open": "open",
    "in progress": "open",
    "inprogress": "open",
    "assigned": "open",
    "reopened": "open",
    "onhold": "postponed",
    "on hold": "postponed",
}
"""Internal or shown names, small letters: only where the status does not say itself whether it is in progress."""

CHANNELS = {
    "e-mail": "email",
    "email": "email",
    "mail": "email",
    "phone call": "phone",
    "phone": "phone",
    "call": "phone",
    "web form": "form",
    "webform": "form",
    "form": "form",
    "chat": "chat",
    "live chat": "chat",
    "portal": "portal",
    "self service portal": "portal",
    "self-service portal": "portal",
    "walk-in": "walkup",
    "walk in": "walkup",
    "walk-up": "walkup",
}
"""Modes, small letters; a desk may add its own."""

ASSET_STATES = {
    "in use": "active",
    "in repair": "active",
    "in store": "spare",
    "in stock": "spare",
    "expired": "retired",
    "disposed": "retired",
    "retired": "retired",
    "lost": "lost",
    "stolen": "lost",
    "missing": "lost",
}

AGENT_STATES = {
    "active": "active",
    "enabled": "active",
    "inactive": "inactive",
    "not active": "inactive",
    "disabled": "inactive",
    "deleted": "inactive",
}
