"""The updater core on the board: put there, proved by hash, and started.

All files of doctor/updater/ go over, since the board plans and refuses as the PC does, but without what only people
read (lean.py); what runs there was tested here in this very form (tests/updater/test_card_run_micropython.py). Only
files that differ are sent.
"""

from __future__ import annotations

import hashlib
import posixpath
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from importlib.resources import files as files_of

from doctor.board import snippets
from doctor.board.board import Board
from doctor.board.lean import lean_package
from doctor.board.storage import files, own_names, proof
from doctor.board.storage.room import room_on
from doctor.errors import BoardError

#: No frozen module has this name, so nothing shadows it (board-and-repl.md 2.3).
PACKAGE = "fipyup"
FOLDER = f"/flash/lib/{PACKAGE}"
FIRST = "__init__.py"  #: the first that is written and the last that is taken away
HASH_SILENCE_S = 30.0
SAY_EVERY_BYTES = 32 << 10
#: For estimates, at 115200 baud on the simulated bench: the questions that prove one file, and its bytes, packed.
FILE_S, BYTES_S = 0.55, 9_000
FULL = "flash-filesystem-full"

#: What updater/plan.py's ImageFacts holds, but the size: the part of a pair comes last, and may be left out.
ImageTuple = tuple[str, str, str, int, int, str] | tuple[str, str, str, int, int, str, int]


@dataclass(frozen=True)
class Other:
    """A further file of a flash, on the board's card; members as of Order."""

    path: str
    sha256: str = ""
    image: ImageTuple | None = None


@dataclass(frozen=True)
class Order:
    """What the board is to flash, and with which consents.

    path         on the board
    sha256       what the file must be; empty: whatever lies there
    image        what the PC found out about it, as in updater/plan.py; None: the board looks itself
    second       the second file of 48829
    updater_elf  the updater image for a modem in its boot ROM
    first_done   the first file of 48829 is in the modem already
    """

    path: str
    method: str = "auto"
    accept: tuple[str, ...] = ()
    was: int = 0
    sha256: str = ""
    image: ImageTuple | None = None
    second: Other | None = None
    updater_elf: Other | None = None
    first_done: bool = False

    def code(self) -> str:
        """The call that carries it out, in Python for the board."""
        others = {"second": self.second, "updater_elf": self.updater_elf}
        more = "".join(f", {name}={other.path!a}" for name, other in others.items() if other is not None)
        files: list[Order | Other] = [self, *(other for other in others.values() if other is not None)]
        known = {file.path: (file.sha256, file.image) for file in files if file.sha256 or file.image is not None}
        return (
            "import sys\n"
            f"for _fd_n in [n for n in sys.modules if n.split('.')[0] == '{PACKAGE}']:\n"
            " del sys.modules[_fd_n]\n"
            f"import {PACKAGE}\n"
            f"{PACKAGE}.run({self.path!a}, method={self.method!a}, accept={self.accept!a}, "
            f"was={self.was:d}, tagged=True, first_done={self.first_done}, known={known!a}{more})\n"
        )


@cache
def core_files() -> dict[str, bytes]:
    """The files of the updater core by name, as they lie on a board."""
    home = files_of("doctor.updater")  # in a folder or in a zip
    there = sorted(home.iterdir(), key=lambda file: file.name)
    sources = {file.name: file.read_text("utf-8") for file in there if file.name.endswith(".py")}
    return {name: made.encode() for name, made in lean_package(sources, api=("run", "show")).items()}


def own_files(board: Board) -> frozenset[str]:
    """Paths of what this program has put on the board, known by its hash: the rest of that folder is the user's."""
    there = _hashes(board)
    if not there:  # on most boards: what would lie there need not be made
        return frozenset()
    ours = {*core_files().items(), (FIRST, _unfinished())}
    wanted = {(name, hashlib.sha256(data).hexdigest()) for name, data in ours}
    return frozenset(f"{FOLDER}/{name}" for name, digest in there.items() if (name, digest) in wanted)


def missing(board: Board) -> dict[str, int]:
    """Bytes by name of what ``install`` would send, as far as sizes tell; asks one question. Raises BoardError."""
    sizes = _sizes(board)
    return {name: len(data) for name, data in core_files().items() if sizes.get(name) != len(data)}


def usual_s(missing: Mapping[str, int]) -> float:
    """Seconds that ``install`` usually takes for files of these sizes."""
    return (len(missing) + bool(missing)) * FILE_S + sum(missing.values()) / BYTES_S


def install(
    board: Board, say: Callable[[str], None] = lambda _text: None, between: Callable[[], None] = lambda: None
) -> int:
    """Bring the core on the board up to date, every file proved by its SHA-256; returns how many were sent.

    between  called before each piece of a file; what it raises ends the work, which the next time goes on where it was

    Until all files are there the package cannot be imported: whatever ends the work, no two versions run together.
    Raises BoardError if there is no room for all of it, if a package of the user's has its name, or if a file
    is not what was sent. If the board gets full, the updater is taken away whole, an older one as well.
    """
    wanted = core_files()
    there = _hashes(board)
    missing = [name for name, data in wanted.items() if there.get(name) != hashlib.sha256(data).hexdigest()]
    if not missing:
        _tidy(board, there)
        return 0
    sizes = _sizes(board)
    _refuse_foreign(board, sizes, missing)
    total = sum(len(wanted[name]) for name in missing)
    _need_room(board, {name: len(wanted[name]) for name in {*missing, FIRST}}, sizes)
    say(f"copying the updater to the board, where it stays: {FOLDER}, {len(missing)} files, {total:,} bytes")
    _make_folder(board)
    sent = said = 0
    try:
        for name, data in (
            (FIRST, _unfinished()),
            *((name, wanted[name]) for name in missing if name != FIRST),
            (FIRST, wanted[FIRST]),
        ):
            if sent - said >= SAY_EVERY_BYTES:
                said = sent
                say(f"the updater: {sent:,} of {total:,} bytes are on the board")
            path = f"{FOLDER}/{name}"
            is_left = posixpath.basename(own_names.draft_of(path)) in sizes
            files.write(board, path, data, lambda _bytes: between(), may_be_left=is_left)
            sent += len(data)
    except BoardError as err:
        if err.id == FULL:
            _take_away(board, wanted, made=not sizes)
            raise _no_room(board, None) from err
        raise
    _tidy(board, sizes)
    return len(missing)


