"""Formats a raw device for the board and puts its files back: backup, mark, format, files, comparison, table.

Until the partition table is written, at the very end, sector 0 holds a mark that says where the files lie
(``unfinished``). Whatever stops the work, the backup is whole, and the next run offers to go on from it.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path

from doctor.card.drives.device import DeviceTarget, device_name, open_for_writing, open_source
from doctor.card.drives.drive import Drive
from doctor.card.drives.find import find_drive
from doctor.card.drives.guard import Identity, assess, confirmation, confirms, consent_line, description
from doctor.card.guard import ELSEWHERE, check_room
from doctor.card.reformat.arrange import fitted
from doctor.card.reformat.backup import RAW_COPY, CardBackup, back_up, read_pieces
from doctor.card.reformat.choice import EVERYTHING, Choice
from doctor.card.reformat.image import ROOM_FOR_FOLDERS_BYTES, ReformatPlan, ReformatResult
from doctor.card.reformat.survey import Survey, backup_lines, format_line, new_files, prove, put_back_lines, surveyed
from doctor.card.reformat.unfinished import (
    Copied,
    Mark,
    ReformatRecord,
    check_copies,
    chosen,
    find_unfinished,
    mark_sector,
    new_id,
    write_journal,
)
from doctor.card.second_reader import PLANNED as SECOND_READER
from doctor.card.second_reader import FileDigests, begun, prove_again
from doctor.computer import is_linux, is_mac
from doctor.errors import CardError, DoctorError, Stopped
from doctor.events import Listener, Note, ignore
from doctor.fat.claim import claimed
from doctor.fat.directory import ATTR_DIRECTORY
from doctor.fat.format import finish_card, format_card, partition_table, plan_format
from doctor.fat.layout import VolumeKind, look_at
from doctor.fat.overlay import Group, Overlay
from doctor.fat.source import SECTOR_BYTES
from doctor.fat.writer import NewFile, TreeLayout, write_files
from doctor.text.durations import about
from doctor.text.escape import counted, shown

_READER_BYTES_PER_S = 20_000_000  #: a plain card reader; for estimates only
_EMPTY = (VolumeKind.BLANK, VolumeKind.UNKNOWN)
_UNMOUNT_TIMEOUT_S = 60.0  #: a card may have to write out what was copied to it last


def plan_reformat_device(
    path: Path, *, backup_dir: Path, choice: Choice = EVERYTHING, force: bool = False
) -> ReformatPlan:
    """Look, and say what ``reformat_device`` would do. Changes nothing.

    Raises CardError if it must not be done, UsageError for a choice that names nothing.
    """
    drive = check_device(path, backup_dir=backup_dir, force=force)
    head = [f"write to {description(drive)}"]
    head += [f"on it: {_part_text(part.device, part.system, part.label, part.mounts)}" for part in drive.parts]
    verdict = assess(drive)
    head += [f"note: {text}" for text in verdict.warnings]
    head += [
        f"allowed because of --force-device: {text}" for text in (*verdict.unless_forced, *_odd_content(path, drive))
    ]
    if drive.mounts:
        head.append("unmount it")
    resume = _unfinished(path, drive, backup_dir)
    if resume is not None:
        files = chosen(resume, choice)
        lines = (*head, *_resume_lines(resume, files, drive))
        put_back = tuple(f"/sd/{file.path}" for file in files if not file.is_dir)
        return ReformatPlan(lines, put_back, consent_line(confirmation(drive)))
    with surveyed(path, choice) as survey:
        _check_room(backup_dir, survey, drive)
        lines = (*head, *_fresh_lines(survey, backup_dir, drive))
        return ReformatPlan(lines, survey.new_files, consent_line(confirmation(drive)))


def _resume_lines(journal: ReformatRecord, files: tuple[Copied, ...], drive: Drive) -> Iterator[str]:
    there = [file for file in journal.files if not file.is_dir]
    yield f"an earlier run was interrupted: continue with its backup in {journal.folder}"
    layout, usual = _layout(journal, files, drive.size_bytes)
    yield format_line(drive.device, layout, usual=usual)
    back = sum(not file.is_dir for file in files)
    if back < len(there):
        yield f"leave {counted(len(there) - back, 'file')} in the backup only, as you chose"
    yield f"put {counted(back, 'file')} back"
    yield from _last_lines()


def _layout(journal: ReformatRecord, files: tuple[Copied, ...], size_bytes: int) -> tuple[TreeLayout, bool]:
    """Where the copies will lie, and whether in the usual way. Raises CardError if they do not fit."""
    planned = [(_file(journal.folder, file), file.path) for file in files]
    layout = fitted(size_bytes, planned, journal.label, journal.device)
    return layout, layout.plan == plan_format(size_bytes, journal.label)


def _fresh_lines(survey: Survey, backup_dir: Path, drive: Drive) -> Iterator[str]:
    yield from backup_lines(survey, backup_dir)
    if survey.mark is not None:
        yield f"an earlier run was interrupted, and its backup ({shown(survey.mark.folder, 300)}) is not used"
    if survey.raw:
        takes = about(2 * drive.size_bytes / _READER_BYTES_PER_S)
        yield (
            f"keep a copy of the whole card there too ({RAW_COPY}): a copy of the files does not hold everything; "
            f"reading it twice takes {takes} with an ordinary card reader"
        )
    yield format_line(drive.device, survey.layout, usual=survey.usual)
    yield from put_back_lines(survey)
    yield from _last_lines()


def _last_lines() -> Iterator[str]:
    yield "compare every byte on the card with the backup"
    yield SECOND_READER
    yield "write the partition table last: only then is it a usable card"


def _part_text(device: str, system: str, label: str, mounts: tuple[str, ...]) -> str:
    named = f" ({shown(label)})" if label else ""
    where = f", mounted at {', '.join(shown(mount) for mount in mounts)}" if mounts else ""
    return f"{device} {shown(system) or 'without a known file system'}{named}{where}"


def check_device(path: Path, *, backup_dir: Path, force: bool) -> Drive:
    """The device, if it may be written. Raises CardError for the first reason why not, and names the rest."""
    drive = find_drive(device_name(path))
    verdict = assess(drive, keep=(backup_dir,))
    if verdict.hard:
        raise CardError(
            "card-is-fat",
            f"must not be written: {'; '.join(verdict.hard)}",
            on=drive.device,
            next="run `fipy-doctor cards` to see which drives can be cards",
        )
    odd = (*verdict.unless_forced, *_odd_content(path, drive))
    if odd and not force:
        raise CardError(
            "card-is-fat",
            f"does not look like a card for the board: {'; '.join(odd)}",
            on=drive.device,
            next="if it is the right one, add --force-device",
        )
    return drive


def _odd_content(path: Path, drive: Drive) -> Iterator[str]:
    """What our own eyes see if the system names no file systems."""
    if any(part.system for part in drive.parts):
        return
    with open_source(path) as source:
        layout = look_at(source)
    if len(layout.partitions) > 1:
        yield f"it has {len(layout.partitions)} partitions"
    other = [part.kind for part in layout.partitions if not part.kind.is_fat and part.kind not in _EMPTY]
    if other:
        yield f"it holds {other[0].value}, not FAT"


def check_confirmed(drive: Drive, given: str | None, typed: Callable[[str], str | None]) -> None:
    """Raise unless the user gave name and size of the device, by option or by typing."""
    wanted = confirmation(drive)
    if confirms(given, drive) or (given is None and confirms(typed(f"To write to it, type {wanted}"), drive)):
        return
    raise DoctorError(
        "not-confirmed",
        "the device was not confirmed by its name and size; nothing was changed"
        if given is None
        else f"the device is called {wanted}, not {shown(given)}; nothing was changed",
        on=drive.device,
        next=f"add --confirm {wanted}",
    )


def _unfinished(path: Path, drive: Drive, backup_dir: Path) -> ReformatRecord | None:
    with open_source(path) as source:
        sector = source.read_at(0, SECTOR_BYTES)
    return find_unfinished(sector, backup_dir, size_bytes=drive.size_bytes, serial=drive.serial)


def reformat_device(
    path: Path,
    *,
    backup_dir: Path,
    expected: Identity,
    choice: Choice = EVERYTHING,
    force: bool = False,
    emit: Listener = ignore,
    now: Callable[[], datetime] = datetime.now,
) -> ReformatResult:
    """Format a device that the user has confirmed; its files come back, the .dup at the root.

    expected  what the user confirmed; another card in its place is refused
    choice    what comes back; everything is in the backup

    Raises CardError or UsageError before the first write if something is wrong. Later, whatever happens is
    raised with the place of the backup: every file lies there whole, and the same call goes on from it.
    """
    with claimed(path):
        drive = check_device(path, backup_dir=backup_dir, force=force)
        if Identity.of(drive) != expected:
            raise CardError("sd-swapped-while-mounted", "is not the card that was confirmed", on=drive.device)
        moment = now()
        journal = _unfinished(path, drive, backup_dir)
        moved: tuple[tuple[str, str], ...] = ()
        if journal is not None:
            emit(Note(f"continuing with the backup in {journal.folder}"))
            files = chosen(journal, choice)
            left_out = tuple(f"/sd/{file.path}" for file in journal.files if not file.is_dir and file not in files)
            check_copies(journal.folder, files)
        else:
            with surveyed(path, choice) as survey:
                _check_room(backup_dir, survey, drive)
                backup = back_up(path, survey.found, backup_dir, raw=survey.raw, now=moment, emit=emit)
                journal = _journal(drive, survey, backup)
            files, moved, left_out = journal.files, survey.moved, survey.left_out
        layout, _ = _layout(journal, files, drive.size_bytes)
        unmount(drive)
        write_journal(journal)
        with _named(journal, choice), open_for_writing(path, expected=expected) as target:
            _write(target, journal, files, layout, int(moment.timestamp()) & 0xFFFFFFFF, emit)
        with suppress(CardError):  # the card is done; without its mark nobody goes on from the journal
            write_journal(replace(journal, done=True))
    emit(Note(f"{drive.device} is formatted, and you may take it out"))
    raw = journal.folder / RAW_COPY
    put_back = tuple(f"/sd/{file.path}" for file in files if not file.is_dir)
    return ReformatResult(journal.folder, raw if raw.exists() else None, str(layout.plan), put_back, moved, left_out)


def _journal(drive: Drive, survey: Survey, backup: CardBackup) -> ReformatRecord:
    files = []
    for file, saved in new_files(survey, backup):
        copy = "" if saved.where is None else saved.where.relative_to(backup.folder).as_posix()
        files.append(Copied(file.path, copy, saved.sha256, file.size_bytes, file.attributes, file.stamps.hex()))
    return ReformatRecord(
        id=new_id(),
        folder=backup.folder.resolve(),
        device=drive.device,
        size_bytes=drive.size_bytes,
        serial=drive.serial,
        model=drive.model,
        label=survey.layout.plan.geometry.label,
        files=tuple(files),
    )


def _write(
    target: DeviceTarget,
    journal: ReformatRecord,
    copies: tuple[Copied, ...],
    layout: TreeLayout,
    serial: int,
    emit: Listener,
) -> None:
    """Mark, format, files, comparison, partition table. Raises CardError."""
    files = [_file(journal.folder, copied) for copied in copies]
    plan = layout.plan
    with begun(Path(target.name)) as reader:
        emit(Note(f"formatting {target.name}: {plan}"))
        format_card(target, plan, serial=serial, mark=mark_sector(Mark(journal.id, str(journal.folder))))
        emit(Note(f"putting {counted(sum(not file.is_dir for file in files), 'file')} back"))
        write_files(target, layout)
        target.forget()
        emit(Note("comparing every byte with the backup"))
        finished = Overlay(target)
        finished.write_at(0, partition_table(plan, serial), Group.BOOT)
        prove(finished, files)
        meant = {copied.path: FileDigests(copied.size_bytes, copied.sha256) for copied in copies if not copied.is_dir}
        prove_again(Path(target.name), plan.start_sector, meant, emit, reader)
    finish_card(target, plan, serial=serial)
    target.settle()
    if target.read_at(0, SECTOR_BYTES) != partition_table(plan, serial):
        raise CardError("sd-read-error-mid-flash", "the partition table does not read back as written", on=target.name)


def _file(folder: Path, copied: Copied) -> NewFile:
    if copied.is_dir:
        return NewFile(copied.path, 0, tuple, copied.attributes | ATTR_DIRECTORY, bytes.fromhex(copied.stamps))
    content = partial(read_pieces, folder / copied.copy)
    return NewFile(copied.path, copied.size_bytes, content, copied.attributes, bytes.fromhex(copied.stamps))


@contextmanager
def _named(journal: ReformatRecord, choice: Choice) -> Iterator[None]:
    """Whatever stops the writing says where the files are, and a way on: another one if this one failed before."""
    where = f"all files are intact in {journal.folder}"
    try:
        yield
    except KeyboardInterrupt:
        again = f"run the same command again to continue from there; {where}"
        raise Stopped(f"formatting {journal.device} was stopped before it was done", next=again) from None
    except DoctorError as err:
        if not journal.failed_so(err.what):
            with suppress(CardError):
                write_journal(replace(journal, failed=err.what))
            on = "; ".join(filter(None, (err.next, "run the same command again to continue from there")))
        elif choice.nothing:
            on = "it failed in the same way before: use another card, this one is worn out or smaller than it claims"
        else:
            on = (
                'it failed in the same way before: finish it with fewer files (--put-back "*.dup"), as an empty card '
                "(--put-back none), or use another card"
            )
        err.next = f"{on}; {where}"
        raise


def _check_room(backup_dir: Path, survey: Survey, drive: Drive) -> None:
    """Raise CardError if the PC has no room for the backup."""
    need = survey.file_bytes + (drive.size_bytes if survey.raw else 0) + ROOM_FOR_FOLDERS_BYTES
    check_room(backup_dir, need, "the backup", otherwise=ELSEWHERE)


def unmount(drive: Drive) -> None:
    """Unmount everything of a device. Raises CardError if something still uses it. Windows does it on opening."""
    commands: list[tuple[str, ...]] = []
    if is_linux():
        commands = [("umount", mount) for mount in drive.mounts]
    elif is_mac() and drive.mounts:
        commands = [("diskutil", "unmountDisk", drive.device)]
    for command in commands:
        try:
            subprocess.run(command, capture_output=True, timeout=_UNMOUNT_TIMEOUT_S, check=True, text=True)
        except (OSError, subprocess.SubprocessError) as err:
            told = str(getattr(err, "stderr", "") or err).strip()
            raise CardError(
                "card-is-fat",
                f"cannot be unmounted: {shown(told, 200)}",
                on=drive.device,
                cause="a program uses a file on it",
                next="close the program, unmount the card, and run the command again",
            ) from err
