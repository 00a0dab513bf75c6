"""The Python scripts on a board, read and classified; and compared with the ones that the user has on the PC."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from doctor.board.board import Board
from doctor.board.boot_scripts import SEARCHED, searched
from doctor.board.storage import files
from doctor.documents.json_file import read_bounded
from doctor.firmware.scripts import ScriptVerdict, classify

FILES_MAX = 60  #: the vendor's set has 6 scripts; a user's project some 20
READ_MAX_BYTES = 256 * 1024  #: the longest of the vendor's scripts has 75 KB
READ_ALL_MAX_BYTES = 640 * 1024  #: at 6 kB/s (board-and-repl.md 3.6) this is under two minutes
LARGE = "it is too large to read over the REPL"
MANY = f"only {FILES_MAX} scripts are read"


class Compared(Enum):
    """How a script on the board stands to the one of the same name on the PC."""

    NOT_GIVEN = "not-given"
    EQUAL = "equal"
    CUT = "cut"
    """The board has only the beginning of it."""
    DIFFERENT = "different"


@dataclass(frozen=True)
class LocalScript:
    """One script on the PC; ``data`` is empty in a replay, where nobody can tell a cut copy from another file."""

    size_bytes: int
    sha256: str
    verdict: ScriptVerdict
    data: bytes = field(default=b"", repr=False)


@dataclass(frozen=True)
class BoardScript:
    """One script on the board. ``verdict`` is None if it was not read: ``unread`` says why."""

    path: str
    size_bytes: int
    verdict: ScriptVerdict | None
    compared: Compared = Compared.NOT_GIVEN
    unread: str = ""

    @property
    def name(self) -> str:
        """File name without folder."""
        return self.path.rsplit("/", 1)[-1]


@dataclass(frozen=True)
class BoardScripts:
    """What lies in /flash and /flash/lib.

    scripts  the .py files
    folders  paths of folders there, which the board imports as packages
    missing  names of scripts that the PC has and the board has not
    """

    scripts: tuple[BoardScript, ...]
    folders: tuple[str, ...]
    missing: tuple[str, ...]


def local_scripts(folder: Path | None) -> dict[str, LocalScript]:
    """The .py files in a folder of the PC and in its folders, by file name.

    Of several with one name the one nearest to the top counts. Unreadable ones are left out: telling is the business of
    scripts-are-python.
    """
    if folder is None:
        return {}
    found: dict[str, LocalScript] = {}
    for path in sorted(folder.rglob("*.py"), key=lambda p: (len(p.parts), p)):
        try:
            if path.name not in found:
                data = read_bounded(path, READ_MAX_BYTES, follow=True)
                digest = hashlib.sha256(data).hexdigest()
                found[path.name] = LocalScript(len(data), digest, classify(path.name, data), data)
        except (OSError, ValueError):
            continue
    return found


def read_scripts(board: Board, local: Mapping[str, LocalScript]) -> BoardScripts:
    """Read, classify and compare. What equals the PC's copy by its hash is not read. Raises BoardError, LinkError."""
    entries = searched(board)
    folders = tuple(e.path for e in entries if e.is_dir and e.path not in SEARCHED)
    python = [e for e in entries if not e.is_dir and e.name.lower().endswith(".py")]
    scripts: list[BoardScript] = []
    room = READ_ALL_MAX_BYTES
    for entry in python[:FILES_MAX]:
        if not entry.is_named:
            scripts.append(BoardScript(entry.path, entry.size_bytes, None, unread="its name is not text"))
            continue
        try:
            script = _equal_to_local(board, entry, local.get(entry.name))
            if script is None:
                script = _read(board, entry, local.get(entry.name), min(room, READ_MAX_BYTES))
                room -= entry.size_bytes if script.verdict else 0
        except files.BoardFileRefused as err:
            script = BoardScript(entry.path, entry.size_bytes, None, unread=err.error)
        scripts.append(script)
    scripts += [BoardScript(e.path, e.size_bytes, None, unread=MANY) for e in python[FILES_MAX:]]
    there = {e.name for e in python}
    return BoardScripts(tuple(scripts), folders, tuple(name for name in local if name not in there))


def _equal_to_local(board: Board, entry: files.BoardFile, ours: LocalScript | None) -> BoardScript | None:
    if ours is None or entry.size_bytes != ours.size_bytes:
        return None
    if files.sha256(board, entry.path) != ours.sha256:
        return None
    return BoardScript(entry.path, entry.size_bytes, ours.verdict, Compared.EQUAL)


def _read(board: Board, entry: files.BoardFile, ours: LocalScript | None, most: int) -> BoardScript:
    if entry.size_bytes > most:
        return BoardScript(entry.path, entry.size_bytes, None, unread=LARGE)
    data = files.read(board, entry.path)
    compared = Compared.NOT_GIVEN
    if ours is not None:
        cut = len(data) < ours.size_bytes and ours.data.startswith(data)
        compared = Compared.CUT if cut else Compared.DIFFERENT
        compared = Compared.EQUAL if hashlib.sha256(data).hexdigest() == ours.sha256 else compared
    return BoardScript(entry.path, entry.size_bytes, classify(entry.name, data), compared)
