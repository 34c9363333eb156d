"""Request Tracker 5, through its REST interface 2.0, read-only.

Tickets go by their number, a page of them together with its history, so that nothing is lost where tickets change
meanwhile and a pull can go on in the middle. What the login may not see is found out and said, and never guessed.
"""

from deskaudit.connectors.requesttracker.connector import RequestTracker
from deskaudit.connectors.requesttracker.options import Options

__all__ = ["Options", "RequestTracker"]
