r"""Drives of Windows, from PowerShell's Get-Disk, Get-Partition and Get-Volume. Not run on a real Windows yet."""

from __future__ import annotations

from collections.abc import Mapping

from doctor.card.drives.drive import Drive, DrivePart, Item
from doctor.computer import powershell
from doctor.documents import foreign_json

_SCRIPT = (
    "@{disks = @(Get-Disk | Select-Object Number,FriendlyName,SerialNumber,"
    "@{n='BusType';e={[string]$_.BusType}},Size,IsBoot,IsSystem,IsReadOnly); "
    "partitions = @(Get-Partition | Select-Object DiskNumber,PartitionNumber,"
    "@{n='DriveLetter';e={[string]$_.DriveLetter}},Size,@{n='Type';e={[string]$_.Type}},"
    "@{n='AccessPaths';e={@($_.AccessPaths)}}); "
    "volumes = @(Get-Volume | Select-Object @{n='DriveLetter';e={[string]$_.DriveLetter}},"
    "@{n='FileSystem';e={[string]$_.FileSystem}},FileSystemLabel,Size)} | ConvertTo-Json -Depth 4 -Compress"
)
COMMAND = powershell(_SCRIPT)
_BY_ID = "\\\\?\\volume{"
#: MSFT_Disk BusType, for versions of PowerShell that print the number.
_BUSES = {1: "scsi", 3: "ata", 7: "usb", 8: "raid", 9: "iscsi", 10: "sas", 11: "sata", 12: "sd", 13: "mmc", 17: "nvme"}


def from_powershell(output: bytes | str) -> tuple[Drive, ...]:
    """Drives out of what the script gives."""
    told = foreign_json.read(output)
    volumes = {_letter(volume): volume for volume in _listed(told, "volumes") if _letter(volume)}
    return tuple(_drive(disk, _listed(told, "partitions"), volumes) for disk in _listed(told, "disks"))


def _drive(disk: Item, partitions: list[Item], volumes: Mapping[str, Item]) -> Drive:
    number = int(disk["Number"])
    bus = _bus(disk.get("BusType"))
    device = f"\\\\.\\PhysicalDrive{number}"
    mine = [part for part in partitions if part.get("DiskNumber") == number]
    return Drive(
        device=device,
        name=f"PhysicalDrive{number}",
        size_bytes=int(disk.get("Size") or 0),
        model=str(disk.get("FriendlyName") or "").strip(),
        serial=str(disk.get("SerialNumber") or "").strip(),
        bus=bus,
        removable=bus in ("usb", "sd"),
        sd_card=bus == "sd",
        soldered=bus == "mmc",
        read_only=bool(disk.get("IsReadOnly")),
        is_system=bool(disk.get("IsBoot") or disk.get("IsSystem")),
        parts=tuple(_part(device, part, volumes.get(_letter(part), {})) for part in mine),
    )


def _part(device: str, part: Item, volume: Item) -> DrivePart:
    letter = _letter(part)
    system = str(volume.get("FileSystem") or "").lower()
    return DrivePart(
        device=f"{device} partition {part.get('PartitionNumber')}",
        size_bytes=int(part.get("Size") or 0),
        system="vfat" if system in ("fat", "fat32") else system,
        label=str(volume.get("FileSystemLabel") or ""),
        mounts=(f"{letter}:\\",) if letter else (),
        opens=_volume_name(part, letter),
    )


def _volume_name(part: Item, letter: str) -> str:
    r"""What opens a volume: ``\\?\Volume{…}``, which one without a letter has too; ``\\.\E:`` if only that is told."""
    names = [str(path) for path in _listed(part, "AccessPaths")]
    by_id = next((name for name in names if name.lower().startswith(_BY_ID)), "")
    return by_id.rstrip("\\") or (f"\\\\.\\{letter}:" if letter else "")


def _letter(item: Item) -> str:
    """A drive letter; PowerShell prints none as null, as an empty string or as the character 0."""
    letter = str(item.get("DriveLetter") or "").strip("\0 ")
    return letter.upper() if letter.isalpha() else ""


def _bus(value: object) -> str:
    if isinstance(value, int) or (isinstance(value, str) and value.isdigit()):
        return _BUSES.get(int(value), "")
    return str(value or "").lower()


def _listed(told: Item, key: str) -> list[Item]:
    """A list, which ConvertTo-Json prints as its only item, or as null."""
    value = told.get(key)
    return value if isinstance(value, list) else [] if value is None else [value]
