"""The jobs behind ``fipy-doctor backup`` and ``restore``: the board's files on the PC, a folder's on the board."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from doctor.bench import Bench
from doctor.board.storage import begun, flash_copy, upload
from doctor.board.storage.begun import Begun, Book, Goal
from doctor.board.storage.flash_copy import BoardBackup
from doctor.board.storage.kept_files import Kept, KeptFiles, read_folder
from doctor.board.storage.upload import Changes
from doctor.errors import Exit, UsageError
from doctor.jobs.memory.logbook import logged
from doctor.jobs.memory.state_dir import begun_place
from doctor.remedies.backup_file import keep_copy
from doctor.text.command import Command
from doctor.text.escape import counted, first_of, shown

_RESTORE = "restore"  #: what the record of a restore is called


def backup(bench: Bench, folder: Path, say: Callable[[str], None] = flash_copy.quiet) -> BoardBackup:
    """Copy all of /flash into ``folder``, proved file by file. Raises DoctorError."""
    with logged(bench, "backup") as run:
        run.line(f"into {folder}")
        known = begun.known_paths(bench.board, Book(begun_place(bench.options.url)))
        done = flash_copy.backup(bench.board, folder, run.saying(say), known=known)
        run.line(f"kept: {first_of([one.path for one in done.kept.files]) or 'nothing'}")
        for path, why in done.unreadable:
            run.line(f"left out: {shown(path, 600)}: {shown(why, 600)}")
        run.ended(Exit.FAILED if done.unreadable else Exit.OK)
        return done


def restore(
    bench: Bench,
    folder: Path,
    copies: Path,
    agreed: Callable[[KeptFiles, Changes], bool],
    say: Callable[[str], None] = flash_copy.quiet,
    *,
    clean: bool = False,
) -> tuple[KeptFiles, Changes] | None:
    """Bring a backup, or any folder, to /flash: what differs is written; None if it was not agreed.

    copies  folder on the PC for what is replaced or removed
    agreed  is shown what would change and says yes; not asked if nothing would
    clean   files on the board that ``folder`` does not have go
    What an earlier restore began to bring, and the board lacks, comes too, but for ``clean``: the plan names it.
    Raises DoctorError; UsageError if the PC has lost such a file, after all the others are there.
    """
    with logged(bench, "restore") as run:
        run.line(f"from {folder}" + ", --clean" * clean)

        def asked(source: KeptFiles, changes: Changes) -> bool:
            yes = agreed(source, changes)
            run.line("\n".join((*changes.lines(), f"this was{'' if yes else ' not'} agreed to")))
            return yes

        done = _restore(bench, folder, copies, asked, run.saying(say), clean=clean)
        if done is not None:
            run.ended(Exit.OK)
        return done


def _restore(
    bench: Bench,
    folder: Path,
    copies: Path,
    agreed: Callable[[KeptFiles, Changes], bool],
    say: Callable[[str], None],
    *,
    clean: bool,
) -> tuple[KeptFiles, Changes] | None:
    source = read_folder(folder)
    upload.refuse_bad_names(bench.board, source)
    if not source.is_backup:
        upload.refuse_bad_scripts(source)
        if copies.resolve().is_relative_to(folder.resolve()):
            raise UsageError(
                "usage",
                "copies of what is replaced would lie in the folder that is brought to the board, and go there, too",
                on=f"--backup {copies}",
                next="name a folder for the copies elsewhere, with --backup",
            )
    book = Book(begun_place(bench.options.url))
    earlier = begun.earlier(bench.board, book, _RESTORE)
    owed = begun.owed(bench.board, earlier, [one.path for one in source.files])
    if owed:
        _tell(earlier, owed, say, dropped=clean)
    source, lost = (source, []) if clean else _with(source, owed)
    changes = upload.compare(bench.board, source, clean=clean)
    if changes.any:
        if not agreed(source, changes):
            return None
        goals = tuple(
            Goal(one.path, one.size_bytes, one.sha256, str(source.where[one.path].absolute())) for one in source.files
        )
        again = Command("restore", (str(folder.absolute()), *["--clean"] * clean))
        record = begun.begin(bench.board, _RESTORE, again, copies, (*goals, *lost))
        kept = partial(keep_copy, copies)
        upload.carry_out(bench.board, source.content, changes, kept, say, lambda: book.write(record))
        book.clear(record)
    for one in earlier:
        book.clear(one)
    begun.settle(bench.board, book, [one.path for one in source.files])
    if lost:
        raise begun.lost_on_pc(earlier[0], lost)
    return source, changes


def _with(source: KeptFiles, owed: Sequence[Goal]) -> tuple[KeptFiles, list[Goal]]:
    """``source`` and what an earlier restore owes the board; and what of that is not on the PC any more."""
    there = [goal for goal in owed if begun.content(goal) is not None]
    more = tuple(Kept(goal.path, goal.size_bytes, goal.sha256) for goal in there)
    where = {**source.where, **{goal.path: Path(goal.source) for goal in there}}
    return replace(source, files=(*source.files, *more), where=where), [goal for goal in owed if goal not in there]


def _tell(earlier: Sequence[Begun], owed: Sequence[Goal], say: Callable[[str], None], *, dropped: bool) -> None:
    some = first_of([goal.path for goal in owed])
    then = "they are left out, because --clean leaves only what DIR has" if dropped else "they are copied this time"
    for one in earlier:
        say(f"{shown(one.words, 600)}; the board lacks {counted(len(owed), 'file')} of it ({some}); {then}")
