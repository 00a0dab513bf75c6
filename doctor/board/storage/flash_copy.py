"""All files of a board's /flash as a folder on the PC, every file proved by its SHA-256; and /flash formatted."""

from __future__ import annotations

import hashlib
import posixpath
import shutil
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from doctor.board import onboard, snippets
from doctor.board.board import Board
from doctor.board.storage import files, proof
from doctor.board.storage.kept_files import (
    DEEP,
    MANIFEST,
    MAX_BYTES,
    ROOT,
    Kept,
    KeptFiles,
    keep,
    local_name,
    not_writable,
    read_backup,
    write_manifest,
)
from doctor.board.storage.own_names import UNFORMATTED, is_nameless, is_ours, waiting
from doctor.board.storage.room import name_key
from doctor.documents.json_file import make_folder
from doctor.errors import BoardError, BoardReset, UsageError
from doctor.text.escape import counted, shown

DEPTH = 32  #: folders in folders; deeper is a file system that runs in circles
FORMAT_SILENCE_S = 120.0
SAY_EVERY_BYTES = 32 << 10  #: some 5 s at 115200 baud
NO_NAME = "its name has bytes that are not text"
CAME = "it appeared while the copies were made"
CHANGED = "it changed after it was copied"

Say = Callable[[str], None]


@dataclass(frozen=True)
class BoardBackup:
    """A finished backup.

    unreadable  what of the board is not in it, or not as it is now, with the reason in the board's words or ours
    growing     files to which the board went on writing: kept as they were when they were read
    """

    kept: KeptFiles
    unreadable: tuple[tuple[str, str], ...] = ()
    growing: tuple[str, ...] = ()

    @property
    def why_unreadable(self) -> str:
        """The likely cause of what could not be read."""
        reasons = {reason for _, reason in self.unreadable}
        if reasons <= {NO_NAME}:
            return "their names have bytes that are not text; a program that uses another character set wrote them"
        if reasons <= {CAME, CHANGED}:
            return "a program or a thread on the board is writing files"
        return "; ".join(f"{shown(path)}: {shown(reason)}" for path, reason in self.unreadable[:3])

    @property
    def advice(self) -> str:
        """What brings a whole backup about, or helps without one."""
        if any(files.CHANGING in reason or reason in (CAME, CHANGED) for _, reason in self.unreadable):
            return "stop the program that writes them (`fipy-doctor fix --stop-program`), then make another backup"
        return "look at what is kept; `fipy-doctor fix --reset-flash` repairs the flash, without those files"


@dataclass
class _Found:
    """What a look at the whole tree brings.

    left_out  unfinished files and the updater of this program
    waiting   old files whose name is free, as an interrupted upload leaves them: their own name, by where they are
    """

    files: list[files.BoardFile] = field(default_factory=list)
    folders: list[str] = field(default_factory=list)
    unreadable: list[tuple[str, str]] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    waiting: dict[str, str] = field(default_factory=dict)


def quiet(_text: str) -> None:
    """Says nothing."""


def _whatever(_paths: Sequence[str]) -> None:
    """Takes any files."""


def backup(
    board: Board,
    folder: Path,
    say: Say = quiet,
    look: Callable[[Sequence[str]], None] = _whatever,
    known: Collection[str] = (),
) -> BoardBackup:
    """Copy every file of /flash below ``folder``, which must be empty or new; all is read back at the end.

    What is this program's own, by its hash or its name, is left out; but an old file of the user's that waits for its
    name after an interrupted upload is kept under that name; ``known`` are paths that records of this board name: from
    there long names are known. What the board cannot read, or what a program of
    the board changes while it is copied, is left out and named: the board is looked at again at the end. If the backup
    breaks off, what was written is removed again. ``look`` is shown the paths of all files before the first is read,
    and may raise. Raises BoardError if the board cannot be read at all, CardError
    if the PC cannot write, UsageError for a folder that holds something.
    """
    try:
        was_there = folder.exists()
        if was_there and any(folder.iterdir()):
            raise UsageError(
                "backup-folder-not-empty",
                "the folder holds files already",
                on=str(folder),
                next="name another folder, or an empty one",
            )
        make_folder(folder)
    except OSError as err:
        raise not_writable(folder, err) from err
    whole = False
    try:
        done = _backup(board, folder, say, look, known)
        whole = True
        return done
    finally:
        if not whole:
            _clear(folder, itself=not was_there)


