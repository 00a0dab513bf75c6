"""The updater core on the board: put there, proved by hash, started, and listened to.

The files of doctor/updater/ go over as they are, comments included: what runs there is byte for byte what was tested
here. Only files that differ are sent; all of them take about half a minute at 115200 baud, once.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib.resources import files as files_of
from typing import Any

from doctor import foreign_json
from doctor.board import snippets
from doctor.board.board import Board
from doctor.board.repl import CTRL_C, RESET_SIGNS
from doctor.board.storage import files, own_names, proof
from doctor.board.storage.room import room_on
from doctor.clock import Deadline
from doctor.errors import BoardError, BoardReset
from doctor.link.link import Link
from doctor.text.escape import shown
from doctor.updater import board_console as console
from doctor.updater.states import APPLICATION

#: No frozen module has this name, so nothing shadows it (board-and-repl.md 2.3).
PACKAGE = "fipyup"
FOLDER = f"/flash/lib/{PACKAGE}"
SILENCE_S = 30.0  #: the board's heart beats every 2 s; hashing a slow card's block or a flash write may hold it up
LINE_MAX_BYTES = 16_384  #: a version block is the longest line; what has no end within this is no line of ours
HASH_SILENCE_S = 30.0
SAY_EVERY_BYTES = 32 << 10
FULL = "flash-filesystem-full"
SETTLE_S = 2.0
QUIET_MS = 200

_WITH_SHA = re.compile(rf"(.*) ([0-9a-f]{{{console.SHOWN_DIGITS}}})")


def _pattern(line: str) -> re.Pattern[str]:
    """What reads the lines that the core writes with this format."""
    fields = {"%d": r"(\d+)", "%s": "(.*?)", "%%": "%"}
    return re.compile(re.sub("%[ds%]", lambda found: fields[found[0]], re.escape(line)))


_BEAT, _WORK = _pattern(console.BEAT), _pattern(console.WORK)

Said = Mapping[str, Any]  #: what one line of the updater tells, by name
Told = tuple[str, Said]

#: What updater/plan.py's ImageFacts holds, but the size: the part of a pair comes last, and may be left out.
ImageTuple = tuple[str, str, str, int, int, str] | tuple[str, str, str, int, int, str, int]


@dataclass(frozen=True)
class Other:
    """A further file of a flash, on the board's card; members as of Order."""

    path: str
    sha256: str = ""
    image: ImageTuple | None = None


@dataclass(frozen=True)
class Order:
    """What the board is to flash, and with which consents.

    path         on the board
    sha256       what the file must be; empty: whatever lies there
    image        what the PC found out about it, as in updater/plan.py; None: the board looks itself
    second       the second file of 48829
    updater_elf  the updater image for a modem in its boot ROM
    first_done   the first file of 48829 is in the modem already
    """

    path: str
    method: str = "auto"
    accept: tuple[str, ...] = ()
    was: int = 0
    sha256: str = ""
    image: ImageTuple | None = None
    second: Other | None = None
    updater_elf: Other | None = None
    first_done: bool = False

    def code(self) -> str:
        """The call that carries it out, in Python for the board."""
        others = {"second": self.second, "updater_elf": self.updater_elf}
        more = "".join(f", {name}={other.path!a}" for name, other in others.items() if other is not None)
        files: list[Order | Other] = [self, *(other for other in others.values() if other is not None)]
        known = {file.path: (file.sha256, file.image) for file in files if file.sha256 or file.image is not None}
        return (
            "import sys\n"
            f"for _fd_n in [n for n in sys.modules if n.split('.')[0] == '{PACKAGE}']:\n"
            " del sys.modules[_fd_n]\n"
            f"import {PACKAGE}\n"
            f"{PACKAGE}.run({self.path!a}, method={self.method!a}, accept={self.accept!a}, "
            f"was={self.was:d}, tagged=True, first_done={self.first_done}, known={known!a}{more})\n"
        )


def core_files() -> dict[str, bytes]:
    """The files of the updater core by name, as they are in this program."""
    home = files_of("doctor.updater")  # in a folder or in a zip
    there = sorted(home.iterdir(), key=lambda file: file.name)
    return {file.name: file.read_bytes() for file in there if file.name.endswith(".py")}


