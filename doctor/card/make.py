"""A new card image with given content: what tests, practice cards and the reformat are made with."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from doctor.card.target import FileTarget, set_size
from doctor.errors import CardError
from doctor.fat.format import DEFAULT_LABEL, FormatPlan, format_card
from doctor.fat.writer import NewFile, best_layout, write_files

DEFAULT_SERIAL = 0xF19D0C70  #: volume and disk serial where nobody asks for another


def make_card(
    path: Path,
    size_bytes: int,
    files: Iterable[NewFile] = (),
    *,
    label: str = DEFAULT_LABEL,
    serial: int = DEFAULT_SERIAL,
) -> FormatPlan:
    """Write a new image file (it may exist empty): MBR, one FAT volume, the files. Sparse where the disk allows.

    Raises CardError where there is content already, size or files do not fit, or the disk is full.
    """
    layout = best_layout(size_bytes, list(files), label)
    path.touch()
    if path.stat().st_size:
        raise CardError("card-is-fat", "exists already and is not empty", on=str(path))
    set_size(path, size_bytes)
    with FileTarget(path) as target:
        format_card(target, layout.plan, serial=serial)
        write_files(target, layout)
    return layout.plan
