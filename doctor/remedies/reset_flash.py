"""Cure ``reset-flash``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from doctor.board.storage import begun, files, flash_copy, own_names, upload
from doctor.board.storage.begun import Begun, Book, Goal
from doctor.board.storage.kept_files import ROOT, Kept, KeptFiles, read_backup
from doctor.card.reformat.choice import NOTHING
from doctor.check import Finding, Grade
from doctor.errors import BoardError, CardError, DoctorError, Stopped, UsageError
from doctor.remedies.backup_file import keep_copy
from doctor.remedies.cure import CureContext, DoableCure
from doctor.text.command import Command, marked, quoted
from doctor.text.escape import counted, shown

if TYPE_CHECKING:
    from doctor.bench import Bench


_NOTHING = "put nothing back (--put-back none)"


class ResetFlash(DoableCure):
    """Format the board's own flash, after all its files were copied to this PC.

    For a board whose file system is damaged or full of things that nobody knows. The modem and the card are not
    touched. The user says which files go back; all of them stay in the backup.
    """

    id = "reset-flash"
    grade = Grade.DESTROYS

    def plan(self, bench: Bench, finding: Finding | None, context: CureContext) -> tuple[str, ...]:
        """Copy, format, put back; only the last of these if an earlier run got that far."""
        earlier = self._earlier(bench)
        if earlier is not None:
            again = _is_unusable(bench, earlier)
            left = f"put back what is still missing of {counted(len(earlier.files), 'file')}"
            return (
                f"finish the reset that was begun {earlier.at[:16].replace('T', ' ')} UTC",
                "format the flash again: it was left half formatted" if again else "nothing is formatted again",
                _NOTHING if _is_none(context.put_back) else f"{left}, out of {shown(earlier.folder, 1000)}",
            )
        call = "os.fsformat('/flash')" if bench.board_facts.era.has_fsformat else "os.mkfs('/flash')"
        wanted = f"put back the files named by --put-back: {quoted(context.put_back)}"
        if not context.put_back:
            wanted = "ask which files to put back (if there is no terminal, --put-back names them)"
        return (
            f"copy every file of /flash to a new folder in {marked(context.backup)}, and prove each by its SHA-256",
            f"format the board's flash by {call}: all files on it are lost",
            _NOTHING if _is_none(context.put_back) else wanted,
            "(what does not go back stays in the copy; `fipy-doctor restore`, with its folder, can bring it back)",
        )

    def do(self, bench: Bench, finding: Finding | None, context: CureContext) -> str:
        """Carry it out. Raises DoctorError; nothing is formatted if the backup is not whole."""
        earlier = self._earlier(bench)
        if earlier is not None:
            return _go_on(bench, earlier, context)
        folder = _new_folder(context.backup, context.now())
        refuse = partial(_refuse_unknown, put_back=context.put_back, done="nothing was formatted")
        book = Book(bench.history.begun_place(bench))
        known = begun.known_paths(bench.board, book)
        made = flash_copy.backup(bench.board, folder, context.say, refuse, known)
        kept = made.kept
        if made.unreadable:
            _consent_to_loss(made, context, bench.link.name)
        context.say(f"{counted(len(kept.files), 'file')} kept in {marked(folder)}")
        wanted = _wanted(kept, context)
        flash_copy.mark_unformatted(bench.board)
        record = begun.begin(bench.board, self.id, self.command, folder, _goals(kept, wanted))
        try:
            book.write(record)
        except CardError:
            files.remove(bench.board, own_names.UNFORMATTED)
            raise
        try:
            flash_copy.format_flash(bench.board)
            record = replace(record, cleared=True)
            book.write(record)
            changes = upload.compare(bench.board, kept, wanted)
            upload.carry_out(bench.board, kept.content, changes, partial(keep_copy, context.backup), context.say)
        except KeyboardInterrupt:
            raise _broke_off(Stopped("stopped while the flash was formatted"), folder) from None
        except DoctorError as err:
            raise _broke_off(err, folder) from err
        book.clear(record)
        back = f"{len(wanted)} of {counted(len(kept.files), 'file')} put back"
        return f"/flash is formatted, {back}; all of them are in {marked(folder)}: {_restore(folder)}"

    def _earlier(self, bench: Bench) -> Begun | None:
        """A reset of this board that was begun and not ended; None if the flash was not formatted yet."""
        for one in begun.earlier(bench.board, Book(bench.history.begun_place(bench)), self.id):
            if one.cleared or not (flash_copy.is_marked_unformatted(bench.board) or _is_untouched(bench, one)):
                return one
        return None


def _is_untouched(bench: Bench, earlier: Begun) -> bool:
    """Whether /flash still holds every file that was copied before it was to be formatted."""
    try:
        kept = read_backup(Path(earlier.folder))
    except (UsageError, CardError):
        return False  # without the copies nothing is formatted on top of what may be missing
    try:
        return all(files.begins_as(bench.board, one.path, one.size_bytes, one.sha256) for one in kept.files)
    except files.BoardFileRefused:
        return False


def _is_unusable(bench: Bench, earlier: Begun) -> bool:
    """Whether the format itself was interrupted and left no file system that can be listed."""
    if earlier.cleared:
        return False
    try:
        files.walk(bench.board, ROOT, flash_copy.DEPTH)
    except (files.BoardFileRefused, files.BoardFileMissing):
        return True
    return False


def _go_on(bench: Bench, earlier: Begun, context: CureContext) -> str:
    """Put back what the earlier run was to put back, and what --put-back names now; ``none`` ends it as it is."""
    folder, nothing = Path(earlier.folder), _is_none(context.put_back)
    if context.put_back and not nothing:
        kept = read_backup(folder)
        _refuse_unknown([one.path for one in kept.files], context.put_back, "nothing was written")
        known = {goal.path for goal in earlier.files}
        more = [one for one in kept.files if one.path not in known and _is_named(one.path, context.put_back)]
        earlier = replace(earlier, files=(*earlier.files, *_goals(kept, more)))
    book = Book(bench.history.begun_place(bench))
    book.write(earlier)
    try:
        if _is_unusable(bench, earlier):
            flash_copy.format_flash(bench.board)
        earlier = replace(earlier, cleared=True)
        book.write(earlier)
        if nothing:
            left = len(begun.missing(bench.board, earlier))
            book.clear(earlier)
            lacks = f"the board lacks {left} of {counted(len(earlier.files), 'file')}"
            return f"the reset of {earlier.at[:10]} ends here: {lacks}; all were kept in {marked(folder)}"
        written = begun.finish(bench.board, book, earlier, partial(keep_copy, context.backup), context.say)
    except KeyboardInterrupt:
        raise _broke_off(Stopped("stopped while files were put back"), folder) from None
    except UsageError:
        raise  # files are lost from ``folder``, and the error knows what goes on from here
    except DoctorError as err:
        raise _broke_off(err, folder) from err
    said = (
        f"{len(earlier.files)} of {counted(len(earlier.files), 'file')} are on the board, {written} of them since now"
    )
    return f"the reset of {earlier.at[:10]} is finished: {said}; all are in {marked(folder)}: {_restore(folder)}"


def _goals(kept: KeptFiles, wanted: Sequence[Kept]) -> tuple[Goal, ...]:
    return tuple(Goal(one.path, one.size_bytes, one.sha256, str(kept.where[one.path].absolute())) for one in wanted)


def _restore(folder: Path) -> str:
    return str(Command("restore", (str(folder),)))


def _consent_to_loss(made: flash_copy.BoardBackup, context: CureContext, name: str) -> None:
    """Raise unless the user agrees that what the board cannot read is lost."""
    lost = ", ".join(shown(path) for path, _ in made.unreadable)
    question = f"{lost} cannot be copied as they are now and will be lost. Type {ROOT} to format anyway"
    if ROOT not in (context.confirm, context.typed(question)):
        raise BoardError(
            "backup-not-whole",
            f"no whole copy of {lost} could be made; nothing was formatted, all others are kept in {made.kept.folder}",
            on=name,
            cause=made.why_unreadable,
            next=f"if these may be lost, run the same command with --confirm {ROOT}",
        )


def _refuse_unknown(paths: Sequence[str], put_back: Sequence[str], done: str) -> None:
    """Raise if --put-back names what the board does not have: a mistyped name must not cost the file."""
    names = [] if _is_none(put_back) else put_back
    unknown = [name for name in names if not any(_is_named(path, [name]) for path in paths)]
    if unknown:
        there = ", ".join(shown(path.removeprefix(ROOT + "/")) for path in paths) or "no files"
        raise UsageError(
            "usage",
            f"no file on the board is called {quoted([shown(name) for name in unknown])}; {done}",
            on="--put-back",
            cause=f"the board's {ROOT} holds {there}",
            next="name a file that is there, with one --put-back for each; or '*' for all, or none",
        )


def _is_none(put_back: Sequence[str]) -> bool:
    return any(name.lower() == NOTHING for name in put_back)


def _wanted(kept: KeptFiles, context: CureContext) -> tuple[Kept, ...]:
    if _is_none(context.put_back):
        return ()
    if context.put_back or not kept.files:
        return tuple(one for one in kept.files if _is_named(one.path, context.put_back))
    if context.ask(f"Put {counted(len(kept.files), 'file')} back, all of them? (no: one question each)"):
        return kept.files
    return tuple(one for one in kept.files if context.ask(f"Put {shown(one.path)} back ({one.size_bytes:,} bytes)?"))


def _is_named(path: str, names: Sequence[str]) -> bool:
    return any(fnmatchcase(path, name) or fnmatchcase(path.removeprefix(ROOT + "/"), name) for name in names)


def _broke_off(err: DoctorError, folder: Path) -> DoctorError:
    """The same error, and that the flash has changed, where its files are, and how to go on."""
    err.what += f"; the files of /flash lie in {marked(folder)}"
    first = f"; but first: {err.next}" if err.next and not isinstance(err, Stopped) else ""
    err.next = (
        "run `fipy-doctor fix --reset-flash` again: it does not format again, and puts back what is missing; "
        f"or {_restore(folder)} brings them all back{first}"
    )
    return err


def _new_folder(base: Path, now: datetime) -> Path:
    stamp = f"board-{now:%Y%m%d-%H%M%S}"
    number = 0
    while True:
        folder = base / (stamp if not number else f"{stamp}-{number}")
        if not folder.exists():
            return folder
        number += 1
