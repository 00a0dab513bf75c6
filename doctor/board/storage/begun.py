"""What was begun with the files of a board and is not known to have ended: kept on the PC until all is in its place.

A record is written before anything is removed, replaced or formatted. Who finds one brings what it names to the board;
it goes once the board holds every file of it.
"""

from __future__ import annotations

import hashlib
import json
import posixpath
import re
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from doctor.board.board import Board
from doctor.board.storage import files
from doctor.board.storage.flash_copy import Say, teller
from doctor.board.storage.kept_files import ROOT, read_folder
from doctor.board.storage.room import name_key
from doctor.board.storage.upload import KeepCopy
from doctor.board.unique_id import unique_id
from doctor.clock import Now, utc_now
from doctor.documents.json_file import count_in, place_in, read_bounded, read_json, text_in, write_whole
from doctor.errors import BoardError, CardError, DoctorError, UsageError, reason
from doctor.text.command import Command
from doctor.text.escape import counted, first_of, shown

SCHEMA = "fipy-doctor/begun/1"
MAX_BYTES = 16 << 20
DAMAGED = "the disk of this computer was full, or something changed that file"
MEND_RECORD = (
    "check that the board has all its files; then move this record to another folder, and run the same command again; "
    "copies of the board's files are in the folder for backups, and `fipy-doctor restore` brings them back with the "
    "name of such a copy behind it"
)
ANOTHER = "DIR"  #: stands for a folder that the user chooses
_NAME = re.compile(r"[0-9a-f]{1,32}-[a-z-]{1,40}\.json")


@dataclass(frozen=True)
class Goal:
    """A file that is to be on the board: its path there, size and SHA-256, and the file on the PC with its bytes."""

    path: str
    size_bytes: int
    sha256: str
    source: str


@dataclass(frozen=True)
class Begun:
    """One change of a board's files.

    board    the board's number (unique_id)
    what     reset-flash, upload-scripts, restore
    command  words behind ``fipy-doctor`` that bring it to its end
    folder   where copies of the board's files lie
    files    what is to be on the board in the end
    at       when it was begun, UTC
    cleared  the flash was formatted; never so if nothing is formatted
    """

    board: str
    what: str
    command: tuple[str, ...]
    folder: str
    files: tuple[Goal, ...]
    at: str
    cleared: bool = False

    @property
    def words(self) -> str:
        """One clause about it."""
        return f"{self.what} of {self.at[:16].replace('T', ' ')} UTC was not finished; copies are in {self.folder}"


class Book:
    """The records of all boards; ``place`` is the folder that holds them, None keeps none."""

    def __init__(self, place: Path | None) -> None:
        self._place = place

    def write(self, begun: Begun) -> None:
        """Keep it; it takes the place of an older one of its kind. Raises CardError: nothing may be changed then."""
        if self._place is None:
            return
        path = self._place / f"{begun.board}-{begun.what}.json"
        try:
            write_whole(path, json.dumps({"schema": SCHEMA, **asdict(begun)}, indent=1).encode())
        except OSError as err:
            raise CardError(
                "backup-not-writable",
                f"no record can be written there: {reason(err)}; nothing was changed on the board",
                on=str(self._place),
                cause="the disk is full, or the folder is not yours to write",
                next="make room there, or name another folder for such records (FIPY_DOCTOR_STATE_DIR=FOLDER)",
            ) from err

    def clear(self, begun: Begun) -> None:
        """It has come to its end."""
        if self._place is not None:
            with suppress(OSError):
                (self._place / f"{begun.board}-{begun.what}.json").unlink()

    @property
    def any(self) -> bool:
        """Whether there is a record of any board: if there is none, none need be asked for its number."""
        with suppress(OSError):
            return self._place is not None and any(_NAME.fullmatch(path.name) for path in self._place.iterdir())
        return False

    def of(self, board: str) -> tuple[Begun, ...]:
        """All that is known of a board, oldest first."""
        return tuple(sorted((one for one in self._look(board) if isinstance(one, Begun)), key=lambda one: one.at))

    def damaged(self, board: str, what: str = "") -> tuple[Path, ...]:
        """Files that have the name of a record of this board, of that kind, and cannot be read as one."""
        found = (one for one in self._look(board) if isinstance(one, Path))
        return tuple(path for path in found if what in ("", path.stem.partition("-")[2]))

    def _look(self, board: str) -> Iterator[Begun | Path]:
        with suppress(OSError):
            for path in sorted(self._place.iterdir()) if self._place is not None else ():
                if path.name.startswith(f"{board}-") and _NAME.fullmatch(path.name):
                    try:
                        yield _read(path)
                    except (OSError, ValueError, KeyError, TypeError):
                        yield path


