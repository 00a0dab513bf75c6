"""``report``: what this program keeps on this computer, and files that the user names, in one zip for whoever helps.

What is private is learned from the material itself, and from the names of this computer and its user; then stand-ins
are put in its place, the same everywhere (doctor/bundle/).
"""

from __future__ import annotations

import getpass
import json
import os
import platform
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from doctor import __version__
from doctor.bundle.mask import Mask, MaskedText
from doctor.bundle.pack import ABOUT, KIND_JOURNAL, KIND_LOG, KIND_RECORD, Entry, packed
from doctor.bundle.stand_in import wire
from doctor.bundle.traces import MaskedTrace
from doctor.clock import Now, utc_now
from doctor.data import names, text
from doctor.documents.host_names import host_name
from doctor.documents.json_file import open_ours, write_whole
from doctor.documents.trace_lines import is_trace
from doctor.errors import DoctorError, UsageError, reason
from doctor.jobs.memory.logbook import OUR_NAME
from doctor.jobs.memory.state_dir import state_place
from doctor.jobs.trial import BOARD_CHARS
from doctor.knowledge.catalogue import HERE
from doctor.knowledge.paste import by_mark
from doctor.text.command import PROGRAM, Command
from doctor.text.escape import shown

SCHEMA = "fipy-doctor/bundle/1"
MOST_OF_A_KIND = 20  #: of the newest logs, journals, records
MOST_BYTES = 1 << 18  #: of a text, many times what a log of ours has; of a longer one the end is taken
MOST_TRACE_BYTES = 32 << 20
MOST_TOGETHER_BYTES = 64 << 20  #: with the traces of a trial; a trace of a whole flash has 14 MB
_HEAD_BYTES = 100  #: in which a trace shows that it is one
_LIBRARIES = ("pyserial", "click", "rich", "platformdirs", "pyfatfs")
_WORD = re.compile(r"[a-z0-9_]+")
_NO_TEXT = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")


@dataclass(frozen=True)
class Bundle:
    """What goes into the zip, and what does not.

    entries    the first one says what the others are
    left_out   names of files and why
    stand_ins  how many secrets of each kind were masked; None if nothing was
    """

    entries: tuple[Entry, ...]
    left_out: tuple[tuple[str, str], ...]
    stand_ins: Mapping[str, int] | None


def refuse_target(target: Path) -> None:
    """Raises UsageError if no new file can be made there; an existing file is never replaced."""
    on = str(target)
    if os.path.lexists(target):
        raise UsageError("bundle-not-writable", "is there already", on=on, next="give the bundle another name")
    if not target.parent.is_dir():
        raise UsageError(
            "bundle-not-writable", "its folder does not exist", on=on, next="make the folder first, or name another one"
        )


def bundle(given: Sequence[Path], *, unmasked: bool = False, now: Now = utc_now) -> Bundle:
    """What the bundle would hold, masked; nothing is written.

    given  files of the user's besides: traces, reports, logs

    Raises UsageError if there is nothing, or if a given file is not a text that can be sent.
    """
    left_out: list[tuple[str, str]] = []
    named = _named(given)
    found = [*_kept(state_place(), sum(len(entry.data) for _, entry in named), left_out), *named]
    if not found:
        take = Command("check", ("--trace", "t.jsonl"))
        raise UsageError(
            "nothing-to-report",
            "this program has kept nothing on this computer so far, and no file was named",
            on=str(state_place()),
            next=f"{take}, and then {Command('report', ('OUT.zip', 't.jsonl'))}",
        )
    if unmasked:
        return _with_about([entry for _, entry in found], left_out, None, now)
    mask = Mask(own_words())
    for kind, name in names_of_this_computer():
        mask.know(kind, name)
    read = [MaskedTrace(entry.data) if is_trace(entry.data) else MaskedText(entry.data) for _, entry in found]
    for (path, _), content in zip(found, read, strict=True):
        mask.learn(wire(path.name))
        content.learn(mask)
    for content in read:
        content.know_hashes(mask)
    masked: list[Entry] = []
    for (_, entry), content in zip(found, read, strict=True):
        name = _unlike(mask.masked_name(entry.name), masked)
        masked.append(replace(entry, name=name, data=content.masked(mask)))
    reasons = [(mask.masked_name(name), why) for name, why in left_out]
    return _with_about(masked, reasons, mask.counts, now)


def write(target: Path, made: Bundle, now: Now = utc_now) -> int:
    """Write the zip, whole or not at all; its size in bytes. Raises UsageError, DoctorError."""
    refuse_target(target)
    data = packed(made.entries, now())
    try:
        write_whole(target, data)
    except OSError as err:
        raise DoctorError(
            "bundle-not-writable",
            f"cannot be written: {reason(err)}; nothing is left of it",
            on=str(target),
            cause="the disk is full, or the folder is not yours to write",
            next="name a place with more room, where you may write",
        ) from err
    return len(data)


def names_of_this_computer() -> Iterator[tuple[str, str]]:
    """What this computer and its user are called."""
    users = {os.environ.get(name, "") for name in ("USER", "USERNAME", "LOGNAME", "SUDO_USER")}
    with suppress(KeyError, OSError, ImportError):
        users.add(getpass.getuser())
    with suppress(RuntimeError):
        users.add(Path.home().name)
    for user in sorted(users):
        yield "user", user
    host = platform.node()
    yield "host", host
    yield "host", host.partition(".")[0]


