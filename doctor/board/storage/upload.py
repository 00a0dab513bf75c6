"""Files of the PC onto a board's /flash: first what would change, then the change, every file proved."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from doctor.board import onboard
from doctor.board.board import Board
from doctor.board.storage import files, own_names
from doctor.board.storage.file_names import same_on_fat, why_not
from doctor.board.storage.flash_copy import DEPTH, Say, quiet, teller
from doctor.board.storage.kept_files import MANIFEST, MAX_BYTES, ROOT, Kept, KeptFiles
from doctor.board.storage.room import Room, is_fat, room_on
from doctor.errors import BoardError, Stopped, UsageError
from doctor.firmware.scripts import ScriptKind, classify
from doctor.text.escape import counted, shown

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
    """What an upload would do, in this order.

    back      old files that an interrupted upload left waiting, as (where it waits, its name): they get it back
    removed   files on the board that go: those that the folder does not have, if a clean upload was asked for, and
              what earlier uploads left unfinished
    folders   folders to make
    replaced  files that the board has with other content
    new       files that the board does not have
    same      files that are there already
    nameless  paths that a clean upload should remove and cannot: their names are no text
    tight     paths of ``replaced`` that have no room beside their old content: that goes first, once its copy is proved
    """

    new: tuple[Kept, ...]
    replaced: tuple[Kept, ...]
    same: tuple[Kept, ...] = ()
    removed: tuple[files.BoardFile, ...] = ()
    folders: tuple[str, ...] = ()
    nameless: tuple[str, ...] = ()
    back: tuple[tuple[str, str], ...] = ()
    tight: frozenset[str] = frozenset()

    @property
    def any(self) -> bool:
        """Whether there is anything to do."""
        return bool(self.new or self.replaced or self.removed or self.folders or self.back)

    def lines(self) -> tuple[str, ...]:
        """The plan, one line a change."""
        return (
            *(f"give {shown(name)} its name back: an earlier upload was interrupted" for _, name in self.back),
            *(f"remove {_told(one)}" for one in self.removed),
            *(f"make the folder {shown(path)}" for path in self.folders),
            *(f"replace {self._replaced(one)}" for one in self.replaced),
            *(f"write {shown(one.path)}, {one.size_bytes:,} bytes" for one in self.new),
            *(f"leave {shown(path)}: its name is not text; fix --reset-flash removes it" for path in self.nameless),
        )

    def _replaced(self, one: Kept) -> str:
        first = ", the old one removed first: there is no room for both" if one.path in self.tight else ""
        return f"{shown(one.path)}, {one.size_bytes:,} bytes{first}"


def _told(one: files.BoardFile) -> str:
    why = ", which an earlier upload left unfinished" if own_names.is_ours(one.path) else ""
    return f"{shown(one.path)}, {one.size_bytes:,} bytes{why}"


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
    """Nothing is written if this board's /flash cannot hold a name. Raises BoardError."""
    fat = is_fat(board)
    paths = [*source.folders, *(one.path for one in source.files)]
    for path in paths:
        problem = next(filter(None, (why_not(part, fat=fat) for part in path.split("/"))), "")
        if path not in source.folders and own_names.is_ours(path):
            problem = "is one that fipy-doctor uses for unfinished files, and deletes"
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
            f"{names} are one name on the board's FAT; nothing was written",
            on=str(source.folder),
            next="give one of them another name, or take it out of the folder",
        )


def compare(board: Board, source: KeptFiles, which: tuple[Kept, ...] | None = None, *, clean: bool = False) -> Changes:
    """What it takes to bring ``source`` to /flash; ``which``: only these files. Changes nothing.

    clean  files on the board that the source does not have are to go; this program's own updater stays
    Raises BoardError: if the board cannot be read, and if there is no room, by then with nothing written.
    """
    wanted = source.files if which is None else which
    room = room_on(board)
    key = room.key
    there = {key(entry.path): entry for entry in files.walk(board, ROOT, DEPTH)}
    new, replaced, same = _sorted(board, wanted, {one.path: there.get(key(one.path)) for one in wanted})
    parents = {posixpath.dirname(one.path) for one in wanted} - {ROOT}
    folders = sorted(parents if which is not None else parents | set(source.folders))
    missing = _missing(board, {path: there.get(key(path)) for path in folders})
    cut, back = unfinished(there, {key(one.path) for one in (*new, *replaced)}, key, clean=clean)
    kept = {key(path) for path in (*(one.path for one in source.files), *(entry.path for entry in cut))}
    gone = _gone(board, [entry for path, entry in there.items() if path not in kept]) if clean else []
    changes = Changes(
        tuple(new),
        tuple(replaced),
        tuple(same),
        (*cut, *(entry for entry in gone if entry.is_named)),
        missing,
        tuple(entry.path for entry in gone if not entry.is_named),
        back,
    )
    return with_room(board, room, changes, {one.path: there[key(one.path)].size_bytes for one in replaced})


def _sorted(
    board: Board, wanted: tuple[Kept, ...], there: Mapping[str, files.BoardFile | None]
) -> tuple[list[Kept], list[Kept], list[Kept]]:
    """Files that the board does not have, has with other content, has. Raises BoardError if a folder is in the way."""
    new: list[Kept] = []
    replaced: list[Kept] = []
    same: list[Kept] = []
    for one in wanted:
        entry = there[one.path]
        if entry is None:
            new.append(one)
        elif entry.is_dir:
            raise _in_the_way(board, one.path, "a folder")
        elif entry.size_bytes == one.size_bytes and files.sha256(board, one.path) == one.sha256:
            same.append(one)
        else:
            replaced.append(one)
    return new, replaced, same


