"""ManageEngine ServiceDesk Plus, on-premises and cloud: API v3.

The package, from the outside in: `connector` (probe, pull, sample), `options`, `pull` (list by list), `lists` (which
lists), `walks` (paging), `state` (the cursor), `api` (requests), `accounts` (Zoho's tokens), `answers` (error codes),
`fields` (dates and distrust), `rows` and `things` (what becomes of an answer), `words` (statuses, channels, states).

Satisfaction surveys are not read, as the API has no documented way to them: their exported report is one for the
connector of surveys. Nor are time entries of tasks, problems and changes.
"""

from deskaudit.connectors.servicedeskplus.connector import ServiceDeskPlus
from deskaudit.connectors.servicedeskplus.options import Options

__all__ = ["Options", "ServiceDeskPlus"]