def own_files(board: Board) -> frozenset[str]:
    """Paths of what this program has put on the board, known by its hash: the rest of that folder is the user's."""
    wanted = {name: hashlib.sha256(data).hexdigest() for name, data in core_files().items()}
    return frozenset(f"{FOLDER}/{name}" for name, digest in _hashes(board).items() if wanted.get(name) == digest)


def install(
    board: Board, say: Callable[[str], None] = lambda _text: None, between: Callable[[], None] = lambda: None
) -> int:
    """Bring the core on the board up to date, every file proved by its SHA-256; returns how many were sent.

    between  called before each piece of a file; what it raises ends the work, which the next time goes on where it was

    Raises BoardError if there is no room for all of it, if a package of the user's has its name, or if a file
    is not what was sent. What was begun is taken away again if the board gets full.
    """
    wanted = core_files()
    there = _hashes(board)
    missing = [name for name, data in wanted.items() if there.get(name) != hashlib.sha256(data).hexdigest()]
    if not missing:
        return 0
    sizes = _sizes(board)
    _refuse_foreign(board, sizes, missing)
    total = sum(len(wanted[name]) for name in missing)
    _need_room(board, {name: len(wanted[name]) for name in missing}, sizes)
    say(f"copying the updater to the board, where it stays: {FOLDER}, {len(missing)} files, {total:,} bytes")
    files.make_folder(board, FOLDER)
    sent = said = 0
    done: list[str] = []
    try:
        for name in missing:
            if sent - said >= SAY_EVERY_BYTES:
                said = sent
                say(f"the updater: {sent:,} of {total:,} bytes are on the board")
            files.write(board, f"{FOLDER}/{name}", wanted[name], lambda _bytes: between())
            done.append(name)
            sent += len(wanted[name])
    except BoardError as err:
        if err.id == FULL:
            _take_away(board, [name for name in done if name not in sizes], made=not sizes)
            raise _no_room(board, None) from err
        raise
    for name in sizes:
        if own_names.is_ours(name):
            files.remove(board, f"{FOLDER}/{name}")
    return len(missing)


def _sizes(board: Board) -> dict[str, int]:
    """What lies in the folder, by name; empty if there is none."""
    try:
        return {entry.name: entry.size_bytes for entry in files.listdir(board, FOLDER) if not entry.is_dir}
    except files.BoardFileMissing:
        return {}


def _refuse_foreign(board: Board, there: Mapping[str, int], missing: Sequence[str]) -> None:
    """Raise if a file of the user's would be replaced.

    Its __init__.py does not begin as every one of ours does; or there is none, and ours is the first that is written
    and the last that is taken away.
    """
    begin = core_files()["__init__.py"].split(b"\n", 1)[0]
    if "__init__.py" not in there:
        if not any(name in there for name in missing):
            return
    elif files.begins_as(board, f"{FOLDER}/__init__.py", len(begin), hashlib.sha256(begin).hexdigest()):
        return
    raise BoardError(
        "via-card",
        f"the board has another package called {PACKAGE}; it was not changed",
        on=FOLDER,
        cause=f"the updater that flashes from the card needs that place and that name ({PACKAGE})",
        next=f"run the same flash with --via usb, which needs nothing on the board; or give {FOLDER} another name",
    )


def _need_room(board: Board, missing: Mapping[str, int], there: Mapping[str, int]) -> None:
    """Raise if not all of it fits; each file is written beside the old one that it replaces."""
    room = room_on(board)
    if room.free_bytes is None:
        return
    old = {name: room.file_bytes(there[name]) for name in missing if name in there}
    need = sum(room.file_bytes(size) - old.get(name, 0) for name, size in missing.items())
    need += max(old.values(), default=0) + (0 if there else room.folder_bytes) + room.spare_bytes
    if need > room.free_bytes:
        raise _no_room(board, (need, room.free_bytes))


