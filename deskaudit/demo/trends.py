"""How the desk changes over its fifteen months: what gets better and what gets worse.

Every curve takes `x`, the share of the time that has passed (0 at the beginning, 1 now).
"""

SLA_FIRST_S = {"P1": 3_600, "P2": 14_400, "P3": 28_800, "P4": 54_000}
SLA_RESOLVE_S = {"P1": 14_400, "P2": 27_000, "P3": 81_000}
"""Targets in open seconds. P4 promises no resolution."""


def slope(x: float, start: float, end: float, bend: float = 1.0) -> float:
    """From `start` to `end`; a bend above 1 keeps most of the change for the last months."""
    return start + (end - start) * float(x**bend)


def reply_share(x: float) -> float:
    """Mean first response as a share of its target: better, from slow to brisk."""
    return slope(x, 0.66, 0.30)


def first_met(x: float, priority: str, department: int) -> float:
    """Chance that a first response comes in time. P1 in the Workshop is the planted fault."""
    if priority == "P1" and department == 2:
        return slope(x, 0.93, 0.42)
    return 0.955 if priority == "P1" else 0.966


def resolve_met(x: float, priority: str, department: int) -> float:
    if priority == "P1" and department == 2:
        return slope(x, 0.94, 0.55)
    return 0.968


def one_touch(x: float) -> float:
    """Better: more is solved with the first answer."""
    return slope(x, 0.55, 0.66)


def reopens(x: float) -> float:
    """Better: fewer come back."""
    return slope(x, 0.105, 0.028)


def satisfied(x: float, department: int) -> float:
    """Worse in the Web Shop alone."""
    if department == 1:
        return slope(x, 0.90, 0.36, 1.3)
    return (0.93, 0.0, 0.92, 0.935, 0.935)[department]


def chat_pickup_s(x: float) -> float:
    """Worse: the median wait in a chat, in seconds."""
    return slope(x, 32, 300, 1.4)


def chat_missed(x: float) -> float:
    return slope(x, 0.05, 0.09)


def call_abandoned(x: float) -> float:
    """Worse: callers who hang up."""
    return slope(x, 0.035, 0.16, 2.0)


def orphaned(x: float) -> float:
    """Worse: e-mails and forms that no rule routes and nobody takes for days."""
    return slope(x, 0.002, 0.26, 9.0)


def forgotten(x: float) -> float:
    """Worse: tickets that lie on a desk for weeks."""
    return slope(x, 0.004, 0.36, 9.0)
