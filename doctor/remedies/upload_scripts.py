"""Cure ``upload-scripts``."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from doctor.board.boot_scripts import searched
from doctor.board.storage import begun, files, upload
from doctor.board.storage.begun import Book, Goal
from doctor.board.storage.kept_files import Kept
from doctor.board.storage.room import room_on
from doctor.board.storage.upload import Changes
from doctor.check import Finding
from doctor.documents.json_file import read_bounded
from doctor.errors import UsageError, reason
from doctor.firmware.scripts import ScriptKind, classify
from doctor.remedies.backup_file import keep_copy
from doctor.remedies.cure import CureContext, DoableCure
from doctor.text.command import marked
from doctor.text.escape import shown

if TYPE_CHECKING:
    from doctor.bench import Bench

READ_MAX_BYTES = 512 << 10  #: the largest script of the vendor's set has 75 kB


class UploadScripts(DoableCure):
    """Remove the bad scripts from the board: nothing needs them (with --scripts: replace them by good ones)."""

    id = "upload-scripts"

    def plan(self, bench: Bench, finding: Finding | None, context: CureContext) -> tuple[str, ...]:
        """One step a script. Raises UsageError for bad scripts on the PC, BoardError for no room."""
        left = [goal for one in self._begun(bench) for goal in begun.missing(bench.board, one)]
        changes, _ = self._changes(bench, frozenset(goal.path for goal in left))
        copies = f"(a copy of what is replaced or removed goes to {marked(context.backup)} first)"
        return (
            *(f"write {shown(goal.path)}, as an earlier run began to" for goal in left),
            *changes.lines(),
            *([copies] if changes.removed or changes.replaced else []),
        )

    def do(self, bench: Bench, finding: Finding | None, context: CureContext) -> str:
        """Carry the changes out, each verified. Raises BoardError."""
        board, book = bench.board, Book(bench.history.begun_place(bench))
        ended = 0
        for one in self._begun(bench):
            ended += begun.finish(board, book, one, partial(keep_copy, context.backup), context.say)
        changes, where = self._changes(bench, frozenset())
        goals = tuple(
            Goal(one.path, one.size_bytes, one.sha256, str(where[one.path].absolute())) for one in changes.replaced
        )
        scripts = bench.options.scripts
        resume = replace(self.command, scripts=scripts and scripts.absolute())
        record = begun.begin(board, self.id, resume, context.backup, goals)
        upload.carry_out(
            board,
            lambda one: read_bounded(where[one.path], READ_MAX_BYTES, follow=True),
            changes,
            partial(keep_copy, context.backup),
            context.say,
            lambda: book.write(record),
        )
        book.clear(record)
        again = f", {ended} from an earlier run written" if ended else ""
        return (
            f"{len(changes.removed)} bad scripts removed, {len(changes.replaced)} replaced{again}; "
            f"copies are in {marked(context.backup)}"
        )

    def _begun(self, bench: Bench) -> tuple[begun.Begun, ...]:
        return begun.earlier(bench.board, Book(bench.history.begun_place(bench)), self.id)

    def _changes(self, bench: Bench, coming: frozenset[str]) -> tuple[Changes, Mapping[str, Path]]:
        """What is to be done, and from where; ``coming``: paths that an earlier run's record writes before it."""
        good = self._good_scripts(bench)
        there = [entry for entry in searched(bench.board) if not entry.is_dir and entry.is_named]
        replaced, removed, sizes, where = [], [], {}, {}
        for entry in there:
            if not entry.name.endswith(".py") or entry.path in coming:
                continue
            better = good.get(entry.name)
            verdict = self._verdict(bench, entry, better)
            if verdict is not False:
                continue
            if better is None:
                removed.append(entry)
            else:
                path, data = better
                replaced.append(Kept(entry.path, len(data), hashlib.sha256(data).hexdigest()))
                sizes[entry.path], where[entry.path] = entry.size_bytes, path
        room = room_on(bench.board)
        named = {room.key(entry.path): entry for entry in there}
        left, back = upload.unfinished(named, set(map(room.key, (*where, *coming))), room.key)
        changes = Changes((), tuple(replaced), removed=(*left, *removed), back=back)
        return upload.with_room(bench.board, room, changes, sizes), where

    def _verdict(self, bench: Bench, entry: files.BoardFile, better: tuple[Path, bytes] | None) -> bool | None:
        """Whether a script on the board is good; None if the board cannot read it: that is left as it is."""
        try:
            data = files.read(bench.board, entry.path, max_bytes=READ_MAX_BYTES)
        except (files.BoardFileRefused, files.BoardFileMissing):
            return None
        return classify(entry.name, data).is_python and (better is None or better[1] == data)

    def _good_scripts(self, bench: Bench) -> dict[str, tuple[Path, bytes]]:
        folder = bench.options.scripts
        if folder is None:
            return {}
        found = [path for path in sorted(folder.glob("*.py")) if not path.name.startswith("._")]
        scripts: dict[str, tuple[Path, bytes]] = {}
        for path in found:
            name = path.name
            try:
                data = read_bounded(path, READ_MAX_BYTES, follow=True)
            except (OSError, ValueError) as err:
                raise UsageError(
                    "corrupt-upload",
                    f"{shown(name)} in --scripts cannot be read as a script: {reason(err)}",
                    on=shown(str(folder), 200),
                    next="take it out of that folder, or name another folder",
                ) from err
            scripts[name] = path, data
            verdict = classify(name, data)
            if verdict.kind is not ScriptKind.PYTHON:
                raise UsageError(
                    verdict.catalogue or "corrupt-upload",
                    f"{shown(name)} in --scripts is bad too: {verdict.text}",
                    on=str(folder),
                    next="get good scripts, or leave --scripts out: then the bad ones are removed",
                )
        return scripts
