"""The second reader's own process: reads one FAT volume whole with pyfatfs, and says what is in it.

Runs in a child process (``second_reader`` starts it), because PyFat may never end, eat all memory or raise anything
(fat-and-pyfatfs.md 3). Only ``pyfatfs.PyFat`` is imported: the rest of pyfatfs needs ``fs``, which breaks on
current setuptools. Stands on nothing of ours, so that the two readers share no mistake.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import signal
import sys
import warnings
from array import array
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from doctor.computer import O_BINARY, is_windows, msvcrt

_BUFFER_BYTES = 32 << 10  #: PyFat reads folders 32 bytes at a time
_MOST_ENTRIES = 20_000  #: as many as our own reader follows
_DEEPEST = 64  #: folders in each other; ours follows fewer
WAIT = "wait"  #: in place of the first word
_FOUR_BITS = bytes(range(16))
_CARD = 0  #: the descriptor of the card: standard input


class VolumeFile(io.RawIOBase):
    """One volume of a card as a file that can only be read; the card is asked for whole sectors.

    handle        descriptor of the card, opened for reading
    start, size   of the volume, in bytes
    sector_bytes  the unit of reading
    """

    def __init__(self, handle: int, start: int, size: int, sector_bytes: int) -> None:
        super().__init__()
        self._handle = handle
        self._start = start
        self._size = size
        self._unit = sector_bytes
        self._at = 0

    def readable(self) -> bool:
        """Always."""
        return True

    def seekable(self) -> bool:
        """Always."""
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Move as io.RawIOBase says. Raises ValueError for a place in front of the volume."""
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size}[whence]
        if base + offset < 0:
            raise ValueError(f"negative seek position {base + offset}")
        self._at = base + offset
        return self._at

    def tell(self) -> int:
        """Where the next read starts."""
        return self._at

    def readinto(self, buffer: Any) -> int:
        """Fill the buffer as far as the volume goes; less if the card ends early."""
        length = max(0, min(len(buffer), self._size - self._at))
        if length == 0:
            return 0
        first = (self._start + self._at) // self._unit * self._unit
        end = -(-(self._start + self._at + length) // self._unit) * self._unit
        skipped = self._start + self._at - first
        piece = self._sectors(first, end - first)[skipped : skipped + length]
        buffer[: len(piece)] = piece
        self._at += len(piece)
        return len(piece)

    def _sectors(self, offset: int, length: int) -> bytes:
        os.lseek(self._handle, offset, os.SEEK_SET)
        parts = []
        while length:
            part = os.read(self._handle, length)
            if not part:
                break
            parts.append(part)
            length -= len(part)
        return b"".join(parts)


def main(*words: str) -> None:
    """Read the volume on standard input, write what is in it to standard output as one JSON document, and end.

    start, size, sector_bytes  of the volume, in bytes, as digits
    seconds, memory            the most that this process may take, in seconds and bytes

    ``main(WAIT, handle)`` gets ready first, and then reads these words from a descriptor; if none come, it ends.
    The document is ``{"width": 12, 16 or 32, "files": [[path, size, sha256 or null, why not], …]}``, or
    ``{"raised": text}``.
    """
    start, size, sector_bytes, seconds, memory = _awaited(int(words[1])) if words[0] == WAIT else words
    answer_to = os.dup(1)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)  # whatever is printed from here on is no part of the answer
    os.dup2(nowhere, 2)
    _bind(float(seconds), int(memory))
    warnings.simplefilter("ignore")
    failure: BaseException | None = None
    try:
        answer = _read(int(start), int(size), int(sector_bytes))
    except BaseException as err:
        # What PyFat has filled the memory with hangs on these; without it there is room for an answer.
        failure = err.with_traceback(None)
        failure.__context__ = failure.__cause__ = None
    if failure is not None:
        answer = {"raised": _words(failure)}
    with open(answer_to, "wb") as out:  # noqa: PTH123 - a descriptor
        out.write(json.dumps(answer).encode())
    os._exit(0)  # taking millions of list entries apart would take seconds