def _no_room(board: Board, counted: tuple[int, int] | None) -> BoardError:
    said = (
        f"it needs {counted[0]:,} bytes, and {counted[1]:,} are free"
        if counted
        else "the board says that its flash is full"
    )
    return BoardError(
        FULL,
        f"no room on /flash for the updater that flashes from the card: {said}; nothing was left behind",
        on=board.link.name,
        cause="the board's flash is nearly full",
        next="run the same flash with --via usb, which needs no room on the board; or delete files from /flash",
    )


def _take_away(board: Board, names: Sequence[str], *, made: bool) -> None:
    """Remove what this run has put there, and the folder if it was made for that."""
    with suppress(BoardError):
        for name in reversed(names):
            files.remove(board, f"{FOLDER}/{name}")
        if made:
            files.remove(board, FOLDER)


def _hashes(board: Board) -> dict[str, str]:
    """SHA-256 by name of what lies in the folder; empty if there is none, or if the board cannot hash."""
    told = proof.rows(board, snippets.hashes(FOLDER), FOLDER, silence_s=HASH_SILENCE_S)
    return {str(value[0]): str(value[1]) for value in told if isinstance(value, list) and len(value) == 2}


def start(board: Board, order: Order) -> bytes:
    """Start the updater; returns what it printed already, for ``events``. From here on the REPL is not ours."""
    board.repl.send(order.code())
    return board.repl.hand_over()


def ask_to_stop(link: Link) -> None:
    """Ask the updater on the board to stop at the next block; after the last one it does not hear of it."""
    link.write(b"\r\n" + console.STOP_WORD + b"\r\n")


def ask_to_stop_early(link: Link, *, again: bool = False) -> None:
    """Ask the updater on the board to stop if it has sent nothing yet; if it has, it goes on.

    While it reads the card it is stopped by Ctrl-C, once, and later takes no harm from one.
    """
    link.write((b"" if again else CTRL_C) + b"\r\n" + console.STOP_EARLY_WORD + b"\r\n")


def events(
    link: Link, first: bytes = b"", *, silence_s: float = SILENCE_S, idle: Callable[[], None] = lambda: None
) -> Iterator[Told]:
    """What the updater on the board tells, as (name, data), until its ``end``; never sends a byte.

    first  bytes that were heard before
    idle   called between reads: the place for questions of the user

    Raises BoardReset if the board restarts, BoardError if the updater stops early or falls silent, PortLost.
    """
    buffer = first
    quiet = Deadline(link.clock, silence_s)
    while True:
        while b"\n" in buffer.split(b"\x04", 1)[0]:
            line, buffer = buffer.split(b"\n", 1)
            told = understand(line)
            if told is not None:
                yield told
                if told[0] == "end":
                    return
        if RESET_SIGNS.search(buffer):
            raise BoardReset(shown(buffer[-400:], 400), on=link.name)
        if buffer.count(b"\x04") > 1 or len(buffer) > LINE_MAX_BYTES:  # 04, traceback, 04: the raw REPL is back
            raise _broke_off(link, buffer)
        idle()
        over = quiet.expired  # first: what it said while this computer was held up still counts
        data = link.read(4096, quiet.slice_ms(500))
        if data:
            buffer += data
            quiet = Deadline(link.clock, silence_s)
        elif over:
            raise _silent(link, silence_s)


def settle(link: Link) -> None:
    """Take what comes behind ``end``: the raw prompt. Old lines would look like an updater at work to the next one."""
    limit = Deadline(link.clock, SETTLE_S)
    while not limit.expired and link.read(4096, limit.slice_ms(QUIET_MS)):
        pass


def understand(line: bytes) -> Told | None:
    """One line of the updater, tagged for a PC or plain for a person; None for anything else.

    Raises BoardReset for a line that only a restart prints.
    """
    if RESET_SIGNS.search(line):
        raise BoardReset(shown(line, 400))
    text = line.decode("utf-8", "replace").strip()
    start_at = text.find(console.TAG)
    if start_at >= 0:
        try:
            name, end = foreign_json.first_in(text, start_at + len(console.TAG))
            data = foreign_json.read(text[end:].removeprefix(', "data": ').removesuffix("}"))
        except ValueError:
            return None  # another thread of the board printed into it
        return (name, _escaped(data)) if isinstance(data, dict) and _makes_sense(name, data) else None
    if console.PLAIN not in text:
        return None
    said = text.split(console.PLAIN, 1)[1]
    if found := _BEAT.fullmatch(said):
        _, done, total, step, file = found.groups()
        phase = "transfer" if step.endswith("transfer") else "prepare"
        return "heartbeat", {"done": int(done), "total": int(total), "step": step, "phase": phase, **_plain_file(file)}
    if found := _WORK.fullmatch(said):
        return "heartbeat", {"done": 0, "total": 0, "step": found[1], "phase": "prepare", **_plain_file(found[2])}
    return _plain_end(said) or ("said", {"text": said})


