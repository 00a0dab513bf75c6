"""Files of a board over its raw REPL: list, read, write with proof, remove."""

from __future__ import annotations

import base64
import binascii
import contextlib
import hashlib
import posixpath
import re
from collections.abc import Callable
from dataclasses import dataclass

from doctor.board import snippets
from doctor.board.board import Board
from doctor.board.repl import ReplBroken, ReplTimeout, ReplTraceback, tagged
from doctor.errors import BoardError
from doctor.escape import shown

WRITE_PIECE_BYTES = 512  #: raw bytes in one command, as Pymakr sends them (board-and-repl.md 3.6)
SMALLEST_PIECE_BYTES = 128  #: after halving on errors; below that the line is not usable
TRIES_AT_SMALLEST = 3
READ_PIECE_BYTES = 384  #: raw bytes in one line of base64: 512 characters
READ_AT_ONCE_BYTES = 24 * READ_PIECE_BYTES  #: in one command: about 1 s at 115200 baud
READ_MAX_BYTES = 2 << 20  #: a script is a few kB; more than 2 MB would take minutes and is none
HASH_SILENCE_S = 60.0  #: hashing 1 MB of flash prints nothing for several seconds
TEMPORARY_NAME = "fd-new.tmp"


@dataclass(frozen=True)
class BoardFile:
    """A file or folder on a board; ``size_bytes`` is -1 where the board cannot tell.

    Bytes of a name that are no UTF-8 stand in it as ``os.fsdecode`` would put them; ``doctor.escape.shown`` shows them.
    """

    path: str
    name: str
    is_dir: bool
    size_bytes: int

    @property
    def is_named(self) -> bool:
        """Whether the board can be asked for it: a broken directory, and FTP, make names that are no text."""
        return self.name not in ("", ".", "..") and "/" not in self.name and is_text(self.path)


def is_text(name: str) -> bool:
    """Whether ``name`` has a form that every board, PC and document can hold: it is UTF-8."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


class BoardFileMissing(BoardError):
    """A path does not exist on the board."""

    def __init__(self, path: str, *, on: str = "") -> None:
        super().__init__("dup-path-enoent", f"the board has no {shown(path)}", on=on)
        self.path = path


def listdir(board: Board, path: str) -> tuple[BoardFile, ...]:
    """The entries of a folder, in the board's order. Raises BoardFileMissing, BoardError."""
    printed = _run(board, path, snippets.listing(path))
    entries = []
    for value in printed:
        if not isinstance(value, list) or len(value) != 3:
            raise _nonsense(board, path)
        name, is_dir, size = value
        entries.append(BoardFile(posixpath.join(path, str(name)), str(name), bool(is_dir), int(size)))
    return tuple(entries)


def walk(board: Board, path: str, depth: int = 2) -> tuple[BoardFile, ...]:
    """The entries of a folder and of its folders, ``depth`` levels deep; a folder whose name is none stays closed.

    Raises as ``listdir``.
    """
    found: list[BoardFile] = []
    for entry in listdir(board, path):
        found.append(entry)
        if entry.is_dir and depth > 1 and entry.is_named:
            found += walk(board, entry.path, depth - 1)
    return tuple(found)


def stat(board: Board, path: str) -> BoardFile:
    """What is at ``path``. Raises BoardFileMissing, BoardError."""
    with _missing_path(board, path):
        value = board.repl.call(snippets.stat(path))
    if not isinstance(value, list) or len(value) != 2:
        raise _nonsense(board, path)
    return BoardFile(path, posixpath.basename(path), bool(value[0]), int(value[1]))


def exists(board: Board, path: str) -> bool:
    """Whether there is something at ``path``. Raises BoardError."""
    try:
        stat(board, path)
    except BoardFileMissing:
        return False
    return True


def read(board: Board, path: str, *, max_bytes: int = READ_MAX_BYTES) -> bytes:
    """The content of a file, its length checked. Raises BoardFileMissing, BoardError (too large, damaged)."""
    size = stat(board, path).size_bytes
    if size > max_bytes:
        raise BoardError("repl-answers", f"{path} has {size} bytes, too many to read over the REPL", on=board.link.name)
    content = bytearray()
    while len(content) < size:
        wanted = min(READ_AT_ONCE_BYTES, size - len(content))
        piece = _read_piece(board, path, len(content), wanted)
        if len(piece) != wanted:  # another thread printed into a line: once more, then it is an error
            piece = _read_piece(board, path, len(content), wanted)
        if len(piece) != wanted:
            raise _damaged(board, path, "the bytes read")
        content += piece
    return bytes(content)


