"""What lies on a card before it is formatted, what becomes of each file, and whether all of it came back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from doctor.card.drives.device import is_device, open_source
from doctor.card.judge import Judgement, judge
from doctor.card.reformat.arrange import Arrangement, Key, arrange, fitted
from doctor.card.reformat.backup import CardBackup, Found, Saved, read_pieces
from doctor.card.reformat.choice import Choice
from doctor.card.reformat.unfinished import Mark, read_mark
from doctor.errors import CardError
from doctor.fat.directory import (
    ATTR_ARCHIVE,
    ATTR_DIRECTORY,
    ATTR_HIDDEN,
    ATTR_READ_ONLY,
    ATTR_SYSTEM,
    MOST_ENTRIES_OF_TREE,
    DirEntry,
    walk,
)
from doctor.fat.format import DEFAULT_LABEL, plan_format
from doctor.fat.layout import Scheme, VolumeKind
from doctor.fat.reader import read_file
from doctor.fat.source import SECTOR_BYTES, BlockSource
from doctor.fat.volume import FatVolume, open_volume
from doctor.fat.writer import NewFile, TreeLayout
from doctor.text.escape import counted, first_of, shown


@dataclass(frozen=True)
class Survey:
    """What lies on a card, on all its FAT volumes, and what will be done with it.

    torn         keys of files that cannot be read whole
    incomplete   something on the card cannot be reached as a file
    lost         folders whose content cannot be reached, or not all of it
    arrangement  what becomes of each file
    layout       where it will lie on the new volume
    usual        the layout is the one that cards of this size usually get
    mark         what a reformat left that was interrupted; None on other cards
    """

    verdict: Judgement
    found: tuple[Found, ...]
    torn: frozenset[Key]
    incomplete: bool
    lost: tuple[Found, ...]
    arrangement: Arrangement
    layout: TreeLayout
    usual: bool
    mark: Mark | None = None

    @property
    def files(self) -> tuple[Found, ...]:
        """All files, folders left out."""
        return tuple(item for item in self.found if not item.entry.is_dir)

    @property
    def put_back(self) -> tuple[Found, ...]:
        """The files that come back."""
        return tuple(item for item in self.files if item.key in self.arrangement.new_paths)

    @property
    def new_files(self) -> tuple[str, ...]:
        """Where they will be."""
        return tuple(f"/sd/{self.arrangement.new_paths[item.key]}" for item in self.put_back)

    @property
    def raw(self) -> bool:
        """Whether files alone would not bring everything back, so that the whole card is kept."""
        if self.mark is not None:
            return False  # what an interrupted reformat left is no card any more; who lost its backup has chosen so
        only_one = self.verdict.volume is not None and not self.verdict.others
        damaged = any(problem.pc or problem.path for problem in self.verdict.problems)
        return not only_one or bool(self.torn) or self.incomplete or damaged

    @property
    def file_bytes(self) -> int:
        """Bytes of all files."""
        return sum(item.entry.size_bytes for item in self.files)

    @property
    def moved(self) -> tuple[tuple[str, str], ...]:
        """Files that get another path, as (old, new)."""
        pairs = ((item.entry.path, self.arrangement.new_paths[item.key]) for item in self.put_back)
        return tuple((f"/sd/{old}", f"/sd/{new}") for old, new in pairs if old != new)

    @property
    def left_out(self) -> tuple[str, ...]:
        """Paths of files that stay in the backup only."""
        return tuple(f"/sd/{item.entry.path}" for item in self.files if item.key not in self.arrangement.new_paths)


_KEPT_ATTRIBUTES = ATTR_READ_ONLY | ATTR_HIDDEN | ATTR_SYSTEM | ATTR_DIRECTORY | ATTR_ARCHIVE
_MOST_LINES = 12  #: of one kind in a plan
_NEVER_A_CARD = (VolumeKind.HTML, VolumeKind.ARCHIVE, VolumeKind.DISK_IMAGE, VolumeKind.ISO9660)


def check_is_a_card(card: Path, survey: Survey, *, force: bool) -> None:
    """Refuse files that are no image of a card: a wrong path must not cost anybody a document. Raises CardError."""
    kind = survey.verdict.kind
    known = kind is not VolumeKind.UNKNOWN or survey.verdict.layout.scheme is not Scheme.NONE or survey.mark is not None
    if kind in _NEVER_A_CARD or not (known or force):
        raise CardError(
            "sd-mount-no-fat",
            f"does not look like the image of a card ({kind.value}); nothing was changed",
            on=str(card),
            next="" if kind in _NEVER_A_CARD else "if you are sure that it is one, add --force-device",
        )


def backup_lines(survey: Survey, backup_dir: Path) -> Iterator[str]:
    """What is kept on the PC, for a plan."""
    files, size = counted(len(survey.files), "file"), counted(survey.file_bytes, "byte")
    names = first_of([item.entry.path for item in survey.files])
    yield f"back up {files} ({size}) to a new folder in {backup_dir}" + (f": {names}" if names else "")


def format_line(what: str, layout: TreeLayout, *, usual: bool) -> str:
    """How a card is formatted, for a plan."""
    return f"format {what}: {layout.plan}" + ("" if usual else ", not the usual ones, so that the files fit")


def put_back_lines(survey: Survey) -> Iterator[str]:
    """What is put back, what moves, and what stays in the backup only; a sentence a line."""
    yield (
        f"put {counted(len(survey.put_back), 'file')} back"
        if survey.put_back
        else "put nothing back: the card will be empty"
    )
    yield from _bounded(
        [f"put {shown(old)} at {shown(new)}" for old, new in survey.moved], "more files get another path"
    )
    kept = [(item, survey.arrangement.left_out.get(item.key)) for item in survey.files]
    lines = [f"not put back, because {why}: /sd/{shown(item.entry.path)}" for item, why in kept if why]
    yield from _bounded(lines, "more files stay in the backup only")
    lines = [f"not put back, because it cannot be reached: the rest of /sd/{shown(i.entry.path)}" for i in survey.lost]
    yield from _bounded(lines, "more folders cannot be followed to their end")


def _bounded(lines: list[str], more: str) -> Iterator[str]:
    """The lines, or as many as a plan can bear."""
    yield from lines[:_MOST_LINES]
    if len(lines) > _MOST_LINES:
        yield f"{len(lines) - _MOST_LINES} {more}"


@contextmanager
def surveyed(card: Path, choice: Choice) -> Iterator[Survey]:
    """Everything on a card, which is open while the survey is used.

    Raises CardError, also if what should go back does not fit or collides; UsageError for a choice of nothing.
    """
    with open_source(card) as source:
        verdict = judge(source)
        if VolumeKind.BITLOCKER in (verdict.layout.whole, *(part.kind for part in verdict.layout.partitions)):
            raise _encrypted(source.name)
        mark = read_mark(source.read_at(0, min(SECTOR_BYTES, source.size_bytes)))
        if mark is not None and not choice.nothing:
            raise _backup_is_away(source.name, mark) if is_device(card) else _image_of_unfinished(source.name, mark)
        found: list[Found] = []
        lost: list[Found] = []
        incomplete = False
        volumes = list(_volumes(source, verdict))
        for volume in volumes:
            entries, broken = _entries(volume)
            name = _volume_name(verdict, volume) if len(volumes) > 1 else ""
            found += [Found(volume, entry, name) for entry in entries]
            lost += [Found(volume, entry, name) for entry in broken]
            incomplete = incomplete or bool(broken) or bool(volume.root().fault)
        torn = frozenset(item.key for item in found if item.torn)
        label = verdict.label if verdict.label.isascii() and verdict.label.isprintable() else ""
        usual = plan_format(source.size_bytes, label or DEFAULT_LABEL)
        arrangement = arrange(found, torn, choice, source.name)
        planned = [(_planned(item, path), item.called[0]) for item, path in _placed(found, arrangement)]
        layout = fitted(source.size_bytes, planned, usual.geometry.label, source.name)
        yield Survey(
            verdict, tuple(found), torn, incomplete, tuple(lost), arrangement, layout, layout.plan == usual, mark
        )


def _encrypted(on: str) -> CardError:
    """Also while Windows shows its files: those are not seen from outside, and a copy of them would hold none."""
    return CardError(
        "card-is-fat",
        f"must not be written: it is {VolumeKind.BITLOCKER.value}",
        on=on,
        cause="its files cannot be seen without Windows, so that they could not be backed up",
        next="copy what you need from it, format it in Windows (FAT32), then run the same command again",
    )


def _backup_is_away(on: str, mark: Mark) -> CardError:
    return CardError(
        "card-is-fat",
        "formatting this card was interrupted, and the backup that holds its files is not here",
        on=on,
        cause=f"its files are in {shown(mark.folder, 300)}, perhaps on another computer",
        next="bring that folder here and add --backup with it; or add --put-back none to make it an empty card",
    )


def _image_of_unfinished(on: str, mark: Mark) -> CardError:
    return CardError(
        "card-is-fat",
        "is the image of a card whose formatting was interrupted; only the card itself can be finished",
        on=on,
        cause=f"the card's files are not in the image; they are in {shown(mark.folder, 300)}",
        next="give the card's device with --sd; or add --put-back none to make the image an empty card",
    )


def _placed(found: Iterable[Found], arrangement: Arrangement) -> Iterator[tuple[Found, str]]:
    return ((item, arrangement.new_paths[item.key]) for item in found if item.key in arrangement.new_paths)


def _planned(item: Found, path: str) -> NewFile:
    """A file as it will be on the new card; its content comes later, from the backup."""
    entry = item.entry
    size = 0 if entry.is_dir else entry.size_bytes
    return NewFile(path, size, tuple, entry.attributes & _KEPT_ATTRIBUTES, entry.stamps)


def _volume_name(verdict: Judgement, volume: FatVolume) -> str:
    number = next((p.slot for p in verdict.layout.partitions if p.start_sector == volume.start_sector), 0) + 1
    return f"partition {number}"


def _volumes(source: BlockSource, verdict: Judgement) -> Iterator[FatVolume]:
    """Every FAT volume that can be read, the board's first: the user may have put the .dup onto another."""
    if verdict.volume is not None:
        yield verdict.volume
    for part in verdict.others:
        volume = open_volume(source, part.start_sector)[0] if part.kind.is_fat else None
        if volume is not None:
            yield volume


