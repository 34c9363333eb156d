"""A test kit for the authors of checks and connectors.

`snapshot_of` makes a snapshot from rows. `ConnectorContract` is the suite that every connector has to pass: derive a
class of tests from it (docs/writing-a-connector.md). pytest is imported only where a test is left out.
"""

from deskaudit.testing.contract import ConnectorContract
from deskaudit.testing.snapshots import snapshot_of
from deskaudit.testing.texts import HOSTILE

__all__ = ["HOSTILE", "ConnectorContract", "snapshot_of"]
