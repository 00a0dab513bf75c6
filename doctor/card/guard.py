"""What an image file must be before anything replaces it (fat-and-pyfatfs.md 11). No switch lifts these."""

from __future__ import annotations

import os
import shutil
import stat
from pathlib import Path

from doctor.errors import CardError
from doctor.fat.source import cannot_open

_LOOP_FILES = "loop*/loop/backing_file"


def check_replaceable(image: Path, *, sys_block: Path = Path("/sys/block")) -> None:
    """Refuse everything but a plain image file that we may replace. Raises UsageError or CardError.

    sys_block  where Linux tells which files are attached as disks; a parameter for tests
    """
    try:
        mode = image.lstat().st_mode
    except OSError as err:
        raise cannot_open(image, err) from err
    if stat.S_ISLNK(mode):
        raise _refused(image, "is a link", f"give the file itself: {image.resolve()}")
    if stat.S_ISDIR(mode):
        raise _refused(
            image, "is a folder", "give an image file; a mounted card cannot be formatted through its folder"
        )
    if not stat.S_ISREG(mode):
        raise _refused(image, "is a device or the like, not a file", "make an image of the card, and give that")
    if not os.access(image.parent, os.W_OK) or not os.access(image, os.W_OK):
        raise _refused(
            image, "may not be replaced: you have no right to write to it", "check the access rights of file and folder"
        )
    for backing in sys_block.glob(_LOOP_FILES):
        try:
            in_use = backing.read_text(errors="replace").strip() == str(image.resolve())
        except OSError:
            continue
        if in_use:
            raise _refused(image, f"is in use as /dev/{backing.parts[-3]}", "unmount and detach it first")


def _refused(image: Path, what: str, next_step: str) -> CardError:
    return CardError("card-is-fat", what, on=str(image), next=next_step)


ELSEWHERE = "choose another folder with --backup"  #: what helps if a backup has no room
BESIDE = "move the image to a disk that has it: the new copy is made beside it"  #: if the new copy has none


def check_room(folder: Path, need_bytes: int, what: str, *, otherwise: str) -> None:
    """Refuse if a folder's disk has too little room. Raises CardError.

    otherwise  what helps besides making room there
    """
    there = _there(folder)
    try:
        free = shutil.disk_usage(there).free
    except OSError as err:
        raise CardError("card-is-fat", f"cannot be read: {err.strerror}", on=str(folder)) from err
    if free < need_bytes:
        raise CardError(
            "card-is-fat",
            f"too little room for {what}: {need_bytes} bytes needed, {free} free",
            on=str(folder.absolute()),
            next=f"make room on that disk, or {otherwise}",
        )


def on_one_disk(folder: Path, other: Path) -> bool:
    """Whether two folders, which may not be there yet, lie on one disk; unknown counts as yes."""
    try:
        return _there(folder).stat().st_dev == _there(other).stat().st_dev
    except OSError:
        return True


def _there(folder: Path) -> Path:
    """The folder, or the nearest one above it that is there."""
    return next((place for place in (folder, *folder.parents) if place.exists()), folder)
