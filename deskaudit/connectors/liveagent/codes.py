"""LiveAgent's one-letter codes and what they are called here. A code that is not here is kept and counted."""

STATUSES = {
    "I": "new",  # initialising: a chat or call that has begun and has no message yet
    "N": "new",
    "T": "open",  # chatting
    "P": "open",  # calling
    "C": "open",
    "A": "answered",
    "W": "postponed",
    "R": "resolved",
    "L": "closed",
    "X": "deleted",
    "B": "spam",
}
OPEN = ("I", "N", "T", "P", "C", "A", "W")
ALIVE = frozenset({*OPEN, "R", "L"})

CHANNELS = {
    "E": "email",
    "B": "form",  # contact button
    "M": "form",
    "I": "chat",  # invitation
    "C": "phone",
    "W": "phone",  # call button
    "V": "phone",  # outgoing call
    "1": "phone",  # internal call
    "F": "social",
    "A": "social",
    "T": "social",
    "H": "social",
    "J": "social",
    "D": "social",
    "N": "social",
    "Q": "portal",  # forum
    "S": "portal",  # suggestion
}

DIRECTIONS = {"I": "in", "O": "out", "T": "internal"}

MEASURES = {
    "first_answer": "first_response",
    "next_answer": "next_response",
    "first_resolve": "resolution",
    "first_assign": "first_assign",
    "chat_answer": "first_response",
    "call_answer": "first_response",
}

RANKS = {"reward": 1.0, "r": 1.0, "w": 1.0, "punishment": 0.0, "p": 0.0}
"""A rating is a reward or a punishment: good or bad, on a scale of 0 to 1."""
UNRANKED = frozenset({"", "n", "not_ranked", "notranked", "none"})
"""A survey that was sent and not answered."""

SYSTEM_USER = "system00"
NOBODY = frozenset({"", "0", SYSTEM_USER})

GROUP_REPLIES = frozenset("MCFWY34567HEDN")
"""Message groups that hold words between a customer and the desk. (Q, O, L, 2 are forwards and moves.)"""
GROUP_TALKS = frozenset("CFW6")
"""Those of them in which both sides may speak: each message says who wrote it."""
GROUP_FROM_OUTSIDE = frozenset("357M")
GROUP_NOTES = frozenset("IUZ")
GROUP_CALLS = frozenset("PV")
GROUP_TRANSFER = "T"
GROUP_TAG = "G"
GROUP_SILENT = frozenset("SRJXBAKOQL21")
"""Groups whose news comes another way (states: /tickets/history), or that say nothing of the work."""

RANK_REWARD, RANK_PUNISHMENT, RANK_COMMENT = "W", "P", "C"  # types of single messages
