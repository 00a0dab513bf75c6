"""Files of a board over its raw REPL: list, read, write and remove, each proved (doctor/board/storage/proof.py)."""

from __future__ import annotations

import base64
import binascii
import contextlib
import hashlib
import posixpath
import re
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from doctor.board import snippets
from doctor.board.board import Board
from doctor.board.repl import TRIES, ReplBroken, ReplTimeout, ReplTraceback
from doctor.board.storage import proof
from doctor.board.storage.own_names import draft_of, second_of
from doctor.errors import BoardError, BoardReset
from doctor.text.escape import shown

WRITE_PIECE_BYTES = 512  #: raw bytes in one command, as Pymakr sends them (board-and-repl.md 3.6)
PACKED_PIECE_BYTES = 768  #: unpacked: code that we send takes at most WRITE_PIECE_BYTES then
SMALLEST_PIECE_BYTES = 128  #: after halving on errors; below that the line is not usable
TRIES_AT_SMALLEST = 3
READ_PIECE_BYTES = 384  #: raw bytes in one line of base64: 512 characters
READ_AT_ONCE_BYTES = 24 * READ_PIECE_BYTES  #: in one command: about 1 s at 115200 baud
READ_MAX_BYTES = 2 << 20  #: a script is a few kB; more than 2 MB would take minutes and does not count as one
HASH_SILENCE_S = 60.0  #: hashing 1 MB of flash prints nothing for several seconds
REMOVE_SILENCE_S = 30.0  #: FAT frees a long file block by block, and an erased block takes tens of ms
WRITE_BYTES_S = 6_000  #: of proved writes over a REPL at 115200 baud (board-and-repl.md 3.6)
CHANGING = "changed while it was read"  #: of a file that a program on the board writes

Tell = Callable[[int], None]  #: hears how many bytes are done; may raise to stop


def unheard(_done: int) -> None:
    """Nobody wants to know how far it is."""


@dataclass(frozen=True)
class BoardFile:
    """A file or folder on a board; ``size_bytes`` is -1 if the board cannot tell.

    Bytes of a name that are no UTF-8 stand in it as ``os.fsdecode`` would put them; ``escape.shown`` shows them.
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


class BoardFileRefused(BoardError):
    """The board itself cannot do with a file or folder what was asked; ``error`` is its own word for why."""

    def __init__(self, path: str, error: str, *, on: str = "") -> None:
        what, cause, step = _in_words(error)
        said = f"the board {what} {shown(path)}: {shown(error)}"
        super().__init__("repl-answers", said, on=on, cause=cause, next=step)
        self.path = path
        self.error = error


class BoardFileChanges(BoardError):
    """A file is another one each time it is read: a program of the board writes it."""

    def __init__(self, path: str, *, on: str = "") -> None:
        super().__init__(
            "repl-answers",
            f"{shown(path)} {CHANGING}",
            on=on,
            cause="a program or a thread on the board writes to it",
            next="stop the program that writes it (`fipy-doctor fix --stop-program`), then run the same command again",
        )
        self.path = path


@dataclass(frozen=True)
class Read:
    """The proved bytes of a file; ``grows``: the board went on writing behind them."""

    data: bytes
    grows: bool = False


def listdir(board: Board, path: str) -> tuple[BoardFile, ...]:
    """The entries of a folder, in the board's order, all of them. Raises BoardFileMissing, BoardError."""
    with _own_errors(board, path):
        told = proof.rows(board, snippets.listing(path), shown(path))
    entries = []
    for value in told:
        if not isinstance(value, list) or len(value) != 3 or type(value[2]) is not int:
            raise _nonsense(board, path)
        name, is_dir, size = value
        entries.append(BoardFile(posixpath.join(path, str(name)), str(name), bool(is_dir), size))
    return tuple(entries)


