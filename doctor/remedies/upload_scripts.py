"""Cure ``upload-scripts``."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from typing import TYPE_CHECKING

from doctor.board import files
from doctor.check import Finding
from doctor.errors import UsageError
from doctor.remedies.backup_file import keep_copy
from doctor.remedies.cure import CureContext, DoableCure
from doctor.scripts import ScriptKind, classify

if TYPE_CHECKING:
    from doctor.bench import Bench

FOLDERS = ("/flash", "/flash/lib")
READ_MAX_BYTES = 512 << 10  #: the largest script of the vendor's set has 75 kB


@dataclass(frozen=True)
class Change:
    """A bad script on the board, and the good content that replaces it; None removes it."""

    path: str
    replacement: bytes | None


class UploadScripts(DoableCure):
    """Replace the bad scripts on the board by good ones from --scripts, or remove them."""

    id = "upload-scripts"
    flag = "upload-scripts"

    def plan(self, bench: Bench, finding: Finding | None, context: CureContext) -> tuple[str, ...]:
        """One step a bad script. Raises UsageError where the scripts on the PC are bad themselves."""
        return tuple(
            f"keep a copy of {c.path} on this PC, and "
            + ("remove it from the board" if c.replacement is None else "write the good one in its place")
            for c in self._changes(bench)
        )

    def do(self, bench: Bench, finding: Finding | None, context: CureContext) -> str:
        """Carry the changes out, each verified. Raises BoardError."""
        changes = self._changes(bench)
        for change in changes:
            keep_copy(context.backup, change.path, files.read(bench.board, change.path, max_bytes=READ_MAX_BYTES))
            if change.replacement is None:
                files.remove(bench.board, change.path)
            else:
                files.write(bench.board, change.path, change.replacement)
        removed = sum(1 for c in changes if c.replacement is None)
        return f"{removed} bad scripts removed, {len(changes) - removed} replaced; copies lie in {context.backup}"

    def _changes(self, bench: Bench) -> list[Change]:
        good = self._good_scripts(bench)
        changes = []
        for folder in FOLDERS:
            if not files.exists(bench.board, folder):
                continue
            for entry in files.listdir(bench.board, folder):
                if entry.is_dir or not entry.is_named or not entry.name.endswith(".py"):
                    continue
                data = files.read(bench.board, entry.path, max_bytes=READ_MAX_BYTES)
                better = good.get(posixpath.basename(entry.path))
                if not classify(entry.name, data).is_python or (better is not None and better != data):
                    changes.append(Change(entry.path, better))
        return changes

    def _good_scripts(self, bench: Bench) -> dict[str, bytes]:
        folder = bench.options.scripts
        if folder is None:
            return {}
        scripts = {path.name: path.read_bytes() for path in sorted(folder.glob("*.py"))}
        for name, data in scripts.items():
            verdict = classify(name, data)
            if verdict.kind is not ScriptKind.PYTHON:
                raise UsageError(
                    verdict.catalogue or "corrupt-upload",
                    f"{name} is not good itself: {verdict.text}",
                    on=str(folder),
                    next="get good scripts, or leave --scripts out: then the bad ones are removed",
                )
        return scripts
