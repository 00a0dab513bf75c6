"""Consent before a raw device is written: what it is, and its name and size from the user."""

from __future__ import annotations

from pathlib import Path

from doctor.card.drives.device import is_device
from doctor.card.medium import image_lines
from doctor.remedies.cure import CureContext


def device_lines(path: Path, context: CureContext) -> tuple[str, ...]:
    """What a plan says of the device or image that it writes to; nothing for folders. Raises CardError."""
    if not is_device(path):
        return tuple(image_lines(path))
    from doctor.card.drives.guard import assess, confirmation, consent_line, description
    from doctor.card.reformat.device import check_device

    drive = check_device(path, backup_dir=context.backup, force=context.force)
    lines = [f"write to {description(drive)}"]
    lines += [f"allowed because of --force-device: {text}" for text in assess(drive).unless_forced]
    lines += ["unmount it"] if drive.mounts else []
    return (*lines, consent_line(confirmation(drive)))


def take_consent(path: Path, context: CureContext) -> None:
    """Raise unless a device was confirmed by name and size; unmounts it. Images and folders need no more."""
    if is_device(path):
        from doctor.card.reformat.device import check_confirmed, check_device, unmount

        drive = check_device(path, backup_dir=context.backup, force=context.force)
        check_confirmed(drive, context.confirm, context.typed)
        unmount(drive)
