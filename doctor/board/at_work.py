"""An updater at work on the board: what it says, where it stands, and what whoever wants the prompt is told."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from doctor.board.signs import CTRL_C, RESET_SIGNS
from doctor.clock import Deadline
from doctor.documents import foreign_json
from doctor.errors import BoardError, BoardReset, UpdaterAtWork
from doctor.link.link import Link
from doctor.text.command import ON_CARD, Command
from doctor.text.escape import shown
from doctor.updater import board_console as console
from doctor.updater.states import APPLICATION

SILENCE_S = 30.0  #: the board's heart beats every 2 s; hashing a slow card's block or a flash write may hold it up
LINE_MAX_BYTES = 16_384  #: a version block is the longest line; what has no end within this is no line of ours
SETTLE_S = 2.0
QUIET_MS = 200
FILE = "FILE.dup"  #: stands for the name of the file, if the board did not say it

_WITH_SHA = re.compile(rf"(.*) ([0-9a-f]{{{console.SHOWN_DIGITS}}})")


def _pattern(line: str) -> re.Pattern[str]:
    """What reads the lines that the core writes with this format."""
    fields = {"%d": r"(\d{1,20})", "%s": "(.*?)", "%%": "%"}
    return re.compile(re.sub("%[ds%]", lambda found: fields[found[0]], re.escape(line)))


_BEAT, _WORK = _pattern(console.BEAT), _pattern(console.WORK)

Said = Mapping[str, Any]  #: what one line of the updater tells, by name
Told = tuple[str, Said]


@dataclass(frozen=True)
class AtWork:
    """What an updater said last.

    ours    whether it is this program's, which tells where it stands and can be joined
    step    id of the step, or what was said instead; "" if nothing is known
    file    name of the file on the board's card; FILE if unknown
    """

    ours: bool
    step: str = ""
    file: str = FILE
    done_bytes: int = 0
    total_bytes: int = 0

    @property
    def percent(self) -> int | None:
        """How much of the file is over; None if that is not known."""
        return 100 * self.done_bytes // self.total_bytes if self.total_bytes else None

    @property
    def words(self) -> str:
        """One clause for a report."""
        if not self.ours:
            return "an updater is at work on the board"
        step = f", step {self.step}" if self.step else ""
        if self.percent is None:
            return f"our updater is at work on the board{step}"
        bytes_ = f"{self.done_bytes:,} of {self.total_bytes:,} bytes"
        return f"our updater is at work on the board: at {self.percent} % ({bytes_}){step}"

    @property
    def joining(self) -> str:
        """The command that joins it, marked."""
        return str(Command("flash", firmware=(f"{ON_CARD}{self.file}",)))


def at_work(text: str) -> AtWork:
    """Where the updater stands whose output ``text`` is, as a first contact heard it; what it says is escaped."""
    told = last_heard(text)
    if told is None:
        return AtWork(ours=False)
    name, data = told
    if name == "said":
        return AtWork(True, shown(str(data.get("text", "")), 100))
    file = posixpath.basename(str(data.get("file") or "")) or FILE
    step = shown(str(data.get("step") or data.get("phase") or ""), 40)
    return AtWork(True, step, shown(file, 80), _count(data.get("done")), _count(data.get("total")))


def in_the_way(text: str, on: str) -> UpdaterAtWork:
    """There is no prompt, and none may be asked for, as long as this updater works."""
    stands = at_work(text)
    joins = f"; {stands.joining} joins it and says how it ends" if stands.ours else ""
    return UpdaterAtWork(
        "updater-at-work",
        f"{stands.words}; it is not disturbed",
        on=on,
        cause="the board is flashing its modem; stopping it can brick the modem",
        next="leave the board powered, press nothing and wait until it has finished, up to 30 minutes; to watch: "
        f"`fipy-doctor status`{joins}",
    )


def _count(value: object) -> int:
    return value if isinstance(value, int) and value > 0 else 0


def ask_to_stop(link: Link) -> None:
    """Ask the updater on the board to stop at the next block; after the last one it does not hear of it."""
    link.write(b"\r\n" + console.STOP_WORD + b"\r\n")


def ask_to_stop_early(link: Link, *, again: bool = False) -> None:
    """Ask the updater on the board to stop if it has sent nothing yet; if it has, it goes on.

    While it reads the card it is stopped by Ctrl-C, once, and later takes no harm from one.
    """
    link.write((b"" if again else CTRL_C) + b"\r\n" + console.STOP_EARLY_WORD + b"\r\n")


def events(link: Link, first: bytes = b"", *, idle: Callable[[], None] = lambda: None) -> Iterator[Told]:
    """What the updater on the board tells, as (name, data), until its ``end``; never sends a byte.

    first  bytes that were heard before
    idle   called between reads: the place for questions of the user

    Raises BoardReset if the board restarts, BoardError if the updater stops early or falls silent, PortLost.
    """
    buffer = first
    quiet = Deadline(link.clock, SILENCE_S)
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
            quiet = Deadline(link.clock, SILENCE_S)
        elif over:
            raise _silent(link)


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


def _silent(link: Link) -> BoardError:
    return BoardError(
        "board-updater-silent",
        f"the updater on the board has said nothing for {SILENCE_S:g} s; it may still be at work",
        on=link.name,
        cause="the power of the board or of its modem failed, the data line broke, another program reads the port, or"
        " the modem hangs and blocks the board's line",
        next="leave the power on and run the same command again: while the updater is at work, it only listens",
    )
