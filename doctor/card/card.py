"""A card as the PC sees it, whatever it is: the shapes that checks and cures work with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from doctor.errors import CardError
from doctor.fat.card_file import ROOT, CardFile
from doctor.fat.layout import VolumeKind

if TYPE_CHECKING:
    from doctor.fat.layout import Layout

__all__ = ["CardFile", "CardProblem", "Volume", "VolumeKind"]


@dataclass(frozen=True)
class Volume:
    """What the card holds, and who can read it.

    kind         of the volume, or of what there is instead
    size_bytes   of the medium; None if the system does not say
    free_bytes   of the volume; None if it was not counted
    board_reads  None if that cannot be told from here (a folder on the PC's own disk)
    layout       partition table and volumes; None for a mounted folder
    """

    kind: VolumeKind
    label: str
    size_bytes: int | None
    free_bytes: int | None
    pc_reads: bool
    board_reads: bool | None
    problems: tuple[CardProblem, ...]
    layout: Layout | None = None


def split_path(path: str) -> tuple[str, ...]:
    """The parts of a card path below ``/sd``. Raises CardError for anything that is not one."""
    parts = tuple(part for part in path.split("/") if part)
    if not parts or parts[0].lower() != ROOT[1:] or any(part in (".", "..") for part in parts):
        raise CardError("path-without-mount-point", "is not a path on the card", on=path, next="write it as /sd/NAME")
    return parts[1:]


def no_such_file(card: str, path: str) -> CardError:
    """The error for a path that is not on the card."""
    return CardError("dup-path-enoent", "there is no such file on the card", on=f"{card}: {path}")


@dataclass(frozen=True)
class CardProblem:
    """One thing wrong with a card.

    catalogue  id of the known failure
    text       what is wrong, in words; text from the card in it is escaped
    sector     where on the medium, counted from its start; None if no sector is at fault
    pc, board  which of the two cannot use the card because of it; neither: worth knowing only
    unsafe     files must not be changed on the card before this is cured
    path       the file or folder that is damaged, if it is that alone; as the volume has it, not escaped
    cause      why, if this one has a cause of its own; empty if the catalogue's is meant
    """

    catalogue: str
    text: str
    sector: int | None = None
    pc: bool = False
    board: bool = False
    unsafe: bool = False
    path: str = ""
    cause: str = ""

    @property
    def stops_changes(self) -> bool:
        """Whether no file on the card may be changed."""
        return self.pc or self.board or self.unsafe
