"""Cure ``reformat-sd``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from doctor.board.card import sdcard
from doctor.board.storage import files
from doctor.card.drives.device import is_device
from doctor.card.drives.guard import consent_line
from doctor.card.reformat.choice import Choice
from doctor.check import Finding, Grade
from doctor.errors import CardError, DoctorError
from doctor.events import Event, Note
from doctor.fat.card_file import ROOT
from doctor.firmware.image import examine_bytes
from doctor.modem.images import side_content
from doctor.remedies import side_files
from doctor.remedies.cure import CureContext, DoableCure
from doctor.text.durations import about
from doctor.text.escape import counted, shown
from doctor.updater.side_file import SUFFIX

if TYPE_CHECKING:  # what writes cards is loaded when one is to be written: every check lists the cures
    from doctor.bench import Bench
    from doctor.card.reformat.image import ReformatResult

IN_BOARD = ROOT  #: the only mount that is ever formatted, and the name that --confirm wants for it
NAMED_MOST = 10  #: files of the card in the board that the plan names one by one
READER_TEXT = "copy the .dup to its root in a card reader (that takes seconds) and eject it"


def _tell(event: Event, context: CureContext) -> None:
    if isinstance(event, Note):
        context.say(event.text)
    else:
        context.emit(event)


def _choice(context: CureContext) -> Choice:
    return Choice(tuple(context.put_back), tuple(context.leave_out))


class ReformatSd(DoableCure):
    """Format the SD card so that the board reads it.

    An image file is backed up, formatted as a copy, filled again with the .dup at the root, read back, and only then
    takes the old one's name. A device is backed up, formatted in place, filled and read back; that needs --confirm
    with its name and size. In the board there is no backup (it would take hours): that needs --confirm /sd.
    """

    id = "reformat-sd"
    grade = Grade.DESTROYS
    card_in_reader = True

    def plan(self, bench: Bench, finding: Finding | None, context: CureContext) -> tuple[str, ...]:
        """What would be kept, what lost. Raises CardError if it must not be done."""
        path = bench.options.sd
        if path is None:
            return self._plan_in_board(bench)
        if path.is_dir():
            raise CardError(
                "sd-mount-no-fat",
                "a mounted folder cannot be formatted from here",
                on=str(path),
                next="give its device with --sd (`fipy-doctor cards` lists them), or an image file",
            )
        from doctor.card.reformat.device import plan_reformat_device
        from doctor.card.reformat.image import plan_reformat

        make = plan_reformat_device if is_device(path) else plan_reformat
        plan = make(path, backup_dir=context.backup, choice=_choice(context), force=context.force)
        images = any(side_files.belongs_to(path) for path in plan.put_back)
        beside = (side_files.PLANNED,) if images else ()
        return (*plan.lines, *beside, *filter(None, (plan.consent,)))

    def do(self, bench: Bench, finding: Finding | None, context: CureContext) -> str:
        """Do it. Raises CardError or BoardError; an image is the old one or the new one then, never half."""
        path = bench.options.sd
        if path is None:
            return self._do_in_board(bench, context)
        result = self._do_on_pc(path, context)
        said = side_files.tend(bench.card, context.emit) if result.put_back else ""
        back = counted(len(result.put_back), "file")
        left = f", {len(result.left_out)} only in the backup" if result.left_out else ""
        done = f"{result.layout}; {back} put back{left}; the backup is in {result.backup}"
        return f"{done}; {said}" if said else done

    def _do_on_pc(self, path: Path, context: CureContext) -> ReformatResult:
        from doctor.card.drives.guard import Identity
        from doctor.card.reformat.device import check_confirmed, check_device, reformat_device
        from doctor.card.reformat.image import reformat_image

        if not is_device(path):
            return reformat_image(
                path,
                backup_dir=context.backup,
                choice=_choice(context),
                force=context.force,
                emit=lambda event: _tell(event, context),
            )
        drive = check_device(path, backup_dir=context.backup, force=context.force)
        check_confirmed(drive, context.confirm, context.typed)
        return reformat_device(
            path,
            backup_dir=context.backup,
            expected=Identity.of(drive),
            choice=_choice(context),
            force=context.force,
            emit=lambda event: _tell(event, context),
        )

    def _plan_in_board(self, bench: Bench) -> tuple[str, ...]:
        view = sdcard.look(bench.board)
        lines = ["let the board format its own card; there is NO backup of what is on it"]
        lines += [f"(lost: {shown(f.path)}, {f.size_bytes:,} bytes)" for f in view.files[:NAMED_MOST]]
        if len(view.files) > NAMED_MOST or view.cut:
            lines.append("(lost: more files, too many to list here)")
        if not view.files:
            lines.append("(the board sees no file on the card, but there may be some that it cannot see)")
        lines += self._reload_lines(bench)
        lines.append("(a card in the PC, --sd IMAGE or DEVICE, is backed up first, and its files are put back)")
        lines.append(consent_line(IN_BOARD))
        return tuple(lines)

    def _reload_lines(self, bench: Bench) -> list[str]:
        """Which way the .dup comes back onto the empty card, the quickest first."""
        lines = [f"(afterwards the card is empty; {READER_TEXT})"]
        for path in bench.options.firmware:
            size = path.stat().st_size
            takes = about(size / files.WRITE_BYTES_S)
            lines.append(f"(or, if you agree afterwards: send {shown(path.name)} over this port, {takes})")
        return lines

    def _do_in_board(self, bench: Bench, context: CureContext) -> str:
        typed = context.confirm
        if typed is None:
            typed = context.typed(f"Everything on the card in the board will be lost. To format it, type {IN_BOARD}")
        if typed != IN_BOARD:
            raise DoctorError(
                "not-confirmed",
                "formatting the card in the board has no backup and needs its own consent",
                on=IN_BOARD,
                next=f"add --confirm {IN_BOARD}, or put the card into a card reader and use --sd",
            )
        sdcard.format_card(bench.board)
        view = sdcard.look(bench.board)
        if view.listed is None:
            raise CardError(
                "sd-unable-to-mount-generic",
                f"the card was formatted, and the board still cannot list it: {shown(view.error)}",
                on=IN_BOARD,
                cause="the card is worn out or counterfeit, or it has bad contact",
                next="use another card of 32 GB or less",
            )
        sent = [self._send(bench, path, context) for path in bench.options.firmware]
        done = "formatted; the board mounts and lists it"
        return f"{done}. {'; '.join(filter(None, sent)) or f'Now the .dup: {READER_TEXT}'}"

    def _send(self, bench: Bench, path: Path, context: CureContext) -> str:
        """Send an image to the card over the REPL if the user wants to wait; proved by its hash."""
        data = path.read_bytes()
        takes = about(len(data) / files.WRITE_BYTES_S)
        if not context.ask(f"Send {shown(path.name)} over this port now ({takes})? {READER_TEXT}"):
            return ""
        context.say(f"sending {len(data)} bytes, {takes}; do not unplug")
        with sdcard.mounted(bench.board) as where:
            files.write(bench.board, f"{where}/{path.name}", data)
            files.write(bench.board, f"{where}/{path.name}{SUFFIX}", side_content(examine_bytes(data, path), data))
        return f"{shown(path.name)} is on the card, its SHA-256 compared"