def _missing(board: Board, folders: Mapping[str, files.BoardFile | None]) -> tuple[str, ...]:
    """Which of these folders the board does not have. Raises BoardError if a file is in the way of one."""
    for path, entry in folders.items():
        if entry is not None and not entry.is_dir:
            raise _in_the_way(board, path, "a file")
    return tuple(path for path, entry in folders.items() if entry is None)


def _gone(board: Board, unknown: list[files.BoardFile]) -> list[files.BoardFile]:
    """Which of the files that the source does not have are to go."""
    own = onboard.own_files(board)
    return [e for e in unknown if not e.is_dir and not own_names.is_ours(e.path) and e.path not in own]


def unfinished(
    there: Mapping[str, files.BoardFile], written: set[str], key: Callable[[str], str], *, clean: bool = False
) -> tuple[list[files.BoardFile], tuple[tuple[str, str], ...]]:
    """What earlier uploads left: files that go, and old ones that get their name back as nothing else takes it.

    clean  none gets it back: it has no place in the folder
    """
    paths = [entry.path for entry in there.values()]
    seconds = {key(own_names.second_of(path)) for path in paths}
    waits = {old: name for old, name in own_names.waiting(paths, key).items() if not clean and key(name) not in written}
    ours = [
        entry
        for path, entry in there.items()
        if own_names.is_ours(entry.path) or (own_names.is_nameless(entry.path) and path in seconds)
    ]
    return [e for e in ours if not e.is_dir and e.is_named and e.path not in waits], tuple(waits.items())


def carry_out(
    board: Board,
    content: Callable[[Kept], bytes],
    changes: Changes,
    keep_copy: KeepCopy,
    say: Say = quiet,
    begin: Callable[[], None] = lambda: None,
) -> int:
    """Do it: proved copies of all that goes first, then removing, then writing; returns how many files were written.

    content  the new bytes of a file
    begin    called once, when all copies are kept and nothing is changed yet; what it raises ends the work
    Whatever breaks it off, each file on the board is the old one or the new one; but for those of ``changes.tight``,
    and on a release that cannot rename, where the copies on the PC are what is left. Raises BoardError, CardError,
    UsageError, Stopped for Ctrl-C.
    """
    written, bare = 0, ""
    try:
        for path in (*(e.path for e in changes.removed), *(one.path for one in changes.replaced)):
            say(f"keeping a copy of {shown(path)}")
            keep_copy(path, files.read(board, path, max_bytes=MAX_BYTES, tell=teller(say, MAX_BYTES)))
        begin()
        for waits, name in changes.back:
            files.move(board, waits, name)
        for entry in changes.removed:
            files.remove(board, entry.path)
        for path in changes.folders:
            files.make_folder(board, path)
        for one in (*changes.replaced, *changes.new):
            say(f"writing {shown(one.path)}, {one.size_bytes:,} bytes")
            data = content(one)
            if one.path in changes.tight:
                files.remove(board, one.path)
                bare = one.path
            # What earlier uploads left is among ``changes.removed``, and gone by now.
            files.write(board, one.path, data, teller(say, len(data)), may_be_left=False)
            written, bare = written + 1, ""
    except KeyboardInterrupt:
        total = len(changes.replaced) + len(changes.new)
        raise Stopped(
            f"stopped; {written} of {counted(total, 'file')} written, the others on the board are as they were"
            + (f", but {shown(bare)} exists only as a copy now" if bare else ""),
            next="run the same command again: it continues where it stopped",
        ) from None
    return written


def with_room(board: Board, room: Room, changes: Changes, old: Mapping[str, int]) -> Changes:
    """The same changes in an order that fits, and which old files must go first. Raises BoardError if none fits.

    room  before anything is changed
    old   sizes in bytes of what is replaced, by path
    """
    if room.free_bytes is None or not (changes.new or changes.replaced or changes.folders):
        return changes
    free = room.free_bytes + sum(room.file_bytes(entry.size_bytes) for entry in changes.removed)
    before = free
    free -= room.folder_bytes * len(changes.folders)
    tight = set()
    shrinking_first = sorted(changes.replaced, key=lambda one: one.size_bytes - old[one.path])
    for one in shrinking_first:
        if room.file_bytes(one.size_bytes) + room.spare_bytes > free:
            tight.add(one.path)
        free += room.file_bytes(old[one.path]) - room.file_bytes(one.size_bytes)
    free -= sum(room.file_bytes(one.size_bytes) for one in changes.new)
    if free < room.spare_bytes and free < before:
        raise _no_room(board, room, before - free + room.spare_bytes, before)
    return replace(changes, replaced=tuple(shrinking_first), tight=frozenset(tight))


def _no_room(board: Board, room: Room, need: int, free: int) -> BoardError:
    return BoardError(
        "flash-filesystem-full",
        f"the files need {need:,} bytes on /flash in blocks of {room.block_bytes:,}, and {free:,} are free; "
        "nothing was written",
        on=board.link.name,
        cause="the board's flash is nearly full",
        next="delete what is not needed from /flash; or restore --clean, which removes what DIR does not have",
    )


def _in_the_way(board: Board, path: str, what: str) -> BoardError:
    return BoardError(
        "corrupt-upload",
        f"{what} called {shown(path)} is in the way; nothing was written",
        on=board.link.name,
        next=f"rename or remove it, on the board or in the folder ({MANIFEST} lists a backup's files)",
    )
