"""What lies on a card before it is formatted, what becomes of each file, and whether all of it came back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from doctor.card.backup import Backup, Found, Saved, read_pieces
from doctor.card.device import open_source
from doctor.card.directory import ATTR_DIRECTORY, MOST_ENTRIES_OF_TREE, Entry, walk
from doctor.card.format import DEFAULT_LABEL, FormatPlan, plan_format
from doctor.card.judge import FatVolume, Judgement, judge, open_volume
from doctor.card.reader import read_file
from doctor.card.sniff import Scheme, VolumeKind
from doctor.card.source import BlockSource
from doctor.card.writer import NewFile
from doctor.errors import CardError
from doctor.escape import shown
from doctor.plural import counted


@dataclass(frozen=True)
class Survey:
    """What lies on the image, on all its FAT volumes, and what will be done with it.

    torn        keys of files that cannot be read whole
    incomplete  something on the card cannot be reached as a file
    new_paths   path after the reformat, by key; what is missing here is not put back
    """

    verdict: Judgement
    found: tuple[Found, ...]
    torn: frozenset[tuple[int, int]]
    incomplete: bool
    plan: FormatPlan
    new_paths: dict[tuple[int, int], str]

    @property
    def files(self) -> tuple[Found, ...]:
        """All files, folders left out."""
        return tuple(item for item in self.found if not item.entry.is_dir)

    @property
    def raw(self) -> bool:
        """Whether files alone would not bring everything back, so that the whole card is kept."""
        only_one = self.verdict.volume is not None and not self.verdict.others
        return not only_one or bool(self.torn) or self.incomplete or not self.verdict.pc_reads

    @property
    def file_bytes(self) -> int:
        """Bytes of all files."""
        return sum(item.entry.size_bytes for item in self.files)

    @property
    def moved(self) -> tuple[tuple[str, str], ...]:
        """Files that get another path, as (old, new)."""
        pairs = ((item.entry.path, self.new_paths.get(item.key)) for item in self.files)
        return tuple((f"/sd/{old}", f"/sd/{new}") for old, new in pairs if new is not None and old != new)


_NEVER_A_CARD = (VolumeKind.HTML, VolumeKind.ARCHIVE, VolumeKind.DISK_IMAGE, VolumeKind.ISO9660)


def check_is_a_card(card: Path, verdict: Judgement, *, force: bool) -> None:
    """Refuse files that are no image of a card: a wrong path must not cost anybody a document. Raises CardError."""
    kind = verdict.kind
    if kind in _NEVER_A_CARD or (kind is VolumeKind.UNKNOWN and verdict.layout.scheme is Scheme.NONE and not force):
        raise CardError(
            "sd-mount-no-fat",
            f"is not the image of a card, as far as can be told ({kind.value}); nothing was changed",
            on=str(card),
            next="" if kind in _NEVER_A_CARD else "if it is one all the same, add --force-device",
        )


def put_back_lines(survey: Survey) -> Iterator[str]:
    """What is put back, what moves, and what stays in the backup only; a sentence a line."""
    yield f"put {counted(sum(item.key in survey.new_paths for item in survey.files), 'file')} back"
    for old, new in survey.moved:
        yield f"put {shown(old)} at {shown(new)}"
    for item in survey.files:
        if item.key in survey.torn:
            yield f"not put back, because it cannot be read whole: /sd/{shown(item.entry.path)}"
        elif item.key not in survey.new_paths:
            yield f"not put back, because only macOS needs it: /sd/{shown(item.entry.path)}"


@contextmanager
def surveyed(card: Path, *, put_back: bool) -> Iterator[Survey]:
    """Everything on a card, which is open while the survey is used. Raises CardError."""
    with open_source(card) as source:
        verdict = judge(source)
        found: list[Found] = []
        incomplete = False
        for volume in _volumes(source, verdict):
            entries, missing = _entries(volume)
            found += [Found(volume, entry) for entry in entries]
            incomplete = incomplete or missing
        torn = frozenset(item.key for item in found if item.torn)
        label = verdict.label if verdict.label.isascii() and verdict.label.isprintable() else ""
        plan = plan_format(source.size_bytes, label or DEFAULT_LABEL)
        new_paths = _new_paths(found, torn) if put_back else {}
        yield Survey(verdict, tuple(found), torn, incomplete, plan, new_paths)


def _volumes(source: BlockSource, verdict: Judgement) -> Iterator[FatVolume]:
    """Every FAT volume that can be read, the board's first: the user may have put the .dup onto another."""
    if verdict.volume is not None:
        yield verdict.volume
    for part in verdict.others:
        volume = open_volume(source, part.start_sector)[0] if part.kind.is_fat else None
        if volume is not None:
            yield volume


