"""Drives as lsblk, diskutil and PowerShell print them, and what may be written of them."""

from __future__ import annotations

import json
import plistlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from doctor.card.drives.drive import Drive, DrivePart
from doctor.card.drives.guard import assess, confirmation, confirms, description
from doctor.card.drives.linux import from_lsblk
from doctor.card.drives.mac import from_diskutil, names_in
from doctor.card.drives.windows import from_powershell

GB = 10**9


def block(name: str, **more: Any) -> dict[str, Any]:
    """An entry of lsblk 2.38 as ``--json --bytes --output-all`` prints it, shortened to what it is asked for."""
    null = dict.fromkeys(("fstype", "label", "model", "vendor", "serial", "tran", "pttype", "pkname"))
    plain = {"type": "disk", "rm": False, "hotplug": False, "ro": False, "mountpoints": [None]}
    return {"name": name, "path": f"/dev/{name}", **null, **plain, **more}


USB_READER = block(
    "sdb",
    size=31914983424,
    rm=True,
    hotplug=True,
    tran="usb",
    vendor="Generic ",
    model="STORAGE DEVICE",
    serial="000000001206",
    pttype="dos",
    children=[
        block(
            "sdb1",
            type="part",
            size=31910789120,
            rm=True,
            hotplug=True,
            fstype="vfat",
            label="FIPY",
            pkname="sdb",
            mountpoints=["/media/ada/FIPY"],
        )
    ],
)
SYSTEM = block(
    "nvme0n1",
    size=512110190592,
    tran="nvme",
    model="SAMSUNG MZVLB512HBJQ",
    pttype="gpt",
    children=[
        block("nvme0n1p1", type="part", size=536870912, fstype="vfat", mountpoints=["/boot/efi"]),
        block(
            "nvme0n1p2",
            type="part",
            size=511570870272,
            fstype="crypto_LUKS",
            children=[block("cryptroot", type="crypt", size=511554093056, fstype="ext4", mountpoints=["/"])],
        ),
    ],
)
SLOT = block("mmcblk0", size=15931539456, pttype="dos", children=[])
EMMC = block("mmcblk1", size=31268536320, children=[])
EMPTY = block("sdc", size=0, rm=True, hotplug=True, tran="usb", model="Card Reader")
LOOP = block("loop3", size=41943040, type="loop")
ROM = block("sr0", size=1073741312, type="rom", rm=True)
LINUX = json.dumps({"blockdevices": [USB_READER, SYSTEM, SLOT, EMMC, EMPTY, LOOP, ROM]})
OLD_LSBLK = json.dumps(  # util-linux 2.31: numbers and truth values are strings, one mount point, no path
    {
        "blockdevices": [
            {
                "name": "sdb",
                "size": "31914983424",
                "rm": "1",
                "hotplug": "1",
                "ro": "0",
                "type": "disk",
                "tran": "usb",
                "mountpoint": None,
                "children": [
                    {"name": "sdb1", "size": "31910789120", "type": "part", "fstype": "vfat", "mountpoint": "/mnt"}
                ],
            }
        ]
    }
)


def linux() -> dict[str, Drive]:
    return {drive.name: drive for drive in from_lsblk(LINUX, {"mmcblk0": "SD", "mmcblk1": "MMC"})}


def test_lsblk_is_read() -> None:
    drive = linux()["sdb"]
    assert description(drive) == "/dev/sdb, 31.9GB, USB, Generic STORAGE DEVICE, serial 000000001206"
    assert (drive.removable, drive.bus, drive.read_only) == (True, "usb", False)
    assert drive.parts == (DrivePart("/dev/sdb1", 31910789120, "vfat", "FIPY", ("/media/ada/FIPY",)),)


def test_cards_are_told_from_disks() -> None:
    assert {name for name, drive in linux().items() if drive.looks_like_a_card} == {"sdb", "mmcblk0"}


def test_old_lsblk_is_read_too() -> None:
    (drive,) = from_lsblk(OLD_LSBLK, {})
    assert (drive.device, drive.size_bytes, drive.removable, drive.read_only) == ("/dev/sdb", 31914983424, True, False)
    assert drive.mounts == ("/mnt",)


