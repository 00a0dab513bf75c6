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


def check_room(folder: Path, need_bytes: int, what: str) -> None:
    """Refuse if a folder's disk has too little room. Raises CardError."""
    there = next((place for place in (folder, *folder.parents) if place.exists()), folder)
    try:
        free = shutil.disk_usage(there).free
    except OSError as err:
        raise CardError("card-is-fat", f"cannot be read: {err.strerror}", on=str(folder)) from err
    if free < need_bytes:
        raise CardError(
            "card-is-fat",
            f"too little room for {what}: {need_bytes} bytes needed, {free} free",
            on=str(folder),
            next="make room, or choose another folder with --backup",
        )