def _makes_sense(name: object, data: Said) -> bool:
    """Whether what is counted with, or taken apart, is of the kind that the updater sends."""
    done, total, error, image = (data.get(key) for key in ("done", "total", "error", "image"))
    return (
        isinstance(name, str)
        and (done is None or type(done) is (list if name == "end" else int))
        and (total is None or type(total) is int)
        and (not error or (isinstance(error, list) and len(error) == 4))
        and (not image or (isinstance(image, list) and [type(part) for part in image[3:4]] == [int]))
    )


def _escaped(data: Said) -> Said:
    """``data`` with its texts for people escaped; commands in an error are words like all others there."""
    told: dict[str, object] = {
        name: shown(text, 300) for name, text in data.items() if name in ("text", "what") and isinstance(text, str)
    }
    error = data.get("error")
    if isinstance(error, list):
        told["error"] = [shown(str(part).replace("`", ""), 1000) for part in error]
    return {**data, **told}


def _plain_end(said: str) -> Told | None:
    """The last word to a person, as the end that it is: what a terminal has started ends without a tagged line."""
    word, _, rest = said.partition(": ")
    if word == console.PROVED:
        return "end", {"proved": True, "sent_any": True, "mode": APPLICATION, "lines": rest.split(", "), "error": None}
    if word in (console.UNPROVED, console.REFUSED):
        error = ["upgrade-failed-result" if word == console.UNPROVED else "not-confirmed", shown(rest, 1000), "", ""]
        return "end", {"proved": False, "sent_any": word == console.UNPROVED, "error": error}
    return None


def _plain_file(text: str) -> dict[str, str]:
    """Name and shortened SHA-256; the board knows the second only once it has read the file."""
    found = _WITH_SHA.fullmatch(text)
    return {"file": found[1], "sha256": found[2]} if found else {"file": text}


def last_heard(text: str) -> Told | None:
    """The latest line of our updater in ``text``, as a first contact heard it; None if it was another's."""
    told = None
    for line in text.encode().splitlines():
        try:
            told = understand(line) or told
        except BoardReset:
            told = None
    return told


def in_words(told: Told) -> str:
    """Where the updater stands, for one line of a report; text from the board is escaped."""
    name, data = told
    if name == "said":
        return shown(str(data.get("text", "")), 100)
    done, total = int(data.get("done") or 0), int(data.get("total") or 0)
    step = shown(str(data.get("step") or data.get("phase") or "at work"), 40)
    if name in ("heartbeat", "progress") and total:
        return f"{step}: {100 * done // total} %, {done:,} of {total:,} bytes"
    return step


def _broke_off(link: Link, heard: bytes) -> BoardError:
    text = heard.replace(b"\x04", b"\n").decode("utf-8", "replace")
    lines = [line.strip() for line in text.splitlines() if line.strip("> \r")]
    return BoardError(
        "board-updater-broke-off",
        f"the updater on the board broke off: {shown(lines[-1] if lines else 'without a word', 120)}",
        on=link.name,
        cause="a bug in fipy-doctor, or the board has no memory left",
        next="leave the power on and run `fipy-doctor check`: it says in which mode the modem is",
    )


def _silent(link: Link, silence_s: float) -> BoardError:
    return BoardError(
        "board-updater-silent",
        f"the updater on the board has said nothing for {silence_s:g} s; it may still be at work",
        on=link.name,
        cause="the power of the board or of its modem failed, the data line broke, another program reads the port, or"
        " the modem hangs and blocks the board's line",
        next="leave the power on and run the same command again: while the updater is at work, it only listens",
    )
