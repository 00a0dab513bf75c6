"""Cure ``reset-flash``."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from doctor.board import flash_copy
from doctor.check import Finding
from doctor.errors import Stopped
from doctor.escape import shown
from doctor.remedies.cure import CureContext, DoableCure

if TYPE_CHECKING:
    from doctor.bench import Bench


class ResetFlash(DoableCure):
    """Format the board's own flash, after all its files were copied to this PC.

    For a board whose file system is damaged or full of things that nobody knows. The modem and the card are not
    touched. Which files go back is asked one by one; all of them stay in the backup.
    """

    id = "reset-flash"
    flag = "reset-flash"

    def plan(self, bench: Bench, finding: Finding | None, context: CureContext) -> tuple[str, ...]:
        """Copy, format, put back."""
        call = "os.fsformat('/flash')" if bench.board_facts.era.has_fsformat else "os.mkfs('/flash')"
        return (
            f"copy every file of /flash to a new folder in {context.backup}, and prove each by its SHA-256",
            f"format the board's flash by {call}: all files on it are lost",
            "put back the files that you want, one question each; the others stay in the backup",
        )

    def do(self, bench: Bench, finding: Finding | None, context: CureContext) -> str:
        """Carry it out. Raises DoctorError; nothing is formatted where the backup is not whole."""
        folder = _new_folder(context.backup)
        kept = flash_copy.backup(bench.board, folder, context.say)
        if kept != flash_copy.read_backup(folder):
            raise Stopped("the backup could not be read back; nothing was formatted")
        context.say(f"{len(kept)} files are kept in {folder}")
        flash_copy.format_flash(bench.board)
        wanted = [one for one in kept if context.ask(f"Put {shown(one.path)} back ({one.size_bytes:,} bytes)?")]
        written = flash_copy.restore(bench.board, folder, wanted, context.say)
        return f"/flash is formatted, {written} of {len(kept)} files are back; all are in {folder}"


def _new_folder(base: Path) -> Path:
    stamp = f"board-{datetime.now():%Y%m%d-%H%M%S}"
    number = 0
    while True:
        folder = base / (stamp if not number else f"{stamp}-{number}")
        if not folder.exists():
            return folder
        number += 1
