"""LiveAgent (ladesk.com): API v3 for rows, API v1 for ratings and the knowledge base.

The package, from the outside in: `connector` (probe and pull), `options`, `pull` (list by list), `streams` (which
lists), `walks` and `changes` (paging), `state` (the cursor), `api` (requests), `zones` and `fields` (dates and
distrust), `desk` (names behind ids), `rows`, `messages`, `terms`, `ranks`, `knowledge` and `talks` (what becomes of
an answer), `codes`.
"""

from deskaudit.connectors.liveagent.connector import LiveAgent
from deskaudit.connectors.liveagent.options import Options

__all__ = ["LiveAgent", "Options"]
