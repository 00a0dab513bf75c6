"""Where the .dup files of a card are, and which of them only look like one."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

_DOUBLE_EXTENSION = re.compile(r"\.dup\.(txt|bin|html?|json|dup|doc|rtf)$", re.IGNORECASE)
_UNFINISHED = re.compile(r"\.(crdownload|part|partial|download|opdownload|tmp)$", re.IGNORECASE)
_PACKED = re.compile(r"\.(zip|gz|tgz|7z|rar|xz)$", re.IGNORECASE)
_DISK_IMAGE = re.compile(r"\.(img|iso|dmg|vhdx?)$", re.IGNORECASE)


class Listed(Protocol):
    """A file or folder of a card, as the PC or the board lists it."""

    @property
    def path(self) -> str:
        """Such as ``/sd/x.dup``."""
        ...

    @property
    def name(self) -> str:
        """Last part of the path."""
        ...

    @property
    def is_dir(self) -> bool:
        """Whether it is a folder."""
        ...


_File = TypeVar("_File", bound=Listed)


@dataclass(frozen=True)
class Dups(Generic[_File]):
    """What a listing holds of firmware images.

    at_root     .dup files at the top level, where the board looks
    in_folders  .dup files in folders
    double      ``x.dup.txt`` and the like
    packed      archives
    unfinished  downloads that were not finished
    companions  ``._x.dup`` files of macOS
    images      disk images: somebody copied the image of a card into a card
    """

    at_root: tuple[_File, ...]
    in_folders: tuple[_File, ...]
    double: tuple[_File, ...]
    packed: tuple[_File, ...]
    unfinished: tuple[_File, ...]
    companions: tuple[_File, ...]
    images: tuple[_File, ...]


def real_name(name: str) -> str:
    """A name without what a system hid behind its .dup."""
    found = _DOUBLE_EXTENSION.search(name)
    return name[: found.start() + len(".dup")] if found else name


def find_dups(files: Iterable[_File]) -> Dups[_File]:
    """Sort a listing, two levels deep, into what it holds of firmware images."""
    kinds: dict[str, list[_File]] = {name: [] for name in Dups.__dataclass_fields__}
    for file in files:
        kind = "" if file.is_dir else _kind(file)
        if kind:
            kinds[kind].append(file)
    return Dups(**{name: tuple(found) for name, found in kinds.items()})


def _kind(file: Listed) -> str:
    name = file.name
    if name.startswith("._"):
        return "companions" if ".dup" in name.lower() else ""
    if name.lower().endswith(".dup") and not _DOUBLE_EXTENSION.search(name):
        return "at_root" if file.path.count("/") == 2 else "in_folders"
    for pattern, kind in (
        (_UNFINISHED, "unfinished"),
        (_DOUBLE_EXTENSION, "double"),
        (_PACKED, "packed"),
        (_DISK_IMAGE, "images"),
    ):
        if pattern.search(name):
            return kind
    return ""
