"""Disks without room: what is refused before anything begins, and what would help there."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from doctor.card.medium import medium_to_change
from doctor.card.reformat.image import plan_reformat
from doctor.errors import CardError, UsageError
from doctor.fat.source import FileSource
from tests.card.images import DUP, DUP_NAME, card

ANOTHER_DISK = Path("/proc")  #: nothing is written in a plan
NEEDS = pytest.mark.skipif(not ANOTHER_DISK.is_dir(), reason="Linux has /proc")
Disks = Callable[[int, int], None]


@pytest.fixture
def image(tmp_path: Path) -> Path:
    return card(tmp_path / "card.img", {DUP_NAME: DUP})


@pytest.fixture
def disks(image: Path, monkeypatch: pytest.MonkeyPatch) -> Disks:
    """Sets how many bytes are free on the disk of the image, and on the other one."""
    here = image.stat().st_dev

    def free(at_image: int, elsewhere: int) -> None:
        monkeypatch.setattr(
            shutil,
            "disk_usage",
            lambda there: SimpleNamespace(free=at_image if there.stat().st_dev == here else elsewhere),
        )

    return free


@NEEDS
def test_a_disk_needs_room_for_what_goes_there_only(image: Path, disks: Disks) -> None:
    needed = _needed(image, disks)
    disks(needed["copy"], needed["backup"])
    plan_reformat(image, backup_dir=ANOTHER_DISK / "backups")
    disks(needed["copy"] + needed["backup"] - 1, 0)
    with pytest.raises(CardError, match="for the backup and a new copy of the image") as refused:
        plan_reformat(image, backup_dir=image.parent / "backups")
    assert "--backup" in refused.value.next


@NEEDS
def test_what_helps_is_said_for_the_disk_that_is_full(image: Path, disks: Disks) -> None:
    disks(1000, 1 << 40)
    with pytest.raises(CardError, match="room for a new copy of the image") as refused:
        plan_reformat(image, backup_dir=ANOTHER_DISK)
    assert refused.value.on == str(image.parent) and "--backup" not in refused.value.next
    with pytest.raises(CardError, match="room for a copy of the image") as refused, medium_to_change(image):
        pass
    assert refused.value.on == str(image.parent) and "--backup" not in refused.value.next
    disks(1 << 40, 1000)
    with pytest.raises(CardError, match="room for the backup:") as refused:
        plan_reformat(image, backup_dir=ANOTHER_DISK)
    assert refused.value.on == str(ANOTHER_DISK) and "--backup" in refused.value.next


def test_an_image_that_went_away_is_no_riddle(image: Path) -> None:
    image.unlink()
    with pytest.raises(UsageError) as gone:
        FileSource(image)
    assert gone.value.next == "name another with --sd"


def _needed(image: Path, disks: Disks) -> dict[str, int]:
    """Bytes that the backup and the new copy need, as the refusals say it."""
    needed = {}
    for what, free in (("backup", (1 << 40, 0)), ("copy", (0, 1 << 40))):
        disks(*free)
        with pytest.raises(CardError) as refused:
            plan_reformat(image, backup_dir=ANOTHER_DISK)
        needed[what] = int(refused.value.what.split(": ")[1].split()[0])
    return needed
