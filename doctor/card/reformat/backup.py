"""A backup of everything readable on a card: to a dated folder, verified, with a list of what is in it."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from doctor.card.drives.device import is_device, open_source
from doctor.card.target import copy_sparse, disk_error, same_content, sha256_of
from doctor.documents.host_names import host_name
from doctor.documents.json_file import make_folder, new_folder, open_ours, write_synced
from doctor.errors import CardError
from doctor.events import Counted, Listener, Note, ignore
from doctor.fat.directory import DirEntry
from doctor.fat.reader import read_file, read_what_is_left
from doctor.fat.source import BlockSource
from doctor.fat.volume import FatVolume, follow_file
from doctor.text.command import marked
from doctor.text.escape import counted, shown

MANIFEST = "backup.json"  #: written last: a backup folder without it is unfinished
RAW_COPY = "whole-card.img"
_READ_BYTES = 1 << 20
_COUNTED_BYTES = 16 << 20  #: about a second of a plain card reader, between two words about a whole card
_HEAD_BYTES = 1 << 20  #: first part of the card that is kept in every backup: tables, boot sector, start of the FAT
_MOST_PATH_BYTES = 600  #: below the backup folder; systems end at 4,096 or, in old programs of Windows, at 260
# ``host_name`` gives neither, whatever a file is called: behind its ``%`` no small letter but ``u`` or a hash follows.
_TOO_DEEP = "%deep folders"  #: where goes what a path would be too long for; the list says where it was
_TORN = "%damaged"  #: behind the name of what could be read of a damaged file


@dataclass(frozen=True)
class Found:
    """An entry on a card, and the volume that it lies on.

    volume_name  ``partition N`` on a card with several volumes; else empty
    """

    volume: FatVolume
    entry: DirEntry
    volume_name: str = ""

    @property
    def key(self) -> tuple[int, int]:
        """Tells it from every other entry, even if a damaged folder lists a name twice."""
        return self.volume.start_sector, self.entry.slots[-1]

    @property
    def called(self) -> tuple[str, ...]:
        """Its names, the most exact one first."""
        path = self.entry.path
        return (f"{self.volume_name}/{path}", path) if self.volume_name else (path,)

    @property
    def torn(self) -> bool:
        """Whether it is a file that cannot be read whole."""
        return not self.entry.is_dir and follow_file(self.volume, self.entry).torn


@dataclass(frozen=True)
class Saved:
    """One file in a backup.

    found   what it was on the card
    where   the copy; None for a folder
    sha256  of the copy, read back from the disk
    whole   False for what could be read of a damaged file
    """

    found: Found
    where: Path | None
    sha256: str
    whole: bool


@dataclass(frozen=True)
class CardBackup:
    """A finished, verified backup."""

    folder: Path
    saved: tuple[Saved, ...]
    raw_copy: Path | None


def back_up(
    card: Path,
    found: Iterable[Found],
    backup_dir: Path,
    *,
    raw: bool,
    now: datetime,
    emit: Listener = ignore,
) -> CardBackup:
    """Copy everything readable to a new dated folder below ``backup_dir``, and read it all back.

    card  an image file or device
    raw   keep a copy of the whole card too: if files alone would not bring everything back

    Raises CardError if the disk is full or a copy differs from the card.
    """
    folder = _new_folder(backup_dir, card, now)
    emit(Note(f"backup to {marked(folder)}"))
    try:
        make_folder(folder / "files")
        saved = tuple(_save(item, place) for item, place in _places(found, folder / "files"))
        write_synced(folder / "first-mib.bin", _head(card), "xb")
        raw_copy = _copy_whole(card, folder / RAW_COPY, emit) if raw else None
        listing = {
            "card": str(card),
            "made": now.isoformat(timespec="seconds"),
            "files": [_described(item, folder) for item in saved],
            "whole_card": RAW_COPY if raw_copy else None,
        }
        write_synced(folder / MANIFEST, json.dumps(listing, indent=2, ensure_ascii=True).encode(), "xb")
    except OSError as err:
        raise disk_error(folder, err) from err
    emit(Note(f"{counted(len(saved), 'file or folder', 'files and folders')} saved and verified"))
    return CardBackup(folder, saved, raw_copy)


def _new_folder(backup_dir: Path, card: Path, now: datetime) -> Path:
    """A folder that did not exist before."""
    name = f"fipy-doctor-{now:%Y%m%d-%H%M%S}-{host_name(card.stem)}"
    try:
        make_folder(backup_dir)
        for number in range(1, 1000):
            folder = backup_dir / (name if number == 1 else f"{name}-{number}")
            try:
                new_folder(folder)
                return folder
            except FileExistsError:
                continue
    except OSError as err:
        raise disk_error(backup_dir, err) from err
    raise CardError("card-is-fat", "already has a thousand backups of this second", on=str(backup_dir))


def _places(found: Iterable[Found], root: Path) -> list[tuple[Found, Path]]:
    """Where each entry goes on the PC. Names from the card are untrusted: none leaves ``root``, none is taken twice."""
    folders: dict[tuple[int, str], Path] = {}
    taken: set[str] = set()
    places = []
    found = list(found)
    several = len({item.volume.start_sector for item in found}) > 1
    for item in found:
        parent, _, name = item.entry.path.rpartition("/")
        volume = item.volume.start_sector
        folder = folders.setdefault((volume, parent), root / f"volume-at-{volume}" if several else root)
        place = folder / host_name(name)
        if len(str(place.relative_to(root)).encode()) > _MOST_PATH_BYTES:
            folder = root / _TOO_DEEP
            place = folder / host_name(name)
        number = 1
        while str(place).lower() in taken:
            number += 1
            place = folder / f"{host_name(name)}-{number}"
        taken.add(str(place).lower())
        if item.entry.is_dir:
            folders[volume, item.entry.path] = place
        places.append((item, place))
    return places


def _save(item: Found, place: Path) -> Saved:
    volume, entry = item.volume, item.entry
    if entry.is_dir:
        make_folder(place)
        return Saved(item, None, "", whole=True)
    make_folder(place.parent)
    whole = not item.torn
    pieces = read_file(volume, entry) if whole else read_what_is_left(volume, entry)
    if not whole:
        place = place.with_name(f"{place.name}{_TORN}")
    digest = hashlib.sha256()
    with open_ours(place, "xb") as file:
        for piece in pieces:
            digest.update(piece)
            file.write(piece)
        file.flush()
        os.fsync(file.fileno())
    if sha256_of(iter(read_pieces(place))) != digest.hexdigest():
        raise CardError("card-is-fat", "the copy differs from the card; nothing was changed", on=shown(entry.path))
    return Saved(item, place, digest.hexdigest(), whole)


def read_pieces(path: Path) -> Iterable[bytes]:
    """The content of a file on the PC, in pieces. Raises CardError if it cannot be read, or is there no more."""
    try:
        with open_ours(path, "rb") as file:
            while piece := file.read(_READ_BYTES):
                yield piece
    except OSError as err:
        raise CardError(
            "card-is-fat",
            f"cannot be read: {err.strerror}",
            on=str(path),
            cause="the drive that holds the backup was taken out, or somebody changed the backup",
        ) from err


def _head(card: Path) -> bytes:
    with open_source(card) as source:
        return source.read_at(0, min(_HEAD_BYTES, source.size_bytes))


def _copy_whole(card: Path, destination: Path, emit: Listener) -> Path:
    open_ours(destination, "xb").close()
    if is_device(card):
        same = _copy_device(card, destination, emit)
    else:
        copy_sparse(card, destination)
        same = same_content(card, destination)
    if not same:
        raise CardError("card-is-fat", "the copy of the whole card differs; nothing was changed", on=str(destination))
    return destination


def _copy_device(card: Path, destination: Path, emit: Listener) -> bool:
    """Copy a whole device, leaving holes where it holds only zeros; whether reading both again gives the same."""
    with open_source(card) as source, destination.open("r+b", buffering=0) as file:
        file.truncate(source.size_bytes)
        for at, piece in _pieces(source, "copying the whole card", emit):
            if piece.strip(b"\0"):
                file.seek(at)
                left = memoryview(piece)
                while left:
                    left = left[file.write(left) :]
        os.fsync(file.fileno())
        for at, piece in _pieces(source, "comparing the copy with the card", emit):
            file.seek(at)
            if file.read(len(piece)) != piece:
                return False
    return True


def _pieces(source: BlockSource, what: str, emit: Listener) -> Iterator[tuple[int, bytes]]:
    for at in range(0, source.size_bytes, _READ_BYTES):
        if at % _COUNTED_BYTES == 0:
            emit(Counted(what, at >> 20, source.size_bytes >> 20, "MiB"))
        yield at, source.read_at(at, min(_READ_BYTES, source.size_bytes - at))


def _described(item: Saved, folder: Path) -> dict[str, str | int | bool | None]:
    return {
        "path": item.found.entry.path,
        "copy": None if item.where is None else item.where.relative_to(folder).as_posix(),
        "size_bytes": item.found.entry.size_bytes,
        "sha256": item.sha256,
        "whole": item.whole,
    }
