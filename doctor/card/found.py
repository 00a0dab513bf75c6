"""Which cards are in this PC, what is on them, and what to give to ``--sd`` for each."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from doctor.card.drives.drive import Drive
from doctor.card.drives.find import card_drives
from doctor.card.drives.guard import FAT_SYSTEMS
from doctor.errors import DoctorError


@dataclass(frozen=True)
class FoundCard:
    """A removable drive with a card.

    path     what to give to ``--sd``: the folder where its only volume is mounted, else the device
    volume   kind and label of its volume, in words
    is_fat   the system, or we ourselves, saw a FAT volume on it
    dups     names of the .dup files at its root; None if that could not be read
    why_not  why it could not be read
    """

    drive: Drive
    path: Path
    volume: str
    is_fat: bool
    dups: tuple[str, ...] | None
    why_not: str = ""


def found_cards() -> tuple[FoundCard, ...]:
    """Every removable drive that holds a card. Raises CardError if the system does not tell."""
    return tuple(look_at_drive(drive) for drive in card_drives())


def look_at_drive(drive: Drive) -> FoundCard:
    """One drive with what is on it; what cannot be read is said, not raised."""
    from doctor.card.dups import find_dups
    from doctor.card.image import open_card  # loads all that reads a card: for a PC that holds one

    mounts = drive.mounts
    path = Path(mounts[0]) if len(mounts) == 1 else Path(drive.device)
    told = ", ".join(filter(None, (f"{part.system} {part.label}".strip() for part in drive.parts)))
    system_says_fat = any(part.system.lower() in FAT_SYSTEMS for part in drive.parts)
    try:
        card = open_card(path)
        volume = card.volume()
        kind = f"{volume.kind.value} {volume.label}".strip()
        names = tuple(file.name for file in find_dups(card.files()).at_root) if volume.kind.is_fat else ()
        return FoundCard(drive, path, kind, volume.kind.is_fat, names)
    except DoctorError as err:
        return FoundCard(drive, path, told, system_says_fat, None, err.what)


def only_fat_card() -> FoundCard | None:
    """The card that is meant if nobody said which: the only removable one with a FAT volume, else None."""
    try:
        cards = [card for card in found_cards() if card.is_fat]
    except DoctorError:
        return None
    return cards[0] if len(cards) == 1 else None
