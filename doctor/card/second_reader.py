"""The second reader of a card: pyfatfs reads a volume whole, in a child process, and is compared with what was meant.

Our own byte comparison is the judge and comes first; this tells what it cannot: that somebody else's code takes the
card as we do. PyFat is a reader, not a checker (fat-and-pyfatfs.md 1 and 3): if it gives up, or lists
other names, nothing was compared, and that is no fault of the card. Nothing that it does is an exception here.
"""

from __future__ import annotations

import os
import subprocess
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from doctor import own_process
from doctor.card import pyfat_child
from doctor.card.drives.device import DeviceSource, open_source
from doctor.card.target import sha256_of
from doctor.computer import is_windows
from doctor.documents import foreign_json
from doctor.errors import CardError, DoctorError, SecondReaderDiffers
from doctor.events import Listener, Note, Outcome, SecondReading
from doctor.fat.directory import walk
from doctor.fat.reader import read_file
from doctor.fat.source import SECTOR_BYTES, FileSource
from doctor.fat.volume import FatVolume, find_volume, open_volume
from doctor.text.escape import counted, shown

_STARTING_S = 30.0  #: for a Python on a busy old computer; the rest of a limit is for reading
_SLOWEST_BYTES_PER_S = 1_000_000  #: a twentieth of a plain card reader
_MEMORY_BYTES = 1 << 30
_LONGEST_FAT_BYTES = 64 << 20  #: of a card of 512 GB with the usual clusters; it is read whole
_MOST_BYTES_READ_FIRST = 1 << 30  #: a minute with a plain reader; a small change is not worth more
_MOST_BYTES_OF_A_CHECK = 64 << 20  #: a check has half a minute, and our own reader has to read them, too
_MOST_ANSWER = 64 << 20  #: a line a file, of the 20,000 that it lists at most
_SECONDS_OF_A_CHECK = 12.0

#: A line of a plan that writes a card.
PLANNED = "have a second reader (pyfatfs) read all of it, and compare the result"

#: What PyFat is known to stumble over on cards that the board reads, or that we judge better: a part of its words, and
#: what there is on the card.
KNOWN: Mapping[str, str] = {
    "UnicodeDecodeError": "a long name holds half of a surrogate pair; the board shows a substitute for it",
    "invalid first cluster ID": "a slot of a long name names a cluster; the board takes the short name",
    "has already been added": "two slots of a long name have one number; the board takes the short name",
    "Boot code must": "the boot sector begins with a jump that the board takes and pyfatfs does not",
    "Invalid signature": "the boot sector lacks its signature 55 AA",
    "bytes are missing": "its clusters end early, or the high half of its first one holds data of OS/2",
    "RecursionError": "a folder leads back to the root, or there are more files than belong on a card",
    "MemoryError": "the root directory runs in a circle, or the FATs are far too long",
}
WIDTHS = "takes it for FAT{theirs}, the board for FAT{ours}"
OTHER_NAMES = "lists different names"
TOO_LONG = "is not asked about FATs of {bytes}"
TIMEOUT = "had not finished after {seconds:.0f} s"
NO_PYTHON = "cannot be started: it is not known where this Python lies"


class FileDigests(NamedTuple):
    """What a file holds, or is meant to hold; SHA-256 as hexadecimal digits."""

    size_bytes: int
    sha256: str


Meant = Mapping[str, FileDigests]  #: by path from the volume's root, parts joined by "/"; folders left out


@dataclass(frozen=True)
class Limits:
    """What the child process may take."""

    seconds: float
    memory_bytes: int = _MEMORY_BYTES


