"""From a path to the card that is there."""

from __future__ import annotations

import stat
from pathlib import Path

from doctor.card.card import Card
from doctor.card.drives.device import is_device
from doctor.card.folder import FolderCard
from doctor.card.image import DeviceCard, ImageCard
from doctor.errors import CardError, UsageError
from doctor.fat.source import refuse_odd_file


def open_card(path: Path) -> Card:
    """The card at a path: a mounted folder, an image file or a raw device.

    Raises UsageError where there is nothing at the path, CardError where it is neither or cannot be opened.
    """
    if is_device(path):
        return DeviceCard(path)
    try:
        mode = path.stat().st_mode
    except FileNotFoundError as err:
        raise UsageError("card-is-fat", "there is no such file or folder", on=str(path), next="check --sd") from err
    except OSError as err:
        raise CardError(
            "card-is-fat", f"cannot be opened: {err.strerror}", on=str(path), next="check the access rights"
        ) from err
    if stat.S_ISDIR(mode):
        return FolderCard(path)
    refuse_odd_file(mode, path)
    return ImageCard(path)
