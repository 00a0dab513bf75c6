"""What was sent to which modem, how far, and which step was next: written safely before each step.

One JSON file a modem, replaced whole each time, so that a killed program or a dead computer leaves the last true one.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, fields, replace
from itertools import chain
from pathlib import Path
from typing import Any

from doctor.bench import Bench, Needs
from doctor.clock import Moments, this_moment
from doctor.documents.json_file import make_folder, read_json, write_whole
from doctor.errors import BoardError, LinkError, reason
from doctor.jobs.memory.lock import is_held, lock_path
from doctor.jobs.memory.state_dir import state_dir, state_place
from doctor.link.port_url import PortUrl, real_device

SCHEMA = "fipy-doctor/journal/1"
KEPT = 256  #: journals of so many flashes that are over, one a modem; older ones are of nobody's use
MAX_BYTES = 1 << 20  #: no journal of ours is nearly this large
ASIDE = ".damaged"  #: ending of a journal that cannot be read, once a new one takes its place

RUNNING, PROVED, UNPROVED, UNTOUCHED = "running", "proved", "unproved", "untouched"


@dataclass(frozen=True)
class SentFile:
    """A file of the flash. ``role`` as in updater/plan.py: firmware, second, updater-elf, bootrom."""

    role: str
    path: str
    sha256: str
    size_bytes: int


@dataclass(frozen=True)
class FlashEntry:
    """How one flash stands.

    ids         what the modem is known by: imei, board, port
    files       in the order of the command line
    options     what Command keeps of the command line; differential, promised_build of the file
    before      mode, build, radio, release of the modem beforehand
    steps       ids of the plan's steps; ``step`` the one that was begun last, ``done`` the finished ones
    sent_bytes  of ``total_bytes`` of the file that was going over last
    mirrored    the board was put into mirror mode for it; ``max_block`` bounds blocks there, 0: nothing does
    state       running, proved, unproved, or untouched (nothing was sent)
    mode        of the modem, as far as known at the end
    jumpers     what was proved of the jumpers beforehand: at, how (jobs/memory/jumper_proof.py)
    failures    flashes of this modem in a row that ended with the id of ``error``
    advice      what the hands are to do after it; "" for nothing
    lock        file that the process of this flash has locked while it runs; "" if there is none
    loaders     the boot loaders as they were read last, such as ``33080,38638,38638*``; "" if they never were
    written     when it was written last, as clock.Moment keeps it
    number      counts the flashes from this computer, whatever its clock says

    More members may come, each with a default: a journal without them is as good, and one with others is read too.
    """

    ids: Mapping[str, str]
    files: tuple[SentFile, ...]
    options: Mapping[str, Any]
    before: Mapping[str, Any]
    steps: tuple[str, ...]
    begun: str = ""
    written: str = ""
    pid: int = 0
    step: str = ""
    step_text: str = ""
    done: tuple[str, ...] = ()
    sent_bytes: int = 0
    total_bytes: int = 0
    mirrored: bool = False
    max_block: int = 0
    state: str = RUNNING
    mode: str = ""
    error: Mapping[str, str] = field(default_factory=dict)
    failures: int = 0
    log: str = ""
    jumpers: Mapping[str, str] = field(default_factory=dict)
    advice: str = ""
    lock: str = ""
    loaders: str = ""
    number: int = 0

    @property
    def broke_off(self) -> bool:
        """Something may have been sent, and nothing proves yet that it runs; true of a flash under way too."""
        return self.state in (RUNNING, UNPROVED)


@dataclass(frozen=True)
class DamagedJournal:
    """A journal that is there and cannot be read, and why."""

    path: Path
    why: str


class Journal:
    """The journal files in one directory; ``Journal()`` takes the user's."""

    def __init__(self, folder: Path | None = None, now: Moments = this_moment) -> None:
        self._folder = folder
        self._now = now

    @property
    def folder(self) -> Path:
        """Where the files lie. Raises OSError."""
        if self._folder is None:
            self._folder = state_dir() / "journal"
        make_folder(self._folder)
        return self._folder

    def write(self, entry: FlashEntry) -> FlashEntry:
        """Keep ``entry``: on the disk, or not at all. Raises OSError."""
        now = self._now()
        number = entry.number or 1 + max((known.number for known in self.entries()), default=0)
        begun = entry.begun or now.at.isoformat(timespec="milliseconds")
        entry = replace(entry, written=str(now), begun=begun, pid=os.getpid(), number=number)
        path = self.folder / f"{_key(entry.ids)}.json"
        write_whole(path, json.dumps({"schema": SCHEMA, **asdict(entry)}, indent=1).encode())
        return entry

    def find(self, ids: Mapping[str, str]) -> FlashEntry | None:
        """The newest entry of the modem that any of ``ids`` names.

        The port alone names it unless IMEI or board tell that another one is plugged in there now.
        """
        entries = self.entries()
        sure = [e for e in entries if any(e.ids.get(name) and e.ids.get(name) == ids.get(name) for name in SURE)]
        there = [e for e in entries if e.ids.get("port") and e.ids.get("port") == ids.get("port")]
        fits = sure or [e for e in there if not any(e.ids.get(name) and ids.get(name) for name in SURE)]
        return fits[0] if fits else None

    def entries(self) -> list[FlashEntry]:
        """All that can be read, the newest flash first; a damaged file is skipped, see ``damaged``.

        Their numbers tell which is newer: the clock may have been set in between. Version 0.1 gave them none.
        """
        read = [(entry, path) for path in self._paths() if isinstance(entry := _read(path), FlashEntry)]
        read.sort(key=lambda pair: (pair[0].number, pair[0].written), reverse=True)
        over = [(entry, path) for entry, path in read if not entry.broke_off]
        for entry, path in over[KEPT:]:
            _forget(path, entry)
        gone = {path for _, path in over[KEPT:]}
        return [entry for entry, path in read if path not in gone]

    def damaged(self, ids: Mapping[str, str], *, surely: bool = False) -> DamagedJournal | None:
        """The journal of the modem that ``ids`` name, if it is there and cannot be read.

        surely  False: one of an unknown modem counts too, unless all that such a file can be called by is in ``ids``
        """
        broken = [read for path in self._paths() if isinstance(read := _read(path), DamagedJournal)]
        names = {_key({kind: ids[kind]}) for kind in _SUREST if ids.get(kind)}
        mine = [read for read in broken if read.path.stem in names]
        if mine or surely:
            return mine[0] if mine else None
        return broken[0] if broken and not ids.get("board") else None

    def set_aside(self, ids: Mapping[str, str]) -> Path | None:
        """Give way to a new journal: what cannot be read is kept under another name, which is returned."""
        found = self.damaged(ids, surely=True)
        if found is None:
            return None
        aside = found.path.with_suffix(f".{self._now().at:%Y%m%d-%H%M%S}{ASIDE}")
        try:
            return found.path.rename(aside)
        except OSError:
            return None

    def _paths(self) -> list[Path]:
        """The files, newest first; looking makes no folder."""
        folder = self._folder or state_place() / "journal"
        with suppress(OSError):
            return sorted(folder.glob("*.json"), key=lambda p: p.stat().st_mtime, reverse=True)
        return []


