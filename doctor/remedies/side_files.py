"""The side files of firmware images on a card in the PC: checksums that the board's updater need not compute.

A board needs longer for one checksum than the wire for the block, and its card driver hides read errors. Whatever
brings an image to a card here lays X.dup.crc beside it; one that does not fit is replaced.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from doctor.card.dups import find_dups
from doctor.errors import CardError, SecondReaderDiffers
from doctor.events import Listener, ignore
from doctor.firmware.image import Verdict, examine_bytes
from doctor.firmware.reading import MAX_BYTES
from doctor.modem.images import side_content
from doctor.text.escape import shown
from doctor.updater.side_file import SUFFIX

if TYPE_CHECKING:
    from doctor.card.card import CardFile
    from doctor.card.image import Card

#: A line of a cure's plan.
PLANNED = f"write the checksums of its blocks beside it (NAME{SUFFIX}), for the board's own updater"


def belongs_to(path: str) -> bool:
    """Whether a file on the card gets a side file: an image at the root, such as ``/sd/x.dup``."""
    return path.count("/") == 2 and path.lower().endswith(".dup")


def tend(card: Card, emit: Listener = ignore) -> str:
    """Give every image at the card's root its side file, and take away one that does not fit; what was done.

    A card that takes no such file is no reason to fail: the board then reads the image twice instead. Raises
    SecondReaderDiffers: that is a fault of the card.
    """
    try:
        files = card.files()
        names = {file.path.lower(): file for file in files}
        done = [_tend(card, file, names.get(file.path.lower() + SUFFIX), emit) for file in find_dups(files).at_root]
    except CardError as err:
        if isinstance(err, SecondReaderDiffers):
            raise
        return f"no checksums were written beside the image: {err.what}"
    return ", ".join(text for text in done if text)


def _tend(card: Card, file: CardFile, side: CardFile | None, emit: Listener) -> str:
    if not 0 < file.size_bytes <= MAX_BYTES:
        return ""
    data = b"".join(card.read(file.path))
    image = examine_bytes(data, Path(file.name))
    if image.verdict is Verdict.DAMAGED:  # nothing that should be flashed any faster
        if side is not None:
            card.remove(side.path, emit)
        return ""
    wanted = side_content(image, data)
    if side is not None and side.size_bytes == len(wanted) and b"".join(card.read(side.path)) == wanted:
        return ""
    card.write(file.path + SUFFIX, wanted, emit)
    return f"the checksums of its blocks are beside it: {shown(file.name)}{SUFFIX}"