class Begun:
    """A second reader that is ready and reads nothing yet: a Python takes a while to start.

    tell_to  descriptor on which it waits for what it is to read
    """

    def __init__(self, child: subprocess.Popen[bytes], tell_to: int) -> None:
        self._child = child
        self._tell_to = tell_to

    def tell(self, words: list[str]) -> subprocess.Popen[bytes]:
        """Let it begin. Raises OSError if it has ended."""
        os.write(self._tell_to, " ".join(words).encode())
        self._close()
        return self._child

    def end(self) -> None:
        """Nothing is to be read by it any more, whether it was told to or not."""
        self._close()
        if self._child.poll() is None:
            self._child.kill()
        self._child.communicate()

    def _close(self) -> None:
        if self._tell_to >= 0:
            os.close(self._tell_to)
            self._tell_to = -1


@contextmanager
def begun(card: Path) -> Iterator[Begun | None]:
    """Start the second reader of a card that is going to be written, for ``prove_again``.

    None if it is only started when it is needed: Windows passes no further descriptors to a process.
    """
    if is_windows():
        yield None
        return
    told_by, tell_to = os.pipe()
    command = own_process.part("second-reader", pyfat_child.WAIT, str(told_by))
    reader = None
    with suppress(OSError, ValueError, DoctorError), open_source(card) as source:
        reader = Begun(_started(command, source, (told_by,)), tell_to) if command else None
    os.close(told_by)
    if reader is None:
        os.close(tell_to)
    try:
        yield reader
    finally:
        if reader is not None:
            reader.end()


def prove_again(
    card: Path, start_sector: int, meant: Meant | CardError, emit: Listener, reader: Begun | None = None
) -> None:
    """Have the second reader read what was just written, and report what it says as an event.

    card          image file or device; it is opened again, for reading only
    start_sector  of the volume
    meant         every file that should be there; an error if that cannot be told
    reader        of this card, if it is started already

    Raises SecondReaderDiffers, naming the file, if one reads otherwise.
    """
    if isinstance(meant, CardError):
        emit(_not_compared(f"was not asked: {meant}"))
        return
    emit(Note("having a second reader (pyfatfs) read all of it"))
    answer = read_again(card, start_sector, meant, reader=reader)
    emit(answer)
    if answer.outcome is Outcome.DIFFER:
        raise SecondReaderDiffers(
            "card-is-fat",
            f"{answer}; an image was left as it was",
            cause="the card gives different bytes each time it is read, or one of the two readers is wrong",
            next="run `fipy-doctor check -v`, which compares them once more",
        )


def compare_readers(card: Path) -> SecondReading | None:
    """Both readers on a card as it is; None if it holds no volume. Bounded, for a check. Raises CardError."""
    with open_source(card) as source:
        volume = find_volume(source)
        if volume is None:
            return None
        found = contents(volume, _MOST_BYTES_OF_A_CHECK)
    if isinstance(found, CardError):
        return _not_compared(f"was not asked: {found}")
    return read_again(card, volume.start_sector, found, Limits(_SECONDS_OF_A_CHECK))


def read_again(
    card: Path, start_sector: int, meant: Meant, limits: Limits | None = None, reader: Begun | None = None
) -> SecondReading:
    """What the second reader makes of a volume. Raises nothing but what stops the program.

    limits  by default they grow with the bytes to be read
    """
    try:
        with open_source(card) as source:
            volume, _ = open_volume(source, start_sector)
            if volume is None:
                return _not_compared("finds no volume")
            told = _ask(source, volume, limits or Limits(_seconds(volume, meant)), reader)
    except DoctorError as err:
        return _not_compared(f"cannot read the card: {err}")
    if isinstance(told, str):
        return _not_compared(told)
    if told["width"] != volume.geometry.width:
        return _not_compared(WIDTHS.format(theirs=told["width"], ours=volume.geometry.width))
    return compare(told["files"], meant)


