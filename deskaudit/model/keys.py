"""How rows get their identity and people lose theirs."""

import hashlib
import hmac
import re
from collections.abc import Iterable
from functools import lru_cache


def row_key(source: str, entity: str, ext_id: str) -> int:
    """A 63-bit id from the source's name, the entity and the source's own id: no registry, the same at every pull."""
    digest = hashlib.blake2b(f"{source}\x1f{entity}\x1f{ext_id}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> 1


def part_keys(whole: int, parts: Iterable[str]) -> list[int]:
    """The ids of named parts of a thing that has the id `whole`, as the ports of a machine: as good as `row_key`, for
    hundreds of thousands of them.
    """
    return [whole ^ _part_key(part) for part in parts]


@lru_cache(maxsize=65536)
def _part_key(part: str) -> int:
    return row_key("", "part", part)


def person_hash(value: str | None, key: bytes) -> str | None:
    """A keyed hash of an address or number: the same person is the same text, and nobody reads who it is.

    Case and surrounding blanks do not count; of a telephone number only digits and a leading plus do.
    """
    if value is None or not value.strip():
        return None
    text = value.strip().casefold()
    if re.fullmatch(r"[+\d\s()./-]+", text):
        text = re.sub(r"[^\d+]", "", text)
    return hmac.new(key, text.encode(), hashlib.blake2b).hexdigest()[:32]