def _entries(volume: FatVolume) -> tuple[list[DirEntry], list[DirEntry]]:
    """All entries, and the folders that could not be followed. Raises CardError for more than we can hold."""
    entries: list[DirEntry] = []
    broken: list[DirEntry] = []
    for step in walk(volume.view, volume.fat, volume.root()):
        entries.append(step.entry)
        if step.entry.is_dir and (step.listing is None or step.listing.fault):
            broken.append(step.entry)
    if len(entries) >= MOST_ENTRIES_OF_TREE:
        raise CardError(
            "card-is-fat",
            f"holds more than {MOST_ENTRIES_OF_TREE} files, more than a card for the board should have",
            on=volume.view.name,
            next="copy the files elsewhere by hand first, or use another card",
        )
    return entries, broken


def new_files(survey: Survey, backup: CardBackup) -> Iterator[tuple[NewFile, Saved]]:
    """What is written to the new card: the copies in the backup, which were verified."""
    for item in backup.saved:
        path = survey.arrangement.new_paths.get(item.found.key)
        if path is not None:
            planned = _planned(item.found, path)
            yield planned if item.where is None else replace(planned, content=partial(read_pieces, item.where)), item


def prove(source: BlockSource, files: list[NewFile]) -> None:
    """The new card is faultless, lists exactly the files, and holds every byte. Raises CardError."""
    verdict = judge(source)
    bad = [problem.text for problem in verdict.problems if problem.stops_changes]
    if verdict.volume is None or not verdict.board_reads or bad:
        raise _differs("; ".join(bad) or "it holds no volume")
    tree = {
        step.entry.path: step.entry for step in walk(verdict.volume.view, verdict.volume.fat, verdict.volume.root())
    }
    wanted = {file.path for file in files if not file.is_dir}
    if {path for path, entry in tree.items() if not entry.is_dir} != wanted:
        raise _differs("it lists other files")
    for file in files:
        if not file.is_dir and not _same(read_file(verdict.volume, tree[file.path]), iter(file.content())):
            raise _differs(f"{shown(file.path)} reads back differently")


def _same(one: Iterator[bytes], two: Iterator[bytes]) -> bool:
    """Whether two streams hold the same bytes, however they are cut into pieces."""
    left = right = b""
    while True:
        left = left or next(one, b"")
        right = right or next(two, b"")
        length = min(len(left), len(right))
        if length == 0:
            return left == right
        if left[:length] != right[:length]:
            return False
        left, right = left[length:], right[length:]


def _differs(what: str) -> CardError:
    return CardError(
        "card-is-fat",
        f"the newly made card is not as it should be ({what})",
        next="try again: for an image, on another disk; for a card, with another card; the files are in the backup",
    )
