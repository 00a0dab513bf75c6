"""Where the .dup files of a card are, which of them only look like one, and why the board would find none."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from doctor.check import Grade, Remedy
from doctor.fat.card_file import CardFile
from doctor.firmware.wrong_file import UNFINISHED
from doctor.text.escape import shown

MOVE = Remedy("move-dup", Grade.ASKS)
COPY = Remedy("copy-dup", Grade.MANUAL)
UNZIP = Remedy("unzip-firmware", Grade.MANUAL)
DOWNLOAD = Remedy("redownload-firmware", Grade.MANUAL)

#: What names alone can tell.
NAME_FAULTS = (
    "dup-in-folder-named-sd",
    "hidden-double-extension",
    "firmware-file-truncated",
    "firmware-still-zipped",
    "appledouble-companion",
    "dup-path-enoent",
)

_DOUBLE_EXTENSION = re.compile(r"\.dup\.(txt|bin|html?|json|dup|doc|rtf)$", re.IGNORECASE)
_PACKED = re.compile(r"\.(zip|gz|tgz|7z|rar|xz)$", re.IGNORECASE)
_DISK_IMAGE = re.compile(r"\.(img|iso|dmg|vhdx?)$", re.IGNORECASE)


@dataclass(frozen=True)
class Dups:
    """What a listing holds of firmware images.

    at_root     .dup files at the top level, where the board looks
    in_folders  .dup files in folders
    double      ``x.dup.txt`` and the like
    packed      archives
    unfinished  downloads that were not finished
    companions  ``._x.dup`` files of macOS
    images      disk images: somebody copied the image of a card into a card
    """

    at_root: tuple[CardFile, ...]
    in_folders: tuple[CardFile, ...]
    double: tuple[CardFile, ...]
    packed: tuple[CardFile, ...]
    unfinished: tuple[CardFile, ...]
    companions: tuple[CardFile, ...]
    images: tuple[CardFile, ...]


@dataclass(frozen=True)
class DupFault:
    """What is wrong with the firmware on a card; members as of a finding.

    offset    where the card's copy begins to differ, in bytes
    firmware  False if what was found may be something else that the card also holds
    """

    catalogue: str
    text: str
    cause: str
    remedies: tuple[Remedy, ...]
    offset: int | None = None
    firmware: bool = True


def real_name(name: str) -> str:
    """A name without what a system hid behind its .dup."""
    found = _DOUBLE_EXTENSION.search(name)
    return name[: found.start() + len(".dup")] if found else name


def find_dups(files: Iterable[CardFile]) -> Dups:
    """Sort a listing, two levels deep, into what it holds of firmware images."""
    kinds: dict[str, list[CardFile]] = {name: [] for name in Dups.__dataclass_fields__}
    for file in files:
        kind = "" if file.is_dir or file.is_housekeeping else _kind(file)
        if kind:
            kinds[kind].append(file)
    return Dups(**{name: tuple(found) for name, found in kinds.items()})


def _kind(file: CardFile) -> str:
    name = file.name
    if file.is_companion:
        return "companions" if ".dup" in name.lower() else ""
    if name.lower().endswith(".dup") and not _DOUBLE_EXTENSION.search(name):
        return "at_root" if file.at_root else "in_folders"
    for pattern, kind in (
        (UNFINISHED, "unfinished"),
        (_DOUBLE_EXTENSION, "double"),
        (_PACKED, "packed"),
        (_DISK_IMAGE, "images"),
    ):
        if pattern.search(name):
            return kind
    return ""


def misplaced(dups: Dups) -> DupFault | None:
    """Why the board finds no image at the root, as far as the names of other files tell it."""
    for found, fault in (
        (dups.in_folders, in_folder),
        (dups.double, double_extension),
        (dups.unfinished, _unfinished),
        (dups.packed, _packed),
        (dups.companions, _companion),
    ):
        if found:
            return fault(found)
    return None


def missing(dups: Dups) -> DupFault:
    """No file is, or looks like, a firmware image."""
    text, cause = "no .dup file is on the card", "the image was not copied, or was copied to another card"
    if dups.images:
        name = shown(dups.images[0].name)
        text = f"no .dup file is on the card; {name} looks like a disk image that was copied to the card as a file"
        cause = "a disk image must be written over the whole card, not copied to it as a file"
    return DupFault("dup-path-enoent", text, cause, (COPY,), firmware=False)


def in_folder(found: tuple[CardFile, ...]) -> DupFault:
    """Images in folders."""
    paths = ", ".join(shown(file.path) for file in found)
    text = f"{paths} is in a folder; the board looks for it at the root of the card"
    cause = "/sd is where the board puts the card, not a folder on it"
    return DupFault("dup-in-folder-named-sd", text, cause, (MOVE,) if len(found) == 1 else (COPY,))


def double_extension(found: tuple[CardFile, ...]) -> DupFault:
    """Images with a second ending."""
    text = f"{shown(found[0].path)} should be called {shown(real_name(found[0].name))}"
    return DupFault("hidden-double-extension", text, "Windows hides file name extensions that it knows", (MOVE,))


def _unfinished(found: tuple[CardFile, ...]) -> DupFault:
    text = f"{shown(found[0].name)} is an unfinished download"
    cause = "the browser was closed, or the disk was full"
    return DupFault("firmware-file-truncated", text, cause, (DOWNLOAD,), firmware=".dup" in found[0].name.lower())


def _packed(found: tuple[CardFile, ...]) -> DupFault:
    text = f"only an archive is on the card, {shown(found[0].path)}; the board needs the .dup file from inside it"
    cause = "Windows opens archives as if they were folders"
    return DupFault("firmware-still-zipped", text, cause, (UNZIP, COPY), firmware=".dup" in found[0].name.lower())


def _companion(found: tuple[CardFile, ...]) -> DupFault:
    text = f"only {shown(found[0].name)} is on the card; that is not firmware, but a metadata file of macOS"
    return DupFault("appledouble-companion", text, "the real file was not copied, or was deleted", (COPY, MOVE))