def _backup(
    board: Board, folder: Path, say: Say, look: Callable[[Sequence[str]], None], known: Collection[str]
) -> BoardBackup:
    own = onboard.own_files(board)
    found = _look(board, own, known)
    look([found.waiting.get(entry.path, entry.path) for entry in found.files])
    if found.left_out:
        say(f"left out: {', '.join(map(shown, found.left_out))}, which fipy-doctor puts there itself when needed")
    kept: list[Kept] = []
    growing: list[str] = []
    unreadable = list(found.unreadable)
    where: dict[str, Path] = {}
    taken: set[str] = set()
    for path in found.folders:
        name = local_name(path, taken)
        taken.add(name.lower())
        keep(folder / name, None)
    for entry in found.files:
        path = found.waiting.get(entry.path, entry.path)
        waits = f" (it waits as {shown(entry.path)} since an upload was interrupted)" if path != entry.path else ""
        if is_nameless(path):
            waits = " (an old file that waits since an upload was interrupted; its own name is not known here)"
        say(f"reading {shown(path)}, {entry.size_bytes:,} bytes{waits}")
        try:
            read = files.read_so_far(board, entry.path, max_bytes=MAX_BYTES, tell=teller(say, entry.size_bytes))
        except (files.BoardFileRefused, files.BoardFileMissing, files.BoardFileChanges) as err:
            unreadable.append((entry.path, err.what))
            say(f"{shown(entry.path)} is left out: {err.what}")
            continue
        name = local_name(path, taken)
        taken.add(name.lower())
        where[path] = folder / name
        keep(where[path], read.data)
        kept.append(Kept(path, len(read.data), hashlib.sha256(read.data).hexdigest()))
        growing += [entry.path] * (read.grows or len(read.data) != entry.size_bytes)
    left_out = {path for path, _ in unreadable}
    unreadable += [one for one in _changed(found, _look(board, own, known), growing) if one[0] not in left_out]
    if growing:
        say(f"the board keeps writing to {', '.join(map(shown, growing))}: the copy is what was read first")
    write_manifest(folder, kept, found.folders, where)
    return BoardBackup(read_backup(folder), tuple(unreadable), tuple(growing))


def _changed(before: _Found, after: _Found, growing: list[str]) -> list[tuple[str, str]]:
    """What is another tree now than the one that was copied; a file that only became longer joins ``growing``."""
    old = {entry.path: entry.size_bytes for entry in before.files}
    known = {*old, *(path for path, _ in before.unreadable)}
    changed = []
    for entry in after.files:
        if entry.path not in known:
            changed.append((entry.path, CAME))
        elif old.get(entry.path, entry.size_bytes) < entry.size_bytes:
            growing += [entry.path] * (entry.path not in growing)
        elif entry.path in old and old[entry.path] != entry.size_bytes:
            changed.append((entry.path, CHANGED))
    changed += [(path, reason) for path, reason in after.unreadable if path not in known]
    return changed + [(path, CAME) for path in after.folders if path not in before.folders]


def teller(say: Say, total_bytes: int) -> files.Tell:
    """Says now and then how much of a long file is done."""
    said = 0

    def tell(done: int) -> None:
        nonlocal said
        if done - said >= SAY_EVERY_BYTES and done < total_bytes:
            said = done
            say(f"  {done:,} of {counted(total_bytes, 'byte')}")

    return tell


def mark_unformatted(board: Board) -> None:
    """Lay an empty file on /flash that goes with the format; if there is no room for it, there is none.

    Raises BoardReset, and BoardError if the line fails.
    """
    try:
        files.send(board, UNFORMATTED, b"")
    except BoardReset:
        raise
    except BoardError as err:
        if not (isinstance(err, files.BoardFileRefused) or err.id == "flash-filesystem-full"):
            raise


def is_marked_unformatted(board: Board) -> bool:
    """Whether /flash was not formatted since it was marked. Raises BoardError."""
    try:
        return files.exists(board, UNFORMATTED)
    except files.BoardFileRefused:
        return False


def format_flash(board: Board) -> None:
    """Format /flash by the call of the board's release; everything on it is lost. Raises BoardError."""
    proof.one(board, snippets.FORMAT_FLASH, ROOT, silence_s=FORMAT_SILENCE_S, total_s=FORMAT_SILENCE_S)


def _look(board: Board, own: frozenset[str], known: Collection[str]) -> _Found:
    """The whole tree; ``own`` are files of this program that stand in it."""
    found, key = _Found(), name_key(board)

    def look_into(path: str, depth: int) -> None:
        try:
            entries = files.listdir(board, path)
        except (files.BoardFileRefused, files.BoardFileMissing) as err:
            found.unreadable.append((path, err.what))
            return
        waits = waiting((entry.path for entry in entries), key, known)
        found.waiting.update(waits)
        for entry in entries:
            if not entry.is_named:
                found.unreadable.append((entry.path, NO_NAME))
            elif entry.path in own:
                continue
            elif not entry.is_dir and is_ours(entry.path) and entry.path not in waits:
                found.left_out.append(entry.path)
            elif not entry.is_dir:
                found.files.append(entry)
            elif depth > 1:
                found.folders.append(entry.path)
                look_into(entry.path, depth - 1)
            else:
                found.unreadable.append((entry.path, f"it is more than {DEPTH} folders deep"))

    look_into(ROOT, DEPTH)
    if own:
        found.left_out.append(onboard.FOLDER)
        if not any(entry.path.startswith(onboard.FOLDER + "/") for entry in found.files):
            found.folders = [path for path in found.folders if path != onboard.FOLDER]
    return found


def _clear(folder: Path, *, itself: bool) -> None:
    """Remove half a backup: a folder that was empty or did not exist before we came."""
    with suppress(OSError):
        for path in folder.iterdir():
            if path.name in (posixpath.basename(ROOT), DEEP) and path.is_dir() and not path.is_symlink():
                shutil.rmtree(path, ignore_errors=True)
            elif path.name == MANIFEST:
                path.unlink()
        if itself:
            folder.rmdir()
