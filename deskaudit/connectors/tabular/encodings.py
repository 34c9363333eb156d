"""Which encoding a text file has: said by the user, or by its mark, or strict UTF-8. Others are suggested, never taken."""

import codecs
import gzip
import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path

from deskaudit.errors import SourceError
from deskaudit.i18n import _
from deskaudit.text import one_line

_CHUNK = 1 << 16
_USUAL = ("cp1252", "cp850")
_SHOWN = 3
_SIGNS = frozenset({"So", "Sc", "Sm", "Sk", "No", "Lm", "Cc"})


def name_encoding(text: str) -> str:
    """The codec of an option's text, "" for auto. Raises ValueError for what is no text encoding."""
    if text.strip().lower() == "auto":
        return ""
    try:
        b"a\n".decode(text, "replace")
        return codecs.lookup(text).name
    except (LookupError, UnicodeError, ValueError, TypeError):
        raise ValueError(
            _('no encoding is called "{name}"; write utf-8, cp1252, cp850, utf-16 or auto').format(name=text)
        ) from None


def explain_undecodable(file: Path, encoding: str, owner: str, *, zipped: bool) -> SourceError:
    """Why a file is not text in `encoding`: line, byte, offset, and how the line reads in likelier encodings."""
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    line, offset = 1, 0
    ends = "\n"
    for chunk in _chunks(file, zipped=zipped):
        try:
            text = decoder.decode(chunk, final=not chunk)
        except UnicodeDecodeError as fault:
            held = len(fault.object) - len(chunk)  # the decoder kept so many bytes of the chunk before
            before = fault.object[: fault.start].decode(encoding, "ignore")
            return _describe(
                file,
                encoding,
                owner,
                line=line + before.count(ends),
                offset=offset - held + fault.start,
                data=fault.object,
                start=fault.start,
            )
        except UnicodeError as fault:
            return SourceError(
                _("{file} is not {encoding}: {fault}.").format(file=file, encoding=encoding, fault=fault),
                kind="bad_file",
                hint=_("Set {owner}.encoding.").format(owner=owner),
            )
        if offset == 0 and "\n" not in text and "\r" in text:
            ends = "\r"
        line += text.count(ends)
        offset += len(chunk)
    return SourceError(
        _("{file} changed while it was read.").format(file=file),
        kind="bad_file",
        hint=_("Run again once it is written."),
    )


def _describe(file: Path, encoding: str, owner: str, *, line: int, offset: int, data: bytes, start: int) -> SourceError:
    begin = max(data.rfind(b"\n", 0, start), data.rfind(b"\r", 0, start)) + 1
    end = next((place for place in range(start, len(data)) if data[place] in b"\r\n"), len(data))
    sample = data[max(begin, start - 30) : min(end, start + 30)]
    readings = []
    for name in suggest(data):
        if name == encoding:
            continue
        try:
            readings.append(f'{name}: "{one_line(sample.decode(name), 80)}"')
        except UnicodeError:
            continue
    return SourceError(
        _("{file}, line {line}: byte 0x{byte:02X} (offset {offset}) is no text in {encoding}.").format(
            file=file, line=line, byte=data[start] if start < len(data) else 0, offset=offset, encoding=encoding
        ),
        kind="bad_file",
        hint=(_("The place reads, as {readings}. ").format(readings="; ".join(readings[:_SHOWN])) if readings else "")
        + _("Set {owner}.encoding to the one that reads well.").format(owner=owner),
    )


def suggest(data: bytes) -> list[str]:
    """Likely encodings of some bytes, the likeliest first.

    A short text reads well in many: of those, the one under which its words look most like words goes first, and of
    several the usual one.
    """
    from charset_normalizer import from_bytes

    part = data[: _CHUNK // 2]
    found = list(from_bytes(part))
    alike = [
        match.encoding for match in found if (match.chaos, match.coherence) == (found[0].chaos, found[0].coherence)
    ]
    ranks: dict[str, tuple[int, bool, int]] = {}
    for name in [*_USUAL, *(name.replace("_", "-") for name in alike)]:
        try:
            odd = _oddities(part.decode(name))
        except UnicodeError:
            odd = len(part)
        usual = _USUAL.index(name) if name in _USUAL else len(_USUAL)
        ranks.setdefault(name, (odd, name.replace("-", "_") not in alike, usual))
    return sorted(ranks, key=ranks.__getitem__)


def _oddities(text: str) -> int:
    """How many characters stand where no word has them: a sign that touches a letter, a capital after a small one."""
    n = 0
    for found in re.finditer(r"[^\x00-\x7f]", text):
        char, before, after = found[0], text[found.start() - 1 : found.start()], text[found.end() : found.end() + 1]
        if unicodedata.category(char) in _SIGNS:
            n += before.isalpha() or after.isalpha()
        else:
            n += char.isupper() and before.islower()
    return n


def _chunks(file: Path, *, zipped: bool) -> Iterator[bytes]:
    """The bytes of the text, and one empty chunk at the end."""
    with gzip.open(file) if zipped else file.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            yield chunk
    yield b""
