"""Which encoding a text file has: said by the user, or by its mark, or strict UTF-8. Others are suggested, never taken."""

import codecs
import gzip
from collections.abc import Iterator
from pathlib import Path

from deskaudit.errors import SourceError
from deskaudit.i18n import _
from deskaudit.text import one_line

_CHUNK = 1 << 16
_USUAL = ("cp1252", "cp850")


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
        hint=(_("The place reads, as {readings}. ").format(readings="; ".join(readings)) if readings else "")
        + _("Set {owner}.encoding to the one that reads well.").format(owner=owner),
    )


def suggest(data: bytes) -> list[str]:
    """Likely encodings of some bytes, the likeliest first."""
    from charset_normalizer import from_bytes

    best = from_bytes(data[: _CHUNK // 2]).best()
    found = [best.encoding.replace("_", "-")] if best else []
    return list(dict.fromkeys([*found, *_USUAL]))


def _chunks(file: Path, *, zipped: bool) -> Iterator[bytes]:
    """The bytes of the text, and one empty chunk at the end."""
    with gzip.open(file) if zipped else file.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            yield chunk
    yield b""
