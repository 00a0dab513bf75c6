"""Files of the PC onto a board's /flash: first what would change, then the change, every file proved."""

from __future__ import annotations

import posixpath
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from doctor.board import files
from doctor.board.board import Board
from doctor.board.file_names import same_on_fat, why_not
from doctor.board.flash_copy import DEPTH, MAX_BYTES, Say, quiet
from doctor.board.kept_files import MANIFEST, ROOT, Kept, KeptFiles
from doctor.errors import BoardError, Stopped, UsageError
from doctor.escape import shown
from doctor.plural import counted
from doctor.scripts import ScriptKind, classify

CLUSTER_BYTES = 4096  #: what one file takes at least on /flash: an erase block of the flash chip
SPARE_BYTES = 2 * CLUSTER_BYTES  #: for folders that grow

#: Kinds of file that are no script whatever their name says; how good a real one is, its author knows best.
NO_SCRIPTS = frozenset(
    {
        ScriptKind.HTML,
        ScriptKind.XML,
        ScriptKind.JSON,
        ScriptKind.ERROR_TEXT,
        ScriptKind.ZIP,
        ScriptKind.GZIP,
        ScriptKind.ARCHIVE,
        ScriptKind.APPLEDOUBLE,
        ScriptKind.DOCUMENT,
        ScriptKind.UTF16,
        ScriptKind.BINARY,
    }
)

KeepCopy = Callable[[str, bytes], Path]  #: keeps what is replaced, (path on the board, content) -> where


@dataclass(frozen=True)
class Changes:
    """What an upload would do.

    new       files that the board does not have
    replaced  files that the board has with other content
    same      files that are there already
    removed   files on the board that the folder does not have; only where a clean upload was asked for
    folders   folders to make
    nameless  paths that a clean upload should remove and cannot: their names are no text
    """

    new: tuple[Kept, ...]
    replaced: tuple[Kept, ...]
    same: tuple[Kept, ...]
    removed: tuple[files.BoardFile, ...] = ()
    folders: tuple[str, ...] = ()
    nameless: tuple[str, ...] = ()

    @property
    def any(self) -> bool:
        """Whether there is anything to do."""
        return bool(self.new or self.replaced or self.removed or self.folders)

    def lines(self) -> tuple[str, ...]:
        """The plan, one line a change."""
        return (
            *(f"remove {shown(one.path)}, {one.size_bytes:,} bytes" for one in self.removed),
            *(f"make the folder {shown(path)}" for path in self.folders),
            *(f"write {shown(one.path)}, {one.size_bytes:,} bytes" for one in self.new),
            *(f"replace {shown(one.path)}, {one.size_bytes:,} bytes" for one in self.replaced),
            *(f"leave {shown(path)}: its name is no text; fix --reset-flash removes it" for path in self.nameless),
        )


def refuse_bad_scripts(source: KeptFiles) -> None:
    """Nothing that only looks like a script goes to a board from a folder of the user's. Raises UsageError."""
    for one in source.files:
        if not one.path.endswith(".py"):
            continue
        verdict = classify(posixpath.basename(one.path), source.content(one))
        if verdict.kind in NO_SCRIPTS:
            raise UsageError(
                verdict.catalogue or "corrupt-upload",
                f"the file {verdict.text}; nothing was written",
                on=str(source.where[one.path]),
                next="get the script itself, or take the file out of the folder",
            )


def refuse_bad_names(board: Board, source: KeptFiles) -> None:
    """Nothing is written where a name is none for this board's /flash. Raises BoardError."""
    fat = board.identify().era.flash_is_fat
    paths = [*source.folders, *(one.path for one in source.files)]
    for path in paths:
        problem = next(filter(None, (why_not(part, fat=fat) for part in path.split("/"))), "")
        if problem:
            raise BoardError(
                "name-not-for-board",
                f"the name {shown(path.removeprefix(ROOT + '/'))} {problem}; nothing was written",
                on=str(source.folder),
                next="give the file another name, or take it out of the folder",
            )
    twice = same_on_fat(paths) if fat else None
    if twice is not None:
        names = " and ".join(shown(path.removeprefix(ROOT + "/")) for path in twice)
        raise BoardError(
            "name-not-for-board",
            f"{names} differ in case only, and are one name on the board's FAT; nothing was written",
            on=str(source.folder),
            next="give one of them another name, or take it out of the folder",
        )