def sha256(board: Board, path: str) -> str:
    """SHA-256 of a file in hexadecimal, by the board where its release can. Raises BoardFileMissing, BoardError."""
    with _missing_path(board, path):
        value = board.repl.call(snippets.sha256(path), silence_s=HASH_SILENCE_S, total_s=HASH_SILENCE_S)
    return value if isinstance(value, str) else hashlib.sha256(read(board, path)).hexdigest()


def remove(board: Board, path: str) -> None:
    """Delete a file. Raises BoardFileMissing, BoardError."""
    with _missing_path(board, path):
        board.repl.call(snippets.remove(path))


def write(board: Board, path: str, data: bytes) -> None:
    """Write a file and prove it by size and SHA-256.

    Where the release can rename, the old content stays until the new one is proved. Raises BoardError where the
    board refuses (full), or where what it holds then is not ``data``; the temporary file is removed then.
    """
    can_rename = bool(board.identify().features.get("os.rename"))
    target = posixpath.join(posixpath.dirname(path), TEMPORARY_NAME) if can_rename else path
    try:
        send(board, target, data)
        if stat(board, target).size_bytes != len(data):
            raise _damaged(board, path, "the size")
        if sha256(board, target) != hashlib.sha256(data).hexdigest():
            raise _damaged(board, path, "the SHA-256")
    except (BoardError, KeyboardInterrupt):
        with contextlib.suppress(BoardError):
            remove(board, target)
        raise
    if can_rename:
        board.repl.call(snippets.rename(target, path))


def send(board: Board, path: str, data: bytes, tell: Callable[[int], None] = lambda _done: None) -> None:
    """Write a file in place, in small pieces, proving nothing; ``tell`` hears the bytes so far, and may raise to stop.

    Raises BoardFileMissing for a folder that is not there, BoardError where the board refuses (full).
    """
    with _missing_path(board, path):
        board.repl.call(snippets.open_for_writing(path))
    try:
        piece, done, failures = WRITE_PIECE_BYTES, 0, 0
        while done < len(data):
            part = data[done : done + piece]
            try:
                taken = board.repl.call(snippets.write_at(done, base64.b64encode(part).decode("ascii")))
            except (ReplBroken, ReplTimeout, ReplTraceback) as err:
                _refuse_if_full(board, path, err)
                failures += piece == SMALLEST_PIECE_BYTES
                if failures >= TRIES_AT_SMALLEST:
                    raise
                piece = max(SMALLEST_PIECE_BYTES, piece // 2)
                board.repl.enter()
                continue
            if taken != len(part):
                raise _full(board, path)
            done += len(part)
            tell(done)
    finally:
        with contextlib.suppress(BoardError):
            board.repl.call(snippets.CLOSE_WRITTEN)


def _refuse_if_full(board: Board, path: str, err: BoardError) -> None:
    if isinstance(err, ReplTraceback) and re.search(r"ENOSPC|\b28\b", err.error):
        raise _full(board, path) from err


def _full(board: Board, path: str) -> BoardError:
    return BoardError(
        "flash-filesystem-full",
        f"no room for {path}",
        on=board.link.name,
        cause=f"{_volume(path)} of the board is full",
        next=f"delete files that are not needed from {_volume(path)}",
    )


def _volume(path: str) -> str:
    return "/" + path.strip("/").partition("/")[0]


def _damaged(board: Board, path: str, what: str) -> BoardError:
    return BoardError(
        "corrupt-upload",
        f"{what} of {path} on the board is not what it should be",
        on=board.link.name,
        cause="bytes lost on the line, or another program on the same port",
        next="close other programs that use the port and run the command again",
    )


def _nonsense(board: Board, path: str) -> BoardError:
    return BoardError("repl-answers", f"the board gave no usable account of {shown(path)}", on=board.link.name)


def _read_piece(board: Board, path: str, offset: int, size: int) -> bytes:
    content = b""
    for value in _run(board, path, snippets.read(path, offset, size, READ_PIECE_BYTES)):
        try:
            content += base64.b64decode(str(value), validate=True)
        except binascii.Error:
            return b""
    return content


def _run(board: Board, path: str, code: str) -> list[object]:
    """The values of a snippet that ends with a tagged null, without that null."""
    with _missing_path(board, path):
        values = tagged(board.repl.run(code, errors="surrogateescape"))
    if not values or values[-1] is not None:
        raise _nonsense(board, path)
    return values[:-1]


class _missing_path(contextlib.AbstractContextManager["_missing_path"]):
    """Turns both wordings of "no such file" (board-and-repl.md 4, error texts) into BoardFileMissing."""

    def __init__(self, board: Board, path: str) -> None:
        self._board = board
        self._path = path

    def __exit__(self, kind: object, error: BaseException | None, where: object) -> None:
        if isinstance(error, ReplTraceback) and re.search(
            r"ENOENT|\[Errno 2\]|no such file or directory|error removing file", error.error
        ):
            raise BoardFileMissing(self._path, on=self._board.link.name) from error
