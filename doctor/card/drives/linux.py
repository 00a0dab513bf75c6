"""Drives of Linux, from ``lsblk --json`` (util-linux 2.27 and later) and sysfs."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from doctor.card.drives.drive import Drive, DrivePart, Item
from doctor.documents import foreign_json

#: All columns: those that we need have other names in old versions, and an unknown column is an error.
COMMAND = ("lsblk", "--json", "--bytes", "--output-all")
_SYSTEM_MOUNTS = frozenset({"/", "/boot", "/boot/efi", "/efi", "/home", "/usr", "/var", "/opt", "/srv", "/nix"})


def card_types() -> dict[str, str]:
    """Type of each mmcblk drive by name: "SD" for cards, "MMC" for what is soldered in."""
    found: dict[str, str] = {}
    for entry in Path("/sys/block").glob("mmcblk*"):
        with suppress(OSError):
            found[entry.name] = (entry / "device" / "type").read_text(encoding="ascii").strip()
    return found


def from_lsblk(output: bytes | str, types: Mapping[str, str]) -> tuple[Drive, ...]:
    """Drives out of what lsblk printed.

    types  from ``card_types``

    A partition that lsblk was asked for alone comes as a drive with ``part_of``.
    """
    return tuple(
        _drive(item, types)
        for item in foreign_json.read(output)["blockdevices"]
        if item.get("type") not in ("rom",) and not _text(item, "name").startswith(("ram", "zram"))
    )


def _drive(item: Item, types: Mapping[str, str]) -> Drive:
    name = _text(item, "name")
    kind = types.get(name, "")
    parts = tuple(_parts(item))
    mounts = {mount for part in parts for mount in part.mounts}
    parent = _text(item, "pkname") if item.get("type") == "part" else ""
    bus = _text(item, "tran").lower() or ("loop" if item.get("type") == "loop" else "")
    bus = bus or ("mmc" if name.startswith("mmcblk") else "nvme" if name.startswith("nvme") else "")
    bus = bus or ("virtio" if name.startswith("vd") else "xen" if name.startswith("xvd") else "")
    return Drive(
        device=_device(item),
        name=name,
        size_bytes=_number(item, "size"),
        model=" ".join(filter(None, (_text(item, "vendor"), _text(item, "model")))),
        serial=_text(item, "serial"),
        bus=bus,
        removable=_flag(item, "rm") or _flag(item, "hotplug"),
        sd_card=kind == "SD",
        soldered=kind == "MMC" or "boot" in name.removeprefix("mmcblk"),
        read_only=_flag(item, "ro"),
        is_system=bool(mounts & _SYSTEM_MOUNTS) or "[SWAP]" in mounts,
        part_of=f"/dev/{parent}" if parent else "",
        parts=parts,
    )


def _parts(item: Item) -> list[DrivePart]:
    """The drive itself if it holds a file system, and everything stacked upon it."""
    found = []
    mounts = _mounts(item)
    children = item.get("children") or []
    if _text(item, "fstype") or mounts or item.get("type") not in ("disk", "loop"):
        found.append(
            DrivePart(
                device=_device(item),
                size_bytes=_number(item, "size"),
                system=_text(item, "fstype"),
                label=_text(item, "label"),
                mounts=mounts,
                kind=_text(item, "type"),
            )
        )
    for child in children:
        found += _parts(child)
    return found


def _mounts(item: Item) -> tuple[str, ...]:
    many = item.get("mountpoints")
    listed = many if isinstance(many, list) else [item.get("mountpoint")]
    return tuple(str(mount) for mount in listed if mount)


def _device(item: Item) -> str:
    return _text(item, "path") or f"/dev/{_text(item, 'name')}"


def _text(item: Item, key: str) -> str:
    return str(item.get(key) or "").strip()


def _number(item: Item, key: str) -> int:
    """A number, which versions before 2.33 print as a string."""
    try:
        return int(item.get(key) or 0)
    except (ValueError, TypeError):
        return 0


def _flag(item: Item, key: str) -> bool:
    """A truth value, which versions before 2.33 print as "0" or "1"."""
    return item.get(key) in (True, 1, "1")
