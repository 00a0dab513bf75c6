"""The jobs behind ``fipy-doctor backup`` and ``restore``: the board's files on the PC, a folder's on the board."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from doctor.bench import Bench
from doctor.board.storage import begun, flash_copy, upload
from doctor.board.storage.begun import Book, Goal
from doctor.board.storage.flash_copy import Backup
from doctor.board.storage.kept_files import KeptFiles, read_folder
from doctor.board.storage.upload import Changes
from doctor.jobs.memory.state_dir import begun_place
from doctor.remedies.backup_file import keep_copy


def backup(bench: Bench, folder: Path, say: Callable[[str], None] = flash_copy.quiet) -> Backup:
    """Copy all of /flash into ``folder``, proved file by file. Raises DoctorError."""
    return flash_copy.backup(bench.board, folder, say)


def restore(
    bench: Bench,
    folder: Path,
    copies: Path,
    agreed: Callable[[KeptFiles, Changes], bool],
    say: Callable[[str], None] = flash_copy.quiet,
    *,
    clean: bool = False,
) -> tuple[KeptFiles, Changes] | None:
    """Bring a backup, or any folder, to /flash: what differs is written; None where it was not agreed.

    copies  folder on the PC for what is replaced or removed
    agreed  is shown what would change and says yes; not asked where nothing would
    clean   files on the board that ``folder`` does not have go
    Raises DoctorError.
    """
    source = read_folder(folder)
    upload.refuse_bad_names(bench.board, source)
    if not source.is_backup:
        upload.refuse_bad_scripts(source)
    changes = upload.compare(bench.board, source, clean=clean)
    book = Book(begun_place(bench.options.port))
    if changes.any:
        if not agreed(source, changes):
            return None
        goals = tuple(
            Goal(one.path, one.size_bytes, one.sha256, str(source.where[one.path].absolute())) for one in source.files
        )
        words = ("restore", str(folder.absolute()), *(["--clean"] if clean else []))
        record = begun.begin(bench.board, "restore", words, copies, goals)
        upload.carry_out(bench.board, source, changes, partial(keep_copy, copies), say, lambda: book.write(record))
        book.clear(record)
    begun.settle(bench.board, book)
    return source, changes