class NotedBook(Book):
    """A book whose answers a trace keeps, and a replay has from there.

    known  of the bench (Bench.known)
    """

    def __init__(self, place: Path | None, known: Callable[..., Any]) -> None:
        super().__init__(place)
        self._known = known

    @property
    def any(self) -> bool:
        """As of any book."""
        return bool(self._known("begun_any", bool, lambda: Book(self._place).any, default=False))

    def of(self, board: str) -> tuple[Begun, ...]:
        """As of any book."""
        look = super().of
        return tuple(self._known("begun", tuple[Begun, ...], lambda: look(board), default=()))

    def damaged(self, board: str, what: str = "") -> tuple[Path, ...]:
        """As of any book."""
        look = super().damaged
        return tuple(self._known("begun_damaged", tuple[Path, ...], lambda: look(board, what), default=()))


def begin(
    board: Board, what: str, command: Command, folder: Path, goals: tuple[Goal, ...], now: Now = utc_now
) -> Begun:
    """A new record of ``board``, not written yet. Raises BoardError."""
    at = now().isoformat(timespec="seconds")
    return Begun(unique_id(board), what, command.words()[1:], str(folder.absolute()), goals, at)


def unfinished(board: Board, book: Book, what: str = "") -> tuple[Begun, ...]:
    """What was begun with this board; ``what``: only that. Raises BoardError."""
    if not book.any:
        return ()
    return tuple(one for one in book.of(unique_id(board)) if what in ("", one.what))


def damaged(board: Board, book: Book, what: str = "") -> tuple[Path, ...]:
    """Records of this board that cannot be read; ``what``: only of that kind. Raises BoardError."""
    return book.damaged(unique_id(board), what) if book.any else ()


def earlier(board: Board, book: Book, what: str) -> tuple[Begun, ...]:
    """``unfinished``; also raises BoardError if nobody can tell whether an earlier ``what`` has come to its end."""
    for path in damaged(board, book, what):
        raise BoardError(
            "board-files-complete",
            f"the record of an earlier {what} of this board cannot be read; nothing was changed",
            on=str(path),
            cause=DAMAGED,
            next=MEND_RECORD,
        )
    return unfinished(board, book, what)


def owed(board: Board, earlier: Collection[Begun], coming: Collection[str]) -> tuple[Goal, ...]:
    """Files that the board lacks because of what was begun, but for those of the paths ``coming``. Raises BoardError.

    Who puts another record in the place of the earlier ones takes these over: a file too many can be deleted, one of
    which nothing tells any more is lost.
    """
    lacking = {goal.path: goal for one in earlier for goal in gone(board, one)}
    if not lacking:
        return ()
    key = name_key(board)
    there = {key(path) for path in coming}
    return tuple(goal for path, goal in lacking.items() if key(path) not in there)


def known_paths(board: Board, book: Book) -> frozenset[str]:
    """Paths of the board's files that its records name. Raises BoardError."""
    return frozenset(goal.path for one in unfinished(board, book) for goal in one.files)


def missing(board: Board, begun: Begun) -> tuple[Goal, ...]:
    """The files that the board does not hold yet. Raises BoardError."""
    return tuple(goal for goal in begun.files if not _is_there(board, goal))


def gone(board: Board, begun: Begun) -> tuple[Goal, ...]:
    """The files that the board lacks because of what was begun. Raises BoardError.

    If nothing was formatted, a file that is there and is another one by now may be so by the user's will.
    """
    if begun.cleared:
        return missing(board, begun)
    return tuple(goal for goal in begun.files if not files.exists(board, goal.path))


def onward(begun: Begun) -> Command:
    """The command that brings it to its end; ``ANOTHER`` stands in it for a folder that cannot be used any more."""
    command = Command.of_words(begun.command)
    if command.verb == "restore" and not any(map(_is_usable, command.args[:1])):
        return replace(command, args=(ANOTHER,))
    if command.scripts is not None and not Path(command.scripts).is_dir():
        return replace(command, scripts=ANOTHER)
    return command


def remark(command: Command) -> str:
    """What to know about a command that ``onward`` has made; "" for nothing."""
    if ANOTHER not in command.words():
        return ""
    return (
        f"{ANOTHER} stands for a folder to bring to the board: the one that was named cannot be used, or is not on "
        "this computer any more; what can still be found of its files comes too"
    )


