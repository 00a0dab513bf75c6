"""A card that the system has mounted: a folder. Listing and reading go through the system; no rights are needed.

What is changed here the system writes, and nobody reads it again: ``emit`` hears nothing.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

from doctor.card.card import CardProblem, Volume, VolumeKind, no_such_file, split_path
from doctor.card.drives.guard import DOCUMENTED_BYTES
from doctor.card.drives.mounted import MountedOn, mounted_on
from doctor.card.target import PART_MARK, sha256_of, sync_folder
from doctor.documents.json_file import write_synced
from doctor.errors import CardError
from doctor.events import Listener, ignore
from doctor.fat.card_file import ROOT, CardFile

_CHUNK_BYTES = 1 << 20
_MOST_ENTRIES = 20_000  #: a folder with more than this is not a card; listing ends there


class FolderCard:
    """A mounted card.

    path     the folder; ``name`` is that as the user gave it
    mounted  asks the system what the folder lies on; a parameter for tests
    """

    kind: Literal["folder"] = "folder"  #: how it is reached

    def __init__(self, path: Path, mounted: Callable[[Path], MountedOn] = mounted_on) -> None:
        self.path = path
        self.name = str(path)
        self._mounted = mounted

    def volume(self) -> Volume:
        """What the folder lies on; the system says the kind, sizes count only for a folder that is a whole volume."""
        on = self._mounted(self.path)
        problems = tuple(self._problems(on))
        try:
            usage = shutil.disk_usage(self.path)
        except OSError as err:
            raise self._unreadable(self.path, err) from err
        size = usage.total if on.is_mount else None
        if on.kind.is_fat and size is not None and size > DOCUMENTED_BYTES:
            text = f"the volume has {size / 1e9:.0f} GB; Pycom documents cards up to 32 GB only"
            problems += (CardProblem("sd-exfat-or-over-32gb", text),)
        return Volume(
            kind=on.kind,
            label=self.path.resolve().name if on.is_mount else "",
            size_bytes=size,
            free_bytes=usage.free,
            pc_reads=True,
            board_reads=None if not on.kind.is_fat and not on.is_mount else on.kind.is_fat,
            problems=problems,
        )

    def heals(self) -> bool:
        """Never: the system shows files only."""
        return False

    def refuse_if_damaged(self) -> None:
        """Nothing: the system refuses what it cannot write."""

    def _problems(self, on: MountedOn) -> Iterator[CardProblem]:
        if on.kind.is_fat:
            return
        if on.kind is VolumeKind.EXFAT:
            text = "the card is formatted exFAT; the board reads only FAT"
            yield CardProblem("sd-exfat-or-over-32gb", text, board=True)
        elif on.is_mount:
            system = on.kind.value if on.kind is not VolumeKind.UNKNOWN else on.system or "an unknown file system"
            yield CardProblem("sd-mount-no-fat", f"the card holds {system}; the board reads only FAT", board=True)

    def files(self) -> tuple[CardFile, ...]:
        """Files and folders, two levels deep; links are not followed. Raises CardError."""
        found: list[CardFile] = []
        for entry in self._scan(self.path):
            is_dir = entry.is_dir(follow_symlinks=False)
            found.append(_card_file(f"{ROOT}/{entry.name}", entry, is_dir))
            if is_dir and not found[-1].is_housekeeping:
                below = self._scan(Path(entry.path), missing_rights_are_fine=True)
                found.extend(
                    _card_file(f"{ROOT}/{entry.name}/{inner.name}", inner, inner.is_dir(follow_symlinks=False))
                    for inner in below
                )
            if len(found) > _MOST_ENTRIES:
                break
        return tuple(found[:_MOST_ENTRIES])

    def _scan(self, folder: Path, *, missing_rights_are_fine: bool = False) -> list[os.DirEntry[str]]:
        try:
            with os.scandir(folder) as entries:
                return sorted(entries, key=lambda entry: entry.name)
        except OSError as err:
            if missing_rights_are_fine and isinstance(err, PermissionError):
                return []
            raise self._unreadable(folder, err) from err

    def _unreadable(self, path: Path, err: OSError) -> CardError:
        return CardError(
            "sd-read-error-mid-flash" if not isinstance(err, PermissionError) else "card-is-fat",
            f"cannot be read: {err.strerror}",
            on=str(path),
            cause="the card was taken out, or is worn out" if not isinstance(err, PermissionError) else "access rights",
            next="put the card in again, and check that you may read the folder",
        )

    def files_elsewhere(self) -> tuple[CardFile, ...]:
        """Nothing: the system mounts each volume in a folder of its own."""
        return ()

    def read(self, path: str) -> Iterator[bytes]:
        """The content of a file in pieces. Raises CardError."""
        real = self._find(path)
        try:
            with real.open("rb") as file:
                while piece := file.read(_CHUNK_BYTES):
                    yield piece
        except OSError as err:
            raise self._unreadable(real, err) from err

    def sha256(self, path: str) -> str:
        """SHA-256 of a file, as hexadecimal digits. Raises CardError."""
        return sha256_of(self.read(path))

    def move(self, src: str, dst: str, emit: Listener = ignore) -> None:
        """Rename a file on the card; nothing is overwritten. Raises CardError."""
        real = self._find(src)
        *parents, name = split_path(dst)
        target = self._find_parts(tuple(parents), dst) / name
        if not real.is_file() or real.is_symlink():
            raise CardError("dup-path-enoent", "is not a file", on=f"{self.name}: {src}")
        if self._match(target.parent, name) is not None:
            raise CardError("dup-path-enoent", "exists already; nothing was moved", on=f"{self.name}: {dst}")
        try:
            real.rename(target)
            for changed in {real.parent, target.parent}:
                sync_folder(changed)
        except OSError as err:
            raise self._unchangeable(real, f"cannot be moved: {err.strerror}") from err

    def remove(self, path: str, emit: Listener = ignore) -> None:
        """Delete a file. Raises CardError."""
        real = self._find(path)
        if not real.is_file() or real.is_symlink():
            raise CardError("dup-path-enoent", "is not a file", on=f"{self.name}: {path}")
        try:
            real.unlink()
            sync_folder(real.parent)
        except OSError as err:
            raise self._unchangeable(real, f"cannot be deleted: {err.strerror}") from err

    def write(self, path: str, data: bytes, emit: Listener = ignore) -> None:
        """Put a small file onto the card, under another name until it is whole. Raises CardError.

        What a killed run left in the folder under such a name goes.
        """
        *parents, name = split_path(path)
        folder = self._find_parts(tuple(parents), path)
        target = folder / (self._match(folder, name) or name)
        part = folder / f"{name}{PART_MARK}"
        try:
            for killed in folder.glob(f"*{PART_MARK}"):
                killed.unlink()
            try:
                write_synced(part, data)
                os.replace(part, target)  # noqa: PTH105 - named as what it does
            finally:
                part.unlink(missing_ok=True)
            sync_folder(folder)
        except OSError as err:
            raise self._unchangeable(target, f"cannot be written: {err.strerror}") from err

    def _unchangeable(self, real: Path, what: str) -> CardError:
        return CardError(
            "write-protected-or-unsafe-eject",
            what,
            on=str(real),
            cause="the lock switch of the card's adapter, or access rights",
            next="slide the lock switch, or change the file by hand",
        )

    def _find(self, path: str) -> Path:
        return self._find_parts(split_path(path), path)

    def _find_parts(self, parts: tuple[str, ...], path: str) -> Path:
        real = self.path
        for part in parts:
            match = self._match(real, part)
            if match is None:
                raise no_such_file(self.name, path)
            real = real / match
        return real

    def _match(self, folder: Path, name: str) -> str | None:
        """The name as the folder has it: exactly so, else in other case."""
        names = [entry.name for entry in self._scan(folder)]
        if name in names:
            return name
        return next((real for real in names if real.lower() == name.lower()), None)


def _card_file(path: str, entry: os.DirEntry[str], is_dir: bool) -> CardFile:
    try:
        size = 0 if is_dir else entry.stat(follow_symlinks=False).st_size
    except OSError:
        size = 0
    return CardFile(path, entry.name, size, is_dir)