def ids_of(bench: Bench) -> dict[str, str]:
    """What this modem is known by."""
    ids = port_ids(bench.options.url)
    facts = bench.modem_facts_or_none
    if facts is not None and facts.imei:
        ids["imei"] = facts.imei
    with suppress(BoardError, LinkError):
        if bench.presence(Needs.BOARD).there:
            from doctor.board.unique_id import unique_id

            ids["board"] = bench.last_board_id = unique_id(bench.board)
    return ids


def port_ids(port: PortUrl | None) -> dict[str, str]:
    """What a modem is known by while only its port is known."""
    return {} if port is None else {"port": port.key}


def under_way(port: PortUrl | None, journal: Journal | None = None) -> FlashEntry | None:
    """The flash that another process is carrying out over ``port`` right now, under whatever name of the device."""
    if port is None or not port.lasts:
        return None
    names = {port.key, real_device(port.key)}
    fits = [
        e
        for e in (journal or Journal()).entries()
        if {e.ids.get("port", ""), real_device(e.ids.get("port", ""))} & names
    ]
    return next((entry for entry in fits if is_at_work(entry)), None)


def refuse_under_way(port: PortUrl) -> None:
    """Raises LinkError if another run of this program is flashing over ``port``: not to be closed, nor disturbed."""
    entry = under_way(port)
    if entry is None:
        return
    log = f"; its log: {entry.log}" if entry.log else ""
    raise LinkError(
        "flash-under-way",
        f"a flash is under way over this port (process {entry.pid}); leave it alone",
        on=port.text,
        cause=f"another fipy-doctor is in the middle of it, since {entry.begun[:16].replace('T', ' ')} UTC",
        next=f"leave the board powered and let it finish; to watch: `fipy-doctor status`{log}",
    )


