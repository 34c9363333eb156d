"""Where a copy lies, by what its target's name proves. A name that proves nothing is unknown, never yes."""

import re

CLOUD = (
    "s3:", "b2:", "azure:", "gs:", "swift:", ":s3", ":b2", ":azureblob", ":gcs", ":google cloud storage", ":swift",
    "gcs://", "azureblob://", "googledrive://", "onedrive://", "dropbox://", "amazon s3", "azure blob", "google cloud",
)  # fmt: skip
HERE = ("/var/lib/vz/dump",)
_LOOPBACK = re.compile(r"(?:^|//|@)(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])(?:[:/]|$)", re.IGNORECASE)
_NEAR = re.compile(
    r"https?://(?:10\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.|[^/.:@]+(?::\d+)?(?:/|$)|[^/:@]+\.(?:local|lan|home|internal)\b)"
)
"""An S3 server in the house speaks like one in the cloud."""


def lies_elsewhere(target: str) -> bool | None:
    """True for a store in the cloud; False for the same machine; None where the name leaves it open.

    A local path may be a disk that is carried away, and another machine may stand beside this one.
    """
    text = target.strip().lower()
    if _LOOPBACK.search(text) or text.startswith(HERE):
        return False
    return True if text.startswith(CLOUD) and not _NEAR.search(text) else None
