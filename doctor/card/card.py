"""A card as the PC sees it, whatever it is: the shapes that checks and cures work with."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

from doctor.card.problem import CardProblem
from doctor.errors import CardError
from doctor.events import Listener, ignore
from doctor.fat.card_file import ROOT, CardFile
from doctor.fat.layout import VolumeKind

if TYPE_CHECKING:
    from doctor.fat.layout import Layout

__all__ = ["Card", "CardFile", "CardProblem", "Volume", "VolumeKind"]


@dataclass(frozen=True)
class Volume:
    """What the card holds, and who can read it.

    size_bytes   of the medium; None where the system does not say
    free_bytes   of the volume; None where it was not counted
    board_reads  None where that cannot be told from here (a folder on the PC's own disk)
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


class Card(Protocol):
    """A card that can be looked at and tidied. Names are matched without regard to case, as FAT does.

    Everything that reads raises CardError where the card cannot be read. What changes an image or a device reports to
    ``emit`` what a second reader makes of it (``doctor.events.SecondReading``).
    """

    @property
    def name(self) -> str:
        """What the user calls it."""
        ...

    @property
    def kind(self) -> Literal["folder", "image", "device"]:
        """How it is reached."""
        ...

    def volume(self) -> Volume:
        """The verdict on the volume that the board would mount, else on the one that the PC reads."""
        ...

    def heals(self) -> bool:
        """Whether good copies on the card mend all that is wrong with it (``fix --repair-sd``)."""
        ...

    def refuse_if_damaged(self) -> None:
        """Raise CardError where no file may be changed; its next step says what mends the card."""
        ...

    def files(self) -> tuple[CardFile, ...]:
        """Files and folders of that volume, two levels deep."""
        ...

    def files_elsewhere(self) -> tuple[CardFile, ...]:
        """Files in the roots of the other volumes, which the board does not see; paths start ``partition N/``."""
        ...

    def read(self, path: str) -> Iterator[bytes]:
        """The whole content of a file in pieces."""
        ...

    def sha256(self, path: str) -> str:
        """SHA-256 of a file, as hexadecimal digits."""
        ...

    def move(self, src: str, dst: str, emit: Listener = ignore) -> None:
        """Give a file another path on the same card; verified, and whole at every moment.

        Raises CardError where ``src`` is no file, ``dst`` exists, or the card may not be written.
        """
        ...

    def remove(self, path: str, emit: Listener = ignore) -> None:
        """Delete a file. Raises CardError where it is none, or the card may not be written."""
        ...

    def write(self, path: str, data: bytes, emit: Listener = ignore) -> None:
        """Put a small file onto the card, in place of one that has its name; whole or not at all at every moment.

        Raises CardError where the card is full or may not be written.
        """
        ...


def split_path(path: str) -> tuple[str, ...]:
    """The parts of a card path below ``/sd``. Raises CardError for anything that is not one."""
    parts = tuple(part for part in path.split("/") if part)
    if not parts or parts[0].lower() != ROOT[1:] or any(part in (".", "..") for part in parts):
        raise CardError("path-without-mount-point", "is no path on the card", on=path, next="write it as /sd/NAME")
    return parts[1:]


def no_such_file(card: str, path: str) -> CardError:
    """The error for a path that is not on the card."""
    return CardError("dup-path-enoent", "there is no such file on the card", on=f"{card}: {path}")
