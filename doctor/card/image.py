"""A card as an image file or raw device: judged, listed and read by our own code, on bounded views."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Literal

from doctor.card.card import CardProblem, Volume, no_such_file, split_path
from doctor.card.drives.device import DeviceSource, device_name, is_device, open_source, whole_device
from doctor.card.folder import FolderCard
from doctor.card.judge import judge
from doctor.card.target import Identity, identity, sha256_of
from doctor.errors import CardError
from doctor.events import Listener, ignore
from doctor.fat.card_file import ROOT, CardFile
from doctor.fat.directory import DirEntry, find, walk
from doctor.fat.reader import read_file
from doctor.fat.source import BlockSource, FileSource, Remembering, cannot_open, refuse_odd_file
from doctor.fat.volume import FatVolume, find_volume, open_volume

#: Two changes of a file within this time may bear the same stamp: file systems count coarser than this computer.
_TICK_NS = 2_000_000_000


class ImageCard:
    """An image file of a whole card, or of one volume. The file is open only while it is read."""

    kind: Literal["image", "device"] = "image"  #: how it is reached

    def __init__(self, path: Path) -> None:
        self.path = path
        self.name = device_name(path)  # of anything else, the path as the user gave it
        self._known: dict[int, bytes] = {}
        self._stamp: Identity | None = None

    @contextmanager
    def _source(self) -> Iterator[BlockSource]:
        """The medium; the tables of an image that nobody has changed since are not read again."""
        with open_source(self.path) as source:
            stamp = _stamp(source)
            if stamp is None:
                yield source
                return
            if stamp != self._stamp:
                self._known, self._stamp = {}, stamp
            yield Remembering(source, self._known)

    def volume(self) -> Volume:
        """The verdict, from its bytes. Raises CardError."""
        with self._source() as source:
            return judge(source)

    def heals(self) -> bool:
        """Whether good copies on the card mend all that is wrong with it. Raises CardError if it cannot be read."""
        from doctor.card import repair

        with open_source(self.path) as source:
            return repair.heals(source)

    def refuse_if_damaged(self) -> None:
        """Raise CardError if no file may be changed; its next step says what mends the card."""
        from doctor.card import change

        with open_source(self.path) as source:
            change.faultless(source)

    @contextmanager
    def opened(self) -> Iterator[FatVolume]:
        """The volume that files are read from. Raises CardError if there is none."""
        with self._source() as source:
            volume = find_volume(source)
            if volume is None:
                worst = judge(source).problems[0]
                raise CardError(worst.catalogue, worst.text, on=self.name, next="run `fipy-doctor check`")
            yield volume

    def files(self) -> tuple[CardFile, ...]:
        """Files and folders of that volume, two levels deep. Raises CardError."""
        with self.opened() as volume:
            return tuple(
                _card_file(step.entry, ROOT) for step in walk(volume.view, volume.fat, volume.root(), deepest=1)
            )

    def files_elsewhere(self) -> tuple[CardFile, ...]:
        """Files in the roots of the image's other FAT volumes, which the board does not see."""
        found: list[CardFile] = []
        with self._source() as source:
            for part in judge(source).others:
                volume = open_volume(source, part.start_sector)[0] if part.kind.is_fat else None
                if volume is not None:
                    found += [_card_file(entry, f"partition {part.slot + 1}") for entry in volume.root().entries]
        return tuple(found)

    def read(self, path: str) -> Iterator[bytes]:
        """The content of a file in pieces, along its checked chain. Raises CardError."""
        with self.opened() as volume:
            yield from read_file(volume, self._find(volume, path))

    def sha256(self, path: str) -> str:
        """SHA-256 of a file, as hexadecimal digits. Raises CardError."""
        return sha256_of(self.read(path))

    def move(self, src: str, dst: str, emit: Listener = ignore) -> None:
        """Give a file another path; verified. An image is replaced by a changed copy. Raises CardError."""
        from doctor.card.change import Rename, change_files

        change_files(self.path, [Rename("/".join(split_path(src)), "/".join(split_path(dst)))], emit)

    def remove(self, path: str, emit: Listener = ignore) -> None:
        """Delete a file. An image is replaced by a changed copy. Raises CardError."""
        from doctor.card.change import Delete, change_files

        change_files(self.path, [Delete("/".join(split_path(path)))], emit)

    def write(self, path: str, data: bytes, emit: Listener = ignore) -> None:
        """Put a small file onto the card. An image is replaced by a changed copy. Raises CardError."""
        from doctor.card.change import Add, Change, Delete, change_files
        from doctor.fat.writer import new_file

        inner = "/".join(split_path(path))
        with self.opened() as volume:
            there = find(volume.view, volume.fat, volume.root(), inner) is not None
        old: list[Change] = [Delete(inner)] if there else []
        change_files(self.path, [*old, Add(new_file(inner, data))], emit)

    def _find(self, volume: FatVolume, path: str) -> DirEntry:
        entry = find(volume.view, volume.fat, volume.root(), "/".join(split_path(path)))
        if entry is None or entry.is_dir:
            raise no_such_file(self.name, path)
        return entry


class DeviceCard(ImageCard):
    """A raw device, or one partition of it. It is open only while it is read."""

    kind = "device"

    def volume(self) -> Volume:
        """The verdict; of a partition alone the board's part stays open, because the table lies outside."""
        found = super().volume()
        whole = whole_device(self.path)
        if not whole or not found.board_reads:
            return found
        text = f"only one partition was examined; give {whole} to have the partition table examined too"
        return replace(found, board_reads=None, problems=(*found.problems, CardProblem("sd-partition-layout", text)))


def _stamp(source: FileSource | DeviceSource) -> Identity | None:
    """What tells that a file is still the same; None if it might change unseen: a device, a file written just now."""
    if not isinstance(source, FileSource):
        return None
    found = os.fstat(source.fileno())
    if time.time_ns() - max(found.st_mtime_ns, found.st_ctime_ns) < _TICK_NS:
        return None
    return identity(found)


def _card_file(entry: DirEntry, root: str) -> CardFile:
    size = 0 if entry.is_dir else entry.size_bytes
    return CardFile(f"{root}/{entry.path}", entry.name, size, entry.is_dir)


Card = FolderCard | ImageCard
"""A card that can be looked at and tidied. Names are matched without regard to case, as FAT does.

Everything that reads raises CardError if the card cannot be read. What changes an image or a device reports to
``emit`` what a second reader makes of it (``doctor.events.SecondReading``).
"""


def open_card(path: Path) -> Card:
    """The card at a path: a mounted folder, an image file or a raw device.

    Raises UsageError if there is nothing at the path, CardError if it is neither or cannot be opened.
    """
    if is_device(path):
        return DeviceCard(path)
    try:
        mode = path.stat().st_mode
    except OSError as err:
        raise cannot_open(path, err) from err
    if stat.S_ISDIR(mode):
        return FolderCard(path)
    refuse_odd_file(mode, path)
    return ImageCard(path)