def _awaited(handle: int) -> list[str]:
    """What is to be read, once somebody says it; until then all is loaded that reading takes."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    with suppress(ImportError):  # which is told when it is needed
        import pyfatfs.PyFat  # noqa: F401
    with open(handle, "rb") as told:
        words = told.read().decode().split()
    if not words:
        os._exit(0)
    return words


def _bind(seconds: float, memory: int) -> None:
    """Bounds that hold when the parent is gone, too, if the system has them."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    if is_windows():
        msvcrt().setmode(_CARD, O_BINARY)
    else:
        import resource

        for what, most in ((resource.RLIMIT_CPU, int(seconds) + 1), (resource.RLIMIT_AS, memory)):
            with suppress(OSError, ValueError):
                resource.setrlimit(what, (most, most))


def table(raw: bytes, entry_bytes: int) -> array[int]:
    """The entries of a FAT whose entries have 2 or 4 bytes; of 4 bytes, 28 bits count (fat-and-pyfatfs.md 6)."""
    if entry_bytes == 4 and raw[3::4].translate(None, _FOUR_BITS):
        mask = int.from_bytes(b"\xff\xff\xff\x0f" * (len(raw) // 4), "little")
        raw = (int.from_bytes(raw, "little") & mask).to_bytes(len(raw), "little")
    entries = array("H" if entry_bytes == 2 else "I", raw)
    if sys.byteorder == "big":
        entries.byteswap()
    return entries


def quick(kind: Any) -> Any:
    """PyFat that unpacks a FAT in one go, not an entry at a time: a card of 32 GB has a million, which took seconds.

    kind  ``pyfatfs.PyFat.PyFat``; its version is pinned, because this stands in for one of its own functions
    """

    class Quick(kind):  # type: ignore[misc]
        def set_fp(self, fp: io.BufferedReader) -> None:
            self._volume = fp
            super().set_fp(fp)

        def _parse_fat(self) -> None:
            if self.fat_type == kind.FAT_TYPE_FAT12:
                super()._parse_fat()  # small, and its entries are no whole bytes
                return
            sector = self.bpb_header["BPB_BytsPerSec"]
            length = self._get_fat_size_count() * sector
            self._volume.seek(self.bpb_header["BPB_RsvdSecCnt"] * sector)
            raw = self._volume.read(length)
            if len(raw) != length:
                raise ValueError("Invalid length of FAT")
            self.bytes_per_cluster = sector * self.bpb_header["BPB_SecPerClus"]
            self.fat = table(raw, 2 if self.fat_type == kind.FAT_TYPE_FAT16 else 4)

    return Quick


def _read(start: int, size: int, sector_bytes: int) -> dict[str, Any]:
    from pyfatfs.PyFat import PyFat

    reader = quick(PyFat)()
    reader.set_fp(io.BufferedReader(VolumeFile(_CARD, start, size, sector_bytes), _BUFFER_BYTES))
    files = [[path, entry.filesize, *_digest(reader, entry)] for path, entry in _files(reader)]
    return {"width": reader.fat_type, "files": files}


def _files(reader: Any) -> Iterator[tuple[str, Any]]:
    """Every file with its path. Not by PyFat's ``walk``, which has no end if a folder leads back to the root."""
    waiting = [("", reader.root_dir)]
    left = _MOST_ENTRIES
    while waiting:
        parent, folder = waiting.pop()
        folders, files, _ = folder.get_entries()
        left -= len(folders) + len(files)
        if left < 0 or parent.count("/") > _DEEPEST:
            raise RecursionError(f"more than {_MOST_ENTRIES} files, or {_DEEPEST} folders in each other")
        yield from ((f"{parent}{entry}", entry) for entry in files)
        waiting += ((f"{parent}{entry}/", entry) for entry in folders)


def _digest(reader: Any, entry: Any) -> tuple[str | None, str]:
    """SHA-256 of a file, or why it cannot be read to the end that its entry claims."""
    digest, left = hashlib.sha256(), entry.filesize
    try:
        for cluster in reader.get_cluster_chain(entry.get_cluster()) if left else ():
            piece = reader.read_cluster_contents(cluster)[:left]
            digest.update(piece)
            left -= len(piece)
            if left == 0 or not piece:
                break
    except Exception as err:
        return None, _words(err)
    # PyFat ends quietly if a chain is short.
    return (digest.hexdigest(), "") if left == 0 else (None, f"{left} bytes are missing at its end")


def _words(err: BaseException) -> str:
    text = str(err)
    return f"{type(err).__name__}: {text}" if text else type(err).__name__
