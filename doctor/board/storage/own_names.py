"""Names on a board that are ours: where a file lies until it is proved, and where an old one waits until then."""

from __future__ import annotations

import hashlib
import posixpath
import re
from collections.abc import Callable, Iterable

DRAFT, SECOND = ".fd-new", ".fd-old"
UNFORMATTED = "/flash/fd-unformatted" + DRAFT  #: laid there before a format, which takes it away with all else
OF_OLDER_VERSIONS = "fd-new.tmp"  #: what versions before these names left behind, whatever file it was for
_NAMELESS = re.compile(rf"fd-[0-9a-f]{{16}}{re.escape(SECOND)}")
_LONGEST_BYTES = 120  #: with the ending it fits the board's FAT, too (file_names.FAT_NAME_MAX_BYTES)


def draft_of(path: str) -> str:
    """Where the new content of ``path`` lies until it is proved."""
    return _beside(path, DRAFT)


def second_of(path: str) -> str:
    """Where the old content of ``path`` waits, on a file system that does not replace a file in one step."""
    return _beside(path, SECOND)


def is_ours(path: str) -> bool:
    """Whether the name is one that only this program gives, and what lies there is nobody's only copy.

    An old file under a name that does not tell its own (``is_nameless``) is treated as the user's.
    """
    name = posixpath.basename(path)
    given = name.endswith((DRAFT, SECOND)) and name not in (DRAFT, SECOND) and not is_nameless(path)
    return given or name == OF_OLDER_VERSIONS


def is_nameless(path: str) -> bool:
    """Whether an old file may wait there whose own name was too long to stand in this one."""
    return _NAMELESS.fullmatch(posixpath.basename(path)) is not None


def waiting(paths: Iterable[str], key: Callable[[str], str], known: Iterable[str] = ()) -> dict[str, str]:
    """Old files that wait for their name, as the name by where they are; if there are any, a change was interrupted.

    paths  all files of a folder, or of several
    key    the same for all paths of one file (room.name_key)
    known  names that files of the board have or had, as records tell: a long one is only known from there
    """
    there = {key(path): path for path in paths}
    names = {there[key(second_of(name))]: name for name in known if key(second_of(name)) in there}
    names.update(
        (path, path.removesuffix(SECOND)) for path in there.values() if path.endswith(SECOND) and is_ours(path)
    )
    return {waits: names[waits] for waits in sorted(names) if key(names[waits]) not in there}


def _beside(path: str, ending: str) -> str:
    folder, name = posixpath.split(path)
    if len(name.encode("utf-8", "surrogateescape")) > _LONGEST_BYTES:
        name = "fd-" + hashlib.sha256(name.encode("utf-8", "surrogateescape")).hexdigest()[:16]
    return posixpath.join(folder, name + ending)
