"""Names on a board that are ours: where a file lies until it is proved, and where an old one waits meanwhile."""

from __future__ import annotations

import hashlib
import posixpath
from collections.abc import Iterable

DRAFT, SECOND = ".fd-new", ".fd-old"
OF_OLDER_VERSIONS = "fd-new.tmp"  #: what versions before these names left behind, whatever file it was for
_LONGEST_BYTES = 120  #: with the ending it fits the board's FAT, too (file_names.FAT_NAME_MAX_BYTES)


def draft_of(path: str) -> str:
    """Where the new content of ``path`` lies until it is proved."""
    return _beside(path, DRAFT)


def second_of(path: str) -> str:
    """Where the old content of ``path`` waits, on a file system that does not replace a file in one step."""
    return _beside(path, SECOND)


def is_ours(path: str) -> bool:
    """Whether the name is one that only this program gives."""
    name = posixpath.basename(path)
    return (name.endswith((DRAFT, SECOND)) and name not in (DRAFT, SECOND)) or name == OF_OLDER_VERSIONS


def waiting(paths: Iterable[str]) -> dict[str, str]:
    """Old files that wait for their name, as the name by where they are; a change broke off where there is any.

    paths  all files of a folder, or of several
    """
    there = set(paths)
    known = {path.removesuffix(SECOND) for path in there if path.endswith(SECOND) and is_ours(path)}
    return {name + SECOND: name for name in sorted(known) if name not in there and not _is_cut(name)}


def _beside(path: str, ending: str) -> str:
    folder, name = posixpath.split(path)
    if len(name.encode("utf-8", "surrogateescape")) > _LONGEST_BYTES:
        name = "fd-" + hashlib.sha256(name.encode("utf-8", "surrogateescape")).hexdigest()[:16]
    return posixpath.join(folder, name + ending)


def _is_cut(path: str) -> bool:
    name = posixpath.basename(path)
    return name.startswith("fd-") and len(name) == 19
