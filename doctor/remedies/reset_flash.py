"""Cure ``reset-flash``."""

from __future__ import annotations

from datetime import datetime
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from doctor.board import flash_copy, upload
from doctor.board.kept_files import ROOT, Kept, KeptFiles
from doctor.check import Finding
from doctor.errors import BoardError, DoctorError, Stopped, UsageError
from doctor.escape import shown
from doctor.plural import counted
from doctor.remedies.backup_file import keep_copy
from doctor.remedies.cure import CureContext, DoableCure

if TYPE_CHECKING:
    from doctor.bench import Bench


class ResetFlash(DoableCure):
    """Format the board's own flash, after all its files were copied to this PC.

    For a board whose file system is damaged or full of things that nobody knows. The modem and the card are not
    touched. The user says which files go back; all of them stay in the backup.
    """

    id = "reset-flash"
    flag = "reset-flash"

    def plan(self, bench: Bench, finding: Finding | None, context: CureContext) -> tuple[str, ...]:
        """Copy, format, put back."""
        call = "os.fsformat('/flash')" if bench.board_facts.era.has_fsformat else "os.mkfs('/flash')"
        wanted = ", ".join(shown(name) for name in context.put_back)
        return (
            f"copy every file of /flash to a new folder in {context.backup}, and prove each by its SHA-256",
            f"format the board's flash by {call}: all files on it are lost",
            f"put back the files named by --put-back: {wanted}"
            if wanted
            else "put back the files that you want, if you can be asked (else --put-back names them)",
            "what does not go back stays in the copy; fipy-doctor restore brings it back at any time",
        )

    def do(self, bench: Bench, finding: Finding | None, context: CureContext) -> str:
        """Carry it out. Raises DoctorError; nothing is formatted where the backup is not whole."""
        folder = _new_folder(context.backup)
        made = flash_copy.backup(bench.board, folder, context.say)
        kept = made.kept
        _refuse_unknown(kept, context, folder)
        if made.unreadable:
            _consent_to_loss(made, context, bench.link.name)
        context.say(f"{counted(len(kept.files), 'file')} kept in {folder}")
        again = f'fipy-doctor restore "{folder}"' if " " in str(folder) else f"fipy-doctor restore {folder}"
        try:
            flash_copy.format_flash(bench.board)
            wanted = _wanted(kept, context)
            changes = upload.compare(bench.board, kept, wanted)
            upload.carry_out(bench.board, kept, changes, partial(keep_copy, context.backup), context.say)
        except KeyboardInterrupt:
            raise _begun(Stopped("stopped while the flash was formatted"), folder, again) from None
        except DoctorError as err:
            raise _begun(err, folder, again) from err
        back = f"{len(wanted)} of {counted(len(kept.files), 'file')} put back"
        return f"/flash is formatted, {back}; all of them are in {folder}: {again}"


def _consent_to_loss(made: flash_copy.Backup, context: CureContext, name: str) -> None:
    """Raise unless the user agrees that what the board cannot read is lost."""
    lost = ", ".join(shown(path) for path, _ in made.unreadable)
    question = f"{lost} cannot be read and will be lost. Type {ROOT} to format all the same"
    if ROOT not in (context.confirm, context.typed(question)):
        raise BoardError(
            "backup-not-whole",
            f"the board cannot read {lost}; nothing was formatted, all else is kept in {made.kept.folder}",
            on=name,
            cause=made.why_unreadable,
            next=f"if these may be lost, run the same command with --confirm {ROOT}",
        )


def _refuse_unknown(kept: KeptFiles, context: CureContext, folder: Path) -> None:
    """Raise where --put-back names what the board does not have: who mistypes a name must not lose the file."""
    unknown = [name for name in context.put_back if not any(_matches(one.path, name) for one in kept.files)]
    if unknown:
        there = ", ".join(shown(one.path.removeprefix(ROOT + "/")) for one in kept.files) or "no files"
        raise UsageError(
            "usage",
            f"no file on the board is called {', '.join(map(shown, unknown))}; nothing was formatted",
            on="--put-back",
            cause=f"the board's {ROOT} holds {there}",
            next=f"name a file that is there, or '*' for all; a copy of them all is in {folder}",
        )


def _wanted(kept: KeptFiles, context: CureContext) -> tuple[Kept, ...]:
    if context.put_back or not kept.files:
        return tuple(one for one in kept.files if any(_matches(one.path, name) for name in context.put_back))
    if context.ask(f"Put {counted(len(kept.files), 'file')} back, all of them? (no: one question each)"):
        return kept.files
    return tuple(one for one in kept.files if context.ask(f"Put {shown(one.path)} back ({one.size_bytes:,} bytes)?"))


def _matches(path: str, name: str) -> bool:
    return fnmatchcase(path, name) or fnmatchcase(path.removeprefix(ROOT + "/"), name)


def _begun(err: DoctorError, folder: Path, again: str) -> DoctorError:
    """The same error, saying that the flash is not what it was and where its files are."""
    err.what += f"; the files of /flash lie in {folder}"
    first = f"; but first: {err.next}" if err.next and not isinstance(err, Stopped) else ""
    err.next = f"{again} brings them back{first}"
    return err


def _new_folder(base: Path) -> Path:
    stamp = f"board-{datetime.now():%Y%m%d-%H%M%S}"
    number = 0
    while True:
        folder = base / (stamp if not number else f"{stamp}-{number}")
        if not folder.exists():
            return folder
        number += 1