def _tidy(board: Board, there: Iterable[str]) -> None:
    """Remove what an install that was cut off has left beside the files."""
    for name in there:
        if own_names.is_ours(name):
            files.remove(board, f"{FOLDER}/{name}")


def _title() -> bytes:
    """How the first file of every version of ours begins."""
    return core_files()[FIRST].split(b"\n", 1)[0]


def _unfinished() -> bytes:
    """The first file while others are on their way: files of two versions must not run together."""
    text = "only half of the updater is here: run the flash again on the computer, or with --via usb"
    return _title() + f'\nraise ImportError("{text}")\n'.encode()


def _sizes(board: Board) -> dict[str, int]:
    """What lies in the folder, by name; empty if there is none."""
    try:
        return {entry.name: entry.size_bytes for entry in files.listdir(board, FOLDER) if not entry.is_dir}
    except files.BoardFileMissing:
        return {}


def _make_folder(board: Board) -> None:
    """Make our folder. Raises BoardError, which names the file of the user's that has its place, if that is why."""
    try:
        files.make_folder(board, FOLDER)
    except (files.BoardFileRefused, files.BoardFileMissing) as err:
        for path in (posixpath.dirname(FOLDER), FOLDER):
            if files.exists(board, path) and not files.stat(board, path).is_dir:
                raise _taken(f"the board has a file {path} where a folder belongs; it was not changed", path) from err
        raise


def _refuse_foreign(board: Board, there: Mapping[str, int], missing: Sequence[str]) -> None:
    """Raise if a file of the user's would be replaced.

    Its first file does not begin as that of every version of ours; or there is none, and ours is the first that is
    written and the last that is taken away.
    """
    begin = _title().rstrip(b'"')  # older ones go on in the next line
    path = f"{FOLDER}/{FIRST}"
    names = (path, own_names.second_of(path))  # power may have gone while FAT had it under the second
    first = next((name for name in names if posixpath.basename(name) in there), None)
    if first is None:
        if not any(name in there for name in missing):
            return
    elif files.begins_as(board, first, len(begin), hashlib.sha256(begin).hexdigest()):
        return
    raise _taken(f"the board has another package called {PACKAGE}; it was not changed", FOLDER)


def _taken(what: str, path: str) -> BoardError:
    """Something of the user's at ``path`` has the place of the updater."""
    return BoardError(
        "via-card",
        what,
        on=path,
        cause=f"the updater that flashes from the card needs that place and that name ({PACKAGE})",
        next=f"run the same flash with --via usb, which needs nothing on the board; or give {path} another name",
    )


def _need_room(board: Board, missing: Mapping[str, int], there: Mapping[str, int]) -> None:
    """Raise if not all of it fits; each file is written beside the old one that it replaces."""
    room = room_on(board)
    if room.free_bytes is None:
        return
    old = {name: room.file_bytes(there[name]) for name in missing if name in there}
    need = sum(room.file_bytes(size) - old.get(name, 0) for name, size in missing.items())
    need += max(old.values(), default=0) + (0 if there else room.folder_bytes) + room.spare_bytes
    if need > room.free_bytes:
        raise _no_room(board, (need, room.free_bytes))


def _no_room(board: Board, counted: tuple[int, int] | None) -> BoardError:
    said = (
        f"it needs {counted[0]:,} bytes, and {counted[1]:,} are free"
        if counted
        else "the board says that its flash is full"
    )
    return BoardError(
        FULL,
        f"no room on /flash for the updater that flashes from the card: {said}; nothing was left behind",
        on=board.link.name,
        cause="the board's flash is nearly full",
        next="run the same flash with --via usb, which needs no room on the board; or delete files from /flash",
    )


def _take_away(board: Board, names: Collection[str], *, made: bool) -> None:
    """Remove all of the updater, also what an older version had of it, and the folder if it was made for that."""
    there = _sizes(board)
    with suppress(BoardError):
        for name in sorted(there, key=lambda name: name == FIRST):
            if name in names or own_names.is_ours(name):
                files.remove(board, f"{FOLDER}/{name}")
        if made:
            files.remove(board, FOLDER)


def _hashes(board: Board) -> dict[str, str]:
    """SHA-256 by name of what lies in the folder; empty if there is none, or if the board cannot hash."""
    told = proof.rows(board, snippets.hashes(FOLDER), FOLDER, silence_s=HASH_SILENCE_S)
    return {str(value[0]): str(value[1]) for value in told if isinstance(value, list) and len(value) == 2}


def start(board: Board, order: Order) -> bytes:
    """Start the updater; returns what it printed already, for ``at_work.events``. From here on the REPL is not ours."""
    board.repl.send(order.code())
    return board.repl.hand_over()
