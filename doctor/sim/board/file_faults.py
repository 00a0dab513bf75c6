"""What goes wrong with the files of the simulated board: ``files=…`` of a ``sim://`` URL, parsed, counted and struck.

A healthy bench has none of it. Everything is counted, nothing is left to chance, and what was counted is kept with
the bench: a dip that struck in one run of the program does not strike again in the next.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from doctor.sim.card.image import CardFault

FILE_WORDS = (
    *("504k, 4m", "fat, littlefs", "eio:PATH", "eio-write:PATH", "read-only:PATH", "grows:PATH[@TIMES]", "dip@N"),
    *("word@N", "log@N", "word-every[:TEXT]@N, log-every@N", "tick[:TEXT]@MS", "erase@MS"),
)
"""Words of ``files=``, with commas between them, as CONTRIBUTING.md explains them."""

WORD = "tick\n"
LOG_LINE = "I (48213) wifi: state: run -> init (200)\n"
GROWTH = b"12.5;1013;48\n"
ERASE_MS = 4000

_SIZE = re.compile(r"(\d+)([km])")
_WORD = re.compile(r"([a-z-]+)(?::([^@]+))?(?:@(\d+))?")
_UNITS = {"k": 1024, "m": 1024 * 1024}


@dataclass
class FileFaults:
    """Sizes and faults of a board's files.

    size_bytes  of /flash; None: as the board has it
    is_fat      /flash is FAT, or LittleFS; None: as the release has it
    eio, eio_write, read_only  absolute paths
    grows       how often reading the path still makes it longer; None: always
    dips        numbers of the changes that the power dips in, counted from 1
    torn        what is printed into which line, by its number
    every       what is printed into every so many-th line
    tick        what a thread prints every so often
    tick_ms     between two of them; 0: none prints
    """

    size_bytes: int | None = None
    is_fat: bool | None = None
    eio: set[str] = field(default_factory=set)
    eio_write: set[str] = field(default_factory=set)
    read_only: set[str] = field(default_factory=set)
    grows: dict[str, int | None] = field(default_factory=dict)
    dips: set[int] = field(default_factory=set)
    torn: dict[int, str] = field(default_factory=dict)
    every: dict[int, str] = field(default_factory=dict)
    tick: str = WORD
    tick_ms: int = 0
    erase_ms: int = ERASE_MS
    changes: int = 0
    lines: int = 0
    on_change: Callable[[int, str, str], None] = lambda number, kind, path: None
    """Called before each change with its number, its kind (as ``Vfs.change``) and the path; for who wants to know."""

    def dips_in(self, kind: str, path: str) -> bool:
        """Count a change; True when the power dips inside it."""
        self.changes += 1
        self.on_change(self.changes, kind, path)
        return self.changes in self.dips

    def refuse_reading(self, path: str) -> None:
        """Raise CardFault if a file cannot be read."""
        if path in self.eio:
            raise CardFault("read-error", path)

    def refuse_changing(self, path: str, *, writes: bool) -> None:
        """Raise CardFault if a file cannot be written or (``writes`` False) removed."""
        if path in self.read_only:
            raise CardFault("denied", path)
        if writes and path in self.eio_write:
            raise CardFault("read-error", path)

    def growth(self, path: str) -> bytes:
        """What is added to a file that was just read."""
        if path not in self.grows:
            return b""
        left = self.grows[path]
        if left is not None:
            self.grows[path] = max(0, left - 1)
        return b"" if left == 0 else GROWTH

    def printed(self, text: str, *, threads: bool) -> str:
        """A line that code prints, with what the firmware, or another thread if any can run, prints into it."""
        self.lines += 1
        words = [self.torn.get(self.lines, "")]
        words += [word for every, word in self.every.items() if self.lines % every == 0]
        words = [word for word in words if threads or word == LOG_LINE]
        middle = len(text) // 2
        return text[:middle] + "".join(words) + text[middle:]

    def state(self) -> dict[str, Any]:
        """What was counted so far, as plain data."""
        return {"changes": self.changes, "lines": self.lines, "grows": dict(self.grows)}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on counting from ``state``."""
        self.changes = int(state.get("changes", 0))
        self.lines = int(state.get("lines", 0))
        self.grows.update({path: left for path, left in state.get("grows", {}).items() if path in self.grows})


def parse_files(texts: Iterable[str]) -> FileFaults:
    """What ``files=…`` says, given once or several times. Raises ValueError that names the words."""
    faults = FileFaults()
    for text in texts:
        for word in text.split(","):
            _take(faults, word.strip())
    return faults


def _take(faults: FileFaults, word: str) -> None:
    if size := _SIZE.fullmatch(word):
        faults.size_bytes = int(size.group(1)) * _UNITS[size.group(2)]
        return
    said = _WORD.fullmatch(word)
    kind, name, number = said.groups() if said is not None else ("", None, None)
    path, count = None if name is None else _absolute(name), None if number is None else int(number)
    printed = LOG_LINE if kind.startswith("log") else WORD if name is None else f"{name}\n"
    match kind, path, count:
        case "fat" | "littlefs", None, None:
            faults.is_fat = kind == "fat"
        case "eio", str(), None:
            faults.eio.add(path)
        case "eio-write", str(), None:
            faults.eio_write.add(path)
        case "read-only", str(), None:
            faults.read_only.add(path)
        case "grows", str(), _:
            faults.grows[path] = count
        case "dip", None, int() if count:
            faults.dips.add(count)
        case "word" | "log", None, int() if count:
            faults.torn[count] = printed
        case ("word-every", _, int()) | ("log-every", None, int()) if count:
            faults.every[count] = printed
        case "tick", _, int() if count:
            faults.tick, faults.tick_ms = printed, count
        case "erase", None, int() if count:
            faults.erase_ms = count
        case _:
            raise ValueError(f"files= has no word {word!r}; the words are {', '.join(FILE_WORDS)}")


def _absolute(path: str) -> str:
    return path if path.startswith("/") else "/flash/" + path
