"""The zip itself: what it holds, made in memory and written whole; and read again, whoever made it."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from doctor.documents.json_file import read_bounded

ABOUT = "about.json"  #: the first entry of every bundle
MOST_ZIP_BYTES = 32 << 20  #: of a bundle that is read
MOST_LIST_BYTES = 1 << 18  #: of its table of contents; names of ours have 60
MOST_TOLD = 10  #: files of a zip that are explained
KIND_LOG, KIND_JOURNAL, KIND_RECORD = "log", "journal", "record"  #: kinds of entries, and folders in the zip
_NOTES = (KIND_JOURNAL, KIND_RECORD)
_LOOKED_AT_BYTES = 4096
_END = struct.Struct("<4s4H2LH")
_LARGE_MARK, _LARGE_MARK_BYTES = b"PK\x06\x07", 20  #: in front of the end of a ZIP64, which says its sizes elsewhere
_END_MARK = b"PK\x05\x06"
_EPOCH = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class Entry:
    """A file of a bundle.

    name        in the zip
    kind        about, journal, log, record, trace, given
    data        its content, as it goes into the zip
    size_bytes  of the file that it was made of
    cut         only the end of that is in here
    """

    name: str
    kind: str
    data: bytes
    size_bytes: int
    cut: bool = False


def packed(entries: Sequence[Entry], at: datetime) -> bytes:
    """The zip that holds ``entries``; ``at`` is the time that they have in it."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as bundle:
        for entry in entries:
            info = zipfile.ZipInfo(entry.name, max(_EPOCH, at.timetuple()[:6]))
            info.external_attr = 0o600 << 16
            info.compress_type = zipfile.ZIP_DEFLATED
            bundle.writestr(info, entry.data)
    return buffer.getvalue()


def telling(path: Path, most_bytes: int) -> Iterator[tuple[str, bytes]]:
    """The files in a zip that may tell what went wrong, up to ``most_bytes`` in all: names, and how the files begin.

    The zip may be anybody's. Of logs that we kept only the newest counts, and of our other notes none. Nothing is
    written, and no name is used as one. Raises OSError, and ValueError for what is not a sound zip.
    """
    data = read_bounded(path, MOST_ZIP_BYTES, follow=True)
    _refuse_large_list(data)
    left, told, logs = most_bytes, 0, 0
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as bundle:
            for info in bundle.infolist():
                folder = info.filename.rpartition("/")[0].rpartition("/")[2]
                logs += folder == KIND_LOG
                if (
                    info.is_dir()
                    or info.filename.endswith(ABOUT)
                    or folder in _NOTES
                    or (folder == KIND_LOG and logs > 1)
                ):
                    continue
                with bundle.open(info) as file:
                    text = file.read(left)
                left -= len(text)
                if text and b"\0" not in text[:_LOOKED_AT_BYTES]:
                    yield info.filename, text
                    told += 1
                if told == MOST_TOLD or left <= 0:
                    return
    except Exception as err:  # zipfile, zlib, lzma, struct and codecs: what they raise of damaged bytes is not one kind
        raise ValueError(f"is a damaged zip: {type(err).__name__}") from err


def _refuse_large_list(data: bytes) -> None:
    """Raises ValueError for a table of contents that is not one of ours: it is read whole before anything else."""
    at = data.rfind(_END_MARK, max(0, len(data) - _END.size - 0xFFFF))
    if at < 0 or len(data) < at + _END.size:
        raise ValueError("is a damaged zip: its end is missing")
    *_, list_bytes, _offset, _comment = _END.unpack_from(data, at)
    if list_bytes > MOST_LIST_BYTES or _LARGE_MARK in data[max(0, at - _LARGE_MARK_BYTES) : at]:
        raise ValueError("is a zip with more files than a bundle has")
