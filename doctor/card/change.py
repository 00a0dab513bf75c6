"""Small changes to the files of a card image or device: move, rename, delete, add; judged before, proved after.

An image file is changed in a copy that takes its name at the end; a device is changed in place, in an order in
which no cut hurts. A volume with faults is not touched.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from doctor.card.card import CardProblem
from doctor.card.drives.device import open_source
from doctor.card.judge import judge
from doctor.card.medium import medium_to_change
from doctor.card.repair import heals
from doctor.card.second_reader import FileDigests, Meant, contents, prove_again
from doctor.card.target import sha256_of
from doctor.errors import CardError
from doctor.events import Listener, ignore
from doctor.fat.claim import claimed
from doctor.fat.directory import DirEntry, walk
from doctor.fat.edit import VolumeEditor
from doctor.fat.overlay import Medium
from doctor.fat.reader import read_file
from doctor.fat.source import BlockSource
from doctor.fat.volume import FatVolume
from doctor.fat.writer import NewFile
from doctor.text.command import Command


@dataclass(frozen=True)
class Rename:
    """Give a file another path; paths from the volume's root, parts joined by "/"."""

    src: str
    dst: str


@dataclass(frozen=True)
class Delete:
    """Delete a file."""

    path: str


@dataclass(frozen=True)
class Add:
    """Add a file."""

    file: NewFile


Change = Rename | Delete | Add


def change_files(path: Path, changes: list[Change], emit: Listener = ignore) -> None:
    """Carry out changes one after the other, and prove the result; a second reader's answer is an event.

    Raises CardError if the volume has faults, a change cannot be made, or the medium may not be written; an
    image is as it was then, a device has the changes before the one that failed.
    """
    with claimed(path):
        with open_source(path) as source:
            before = faultless(source)
            expected = _contents(before)
            meant = contents(before)
        with medium_to_change(path) as medium:
            editor = VolumeEditor(medium)
            for change in changes:
                _carry_out(editor, change, expected)
            medium.sync()
            _prove(medium, expected)
            prove_again(Path(medium.name), before.start_sector, _after(meant, changes), emit)


def _after(meant: Meant | CardError, changes: list[Change]) -> Meant | CardError:
    """What the files should hold after the changes."""
    if isinstance(meant, CardError):
        return meant
    after = dict(meant)
    for change in changes:
        if isinstance(change, Rename):
            after[change.dst.lower()] = after.pop(change.src.lower())
        elif isinstance(change, Delete):
            del after[change.path.lower()]
        else:
            after[change.file.path.lower()] = FileDigests(change.file.size_bytes, _digest_of(change.file.content))
    return after


def faultless(source: BlockSource) -> FatVolume:
    """The volume, free of faults. Raises CardError if no file may be changed, saying what mends the card."""
    verdict = judge(source)
    worst = next((problem for problem in verdict.problems if problem.stops_changes), None)
    if verdict.volume is None or worst is not None:
        raise _refused(source, worst or next(iter(verdict.problems), None))
    return verdict.volume


def _refused(source: BlockSource, problem: CardProblem | None) -> CardError:
    what = "has no FAT volume" if problem is None else problem.text
    catalogue = "sd-mount-no-fat" if problem is None else problem.catalogue
    return CardError(
        catalogue,
        f"{what}; no file on it is changed",
        on=source.name,
        next=f"run {Command('fix', ('--repair-sd' if heals(source) else '--reformat-sd',))}",
    )


def _contents(volume: FatVolume) -> dict[str, int]:
    """Path in lower case and size of everything; -1 for folders."""
    return {
        step.entry.path.lower(): -1 if step.entry.is_dir else step.entry.size_bytes
        for step in walk(volume.view, volume.fat, volume.root())
    }


def _carry_out(editor: VolumeEditor, change: Change, expected: dict[str, int]) -> None:
    """One change, its content compared, and what is expected afterwards brought up to date."""
    if isinstance(change, Rename):
        entry = editor.file(change.src)
        content = _digest(editor.volume, entry)
        editor.rename(change.src, change.dst)
        expected[change.dst.lower()] = expected.pop(change.src.lower())
        _same(_digest(editor.volume, editor.file(change.dst)) == content)
    elif isinstance(change, Delete):
        editor.delete(change.path)
        del expected[change.path.lower()]
    else:
        editor.add(change.file)
        expected[change.file.path.lower()] = change.file.size_bytes
        _same(_digest(editor.volume, editor.file(change.file.path)) == _digest_of(change.file.content))


def _digest(volume: FatVolume, entry: DirEntry) -> str:
    return _digest_of(lambda: read_file(volume, entry))


def _digest_of(content: Callable[[], Iterable[bytes]]) -> str:
    return sha256_of(iter(content()))


def _prove(medium: Medium, expected: dict[str, int]) -> None:
    """Everything that was there is there, and no fault has appeared."""
    after = judge(medium)
    faults = any(problem.stops_changes for problem in after.problems)
    _same(after.volume is not None and not faults and _contents(after.volume) == expected)


def _same(holds: bool) -> None:
    if not holds:
        raise CardError(
            "card-is-fat",
            "the changed card is not as it should be; an image was left as it was",
            next="run `fipy-doctor check`",
        )