def _kept(place: Path, taken_bytes: int, left_out: list[tuple[str, str]]) -> Iterator[tuple[Path, Entry]]:
    """What lies in the state folder, the newest of each kind first. File names may hold anything, or a hash of it."""
    for folder, ending, kind in (
        ("logs", ".log", KIND_LOG),
        ("journal", ".json", KIND_JOURNAL),
        ("journal", ".damaged", KIND_JOURNAL),
        ("begun", ".json", KIND_RECORD),
        (".", "tried.json", KIND_RECORD),
        ("trial", ".json", KIND_RECORD),
        ("trial", ".jsonl", KIND_RECORD),
    ):
        for number, path in enumerate(_newest(place / folder, ending), 1):
            if folder == "trial" and "-" not in path.name:
                continue  # only which board it is
            name = _name_of(path, number, folder, kind)
            try:
                if path.lstat().st_size + taken_bytes > MOST_TOGETHER_BYTES and ending == ".jsonl":
                    raise ValueError("there are too many large traces; name it to have it in")
                entry = _read(path, name, kind)
                taken_bytes += len(entry.data)
                yield path, entry
            except (OSError, ValueError) as err:
                left_out.append((name, reason(err)))


def _name_of(path: Path, number: int, folder: str, kind: str) -> str:
    """What a file of the state folder is called in the zip: ``number`` stands for what may tell something."""
    if folder == "trial":
        return f"{folder}/{number}{path.name[BOARD_CHARS:]}"
    if path.name.endswith(".damaged"):
        return f"{kind}/{number}.damaged.json"
    return f"{kind}/{path.name if folder == '.' or OUR_NAME.fullmatch(path.name) else f'{number}{path.suffix}'}"


def _newest(folder: Path, ending: str) -> list[Path]:
    dated = []
    with suppress(OSError):
        for path in folder.iterdir():
            with suppress(OSError):
                if path.name.endswith(ending):
                    dated.append((path.lstat().st_mtime_ns, path))
    return [path for _, path in sorted(dated, reverse=True)[:MOST_OF_A_KIND]]


def _named(given: Sequence[Path]) -> list[tuple[Path, Entry]]:
    """The files that the user names. Raises UsageError for one that is not text: no firmware goes into a bundle."""
    taken: list[Entry] = []
    for path in given:
        try:
            taken.append(_read(path, _unlike(f"given/{host_name(path.name)}", taken), "given", follow=True))
        except (OSError, ValueError) as err:
            raise UsageError(
                "file-unreadable",
                f"cannot go into the bundle: {reason(err)}",
                on=str(path),
                next="leave it out, or name another",
            ) from err
    return list(zip(given, taken, strict=True))


def _read(path: Path, name: str, kind: str, *, follow: bool = False) -> Entry:
    """A file of this computer as it goes in. Raises OSError, and ValueError for what is not text."""
    with open_ours(path, "rb", follow=follow) as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(0)
        trace = is_trace(file.read(_HEAD_BYTES))
        if trace and size > MOST_TRACE_BYTES:
            raise ValueError(
                f"it is a trace of more than {MOST_TRACE_BYTES:,} bytes, and a part of one does not play back"
            )
        start = 0 if trace else max(0, size - MOST_BYTES)
        file.seek(start)
        data = file.read(size if trace else MOST_BYTES)
    marked = by_mark(data)
    data = data if marked is None else marked.encode()
    if _NO_TEXT.search(data):
        raise ValueError("it is not text")
    if start:
        data = data.partition(b"\n")[2]  # of a line that was cut, half a secret could be left
    return Entry(name, "trace" if trace else kind, data, size, bool(start))


def _unlike(name: str, others: Sequence[Entry]) -> str:
    """``name``, or one like it that no other has: files of two folders, or two names after masking, can be alike."""
    there = {other.name for other in others}
    number, free = 1, name
    while free in there:
        number += 1
        free = f"{name.rpartition('.')[0]}-{number}.{name.rpartition('.')[2]}"
    return free


def _with_about(
    entries: Sequence[Entry], left_out: Sequence[tuple[str, str]], stand_ins: Mapping[str, int] | None, now: Now
) -> Bundle:
    """The bundle, with what says what is in it in front."""
    about: dict[str, Any] = {
        "schema": SCHEMA,
        "tool": {"name": PROGRAM, "version": __version__},
        "at": now().isoformat(timespec="seconds"),
        "platform": {"system": f"{platform.system()} {platform.release()}", "python": platform.python_version()},
        "libraries": {name: _version(name) for name in _LIBRARIES},
        "masked": stand_ins is not None,
        "stand_ins": stand_ins or {},
        "files": [listed(entry) for entry in entries],
        "left_out": [{"name": shown(name, 200), "why": why} for name, why in left_out],
    }
    data = (json.dumps(about, indent=1) + "\n").encode()
    return Bundle((Entry(ABOUT, "about", data, len(data)), *entries), tuple(left_out), stand_ins)


def listed(entry: Entry) -> dict[str, Any]:
    """An entry as the list of a bundle has it."""
    return {"name": entry.name, "kind": entry.kind, "size_bytes": entry.size_bytes, "cut": entry.cut}


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def own_words() -> frozenset[str]:
    """The words that this program says itself, in small letters: its documents, ids and explanations."""
    from doctor import roster

    said = [text(f"schema/{name}") for name in names("schema")]
    said += [file.read_text(encoding="utf-8") for file in HERE.iterdir() if file.name.endswith(".toml")]
    said += [check.id for check in roster.builtin()]
    return frozenset(word for one in said for word in _WORD.findall(one.lower()))
