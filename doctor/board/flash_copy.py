"""All files of a board's /flash as a folder on the PC, every file proved by its SHA-256; and /flash formatted."""

from __future__ import annotations

import hashlib
import posixpath
import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from doctor.board import files, proof, snippets
from doctor.board.board import Board
from doctor.board.kept_files import (
    MANIFEST,
    ROOT,
    Kept,
    KeptFiles,
    keep,
    local_name,
    not_writable,
    read_backup,
    write_manifest,
)
from doctor.board.onboard import FOLDER as OUR_UPDATER
from doctor.board.repl import ReplTraceback
from doctor.errors import BoardError, UsageError
from doctor.escape import shown

DEPTH = 32  #: folders in folders; deeper is a file system that runs in circles
MAX_BYTES = 8 << 20  #: more than any /flash holds (4 MiB)
FORMAT_SILENCE_S = 120.0
NO_NAME = "its name holds bytes that are no text"

Say = Callable[[str], None]


@dataclass(frozen=True)
class Backup:
    """A finished backup: what it holds, and what of the board could not be read, with the board's own words."""

    kept: KeptFiles
    unreadable: tuple[tuple[str, str], ...] = ()

    @property
    def why_unreadable(self) -> str:
        """The likely cause of what could not be read."""
        if all(reason == NO_NAME for _, reason in self.unreadable):
            return "their names hold bytes that are no text, as programs leave that write another character set"
        return "the file system in the board's flash is damaged"


@dataclass
class _Found:
    files: list[files.BoardFile]
    folders: list[str]
    unreadable: list[tuple[str, str]]
    ours: bool = False


def quiet(_text: str) -> None:
    """Says nothing."""


def backup(board: Board, folder: Path, say: Say = quiet) -> Backup:
    """Copy every file of /flash below ``folder``, which must be empty or new; all is read back at the end.

    Our own updater is left out: it is the program's, not the user's. A file or folder that the board itself cannot read
    is left out and named. Where the backup breaks off, what was
    written is removed again. Raises BoardError where the board cannot be read at all, CardError where the PC cannot
    write, UsageError for a folder that holds something.
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
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as err:
        raise not_writable(folder, err) from err
    whole = False
    try:
        done = _backup(board, folder, say)
        whole = True
        return done
    finally:
        if not whole:
            _clear(folder, itself=not was_there)


def _backup(board: Board, folder: Path, say: Say) -> Backup:
    found = _Found([], [], [])
    _look(board, ROOT, DEPTH, found)
    if found.ours:
        say(f"left out: {OUR_UPDATER}, the updater that fipy-doctor put there itself, and puts there again when needed")
    kept: list[Kept] = []
    where: dict[str, Path] = {}
    taken: set[str] = set()
    for path in found.folders:
        name = local_name(path, taken)
        taken.add(name.lower())
        keep(folder / name, None)
    for entry in found.files:
        say(f"reading {shown(entry.path)}, {entry.size_bytes:,} bytes")
        try:
            data = _read_twice(board, entry.path)
        except (ReplTraceback, files.BoardFileMissing) as err:
            found.unreadable.append((entry.path, err.what))
            say(f"{shown(entry.path)} cannot be read: {err.what}")
            continue
        name = local_name(entry.path, taken)
        taken.add(name.lower())
        where[entry.path] = folder / name
        keep(where[entry.path], data)
        kept.append(Kept(entry.path, len(data), hashlib.sha256(data).hexdigest()))
    write_manifest(folder, kept, found.folders, where)
    return Backup(read_backup(folder), tuple(found.unreadable))


def format_flash(board: Board) -> None:
    """Format /flash by the call of the board's release; everything on it is lost. Raises BoardError."""
    proof.one(board, snippets.FORMAT_FLASH, ROOT, silence_s=FORMAT_SILENCE_S, total_s=FORMAT_SILENCE_S)


def _look(board: Board, path: str, depth: int, found: _Found) -> None:
    try:
        entries = files.listdir(board, path)
    except (ReplTraceback, files.BoardFileMissing) as err:
        found.unreadable.append((path, err.what))
        return
    for entry in entries:
        if not entry.is_named:
            found.unreadable.append((entry.path, NO_NAME))
        elif not entry.is_dir:
            found.files.append(entry)
        elif entry.path == OUR_UPDATER:
            found.ours = True
        elif depth > 1:
            found.folders.append(entry.path)
            _look(board, entry.path, depth - 1, found)
        else:
            found.unreadable.append((entry.path, f"it lies more than {DEPTH} folders deep"))


def _read_twice(board: Board, path: str) -> bytes:
    """The bytes of a file, and the board's own hash of it agrees."""
    data = files.read(board, path, max_bytes=MAX_BYTES)
    if files.sha256(board, path) != hashlib.sha256(data).hexdigest():
        raise BoardError(
            "corrupt-upload",
            f"{shown(path)} was read with other bytes than the board has",
            on=board.link.name,
            cause="bytes lost on the line, or another program on the same port",
            next="close other programs that use the port and run the command again",
        )
    return data


def _clear(folder: Path, *, itself: bool) -> None:
    """Remove half a backup: a folder that was empty or did not exist before we came."""
    with suppress(OSError):
        for path in folder.iterdir():
            if path.name == posixpath.basename(ROOT) and path.is_dir() and not path.is_symlink():
                shutil.rmtree(path, ignore_errors=True)
            elif path.name == MANIFEST:
                path.unlink()
        if itself:
            folder.rmdir()