def _entries(volume: FatVolume) -> tuple[list[Entry], bool]:
    """All entries, and whether something could not be reached. Raises CardError for more than we can hold."""
    root = volume.root()
    entries: list[Entry] = []
    incomplete = bool(root.fault)
    for step in walk(volume.view, volume.fat, root):
        entries.append(step.entry)
        incomplete = incomplete or (step.entry.is_dir and (step.listing is None or bool(step.listing.fault)))
    if len(entries) >= MOST_ENTRIES_OF_TREE:
        raise CardError(
            "card-is-fat",
            f"holds more than {MOST_ENTRIES_OF_TREE} files; this is more than a card for the board should",
            on=volume.view.name,
            next="copy the files elsewhere by hand first, or use another card",
        )
    return entries, incomplete


def _new_paths(found: list[Found], torn: frozenset[tuple[int, int]]) -> dict[tuple[int, int], str]:
    """Where everything goes: as it was, but the .dup to the root, and without the ``._`` files of macOS."""
    at_root = {item.entry.name.lower() for item in found if "/" not in item.entry.path}
    taken: set[str] = set()
    paths: dict[tuple[int, int], str] = {}
    emptied: set[str] = set()
    for item in found:
        entry = item.entry
        if item.key in torn or (entry.name.startswith("._") and not entry.is_dir):
            continue
        path = entry.path
        if not entry.is_dir and entry.name.lower().endswith(".dup") and entry.name.lower() not in at_root:
            path = entry.name
            at_root.add(entry.name.lower())
            emptied.update(_parents(entry.path))
        paths[item.key] = _free_name(path, taken, is_dir=entry.is_dir)
        taken.add(paths[item.key].lower())
    # A folder from which the .dup went, and which held nothing else, would only mislead.
    emptied -= {parent for item in found if not item.entry.is_dir for parent in _parents(paths.get(item.key, ""))}
    gone = {item.key for item in found if item.entry.is_dir and item.entry.path in emptied}
    return {key: path for key, path in paths.items() if key not in gone}


def _free_name(path: str, taken: set[str], *, is_dir: bool) -> str:
    """A damaged card may list a name twice; the second gets a number, folders of the same name become one."""
    if is_dir or path.lower() not in taken:
        return path
    stem, dot, extension = path.rpartition(".")
    if not dot or "/" in extension:
        stem, extension = path, ""
    number = 2
    while f"{stem}-{number}{dot}{extension}".lower() in taken:
        number += 1
    return f"{stem}-{number}{dot}{extension}"


def _parents(path: str) -> Iterator[str]:
    while "/" in path:
        path = path.rpartition("/")[0]
        yield path


def new_files(survey: Survey, backup: Backup) -> Iterator[tuple[NewFile, Saved]]:
    """What is written to the new card: the copies in the backup, which were verified."""
    for item in backup.saved:
        entry, path = item.found.entry, survey.new_paths.get(item.found.key)
        if path is None or not item.whole:
            continue
        if item.where is None:
            yield NewFile(path, 0, tuple, ATTR_DIRECTORY, entry.stamps), item
        else:
            content = partial(read_pieces, item.where)
            yield NewFile(path, entry.size_bytes, content, entry.attributes, entry.stamps), item


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
        next="try again, an image on another disk, a device with another card; the files lie in the backup",
    )
