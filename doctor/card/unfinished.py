"""The mark that a reformat leaves in sector 0 of a card until it is finished, and the journal of it in the backup.

Whoever reads the mark knows that the card is no card at the moment, and where its files lie. The mark comes from
the card and is not trusted: only a journal on this PC with the same id makes it mean anything.
"""

from __future__ import annotations

import json
import os
import re
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from doctor.card.compare import sha256_of
from doctor.card.source import SECTOR_BYTES
from doctor.card.target import disk_error, sync_folder
from doctor.errors import CardError

MARK = b"FIPY-DOCTOR REFORMAT UNFINISHED\n"
JOURNAL = "reformat.json"
_ID = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True)
class Mark:
    """What sector 0 of an unfinished card says: id of the reformat, and the backup folder (cut where too long)."""

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
    """The mark in a sector 0; None where there is none."""
    if not sector.startswith(MARK):
        return None
    found, _, folder = sector[len(MARK) :].rstrip(b"\0").partition(b"\n")
    text = found.decode("ascii", "replace")
    return Mark(text, folder.decode("utf-8", "replace")) if _ID.fullmatch(text) else None


@dataclass(frozen=True)
class Journal:
    """A reformat of a device, as its backup folder remembers it.

    size_bytes, serial, model  of the card
    done                       the card is finished
    files                      what is put back, as (path on the card, copy in the folder or "" for folders,
                               SHA-256, size, attributes, stamps in hexadecimal)
    """

    id: str
    folder: Path
    device: str
    size_bytes: int
    serial: str
    model: str
    label: str
    files: tuple[tuple[str, str, str, int, int, str], ...]
    done: bool = False

    def finished(self) -> Journal:
        """The same, done."""
        return replace(self, done=True)


def write_journal(journal: Journal) -> None:
    """Write, or replace, the journal in its folder; it is whole at every moment. Raises CardError."""
    members = {
        "id": journal.id,
        "done": journal.done,
        "device": journal.device,
        "size_bytes": journal.size_bytes,
        "serial": journal.serial,
        "model": journal.model,
        "label": journal.label,
        "files": [list(file) for file in journal.files],
    }
    path = journal.folder / JOURNAL
    part = path.with_suffix(".part")
    try:
        with part.open("wb") as file:
            file.write(json.dumps(members, indent=1).encode())
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
        sync_folder(journal.folder)
    except OSError as err:
        raise disk_error(path, err) from err


def read_journal(folder: Path) -> Journal | None:
    """The journal in a folder; None where there is none that makes sense."""
    try:
        told: Mapping[str, Any] = json.loads((folder / JOURNAL).read_bytes())
        return Journal(
            id=str(told["id"]),
            folder=folder,
            device=str(told["device"]),
            size_bytes=int(told["size_bytes"]),
            serial=str(told["serial"]),
            model=str(told["model"]),
            label=str(told["label"]),
            files=tuple(
                (str(path), str(copy), str(sha), int(size), int(attributes), str(stamps))
                for path, copy, sha, size, attributes, stamps in told["files"]
            ),
            done=bool(told["done"]),
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None


def find_unfinished(sector: bytes, backup_dir: Path, *, size_bytes: int, serial: str) -> Journal | None:
    """The unfinished reformat of this card, by its mark, else by its serial number.

    sector  sector 0 of the card
    """
    mark = read_mark(sector)
    journals = [read_journal(Path(mark.folder))] if mark is not None else []
    with suppress(OSError):
        journals += [read_journal(folder) for folder in sorted(backup_dir.iterdir(), reverse=True)]
    for journal in journals:
        if journal is None or journal.done or journal.size_bytes != size_bytes:
            continue
        if mark is not None and journal.id == mark.id:
            return journal
        if mark is None and serial and journal.serial == serial and not any(sector):
            return journal
    return None


def check_copies(journal: Journal) -> None:
    """Every copy that will be put back is still what it was. Raises CardError."""
    for path, copy, sha256, _, _, _ in journal.files:
        if not copy:
            continue
        place = journal.folder / copy
        try:
            if journal.folder.resolve() not in place.resolve().parents:
                raise OSError("lies outside the backup folder")
            with place.open("rb") as file:
                same = sha256_of(iter(lambda: file.read(1 << 20), b"")) == sha256
        except OSError as err:
            raise disk_error(place, err) from err
        if not same:
            raise CardError(
                "card-is-fat",
                f"the copy of {path} in the backup was changed since; nothing was put back",
                on=str(place),
                next="put the files back by hand",
            )
