"""Redmine (4.1 and later), over its REST API.

The package, from the outside in: `connector` (probe, pull, sample), `options`, `pull` (stage by stage), `walks`
(paging), `state` (the cursor), `api` (requests), `directory` (projects, people, roles, words behind ids),
`projects` (those that came and went), `rows` and `journals` (what becomes of an answer).

A project is a department: it holds a queue of tickets, has its own members and its own rights. A group is a team: a
ticket that is assigned to one has a `team_id` and nobody who owns it.
"""

from deskaudit.connectors.redmine.connector import Redmine
from deskaudit.connectors.redmine.options import Options

__all__ = ["Options", "Redmine"]