MAC_LIST = plistlib.dumps(
    {
        "AllDisks": ["disk0", "disk0s1", "disk0s2", "disk4", "disk4s1"],
        "AllDisksAndPartitions": [
            {
                "Content": "GUID_partition_scheme",
                "DeviceIdentifier": "disk0",
                "OSInternal": False,
                "Size": 500277792768,
                "Partitions": [
                    {"Content": "EFI", "DeviceIdentifier": "disk0s1", "Size": 314572800, "VolumeName": "EFI"},
                    {"Content": "Apple_APFS", "DeviceIdentifier": "disk0s2", "Size": 499963174912},
                ],
            },
            {
                "Content": "FDisk_partition_scheme",
                "DeviceIdentifier": "disk4",
                "OSInternal": False,
                "Size": 31914983424,
                "Partitions": [
                    {
                        "Content": "DOS_FAT_32",
                        "DeviceIdentifier": "disk4s1",
                        "MountPoint": "/Volumes/FIPY",
                        "Size": 31910789120,
                        "VolumeName": "FIPY",
                    }
                ],
            },
        ],
        "VolumesFromDisks": ["FIPY"],
        "WholeDisks": ["disk0", "disk4"],
    }
)
MAC_INFO = {
    "disk0": plistlib.dumps(
        {
            "BusProtocol": "Apple Fabric",
            "DeviceIdentifier": "disk0",
            "Internal": True,
            "MediaName": "APPLE SSD AP0512Q",
            "RemovableMedia": False,
            "Removable": False,
            "Ejectable": False,
            "TotalSize": 500277792768,
            "WritableMedia": True,
        }
    ),
    "disk4": plistlib.dumps(
        {
            "BusProtocol": "Secure Digital",
            "DeviceIdentifier": "disk4",
            "Internal": True,
            "MediaName": "Built In SDXC Reader",
            "RemovableMedia": True,
            "Removable": True,
            "Ejectable": True,
            "TotalSize": 31914983424,
            "WritableMedia": True,
        }
    ),
}


def test_diskutil_is_read() -> None:
    assert names_in(MAC_LIST) == ("disk0", "disk4")
    internal, card = from_diskutil(MAC_LIST, MAC_INFO)
    assert (internal.looks_like_a_card, card.looks_like_a_card) == (False, True)
    assert (card.device, card.bus, card.mounts, card.parts[0].label) == ("/dev/disk4", "sd", ("/Volumes/FIPY",), "FIPY")
    assert assess(internal).hard
    assert assess(card).hard == ()


VOLUME = "\\\\?\\Volume{5b1f9c4e-0000-0000-0000-100000000000}\\"


def windows(**card: Any) -> str:
    plain = {"Number": 2, "FriendlyName": "Generic- SD/MMC", "SerialNumber": " 058F63666485 ", "BusType": "USB"}
    plain |= {"Size": 31914983424, "IsBoot": False, "IsSystem": False, "IsReadOnly": False}
    system = {"Number": 0, "FriendlyName": "WDC PC SN730", "SerialNumber": "E823_8FA6", "BusType": "NVMe"}
    system |= {"Size": 512110190592, "IsBoot": True, "IsSystem": True, "IsReadOnly": False}
    partitions = [
        {"DiskNumber": 0, "PartitionNumber": 1, "DriveLetter": "\0", "Size": 104857600, "Type": "System"},
        {"DiskNumber": 0, "PartitionNumber": 3, "DriveLetter": "C", "Size": 511000000000, "Type": "Basic"},
        {"DiskNumber": 2, "PartitionNumber": 1, "DriveLetter": "E", "Size": 31910789120, "Type": "FAT32 XINT13"}
        | {"AccessPaths": ["E:\\", VOLUME]},
    ]
    volumes = [
        {"DriveLetter": "C", "FileSystem": "NTFS", "FileSystemLabel": "", "Size": 511000000000},
        {"DriveLetter": "E", "FileSystem": "FAT32", "FileSystemLabel": "FIPY", "Size": 31902400512},
        {"DriveLetter": None, "FileSystem": "", "FileSystemLabel": "", "Size": 0},
    ]
    return json.dumps({"disks": [system, {**plain, **card}], "partitions": partitions, "volumes": volumes})


def test_powershell_is_read() -> None:
    internal, card = from_powershell(windows())
    assert (internal.is_system, internal.looks_like_a_card) == (True, False)
    assert (card.device, card.name, card.serial, card.bus) == (
        r"\\.\PhysicalDrive2",
        "PhysicalDrive2",
        "058F63666485",
        "usb",
    )
    found = DrivePart(r"\\.\PhysicalDrive2 partition 1", 31910789120, "vfat", "FIPY", ("E:\\",))
    assert card.parts == (replace(found, opens=VOLUME.rstrip("\\")),)


@pytest.mark.parametrize(
    "letter, paths, opens",
    [("\0", VOLUME, VOLUME.rstrip("\\")), ("E", None, "\\\\.\\E:"), ("E", [None], "\\\\.\\E:"), (None, [], "")],
)
def test_a_volume_is_locked_by_its_id_or_else_by_its_letter(letter: object, paths: object, opens: str) -> None:
    told = json.loads(windows())
    told["partitions"][2] |= {"DriveLetter": letter, "AccessPaths": paths}
    assert from_powershell(json.dumps(told))[1].parts[0].opens == opens


