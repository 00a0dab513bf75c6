"""All files of a board's /flash as a folder on the PC, and back again: every file proved by its SHA-256."""

from __future__ import annotations

import hashlib
import json
import posixpath
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from doctor.board import files, snippets
from doctor.board.board import Board
from doctor.errors import BoardError, CardError, UsageError
from doctor.escape import shown

SCHEMA = "fipy-doctor/board-backup/1"
MANIFEST = "fipy-doctor-backup.json"
ROOT = "/flash"
DEPTH = 8  #: folders in folders; nobody nests deeper on 4 MB
MAX_BYTES = 8 << 20  #: more than any /flash holds (4 MiB)
FORMAT_SILENCE_S = 120.0

Say = Callable[[str], None]


@dataclass(frozen=True)
class Kept:
    """One file of a backup. ``path`` is the board's, such as ``/flash/main.py``."""

    path: str
    size_bytes: int
    sha256: str


def quiet(_text: str) -> None:
    """Says nothing."""


def backup(board: Board, folder: Path, say: Say = quiet) -> tuple[Kept, ...]:
    """Copy every file of /flash below ``folder``, which must be empty or new, and write the manifest last.

    Raises BoardError where the board cannot be read, CardError where the PC cannot write, UsageError for a folder
    that holds something.
    """
    if folder.exists() and any(folder.iterdir()):
        raise UsageError(
            "backup-folder-not-empty",
            "the folder holds files already",
            on=str(folder),
            next="name another folder, or an empty one",
        )
    kept = []
    for entry in files.walk(board, ROOT, DEPTH):
        target = folder / _inner(entry.path)
        if entry.is_dir:
            _write(target, None)
            continue
        say(f"reading {shown(entry.path)}, {entry.size_bytes:,} bytes")
        data = files.read(board, entry.path, max_bytes=MAX_BYTES)
        digest = hashlib.sha256(data).hexdigest()
        if files.sha256(board, entry.path) != digest:
            raise BoardError(
                "corrupt-upload",
                f"{shown(entry.path)} was read with other bytes than the board has",
                on=board.link.name,
                cause="bytes lost on the line, or another program on the same port",
                next="close other programs that use the port and run the command again",
            )
        _write(target, data)
        kept.append(Kept(entry.path, len(data), digest))
    manifest = {"schema": SCHEMA, "files": [vars(one) for one in kept]}
    _write(folder / MANIFEST, json.dumps(manifest, indent=1).encode())
    return tuple(kept)


def read_backup(folder: Path) -> tuple[Kept, ...]:
    """The files of a backup, each looked at and found whole. Raises UsageError for a folder that is none."""
    try:
        manifest = json.loads((folder / MANIFEST).read_bytes())
        kept = tuple(Kept(str(f["path"]), int(f["size_bytes"]), str(f["sha256"])) for f in manifest["files"])
        known = manifest["schema"] == SCHEMA
    except (OSError, ValueError, KeyError, TypeError) as err:
        raise UsageError(
            "no-board-backup", "this folder holds no backup of a board", on=str(folder), next="fipy-doctor backup DIR"
        ) from err
    if not known:
        raise UsageError("no-board-backup", "the backup is of another version", on=str(folder))
    for one in kept:
        if hashlib.sha256(content(folder, one)).hexdigest() != one.sha256:
            raise UsageError("no-board-backup", f"{one.path} in the backup is damaged", on=str(folder))
    return kept


def content(folder: Path, one: Kept) -> bytes:
    """The bytes of one file of a backup. Raises UsageError."""
    try:
        return (folder / _inner(one.path)).read_bytes()
    except OSError as err:
        raise UsageError("no-board-backup", f"{one.path} is missing in the backup", on=str(folder)) from err


def restore(board: Board, folder: Path, which: Sequence[Kept], say: Say = quiet) -> int:
    """Write files of a backup to the board, those that differ; returns how many. Raises BoardError, UsageError."""
    written = 0
    for one in which:
        data = content(folder, one)
        if _is_there(board, one):
            continue
        say(f"writing {shown(one.path)}, {one.size_bytes:,} bytes")
        board.repl.call(snippets.make_folder(posixpath.dirname(one.path)))
        files.write(board, one.path, data)
        written += 1
    return written


def format_flash(board: Board) -> None:
    """Format /flash by the call of the board's release; everything on it is lost. Raises BoardError."""
    board.repl.call(snippets.FORMAT_FLASH, silence_s=FORMAT_SILENCE_S, total_s=FORMAT_SILENCE_S)


def _is_there(board: Board, one: Kept) -> bool:
    try:
        return files.sha256(board, one.path) == one.sha256
    except files.BoardFileMissing:
        return False


def _inner(path: str) -> Path:
    """Where a file of the board lies in the backup; names from a board or a manifest never leave the folder."""
    parts = [part for part in PurePosixPath(path).parts if part not in ("/", "", ".")]
    if not parts or any(part == ".." or "\\" in part or ":" in part or "\0" in part for part in parts):
        raise CardError("backup-name-unsafe", "a file on the board has a name that this PC cannot keep", on=shown(path))
    return Path(*parts)


def _write(path: Path, data: bytes | None) -> None:
    try:
        (path if data is None else path.parent).mkdir(parents=True, exist_ok=True)
        if data is not None:
            path.write_bytes(data)
    except OSError as err:
        raise CardError(
            "flash-filesystem-full", f"cannot be written: {err.strerror}", on=str(path), next="name another folder"
        ) from err