def finish(board: Board, book: Book, begun: Begun, keep_copy: KeepCopy, say: Say) -> int:
    """Bring to the board what is missing, each file proved, and drop the record; how many those were.

    keep_copy  keeps what the board has under such a name by now

    Raises BoardError, and UsageError if the PC has lost a file, or if the board's FAT takes the names of two for one
    (the record of a board whose file system was another), after all the others are there. The record is
    dropped all the same if nothing was formatted, or the board has a file of that name at least: the next run does
    not end here again. If the flash was formatted, ``give_up`` drops it.
    """
    left = missing(board, begun)
    lost, second = [], []
    key = name_key(board)
    held = {key(goal.path): goal for goal in begun.files if goal not in left}
    for goal in left:
        if held.setdefault(key(goal.path), goal) is not goal:
            second.append(goal)
            continue
        data = content(goal)
        if data is None:
            lost.append(goal)
            continue
        say(f"writing {shown(goal.path)}, {counted(len(data), 'byte')}")
        if files.exists(board, goal.path):
            keep_copy(goal.path, files.read(board, goal.path, max_bytes=MAX_BYTES))
        files.make_folder(board, posixpath.dirname(goal.path))
        files.write(board, goal.path, data, teller(say, len(data)))
    if lost:
        if not begun.cleared or all(files.exists(board, goal.path) for goal in lost):
            book.clear(begun)
        raise lost_on_pc(begun, lost)
    book.clear(begun)
    if second:
        raise _second_of_a_name(held[key(second[0].path)], second)
    return len(left)


def _second_of_a_name(first: Goal, second: Sequence[Goal]) -> UsageError:
    names = first_of([goal.path for goal in second])
    return UsageError(
        "name-not-for-board",
        f"{names} and {shown(first.path)} are one name on the board's FAT; everything else is there",
        on=shown(second[0].source, 1000),
        next=f"copy that file to a folder of its own under another name, and run {Command('restore', (ANOTHER,))}",
    )


def settle(board: Board, book: Book, brought: Collection[str]) -> None:
    """Drop what the records of this board say of the paths ``brought``: by now the user wants something else there.

    A record goes once the board holds all that is left of it. Raises BoardError, CardError.
    """
    records = unfinished(board, book)
    if not records:
        return
    key = name_key(board)
    there = {key(path) for path in brought}
    for begun in records:
        left = replace(begun, files=tuple(goal for goal in begun.files if key(goal.path) not in there))
        if begun.files and not missing(board, left):
            book.clear(begun)
        elif left != begun:
            book.write(left)


def _is_there(board: Board, goal: Goal) -> bool:
    """Whether the board holds it; a log to which the board's program writes on is there, too."""
    return files.begins_as(board, goal.path, goal.size_bytes, goal.sha256)


def _is_usable(folder: str) -> bool:
    with suppress(DoctorError, OSError):
        return bool(read_folder(Path(folder)))
    return False


def content(goal: Goal) -> bytes | None:
    """The bytes of a file on the PC; None if they are not there any more."""
    try:
        data = read_bounded(Path(goal.source), MAX_BYTES, follow=True)
    except (OSError, ValueError):
        return None
    return data if hashlib.sha256(data).hexdigest() == goal.sha256 else None


def lost_on_pc(begun: Begun, lost: Sequence[Goal]) -> UsageError:
    """The error for files that were to go to the board, and whose bytes are gone from the PC."""
    names = first_of([goal.path for goal in lost])
    step = f"run the same command again; copies of what the board held are in {begun.folder}"
    if begun.cleared:
        again = Command.of_words([*begun.command, "--put-back", "none"])
        step = f"bring that file back and run the same command again; or finish without the lost files: {again}"
    return UsageError(
        "no-board-backup",
        f"{names} should go to the board, but the file is not on this computer any more; everything else is there",
        on=shown(lost[0].source, 1000),
        cause="a folder was moved or deleted, or a drive is not plugged in",
        next=step,
    )


def _read(path: Path) -> Begun:
    data = read_json(path, MAX_BYTES)
    if not isinstance(data, dict) or data.get("schema") != SCHEMA:
        raise ValueError("is not a record")
    listed, command = data["files"], data["command"]
    if not isinstance(listed, list) or not isinstance(command, list) or not isinstance(data["cleared"], bool):
        raise ValueError("is not a record")
    words = tuple(map(place_in, command))
    goals = tuple(
        Goal(text_in(one["path"]), count_in(one["size_bytes"]), text_in(one["sha256"]), place_in(one["source"]))
        for one in listed
    )
    board, what, at = (text_in(data[name]) for name in ("board", "what", "at"))
    if path.name != f"{board}-{what}.json":
        raise ValueError("is the record of another board")
    ours = _without_places(Command.of_words(words)).words()
    if words[:1] not in (("fix",), ("restore",)) or "--yes" in words or not all(map(str.isprintable, ours)):
        raise ValueError("names a command that ends nothing")
    if not all(goal.path.startswith(ROOT + "/") and ".." not in goal.path.split("/") for goal in goals):
        raise ValueError("names files that are not in /flash")
    datetime.fromisoformat(at)
    return Begun(board, what, words, place_in(data["folder"]), goals, at, data["cleared"])


def _without_places(command: Command) -> Command:
    """``command`` without what names files of this computer, which may hold anything."""
    args = command.args[1:] if command.verb == "restore" else command.args
    return replace(command, args=args, firmware=(), updater_elf=None, bootrom=None, sd=None, scripts=None, backup=None)