def walk(board: Board, path: str, depth: int = 2) -> tuple[BoardFile, ...]:
    """The entries of a folder and of its folders, ``depth`` levels deep; a folder with an impossible name stays closed.

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
    value = _one(board, path, snippets.stat(path))
    if not isinstance(value, list) or len(value) != 2 or type(value[1]) is not int:
        raise _nonsense(board, path)
    return BoardFile(path, posixpath.basename(path), bool(value[0]), value[1])


def exists(board: Board, path: str) -> bool:
    """Whether there is something at ``path``. Raises BoardError."""
    try:
        stat(board, path)
    except BoardFileMissing:
        return False
    return True


def read(board: Board, path: str, *, max_bytes: int = READ_MAX_BYTES, tell: Tell = unheard) -> bytes:
    """The content of a file, proved by the board's own hash of it.

    Raises BoardFileMissing, BoardFileRefused (it cannot read it), BoardFileChanges, and
    BoardError if it is too large or the line spoils it.
    """
    for _ in range(TRIES):
        found = read_so_far(board, path, max_bytes=max_bytes, tell=tell)
        if not found.grows:
            return found.data
    raise BoardFileChanges(path, on=board.link.name)


def read_so_far(board: Board, path: str, *, max_bytes: int = READ_MAX_BYTES, tell: Tell = unheard) -> Read:
    """The content that a file has when it is first looked at, proved; it may grow while it is read, as a log does.

    Raises as ``read``; BoardFileChanges if it does not stay what it was.
    """
    for _ in range(TRIES):
        size = stat(board, path).size_bytes
        if size > max_bytes:
            raise BoardError(
                "repl-answers", f"{shown(path)} has {size} bytes, too many to read over the REPL", on=board.link.name
            )
        data = _pieces(board, path, size, tell)
        told, now = _sha256(board, path, size)
        same = hashlib.sha256(data).hexdigest() == told if told is not None else _pieces(board, path, size) == data
        if same and len(data) == size:
            return Read(data, grows=now != size)
    raise BoardFileChanges(path, on=board.link.name)


def sha256(board: Board, path: str) -> str:
    """SHA-256 of a file in hexadecimal, by the board if its release can. Raises BoardFileMissing, BoardError."""
    return _sha256(board, path)[0] or hashlib.sha256(read(board, path)).hexdigest()


def begins_as(board: Board, path: str, size: int, digest: str) -> bool:
    """Whether a file on the board begins with the ``size`` bytes of that SHA-256. Raises BoardError."""
    try:
        told, now = _sha256(board, path, size)
        if told is None and now >= size:
            told = hashlib.sha256(read_so_far(board, path).data[:size]).hexdigest()
    except BoardFileMissing:
        return False
    return now >= size and told == digest


def remove(board: Board, path: str) -> None:
    """Delete a file, and see that it is gone; one that is not there is gone. Raises BoardError."""
    _change(board, path, snippets.remove(path), lambda: not exists(board, path))


def move(board: Board, path: str, target: str) -> None:
    """Give a file another name that is free, and see that it has it. Raises BoardFileMissing, BoardError."""

    def is_there() -> bool:
        return exists(board, target) and not exists(board, path)

    _change(board, path, snippets.move(path, target), is_there)


def make_folder(board: Board, path: str) -> None:
    """Make a folder and those above it, if they are missing. Raises BoardError."""
    if _one(board, path, snippets.make_folder(path)) is not True:
        raise BoardFileRefused(path, "a file has that name", on=board.link.name)


def free_name(board: Board, wanted: str) -> str:
    """``wanted``, or the first name like it that is free on the board: main.py.off, main.py.off2, …"""
    name, number = wanted, 1
    while exists(board, name):
        number += 1
        name = f"{wanted}{number}"
    return name


def write(board: Board, path: str, data: bytes, tell: Tell = unheard, *, may_be_left: bool = True) -> None:
    """Write a file and prove what has its name then by size and SHA-256.

    may_be_left  a file may have its temporary name; False if a listing shows that there is none

    If the release can rename, the old content stays until the new one is proved. What an earlier run left under the
    temporary name is taken if it is ``data``. Raises BoardError if the board refuses (full), or if what it
    holds then is not ``data``; the temporary file is removed then.
    """
    if not board.identify().features.get("os.rename"):
        _write_in_place(board, path, data, tell)
        return
    draft = draft_of(path)
    try:
        if not (may_be_left and _is_left(board, draft, data)):
            _write_in_place(board, draft, data, tell)
        _put_in_place(board, draft, path, data)
    except BoardReset:
        raise  # whatever starts with the board may run now: it is not spoken to
    except (BoardError, KeyboardInterrupt):
        with contextlib.suppress(BoardError):
            if exists(board, path) or not exists(board, second_of(path)):
                remove(board, draft)
        raise


def is_same(board: Board, path: str, data: bytes) -> bool:
    """Whether the board holds just these bytes there. Raises BoardError if it cannot tell."""
    try:
        return _has(board, path, data)
    except BoardFileMissing:
        return False


def _has(board: Board, path: str, data: bytes) -> bool:
    """As ``is_same`` for a file that is there. Raises BoardFileMissing."""
    told, size = _sha256(board, path)
    if told is None and size == len(data):
        return read(board, path) == data
    return size == len(data) and told == hashlib.sha256(data).hexdigest()


def _is_left(board: Board, draft: str, data: bytes) -> bool:
    """Whether an earlier run left ``data`` there. If it left anything else, that goes."""
    with contextlib.suppress(BoardFileMissing):
        if _has(board, draft, data):
            return True
        remove(board, draft)  # LittleFS keeps its blocks until another content is whole
    return False


def send(board: Board, path: str, data: bytes, tell: Tell = unheard, *, may_pack: bool = True) -> None:
    """Write a file in place, in small pieces, proving nothing; ``tell`` hears the bytes so far, and may raise to stop.

    may_pack  the board may unpack pieces; what it unpacked may be wrong, however many bytes it says that it wrote
    Raises BoardFileMissing for a folder that is not there, BoardError if the board refuses (full).
    """
    unpacks = _one(board, path, snippets.open_for_writing(path)) is True and may_pack
    try:
        piece, done, failures, short = WRITE_PIECE_BYTES, 0, 0, -1
        while done < len(data):
            part, packed = _next_piece(data, done, piece, packs=unpacks)
            taken = _taken(board, path, done, packed or part, packed=bool(packed))
            if taken == len(part):
                done += len(part)
                tell(done)
                failures, short = 0, -1
                continue
            if packed:  # a release that unpacks otherwise, no room, or a bad line: all are told from plain pieces
                unpacks = False
                continue
            if 0 <= taken < len(part) and taken == short:
                raise _full(board, path)
            short = taken  # a full file system takes as little the second time; a digit that the line spoiled differs
            failures += piece == SMALLEST_PIECE_BYTES
            if failures >= TRIES_AT_SMALLEST:
                raise proof.LineSpoils(f"{shown(path)} did not reach the board undamaged", on=board.link.name)
            piece = max(SMALLEST_PIECE_BYTES, piece // 2) if taken < 0 else piece
    finally:
        with contextlib.suppress(ReplBroken, ReplTimeout, ReplTraceback):  # but no restart of the board
            board.repl.call(snippets.CLOSE_WRITTEN)


def _next_piece(data: bytes, at: int, size: int, *, packs: bool) -> tuple[bytes, bytes]:
    """A longer piece, and the at most ``size`` bytes that it takes packed; else a plain piece, and nothing."""
    part = data[at : at + PACKED_PIECE_BYTES]
    packed = zlib.compress(part, zlib.Z_BEST_COMPRESSION) if packs else b""
    return (part, packed) if 0 < len(packed) <= min(size, len(part)) else (data[at : at + size], b"")


def _taken(board: Board, path: str, at: int, data: bytes, *, packed: bool) -> int:
    """How much of a piece the board has written; -1 if piece or answer was spoiled, or it could not be unpacked."""
    try:
        taken = board.repl.call(snippets.write_at(at, data, packed=packed))
    except ReplTraceback as err:
        if re.search(r"ENOSPC|\[Errno 28\]|OSError: 28\b", err.error):
            raise _full(board, path) from err
        if not packed and err.error.startswith(("OSError", "MemoryError")):
            raise BoardFileRefused(path, err.error, on=board.link.name) from err
    except (ReplBroken, ReplTimeout) as err:
        if isinstance(err, ReplTimeout) and not board.repl.is_back:
            raise
    else:
        return taken if isinstance(taken, int) else -1
    proof.back_at_prompt(board)
    return -1


def _write_in_place(board: Board, path: str, data: bytes, tell: Tell) -> None:
    """Write under this very name and prove it; what is not right the first time is written again, and not packed."""
    for before in range(TRIES):
        send(board, path, data, tell, may_pack=not before)
        if is_same(board, path, data):
            return
    raise proof.LineSpoils(f"what the board holds as {shown(path)} is not what was sent", on=board.link.name)


def _put_in_place(board: Board, draft: str, path: str, data: bytes) -> None:
    """The draft is proved; a program of the board may write on behind it once it has its name, as to a log."""

    def has_it() -> bool:
        return begins_as(board, path, len(data), hashlib.sha256(data).hexdigest())

    _change(board, path, snippets.replace(draft, path, second_of(path)), lambda: has_it() and not exists(board, draft))
    if not has_it():
        raise BoardFileChanges(path, on=board.link.name)


def _one(board: Board, path: str, code: str, silence_s: float = proof.SILENCE_S) -> object:
    """The one value of a snippet about ``path``."""
    with _own_errors(board, path):
        return proof.one(board, code, shown(path), silence_s=silence_s, total_s=max(silence_s, proof.TOTAL_S))


def _change(board: Board, path: str, code: str, is_done: Callable[[], bool]) -> None:
    """Run a snippet that changes something and says true if that is so then.

    is_done  looks at the board, if the snippet says something else: an answer that got lost does not undo the work,
             and the second time the work cannot be done any more
    """
    failed: BoardError = BoardFileRefused(path, "that name is already used", on=board.link.name)
    try:
        if _one(board, path, code, REMOVE_SILENCE_S) is True:
            return
    except (BoardFileMissing, BoardFileRefused, proof.LineSpoils) as err:
        failed = err
    if not is_done():
        raise failed


def _pieces(board: Board, path: str, size: int, tell: Tell = unheard) -> bytes:
    """Up to ``size`` bytes of a file, each row proved; fewer if the file became shorter while it was read."""
    content = bytearray()
    while len(content) < size:
        wanted = min(READ_AT_ONCE_BYTES, size - len(content))
        with _own_errors(board, path):
            told = proof.rows(board, snippets.read(path, len(content), wanted, READ_PIECE_BYTES), shown(path))
        try:
            piece = b"".join(base64.b64decode(str(value), validate=True) for value in told)
        except binascii.Error as err:
            raise _nonsense(board, path) from err
        content += piece
        if len(piece) < wanted:
            break
        tell(len(content))
    return bytes(content)


def _sha256(board: Board, path: str, size: int | None = None) -> tuple[str | None, int]:
    """The hash of a file, or of its first ``size`` bytes, None if the board cannot hash; and how long it is."""
    with _own_errors(board, path):
        told = proof.rows(
            board, snippets.sha256(path, size), shown(path), silence_s=HASH_SILENCE_S, total_s=HASH_SILENCE_S
        )
    if len(told) != 2 or not isinstance(told[1], int):
        raise _nonsense(board, path)
    return told[0] if isinstance(told[0], str) else None, told[1]


def _full(board: Board, path: str) -> BoardError:
    return BoardError(
        "flash-filesystem-full",
        f"no room for {shown(path)}",
        on=board.link.name,
        cause=f"{_volume(path)} of the board is full",
        next=f"delete files that are not needed from {_volume(path)}",
    )


def _volume(path: str) -> str:
    return "/" + path.strip("/").partition("/")[0]


def _nonsense(board: Board, path: str) -> BoardError:
    return BoardError("repl-answers", f"the board gave no usable answer about {shown(path)}", on=board.link.name)


#: What an error of the board's file system means: its sign, what the board cannot do, why, and what helps.
_MEANINGS = (
    (
        r"EIO|\[Errno 5\]|: 5$",
        "cannot read or write",
        "the file system in the board's flash, or the card, is damaged at that place",
        "`fipy-doctor backup` keeps all the others; `fipy-doctor fix --reset-flash` then repairs the flash, without "
        "that file",
    ),
    (
        r"EACCES|EROFS|EPERM|\[Errno (?:13|30|1)\]|read.?only|denied",
        "may not change",
        "the file or the volume is write-protected",
        "remove the write protection on a PC (a card has a lock switch), or leave that file out",
    ),
    (
        r"ENOSPC|\[Errno 28\]|: 28$",
        "has no room for",
        "the file system of the board is full",
        "delete files that are not needed there",
    ),
)


def _in_words(error: str) -> tuple[str, str, str]:
    for sign, what, cause, step in _MEANINGS:
        if re.search(sign, error):
            return what, cause, step
    return "refuses", "", "see what is on the board with `fipy-doctor check`"


@contextlib.contextmanager
def _own_errors(board: Board, path: str) -> Iterator[None]:
    """Turns what the board raised about ``path`` into an error that names it.

    Both wordings of "no such file" (board-and-repl.md 4, error texts) become BoardFileMissing.
    """
    try:
        yield
    except ReplTraceback as err:
        if re.search(r"ENOENT|\[Errno 2\]|no such file or directory|error removing file", err.error):
            raise BoardFileMissing(path, on=board.link.name) from err
        raise BoardFileRefused(path, err.error, on=board.link.name) from err
