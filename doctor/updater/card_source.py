"""A firmware file on the board's card as a source: hashed before it is used, read ahead while the modem works.

The board's SD driver hides read errors (issue 4), so nothing is trusted that was read only once: either the side file
knows the checksums, or the whole file is read and hashed twice before the first byte is sent.
"""

import binascii

from .crc import crc16
from .side_file import SideFile  # noqa: F401

try:
    import hashlib
except ImportError:  # a board without the short names
    import uhashlib as hashlib  # type: ignore[import-not-found, no-redef]

try:
    from typing import Callable, List, Optional  # noqa: F401
except ImportError:  # MicroPython
    pass

#: Bytes read at once while hashing: eight sectors, which the board's RAM bears easily.
HASH_PIECE_BYTES = 4096
#: How often a block that disagrees with the side file is read again before the card counts as bad.
READ_TRIES = 3


class CardSource(object):
    """The file at ``path``, at its first byte. Satisfies contract.Source with all that it may have.

    path    on the board
    size    in bytes
    sha256  what all of it must hash to; the last bytes are not handed out if they do not
    side    its side file, or None
    """

    def __init__(self, path, size, sha256, side=None):
        # type: (str, int, str, Optional[SideFile]) -> None
        self._file = open(path, "rb")
        self._size = size
        self._sha256 = sha256
        self._side = side
        self._hash = hashlib.sha256()
        self._at = 0
        self._next = b""  # read ahead, from self._at on
        self._next_crc = -1
        self._crc = -1  # of the bytes that were handed out last, if they were read ahead
        self._crc_at = (-1, 0)
        self._last = 0
        self._trouble = None  # type: Optional[OSError]

    def read(self, n):
        # type: (int) -> bytes
        """The next bytes. Raises OSError if the card fails, or if all of it is not what was hashed before."""
        if self._trouble is not None:
            raise self._trouble
        if self._next and len(self._next) <= n:
            data, self._crc, self._next = self._next, self._next_crc, b""
            self._crc_at = (self._at, len(data))
        elif self._next:
            data, self._next = self._next[:n], self._next[n:]
        else:
            data = self._file.read(n)
        self._last = n
        self._at += len(data)
        self._hash.update(data)
        if data and self._at >= self._size and hexadecimal(self._hash.digest()) != self._sha256:
            raise OSError("the card returned different bytes than before")
        return data

    def ahead(self):
        # type: () -> None
        """Read the next block now. A failure is kept until somebody wants the bytes."""
        if self._next or self._trouble is not None:
            return
        try:
            self._next = self._file.read(min(self._last, self._size - self._at))
        except OSError as err:
            self._trouble = err
            return
        self._next_crc = crc16(self._next) if self._side is None and self._next else -1

    def crc_of(self, offset, data):
        # type: (int, bytes) -> Optional[int]
        """CRC-16 of a block: from the side file, or computed while the modem worked on the one before."""
        if self._side is not None:
            return self._side.crc_of(offset, len(data))
        if self._crc >= 0 and self._crc_at == (offset, len(data)):
            return self._crc
        return None

    def again(self, offset, size):
        # type: (int, int) -> bytes
        """A block read again, checked against the side file. Raises OSError if the card keeps misreading it."""
        place = self._at + len(self._next)
        try:
            for _ in range(READ_TRIES):
                self._file.seek(offset)
                data = self._file.read(size)
                known = self._side.crc_of(offset, size) if self._side is not None else None
                if known is None or crc16(data) == known:
                    return data
        finally:
            self._file.seek(place)
        raise OSError("the card misreads the block at byte %d" % offset)

    def close(self):
        # type: () -> None
        """Close the file."""
        self._file.close()


class Digest(object):
    """What one reading of a file gave: its SHA-256 in hexadecimal, its length, and modem families named inside."""

    def __init__(self, sha256, size, families):
        # type: (str, int, List[str]) -> None
        self.sha256 = sha256
        self.size = size
        self.families = families


_FAMILY_WORDS = ((b"SQN3330", "SQN3330"), (b"GM02S", "MONARCH2"), (b"SQN34", "MONARCH2"))


def digest(path, tell=None):
    # type: (str, Optional[Callable[[int], None]]) -> Digest
    """Read the whole file and hash it. ``tell`` is called with the bytes read so far. Raises OSError."""
    sha = hashlib.sha256()
    done = 0
    families = []  # type: List[str]
    before = b""
    stream = open(path, "rb")
    try:
        while True:
            piece = stream.read(HASH_PIECE_BYTES)
            if not piece:
                break
            sha.update(piece)
            done += len(piece)
            window = before + piece
            before = piece[-8:]
            for word, family in _FAMILY_WORDS:
                if family not in families and word in window:
                    families.append(family)
            if tell is not None:
                tell(done)
    finally:
        stream.close()
    return Digest(hexadecimal(sha.digest()), done, families)


def sha256_of(data):
    # type: (bytes) -> str
    """SHA-256 of ``data`` in hexadecimal."""
    sha = hashlib.sha256()
    sha.update(data)
    return hexadecimal(sha.digest())


def hexadecimal(data):
    # type: (bytes) -> str
    """Bytes as hexadecimal text."""
    return binascii.hexlify(data).decode()
