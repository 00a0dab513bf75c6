from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from doctor.card.card import VolumeKind
from doctor.card.drives.mounted import MountedOn, from_mac_mount, from_mountinfo
from doctor.card.dups import find_dups
from doctor.card.folder import FolderCard
from doctor.card.image import open_card
from doctor.errors import CardError
from tests.card.images import DUP, DUP_NAME
from tests.card.media import OTHERS_FILES, used_folder

MOUNTINFO = r"""
22 27 0:20 / /sys rw,nosuid shared:7 - sysfs sysfs rw
27 1 259:2 / / rw,relatime shared:1 - ext4 /dev/nvme0n1p2 rw
90 27 8:17 / /media/me/NO\040NAME rw,nosuid,nodev shared:5 - vfat /dev/sdb1 rw,uid=1000
91 27 8:33 / /media/me/X rw - exfat /dev/sdc1 rw
broken line
"""
MAC = """/dev/disk3s1s1 on / (apfs, sealed, local, read-only, journaled)
devfs on /dev (devfs, local, nobrowse)
/dev/disk4s1 on /Volumes/NO NAME (msdos, local, nodev, nosuid, noowners)
/dev/disk5s1 on /Volumes/X (exfat, local)
"""


@pytest.mark.parametrize(
    ("folder", "on"),
    [
        ("/media/me/NO NAME", MountedOn("vfat", True, "/dev/sdb1")),
        ("/media/me/NO NAME/sd", MountedOn("vfat", False, "/dev/sdb1")),
        ("/media/me/NO NAMES", MountedOn("ext4", False, "/dev/nvme0n1p2")),
        ("/media/me/X", MountedOn("exfat", True, "/dev/sdc1")),
        ("/home/me", MountedOn("ext4", False, "/dev/nvme0n1p2")),
    ],
)
def test_linux_says_what_a_folder_lies_on(folder: str, on: MountedOn) -> None:
    assert from_mountinfo(MOUNTINFO, folder) == on


@pytest.mark.parametrize(
    ("folder", "on"),
    [
        ("/Volumes/NO NAME", MountedOn("msdos", True, "/dev/disk4s1")),
        ("/Volumes/X/sub", MountedOn("exfat", False, "/dev/disk5s1")),
        ("/Users/me", MountedOn("apfs", False, "/dev/disk3s1s1")),
    ],
)
def test_macos_says_what_a_folder_lies_on(folder: str, on: MountedOn) -> None:
    assert from_mac_mount(MAC, folder) == on


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    used_folder(tmp_path)
    (tmp_path / "sd").mkdir()
    (tmp_path / "sd" / DUP_NAME).write_bytes(DUP)
    (tmp_path / "other.txt").write_bytes(b"o")
    return tmp_path


def on(system: str, *, mount: bool = True) -> FolderCard:
    return FolderCard(Path("/"), mounted=lambda _: MountedOn(system, mount))


@pytest.mark.parametrize(
    ("system", "mount", "kind", "board"),
    [
        ("vfat", True, VolumeKind.FAT, True),
        ("FAT32", True, VolumeKind.FAT32, True),
        ("exfat", True, VolumeKind.EXFAT, False),
        ("ntfs3", True, VolumeKind.NTFS, False),
        ("fuseblk", True, VolumeKind.UNKNOWN, False),
        ("ext4", False, VolumeKind.EXT, None),
    ],
)
def test_verdict_on_a_mounted_folder(system: str, mount: bool, kind: VolumeKind, board: bool | None) -> None:
    volume = on(system, mount=mount).volume()
    assert (volume.kind, volume.board_reads) == (kind, board)
    assert any(problem.board for problem in volume.problems) == (board is False)


def test_folder_is_listed_two_levels_deep_without_following_links(folder: Path) -> None:
    (folder / "link").symlink_to(folder)
    (folder / "sd" / "deep").mkdir()
    (folder / "sd" / "deep" / "x").write_bytes(b"")
    paths = {file.path for file in open_card(folder).files()}
    mine = {"/sd/sd", f"/sd/sd/{DUP_NAME}", "/sd/sd/deep", "/sd/other.txt", "/sd/link"}
    assert mine | {"/sd/System Volume Information", "/sd/DCIM/100CANON", "/sd/.DS_Store"} <= paths
    others = {f"/sd/{name}" for name in OTHERS_FILES}
    assert all(path in mine or any(f"{other}/".startswith(f"{path}/") for other in others) for path in paths)
    assert max(path.count("/") for path in paths) == 3
    assert "/sd/System Volume Information/WPSettings.dat" not in paths


def test_file_is_hashed_in_any_case(folder: Path) -> None:
    assert open_card(folder).sha256(f"/sd/SD/{DUP_NAME.lower()}") == hashlib.sha256(DUP).hexdigest()


def test_move_brings_the_file_to_the_root(folder: Path) -> None:
    open_card(folder).move(f"/sd/sd/{DUP_NAME}", f"/sd/{DUP_NAME}")
    assert (folder / DUP_NAME).read_bytes() == DUP
    assert not (folder / "sd" / DUP_NAME).exists()


@pytest.mark.parametrize(
    ("src", "dst"),
    [
        ("/sd/none", "/sd/x"),
        (f"/sd/sd/{DUP_NAME}", "/sd/OTHER.txt"),
        ("/sd/sd", "/sd/x"),
        (f"/sd/sd/{DUP_NAME}", "/sd/../x"),
        (f"/sd/sd/{DUP_NAME}", "/sd/none/x"),
    ],
)
def test_refused_moves_change_nothing(folder: Path, src: str, dst: str) -> None:
    with pytest.raises(CardError):
        open_card(folder).move(src, dst)
    assert (folder / "sd" / DUP_NAME).read_bytes() == DUP
    assert (folder / "other.txt").read_bytes() == b"o"


def test_folder_that_vanished_is_a_clear_error(folder: Path) -> None:
    card = open_card(folder)
    (folder / "sd" / DUP_NAME).unlink()
    with pytest.raises(CardError, match="no such file"):
        card.sha256(f"/sd/sd/{DUP_NAME}")
    gone = FolderCard(folder / "gone")
    with pytest.raises(CardError, match="cannot be read"):
        gone.files()


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_unreadable_folder_is_a_clear_error(folder: Path) -> None:
    folder.chmod(0)
    try:
        with pytest.raises(CardError, match="cannot be read"):
            open_card(folder).files()
    finally:
        folder.chmod(0o755)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("X.DUP", "at_root"),
        ("sd/x.dup", "in_folders"),
        ("x.dup.txt", "double"),
        ("x.dup.dup", "double"),
        ("x.zip", "packed"),
        ("x.dup.zip", "packed"),
        ("x.dup.crdownload", "unfinished"),
        ("._x.dup", "companions"),
        ("card.img", "images"),
        ("readme.txt", ""),
        ("dup", ""),
    ],
)
def test_names_are_sorted_into_kinds(tmp_path: Path, name: str, kind: str) -> None:
    (tmp_path / "sd").mkdir()
    (tmp_path / name).write_bytes(b"")
    dups = find_dups(open_card(tmp_path).files())
    assert [field for field in vars(dups) if getattr(dups, field)] == ([kind] if kind else [])
