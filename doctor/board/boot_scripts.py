"""The scripts that run when a board starts, read and searched for an updater; nothing is executed."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

from doctor.board import snippets
from doctor.board.autorun import Starter, find_starters, imported_modules, named_main
from doctor.board.board import Board
from doctor.board.repl import TRIES
from doctor.board.storage import files
from doctor.errors import BoardError, BoardReset

FLASH = "/flash"
SEARCHED = ("/flash", "/flash/lib")  #: where the board looks for modules (board-and-repl.md 2.3)
READ_MAX_BYTES = 64 * 1024  #: larger scripts are searched on the board: reading them would take over 10 s
MODULES_MAX = 6  #: imported modules that are followed, one level deep
WORDS = (b"sqnsupgrade", b"modem_upgrade_mode", b"uartmirror")


@dataclass(frozen=True)
class BootScript:
    """One script that runs at boot.

    path      on the board
    starters  lines that start or load an updater
    problem   why it could not be judged line by line; empty if it was
    searched  too large to read, but searched whole for an updater's name: nothing found if ``starters`` is empty
    """

    path: str
    starters: tuple[Starter, ...] = ()
    problem: str = ""
    searched: bool = False

    @property
    def starts(self) -> bool:
        """True if a line starts an updater."""
        return any(s.starts for s in self.starters)


def read_boot_scripts(board: Board) -> tuple[BootScript, ...]:
    """boot.py, main.py (or the file that boot.py names instead) and the modules on the board that they import.

    Files that do not exist are left out. A file that cannot be read is a BootScript with a ``problem``.
    Raises BoardReset, LinkError; ReplBroken if the board does not answer at all.
    """
    there = {file.path: file.size_bytes for file in searched(board) if not file.is_dir}
    found: list[BootScript] = []
    sources: list[str] = []
    main = f"{FLASH}/main.py"
    for path in (f"{FLASH}/boot.py", main):
        source = _examine(board, there, path, found)
        if source is not None:
            sources.append(source)
            named = named_main(source)
            if named:
                source = _examine(board, there, f"{FLASH}/{named.removeprefix('/flash/').lstrip('/')}", found)
                sources += [source] if source is not None else []
    names = [name for source in sources for name in imported_modules(source)]
    for name in list(dict.fromkeys(names))[:MODULES_MAX]:
        for folder in SEARCHED:
            if f"{folder}/{name}.py" in there:
                _examine(board, there, f"{folder}/{name}.py", found, when_imported=True)
                break
    return tuple(found)


def searched(board: Board) -> list[files.BoardFile]:
    """What lies where the board looks for modules. Raises BoardError, LinkError."""
    found: list[files.BoardFile] = []
    for folder in SEARCHED:
        with suppress(files.BoardFileMissing):
            found += files.listdir(board, folder)
    return found


def _examine(
    board: Board, there: dict[str, int], path: str, found: list[BootScript], *, when_imported: bool = False
) -> str | None:
    """Judge one script into ``found`` and return its source, None if there is none to go on with."""
    if path not in there or any(script.path == path for script in found):
        return None
    try:
        if there[path] > READ_MAX_BYTES:
            found.append(_searched_on_board(board, path, there[path]))
            return None
        source = files.read(board, path).decode("utf-8", "replace").replace("\r\n", "\n").replace("\r", "\n")
    except BoardReset:
        raise
    except BoardError as err:
        found.append(BootScript(path, problem=f"cannot be read: {err.what}"))
        return None
    found.append(BootScript(path, find_starters(source, when_imported=when_imported)))
    return source


def _searched_on_board(board: Board, path: str, size: int) -> BootScript:
    seen = board.repl.call(_search(path), silence_s=60.0, total_s=120.0, tries=TRIES)
    if seen:
        return BootScript(path, (Starter(0, f"the word {seen} occurs in it", True),), searched=True)
    return BootScript(
        path, problem=f"has {size} bytes, too many to read; no updater's name occurs in it", searched=True
    )


def _search(path: str) -> str:
    """The first of WORDS that occurs in a file, null if none does; pieces overlap by a word's length."""
    return snippets.wrapped(
        f"""
import ujson
f = open({snippets.quoted(path)}, 'rb')
old = b''
seen = None
while seen is None:
 b = f.read(1024)
 if not b:
  break
 for w in {WORDS!r}:
  if w in old + b:
   seen = w.decode()
 old = b[-32:]
f.close()
print('@@FD ' + ujson.dumps(seen))
"""
    )