def compare(files: list[tuple[str, int, str | None, str]], meant: Meant) -> SecondReading:
    """Compare what the child listed, as (path, size, SHA-256 or None, why it was not read), with what was meant.

    Names are matched without regard to case: FAT ignores it, and PyFat ignores the flags for lower case.
    """
    wanted = {path.lower(): content for path, content in meant.items()}
    seen = Counter(path.lower() for path, *_ in files)
    unread = ""
    for path, size, sha256, why in files:
        content = wanted.get(path.lower())
        if content is None or seen[path.lower()] > 1:
            continue
        if size != content.size_bytes or sha256 not in (None, content.sha256):
            return SecondReading(Outcome.DIFFER, f"reads different content in {shown(path)}", len(files))
        if sha256 is None:
            unread = unread or f"could not read {shown(path)}: {_explained(why)}"
    if seen != Counter(dict.fromkeys(wanted, 1)):
        odd = sorted({*(seen - Counter(wanted.keys())), *(wanted.keys() - seen.keys())})
        return _not_compared(f"{OTHER_NAMES}: {shown(odd[0])}")
    if unread:
        return _not_compared(unread)
    return SecondReading(Outcome.AGREE, f"agrees: {counted(len(files), 'file')}", len(files))


def contents(volume: FatVolume, most_bytes: int = _MOST_BYTES_READ_FIRST) -> Meant | CardError:
    """Every file of a volume by its path in lower case, as our own reader reads it.

    An error if one cannot be read, or all of them are more than ``most_bytes``.
    """
    files = [step.entry for step in walk(volume.view, volume.fat, volume.root()) if not step.entry.is_dir]
    size = sum(entry.size_bytes for entry in files)
    if size > most_bytes:
        return CardError("card-is-fat", f"{counted(size, 'byte')} are too many to read twice")
    try:
        return {
            entry.path.lower(): FileDigests(entry.size_bytes, sha256_of(read_file(volume, entry))) for entry in files
        }
    except CardError as err:
        return err


def _seconds(volume: FatVolume, meant: Meant) -> float:
    geometry = volume.geometry
    fats = geometry.fats * geometry.fat_sectors * geometry.sector_bytes
    files = sum(content.size_bytes for content in meant.values())
    return _STARTING_S + (fats + files) / _SLOWEST_BYTES_PER_S


def _not_compared(words: str) -> SecondReading:
    return SecondReading(Outcome.NOT_COMPARED, f"could not compare: it {words}", 0)


def _explained(raised: str) -> str:
    known = next((what for part, what in KNOWN.items() if part in raised), "")
    return f"{shown(raised, 200)} ({known})" if known else shown(raised, 200)


def _started(
    command: list[str], source: FileSource | DeviceSource, handles: tuple[int, ...] = ()
) -> subprocess.Popen[bytes]:
    """Raises OSError, or ValueError for a source that has no descriptor."""
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdin=source.fileno(), stdout=pipe, stderr=pipe, pass_fds=handles)


def _ask(
    source: FileSource | DeviceSource, volume: FatVolume, limits: Limits, reader: Begun | None
) -> dict[str, Any] | str:
    """The child's document, or why there is none. Ctrl-C ends the child, and goes on."""
    fat_bytes = volume.geometry.fat_sectors * volume.geometry.sector_bytes
    if fat_bytes > _LONGEST_FAT_BYTES:
        return TOO_LONG.format(bytes=counted(fat_bytes, "byte"))
    start = volume.start_sector * SECTOR_BYTES
    told = (start, volume.view.size_bytes, source.sector_bytes, limits.seconds, limits.memory_bytes)
    words = list(map(str, told))
    command = own_process.part("second-reader", *words)
    if not command:
        return NO_PYTHON
    try:
        child = _started(command, source) if reader is None else reader.tell(words)
    except (OSError, ValueError) as err:
        return f"cannot be started: {err}"
    try:
        out, errors = child.communicate(timeout=limits.seconds)
    except BaseException as err:
        child.kill()
        child.communicate()
        if isinstance(err, subprocess.TimeoutExpired):
            return TIMEOUT.format(seconds=limits.seconds)
        raise
    try:
        answer = foreign_json.read(out, _MOST_ANSWER)
    except ValueError:
        last = shown(errors.decode("utf-8", "replace").strip().rpartition("\n")[2], 200)
        return f"ended with code {child.returncode}{last and f': {last}'}"
    return f"raised {_explained(answer['raised'])}" if "raised" in answer else answer
