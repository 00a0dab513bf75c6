"""Check ``board-files-complete``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from doctor.bench import Bench, Needs
from doctor.check import Check, Finding, Grade, Known, Remedy
from doctor.text.command import Command
from doctor.text.escape import counted, first_of, shown

if TYPE_CHECKING:
    from doctor.board.storage.begun import Begun

CUT = "corrupt-upload"
UPLOAD = Remedy("upload-scripts", Grade.ASKS)
RESET = Remedy("reset-flash", Grade.DESTROYS)
CURES = {cure.id: cure for cure in (UPLOAD, RESET)}


class BoardFilesComplete(Check):
    """What was begun with the board's files has come to its end.

    Why: a reset of the flash, a restore or an upload that was cut (a power dip, an unplugged cable, Ctrl-C) leaves the
    board without some of the user's files. Their copies are on this computer, and nothing on the board says so.

    Looks at: the notes that this program keeps of such work until it is done, and whether the board holds each
    file that they name; and names in /flash and /flash/lib that only an unfinished upload leaves behind.

    Cures: reset-flash and upload-scripts, when run again, go on from there, and so does ``fipy-doctor restore``.
    """

    id = "board-files-complete"
    needs = (Needs.BOARD,)
    after = ("board-has-modem",)
    deadline_s = 120.0
    gates = False
    knows = {CUT: Known("it was cut: a power dip, an unplugged cable, or this program was stopped", (UPLOAD,))}

    def look(self, bench: Bench) -> Finding:
        """Compare the notes with the board."""
        from doctor.board.storage import begun, own_names  # what looks at a board is loaded if there is one
        from doctor.board.storage.room import name_key

        book = begun.NotedBook(bench.history.begun_place(bench), bench.known)
        for one in begun.unfinished(bench.board, book):
            gone = begun.gone(bench.board, one)
            if gone:
                onward = begun.onward(one) if bench.recording is None else None  # which looks at folders of the PC
                return self._unfinished(one, [goal.path for goal in gone], onward)
        for path in begun.damaged(bench.board, book):
            return self._unread(path)
        there = _paths(bench)
        known = begun.known_paths(bench.board, book)
        if known or any(map(own_names.is_ours, there)):  # else nothing waits, whatever the file system
            waiting = own_names.waiting(there, name_key(bench.board), known)
            left = [path for path in there if path in waiting or own_names.is_ours(path)]
            if left:
                return self._left(left, waiting)
        return self.passed("no change to the board's files is unfinished")

    def _unfinished(self, one: Begun, paths: Sequence[str], onward: Command | None) -> Finding:
        return self.fail(
            f"{shown(one.words, 600)}; still missing on the board: {counted(len(paths), 'file')} ({first_of(paths)})",
            catalogue=CUT,
            evidence={"folder": one.folder, "missing": [shown(p, 300) for p in paths]},
            remedies=(CURES[one.what],) if one.what in CURES else (),
            next=f"Put back the rest: {counted(len(paths), 'file')}",
            command=onward,
        )

    def _unread(self, path: Path) -> Finding:
        from doctor.board.storage import begun

        return self.warn(
            f"the record of an earlier change to the board's files cannot be read: {path}; perhaps it was not finished",
            evidence={"note": str(path)},
            cause=f"{begun.DAMAGED}; {begun.MEND_RECORD}",
        )

    def _left(self, left: Sequence[str], waiting: Mapping[str, str]) -> Finding:
        say = self.fail if waiting else self.warn
        what = (
            f"{shown(next(iter(waiting.values())))} is not there; its content waits" if waiting else "there are files"
        )
        return say(
            f"{what} under a name that only unfinished work of this program leaves: {first_of(left)}",
            catalogue=CUT,
            evidence={"files": [shown(path, 300) for path in left]},
        )


def _paths(bench: Bench) -> list[str]:
    from doctor.board.boot_scripts import SEARCHED
    from doctor.board.storage import files

    found: list[str] = []
    for folder in SEARCHED:
        try:
            found += [entry.path for entry in files.listdir(bench.board, folder) if not entry.is_dir]
        except (files.BoardFileMissing, files.BoardFileRefused):
            continue
    return found
