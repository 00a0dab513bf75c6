"""``fipy-doctor cards``: list the removable drives and whether a .dup lies at their root."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from doctor.cli import command_line, options
from doctor.cli.screen import screen_of
from doctor.errors import Exit

if TYPE_CHECKING:
    from doctor.card.found import FoundCard


@command_line.command("cards", examples=("cards", "cards --json"))
@options.common
def command(**given: Any) -> int:
    """List the removable drives; reads them, changes nothing."""
    from rich.text import Text

    from doctor.card.found import found_cards
    from doctor.report import as_json

    screen = screen_of(given)
    cards = found_cards()
    if screen.as_json:
        screen.document(as_json.document("cards", Exit.OK, cards=[_as_json(card) for card in cards]))
        return 0
    for card in cards:
        screen.show(Text.assemble((f"{card.path!s:28}", "bold"), _line(card)))
    if not cards:
        screen.show("No card found. Put it into a card reader, then run this again; an image file needs no reader.")
    else:
        screen.show("To examine one: `fipy-doctor check --sd PATH`")
    return 0


def _line(card: FoundCard) -> str:
    from doctor.card.drives.guard import size_text
    from doctor.text.escape import shown

    drive = card.drive
    if card.dups is None:
        what = f"not read: {shown(card.why_not)}"
    elif card.dups:
        what = f"at the root: {', '.join(shown(name) for name in card.dups)}"
    else:
        what = "no .dup at the root"
    at = "" if str(card.path) == drive.device else f"on {drive.device}"
    words = (size_text(drive.size_bytes), shown(drive.model), drive.bus.upper(), at, shown(card.volume), what)
    return ", ".join(word for word in words if word)


def _as_json(card: FoundCard) -> dict[str, Any]:
    from doctor.card.drives.guard import assess

    drive = card.drive
    verdict = assess(drive)
    return {
        "path": str(card.path),
        "device": drive.device,
        "size_bytes": drive.size_bytes,
        "model": drive.model,
        "serial": drive.serial,
        "bus": drive.bus,
        "removable": drive.removable or drive.sd_card,
        "mounted_at": list(drive.mounts),
        "volume": card.volume,
        "is_fat": card.is_fat,
        "dup_at_root": None if card.dups is None else list(card.dups),
        "not_read": card.why_not or None,
        "never_written": list(verdict.hard),
        "written_only_if_forced": list(verdict.unless_forced),
    }