def compare(board: Board, source: KeptFiles, which: tuple[Kept, ...] | None = None, *, clean: bool = False) -> Changes:
    """What it takes to bring ``source`` to /flash; ``which``: only these files. Changes nothing.

    clean  files on the board that the source does not have are to go
    Raises BoardError: where the board cannot be read, and where there is no room, by then with nothing written.
    """
    wanted = source.files if which is None else which
    key = str.upper if board.identify().era.flash_is_fat else str  # FAT finds MAIN.PY under main.py
    there = {key(entry.path): entry for entry in files.walk(board, ROOT, DEPTH)}
    new, replaced, same = [], [], []
    for one in wanted:
        entry = there.get(key(one.path))
        if entry is None:
            new.append(one)
        elif entry.is_dir:
            raise _in_the_way(board, one.path, "a folder")
        elif entry.size_bytes == one.size_bytes and files.sha256(board, one.path) == one.sha256:
            same.append(one)
        else:
            replaced.append(one)
    parents = {posixpath.dirname(one.path) for one in wanted} - {ROOT}
    folders = sorted(parents if which is not None else parents | set(source.folders))
    for path in folders:
        if key(path) in there and not there[key(path)].is_dir:
            raise _in_the_way(board, path, "a file")
    ours = {key(one.path) for one in source.files}
    gone = [e for path, e in there.items() if clean and not e.is_dir and path not in ours]
    removed = [entry for entry in gone if entry.is_named]
    left = tuple(entry.path for entry in gone if not entry.is_named)
    missing = tuple(path for path in folders if key(path) not in there)
    changes = Changes(tuple(new), tuple(replaced), tuple(same), tuple(removed), missing, left)
    _refuse_without_room(board, changes, {one.path: there[key(one.path)] for one in replaced})
    return changes


def carry_out(board: Board, source: KeptFiles, changes: Changes, keep_copy: KeepCopy, say: Say = quiet) -> int:
    """Do it: copies of what goes first, then removing, then writing; returns how many files were written.

    Whatever breaks it off, each file on the board is the old one or the new one. Raises BoardError, CardError,
    UsageError, Stopped for Ctrl-C.
    """
    written = 0
    try:
        for path in (*(e.path for e in changes.removed), *(one.path for one in changes.replaced)):
            say(f"keeping a copy of {shown(path)}")
            keep_copy(path, files.read(board, path, max_bytes=MAX_BYTES))
        for entry in changes.removed:
            files.remove(board, entry.path)
        for path in changes.folders:
            files.make_folder(board, path)
        for one in (*changes.replaced, *changes.new):
            say(f"writing {shown(one.path)}, {one.size_bytes:,} bytes")
            files.write(board, one.path, source.content(one))
            written += 1
    except KeyboardInterrupt:
        total = len(changes.replaced) + len(changes.new)
        raise Stopped(
            f"stopped; {written} of {counted(total, 'file')} written, the others on the board are as they were",
            next="run the same command again: it goes on where it stopped",
        ) from None
    return written


def _refuse_without_room(board: Board, changes: Changes, old: dict[str, files.BoardFile]) -> None:
    """A file that is replaced (``old`` by its path) needs room beside the old one until it is proved."""
    free = board.identify().free_bytes
    if free is None:
        return
    free += sum(_on_flash(entry.size_bytes) for entry in changes.removed)
    need = sum(_on_flash(one.size_bytes) for one in changes.new) + CLUSTER_BYTES * len(changes.folders)
    grown = [max(0, _on_flash(one.size_bytes) - _on_flash(old[one.path].size_bytes)) for one in changes.replaced]
    need += sum(grown) + max((_on_flash(one.size_bytes) for one in changes.replaced), default=0)
    if need and need + SPARE_BYTES > free:
        raise BoardError(
            "flash-filesystem-full",
            f"the files need {need + SPARE_BYTES:,} bytes on /flash, and {free:,} are free; nothing was written",
            on=board.link.name,
            cause="the board's flash is nearly full",
            next="delete what is not needed from /flash; or restore --clean, which removes what DIR does not have",
        )


def _on_flash(size_bytes: int) -> int:
    return -(-max(1, size_bytes) // CLUSTER_BYTES) * CLUSTER_BYTES


def _in_the_way(board: Board, path: str, what: str) -> BoardError:
    return BoardError(
        "corrupt-upload",
        f"{what} called {shown(path)} is in the way; nothing was written",
        on=board.link.name,
        next=f"rename or remove it, on the board or in the folder ({MANIFEST} lists a backup's files)",
    )
