"""Pulled rows on disk: landed page by page, published as one generation of Parquet files, read by SQL."""

from deskaudit.snapshot.landing import Landing
from deskaudit.snapshot.manifest import Manifest
from deskaudit.snapshot.reader import Filled, Reader
from deskaudit.snapshot.snapshot import Snapshot

__all__ = ["Filled", "Landing", "Manifest", "Reader", "Snapshot"]
