"""Cards: partition tables, boot sectors, FATs and folders, and what a system lists of its drives."""

from __future__ import annotations

import atexit
import plistlib
import random
import shutil
import struct
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

from doctor.card.drives import linux, mac, windows
from doctor.card.drives.drive import Drive
from doctor.card.drives.find import _readable
from doctor.card.image import ImageCard
from doctor.card.reformat.choice import Choice
from doctor.card.reformat.survey import surveyed
from doctor.card.reformat.unfinished import read_mark
from doctor.card.repair import plan_repair
from doctor.errors import CardError
from doctor.fat import boot_sector, layout
from doctor.fat.source import SECTOR_BYTES, KnownSectors
from tests.card.images import DUP, DUP_NAME, START, Inside, card
from tests.fuzz.parser import Parser, harmless

_MOST_READ = 6


@cache
def place() -> Path:
    """A folder for the one image that all inputs are written into."""
    folder = Path(tempfile.mkdtemp(prefix="fipy-doctor-fuzz-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


@cache
def base() -> tuple[Path, tuple[int, ...]]:
    """A sound card, and the sectors of it that mean something."""
    files = {DUP_NAME: DUP, "sd/inner.bin": b"i" * 9000, "a long name of a file.txt": b"t" * 700, "EMPTY": b""}
    path = card(place() / "card.img", files)
    inside = Inside(path)
    root = inside.slot("sd") // SECTOR_BYTES
    folder = inside.cluster(inside.entries["sd"].first_cluster) // SECTOR_BYTES
    fats = (inside.fat(0), inside.fat(0, 1))
    return path, (0, START // SECTOR_BYTES, *(at // SECTOR_BYTES for at in fats), root, folder)


def image(data: bytes) -> None:
    """The sectors that mean something, one after the other: judged, listed, read, and both plans made."""
    path, sectors = base()
    pieces = [data[at : at + SECTOR_BYTES] for at in range(0, len(sectors) * SECTOR_BYTES, SECTOR_BYTES)]
    before = {}
    with path.open("r+b") as file:
        for sector, piece in zip(sectors, pieces, strict=True):
            file.seek(sector * SECTOR_BYTES)
            before[sector] = file.read(SECTOR_BYTES)
            file.seek(sector * SECTOR_BYTES)
            file.write(piece)
    try:
        _looked_at(path)
    finally:
        with path.open("r+b") as file:
            for sector, old in before.items():
                file.seek(sector * SECTOR_BYTES)
                file.write(old)


def _looked_at(path: Path) -> None:
    medium = ImageCard(path)
    verdict = medium.volume()
    assert all(harmless(problem.text) for problem in verdict.problems)
    for plan in (lambda: plan_repair(path), lambda: medium.files_elsewhere(), lambda: _survey(path)):
        try:
            plan()
        except CardError as refused:
            assert refused.what
    for file in medium.files()[:_MOST_READ]:
        if not file.is_dir:
            try:
                assert sum(map(len, medium.read(file.path))) == file.size_bytes
            except CardError as refused:
                assert refused.what


def _survey(path: Path) -> None:
    with surveyed(path, Choice()):
        pass


def sectors(data: bytes) -> None:
    """The first sectors of a medium."""
    pieces = [data[at : at + SECTOR_BYTES] for at in range(0, len(data), SECTOR_BYTES)]
    source = KnownSectors("card", dict(enumerate(pieces)))
    assert harmless(layout.look_at(source).in_words())
    layout.board_mount(source)
    boot = data[:SECTOR_BYTES].ljust(SECTOR_BYTES, b"\0")
    geometry = boot_sector.read_geometry(boot)
    if geometry is not None:
        boot_sector.check_numbers(boot, geometry, 8 << 20)
    read_mark(boot)


def drives(data: bytes) -> None:
    """What the system's own tool lists, each by the parser of its system."""
    reads: tuple[Callable[[], tuple[Drive, ...]], ...] = (
        lambda: linux.from_lsblk(data, {"mmcblk0": "SD"}),
        lambda: windows.from_powershell(data),
        lambda: mac.from_diskutil(data, dict.fromkeys(mac.names_in(data), data)),
    )
    for read in reads:
        try:
            with _readable():
                found = read()
        except CardError as refused:
            assert refused.what
        else:
            assert all(drive.size_bytes >= 0 for drive in found)


def the_sectors() -> bytes:
    """What ``image`` takes, of the sound card."""
    path, sectors = base()
    with path.open("rb") as file:
        return b"".join(file.read(SECTOR_BYTES) for sector in sectors if file.seek(sector * SECTOR_BYTES) >= 0)


def gpt() -> bytes:
    """A GPT with one volume."""
    mbr = bytes(446) + struct.pack("<4xB3xII", 0xEE, 1, 9999) + bytes(48) + b"\x55\xaa"
    head = (b"EFI PART" + bytes(64) + struct.pack("<QII", 2, 4, 128)).ljust(SECTOR_BYTES, b"\0")
    return mbr + head + random.Random(1).randbytes(32) + struct.pack("<QQ", 3, 9)


LSBLK = (
    b'{"blockdevices": [{"name": "mmcblk0", "size": 31914983424, "type": "disk", "rm": false, "ro": "0", "tran": null, '
    b'"children": [{"name": "mmcblk0p1", "fstype": "vfat", "type": "part", "mountpoints": ["/media/x", null]}]}]}'
)
POWERSHELL = (
    b'{"disks": [{"Number": 2, "Size": 31914983424, "BusType": 12, "FriendlyName": "SD"}], '
    b'"partitions": [{"DiskNumber": 2, "DriveLetter": "E", "Size": 9}], "volumes": [{"DriveLetter": "E"}]}'
)
DISKUTIL = plistlib.dumps(
    {
        "WholeDisks": ["disk4"],
        "AllDisksAndPartitions": [{"DeviceIdentifier": "disk4", "Partitions": [{"Content": "DOS_FAT_32", "Size": 9}]}],
        "TotalSize": 31914983424,
    }
)
SECTORS = the_sectors()
PARSERS = (
    Parser("card", image, (SECTORS,), (CardError,)),
    Parser("drives", drives, (LSBLK, POWERSHELL, DISKUTIL)),
    Parser("card-sectors", sectors, (SECTORS[:1024], SECTORS[512:1024], gpt(), b"<html>" + bytes(900)), (CardError,)),
)