def is_at_work(entry: FlashEntry) -> bool:
    """Whether another process carries out the flash of ``entry`` right now: its lock tells, which dies with it."""
    if entry.state != RUNNING or entry.pid == os.getpid():
        return False
    lock = Path(entry.lock) if entry.lock else lock_path(entry.ids.get("port", ""))  # version 0.1 did not write it down
    return is_held(lock)


def _forget(path: Path, known: FlashEntry) -> None:
    """Remove the journal of a flash that is over, unless another process has begun a new one of that modem meanwhile.

    Nothing can be removed on the condition of what it holds: so it is taken aside first, and then looked at.
    """
    aside = path.with_suffix(f".{os.getpid()}.old")
    with suppress(OSError):
        path.rename(aside)
        if _read(aside) != known:
            with suppress(FileExistsError):  # newer still: the other process has written it again
                os.link(aside, path)
        aside.unlink()


def _read(path: Path) -> FlashEntry | DamagedJournal:
    try:
        return _entry(read_json(path, MAX_BYTES))
    except OSError as err:
        return DamagedJournal(path, reason(err))
    except (ValueError, TypeError, KeyError, AttributeError):
        return DamagedJournal(path, "its content is damaged, or of another version of fipy-doctor")


def _entry(data: dict[str, Any]) -> FlashEntry:
    """The entry that ``data`` is. Raises ValueError, TypeError, KeyError or AttributeError if it is not one."""
    if data["schema"] != SCHEMA:
        raise ValueError("not a journal of this version")
    plain = FlashEntry({}, (), {}, {}, ())
    known: dict[str, Any] = {}
    for name in (member.name for member in fields(FlashEntry)):
        if name not in data and name not in ("ids", "files", "options", "before", "steps"):
            continue  # of an older version
        value = data[name]
        wanted = type(getattr(plain, name))
        value = tuple(value) if wanted is tuple and isinstance(value, list) else value
        if type(value) is not wanted:
            raise TypeError(name)
        known[name] = value
    known["files"] = tuple(SentFile(**item) for item in known["files"])
    read = FlashEntry(**known)
    words = (*read.steps, *read.done, *read.ids.values(), *read.error.values(), *read.jumpers.values())
    files = ((file.role, file.path, file.sha256) for file in read.files)
    single = (value for value in read.options.values() if not _is_list_of_words(value))
    if not (
        all(isinstance(word, str) for word in (*words, *chain(*files)))
        and all(type(file.size_bytes) is int for file in read.files)
        and all(value is None or isinstance(value, str | int) for value in (*read.before.values(), *single))
    ):
        raise TypeError("of another kind than was written")
    return read


def _is_list_of_words(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(word, str) for word in value)


#: What no other modem is called: its board, or its own number.
SURE = ("board", "imei")
#: What a modem's file is called by: the surest of its names that is known.
_SUREST = (*SURE, "port")


def _key(ids: Mapping[str, str]) -> str:
    """File name of a modem: the surest of its names, hashed since ports and URLs hold any character."""
    name = next((f"{kind}:{ids[kind]}" for kind in _SUREST if ids.get(kind)), "unknown")
    return hashlib.sha256(name.encode()).hexdigest()[:24]
