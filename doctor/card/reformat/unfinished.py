"""The mark that a reformat leaves in sector 0 of a card until it is finished, and the journal of it in the backup.

The mark says that the card is not usable at the moment, and where its files are. The mark comes from
the card and is not trusted: only a journal on this PC with the same id makes it mean anything.
"""

from __future__ import annotations

import errno
import json
import os
import re
import secrets
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from doctor.card.reformat.choice import Choice, spelled
from doctor.card.target import disk_error, sha256_of, sync_folder
from doctor.documents.json_file import count_in, open_ours, read_json, text_in, write_whole
from doctor.errors import CardError
from doctor.fat.source import SECTOR_BYTES
from doctor.fat.writer import LARGEST_FILE_BYTES
from doctor.text.escape import shown

MARK = b"FIPY-DOCTOR REFORMAT UNFINISHED\n"
JOURNAL = "reformat.json"
_ID = re.compile(r"[0-9a-f]{32}")
_NUMBER = re.compile(r"\d+")
_NETWORK = ("\\\\", "//")  #: a card must not make Windows log in to a computer that the card names
_MOST_JOURNAL_BYTES = 64 << 20  #: 20,000 files with the longest names take less


@dataclass(frozen=True)
class Mark:
    """What sector 0 of an unfinished card says: id of the reformat, and the backup folder (cut if too long)."""

    id: str
    folder: str


def new_id() -> str:
    """An id that nobody can guess."""
    return secrets.token_hex(16)


def mark_sector(mark: Mark) -> bytes:
    """Sector 0 of a card that is being formatted; holds no signature, so that no system takes it for a card."""
    text = MARK + f"{mark.id}\n".encode() + mark.folder.encode("utf-8", "replace")
    return text[: SECTOR_BYTES - 3].ljust(SECTOR_BYTES, b"\0")


def read_mark(sector: bytes) -> Mark | None:
    """The mark in a sector 0; None if there is none."""
    if not sector.startswith(MARK):
        return None
    found, _, folder = sector[len(MARK) :].rstrip(b"\0").partition(b"\n")
    text = found.decode("ascii", "replace")
    return Mark(text, folder.decode("utf-8", "replace")) if _ID.fullmatch(text) else None


class Copied(NamedTuple):
    """A file that is put back, or a folder.

    path    on the card
    copy    in the backup folder; empty for a folder
    stamps  times of the directory entry, in hexadecimal
    """

    path: str
    copy: str
    sha256: str
    size_bytes: int
    attributes: int
    stamps: str

    @property
    def is_dir(self) -> bool:
        """Whether it is a folder."""
        return not self.copy


@dataclass(frozen=True)
class ReformatRecord:
    """A reformat of a device, as its backup folder remembers it.

    size_bytes, serial, model  of the card
    done                       the card is finished
    files                      all that can be put back, folders before what is in them
    failed                     how the last run that failed ended, in words; empty if none did
    """

    id: str
    folder: Path
    device: str
    size_bytes: int
    serial: str
    model: str
    label: str
    files: tuple[Copied, ...]
    done: bool = False
    failed: str = ""

    def failed_so(self, words: str) -> bool:
        """Whether the last run that failed ended in these words; numbers, such as that of a sector, do not matter."""
        return bool(self.failed) and _NUMBER.sub("0", self.failed) == _NUMBER.sub("0", words)


def chosen(journal: ReformatRecord, choice: Choice) -> tuple[Copied, ...]:
    """What goes back by the user's choice, with the folders that it needs. Raises UsageError for unknown names."""
    choice.refuse_unknown([(file.path,) for file in journal.files], on=str(journal.folder))
    taken = [file for file in journal.files if choice.takes(file.path)]
    within = tuple(f"{file.path}/" for file in taken if not file.is_dir)
    needed = {file.path for file in journal.files if file.is_dir and any(w.startswith(f"{file.path}/") for w in within)}
    return tuple(file for file in journal.files if file in taken or file.path in needed)


def write_journal(journal: ReformatRecord) -> None:
    """Write, or replace, the journal in its folder; it is whole at every moment. Raises CardError."""
    members = {name: value for name, value in vars(journal).items() if name != "folder"}
    path = journal.folder / JOURNAL
    try:
        write_whole(path, json.dumps(members, indent=1).encode())
        sync_folder(journal.folder)
    except OSError as err:
        raise disk_error(path, err) from err


def read_journal(folder: Path) -> ReformatRecord | None:
    """The journal in a folder; None if there is none that makes sense."""
    try:
        told = read_json(folder / JOURNAL, _MOST_JOURNAL_BYTES)
        if not isinstance(told, dict):
            return None
        return ReformatRecord(
            id=text_in(told["id"]),
            folder=folder,
            device=text_in(told["device"]),
            size_bytes=count_in(told["size_bytes"]),
            serial=text_in(told["serial"]),
            model=text_in(told["model"]),
            label=text_in(told["label"]),
            files=tuple(_copied(*file) for file in told["files"]),
            done=bool(told["done"]),
            failed=text_in(told.get("failed", "")),
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _copied(path: object, copy: object, sha256: object, size: object, attributes: object, stamps: object) -> Copied:
    """One file as a journal describes it. Raises ValueError if that makes no sense."""
    found = Copied(text_in(path), text_in(copy), text_in(sha256), count_in(size), count_in(attributes), text_in(stamps))
    if not all(found.path.split("/")) or found.size_bytes > LARGEST_FILE_BYTES or found.attributes > 0xFF:
        raise ValueError(found.path)
    bytes.fromhex(found.stamps)
    return found


def find_unfinished(sector: bytes, backup_dir: Path, *, size_bytes: int, serial: str) -> ReformatRecord | None:
    """The unfinished reformat of this card, by its mark, else by its serial number.

    sector      sector 0 of the card
    backup_dir  the folder in which backups are made, or the backup itself, wherever it was brought
    """
    mark = read_mark(sector)
    journals = [read_journal(backup_dir)] if mark is not None else []
    if mark is not None and not mark.folder.startswith(_NETWORK):
        journals.insert(0, read_journal(Path(mark.folder)))
    with suppress(OSError):
        journals += [read_journal(folder) for folder in sorted(backup_dir.iterdir(), reverse=True)]
    for journal in journals:
        if journal is None or journal.size_bytes != size_bytes:
            continue
        if mark is not None and journal.id == mark.id:
            return journal
        if mark is None and not journal.done and serial and journal.serial == serial and not any(sector):
            return journal
    return None


def check_copies(folder: Path, files: Iterable[Copied]) -> None:
    """Every copy that will be put back is still what it was. Raises CardError."""
    for file in files:
        if file.is_dir:
            continue
        place = folder / file.copy
        try:
            if folder.resolve() not in place.resolve().parents:
                raise OSError(errno.EPERM, "is outside the backup folder")
            with open_ours(place, "rb") as stream:
                same = os.fstat(stream.fileno()).st_size == file.size_bytes
                same = same and sha256_of(iter(lambda: stream.read(1 << 20), b"")) == file.sha256
            what = "was changed since"
        except OSError as err:
            same, what = False, f"cannot be read: {err.strerror}"
        if not same:
            raise CardError(
                "card-is-fat",
                f"the copy of {shown(file.path)} in the backup {what}; nothing was written",
                on=str(place),
                next=f"restore it as it was, or continue without it: add --leave-out {spelled(file.path)}",
            )
