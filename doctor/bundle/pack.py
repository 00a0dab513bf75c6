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
MOST_ENTRIES = 200
_END = struct.Struct("<4s4H2LH")
_END_MARK = b"PK\x05\x06"
_STARTS = b"PK\x03\x04"
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


def is_bundle(data: bytes) -> bool:
    """Whether a file that begins so is a bundle of ours: its first entry tells."""
    return data.startswith(_STARTS) and data[30 : 30 + len(ABOUT)] == ABOUT.encode()


def contents(path: Path, most_bytes: int) -> Iterator[tuple[str, bytes]]:
    """Names and beginnings, up to ``most_bytes`` each, of the files in a zip that may be anybody's.

    Nothing is written, and no name is used as one. Raises OSError, and ValueError for what is not a sound bundle.
    """
    data = read_bounded(path, MOST_ZIP_BYTES, follow=True)
    _refuse_large_list(data)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as bundle:
            for info in bundle.infolist()[:MOST_ENTRIES]:
                if not info.is_dir():
                    with bundle.open(info) as file:
                        yield info.filename, file.read(most_bytes)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, struct.error) as err:
        raise ValueError(f"is a damaged zip: {err}") from err
    except Exception as err:  # zlib.error, lzma and bz2 errors: whatever the packed bytes are
        raise ValueError(f"is a damaged zip: {type(err).__name__}") from err


def _refuse_large_list(data: bytes) -> None:
    """Raises ValueError for a table of contents that is not one of ours: it is read whole before anything else."""
    at = data.rfind(_END_MARK, max(0, len(data) - _END.size - 0xFFFF))
    if at < 0 or len(data) < at + _END.size:
        raise ValueError("is a damaged zip: its end is missing")
    *_, list_bytes, _offset, _comment = _END.unpack_from(data, at)
    if list_bytes > MOST_LIST_BYTES:
        raise ValueError("is a zip with more files than a bundle has")
