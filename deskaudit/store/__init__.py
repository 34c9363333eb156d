"""What must last: audits, results, evidence, answers and the journal, in one SQLite file."""

from deskaudit.store.store import Store

__all__ = ["Store"]
