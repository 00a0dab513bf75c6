"""Formats a card image for the board and puts its files back: backup, new copy, comparison, rename.

At every moment either the original or the finished copy lies under the image's name, and from the first change
on everything readable lies verified in the backup.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from doctor.card.guard import BESIDE, ELSEWHERE, check_replaceable, check_room, on_one_disk
from doctor.card.medium import image_lines
from doctor.card.reformat.backup import RAW_COPY, back_up
from doctor.card.reformat.choice import EVERYTHING, Choice
from doctor.card.reformat.survey import (
    Survey,
    backup_lines,
    check_is_a_card,
    format_line,
    new_files,
    prove,
    put_back_lines,
    surveyed,
)
from doctor.card.second_reader import PLANNED as SECOND_READER
from doctor.card.second_reader import FileDigests, begun, prove_again
from doctor.card.target import FileTarget, copy_that_takes_the_name, set_size, used_bytes
from doctor.errors import CardError
from doctor.events import Listener, Note, ignore
from doctor.fat.claim import claimed
from doctor.fat.format import DEFAULT_LABEL, FormatPlan, format_card
from doctor.fat.source import FileSource
from doctor.fat.writer import NewFile, best_layout, write_files

ROOM_FOR_FOLDERS_BYTES = 4 << 20


@dataclass(frozen=True)
class ReformatResult:
    """What a reformat did.

    backup    folder of the backup; ``raw_copy`` in it if the whole card was kept
    layout    how the card is formatted now
    put_back  paths of the files on the card now, such as ``/sd/x.dup``
    moved     files that were brought to the root, as (old path, new path)
    left_out  paths of files that are in the backup only
    """

    backup: Path
    raw_copy: Path | None
    layout: str
    put_back: tuple[str, ...]
    moved: tuple[tuple[str, str], ...]
    left_out: tuple[str, ...]


@dataclass(frozen=True)
class ReformatPlan:
    """What a reformat would do.

    lines     sentences for the user
    put_back  paths of the files on the card then, such as ``/sd/x.dup``
    consent   what it needs besides a yes to the plan, in words; empty if that is enough
    """

    lines: tuple[str, ...]
    put_back: tuple[str, ...]
    consent: str = ""


def plan_reformat(image: Path, *, backup_dir: Path, choice: Choice = EVERYTHING, force: bool = False) -> ReformatPlan:
    """What ``reformat_image`` would do. Changes nothing. Raises CardError or UsageError."""
    check_replaceable(image)
    with surveyed(image, choice) as survey:
        check_is_a_card(image, survey, force=force)
        _check_rooms(image, backup_dir, survey)
        lines = list(image_lines(image))
        lines += backup_lines(survey, backup_dir)
        if survey.raw:
            lines.append(
                f"keep a copy of the whole card there too ({RAW_COPY}): a copy of the files does not hold everything"
            )
        lines.append(format_line(f"a new copy of {image}", survey.layout, usual=survey.usual))
        lines += put_back_lines(survey)
        lines += ["compare every byte with the backup", SECOND_READER, "give the new copy the image's name"]
        return ReformatPlan(tuple(lines), survey.new_files)


def reformat_image(
    image: Path,
    *,
    backup_dir: Path,
    choice: Choice = EVERYTHING,
    force: bool = False,
    emit: Listener = ignore,
    now: Callable[[], datetime] = datetime.now,
) -> ReformatResult:
    """Format a card image for the board; its files come back, the .dup at the root.

    backup_dir  where the dated backup folder is made; everything goes there, whatever comes back
    choice      what comes back
    force       takes a file with unknown content for a card (``--force-device``)

    Raises CardError or UsageError, and lets KeyboardInterrupt through; in either case the image is as it was,
    and what has been backed up stays.
    """
    with claimed(image), ExitStack() as until_saved:
        check_replaceable(image)
        survey = until_saved.enter_context(surveyed(image, choice))
        check_is_a_card(image, survey, force=force)
        _check_rooms(image, backup_dir, survey)
        moment = now()
        # From here on the image may not change: what comes after the backup would be lost.
        with copy_that_takes_the_name(image) as part, begun(part) as reader:
            backup = back_up(image, survey.found, backup_dir, raw=survey.raw, now=moment, emit=emit)
            until_saved.close()  # Windows replaces no file that is open
            emit(Note(f"formatting a new copy: {survey.layout.plan}"))
            pairs = list(new_files(survey, backup))
            files = [file for file, _ in pairs]
            label = survey.layout.plan.geometry.label
            make_card(part, image.stat().st_size, files, label=label, serial=int(moment.timestamp()) & 0xFFFFFFFF)
            emit(Note("comparing every byte with the backup"))
            with FileSource(part) as source:
                prove(source, files)
            meant = {file.path: FileDigests(file.size_bytes, saved.sha256) for file, saved in pairs if not file.is_dir}
            prove_again(part, survey.layout.plan.start_sector, meant, emit, reader)
    return ReformatResult(
        backup=backup.folder,
        raw_copy=backup.raw_copy,
        layout=str(survey.layout.plan),
        put_back=survey.new_files,
        moved=survey.moved,
        left_out=survey.left_out,
    )


def _check_rooms(image: Path, backup_dir: Path, survey: Survey) -> None:
    for_backup = survey.file_bytes + (used_bytes(image) if survey.raw else 0) + ROOM_FOR_FOLDERS_BYTES
    geometry = survey.layout.plan.geometry
    front = (survey.layout.plan.start_sector + geometry.data_sector) * geometry.sector_bytes
    for_copy = survey.file_bytes + front + ROOM_FOR_FOLDERS_BYTES
    if on_one_disk(backup_dir, image.parent):
        check_room(backup_dir, for_backup + for_copy, "the backup and a new copy of the image", otherwise=ELSEWHERE)
        return
    check_room(backup_dir, for_backup, "the backup", otherwise=ELSEWHERE)
    check_room(image.parent, for_copy, "a new copy of the image", otherwise=BESIDE)


DEFAULT_SERIAL = 0xF19D0C70  #: volume and disk serial if nobody asks for another


def make_card(
    path: Path,
    size_bytes: int,
    files: Iterable[NewFile] = (),
    *,
    label: str = DEFAULT_LABEL,
    serial: int = DEFAULT_SERIAL,
) -> FormatPlan:
    """Write a new image file (it may exist empty): MBR, one FAT volume, the files. Sparse if the disk allows.

    Raises CardError if there is content already, size or files do not fit, or the disk is full.
    """
    layout = best_layout(size_bytes, list(files), label)
    path.touch()
    if path.stat().st_size:
        raise CardError("card-is-fat", "exists already and is not empty", on=str(path))
    set_size(path, size_bytes)
    with FileTarget(path) as target:
        format_card(target, layout.plan, serial=serial, blank=True)
        write_files(target, layout)
    return layout.plan
