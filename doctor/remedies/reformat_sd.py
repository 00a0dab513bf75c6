"""Cure ``reformat-sd``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from doctor.board import sdcard
from doctor.card.reformat import plan_reformat, reformat_image
from doctor.check import Finding
from doctor.errors import CardError, DoctorError
from doctor.escape import shown
from doctor.events import Event, Note
from doctor.remedies.cure import CureContext, DoableCure

if TYPE_CHECKING:
    from doctor.bench import Bench

IN_BOARD = "/sd"  #: the only mount that is ever formatted, and the name that --confirm wants for it
NAMED_MOST = 10  #: files of the card in the board that the plan names one by one


def _tell(event: Event, context: CureContext) -> None:
    if isinstance(event, Note):
        context.say(event.text)


class ReformatSd(DoableCure):
    """Format the SD card so that the board reads it.

    An image file is backed up, formatted as a copy, filled again with the .dup at the root, read back, and only then
    takes the old one's name. In the board there is no backup (it would take hours): that needs --confirm /sd.
    """

    id = "reformat-sd"
    flag = "reformat-sd"
    card_in_reader = True

    def plan(self, bench: Bench, finding: Finding | None, context: CureContext) -> tuple[str, ...]:
        """What would be kept, what lost. Raises CardError where it must not be done."""
        path = bench.options.sd
        if path is None:
            return self._plan_in_board(bench)
        if path.is_dir():
            raise CardError(
                "sd-mount-no-fat",
                "a mounted folder cannot be formatted from here",
                on=str(path),
                next="format it with the system's own tool (FAT32, MBR, 32 GB or less), or give an image file",
            )
        return tuple(plan_reformat(path, backup_dir=context.backup, force=context.force))

    def do(self, bench: Bench, finding: Finding | None, context: CureContext) -> str:
        """Do it. Raises CardError or BoardError; an image is the old one or the new one then, never half."""
        path = bench.options.sd
        if path is None:
            return self._do_in_board(bench, context)
        result = reformat_image(
            path, backup_dir=context.backup, force=context.force, emit=lambda event: _tell(event, context)
        )
        bench.forget_card()
        return f"{result.layout}; {len(result.put_back)} files put back; the backup lies in {result.backup}"

    def _plan_in_board(self, bench: Bench) -> tuple[str, ...]:
        view = sdcard.look(bench.board)
        lines = ["format the card in the board with the board's own call; there is NO backup of what is on it"]
        lines += [f"lost: {shown(f.path)} ({f.size_bytes} bytes)" for f in view.files[:NAMED_MOST]]
        if len(view.files) > NAMED_MOST or view.cut:
            lines.append("lost: more files than are listed here")
        if not view.files:
            lines.append("the board lists no file on it, but the card may hold some that the board cannot see")
        lines.append("afterwards the card is empty: copy the .dup to its root in a card reader")
        lines.append("a card that is given as an image file (--sd IMAGE) is backed up first, and filled again")
        return tuple(lines)

    def _do_in_board(self, bench: Bench, context: CureContext) -> str:
        if context.confirm != IN_BOARD and not context.ask(
            "Everything on the card in the board will be lost, without a backup. Format it?"
        ):
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
                cause="a worn-out or counterfeit card, or bad contact",
                next="use another card of 32 GB or less",
            )
        return "formatted; the board mounts and lists it. Copy the .dup to its root now"
