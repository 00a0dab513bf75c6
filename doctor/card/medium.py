"""What a change is written to: a device in place, or a copy of an image file that takes its name at the end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from doctor.card.drives.device import is_device
from doctor.card.guard import BESIDE, check_replaceable, check_room
from doctor.card.target import FileTarget, copy_sparse, copy_that_takes_the_name, leftovers, used_bytes
from doctor.fat.claim import claimed
from doctor.fat.overlay import Medium
from doctor.text.command import marked
from doctor.text.escape import counted


@contextmanager
def medium_to_change(path: Path) -> Iterator[Medium]:
    """The device itself, or a copy of an image file that takes its name at the end; ours alone until then.

    Raises CardError.
    """
    with claimed(path):
        if is_device(path):
            from doctor.card.drives.device import open_for_writing

            with open_for_writing(path) as device:
                yield device
                device.settle()
            return
        check_replaceable(path)
        check_room(path.parent, used_bytes(path), "a copy of the image", otherwise=BESIDE)
        with copy_that_takes_the_name(path) as part:
            copy_sparse(path, part)
            with FileTarget(part) as target:
                yield target


def image_lines(image: Path) -> Iterator[str]:
    """What a plan says of an image file that will be replaced, besides what the new one holds; nothing for the rest."""
    if not image.is_file():
        return
    links = image.stat().st_nlink
    if links > 1:
        yield f"{image} has {counted(links, 'name')} (hard links): only this one gets the new content"
    killed = len(leftovers(image))
    if killed:
        copies = counted(killed, "unfinished copy", "unfinished copies")
        yield f"remove {copies} of it that killed runs left in {marked(image.parent)}"
