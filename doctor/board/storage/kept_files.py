"""A folder on the PC that holds files for a board's /flash: a backup with its manifest, or any folder of the user's."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from doctor.board.storage.own_names import is_ours
from doctor.documents.host_names import host_name
from doctor.documents.json_file import count_in, make_folder, read_bounded, read_json, text_in, write_synced
from doctor.errors import CardError, UsageError, reason
from doctor.text.command import Command
from doctor.text.escape import shown

SCHEMA = "fipy-doctor/board-backup/1"
MANIFEST = "fipy-doctor-backup.json"
ROOT = "/flash"

#: What a computer leaves in folders and no board needs; names that start with a dot are left out too.
LITTER = frozenset({"__pycache__", "thumbs.db", "desktop.ini"})

MAX_BYTES = 8 << 20  #: more than any /flash holds (4 MiB)
MANIFEST_MAX_BYTES = 16 << 20  #: /flash holds 4 MiB, in some thousand files at most
LONGEST_PATH = 150  #: characters below the folder: Windows takes 260 for all, and the folder needs some of them
DEEP = "deep"  #: where a file is kept whose path is longer, by the hash of its folder
_DEEP_NAME_BYTES = 60


@dataclass(frozen=True)
class Kept:
    """One file on the PC. ``path`` is where it belongs on the board, such as ``/flash/main.py``."""

    path: str
    size_bytes: int
    sha256: str


@dataclass(frozen=True)
class KeptFiles:
    """The files of a folder, each looked at.

    folders    on the board, those that are empty too; outer ones first
    where      file on the PC by path on the board
    left_out   names in the folder that do not go to the board
    is_backup  the folder was made by ``fipy-doctor backup``
    """

    folder: Path
    files: tuple[Kept, ...]
    folders: tuple[str, ...]
    where: Mapping[str, Path] = field(repr=False)
    left_out: tuple[str, ...] = ()
    is_backup: bool = True

    def content(self, one: Kept) -> bytes:
        """The bytes of one file, proved again. Raises UsageError if they are not what they were."""
        try:
            data = read_bounded(self.where[one.path], MAX_BYTES)
        except (OSError, ValueError) as err:
            raise _no_backup(f"{shown(one.path)} is missing or cannot be read", self.folder) from err
        if hashlib.sha256(data).hexdigest() != one.sha256:
            raise _no_backup(f"{shown(one.path)} is damaged, or was changed meanwhile", self.folder)
        return data


def read_folder(folder: Path) -> KeptFiles:
    """What ``folder`` holds for a board: by its manifest if it has one, else all its files. Raises UsageError."""
    if (folder / MANIFEST).exists():
        return read_backup(folder)
    return _read_plain(folder)


def read_backup(folder: Path) -> KeptFiles:
    """The files of a backup, each looked at and found whole. Raises UsageError, CardError for unsafe names."""
    try:
        manifest = read_json(folder / MANIFEST, MANIFEST_MAX_BYTES)
        if not isinstance(manifest, dict):
            raise ValueError("is not a manifest")
        files, where, left_out = [], {}, []
        for entry in manifest["files"]:
            one = Kept(text_in(entry["path"]), count_in(entry["size_bytes"]), text_in(entry["sha256"]))
            if is_ours(one.path):  # versions before own_names kept their own unfinished files like others
                left_out.append(one.path)
                continue
            files.append(one)
            where[one.path] = folder / _inside(text_in(entry.get("kept_as", one.path.lstrip("/"))), one.path)
        folders = tuple(text_in(path) for path in manifest.get("folders", ()))
        known = manifest["schema"] == SCHEMA
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as err:
        raise _no_backup("this folder holds no backup of a board", folder) from err
    if not known:
        raise _no_backup("the backup is of another version", folder)
    for path in (*where, *folders):
        if not path.startswith(ROOT + "/") or ".." in path.split("/") or "\0" in path:
            raise CardError("backup-name-unsafe", "the backup names a place that is not in /flash", on=shown(path))
    kept = KeptFiles(folder, tuple(files), folders, where, tuple(left_out))
    for one in files:
        kept.content(one)
    return kept


def write_manifest(folder: Path, files: Sequence[Kept], folders: Sequence[str], where: Mapping[str, Path]) -> None:
    """Make ``folder`` a backup; the last thing that is written. Raises CardError."""
    listed = [{**vars(one), "kept_as": where[one.path].relative_to(folder).as_posix()} for one in files]
    manifest = {"schema": SCHEMA, "files": listed, "folders": list(folders)}
    keep(folder / MANIFEST, json.dumps(manifest, indent=1).encode())


def keep(path: Path, data: bytes | None) -> None:
    """Write a file so that it outlives a power cut, or make a folder if ``data`` is None. Raises CardError."""
    try:
        make_folder(path if data is None else path.parent)
        if data is not None:
            write_synced(path, data)
    except OSError as err:
        raise not_writable(path, err) from err


def not_writable(path: Path, err: OSError) -> CardError:
    """The error if the PC cannot keep a copy."""
    return CardError(
        "backup-not-writable",
        f"no copy can be kept there: {reason(err)}",
        on=str(path),
        cause="the disk is full, or the folder is not yours to write",
        next="name another folder",
    )


def local_name(path: str, taken: Collection[str]) -> str:
    """Where a file of the board lies in a backup, as a relative path that every PC can keep.

    taken  such names that are given already, in lower case: two names that differ in case only are two files
    """
    parts = [host_name(part) for part in PurePosixPath(path).parts if part != "/"]
    if len("/".join(parts)) > LONGEST_PATH:
        folder, _, name = path.rpartition("/")
        mark = hashlib.sha256(folder.encode("utf-8", "surrogatepass")).hexdigest()[:16]
        parts = [DEEP, mark, host_name(name, _DEEP_NAME_BYTES)]
    name = "/".join(parts)
    number = 1
    while name.lower() in taken:
        number += 1
        name = "/".join([*parts[:-1], f"{parts[-1]}%{number}"])
    return name


def _inside(name: str, path: str) -> Path:
    """``name`` as a path that stays inside a folder; names from a manifest never leave it. Raises CardError."""
    parts = [part for part in PurePosixPath(name).parts if part not in ("/", "", ".")]
    if not parts or any(part == ".." or "\\" in part or ":" in part or "\0" in part for part in parts):
        raise CardError("backup-name-unsafe", "the backup lists a file outside its own folder", on=shown(path))
    return Path(*parts)


def _read_plain(folder: Path) -> KeptFiles:
    names = {path.name for path in folder.iterdir()}
    if "flash" in names and names <= {"flash", "sd", DEEP}:
        again = Command("restore", (str(folder / "flash"),))
        raise UsageError(
            "no-board-backup",
            "this looks like a backup of a board that was not finished: its list of files is missing",
            on=str(folder),
            next=f"make the backup again; or, to upload what is there: {again}",
        )
    files, folders, where, left_out = [], [], {}, []
    room = MAX_BYTES
    for path, taken in _walk(folder):
        inner = path.relative_to(folder).as_posix()
        if not taken:
            left_out.append(inner)
            continue
        target = f"{ROOT}/{inner}"
        if path.is_dir():
            folders.append(target)
            continue
        try:
            data = read_bounded(path, room)
        except OSError as err:
            raise UsageError("usage", f"cannot be read: {err.strerror}", on=str(path)) from err
        except ValueError as err:
            raise UsageError(
                "flash-filesystem-full",
                f"with {shown(inner)}, this folder has more than {MAX_BYTES >> 20} MiB of files, and no board's flash "
                "holds half of that",
                on=str(folder),
                next="name a folder that has only files for the board",
            ) from err
        room -= len(data)
        files.append(Kept(target, len(data), hashlib.sha256(data).hexdigest()))
        where[target] = path
    if not files and not folders:
        raise UsageError(
            "usage",
            "this folder has no file that could go to a board",
            on=str(folder),
            next="name a folder with files; hidden files are not uploaded",
        )
    return KeptFiles(folder, tuple(files), tuple(folders), where, tuple(left_out), is_backup=False)


def _walk(folder: Path) -> Iterator[tuple[Path, bool]]:
    """Everything below ``folder``, outer before inner, and whether it goes to the board; links are not followed."""
    waiting = sorted(folder.iterdir(), reverse=True)
    while waiting:
        path = waiting.pop()
        unwanted = path.name.startswith(".") or path.name.lower() in LITTER or path.is_symlink()
        taken = not unwanted and (path.is_dir() or path.is_file())
        yield path, taken
        if taken and path.is_dir():
            waiting += sorted(path.iterdir(), reverse=True)


def _no_backup(what: str, folder: Path) -> UsageError:
    return UsageError("no-board-backup", what, on=str(folder), next="`fipy-doctor backup DIR` makes a new one")
