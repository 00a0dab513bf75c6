"""Which names of files a board's /flash can hold; some FAT would take and keep under another name."""

from __future__ import annotations

import re
from collections.abc import Iterable

FAT_NAME_MAX_BYTES = 128  #: the board's FAT driver counts bytes, in code page 437 (fat-and-pyfatfs.md 9)
NAME_MAX_BYTES = 255  #: of LittleFS
#: FatFs' create_name(): these are refused; ``\`` parts folders, and a control character ends the name.
_NOT_ON_FAT = re.compile(r'["*:<>?|\\\x00-\x1f\x7f]')


def why_not(name: str, *, fat: bool) -> str:
    """Why one part of a path can be no name on a board, as the end of a sentence; empty if it can be one.

    fat  the board's /flash is FAT, or may be. FatFs reserves no words: CON is a name like others.
    """
    try:
        size = len(name.encode())
    except UnicodeEncodeError:
        return "has bytes that are not UTF-8: no board could return it"
    if size > (FAT_NAME_MAX_BYTES if fat else NAME_MAX_BYTES):
        return f"has {size} bytes, and the board's file system takes {FAT_NAME_MAX_BYTES if fat else NAME_MAX_BYTES}"
    if not fat:
        return ""
    bad = _NOT_ON_FAT.search(name)
    if bad is not None:
        char = "a control character" if bad.group() < " " or bad.group() == "\x7f" else f"the character {bad.group()}"
        return f"has {char}, which the board's FAT does not allow in a name"
    if name.endswith((".", " ")):
        return "ends in a dot or a space, which the board's FAT would leave out"
    return ""


def fat_key(path: str) -> str:
    """The same for all paths that the board's FAT takes for one, and for no others.

    It makes no difference of case, and takes each byte of a name for a letter of code page 437
    (fat-and-pyfatfs.md 9): ``é`` and ``É`` are two names to it, and ``À`` and ``Ç`` are one.
    """
    letters = path.encode("utf-8", "surrogateescape").decode("cp437")
    return "".join(big if len(big := letter.upper()) == 1 else letter for letter in letters)


def same_on_fat(paths: Iterable[str]) -> tuple[str, str] | None:
    """Two of the paths that FAT takes for one; None if there are none."""
    seen: dict[str, str] = {}
    for path in paths:
        other = seen.setdefault(fat_key(path), path)
        if other != path:
            return other, path
    return None