@pytest.mark.parametrize(("number", "bus"), [(7, "usb"), ("12", "sd"), ("SD", "sd"), (17, "nvme")])
def test_powershell_prints_a_bus_as_word_or_number(number: object, bus: str) -> None:
    assert from_powershell(windows(BusType=number))[1].bus == bus


def test_powershell_prints_one_thing_without_a_list() -> None:
    told = json.loads(windows())
    told |= {"disks": told["disks"][1], "partitions": told["partitions"][2], "volumes": None}
    (card,) = from_powershell(json.dumps(told))
    assert card.name == "PhysicalDrive2"
    assert card.parts[0].system == ""


# -- the guard table ------------------------------------------------------------------------------------------------

GOOD = Drive("/dev/sdb", "sdb", 32 * GB, bus="usb", removable=True, parts=(DrivePart("/dev/sdb1", 31 * GB, "vfat"),))
HARD = {
    "system": (replace(GOOD, is_system=True), "running system"),
    "internal": (replace(GOOD, bus="sata"), "internal drive (sata)"),
    "NVMe that calls itself hot-plugged": (replace(GOOD, bus="nvme", removable=True), "internal drive"),
    "eMMC": (replace(GOOD, bus="mmc", soldered=True), "built-in"),
    "no size": (replace(GOOD, size_bytes=0), "no card"),
    "over 512 GB": (replace(GOOD, size_bytes=1000 * GB), "1000 GB"),
    "write-protected": (replace(GOOD, read_only=True), "lock switch"),
    "partition": (replace(GOOD, part_of="/dev/sdb"), "whole card: /dev/sdb"),
    "LVM": (replace(GOOD, parts=(DrivePart("/dev/sdb1", GB, "LVM2_member"),)), "volume manager"),
    "RAID": (replace(GOOD, parts=(DrivePart("/dev/md0", GB, "ext4", kind="raid1"),)), "RAID"),
    "encryption": (replace(GOOD, parts=(DrivePart("/dev/sdb1", GB, "crypto_LUKS"),)), "encryption"),
    "APFS": (replace(GOOD, parts=(DrivePart("/dev/disk2s1", GB, "apfs"),)), "APFS"),
}
FORCED = {
    "not removable": (replace(GOOD, bus="", removable=False), "neither removable"),
    "over 64 GB": (replace(GOOD, size_bytes=128 * GB), "128 GB"),
    "two partitions": (replace(GOOD, parts=(*GOOD.parts, DrivePart("/dev/sdb2", GB, "vfat"))), "2 partitions"),
    "other content": (replace(GOOD, parts=(DrivePart("/dev/sdb1", GB, "ext4"),)), "ext4, not FAT"),
    "mounted": (replace(GOOD, parts=(replace(GOOD.parts[0], mounts=("/media/x",)),)), "mounted at /media/x"),
}


def test_plain_card_passes() -> None:
    verdict = assess(GOOD)
    assert (verdict.hard, verdict.unless_forced, verdict.warnings) == ((), (), ())


@pytest.mark.parametrize("why", HARD)
def test_hard_stops(why: str) -> None:
    drive, word = HARD[why]
    assert any(word in text for text in assess(drive).hard)


@pytest.mark.parametrize("why", FORCED)
def test_stops_that_force_lifts(why: str) -> None:
    drive, word = FORCED[why]
    verdict = assess(drive)
    assert verdict.hard == ()
    assert any(word in text for text in verdict.unless_forced)


def test_card_over_32_gb_is_worth_a_word_only() -> None:
    verdict = assess(replace(GOOD, size_bytes=64 * GB))
    assert (verdict.hard, verdict.unless_forced) == ((), ())
    assert "32 GB" in verdict.warnings[0]


def test_backup_must_not_lie_on_the_card(tmp_path: Path) -> None:
    mounted = replace(GOOD, parts=(replace(GOOD.parts[0], mounts=(str(tmp_path),)),))
    assert any("is on it" in text for text in assess(mounted, keep=(tmp_path / "not" / "there",)).hard)
    assert assess(mounted, keep=(tmp_path.parent,)).hard == ()


def test_every_drive_of_a_pc_that_runs_is_refused() -> None:
    for name, drive in linux().items():
        assert bool(assess(drive).hard) == (name not in ("sdb", "mmcblk0", "loop3")), name


def test_confirmation_names_device_and_size() -> None:
    assert confirmation(GOOD) == "sdb-32.0GB"
    assert all(confirms(text, GOOD) for text in ("sdb-32.0GB", "SDB 32.0 GB", "/dev/sdb 32.0gb"))
    assert not any(confirms(text, GOOD) for text in (None, "", "y", "sdb", "32.0GB", "sdc-32.0GB", "sdb-32GB"))
